#include "actors/strategy/jobs/portfolio_run.hpp"

#include "actors/strategy/jobs/inputs_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tt::strategy {

namespace {

constexpr std::size_t volatility_days = 30, history_days = 252, correlation_days = 60, var_days = 252;
constexpr double year = 252, var_share = 0.05, least_scale = 0.5;

double price_of(const portfolio_asset& a) { return a.last ? a.last->to_double() : 0; }
double value_of(const portfolio_asset& a) { return a.held.to_double() * price_of(a) * (a.what ? a.what->multiplier.to_double() : 1); }

/// Daily returns of the present weights, newest last, over days that all held symbols have.
std::vector<double> portfolio_returns(const portfolio_input& in, const std::map<std::string, double>& weights, std::int64_t now_ms, std::size_t days) {
  std::map<std::int64_t, std::pair<double, std::size_t>> by_day; // day -> weighted return, symbols
  std::size_t symbols = 0;
  for (const auto& a : in.assets) {
    const auto w = weights.find(a.symbol);
    if (w == weights.end() || w->second == 0) continue;
    ++symbols;
    const auto count = a.daily.complete_at(now_ms);
    for (std::size_t i = count > days ? count - days : 1; i < count; ++i) {
      const auto &b = a.daily.bars[i], &before = a.daily.bars[i - 1];
      if (before.close <= 0) continue;
      auto& [sum, n] = by_day[b.time_ms];
      sum += w->second * (b.close / before.close - 1);
      ++n;
    }
  }
  std::vector<double> out;
  for (const auto& [day, value] : by_day)
    if (value.second == symbols) out.push_back(value.first);
  if (out.size() > days) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(days));
  return out;
}

std::optional<double> annual(const std::vector<double>& returns) {
  const auto sigma = deviation_of(returns);
  return sigma ? std::optional(*sigma * std::sqrt(year)) : std::nullopt;
}

/// Mean of the 30-day volatility over the days of a year (fewer where history is shorter, at least 30).
std::optional<double> average_volatility(const std::vector<double>& returns) {
  if (returns.size() < 2 * volatility_days) return std::nullopt;
  double sum = 0;
  std::size_t n = 0;
  for (std::size_t end = volatility_days; end <= returns.size() && n < history_days; ++end) {
    const auto v = annual({returns.begin() + static_cast<std::ptrdiff_t>(end - volatility_days), returns.begin() + static_cast<std::ptrdiff_t>(end)});
    if (v) sum += *v, ++n;
  }
  return n ? std::optional(sum / static_cast<double>(n)) : std::nullopt;
}

std::optional<int> var_breaches(const std::vector<double>& returns) {
  if (returns.size() < 60) return std::nullopt;
  auto sorted = returns;
  std::sort(sorted.begin(), sorted.end());
  const double limit = sorted[static_cast<std::size_t>(var_share * static_cast<double>(sorted.size()))];
  int days = 0;
  for (auto r = returns.rbegin(); r != returns.rend() && *r < limit; ++r) ++days;
  return days;
}

/// The portfolio as one series of closes, so that it can be compared with the market day by day.
source_bars as_series(const portfolio_input& in, const std::map<std::string, double>& weights, std::int64_t now_ms) {
  std::map<std::int64_t, std::pair<double, std::size_t>> by_day;
  std::size_t symbols = 0;
  for (const auto& a : in.assets) {
    const auto w = weights.find(a.symbol);
    if (w == weights.end() || w->second == 0) continue;
    ++symbols;
    const auto count = a.daily.complete_at(now_ms);
    for (std::size_t i = count > history_days ? count - history_days : 1; i < count; ++i)
      if (a.daily.bars[i - 1].close > 0) {
        auto& [sum, n] = by_day[a.daily.bars[i].time_ms];
        sum += w->second * (a.daily.bars[i].close / a.daily.bars[i - 1].close - 1);
        ++n;
      }
  }
  source_bars out;
  double level = 1;
  for (const auto& [day, value] : by_day) {
    if (value.second != symbols) continue;
    level *= 1 + value.first;
    pine::bar b;
    b.time_ms = day, b.close = level;
    out.bars.push_back(b);
    out.closed_ms.push_back(day);
  }
  return out;
}

