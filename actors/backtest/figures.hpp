#pragma once
/// The figures of a result by name, as objectives, tables and documents know them.

#include "actors/pine/tester/metrics.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace tt::backtest {

/// The figures of a result under the names of the API, in a fixed order. Undefined ones are NaN inside and "nothing"
/// outside.
class figure_set {
public:
  static std::span<const std::string_view> names();
  /// The place of a figure in names(), by its name there or as results show it: "sortino", "metrics.sortino",
  /// "report.all.winning_trades"; open_pnl is open_profit. Nothing: there is none.
  static std::optional<std::size_t> place(std::string_view name);
  static bool known(std::string_view name) { return place(name).has_value(); }
  static figure_set of(const pine::tester::report& r);
  std::optional<double> get(std::string_view name) const;
  std::span<const double> values() const { return values_; }
  static constexpr std::size_t count = 51;
  /// From values in the order of names(). Missing ones (of an earlier program) are undefined, further ones are dropped.
  static figure_set from(std::span<const double> values);

private:
  std::array<double, count> values_{};
};

} // namespace tt::backtest
