#pragma once
/// The names that a job's expressions may use, and what each one means: a column of bars, or a figure of the moment.

#include "actors/strategy/expression/expression.hpp"
#include "actors/strategy/jobs/job_spec.hpp"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::strategy {

/// Values with a history, of completed bars of one source.
enum class series_name : std::uint8_t {
  open, high, low, close, volume, price, average_volume, volume_ratio, bar_change, rsi, bollinger_lower, bollinger_middle,
  bollinger_upper, atr, vwap, macd_line, macd_signal, macd_hist, sma, ema, rma,
};
/// Values of the moment, without a history.
enum class moment_name : std::uint8_t {
  position, avg_entry, change_since_entry, pnl_pct, unrealized_pnl, bars_held, days_held, position_weight, open_positions, equity,
  cash_weight, day_pnl_pct, minutes_from_open, minutes_to_close, is_half_day, weekday, market_trend, market_volatility,
  news_sentiment, any_allocation_deviation, position_size_breach, single_position_weight, portfolio_volatility, historical_avg,
  max_drawdown, portfolio_beta, correlation_with_market, portfolio_correlation_risk, daily_var_breach,
};
inline constexpr std::size_t moment_names = 29;

struct name_binding {
  std::variant<series_name, moment_name> what;
  std::size_t source = 0; ///< of a series: index into job_spec::sources
  std::int64_t length = 0; ///< of an indicator: its period
  bool operator==(const name_binding&) const = default;
};

/// Periods that a job's parameters may set.
struct indicator_settings {
  std::int64_t rsi_period = 14, bollinger_period = 20, volume_period = 20, atr_period = 14, macd_fast = 12, macd_slow = 26, macd_signal = 9;
  double bollinger_std = 2;
};
indicator_settings settings_of(const job_spec& spec);

/// Which lists an expression belongs to: legacy files give one name two meanings.
enum class list_side : std::uint8_t { entry, exit, other };

/// Gathers a binding for each name that is used; its index is the handle. Must outlive nothing: copies what it needs.
class job_names : public name_table {
public:
  explicit job_names(const job_spec& spec);
  void reading(list_side side) { side_ = side; }
  std::optional<known_name> find(const name_query& which) override;
  std::optional<value> parameter(std::string_view name) override;
  std::vector<std::string> all_names() const override;
  [[nodiscard]] const std::vector<name_binding>& bindings() const { return bindings_; }
  /// Legacy readings that were used: "price_change", "cash_buffer".
  [[nodiscard]] const std::vector<std::string>& legacy_uses() const { return legacy_uses_; }

private:
  known_name bind(name_binding b, value_type type);
  const job_spec& spec_;
  indicator_settings settings_;
  list_side side_ = list_side::other;
  std::vector<name_binding> bindings_;
  std::vector<std::string> legacy_uses_;
};

/// Bars that a binding needs before its first value.
std::int64_t period_of(const name_binding& b, const indicator_settings& s);
/// Whether it needs daily bars of the symbol beside its sources.
bool needs_daily(const name_binding& b);

} // namespace tt::strategy