std::optional<double> beta_to(const source_bars& mine, const source_bars& market, std::int64_t now_ms) {
  const auto count = market.complete_at(now_ms);
  const auto r = correlation(mine, mine.bars.size(), market, count, history_days);
  const auto own = deviation_of(daily_returns(mine, mine.bars.size(), std::min<std::size_t>(mine.bars.empty() ? 0 : mine.bars.size() - 1, history_days)));
  const auto other = deviation_of(daily_returns(market, count, std::min<std::size_t>(count ? count - 1 : 0, history_days)));
  return r && own && other && *other > 0 ? std::optional(*r * *own / *other) : std::nullopt;
}

/// Pairwise correlations, weighted by the product of the weights.
std::optional<double> correlation_risk(const portfolio_input& in, const std::map<std::string, double>& weights, std::int64_t now_ms) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < in.assets.size(); ++i)
    for (std::size_t k = i + 1; k < in.assets.size(); ++k) {
      const auto &a = in.assets[i], &b = in.assets[k];
      const auto wa = weights.find(a.symbol), wb = weights.find(b.symbol);
      if (wa == weights.end() || wb == weights.end()) continue;
      const double w = wa->second * wb->second;
      const auto r = w > 0 ? correlation(a.daily, a.daily.complete_at(now_ms), b.daily, b.daily.complete_at(now_ms), correlation_days) : std::nullopt;
      if (r) sum += w * *r, total += w;
    }
  return total > 0 ? std::optional(sum / total) : std::nullopt;
}

class portfolio_values : public value_source {
public:
  portfolio_values(const job_plan& plan, const portfolio_input& in, const portfolio_figures& f) : plan_(plan) {
    set(moment_name::equity, in.equity.to_double());
    set(moment_name::cash_weight, f.cash_weight);
    set(moment_name::any_allocation_deviation, f.largest_deviation);
    set(moment_name::position_size_breach, f.largest_weight);
    set(moment_name::single_position_weight, f.largest_weight);
    set(moment_name::max_drawdown, f.max_drawdown);
    set(moment_name::portfolio_volatility, f.volatility);
    set(moment_name::historical_avg, f.historical_avg);
    set(moment_name::portfolio_beta, f.beta);
    set(moment_name::correlation_with_market, f.correlation_with_market);
    set(moment_name::portfolio_correlation_risk, f.correlation_risk);
    if (f.var_breach_days) set(moment_name::daily_var_breach, static_cast<double>(*f.var_breach_days));
    double open = 0;
    for (const auto& a : in.assets) open += a.held.is_zero() ? 0 : 1;
    set(moment_name::open_positions, open);
    const auto& calendar = plan.when->calendar();
    if (const auto day = calendar.day(calendar.local_date(in.slot))) {
      set(moment_name::minutes_from_open, static_cast<double>(std::chrono::duration_cast<std::chrono::minutes>(in.slot - day->regular.open).count()));
      set(moment_name::minutes_to_close, static_cast<double>(std::chrono::duration_cast<std::chrono::minutes>(day->regular.close - in.slot).count()));
      figures_[static_cast<std::size_t>(moment_name::is_half_day)] = value::of(day->length == day_length::early_close);
    }
  }
  value at(std::uint32_t handle, std::size_t back) const override {
    const auto* what = std::get_if<moment_name>(&plan_.names[handle].what);
    return what && back == 0 ? figures_[static_cast<std::size_t>(*what)] : value::missing();
  }

private:
  void set(moment_name what, std::optional<double> x) {
    if (x) figures_[static_cast<std::size_t>(what)] = value::of(*x);
  }
  const job_plan& plan_;
  std::array<value, moment_names> figures_;
};

