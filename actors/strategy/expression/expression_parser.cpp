#include "actors/strategy/expression/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tt::strategy {

namespace {

using op = expression_node::op;

enum class token_kind : std::uint8_t { end, number, percent_number, text, name, parameter, symbol };

struct token {
  token_kind kind = token_kind::end;
  std::string text; ///< of a symbol: the operator; of a text: what is between the quotes
  double number = 0;
  std::size_t position = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Signature of a function. `series` functions look over bars; `point` ones work on values of one bar.
enum class shape : std::uint8_t { series_window, series_window_offset, pair, point, point_many, fallback, bars };
struct function_spec {
  std::string_view name;
  shape how;
  op what;
  value_type argument, gives;
};
constexpr auto number = value_type::number;
constexpr auto boolean = value_type::boolean;
constexpr std::array<function_spec, 23> functions{{
  {"highest", shape::series_window_offset, op::highest, number, number},
  {"lowest", shape::series_window_offset, op::lowest, number, number},
  {"change", shape::series_window, op::change, number, number},
  {"stdev", shape::series_window, op::stdev, number, number},
  {"zscore", shape::series_window, op::zscore, number, number},
  {"count", shape::series_window, op::count, boolean, number},
  {"crossover", shape::pair, op::crossover, number, boolean},
  {"crossunder", shape::pair, op::crossunder, number, boolean},
  {"abs", shape::point, op::absolute, number, number},
  {"floor", shape::point, op::floor, number, number},
  {"ceil", shape::point, op::ceil, number, number},
  {"round", shape::point, op::round, number, number},
  {"sqrt", shape::point, op::sqrt, number, number},
  {"log", shape::point, op::log, number, number},
  {"min", shape::point_many, op::minimum, number, number},
  {"max", shape::point_many, op::maximum, number, number},
  {"nz", shape::fallback, op::nz, number, number},
  {"sma", shape::bars, op::name, number, number},
  {"ema", shape::bars, op::name, number, number},
  {"rma", shape::bars, op::name, number, number},
  {"rsi", shape::bars, op::name, number, number},
  {"atr", shape::bars, op::name, number, number},
  {"src", shape::bars, op::name, number, number}, // only as src("…").name; here so that it is suggested
}};

const function_spec* find_function(std::string_view name) {
  const auto* found = std::find_if(functions.begin(), functions.end() - 1, [&](const auto& f) { return f.name == name; });
  return found == functions.end() - 1 ? nullptr : found;
}

/// Thrown inside of this file only, and caught in read_expression.
struct broken {
  expression_problem what;
};
[[noreturn]] void fail(expression_code code, std::string message, std::size_t position) {
  throw broken{{code, std::move(message), position}};
}
[[noreturn]] void syntax(std::string message, std::size_t position) { fail(expression_code::syntax, std::move(message), position); }

class nothing_known : public value_source {
public:
  value at(std::uint32_t, std::size_t) const override { return {}; }
};

class lexer {
public:
  explicit lexer(std::string_view text) : text_(text) {}

  std::vector<token> all() {
    std::vector<token> out;
    do out.push_back(next());
    while (out.back().kind != token_kind::end);
    return out;
  }

private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  token next() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    token t;
    t.position = at_;
    if (at_ == text_.size()) return t;
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_token(t);
    if (is_name_start(c)) return name_token(t);
    if (c == '"' || c == '\'') return text_token(t, c);
    if (c == '{') return parameter_token(t);
    return symbol_token(t);
  }

  token number_token(token t) {
    const char* begin = text_.data() + at_;
    const auto [end, ec] = std::from_chars(begin, text_.data() + text_.size(), t.number);
    if (ec != std::errc{} || !std::isfinite(t.number)) syntax("is not a number that can be kept", at_);
    at_ += static_cast<std::size_t>(end - begin);
    if (is_name_part(peek()) || (peek() == '.' && is_digit(peek(1)))) syntax("a number may not run on into " + in_quotes(text_.substr(at_, 8)), at_);
    t.kind = token_kind::number;
    if (peek() == '%' && percent_ends_here()) {
      ++at_;
      t.number /= 100;
      t.kind = token_kind::percent_number;
    }
    return t;
  }

