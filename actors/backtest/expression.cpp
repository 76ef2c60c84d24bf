#include "actors/backtest/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tt::backtest {

/// Recursive descent over the text; positions in errors are columns from 1.
class expression_parser {
public:
  using op = expression::op;
  expression_parser(std::string_view text, const std::function<bool(std::string_view)>& known) : text_(text), known_(known) {}

  result<expression> run() {
    out_.text_ = std::string(text_);
    if (text_.size() > limits::expression_bytes) return fail("the expression is longer than " + std::to_string(limits::expression_bytes) + " bytes");
    out_.root_ = any(0);
    skip();
    if (!problem_ && at_ != text_.size()) set("unexpected " + in_quotes(text_.substr(at_)));
    if (problem_) return *problem_;
    return std::move(out_);
  }

private:
  tt::error fail(std::string message) const {
    return {errc::invalid_argument, "column " + std::to_string(at_ + 1) + ": " + std::move(message), "expression"};
  }
  void set(std::string message) {
    if (!problem_) problem_ = fail(std::move(message));
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool sign(std::string_view s) {
    skip();
    if (text_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view peek_word() {
    skip();
    std::size_t end = at_;
    while (end < text_.size() && (letter(text_[end]) || digit(text_[end]) || text_[end] == '.')) ++end;
    return end > at_ && letter(text_[at_]) ? text_.substr(at_, end - at_) : std::string_view();
  }
  bool word(std::string_view w) {
    if (peek_word() != w) return false;
    at_ += w.size();
    return true;
  }
  std::size_t make(op what, std::size_t left = 0, std::size_t right = 0) {
    auto& n = out_.nodes_.emplace_back();
    n.what = what, n.left = left, n.right = right;
    return out_.nodes_.size() - 1;
  }

  std::size_t any(int depth) {
    if (depth > limits::expression_nesting) {
      set("nested too deeply");
      return 0;
    }
    auto left = all(depth);
    while (!problem_ && word("or")) left = make(op::logical_or, left, all(depth));
    return left;
  }
  std::size_t all(int depth) {
    auto left = comparison(depth);
    while (!problem_ && word("and")) left = make(op::logical_and, left, comparison(depth));
    return left;
  }
  std::size_t comparison(int depth) {
    if (word("not")) {
      if (depth > limits::expression_nesting) {
        set("nested too deeply");
        return 0;
      }
      return make(op::logical_not, comparison(depth + 1));
    }
    auto left = sum(depth);
    static constexpr std::array<std::pair<std::string_view, op>, 6> signs{{{"<=", op::less_equal}, {">=", op::greater_equal}, {"==", op::equal},
                                                                           {"!=", op::not_equal}, {"<", op::less}, {">", op::greater}}};
    for (const auto& [s, what] : signs)
      if (!problem_ && sign(s)) return make(what, left, sum(depth));
    return left;
  }
  std::size_t sum(int depth) {
    auto left = product(depth);
    while (!problem_) {
      if (sign("+")) left = make(op::add, left, product(depth));
      else if (sign("-")) left = make(op::subtract, left, product(depth));
      else break;
    }
    return left;
  }
  std::size_t product(int depth) {
    auto left = factor(depth);
    while (!problem_) {
      if (sign("*")) left = make(op::multiply, left, factor(depth));
      else if (sign("/")) left = make(op::divide, left, factor(depth));
      else break;
    }
    return left;
  }
  std::size_t factor(int depth) {
    if (problem_) return 0;
    if (depth > limits::expression_nesting) {
      set("nested too deeply");
      return 0;
    }
    if (sign("-")) return make(op::negate, factor(depth + 1));
    if (sign("(")) {
      auto inside = any(depth + 1);
      if (!problem_ && !sign(")")) set("expected )");
      return inside;
    }
    skip();
    if (at_ < text_.size() && (digit(text_[at_]) || text_[at_] == '.')) {
      double v = 0;
      auto r = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
      if (r.ec != std::errc{}) set("not a number");
      else at_ = static_cast<std::size_t>(r.ptr - text_.data());
      auto n = make(op::number);
      out_.nodes_[n].number = v;
      return n;
    }
    auto name = peek_word();
    if (name.empty()) {
      set(at_ == text_.size() ? "the expression ends where a value is expected" : "expected a value, got " + in_quotes(text_.substr(at_, 1)));
      return 0;
    }
    return named(name, depth);
  }
  std::size_t named(std::string_view name, int depth) {
    struct function {
      std::string_view name;
      op what;
      int arguments;
    };
    static constexpr std::array<function, 5> functions{{{"abs", op::absolute, 1}, {"sqrt", op::root, 1}, {"log", op::logarithm, 1},
                                                        {"min", op::smaller, 2}, {"max", op::larger, 2}}};
    auto start = at_;
    at_ += name.size();
    for (const auto& f : functions) {
      if (f.name != name || !sign("(")) continue;
      auto left = any(depth + 1), right = left;
      if (f.arguments == 2) {
        if (!problem_ && !sign(",")) set("expected ,");
        right = any(depth + 1);
      }
      if (!problem_ && !sign(")")) set("expected )");
      return make(f.what, left, right);
    }
    if (!known_(name)) {
      at_ = start;
      set("there is no figure " + in_quotes(name));
    }
    auto n = make(op::figure);
    out_.nodes_[n].name = std::string(name);
    return n;
  }

  std::string_view text_;
  const std::function<bool(std::string_view)>& known_;
  std::size_t at_ = 0;
  std::optional<tt::error> problem_;
  expression out_;
};

result<expression> expression::parse(std::string_view text, const std::function<bool(std::string_view)>& known) {
  return expression_parser(text, known).run();
}

std::optional<double> expression::value(const figure_lookup& figures) const {
  auto v = eval(root_, figures);
  return v && std::isfinite(*v) ? v : std::nullopt;
}

std::optional<double> expression::eval(std::size_t at, const figure_lookup& figures) const {
  const auto& n = nodes_[at];
  if (n.what == op::number) return n.number;
  if (n.what == op::figure) return figures(n.name);
  auto a = eval(n.left, figures);
  if (n.what == op::logical_and || n.what == op::logical_or) {
    bool decides = n.what == op::logical_or; // the value that makes the other side irrelevant
    if (a && (*a != 0) == decides) return decides ? 1 : 0;
    auto b = eval(n.right, figures);
    if (b && (*b != 0) == decides) return decides ? 1 : 0;
    if (!a || !b) return std::nullopt;
    return decides ? 0 : 1;
  }
  if (!a) return std::nullopt;
  switch (n.what) {
  case op::negate: return -*a;
  case op::logical_not: return *a == 0 ? 1 : 0;
  case op::absolute: return std::fabs(*a);
  case op::root: return *a < 0 ? std::nullopt : std::optional(std::sqrt(*a));
  case op::logarithm: return *a <= 0 ? std::nullopt : std::optional(std::log(*a));
  default: break;
  }
  auto b = eval(n.right, figures);
  if (!b) return std::nullopt;
  auto truth = [](bool t) { return std::optional<double>(t ? 1 : 0); };
  switch (n.what) {
  case op::add: return *a + *b;
  case op::subtract: return *a - *b;
  case op::multiply: return *a * *b;
  case op::divide: return *b == 0 ? std::nullopt : std::optional(*a / *b);
  case op::less: return truth(*a < *b);
  case op::less_equal: return truth(*a <= *b);
  case op::greater: return truth(*a > *b);
  case op::greater_equal: return truth(*a >= *b);
  case op::equal: return truth(*a == *b);
  case op::not_equal: return truth(*a != *b);
  case op::smaller: return std::min(*a, *b);
  case op::larger: return std::max(*a, *b);
  default: return std::nullopt;
  }
}

} // namespace tt::backtest