value read_list(const compiled_condition& c, const value_source& values, list_outcome& out) {
  if (c.what == condition_text::kind::item) {
    item_outcome made{c.name, {}, c.when ? evaluate(*c.when, values) : value::missing()};
    if (c.when)
      for (const auto& [name, now] : values_in(*c.when, values)) made.values += (made.values.empty() ? "" : " ") + name + "=" + to_string(now);
    const value outcome = made.outcome;
    out.items.push_back(std::move(made));
    return outcome;
  }
  const bool all = c.what == condition_text::kind::all;
  bool decided = false, unknown = false;
  for (const auto& inner : c.inner) {
    const value v = read_list(inner, values, out);
    if (v.is_missing()) unknown = true;
    else if (v.is_true() != all) decided = true;
  }
  if (decided) return value::of(!all);
  return unknown ? value::missing() : value::of(all && !c.inner.empty());
}

portfolio_action action_of(const std::string& list) {
  if (list.starts_with("emergency")) return portfolio_action::emergency;
  if (list.starts_with("risk_adjustment")) return portfolio_action::risk_adjustment;
  return portfolio_action::rebalance;
}

class portfolio_pass {
public:
  portfolio_pass(const job_plan& plan, const portfolio_input& in) : plan_(plan), in_(in) {}

  portfolio_output run() {
    for (const auto& a : in_.assets)
      if (!a.last || !a.what) {
        out_.notices.push_back(a.symbol + ": no fresh price, so its weight is not known; nothing is traded");
        return std::move(out_);
      }
    if (!in_.equity.value().is_positive()) {
      out_.notices.push_back("the account has no equity; nothing is traded");
      return std::move(out_);
    }
    out_.figures = figures_of(plan_, in_);
    const portfolio_values values(plan_, in_, out_.figures);
    for (const auto& list : plan_.lists) {
      list_outcome outcome{"", list.name, {}, {}};
      outcome.met = read_list(list.root, values, outcome);
      if (outcome.met.is_true()) out_.action = std::max(out_.action, action_of(list.name));
      out_.lists.push_back(std::move(outcome));
    }
    if (out_.action == portfolio_action::emergency) cut();
    else if (out_.action != portfolio_action::none) trade_to(targets());
    return std::move(out_);
  }

private:
  [[nodiscard]] double equity() const { return in_.equity.to_double(); }

  /// The targets, scaled down when the risk is too high.
  std::map<std::string, double> targets() {
    auto out = plan_.spec.targets();
    if (out_.action != portfolio_action::risk_adjustment) return out;
    const auto wanted = plan_.spec.number("target_volatility") ? plan_.spec.number("target_volatility") : out_.figures.historical_avg;
    if (!wanted || !out_.figures.volatility || *out_.figures.volatility <= 0) {
      out_.notices.emplace_back("the risk can't be measured; targets stay as they are");
      return out;
    }
    out_.scaled_by = std::clamp(*wanted / *out_.figures.volatility, least_scale, 1.0);
    for (auto& [symbol, weight] : out) weight *= out_.scaled_by;
    return out;
  }

  /// Emergency: cut what is too large to its cap; nothing is opened.
  void cut() {
    const double cap = plan_.spec.number("max_position_size", 1);
    for (const auto& a : in_.assets) {
      const double weight = out_.figures.weights[a.symbol];
      if (weight > cap) add(a, (cap - weight) * equity());
    }
    if (out_.sells.empty()) out_.notices.emplace_back("emergency, but no position is over max_position_size; nothing is cut");
  }

