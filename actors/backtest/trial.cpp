#include "actors/backtest/trial.hpp"

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

result<trial_outcome> run_trial(const trial_job& job, const std::map<std::string, std::string>& inputs, std::size_t from, std::size_t to) {
  to = std::min(to, job.bars.size());
  if (from >= to) return tt::error{errc::out_of_range, "there are no bars to run over", "bars"};
  auto settings = job.settings;
  for (const auto& [name, value] : inputs) settings.inputs[name] = value;
  auto symbol = settings.symbol;
  settings.last_bar_index = static_cast<std::int64_t>(to - from) - 1;
  settings.last_bar_time_ms = job.bars[to - 1].time_ms;
  pine::tester::tester_options options;
  options.account = job.account;
  pine::tester::strategy_run run(job.code, std::move(settings), options);
  if (run.problem()) return tt::error{errc::invalid_argument, *run.problem(), "inputs"};
  for (std::size_t i = from; i < to; ++i) {
    pine::bar_flags flags;
    flags.last = flags.last_history = i + 1 == to;
    flags.next_time_ms = i + 1 < to ? job.bars[i + 1].time_ms : 0;
    if (auto f = run.on_bar(job.bars[i], flags))
      return tt::error{errc::refused, "line " + std::to_string(f->line) + ", bar " + std::to_string(f->bar_index) + ": " + f->message};
  }
  auto report = pine::tester::measure(run, *symbol, job.risk_free);
  if (report.broken) return tt::error{errc::internal, *report.broken};
  trial_outcome out{figure_set::of(report), {}};
  constexpr std::int64_t day_ms = 86'400'000;
  std::int64_t day = std::numeric_limits<std::int64_t>::min();
  for (const auto& p : run.curve()) {
    if (p.time_ms / day_ms != day) out.daily_equity.push_back(p.equity);
    else out.daily_equity.back() = p.equity;
    day = p.time_ms / day_ms;
  }
  return out;
}

} // namespace tt::backtest
