#include "actors/pine/tester/metrics.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>
#include <cmath>

namespace tt::pine::tester {

namespace {

constexpr double day_ms = 86'400'000, days_per_year = 365.25;

figure ratio(double a, double b) { return b != 0 ? figure(a / b) : std::nullopt; }

struct mean_of {
  double sum = 0;
  std::int64_t n = 0;
  void add(double v) {
    sum += v;
    ++n;
  }
  figure value() const { return n > 0 ? figure(sum / f64(n)) : std::nullopt; }
};

/// Last value of each period, with the value before the first one in front.
struct sampled {
  std::vector<double> ends;
  std::vector<double> returns() const {
    std::vector<double> r;
    for (std::size_t i = 1; i < ends.size(); ++i) r.push_back(ends[i - 1] > 0 ? ends[i] / ends[i - 1] - 1 : 0);
    return r;
  }
};

template <class Key, class Value>
sampled sample(std::span<const equity_point> curve, double first, Key key, Value value) {
  sampled s;
  s.ends.push_back(first);
  std::optional<std::int64_t> now;
  for (const auto& p : curve) {
    auto k = key(p.time_ms);
    if (now != k) {
      s.ends.push_back(value(p));
      now = k;
    } else {
      s.ends.back() = value(p);
    }
  }
  return s;
}

std::int64_t day_of(std::int64_t ms, const zone& tz) {
  auto t = tz.local(ms);
  return days_from_civil(t.year, t.month, t.day);
}
std::int64_t month_of(std::int64_t ms, const zone& tz) {
  auto t = tz.local(ms);
  return std::int64_t{t.year} * 12 + t.month;
}

double mean(std::span<const double> v) {
  double sum = 0;
  for (double x : v) sum += x;
  return v.empty() ? 0 : sum / f64(v.size());
}
/// Of a sample: divided by n - 1.
double deviation(std::span<const double> v) {
  if (v.size() < 2) return 0;
  double m = mean(v), sum = 0;
  for (double x : v) sum += (x - m) * (x - m);
  return std::sqrt(sum / f64(v.size() - 1));
}

void drawdowns(equity_figures& e, std::span<const equity_point> curve, double initial) {
  double peak = initial;
  std::int64_t since = curve.front().time_ms;
  for (const auto& p : curve) {
    if (p.equity >= peak) {
      peak = p.equity;
      since = p.time_ms;
    } else {
      if (peak > 0) e.max_drawdown = std::max(e.max_drawdown, (peak - p.equity) / peak);
      e.max_drawdown_days = std::max(e.max_drawdown_days, to_int(f64(p.time_ms - since) / day_ms));
    }
  }
}

void tails(equity_figures& e, std::vector<double> daily) {
  constexpr std::size_t least = 20; // fewer days have no 5 % tail
  if (daily.size() < least) return;
  std::sort(daily.begin(), daily.end());
  auto count = std::max<std::size_t>(1, usz(std::floor(0.05 * f64(daily.size()))));
  e.var_95 = -daily[count - 1];
  e.cvar_95 = -mean(std::span(daily).first(count));
}

void against_symbol(equity_figures& e, std::span<const double> own, std::span<const double> symbol, double per_year, double free) {
  if (own.size() < 2 || own.size() != symbol.size() || per_year <= 0) return;
  double own_mean = mean(own), symbol_mean = mean(symbol), both = 0, square = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    both += (own[i] - own_mean) * (symbol[i] - symbol_mean);
    square += (symbol[i] - symbol_mean) * (symbol[i] - symbol_mean);
  }
  e.beta = ratio(both, square);
  if (e.beta) e.alpha = (own_mean - free - *e.beta * (symbol_mean - free)) * per_year;
}

} // namespace

