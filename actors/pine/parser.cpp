#include "actors/pine/old_names.hpp"
#include "actors/pine/parser_impl.hpp"

#include <algorithm>
#include <array>

namespace tt::pine {

using ast::stmt_kind;
using ast::stmt_ptr;

namespace {
stmt_ptr make_stmt(stmt_kind kind, source_pos pos) {
  auto s = std::make_unique<ast::stmt>();
  s->kind = kind;
  s->pos = pos;
  return s;
}
bool is_qualifier(const token& t) {
  return t.kind == tok::ident && (t.text == "const" || t.text == "input" || t.text == "simple" || t.text == "series");
}
bool is_assignment(const token& t) {
  return t.kind == tok::punct && (t.text == ":=" || t.text == "+=" || t.text == "-=" || t.text == "*=" ||
                                  t.text == "/=" || t.text == "%=");
}
} // namespace

std::string parser::describe(const token& t) {
  switch (t.kind) {
  case tok::end: return "the end of the script";
  case tok::newline: return "the end of the line";
  case tok::indent: return "an indented line";
  case tok::dedent: return "the end of the block";
  case tok::string: return "a string";
  default: return "'" + t.text.substr(0, 40) + "'";
  }
}

void parser::fail_at(source_pos pos, std::string message, std::string hint) {
  if (!lexer_complained(pos.line)) diags_.error("PN0101", pos, std::move(message), std::move(hint));
  throw parse_abort{};
}

/// Whether a line has an error in its characters: what the parser finds there comes of that.
bool parser::lexer_complained(std::uint32_t line) const {
  const auto& all = diags_.all();
  return std::any_of(all.begin(), all.end(), [line](const diagnostic& d) { return d.pos.line == line && d.code.substr(0, 4) == "PN00"; });
}

void parser::fail(std::string message, std::string hint) {
  fail_at(peek().pos, std::move(message), std::move(hint));
}

const token& parser::expect(std::string_view punct, std::string_view after) {
  if (is(punct)) return next();
  std::string hint;
  if (peek().kind == tok::newline && (punct == ")" || punct == "]")) hint = "a bracket is still open";
  fail("expected '" + std::string(punct) + "' after " + std::string(after) + ", found " + describe(peek()), hint);
}

const token& parser::expect_name(std::string_view what) {
  const auto& t = peek();
  if (t.kind == tok::keyword && (t.text == "type" || t.text == "method" || t.text == "enum" || t.text == "to" ||
                                 t.text == "by" || t.text == "as"))
    return next();
  if (t.kind != tok::ident) fail("expected " + std::string(what) + ", found " + describe(t));
  return next();
}

ast::script parser::run() {
  ast::script s;
  s.version = toks_.version;
  statements(s.body, false);
  s.lost = std::move(lost_);
  s.usable = !fatal_ && !toks_.cut;
  return s;
}

void parser::statements(ast::block& out, bool nested) {
  while (peek().kind != tok::end && !fatal_) {
    if (peek().kind == tok::newline) {
      next();
      continue;
    }
    if (peek().kind == tok::dedent) {
      if (nested) return;
      next();
      continue;
    }
    auto started = at_;
    try {
      if (peek().kind == tok::indent)
        fail("this line is indented, but no block is open",
             "to continue the line before, indent by a number of spaces that isn't a multiple of four");
      statement(out);
    } catch (const parse_abort&) {
      auto pos = toks_.tokens[started].pos;
      recover(started);
      note_lost_names(started);
      out.push_back(make_stmt(stmt_kind::broken, pos));
    }
  }
}

/// Names that the skipped tokens seem to declare, so that nothing is said of their uses.
void parser::note_lost_names(std::size_t started) {
  int open = 0;
  for (auto i = started; i < at_; ++i) {
    const auto& t = toks_.tokens[i];
    bool first = i == started || t.pos.line != toks_.tokens[i - 1].pos.line || toks_.tokens[i - 1].kind == tok::indent;
    auto is_at = [&](std::size_t k, std::string_view text) { return k < at_ && toks_.tokens[k].text == text && toks_.tokens[k].kind != tok::string; };
    if (first) open = 0;
    if (t.kind == tok::punct) open += t.text == "(" || t.text == "[" ? 1 : t.text == ")" || t.text == "]" ? -1 : 0;
    if (t.kind != tok::ident) continue;
    bool declares = is_at(i + 1, "=") && (open <= 0 || first);
    bool heads = is_at(i + 1, "(") && (first || is_at(i - 1, "method") || is_at(i - 1, "export") || !foreign_word_hint(toks_.tokens[i - 1].text).empty()); // of a function, or a call
    bool in_tuple = open == 1 && (is_at(i + 1, ",") || is_at(i + 1, "]")) && is_at(started, "[");
    bool named = i > started && (is_at(i - 1, "type") || is_at(i - 1, "enum") || (is_at(started, "import") && (is_at(i - 1, "as") || is_at(i - 1, "/"))));
    if (declares || heads || in_tuple || named) lost_.insert(t.text);
  }
}

/// Skips to the next line at the depth where the broken statement began.
void parser::recover(std::size_t started) {
  int depth = 0;
  for (auto i = started; i < at_; ++i) {
    if (toks_.tokens[i].kind == tok::indent) ++depth;
    if (toks_.tokens[i].kind == tok::dedent) --depth;
  }
  if (at_ == started && peek().kind == tok::indent) {
    next();
    depth = 1;
  }
  while (peek().kind != tok::end) {
    auto k = peek().kind;
    if (depth <= 0 && k == tok::dedent) return;
    if (depth <= 0 && k == tok::newline && peek(1).kind != tok::indent) {
      next();
      return;
    }
    if (k == tok::indent) ++depth;
    next();
    if (k == tok::dedent && --depth <= 0 && peek().kind != tok::indent) return;
  }
}

ast::block parser::indented_block(std::string_view after) {
  nesting guard(*this);
  ast::block out;
  if (peek().kind != tok::newline) {
    // a one-line body, as after '=>' or 'else'
    if (after == "'=>'" || after == "the function header") {
      simple_statement(out);
      if (peek().kind == tok::newline) next();
      return out;
    }
    fail("expected a new, indented line after " + std::string(after) + ", found " + describe(peek()),
         is("=") ? "'==' compares" : foreign_word_hint(peek().text));
  }
  next();
  if (peek().kind != tok::indent)
    fail("expected an indented block after " + std::string(after) + ", found " + describe(peek()),
         "indent the block by four spaces");
  next();
  statements(out, true);
  if (peek().kind == tok::dedent) next();
  return out;
}

/// What may help where a line goes on after the statement `last`. A lone name in front of it is a word of another language
/// or a call without brackets: nothing else is said of that name then.
std::string parser::hint_on_rest(ast::block& out, std::size_t before) {
  const auto& t = peek();
  if (out.size() != before + 1 || out.back()->kind != stmt_kind::expression || out.back()->value->kind != ast::expr_kind::name) return foreign_word_hint(t.text);
  auto name = out.back()->value->text;
  auto hint = name == "import" ? "write import user/library/version as name" : foreign_word_hint(name);
  if (hint.empty() && is_qualifier(toks_.tokens[at_ - 1])) hint = "a variable is declared with its value: " + name + " x = 1";
  if (hint.empty() && (t.kind == tok::ident || t.kind == tok::integer || t.kind == tok::floating || t.kind == tok::string)) hint = "a function is called with brackets: " + name + "(...)";
  out.pop_back();
  return hint;
}

void parser::statement(ast::block& out) {
  const auto before = out.size();
  simple_statement(out);
  // a statement that ended with a block has eaten its own line end
  bool block_end = at_ > 0 && (toks_.tokens[at_ - 1].kind == tok::dedent || toks_.tokens[at_ - 1].kind == tok::newline);
  if (block_end) return;
  if (peek().kind != tok::newline && peek().kind != tok::end && peek().kind != tok::dedent)
    fail("expected the end of the line, found " + describe(peek()), hint_on_rest(out, before));
  if (peek().kind == tok::newline) next();
}

void parser::simple_statement(ast::block& out) {
  for (;;) {
    const auto& t = peek();
    bool exported = false;
    if (is("export") && (peek(1).kind == tok::ident || peek(1).kind == tok::keyword) && !is("=", 1)) {
      next();
      exported = true;
    }
    if (is("import") && peek(1).kind == tok::ident) {
      out.push_back(import_statement());
    } else if (is("type") && peek(1).kind == tok::ident && peek(2).kind == tok::newline) {
      out.push_back(type_declaration(exported));
    } else if (is("enum") && peek(1).kind == tok::ident && peek(2).kind == tok::newline) {
      out.push_back(enum_declaration(exported));
    } else if (is("method") && peek(1).kind == tok::ident && is("(", 2)) {
      next();
      out.push_back(function(exported, true));
    } else if (looks_like_function()) {
      out.push_back(function(exported, false));
    } else if (is("break") || is("continue")) {
      out.push_back(make_stmt(is("break") ? stmt_kind::break_ : stmt_kind::continue_, t.pos));
      next();
    } else if (is("[") && looks_like_tuple()) {
      out.push_back(tuple_declaration());
    } else if (looks_like_declaration()) {
      auto s = declaration();
      s->exported = exported;
      out.push_back(std::move(s));
    } else if (looks_like_once()) {
      auto s = make_stmt(stmt_kind::expression, t.pos);
      s->value = once_structure();
      out.push_back(std::move(s));
    } else {
      auto pos = t.pos;
      auto value = expression();
      if (is_assignment(peek())) {
        auto s = make_stmt(stmt_kind::assign, peek().pos);
        s->op = next().text;
        s->target = std::move(value);
        if (s->target->kind != ast::expr_kind::name && s->target->kind != ast::expr_kind::member)
          fail_at(pos, "only a variable or a field can be assigned to");
        s->value = expression();
        out.push_back(std::move(s));
      } else if (is("=")) {
        fail("'=' declares a new variable, and this isn't a name for one",
             "use ':=' to change an existing variable or field");
      } else {
        auto s = make_stmt(stmt_kind::expression, pos);
        s->value = std::move(value);
        out.push_back(std::move(s));
      }
    }
    if (!accept(",")) return;
    if (peek().kind == tok::newline) return;
  }
}

/// Index of the token after a type that starts at `i`, or `i` when none does.
std::size_t parser::skip_type(std::size_t i) const {
  const auto& toks = toks_.tokens;
  auto start = i;
  auto punct = [&](std::size_t k, std::string_view text) {
    return k < toks.size() && toks[k].kind == tok::punct && toks[k].text == text;
  };
  if (i >= toks.size() || toks[i].kind != tok::ident) return start;
  ++i;
  while (punct(i, ".") && i + 1 < toks.size() && toks[i + 1].kind == tok::ident) i += 2;
  if (punct(i, "<")) {
    int depth = 0;
    do {
      if (punct(i, "<")) ++depth;
      else if (punct(i, ">")) --depth;
      else if (i >= toks.size() || !(toks[i].kind == tok::ident || punct(i, ",") || punct(i, ".") ||
                                     punct(i, "[") || punct(i, "]")))
        return start;
      ++i;
    } while (depth > 0);
  }
  while (punct(i, "[") && punct(i + 1, "]")) i += 2;
  return i;
}

bool parser::looks_like_declaration() const {
  if (is("var") || is("varip")) return true;
  if (peek().kind == tok::keyword && is("=", 1) &&
      (is("type") || is("method") || is("enum") || is("to") || is("by") || is("as")))
    return true;
  if (peek().kind != tok::ident) return false;
  if (is("=", 1)) return true;
  auto i = at_;
  if (is_qualifier(peek()) && peek(1).kind == tok::ident) {
    ++i;
    if (i + 1 < toks_.tokens.size() && toks_.tokens[i + 1].kind == tok::punct && toks_.tokens[i + 1].text == "=")
      return true; // "series x = ..."
  }
  auto after = skip_type(i);
  if (after == i) return false;
  const auto& toks = toks_.tokens;
  return after + 1 < toks.size() && (toks[after].kind == tok::ident || toks[after].kind == tok::keyword) &&
         toks[after + 1].kind == tok::punct && toks[after + 1].text == "=";
}

bool parser::looks_like_tuple() const {
  std::size_t i = 1;
  while (peek(i).kind == tok::ident || is(",", i)) ++i;
  return is("]", i) && is("=", i + 1);
}

/// `once`, with or without a condition, and a block. The word may be the name of a variable or a function as well.
bool parser::looks_like_once() const {
  if (toks_.version < 6 || peek().kind != tok::ident || peek().text != "once" || is("=", 1) || is(".", 1) || is_assignment(peek(1))) return false;
  std::size_t i = 1;
  while (peek(i).kind != tok::newline && peek(i).kind != tok::end) ++i;
  return peek(i).kind == tok::newline && peek(i + 1).kind == tok::indent;
}

/// name ( ... ) => , decided by finding the bracket's partner.
bool parser::looks_like_function() const {
  std::size_t i = 0;
  if (peek().kind != tok::ident && !is("method") && !is("type") && !is("to") && !is("by")) return false;
  if (!is("(", 1)) return false;
  i = 1;
  int depth = 0;
  for (;; ++i) {
    const auto& t = peek(i);
    if (t.kind == tok::end || t.kind == tok::newline) return false;
    if (t.kind != tok::punct) continue;
    if (t.text == "(" || t.text == "[") ++depth;
    if ((t.text == ")" || t.text == "]") && --depth == 0) break;
  }
  return is("=>", i + 1);
}

ast::type_name parser::type_reference() {
  nesting guard(*this);
  ast::type_name t;
  t.pos = peek().pos;
  t.name = expect_name("a type").text;
  while (is(".") && peek(1).kind == tok::ident) {
    next();
    t.name += "." + next().text;
  }
  if (is("<")) {
    next();
    do t.args.push_back(type_reference());
    while (accept(","));
    expect(">", "the type arguments");
  }
  while (is("[") && is("]", 1)) {
    next();
    next();
    ast::type_name outer;
    outer.pos = t.pos;
    outer.name = "array";
    outer.args.push_back(std::move(t));
    t = std::move(outer);
  }
  return t;
}

void parser::qualifier_and_type(ast::type_name& type) {
  std::string qualifier;
  if (is_qualifier(peek()) && (peek(1).kind == tok::ident)) qualifier = next().text;
  auto after = skip_type(at_);
  bool typed = after != at_ && after < toks_.tokens.size() &&
               (toks_.tokens[after].kind == tok::ident || toks_.tokens[after].kind == tok::keyword);
  if (typed) type = type_reference();
  type.qualifier = qualifier;
}

ast::expr_ptr parser::initial_value() {
  if (peek().kind == tok::newline && peek(1).kind == tok::indent)
    fail("expected a value after '=', found the end of the line");
  return expression();
}

stmt_ptr parser::declaration() {
  auto s = make_stmt(stmt_kind::declare, peek().pos);
  if (accept("var")) s->keep = ast::storage::var;
  else if (accept("varip")) s->keep = ast::storage::varip;
  qualifier_and_type(s->type);
  const auto& name = expect_name("the name of a variable");
  s->name = name.text;
  s->pos = name.pos;
  s->names = {name.text};
  s->mutated = {false};
  expect("=", "the name of the variable");
  s->value = initial_value();
  return s;
}

stmt_ptr parser::tuple_declaration() {
  auto s = make_stmt(stmt_kind::tuple, next().pos);
  while (!is("]")) {
    const auto& t = expect_name("a variable of the tuple");
    s->names.push_back(t.text);
    s->name_pos.push_back(t.pos);
    if (!accept(",")) break;
  }
  s->mutated.assign(s->names.size(), false);
  expect("]", "the variables of the tuple");
  expect("=", "the variables of the tuple");
  s->value = initial_value();
  return s;
}

stmt_ptr parser::function(bool exported, bool method) {
  const auto& name = expect_name("the name of a function");
  auto s = make_stmt(stmt_kind::function, name.pos);
  s->name = name.text;
  s->exported = exported;
  s->method = method;
  expect("(", "the name of the function");
  while (!is(")")) {
    ast::parameter p;
    qualifier_and_type(p.type);
    const auto& pname = expect_name("the name of a parameter");
    p.name = pname.text;
    p.pos = pname.pos;
    if (accept("=")) p.fallback = expression();
    s->params.push_back(std::move(p));
    if (!accept(",")) break;
  }
  expect(")", "the parameters");
  if (!is("=>"))
    fail("expected '=>' after the parameters of the function, found " + describe(peek()));
  next();
  s->body = indented_block("the function header");
  return s;
}

stmt_ptr parser::type_declaration(bool exported) {
  next();
  const auto& name = next();
  auto s = make_stmt(stmt_kind::type, name.pos);
  s->name = name.text;
  s->exported = exported;
  next(); // newline
  if (peek().kind != tok::indent) fail("expected the indented fields of the type, found " + describe(peek()));
  next();
  while (peek().kind != tok::dedent && peek().kind != tok::end) {
    if (peek().kind == tok::newline) {
      next();
      continue;
    }
    ast::field f;
    if (accept("varip")) f.keep = ast::storage::varip;
    qualifier_and_type(f.type);
    const auto& fname = expect_name("the name of a field");
    f.name = fname.text;
    f.pos = fname.pos;
    if (f.type.name.empty()) fail_at(fname.pos, "a field needs a type", "write for example 'float " + f.name + "'");
    if (accept("=")) f.fallback = expression();
    s->fields.push_back(std::move(f));
    if (peek().kind != tok::newline && peek().kind != tok::dedent && peek().kind != tok::end)
      fail("expected the end of the line after a field, found " + describe(peek()));
  }
  if (peek().kind == tok::dedent) next();
  return s;
}

stmt_ptr parser::enum_declaration(bool exported) {
  next();
  const auto& name = next();
  auto s = make_stmt(stmt_kind::enumeration, name.pos);
  s->name = name.text;
  s->exported = exported;
  next();
  if (peek().kind != tok::indent) fail("expected the indented fields of the enum, found " + describe(peek()));
  next();
  while (peek().kind != tok::dedent && peek().kind != tok::end) {
    if (peek().kind == tok::newline) {
      next();
      continue;
    }
    ast::field f;
    const auto& fname = expect_name("the name of an enum field");
    f.name = fname.text;
    f.pos = fname.pos;
    if (accept("=")) f.fallback = expression();
    s->fields.push_back(std::move(f));
    if (peek().kind != tok::newline && peek().kind != tok::dedent && peek().kind != tok::end)
      fail("expected the end of the line after an enum field, found " + describe(peek()));
  }
  if (peek().kind == tok::dedent) next();
  return s;
}

stmt_ptr parser::import_statement() {
  auto s = make_stmt(stmt_kind::import_, next().pos);
  s->names.push_back(expect_name("the user name of the library").text);
  expect("/", "the user name of the library");
  s->names.push_back(expect_name("the name of the library").text);
  expect("/", "the name of the library");
  if (peek().kind != tok::integer) fail("expected the version of the library, found " + describe(peek()));
  s->names.push_back(next().text);
  s->name = accept("as") ? expect_name("the alias of the library").text : s->names[1];
  return s;
}

ast::script parse(std::string_view source, diagnostics& diags) {
  auto tokens = lex(source, diags);
  return parser(std::move(tokens), diags).run();
}

} // namespace tt::pine
