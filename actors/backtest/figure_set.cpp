#include "actors/backtest/figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tt::backtest {

namespace {
constexpr std::array<std::string_view, figure_set::count> figure_names{
    "total_return", "max_drawdown", "sharpe_ratio", "sortino", "cagr", "calmar", "volatility", "exposure", "max_drawdown_days",
    "buy_hold_return", "var_95", "cvar_95", "beta", "alpha", "recovery", "open_profit",
    "total_trades", "win_rate", "profit_factor", "net_profit", "gross_profit", "gross_loss", "fees",
    "avg_trade", "avg_win", "avg_loss", "largest_win", "largest_loss", "expectancy", "avg_bars", "sharpe_daily"};
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
double plain(const pine::tester::figure& f) { return f.value_or(undefined); }
} // namespace

std::span<const std::string_view> figure_set::names() { return figure_names; }
bool figure_set::known(std::string_view name) { return std::find(figure_names.begin(), figure_names.end(), name) != figure_names.end(); }

std::optional<double> figure_set::get(std::string_view name) const {
  auto at = std::find(figure_names.begin(), figure_names.end(), name);
  if (at == figure_names.end()) return std::nullopt;
  double v = values_[static_cast<std::size_t>(at - figure_names.begin())];
  return std::isnan(v) ? std::nullopt : std::optional(v);
}

figure_set figure_set::of(const pine::tester::report& r) {
  figure_set f;
  const auto& e = r.equity;
  const auto& t = r.all;
  f.values_ = {e.total_return, e.max_drawdown, plain(e.sharpe), plain(e.sortino), plain(e.cagr), plain(e.calmar), plain(e.volatility),
               plain(e.exposure), static_cast<double>(e.max_drawdown_days), plain(e.buy_hold_return), plain(e.var_95), plain(e.cvar_95),
               plain(e.beta), plain(e.alpha), plain(e.recovery), e.open_profit,
               static_cast<double>(t.trades), plain(t.win_rate), plain(t.profit_factor), t.net_profit, t.gross_profit, t.gross_loss, t.fees,
               plain(t.average_trade), plain(t.average_win), plain(t.average_loss), plain(t.largest_win), plain(t.largest_loss),
               plain(t.expectancy), plain(t.average_bars), plain(e.sharpe_daily)};
  return f;
}

figure_set figure_set::from(std::span<const double> values) {
  figure_set f;
  f.values_.fill(undefined);
  std::copy_n(values.begin(), std::min(values.size(), count), f.values_.begin());
  return f;
}

} // namespace tt::backtest
