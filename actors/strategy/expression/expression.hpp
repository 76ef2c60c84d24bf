#pragma once
/// The language of conditions in jobs and custom alerts.
///
///   or ||  ·  and &&  ·  not !  ·  < <= > >= == != in (…)  ·  + -  ·  * / %  ·  - + before a value
///   12.5   5% (= 0.05)   'text'   true false   {parameter}   name   source.name   src("any source").name   f(…)
///
/// Pure: no loops, no assignment, no clock. A text is parsed and checked for types once and evaluated as often as
/// needed. Division by zero, a root of a negative number and every operation on a missing value give missing; `and` and
/// `or` that one side decides do not look at the other.
///
///   my_names names;                                       // what may be named, each with a handle of my own
///   auto parsed = parse_expression("rsi < {limit}", names);
///   value v = evaluate(*parsed, my_values);               // asked for handles, now and some bars back
///
/// Immutable once parsed, safe to share between threads.

#include "actors/model/result.hpp"
#include "actors/strategy/expression/value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t expression_characters = 2'000; ///< bytes of one text; more: EXPR_SYNTAX
inline constexpr std::size_t expression_nodes = 200;        ///< values, names and operations; more: EXPR_SYNTAX
inline constexpr std::size_t expression_nesting = 50;       ///< brackets, signs and `not`s inside each other
inline constexpr std::uint32_t expression_window = 5'000;   ///< bars that one function may look back
inline constexpr std::uint64_t expression_work = 200'000;   ///< steps of one evaluation, windows within windows counted
} // namespace limits

/// A name that the text uses.
struct name_query {
  enum class form : std::uint8_t { plain, call };
  std::string_view source; ///< before the dot or in src("…"); empty: the primary source
  std::string_view name;
  form how = form::plain;
  /// Of a call: the constant arguments. Which calls there are is fixed: sma, ema, rma, rsi, atr (length), of bars.
  std::span<const double> arguments = {};
};

struct known_name {
  value_type type = value_type::number;
  std::uint32_t handle = 0; ///< the caller's own
};

/// What may be named. Asked while parsing only.
class name_table {
public:
  virtual ~name_table() = default;
  /// Nothing: unknown. May be asked for the same name again; not const, so that it can make handles as they come.
  virtual std::optional<known_name> find(const name_query& which) = 0;
  /// The value of {name}; nothing: no such parameter; missing: there is one, but of a kind that no expression can use.
  virtual std::optional<value> parameter(std::string_view name) = 0;
  /// Names for "did you mean"; may be empty.
  virtual std::vector<std::string> all_names() const { return {}; }
};

/// What the names are worth.
class value_source {
public:
  virtual ~value_source() = default;
  /// `back` bars ago (0: now). Missing where that is not known.
  virtual value at(std::uint32_t handle, std::size_t back) const = 0;
};

/// What is wrong with a text.
enum class expression_code : std::uint8_t {
  syntax,            ///< EXPR_SYNTAX: can't be read, or is over a limit
  unknown_name,      ///< EXPR_UNKNOWN_NAME
  type,              ///< EXPR_TYPE: an operation on the wrong kind of value
  parameter_unknown, ///< PARAM_UNKNOWN
};
/// As findings spell it: "EXPR_SYNTAX".
std::string_view to_string(expression_code code);

struct expression_problem {
  expression_code code = expression_code::syntax;
  std::string message;
  std::size_t position = 0; ///< bytes from the text's beginning

  bool operator==(const expression_problem&) const = default;
};

/// One step of an expression; children are indices into expression::nodes().
struct expression_node {
  enum class op : std::uint8_t {
    constant, name, negate, logical_not, add, subtract, multiply, divide, remainder, less, less_equal, greater,
    greater_equal, equal, not_equal, in_list, logical_and, logical_or, highest, lowest, change, stdev, zscore, count,
    crossover, crossunder, absolute, minimum, maximum, floor, ceil, round, sqrt, log, nz
  };
  op what = op::constant;
  value_type type = value_type::number;
  value constant = {};
  std::uint32_t handle = 0;  ///< of a name
  std::uint32_t window = 0;  ///< bars of highest, lowest, change, stdev, zscore, count
  std::uint32_t offset = 0;  ///< bars back from which highest and lowest look
  std::vector<std::uint32_t> children = {};
  std::string label = {};    ///< of a name, as the text has it: "hourly.rsi", "sma(20)"
  std::size_t position = 0;  ///< in the text
};

class expression {
public:
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] value_type type() const { return nodes_[root_].type; }
  [[nodiscard]] const std::vector<expression_node>& nodes() const { return nodes_; }
  [[nodiscard]] const expression_node& root() const { return nodes_[root_]; }
  /// Bars before the present one that its windows reach, without the warm-up of the names themselves.
  [[nodiscard]] std::size_t look_back() const;

private:
  friend class expression_parser;
  std::string text_;
  std::vector<expression_node> nodes_;
  std::uint32_t root_ = 0;
};

using read_expression_outcome = std::variant<expression, expression_problem>;

/// Reads and checks a text. Never throws; a problem says what, why and where.
read_expression_outcome read_expression(std::string_view text, name_table& names);

/// The same as a result. Errors: invalid_argument; the field is the code ("EXPR_TYPE"), the message ends with the column.
result<expression> parse_expression(std::string_view text, name_table& names);

/// What it gives now, or `back` bars ago.
value evaluate(const expression& what, const value_source& values, std::size_t back = 0);

/// Every name of the text with its present value, each once, in the order of the text: for explanations.
struct named_value {
  std::string name;
  value now;
};
std::vector<named_value> values_in(const expression& what, const value_source& values);

/// The known word with the fewest changed letters, if one is near enough to be meant.
std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& known);

} // namespace tt::strategy
