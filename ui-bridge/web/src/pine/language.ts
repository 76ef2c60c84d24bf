import { StreamLanguage } from "@codemirror/language";
import type { StreamParser } from "@codemirror/language";
import type { BuiltinTable } from "./builtins";
import { keyword_words, type_words } from "./builtins";

/// Highlighting of Pine v5 and v6: a scanner of words, not a parser. What is
/// right and wrong the node's compiler says.

interface ScanState {
  /// The quote that a string over several lines began with; "" = none.
  quote: string;
}

const keywords: ReadonlySet<string> = new Set(keyword_words);
const types: ReadonlySet<string> = new Set(type_words);

export function pine_parser(table: BuiltinTable): StreamParser<ScanState> {
  const word_style = (word: string, next: string): string | null => {
    if (keywords.has(word)) return word === "true" || word === "false" || word === "na" ? "atom" : "keyword";
    const [builtin] = table.of(word);
    if (builtin?.kind === "function" || (builtin && next === "(")) return "variableName.standard";
    if (builtin?.kind === "constant") return "atom";
    if (builtin?.kind === "variable") return "variableName.special";
    if (types.has(word)) return "typeName";
    if (table.namespaces.has(word)) return "namespace";
    return next === "(" ? "variableName.function" : "variableName";
  };
  return {
    name: "pine",
    languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "[", '"', "'"] }, indentOnInput: /^\s*else$/ },
    startState: () => ({ quote: "" }),
    token(stream, state) {
      if (stream.eatSpace()) return null;
      if (stream.match(/^\/\/@\w+.*/)) return "meta";
      if (stream.match("//")) {
        stream.skipToEnd();
        return "comment";
      }
      const char = stream.peek() ?? "";
      if (char === '"' || char === "'") {
        stream.next();
        for (let escaped = false; !stream.eol();) {
          const next = stream.next();
          if (next === char && !escaped) break;
          escaped = next === "\\" && !escaped;
        }
        state.quote = "";
        return "string";
      }
      if (stream.match(/^#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b/)) return "number";
      if (stream.match(/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/)) return "number";
      if (stream.match(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/)) return word_style(stream.current(), stream.peek() ?? "");
      if (stream.match(/^(?:=>|:=|[-+*/%]=|[<>=!]=|[-+*/%<>=?:])/)) return "operator";
      stream.next();
      return /[()[\]]/.test(char) ? "bracket" : "punctuation";
    },
  };
}

export function pine_language(table: BuiltinTable): StreamLanguage<ScanState> {
  return StreamLanguage.define(pine_parser(table));
}
