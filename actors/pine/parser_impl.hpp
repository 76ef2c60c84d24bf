#pragma once
/// Inside of the parser: one class, expressions in parser_expr.cpp, statements in parser.cpp.

#include "actors/pine/limits.hpp"
#include "actors/pine/parser.hpp"

namespace tt::pine {

/// Thrown inside the parser only, caught at the next statement.
struct parse_abort {};

class parser {
public:
  parser(token_stream stream, diagnostics& diags) : toks_(std::move(stream)), diags_(diags) {}
  ast::script run();

private:
  // tokens
  const token& peek(std::size_t ahead = 0) const {
    auto i = at_ + ahead;
    return i < toks_.tokens.size() ? toks_.tokens[i] : toks_.tokens.back();
  }
  const token& next() {
    const auto& t = peek();
    if (at_ + 1 < toks_.tokens.size()) ++at_;
    return t;
  }
  bool is(std::string_view punct, std::size_t ahead = 0) const {
    const auto& t = peek(ahead);
    return (t.kind == tok::punct || t.kind == tok::keyword) && t.text == punct;
  }
  bool accept(std::string_view punct) {
    if (!is(punct)) return false;
    next();
    return true;
  }
  const token& expect(std::string_view punct, std::string_view after);
  const token& expect_name(std::string_view what);
  [[noreturn]] void fail(std::string message, std::string hint = {});
  [[noreturn]] void fail_at(source_pos pos, std::string message, std::string hint = {});
  static std::string describe(const token& t);
  static bool is_soft_keyword(const token& t);

  // statements
  void statements(ast::block& out, bool nested);
  void statement(ast::block& out);
  void simple_statement(ast::block& out);
  std::string hint_on_rest(ast::block& out, std::size_t before);
  void recover(std::size_t started);
  void note_lost_names(std::size_t started);
  bool lexer_complained(std::uint32_t line) const;
  ast::block indented_block(std::string_view after);
  ast::stmt_ptr declaration();
  ast::stmt_ptr tuple_declaration();
  ast::stmt_ptr function(bool exported, bool method);
  ast::stmt_ptr type_declaration(bool exported);
  ast::stmt_ptr enum_declaration(bool exported);
  ast::stmt_ptr import_statement();
  bool looks_like_function() const;
  bool looks_like_declaration() const;
  bool looks_like_tuple() const;
  bool looks_like_once() const;
  std::size_t skip_type(std::size_t i) const;
  ast::type_name type_reference();
  void qualifier_and_type(ast::type_name& type);
  ast::expr_ptr initial_value();

  // expressions
  ast::expr_ptr expression();
  ast::expr_ptr ternary();
  ast::expr_ptr binary(int level);
  ast::expr_ptr unary();
  ast::expr_ptr postfix();
  ast::expr_ptr primary();
  ast::expr_ptr call(ast::expr_ptr callee);
  ast::expr_ptr if_expression();
  ast::expr_ptr switch_expression();
  ast::expr_ptr for_expression();
  ast::expr_ptr while_expression();
  ast::expr_ptr once_structure();
  bool block_keyword() const { return is("if") || is("for") || is("while") || is("switch"); }
  ast::expr_ptr make(ast::expr_kind kind, source_pos pos) const {
    auto e = std::make_unique<ast::expr>();
    e->kind = kind;
    e->pos = pos;
    return e;
  }

  /// Takes a part into an expression and keeps count of the depth.
  void adopt(ast::expr& e, ast::expr_ptr part) {
    if (part != nullptr && part->depth >= e.depth) e.depth = part->depth + 1;
    e.kids.push_back(std::move(part));
    if (e.depth <= limits::tree_depth) return;
    fatal_ = true;
    diags_.error("PN0102", e.pos, "this expression is too long or nested too deeply");
    throw parse_abort{};
  }
  struct nesting {
    explicit nesting(parser& p) : p_(p) {
      if (++p_.depth_ > limits::nesting) {
        --p_.depth_;
        p_.fatal_ = true;
        p_.diags_.error("PN0102", p_.peek().pos, "expressions or blocks are nested too deeply");
        throw parse_abort{};
      }
    }
    ~nesting() { --p_.depth_; }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;
    parser& p_;
  };

  token_stream toks_;
  diagnostics& diags_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::set<std::string> lost_;
  bool fatal_ = false;
};

} // namespace tt::pine
