#include "actors/pine/parser_impl.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>
#include <array>

namespace tt::pine {

using ast::expr_kind;
using ast::expr_ptr;

namespace {
/// Binary operators by precedence, weakest first (language manual, "Operators").
int level_of(const token& t) {
  if (t.kind == tok::keyword) return t.text == "or" ? 0 : t.text == "and" ? 1 : -1;
  if (t.kind != tok::punct) return -1;
  if (t.text == "==" || t.text == "!=") return 2;
  if (t.text == "<" || t.text == ">" || t.text == "<=" || t.text == ">=") return 3;
  if (t.text == "+" || t.text == "-") return 4;
  if (t.text == "*" || t.text == "/" || t.text == "%") return 5;
  return -1;
}
} // namespace

/// Words that are keywords only at the start of a statement or in a loop header; elsewhere they are names.
bool parser::is_soft_keyword(const token& t) {
  return t.kind == tok::keyword && (t.text == "type" || t.text == "method" || t.text == "enum" || t.text == "to" || t.text == "by" ||
                                    t.text == "as" || t.text == "import" || t.text == "export" || t.text == "in");
}

expr_ptr parser::expression() {
  nesting guard(*this);
  if (is("if")) return if_expression();
  if (is("switch")) return switch_expression();
  if (is("for")) return for_expression();
  if (is("while")) return while_expression();
  return ternary();
}

expr_ptr parser::ternary() {
  auto cond = binary(0);
  if (!is("?")) return cond;
  auto e = make(expr_kind::ternary, next().pos);
  adopt(*e, std::move(cond));
  adopt(*e, expression());
  expect(":", "the first value of '?:'");
  adopt(*e, expression());
  return e;
}

expr_ptr parser::binary(int level) {
  constexpr int tightest = 5;
  auto left = level == tightest ? unary() : binary(level + 1);
  while (level_of(peek()) == level) {
    const auto& op = next();
    auto e = make(expr_kind::binary, op.pos);
    e->text = op.text;
    adopt(*e, std::move(left));
    adopt(*e, level == tightest ? unary() : binary(level + 1));
    left = std::move(e);
  }
  return left;
}

expr_ptr parser::unary() {
  if (is("-") || is("+") || is("not")) {
    nesting guard(*this);
    const auto& op = next();
    auto e = make(expr_kind::unary, op.pos);
    e->text = op.text;
    adopt(*e, unary());
    return e;
  }
  return postfix();
}

expr_ptr parser::postfix() {
  auto e = primary();
  for (;;) {
    if (is("(")) {
      e = call(std::move(e));
    } else if (is("[")) {
      auto index = make(expr_kind::index, next().pos);
      adopt(*index, std::move(e));
      adopt(*index, expression());
      expect("]", "the history offset");
      e = std::move(index);
    } else if (is(".")) {
      next();
      const auto& t = peek();
      if (t.kind != tok::ident) fail("expected a name after '.', found " + describe(t));
      next();
      auto member = make(expr_kind::member, t.pos);
      member->text = t.text;
      adopt(*member, std::move(e));
      e = std::move(member);
    } else if (is("<") && (e->kind == expr_kind::member || e->kind == expr_kind::name) &&
               (e->text == "new" || e->text == "from")) {
      auto save = at_;
      auto errors = diags_.error_count();
      diags_.mute(1);
      std::vector<ast::type_name> types;
      bool good = true;
      try {
        next();
        do types.push_back(type_reference());
        while (accept(","));
        good = accept(">") && is("(");
      } catch (const parse_abort&) { good = false; }
      diags_.mute(-1);
      (void)errors;
      if (!good) {
        at_ = save;
        return e;
      }
      e->type_args = std::move(types);
    } else {
      return e;
    }
  }
}

expr_ptr parser::call(expr_ptr callee) {
  nesting guard(*this);
  auto e = make(expr_kind::call, callee->pos);
  next();
  while (!is(")")) {
    ast::argument a;
    a.pos = peek().pos;
    // a parameter may have the name of a keyword: request.currency_rate(from = "EUR", to = "USD")
    if ((peek().kind == tok::ident || peek().kind == tok::keyword) && is("=", 1)) {
      a.name = next().text;
      next();
    }
    a.value = expression();
    e->depth = std::max(e->depth, a.value->depth + 1);
    e->args.push_back(std::move(a));
    if (!accept(",")) break;
  }
  expect(")", "the arguments of the call");
  e->type_args = std::move(callee->type_args);
  adopt(*e, std::move(callee));
  return e;
}

expr_ptr parser::primary() {
  const auto& t = peek();
  expr_ptr e;
  switch (t.kind) {
  case tok::integer:
  case tok::floating:
    e = make(t.kind == tok::integer ? expr_kind::number_int : expr_kind::number_float, t.pos);
    e->number = t.number;
    next();
    return e;
  case tok::color:
    e = make(expr_kind::color, t.pos);
    e->number = t.number;
    next();
    return e;
  case tok::string:
    e = make(expr_kind::text, t.pos);
    e->text = t.text;
    next();
    return e;
  case tok::ident:
    e = make(t.text == "na" && !is("(", 1) ? expr_kind::na : expr_kind::name, t.pos);
    e->text = t.text;
    next();
    return e;
  default: break;
  }
  if (is("true") || is("false")) {
    e = make(expr_kind::boolean, t.pos);
    e->number = t.text == "true" ? 1 : 0;
    next();
    return e;
  }
  if (is("(")) {
    next();
    e = expression();
    expect(")", "the expression in parentheses");
    return e;
  }
  if (is("[")) {
    e = make(expr_kind::tuple, next().pos);
    while (!is("]")) {
      e->kids.push_back(expression());
      if (!accept(",")) break;
    }
    expect("]", "the values of the tuple");
    return e;
  }
  if (is_soft_keyword(t)) {
    e = make(expr_kind::name, t.pos);
    e->text = t.text;
    next();
    return e;
  }
  const bool ends = t.kind == tok::newline || t.kind == tok::end || t.kind == tok::dedent;
  if (ends && at_ > 1 && toks_.tokens[at_ - 1].text == toks_.tokens[at_ - 2].text && (toks_.tokens[at_ - 1].text == "+" || toks_.tokens[at_ - 1].text == "-"))
    fail("the line ends where a value is expected", "write " + (at_ > 2 ? toks_.tokens[at_ - 3].text : "x") + " " + toks_.tokens[at_ - 1].text + "= 1");
  if (ends)
    fail("the line ends where a value is expected",
         "to continue on the next line, indent it by a number of spaces that isn't a multiple of four");
  fail("expected a value, found " + describe(t));
}

expr_ptr parser::if_expression() {
  auto e = make(expr_kind::if_, peek().pos);
  do {
    next(); // if
    e->kids.push_back(ternary());
    e->blocks.push_back(indented_block("the condition of 'if'"));
    auto save = at_;
    if (!accept("else")) {
      at_ = save;
      return e;
    }
  } while (is("if"));
  e->blocks.push_back(indented_block("'else'"));
  return e;
}

expr_ptr parser::while_expression() {
  auto e = make(expr_kind::while_, next().pos);
  e->kids.push_back(ternary());
  e->blocks.push_back(indented_block("the condition of 'while'"));
  return e;
}

expr_ptr parser::once_structure() {
  nesting guard(*this);
  auto e = make(expr_kind::once, next().pos);
  e->kids.push_back(peek().kind == tok::newline ? nullptr : ternary());
  e->blocks.push_back(indented_block("the condition of 'once'"));
  return e;
}

expr_ptr parser::for_expression() {
  auto pos = next().pos;
  if (accept("[")) {
    auto e = make(expr_kind::for_in, pos);
    e->names.push_back(expect_name("the index variable").text);
    expect(",", "the index variable");
    e->names.push_back(expect_name("the value variable").text);
    expect("]", "the loop variables");
    expect("in", "the loop variables");
    e->kids.push_back(ternary());
    e->blocks.push_back(indented_block("the header of 'for'"));
    return e;
  }
  ast::type_name ignored;
  if (skip_type(at_) != at_ && peek(skip_type(at_) - at_).kind == tok::ident) ignored = type_reference();
  auto name = expect_name("the loop variable").text;
  if (accept("in")) {
    auto e = make(expr_kind::for_in, pos);
    e->names.push_back(name);
    e->kids.push_back(ternary());
    e->blocks.push_back(indented_block("the header of 'for'"));
    return e;
  }
  auto e = make(expr_kind::for_, pos);
  e->names.push_back(name);
  expect("=", "the loop variable");
  e->kids.push_back(ternary());
  expect("to", "the first value of 'for'");
  e->kids.push_back(ternary());
  e->kids.push_back(accept("by") ? ternary() : nullptr);
  e->blocks.push_back(indented_block("the header of 'for'"));
  return e;
}

expr_ptr parser::switch_expression() {
  auto e = make(expr_kind::switch_, next().pos);
  e->kids.push_back(peek().kind == tok::newline ? nullptr : ternary());
  if (peek().kind == tok::newline) next();
  if (peek().kind != tok::indent) fail("expected the indented cases of 'switch', found " + describe(peek()));
  next();
  while (peek().kind != tok::dedent && peek().kind != tok::end) {
    if (peek().kind == tok::newline) {
      next();
      continue;
    }
    e->kids.push_back(is("=>") ? nullptr : ternary());
    if (!is("=>")) fail("expected '=>' after the value of a switch case, found " + describe(peek()));
    next();
    e->blocks.push_back(indented_block("'=>'"));
  }
  if (peek().kind == tok::dedent) next();
  return e;
}

} // namespace tt::pine
