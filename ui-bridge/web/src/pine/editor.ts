import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import type { Diagnostic as LintMark } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Diagnostic } from "../api/job_types";
import { call_at, keyword_words, name_at, signature_parts, type_words } from "./builtins";
import type { BuiltinTable, PineBuiltin } from "./builtins";
import { pine_language } from "./language";
import { span_of } from "./positions";

/// The code editor behind a text and events. Knows CodeMirror and the table of
/// built-ins, not where scripts are kept or checked.

/// Text before the cursor that is looked at for the call one types in.
const call_window = 2_000;

export interface EditorEvents {
  typed(text: string): void;
  /// The call around the cursor, for the line of help; undefined = none.
  call(help: CallHelp | undefined): void;
  save(): void;
  run(): void;
}

export interface CallHelp {
  name: string;
  params: readonly string[];
  result: string;
  /// Index into `params`.
  argument: number;
  /// How many further signatures there are.
  others: number;
}

const style = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.atom, tags.bool], color: "var(--code-atom)" },
  { tag: tags.number, color: "var(--code-atom)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--text-faint)", fontStyle: "italic" },
  { tag: tags.meta, color: "var(--code-meta)" },
  { tag: [tags.operator, tags.punctuation, tags.bracket], color: "var(--text-dim)" },
  { tag: tags.standard(tags.variableName), color: "var(--code-builtin)" },
  { tag: tags.special(tags.variableName), color: "var(--code-series)" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
  { tag: [tags.typeName, tags.namespace], color: "var(--code-type)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--bg-1)", fontSize: "1rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--accent)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--bg-1)", color: "var(--text-faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--bg-2)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--code-selection) !important" },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-soft)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--bg-4)", outline: "1px solid var(--line-strong)" },
  ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--bg-3)", border: "1px solid var(--line-strong)", borderRadius: "var(--radius)", fontFamily: "var(--font)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "18em" },
  ".cm-tooltip-autocomplete ul li": { color: "var(--text)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--text)", backgroundColor: "var(--bg-4)" },
  ".cm-completionDetail": { color: "var(--text-dim)", fontStyle: "normal", paddingLeft: "1em" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)" },
  ".cm-completionInfo, .cm-pine-hover": { padding: "0.4rem 0.6rem", maxWidth: "36rem" },
  ".cm-pine-signature": { fontFamily: "var(--mono)", whiteSpace: "pre-wrap" },
  ".cm-pine-kind": { color: "var(--text-dim)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--error) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn) 1px", textUnderlineOffset: "3px" },
  ".cm-diagnostic": { padding: "0.25rem 0.6rem" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-lint-marker": { width: "0.6em", height: "0.6em", marginTop: "0.4em" },
  ".cm-lint-marker-error": { content: "none", background: "var(--error)", borderRadius: "50%" },
  ".cm-lint-marker-warning": { content: "none", background: "var(--warn)", borderRadius: "50%" },
  ".cm-panels": { color: "var(--text)", backgroundColor: "var(--bg-2)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-textfield": { color: "var(--text)", backgroundColor: "var(--bg-0)", border: "1px solid var(--line-strong)", fontFamily: "var(--font)" },
  ".cm-button": { color: "var(--text)", backgroundColor: "var(--bg-3)", backgroundImage: "none", border: "1px solid var(--line-strong)", fontFamily: "var(--font)" },
  ".cm-panel.cm-search label": { fontSize: "0.9rem" },
  ".cm-searchMatch": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
});

export function editor_state(text: string, table: BuiltinTable, events: EditorEvents): EditorState {
  return EditorState.create({ doc: text, extensions: extensions(table, events) });
}

function extensions(table: BuiltinTable, events: EditorEvents): Extension {
  return [
    lineNumbers(), lintGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
    highlightActiveLineGutter(), highlightSelectionMatches(), indentUnit.of("    "), EditorState.tabSize.of(4),
    pine_language(table), syntaxHighlighting(style), look,
    autocompletion({ override: [(context) => complete(context, table)], icons: false }),
    hoverTooltip((view, at) => hover(view, at, table)),
    keymap.of([
      { key: "Mod-s", run: () => (events.save(), true), preventDefault: true },
      { key: "Mod-Enter", run: () => (events.run(), true), preventDefault: true },
      { key: "Tab", run: acceptCompletion },
      ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab,
    ]),
    EditorView.contentAttributes.of({ "aria-label": "Pine source", tabindex: "0", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) events.typed(update.state.doc.toString());
      if (update.docChanged || update.selectionSet) events.call(call_help(update.state, table));
    }),
  ];
}

/// Marks the compiler's findings in the text.
export function show_diagnostics(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  const text = view.state.doc.toString();
  const marks = diagnostics.map((one): LintMark => ({
    ...span_of(text, one), severity: one.severity, source: one.code,
    message: one.hint ? `${one.message}\n${one.hint}` : one.message,
  }));
  view.dispatch(setDiagnostics(view.state, marks.sort((a, b) => a.from - b.from)));
}

