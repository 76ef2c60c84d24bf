// A portfolio job over history: run_portfolio at every firing, its slices one after the other in the bars that follow.
#include "actors/strategy/jobs/history_walk.hpp"
#include "actors/strategy/jobs/portfolio_run.hpp"

#include <algorithm>
#include <map>

namespace tt::strategy {

namespace {

/// A price older than that is none.
constexpr std::int64_t fresh_ms = 3'600'000;

class portfolio_walk final : public history_walk {
public:
  using history_walk::history_walk;

private:
  [[nodiscard]] std::string fill_rule() const override { return "a slice works in the bar after its moment; what is left of it is cancelled"; }

  void decide(utc_time slot) override {
    const auto [equity, value] = account();
    if (const auto day = plan_.when->calendar().local_date(slot); day != day_) day_ = day, peak_ = std::max(peak_, last_equity_);
    last_equity_ = equity;
    portfolio_input run;
    run.slot = slot;
    run.equity = as_money(equity), run.cash = as_money(equity - value), run.peak_equity = as_money(std::max({peak_, equity, in_.initial_capital}));
    run.benchmark = benchmark_;
    for (const auto& d : desks_) {
      portfolio_asset a;
      a.symbol = d->symbol, a.what = &d->what, a.held = held(*d), a.daily = d->series->daily();
      a.last = price_at(*d, unix_ms(slot));
      run.assets.push_back(std::move(a));
    }
    const auto made = run_portfolio(plan_, run);
    out_.notices += made.notices.size();
    auto t = slot;
    for (const auto* trades : {&made.sells, &made.buys}) t = trade(*trades, made.action, t);
  }

  [[nodiscard]] std::optional<price> price_at(const symbol_desk& d, std::int64_t t_ms) const {
    const auto count = d.bars().complete_at(t_ms);
    if (count == 0 || t_ms - d.bars().closed_ms[count - 1] > fresh_ms) return std::nullopt;
    const auto close = decimal::from_double(d.bars().bars[count - 1].close, 9);
    return close && close->is_positive() ? std::optional(price{close->rounded_to(d.what.tick.value(), rounding::half_even)}) : std::nullopt;
  }

  /// All slices of the trades, side by side; the moment at which the last of them is over.
  utc_time trade(const std::vector<portfolio_trade>& trades, portfolio_action why, utc_time t) {
    std::size_t rounds = 0;
    for (const auto& one : trades) rounds = std::max(rounds, one.slices.size());
    const auto& e = plan_.spec.execution;
    const auto gap = std::chrono::milliseconds(std::chrono::minutes(e.spread_minutes)) / std::max<std::int64_t>(1, 2 * e.slices); // as in a live run
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto at_ms = next_open(unix_ms(t));
      walk_until(at_ms);
      for (const auto& one : trades)
        if (round < one.slices.size()) slice(one, round, why, at_ms);
      if (e.spread == feature_state::on) t += gap;
    }
    return t;
  }

  /// A moment inside of a bar waits for the bar's end: nothing fills in what has begun before.
  [[nodiscard]] std::int64_t next_open(std::int64_t t_ms) const {
    auto out = t_ms;
    for (const auto& d : desks_)
      for (auto i = d->next; i < d->bars().bars.size() && d->bars().bars[i].time_ms < t_ms; ++i) out = std::max(out, d->bars().closed_ms[i]);
    return out;
  }

  void slice(const portfolio_trade& trade, std::size_t number, portfolio_action why, std::int64_t t_ms) {
    auto& d = **std::find_if(desks_.begin(), desks_.end(), [&](const auto& x) { return x->symbol == trade.symbol; });
    const bool buys = direction_of(trade.side) == direction::buy;
    const auto now = price_at(d, t_ms);
    const bool limited = plan_.spec.execution.limit_orders == feature_state::on;
    const auto limit = now && limited ? slice_limit(plan_, trade, d.what, *now) : std::nullopt;
    if (!now || (limited && !limit)) return void(++out_.notices);
    double qty = trade.slices[number].to_double();
    if (!buys) qty = std::min(qty, d.broker->account().size() - selling_[&d]);
    if (qty <= 0) return;
    const double cost = qty * (limit ? *limit : *now).to_double() * d.what.multiplier.to_double();
    if (buys && cost > spare() * (1 + 1e-9)) return void(++out_.notices); // what the risk gate of an account would refuse
    (buys ? bound_[&d] : selling_[&d]) += buys ? cost : qty;
    pine::order_command c;
    c.kind = pine::order_command::kind_t::order;
    c.id = d.texts.id(std::string(buys ? "Buy " : "Sell ") + std::to_string(++orders_));
    c.comment = d.texts.id(std::string(to_string(why)) + ", slice " + std::to_string(number + 1) + " of " + std::to_string(trade.slices.size()));
    c.side = buys ? pine::trade_side::long_ : pine::trade_side::short_;
    c.qty = qty;
    if (limit) c.limit = limit->to_double();
    ++out_.signals;
    working_.insert(&d);
    command(d, c);
  }

  /// Cash that no position and no working buy has taken.
  [[nodiscard]] double spare() const {
    const auto [equity, value] = account();
    double out = equity - value;
    for (const auto& [d, cost] : bound_) out -= cost;
    return out;
  }

  void bar_done(symbol_desk& d) override {
    if (working_.erase(&d) == 0) return;
    bound_.erase(&d), selling_.erase(&d);
    pine::order_command c;
    c.kind = pine::order_command::kind_t::cancel_all;
    command(d, c);
  }

  civil_date day_;
  double peak_ = 0, last_equity_ = 0;
  std::uint64_t orders_ = 0;
  std::set<const symbol_desk*> working_;
  std::map<const symbol_desk*, double> bound_, selling_; ///< money of working buys, quantity of working sells
};

} // namespace

result<job_backtest_output> run_portfolio_backtest(const job_backtest_input& in, const backtest::run_watch& watch) { return portfolio_walk(in, watch).run(); }

} // namespace tt::strategy
