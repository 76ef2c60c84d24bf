#pragma once
/// Objectives and constraints: arithmetic over the figures of a result, such as "sharpe_ratio - 2 * max_drawdown" or
/// "total_trades >= 30 and win_rate > 0.4".

#include "actors/model/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t expression_bytes = 2'000;
inline constexpr int expression_nesting = 50;
} // namespace limits

/// A figure by name; nothing when it is undefined.
using figure_lookup = std::function<std::optional<double>(std::string_view)>;

/// Operators by strength: or; and; not; < <= > >= == !=; + -; * /; unary -; ( ), abs(), min(), max(), sqrt(), log().
/// Truth is 1 and 0. A figure that is undefined makes the expression undefined, except where `and` and `or` are decided
/// without it. Division by zero is undefined.
class expression {
public:
  /// `known` tells whether a name is a figure. Errors carry the column.
  static result<expression> parse(std::string_view text, const std::function<bool(std::string_view)>& known);
  std::optional<double> value(const figure_lookup& figures) const;
  const std::string& text() const { return text_; }

private:
  enum class op : std::uint8_t {
    number, figure, negate, logical_not, add, subtract, multiply, divide, less, less_equal, greater, greater_equal, equal, not_equal,
    logical_and, logical_or, absolute, smaller, larger, root, logarithm
  };
  struct node {
    op what = op::number;
    double number = 0;
    std::string name;
    std::size_t left = 0, right = 0; ///< into nodes_
  };
  friend class expression_parser;
  std::optional<double> eval(std::size_t at, const figure_lookup& figures) const;
  std::vector<node> nodes_;
  std::size_t root_ = 0;
  std::string text_;
};

} // namespace tt::backtest