/// Puts the cursor at a line and column (from 1) and scrolls there.
export function go_to(view: EditorView, line: number, column: number): void {
  const at = span_of(view.state.doc.toString(), { line, column }).from;
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  view.focus();
}

function complete(context: CompletionContext, table: BuiltinTable): CompletionResult | null {
  const word = context.matchBefore(/[A-Za-z_][\w.]*/);
  if (!word || (!context.explicit && word.text.length < 2)) return null;
  const before = context.state.sliceDoc(context.state.doc.lineAt(word.from).from, word.from);
  if (/\/\//.test(before) || (before.split('"').length - 1) % 2 === 1) return null;
  const point = word.text.lastIndexOf(".");
  const prefix = word.text.slice(0, point + 1);
  const options = prefix === "" ? top_level(context.state, table, word.text) : members(table, prefix);
  return options.length === 0 ? null : { from: word.from + prefix.length, options, validFor: /^\w*$/ };
}

function members(table: BuiltinTable, prefix: string): Completion[] {
  const spaces = [...table.namespaces].filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes("."));
  return [...unique(table.members(prefix)).map((one) => option_of(one, prefix)), ...spaces.map((name) => namespace_option(name.slice(prefix.length)))];
}

function top_level(state: EditorState, table: BuiltinTable, typing: string): Completion[] {
  const own = new Set(state.doc.toString().match(/[A-Za-z_]\w*/g) ?? []);
  own.delete(typing);
  const builtins = unique(table.members(""));
  const words: Completion[] = [...keyword_words, ...type_words].map((label) => ({ label, type: "keyword", boost: -10 }));
  const known = new Set([...builtins.map(({ name }) => name), ...words.map(({ label }) => label), ...table.namespaces]);
  const mine = [...own].filter((name) => !known.has(name)).map((label): Completion => ({ label, type: "variable", boost: 20 }));
  const spaces = [...table.namespaces].filter((name) => !name.includes(".")).map(namespace_option);
  return [...mine, ...builtins.map((one) => option_of(one, "")), ...spaces, ...words];
}

function unique(builtins: readonly PineBuiltin[]): PineBuiltin[] {
  return [...new Map(builtins.map((one) => [one.name, one])).values()];
}

function namespace_option(name: string): Completion {
  return { label: name, type: "namespace", detail: "…", boost: -5 };
}

function option_of(one: PineBuiltin, prefix: string): Completion {
  const label = one.name.slice(prefix.length);
  const first = one.signatures[0];
  return {
    label, type: one.kind, detail: first ? `(${signature_parts(first).params.map(parameter_name).join(", ")})` : one.kind === "function" ? "()" : "",
    info: () => description([one]),
    ...(one.kind === "function" ? { apply: apply_call } : {}),
  };
}

const parameter_name = (text: string) => /(\w+)(?:=.*)?$/.exec(text.replace(/=.*/, ""))?.[1] ?? text;

/// Inserts "name()" with the cursor between the brackets, unless they are there.
function apply_call(view: EditorView, { label }: Completion, from: number, to: number): void {
  const has_bracket = view.state.sliceDoc(to, to + 1) === "(";
  const insert = has_bracket ? label : `${label}()`;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + label.length + 1 }, userEvent: "input.complete" });
}

function hover(view: EditorView, at: number, table: BuiltinTable) {
  const line = view.state.doc.lineAt(at);
  const found = name_at(line.text, at - line.from);
  const meant = found ? table.of(found.name) : [];
  if (!found || meant.length === 0) return null;
  return { pos: line.from + found.from, end: line.from + found.to, above: true, create: () => ({ dom: description(meant, "cm-pine-hover") }) };
}

function description(meant: readonly PineBuiltin[], class_name = ""): HTMLElement {
  const box = document.createElement("div");
  box.className = class_name;
  for (const { name, kind, since, signatures } of meant) {
    const head = box.appendChild(document.createElement("div"));
    head.className = "cm-pine-kind";
    head.textContent = `${name} · ${kind}${since > 5 ? ` · since version ${since}` : ""}`;
    for (const signature of signatures) {
      const { name: called, params, result } = signature_parts(signature);
      const row = box.appendChild(document.createElement("div"));
      row.className = "cm-pine-signature";
      row.textContent = `${called}(${params.join(", ")})${result ? ` → ${result}` : ""}`;
    }
  }
  return box;
}

function call_help(state: EditorState, table: BuiltinTable): CallHelp | undefined {
  const head = state.selection.main.head;
  const call = call_at(state.sliceDoc(Math.max(0, head - call_window), head));
  const [meant] = call ? table.of(call.name).filter(({ signatures }) => signatures.length > 0) : [];
  if (!call || !meant) return undefined;
  const fits = meant.signatures.findIndex((text) => signature_parts(text).params.length > call.argument);
  const { name, params, result } = signature_parts(meant.signatures[Math.max(fits, 0)]!);
  return { name, params, result, argument: Math.min(call.argument, params.length - 1), others: meant.signatures.length - 1 };
}