trade_figures figures_of(std::span<const trade> trades, trade_side side) {
  trade_figures f;
  mean_of returns, win_returns, loss_returns, bars, win_bars, loss_bars;
  std::int64_t wins_now = 0, losses_now = 0;
  auto most = [](figure& to, double v, double sign) { to = !to || (v - *to) * sign > 0 ? v : *to; };
  for (const auto& t : trades) {
    if (side == trade_side::long_ && t.size < 0) continue;
    if (side == trade_side::short_ && t.size > 0) continue;
    double back = t.percent(t.profit) / 100, length = f64(t.exit_bar - t.entry_bar + 1);
    ++f.trades;
    f.net_profit += t.profit;
    f.fees += t.fee();
    returns.add(back);
    bars.add(length);
    wins_now = t.profit > 0 ? wins_now + 1 : 0;
    losses_now = t.profit < 0 ? losses_now + 1 : 0;
    f.most_wins_in_a_row = std::max(f.most_wins_in_a_row, wins_now);
    f.most_losses_in_a_row = std::max(f.most_losses_in_a_row, losses_now);
    if (t.profit > 0) {
      ++f.wins;
      f.gross_profit += t.profit;
      win_returns.add(back);
      win_bars.add(length);
      most(f.largest_win, t.profit, 1);
      most(f.largest_win_return, back, 1);
    } else if (t.profit < 0) {
      ++f.losses;
      f.gross_loss += t.profit;
      loss_returns.add(back);
      loss_bars.add(length);
      most(f.largest_loss, t.profit, -1);
      most(f.largest_loss_return, back, -1);
    } else {
      ++f.evens;
    }
  }
  double n = f64(f.trades);
  f.win_rate = ratio(f64(f.wins), n);
  f.profit_factor = ratio(f.gross_profit, -f.gross_loss);
  f.average_trade = ratio(f.net_profit, n);
  f.average_win = ratio(f.gross_profit, f64(f.wins));
  f.average_loss = ratio(f.gross_loss, f64(f.losses));
  if (f.average_win && f.average_loss) f.win_loss_ratio = ratio(*f.average_win, -*f.average_loss);
  f.average_return = returns.value(), f.average_win_return = win_returns.value(), f.average_loss_return = loss_returns.value();
  f.average_bars = bars.value(), f.average_bars_wins = win_bars.value(), f.average_bars_losses = loss_bars.value();
  if (f.trades > 0) f.expectancy = (f64(f.wins) * f.average_win.value_or(0) + f64(f.losses) * f.average_loss.value_or(0)) / n;
  return f;
}

equity_figures figures_of(std::span<const equity_point> curve, double initial, const zone& tz, double risk_free) {
  equity_figures e;
  e.initial = e.final = initial;
  if (curve.empty()) return e;
  e.final = curve.back().equity;
  e.total_return = initial != 0 ? e.final / initial - 1 : 0;
  drawdowns(e, curve, initial);
  auto day = [&](std::int64_t ms) { return day_of(ms, tz); };
  auto equity = [](const equity_point& p) { return p.equity; };
  auto daily = sample(curve, initial, day, equity).returns();
  double span_days = f64(curve.back().time_ms - curve.front().time_ms) / day_ms;
  if (span_days > 0 && initial > 0 && e.final > 0) e.cagr = std::pow(e.final / initial, days_per_year / span_days) - 1;
  if (e.cagr && e.max_drawdown > 0) e.calmar = *e.cagr / e.max_drawdown;
  double per_year = span_days > 0 ? f64(daily.size()) / span_days * days_per_year : 0;
  if (daily.size() >= 2) e.sharpe_daily = ratio(mean(daily), deviation(daily));
  if (daily.size() >= 2 && per_year > 0) e.volatility = deviation(daily) * std::sqrt(per_year);
  auto in_market = std::count_if(curve.begin(), curve.end(), [](const auto& p) { return p.position != 0; });
  e.exposure = ratio(f64(in_market), f64(curve.size()));
  auto prices = sample(curve, curve.front().close, day, [](const auto& p) { return p.close; }).returns();
  if (curve.front().close > 0) against_symbol(e, daily, prices, per_year, risk_free / 100 / 365);
  tails(e, std::move(daily));
  return e;
}

