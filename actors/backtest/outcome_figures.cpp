// Figures out of outcomes: of one pair, and of several together.

#include "actors/backtest/report.hpp"
#include "actors/backtest/results.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace tt::backtest {

namespace tester = pine::tester;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

void add_trades(const pair_outcome& o, std::vector<tester::trade>& out) {
  for (const auto& t : o.trades) out.push_back(as_counted(t));
}

/// Days are told by their number, so their points lie at 00:00 UTC of it, read in UTC.
std::shared_ptr<const pine::zone> zone_for(curve_step step, const std::set<std::string>& zones) {
  auto found = step == curve_step::bar && zones.size() == 1 ? pine::zone::find(*zones.begin()) : nullptr;
  return found != nullptr ? found : pine::zone::find("Etc/UTC");
}

std::int64_t time_of(std::int64_t at, curve_step step) { return step == curve_step::day ? at * day_ms : at; }

/// What a curve itself shows: less than the bars between its points did.
fall_record falls_of(std::span<const tester::equity_point> curve, double initial) {
  fall_record out{initial};
  for (const auto& p : curve) out.add(p.equity);
  return out;
}

struct sums {
  double initial = 0, open_pnl = 0, change = 0; ///< change: of equity
  std::int64_t bars = 0, in_market = 0, open_trades = 0, margin_calls = 0;
};

figure_set set_of(std::span<const tester::equity_point> curve, std::span<const tester::trade> trades, const sums& s, const pine::zone& tz,
                  double risk_free, std::optional<double> buy_hold, const fall_record& falls, const tester::return_ratios& ratios) {
  tester::report r;
  r.all = tester::figures_of(trades, pine::trade_side::both);
  r.equity = tester::figures_of(curve, s.initial, tz, risk_free);
  r.equity.sharpe = ratios.sharpe, r.equity.sortino = ratios.sortino;
  r.equity.final = s.initial + s.change; // the curve may have ended before
  r.open_trades = s.open_trades;
  r.margin_calls = s.margin_calls;
  r.equity.open_profit = s.open_pnl;
  r.equity.exposure = s.bars > 0 ? tester::figure(static_cast<double>(s.in_market) / static_cast<double>(s.bars)) : std::nullopt;
  r.equity.buy_hold_return = buy_hold;
  r.equity.max_drawdown = falls.percent;
  r.equity.max_drawdown_money = falls.money;
  if (r.equity.cagr && falls.percent > 0) r.equity.calmar = *r.equity.cagr / falls.percent;
  if (falls.money > 0) r.equity.recovery = r.all.net_profit / falls.money;
  return figure_set::of(r);
}

/// Of all trades together, on the exchange's days where it is one zone.
tester::return_ratios ratios_of(std::span<const pair_outcome* const> all, double initial) {
  tester::realised_trades made;
  made.first_entry_ms = std::numeric_limits<std::int64_t>::max();
  std::set<std::string> zones;
  for (const auto* o : all) {
    zones.insert(o->timezone);
    made.open_profit += o->open_pnl;
    for (const auto& t : o->trades) {
      made.closed.push_back({t.exit_ms, t.pnl});
      made.first_entry_ms = std::min(made.first_entry_ms, t.entry_ms);
      made.end_ms = std::max(made.end_ms, t.exit_ms);
    }
    for (const auto& t : o->open_trades) {
      made.first_entry_ms = std::min(made.first_entry_ms, t.entry_ms);
      made.end_ms = std::max(made.end_ms, o->last_ms);
    }
  }
  return tester::ratios_of(made, initial, *zone_for(curve_step::bar, zones), all.front()->risk_free);
}

std::optional<double> buy_hold(const pair_outcome& o) {
  return o.first_close > 0 ? std::optional(o.last_close / o.first_close - 1) : std::nullopt;
}

} // namespace

