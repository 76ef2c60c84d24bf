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
    "avg_trade", "avg_win", "avg_loss", "largest_win", "largest_loss", "expectancy", "avg_bars", "sharpe_daily",
    // kept results have them in this order: new ones at the end
    "initial_capital", "final_equity", "net_profit_return", "gross_profit_return", "gross_loss_return",
    "open_trades", "winning_trades", "losing_trades", "even_trades", "avg_trade_return", "avg_win_return", "avg_loss_return",
    "win_loss_ratio", "largest_win_return", "largest_loss_return", "avg_bars_wins", "avg_bars_losses", "max_wins_in_a_row",
    "max_losses_in_a_row", "margin_calls"};
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
double plain(const pine::tester::figure& f) { return f.value_or(undefined); }
} // namespace

std::span<const std::string_view> figure_set::names() { return figure_names; }

std::optional<std::size_t> figure_set::place(std::string_view name) {
  for (const std::string_view group : {"metrics.", "report.all."})
    if (name.starts_with(group)) {
      name.remove_prefix(group.size());
      break;
    }
  if (name == "open_pnl") name = "open_profit";
  const auto at = std::find(figure_names.begin(), figure_names.end(), name);
  if (at == figure_names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - figure_names.begin());
}

std::optional<double> figure_set::get(std::string_view name) const {
  const auto at = place(name);
  if (!at) return std::nullopt;
  const double v = values_[*at];
  return std::isnan(v) ? std::nullopt : std::optional(v);
}

figure_set figure_set::of(const pine::tester::report& r) {
  figure_set f;
  const auto& e = r.equity;
  const auto& t = r.all;
  const auto of_capital = [&](double v) { return e.initial > 0 ? v / e.initial : undefined; };
  const auto count_of = [](std::int64_t n) { return static_cast<double>(n); };
  f.values_ = {e.total_return, e.max_drawdown, plain(e.sharpe), plain(e.sortino), plain(e.cagr), plain(e.calmar), plain(e.volatility),
               plain(e.exposure), static_cast<double>(e.max_drawdown_days), plain(e.buy_hold_return), plain(e.var_95), plain(e.cvar_95),
               plain(e.beta), plain(e.alpha), plain(e.recovery), e.open_profit,
               static_cast<double>(t.trades), plain(t.win_rate), plain(t.profit_factor), t.net_profit, t.gross_profit, t.gross_loss, t.fees,
               plain(t.average_trade), plain(t.average_win), plain(t.average_loss), plain(t.largest_win), plain(t.largest_loss),
               plain(t.expectancy), plain(t.average_bars), plain(e.sharpe_daily),
               e.initial, e.final, of_capital(t.net_profit), of_capital(t.gross_profit), of_capital(t.gross_loss),
               count_of(r.open_trades), count_of(t.wins), count_of(t.losses), count_of(t.evens), plain(t.average_return), plain(t.average_win_return),
               plain(t.average_loss_return), plain(t.win_loss_ratio), plain(t.largest_win_return), plain(t.largest_loss_return),
               plain(t.average_bars_wins), plain(t.average_bars_losses), count_of(t.most_wins_in_a_row), count_of(t.most_losses_in_a_row),
               count_of(r.margin_calls)};
  return f;
}

figure_set figure_set::from(std::span<const double> values) {
  figure_set f;
  f.values_.fill(undefined);
  std::copy_n(values.begin(), std::min(values.size(), count), f.values_.begin());
  return f;
}

} // namespace tt::backtest