return_ratios ratios_of(const realised_trades& trades, double initial, const zone& tz, double risk_free) {
  constexpr std::size_t fewest = 2;
  constexpr std::int64_t months_of_days = 2;
  if (trades.closed.size() < fewest) return {};
  const bool by_month = month_of(trades.end_ms, tz) - month_of(trades.first_entry_ms, tz) > months_of_days;
  auto period = [&](std::int64_t ms) { return by_month ? month_of(ms, tz) : day_of(ms, tz); };
  const auto first = period(trades.first_entry_ms), last = period(trades.end_ms);
  std::vector<double> profits(usz(std::max<std::int64_t>(1, last - first + 1)));
  for (const auto& c : trades.closed) profits[usz(std::clamp<std::int64_t>(period(c.at_ms) - first, 0, i64(profits.size()) - 1))] += c.profit;
  profits.back() += trades.open_profit;
  std::vector<double> returns;
  double balance = initial;
  for (double p : profits) {
    if (balance == 0) return {};
    returns.push_back(p / balance);
    balance += p;
  }
  const double free = risk_free / 100 / (by_month ? 12 : 365), middle = mean(returns), excess = middle - free;
  double spread = 0, below = 0;
  for (double r : returns) {
    spread += (r - middle) * (r - middle);
    below += std::min(0.0, r - free) * std::min(0.0, r - free);
  }
  const double n = f64(returns.size());
  return {ratio(excess, std::sqrt(spread / n)), ratio(excess, std::sqrt(below / n))};
}

std::optional<std::string> check_identity(const ledger& account, double initial) {
  double sum = 0, scale = std::fabs(initial) + 1;
  for (const auto& t : account.closed_trades()) {
    sum += t.profit;
    scale += std::fabs(t.profit);
  }
  for (const auto& t : account.open_trades()) sum -= t.entry_fee;
  sum += account.open_profit();
  double change = account.own_equity() - initial;
  constexpr double rounding_error = 1e-9;
  if (std::fabs(change - sum) <= rounding_error * scale) return std::nullopt;
  return "equity has changed by " + std::to_string(change) + ", the trades add up to " + std::to_string(sum);
}

report measure(const strategy_run& run, const symbol_info& symbol, double risk_free) {
  report r;
  const auto& a = run.account().account();
  double initial = run.account().rules().initial_capital;
  r.all = figures_of(a.closed_trades(), trade_side::both);
  r.longs = figures_of(a.closed_trades(), trade_side::long_);
  r.shorts = figures_of(a.closed_trades(), trade_side::short_);
  auto tz = zone::find(symbol.timezone);
  if (tz == nullptr) tz = zone::find("Etc/UTC");
  r.equity = figures_of(run.curve(), initial, *tz, risk_free);
  realised_trades made;
  made.first_entry_ms = std::numeric_limits<std::int64_t>::max();
  for (const auto& t : a.closed_trades()) {
    made.closed.push_back({t.exit_time_ms, t.profit});
    made.first_entry_ms = std::min(made.first_entry_ms, t.entry_time_ms);
    made.end_ms = std::max(made.end_ms, t.exit_time_ms);
  }
  for (const auto& t : a.open_trades()) {
    made.first_entry_ms = std::min(made.first_entry_ms, t.entry_time_ms);
    made.open_profit -= t.entry_fee;
    made.end_ms = run.span().last_ms;
  }
  made.open_profit += a.open_profit();
  const auto ratios = ratios_of(made, initial, *tz, risk_free);
  r.equity.sharpe = ratios.sharpe, r.equity.sortino = ratios.sortino;
  r.equity.open_profit = a.open_profit();
  r.equity.max_drawdown_money = a.stats().max_drawdown;
  r.equity.max_drawdown_percent_inside = a.stats().max_drawdown_percent / 100;
  r.equity.max_runup_money = a.stats().max_runup;
  r.equity.max_runup_inside = a.stats().max_runup_percent / 100;
  r.equity.recovery = ratio(r.all.net_profit, a.stats().max_drawdown);
  const auto& span = run.span();
  r.equity.exposure = ratio(f64(span.bars_in_market), f64(span.bars));
  if (span.bars > 0) r.equity.buy_hold_return = span.first_close > 0 ? figure(span.last_close / span.first_close - 1) : std::nullopt;
  r.open_trades = i64(a.open_trades().size());
  r.max_contracts = std::max(a.stats().max_long, a.stats().max_short);
  for (const auto& t : a.closed_trades())
    if (run.engine().texts().text(t.exit_id) == "Margin call") ++r.margin_calls;
  r.broken = check_identity(a, initial);
  return r;
}

} // namespace tt::pine::tester