  /// `5% < x` is five percent, `7%2` and `7 %2` divide: after a percent sign no value can follow.
  [[nodiscard]] bool percent_ends_here() const {
    std::size_t i = at_ + 1;
    while (i < text_.size() && is_blank(text_[i])) ++i;
    if (i == text_.size()) return true;
    const char c = text_[i];
    if (is_name_start(c)) {
      std::size_t end = i;
      while (end < text_.size() && is_name_part(text_[end])) ++end;
      const auto word = text_.substr(i, end - i);
      return word == "and" || word == "or" || word == "in";
    }
    return !(is_digit(c) || c == '.' || c == '(' || c == '{' || c == '"' || c == '\'');
  }

  token name_token(token t) {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    t.text = text_.substr(begin, at_ - begin);
    t.kind = token_kind::name;
    if (t.text == "and" || t.text == "or" || t.text == "not" || t.text == "in") t.kind = token_kind::symbol;
    return t;
  }

  token text_token(token t, char quote) {
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) syntax("the text is not closed", at_);
    t.text = text_.substr(at_ + 1, end - at_ - 1);
    t.kind = token_kind::text;
    at_ = end + 1;
    return t;
  }

  token parameter_token(token t) {
    const auto end = text_.find('}', at_ + 1);
    if (end == std::string_view::npos) syntax("the parameter's bracket is not closed", at_);
    auto name = text_.substr(at_ + 1, end - at_ - 1);
    while (!name.empty() && is_blank(name.front())) name.remove_prefix(1);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return is_name_part(c) || c == '.' || c == '-'; }))
      syntax("between { and } stands the name of a parameter", at_);
    t.text = name;
    t.kind = token_kind::parameter;
    at_ = end + 1;
    return t;
  }

  token symbol_token(token t) {
    static constexpr std::array<std::string_view, 6> pairs{"<=", ">=", "==", "!=", "||", "&&"};
    t.kind = token_kind::symbol;
    for (const auto pair : pairs)
      if (text_.substr(at_, 2) == pair) {
        at_ += 2;
        t.text = pair == "||" ? "or" : pair == "&&" ? "and" : pair;
        return t;
      }
    static constexpr std::string_view single = "<>+-*/%!(),.";
    if (single.find(peek()) == std::string_view::npos)
      syntax(peek() == '=' ? "a single = compares nothing; write ==" : "can't read " + in_quotes(text_.substr(at_, 1)), at_);
    t.text = peek() == '!' ? "not" : std::string(1, peek());
    ++at_;
    return t;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace

class expression_parser {
public:
  expression_parser(std::string_view text, name_table& names) : names_(names) {
    if (text.size() > limits::expression_characters)
      syntax("has more than " + std::to_string(limits::expression_characters) + " characters", limits::expression_characters);
    out_.text_ = text;
    tokens_ = lexer{out_.text_}.all();
  }

  expression parse() {
    const auto root = any_of();
    if (now().kind != token_kind::end) syntax("expected an operator or the end, found " + shown(now()), now().position);
    out_.root_ = root;
    if (work_of(root) > limits::expression_work) syntax("looks over too many bars: windows within windows", 0);
    return std::move(out_);
  }

private:
  // ---- tokens
  [[nodiscard]] const token& now() const { return tokens_[at_]; }
  const token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  [[nodiscard]] bool is(std::string_view symbol) const { return now().kind == token_kind::symbol && now().text == symbol; }
  bool accept(std::string_view symbol) { return is(symbol) ? (take(), true) : false; }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) syntax("expected " + std::string(symbol) + ", found " + shown(now()), now().position);
  }
  static std::string shown(const token& t) {
    switch (t.kind) {
    case token_kind::end: return "the end";
    case token_kind::number:
    case token_kind::percent_number: return "a number";
    case token_kind::text: return "a text";
    case token_kind::parameter: return in_quotes("{" + t.text + "}");
    default: return in_quotes(t.text);
    }
  }

  /// Counts how deep calls of the parser lie within each other.
  class deeper {
  public:
    deeper(std::size_t& depth, std::size_t position) : depth_(depth) {
      if (++depth_ > limits::expression_nesting) syntax("is nested too deep", position);
    }
    ~deeper() { --depth_; }
    deeper(const deeper&) = delete;
    deeper& operator=(const deeper&) = delete;

  private:
    std::size_t& depth_;
  };

  // ---- nodes
  std::uint32_t add(expression_node n) {
    if (out_.nodes_.size() >= limits::expression_nodes)
      syntax("has more than " + std::to_string(limits::expression_nodes) + " parts", n.position);
    out_.nodes_.push_back(std::move(n));
    return static_cast<std::uint32_t>(out_.nodes_.size() - 1);
  }
  std::uint32_t add(op what, value_type type, std::vector<std::uint32_t> children, std::size_t position) {
    expression_node n;
    n.what = what, n.type = type, n.children = std::move(children), n.position = position;
    return add(std::move(n));
  }
  [[nodiscard]] value_type type_of(std::uint32_t n) const { return out_.nodes_[n].type; }
  void need(std::uint32_t n, value_type type, const std::string& what) const {
    if (type_of(n) != type)
      fail(expression_code::type, what + " needs " + std::string(to_string(type)) + ", this is " + std::string(to_string(type_of(n))), out_.nodes_[n].position);
  }

  // ---- grammar, weakest operator first
  std::uint32_t any_of() {
    const deeper level(depth_, now().position);
    auto left = all_of();
    while (is("or")) left = logical(op::logical_or, left, &expression_parser::all_of);
    return left;
  }
  std::uint32_t all_of() {
    auto left = negation();
    while (is("and")) left = logical(op::logical_and, left, &expression_parser::negation);
    return left;
  }
  std::uint32_t logical(op what, std::uint32_t left, std::uint32_t (expression_parser::*side)()) {
    const token& sign = take();
    need(left, boolean, sign.text);
    const auto right = (this->*side)();
    need(right, boolean, sign.text);
    return add(what, boolean, {left, right}, sign.position);
  }
  std::uint32_t negation() {
    if (!is("not")) return comparison();
    const deeper level(depth_, now().position);
    const auto position = take().position;
    const auto inner = negation();
    need(inner, boolean, "not");
    return add(op::logical_not, boolean, {inner}, position);
  }
  std::uint32_t comparison() {
    const auto left = sum();
    if (is("in")) return membership(left);
    static constexpr std::array<std::pair<std::string_view, op>, 6> signs{
      {{"<", op::less}, {"<=", op::less_equal}, {">", op::greater}, {">=", op::greater_equal}, {"==", op::equal}, {"!=", op::not_equal}}};
    for (const auto& [sign, what] : signs) {
      if (!is(sign)) continue;
      const auto position = take().position;
      const auto right = sum();
      if (what == op::equal || what == op::not_equal) {
        same_type(left, right, position);
      } else {
        need(left, number, std::string(sign));
        need(right, number, std::string(sign));
      }
      for (const auto& [second, _] : signs)
        if (is(second)) syntax("comparisons can't be chained; join two with and", now().position);
      return add(what, boolean, {left, right}, position);
    }
    return left;
  }
  void same_type(std::uint32_t a, std::uint32_t b, std::size_t position) const {
    if (type_of(a) != type_of(b))
      fail(expression_code::type, "compares " + std::string(to_string(type_of(a))) + " with " + std::string(to_string(type_of(b))), position);
  }
  std::uint32_t membership(std::uint32_t left) {
    const auto position = take().position;
    std::vector<std::uint32_t> all{left};
    expect("(");
    do {
      all.push_back(any_of());
      same_type(left, all.back(), position);
    } while (accept(","));
    expect(")");
    return add(op::in_list, boolean, std::move(all), position);
  }
  std::uint32_t sum() {
    auto left = term();
    while (is("+") || is("-")) left = arithmetic(is("+") ? op::add : op::subtract, left, &expression_parser::term);
    return left;
  }
  std::uint32_t term() {
    auto left = sign();
    while (is("*") || is("/") || is("%"))
      left = arithmetic(is("*") ? op::multiply : is("/") ? op::divide : op::remainder, left, &expression_parser::sign);
    return left;
  }
  std::uint32_t arithmetic(op what, std::uint32_t left, std::uint32_t (expression_parser::*side)()) {
    const token& sign = take();
    need(left, number, sign.text);
    const auto right = (this->*side)();
    need(right, number, sign.text);
    return add(what, number, {left, right}, sign.position);
  }
  std::uint32_t sign() {
    if (!is("-") && !is("+")) return primary();
    const deeper level(depth_, now().position);
    const token& sign = take();
    const auto inner = this->sign();
    need(inner, number, sign.text);
    return sign.text == "+" ? inner : add(op::negate, number, {inner}, sign.position);
  }

  std::uint32_t primary() {
    const token& t = take();
    switch (t.kind) {
    case token_kind::number:
    case token_kind::percent_number: return constant(value::of(t.number), t.position);
    case token_kind::text: return constant(value::of(t.text), t.position);
    case token_kind::parameter: return parameter(t);
    case token_kind::name:
      if (t.text == "true" || t.text == "false") return constant(value::of(t.text == "true"), t.position);
      return path(t);
    default: break;
    }
    if (t.kind == token_kind::symbol && t.text == "(") {
      const auto inner = any_of();
      expect(")");
      return inner;
    }
    syntax("expected a value, found " + shown(t), t.position);
  }
  std::uint32_t constant(value v, std::size_t position) {
    expression_node n;
    n.type = v.number() ? value_type::number : v.boolean() ? value_type::boolean : value_type::text;
    n.constant = std::move(v);
    n.position = position;
    return add(std::move(n));
  }
  std::uint32_t parameter(const token& t) {
    auto v = names_.parameter(t.text);
    if (!v) fail(expression_code::parameter_unknown, "there is no parameter " + in_quotes(t.text), t.position);
    if (v->is_missing()) fail(expression_code::type, "parameter " + in_quotes(t.text) + " is not a single value", t.position);
    return constant(std::move(*v), t.position);
  }

  std::uint32_t path(const token& first) {
    std::string source;
    std::string name = first.text;
    if (name == "src" && is("(")) {
      take();
      if (now().kind != token_kind::text) syntax("src needs a text, found " + shown(now()), now().position);
      source = take().text;
      expect(")");
      expect(".");
      name = member();
    }
    while (accept(".")) {
      source += (source.empty() ? "" : ".") + name;
      name = member();
    }
    if (is("(")) return call(source, name, first.position);
    return named(source, name, name_query::form::plain, {}, first.position);
  }
  std::string member() {
    if (now().kind != token_kind::name) syntax("expected a name after the dot, found " + shown(now()), now().position);
    return take().text;
  }
  std::uint32_t named(const std::string& source, const std::string& name, name_query::form how, std::span<const double> arguments, std::size_t position) {
    const auto known = names_.find({source, name, how, arguments});
    std::string label = (source.empty() ? "" : source + ".") + name;
    if (!known) {
      const auto near = nearest_name(label, names_.all_names());
      fail(expression_code::unknown_name, "there is no name " + in_quotes(label) + (near ? "; did you mean " + in_quotes(*near) + "?" : ""), position);
    }
    expression_node n;
    n.what = op::name, n.type = known->type, n.handle = known->handle, n.position = position;
    if (how == name_query::form::call) label += "(" + to_string(value::of(arguments[0])) + ")";
    n.label = std::move(label);
    return add(std::move(n));
  }

  std::uint32_t call(const std::string& source, const std::string& name, std::size_t position) {
    const function_spec* f = find_function(name);
    if (!f) {
      std::vector<std::string> known;
      for (const auto& each : functions) known.emplace_back(each.name);
      const auto near = nearest_name(name, known);
      fail(expression_code::unknown_name, "there is no function " + in_quotes(name) + (near ? "; did you mean " + in_quotes(*near) + "?" : ""), position);
    }
    if (!source.empty() && f->how != shape::bars)
      fail(expression_code::unknown_name, in_quotes(name) + " is not a function of a source; write it around the source's value", position);
    const auto arguments = argument_list();
    return build(*f, source, arguments, position);
  }
  std::vector<std::uint32_t> argument_list() {
    expect("(");
    std::vector<std::uint32_t> out;
    if (accept(")")) return out;
    do out.push_back(any_of());
    while (accept(","));
    expect(")");
    return out;
  }

  static void arity(const function_spec& f, std::size_t given, std::size_t least, std::size_t most, std::size_t position) {
    if (given >= least && given <= most) return;
    const std::string wanted = least == most ? std::to_string(least) : "at least " + std::to_string(least);
    fail(expression_code::type, std::string(f.name) + " takes " + wanted + " values, not " + std::to_string(given), position);
  }

  std::uint32_t build(const function_spec& f, const std::string& source, const std::vector<std::uint32_t>& given, std::size_t position) {
    const std::string name(f.name);
    switch (f.how) {
    case shape::bars: {
      arity(f, given.size(), 1, 1, position);
      const std::array<double, 1> length{static_cast<double>(whole(given[0], name, 1))};
      return named(source, name, name_query::form::call, length, position);
    }
    case shape::fallback:
      arity(f, given.size(), 2, 2, position);
      same_type(given[0], given[1], position);
      return add(f.what, type_of(given[0]), given, position);
    case shape::point_many: arity(f, given.size(), 2, limits::expression_nodes, position); break;
    case shape::point: arity(f, given.size(), 1, 1, position); break;
    case shape::pair: arity(f, given.size(), 2, 2, position); break;
    case shape::series_window: arity(f, given.size(), 2, 2, position); return windowed(f, given, position);
    case shape::series_window_offset:
      if (given.size() != 3) arity(f, given.size(), 2, 2, position);
      return windowed(f, given, position);
    }
    for (const auto each : given) need(each, f.argument, name);
    return add(f.what, f.gives, given, position);
  }
  std::uint32_t windowed(const function_spec& f, const std::vector<std::uint32_t>& given, std::size_t position) {
    need(given[0], f.argument, std::string(f.name));
    expression_node n;
    n.what = f.what, n.type = f.gives, n.position = position, n.children = {given[0]};
    n.window = whole(given[1], std::string(f.name), 1);
    if (given.size() > 2) n.offset = whole(given[2], std::string(f.name), 0);
    return add(std::move(n));
  }

  /// A whole number that is the same on every bar: how far a function looks.
  std::uint32_t whole(std::uint32_t n, const std::string& function, std::uint32_t least) const {
    const auto position = out_.nodes_[n].position;
    if (type_of(n) != number || !is_constant(n)) fail(expression_code::type, function + " needs a length that is the same on every bar", position);
    expression alone;
    alone.nodes_ = out_.nodes_;
    alone.root_ = n;
    const value v = evaluate(alone, nothing_known{});
    if (!v.number() || *v.number() != std::floor(*v.number()) || *v.number() < least || *v.number() > limits::expression_window)
      fail(expression_code::type, function + " needs a whole number of bars from " + std::to_string(least) + " to " + std::to_string(limits::expression_window)
             + ", not " + to_string(v), position);
    return static_cast<std::uint32_t>(*v.number());
  }
  [[nodiscard]] bool is_constant(std::uint32_t n) const {
    const auto& node = out_.nodes_[n];
    return node.what != op::name && std::all_of(node.children.begin(), node.children.end(), [this](auto c) { return is_constant(c); });
  }

  /// Steps of one evaluation; saturates above the limit.
  [[nodiscard]] std::uint64_t work_of(std::uint32_t n) const {
    const auto& node = out_.nodes_[n];
    std::uint64_t inner = 1;
    for (const auto c : node.children) inner = std::min(inner + work_of(c), limits::expression_work + 1);
    std::uint64_t times = 1;
    if (node.what == op::crossover || node.what == op::crossunder || node.what == op::change) times = 2;
    else if (node.what == op::stdev || node.what == op::zscore) times = 2 * std::uint64_t{node.window};
    else if (node.window > 0) times = node.window;
    return std::min(inner * times, limits::expression_work + 1);
  }

  name_table& names_;
  expression out_;
  std::vector<token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

std::string_view to_string(expression_code code) {
  static constexpr std::array<std::string_view, 4> names{"EXPR_SYNTAX", "EXPR_UNKNOWN_NAME", "EXPR_TYPE", "PARAM_UNKNOWN"};
  return names[static_cast<std::size_t>(code)];
}

read_expression_outcome read_expression(std::string_view text, name_table& names) {
  try {
    return expression_parser{text, names}.parse();
  } catch (broken& b) {
    return std::move(b.what);
  }
}

result<expression> parse_expression(std::string_view text, name_table& names) {
  auto outcome = read_expression(text, names);
  if (auto* parsed = std::get_if<expression>(&outcome)) return std::move(*parsed);
  const auto& problem = std::get<expression_problem>(outcome);
  return error{errc::invalid_argument, problem.message + " (column " + std::to_string(problem.position + 1) + ")", std::string(to_string(problem.code))};
}

} // namespace tt::strategy