  void trade_to(const std::map<std::string, double>& targets) {
    std::map<std::string, double> change; // money
    double turnover = 0;
    for (const auto& a : in_.assets) {
      const auto target = targets.find(a.symbol);
      const double delta = (target == targets.end() ? 0 : target->second) - out_.figures.weights[a.symbol];
      change[a.symbol] = delta * equity();
      turnover += std::fabs(delta) / 2;
    }
    double factor = 1;
    if (turnover > plan_.spec.turnover_bound && turnover > 0) {
      factor = plan_.spec.turnover_bound / turnover;
      out_.notices.push_back("turnover " + to_string(value::of(turnover)) + " is over the bound; trades are scaled by " + to_string(value::of(factor)));
    }
    const auto& steps = plan_.spec.execution.sequence;
    const bool sells = std::find(steps.begin(), steps.end(), trade_step::sell_overweight) != steps.end();
    const bool buys = std::find(steps.begin(), steps.end(), trade_step::buy_underweight) != steps.end();
    double freed = 0;
    for (const auto& a : in_.assets)
      if (sells && change[a.symbol] < 0) freed += add(a, change[a.symbol] * factor);
    // only cash that is there, and what the sells free; the reserve stays
    const double spare = in_.cash.to_double() + freed - plan_.spec.number("cash_buffer", 0) * equity();
    double wanted = 0;
    for (const auto& [symbol, money_change] : change) wanted += std::max(0.0, money_change * factor);
    const double share = wanted > spare && wanted > 0 ? std::max(0.0, spare / wanted) : 1;
    for (const auto& a : in_.assets)
      if (buys && change[a.symbol] > 0) (void)add(a, change[a.symbol] * factor * share);
  }

  /// Adds the trade that moves so much money; gives what it moves.
  double add(const portfolio_asset& a, double money_change) {
    const double least = plan_.spec.number("min_trade_size", 0);
    if (std::fabs(money_change) < least) return 0;
    const double unit = price_of(a) * a.what->multiplier.to_double();
    double wanted = std::fabs(money_change) / unit;
    if (const auto most = impact_limit(a); most && wanted > *most) {
      out_.notices.push_back(a.symbol + ": cut to " + to_string(value::of(plan_.spec.execution.max_market_impact)) + " of the average volume");
      wanted = *most;
    }
    auto shares = decimal::from_double(wanted, 9);
    if (!shares) return 0;
    auto whole = shares->rounded_to(a.what->lot.value(), rounding::down);
    if (money_change < 0) whole = std::min(whole, a.held.value().abs());
    if (!whole.is_positive()) return 0;
    portfolio_trade t;
    t.symbol = a.symbol, t.qty = quantity{whole}, t.arrival = *a.last;
    t.side = money_change < 0 ? order_side::sell : order_side::buy;
    t.slices = split(whole, a.what->lot.value());
    (money_change < 0 ? out_.sells : out_.buys).push_back(std::move(t));
    return whole.to_double() * unit;
  }

  std::optional<double> impact_limit(const portfolio_asset& a) const {
    constexpr std::size_t days = 20;
    const auto count = a.daily.complete_at(unix_ms(in_.slot));
    if (count < days) return std::nullopt;
    double sum = 0;
    for (std::size_t i = count - days; i < count; ++i) sum += a.daily.bars[i].volume;
    return sum > 0 ? std::optional(plan_.spec.execution.max_market_impact * sum / days) : std::nullopt;
  }

  [[nodiscard]] std::vector<quantity> split(decimal whole, decimal lot) const {
    const auto& e = plan_.spec.execution;
    const auto count = e.spread == feature_state::on ? e.slices : 1;
    std::vector<quantity> out;
    decimal left = whole;
    for (std::int64_t i = 0; i < count && left.is_positive(); ++i) {
      const auto part = i + 1 == count ? left : std::max(lot, decimal::divide(left, decimal(count - i), rounding::down).rounded_to(lot, rounding::down));
      out.emplace_back(std::min(part, left));
      left -= out.back().value();
    }
    return out;
  }

  const job_plan& plan_;
  const portfolio_input& in_;
  portfolio_output out_;
};

} // namespace

std::string_view to_string(portfolio_action what) {
  static constexpr std::array<std::string_view, 4> names{"none", "rebalance", "risk_adjustment", "emergency"};
  return names[static_cast<std::size_t>(what)];
}