figure_set figures_of(const pair_outcome& o) {
  if (o.failure) return figure_set::from({});
  std::vector<tester::equity_point> curve;
  curve.reserve(o.curve.size());
  for (const auto& p : o.curve) curve.push_back({time_of(p.at, o.step), p.equity, p.position, p.close});
  std::vector<tester::trade> trades;
  trades.reserve(o.trades.size());
  add_trades(o, trades);
  return set_of(curve, trades,
                {o.initial, o.open_pnl, o.final_equity - o.initial, o.bars, o.bars_in_market, static_cast<std::int64_t>(o.open_trades.size()), o.margin_calls},
                *zone_for(o.step, {o.timezone}), o.risk_free, buy_hold(o),
                o.falls.value_or(falls_of(curve, o.initial)), ratios_of(std::array{&o}, o.initial));
}

capital_mode summed_as(const backtest_request& r) { return r.yaml.empty() ? r.capital : capital_mode::per_run; }

double combined_capital(const std::vector<pair_outcome>& outcomes, capital_mode mode) {
  double out = 0;
  for (const auto& o : outcomes) {
    if (o.failure) continue;
    out += o.initial;
    if (mode == capital_mode::shared) break; // all name the same account
  }
  return out;
}

std::vector<shown_point> combined_curve(const std::vector<pair_outcome>& outcomes, capital_mode mode) {
  std::vector<std::int64_t> times;
  for (const auto& o : outcomes)
    if (!o.failure)
      for (const auto& p : o.curve) times.push_back(p.at);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::vector<shown_point> out;
  out.reserve(times.size());
  for (auto t : times) out.push_back({t, 0});
  bool first = true;
  for (const auto& o : outcomes) {
    if (o.failure) continue;
    const double counted_before = mode == capital_mode::shared && !first ? o.initial : 0;
    double value = o.initial;
    std::size_t next = 0;
    for (auto& p : out) {
      if (next < o.curve.size() && o.curve[next].at == p.at) value = o.curve[next++].equity;
      p.equity += value - counted_before;
    }
    first = false;
  }
  return out;
}

figure_set combined_figures(const std::vector<pair_outcome>& outcomes, capital_mode mode) {
  std::vector<const pair_outcome*> good;
  for (const auto& o : outcomes)
    if (!o.failure) good.push_back(&o);
  if (good.empty()) return figure_set::from({});
  if (good.size() == 1) return figures_of(*good.front());
  sums s;
  std::vector<const trade_record*> closed;
  std::vector<tester::trade> trades;
  std::set<std::string> zones;
  double held = 0, parts = 0;
  bool all_held = true;
  s.initial = combined_capital(outcomes, mode);
  for (const auto* o : good) {
    s.open_pnl += o->open_pnl, parts += o->initial;
    s.change += o->final_equity - o->initial, s.margin_calls += o->margin_calls;
    s.open_trades += static_cast<std::int64_t>(o->open_trades.size());
    s.bars += o->bars, s.in_market += o->bars_in_market;
    zones.insert(o->timezone);
    for (const auto& t : o->trades) closed.push_back(&t);
    const auto h = buy_hold(*o);
    all_held = all_held && h.has_value();
    held += o->initial * h.value_or(0);
  }
  // in the order of time, as the report has them: how many lose in a row hangs on it
  std::stable_sort(closed.begin(), closed.end(), [](const trade_record* a, const trade_record* b) {
    return std::pair(a->exit_ms, a->entry_ms) < std::pair(b->exit_ms, b->entry_ms);
  });
  for (const auto* t : closed) trades.push_back(as_counted(*t));
  std::vector<tester::equity_point> curve;
  for (const auto& p : combined_curve(outcomes, mode)) curve.push_back({time_of(p.at, good.front()->step), p.equity, 0, 0});
  return set_of(curve, trades, s, *zone_for(good.front()->step, zones), good.front()->risk_free,
                all_held && parts > 0 ? std::optional(held / parts) : std::nullopt,
                mode == capital_mode::shared && good.front()->account_falls ? *good.front()->account_falls : falls_of(curve, s.initial),
                ratios_of(good, s.initial));
}

} // namespace tt::backtest