portfolio_figures figures_of(const job_plan& plan, const portfolio_input& in) {
  portfolio_figures f;
  const double equity = in.equity.to_double();
  if (equity <= 0) return f;
  const auto targets = plan.spec.targets();
  for (const auto& a : in.assets) {
    const double weight = value_of(a) / equity;
    f.weights[a.symbol] = weight;
    f.largest_weight = std::max(f.largest_weight, weight);
    const auto target = targets.find(a.symbol);
    f.largest_deviation = std::max(f.largest_deviation, std::fabs(weight - (target == targets.end() ? 0 : target->second)));
  }
  f.cash_weight = in.cash.to_double() / equity;
  if (const double peak = in.peak_equity.to_double(); peak > 0) f.max_drawdown = std::max(0.0, 1 - equity / peak);
  const auto now = unix_ms(in.slot);
  const auto returns = portfolio_returns(in, f.weights, now, history_days + volatility_days);
  if (returns.size() >= volatility_days) f.volatility = annual({returns.end() - static_cast<std::ptrdiff_t>(volatility_days), returns.end()});
  f.historical_avg = average_volatility(returns);
  f.var_breach_days = var_breaches(returns.size() > var_days ? std::vector<double>(returns.end() - static_cast<std::ptrdiff_t>(var_days), returns.end()) : returns);
  const auto mine = as_series(in, f.weights, now);
  if (!mine.bars.empty() && !in.benchmark.bars.empty()) {
    f.beta = beta_to(mine, in.benchmark, now);
    f.correlation_with_market = correlation(mine, mine.bars.size(), in.benchmark, in.benchmark.complete_at(now), correlation_days);
  }
  f.correlation_risk = correlation_risk(in, f.weights, now);
  return f;
}

std::string inputs_hash(const portfolio_input& in) {
  inputs_text out;
  out << unix_ms(in.slot) << in.equity.to_string() << in.cash.to_string() << in.peak_equity.to_string();
  for (const auto& a : in.assets) {
    out << a.symbol << a.held.to_string() << (a.last ? a.last->to_string() : "");
    out.add(a.daily);
  }
  out.add(in.benchmark);
  return out.hash();
}

std::unique_ptr<value_source> portfolio_source(const job_plan& plan, const portfolio_input& in, const portfolio_figures& figures) {
  return std::make_unique<portfolio_values>(plan, in, figures);
}

portfolio_output run_portfolio(const job_plan& plan, const portfolio_input& in) { return portfolio_pass(plan, in).run(); }

std::optional<price> slice_limit(const job_plan& plan, const portfolio_trade& trade, const instrument& what, price now) {
  const auto& e = plan.spec.execution;
  const bool buys = direction_of(trade.side) == direction::buy;
  const auto moved = [&](price p, double by, rounding mode) {
    const auto factor = decimal::from_double(buys ? 1 + by : 1 - by, 9);
    return price{(p.value() * *factor).rounded_to(what.tick.value(), mode)};
  };
  const price wanted = moved(now, e.limit_price_buffer, buys ? rounding::up : rounding::down);
  const price worst = moved(trade.arrival, e.max_slippage, buys ? rounding::down : rounding::up);
  if (buys ? now > worst : now < worst) return std::nullopt;
  return buys ? std::min(wanted, worst) : std::max(wanted, worst);
}

order_request slice_request(const job_plan& plan, const portfolio_trade& trade, std::size_t slice, const std::optional<price>& limit) {
  order_request r;
  r.account = account_id{plan.spec.account};
  r.strategy = strategy_id{plan.spec.strategy_id};
  r.symbol = trade.symbol;
  r.side = trade.side;
  r.size = size_quantity{trade.slices.at(slice)};
  r.type = limit ? order_type::limit : order_type::market;
  r.limit_price = limit;
  r.tif = plan.spec.execution.tif;
  if (direction_of(trade.side) == direction::sell) r.effect = position_effect::reduce_only;
  r.comment = (plan.spec.name + ": slice " + std::to_string(slice + 1) + " of " + std::to_string(trade.slices.size())).substr(0, 200);
  return r;
}

std::string slice_key(const job_plan& plan, utc_time slot, const portfolio_trade& trade, std::size_t slice) {
  const auto key = intent_key::job(plan.spec.strategy_id, unix_ms(slot), trade.symbol, 10 + static_cast<int>(slice));
  return key ? key->str() : "";
}

} // namespace tt::strategy
