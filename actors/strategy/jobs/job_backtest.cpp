#include "actors/strategy/jobs/history_walk.hpp"

#include <algorithm>
#include <cmath>

namespace tt::strategy {

namespace {

class strategy_walk final : public history_walk {
public:
  using history_walk::history_walk;

private:
  [[nodiscard]] std::string fill_rule() const override { return "orders of a run fill from the bar after it"; }

  void decide(utc_time slot) override {
    run_input run;
    run.slot = slot;
    run.memory = std::move(memory_);
    const auto [equity, value] = account();
    run.equity = as_money(equity), run.cash = as_money(equity - value);
    if (const auto day = plan_.when->calendar().local_date(slot); day != day_) day_ = day, start_of_day_ = equity;
    run.start_of_day_equity = as_money(start_of_day_), run.day_pnl = as_money(equity - start_of_day_);
    for (const auto& d : desks_) run.symbols.push_back(input_of(*d, slot));
    auto made = run_strategy(plan_, run);
    memory_ = std::move(made.memory);
    out_.notices += made.notices.size();
    double cash = equity - std::fabs(value);
    for (const auto& signal : made.signals) place(signal, cash);
  }

  symbol_input input_of(const symbol_desk& d, utc_time slot) const {
    symbol_input s;
    s.symbol = d.symbol, s.what = &d.what, s.series = d.series;
    const auto& account = d.broker->account();
    s.held.qty = held(d);
    if (!account.flat()) {
      if (const auto average = decimal::from_double(account.average_price(), 9)) s.held.average = price{*average};
      s.held.opened_at = from_unix_ms(account.open_trades().front().entry_time_ms);
    }
    for (const auto* o : d.broker->orders().all())
      if (!o->dead && o->opens()) s.held.entries = held_position::orders::working;
    if (d.last_exit_bar >= 0) s.bars_since_exit = static_cast<std::int64_t>(d.next) - 1 - d.last_exit_bar;
    // a bar is due at every slot: a symbol whose last one is older than two of them has no fresh data
    const auto count = d.bars().complete_at(unix_ms(slot));
    if (count == 0) s.problem = "no bars yet";
    else if (unix_ms(slot) - d.bars().closed_ms[count - 1] > 2 * 60'000 * std::int64_t{std::max<std::uint16_t>(1, d.primary->key().frame.count())} && d.primary->key().frame.is_intraday())
      s.problem = "the last bar is old";
    return s;
  }

  void place(const job_signal& signal, double& cash) {
    auto& d = **std::find_if(desks_.begin(), desks_.end(), [&](const auto& x) { return x->symbol == signal.symbol; });
    pine::order_command c;
    c.id = d.texts.id(signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_long ? "Long" : "Short");
    c.comment = d.texts.id(signal.reason);
    ++out_.signals;
    if (signal.kind == signal_kind::exit_long || signal.kind == signal_kind::exit_short) {
      c.kind = pine::order_command::kind_t::close;
      command(d, c);
      return;
    }
    const double cost = signal.qty.to_double() * signal.at.to_double() * d.what.multiplier.to_double();
    if (cost > cash * (1 + 1e-9)) { // what the risk gate of an account would refuse
      ++out_.notices;
      return;
    }
    cash -= cost;
    c.kind = pine::order_command::kind_t::entry;
    c.side = signal.kind == signal_kind::enter_long ? pine::trade_side::long_ : pine::trade_side::short_;
    c.qty = signal.qty.to_double();
    if (signal.limit) c.limit = signal.limit->to_double();
    command(d, c);
    if (!signal.stop && !signal.target) return;
    pine::order_command x;
    x.kind = pine::order_command::kind_t::exit;
    x.id = d.texts.id("Protect"), x.from_entry = c.id, x.statement = 1;
    if (signal.stop) x.stop = signal.stop->to_double(), x.comment_loss = d.texts.id("stop_loss");
    if (signal.target) x.limit = signal.target->to_double(), x.comment_profit = d.texts.id("take_profit");
    command(d, x);
  }

  run_memory memory_;
  civil_date day_;
  double start_of_day_ = 0;
};

/// Of a portfolio job: its targets, and the market that its figures are measured by.
std::vector<job_series_need> portfolio_needs(const job_plan& plan) {
  std::vector<job_series_need> out;
  bool has_market = false;
  for (const auto& symbol : plan.spec.symbols()) {
    const auto add = [&](timeframe frame, std::int64_t warmup) {
      for (auto& one : out)
        if (one.symbol == symbol && one.frame == frame) return void(one.warmup = std::max(one.warmup, warmup));
      out.push_back({symbol, frame, warmup});
    };
    add(walk_frame(plan.spec), 2);
    for (const auto& source : plan.spec.sources)
      if (source.kind == source_kind::bars) add(source.resolution, std::max<std::int64_t>(2, source.lookback_periods));
    add(timeframe::days(1), daily_history);
    has_market = has_market || symbol == benchmark_symbol;
  }
  if (!has_market) out.push_back({std::string(benchmark_symbol), timeframe::days(1), daily_history, job_series_need::use::benchmark});
  return out;
}

} // namespace

result<std::vector<job_series_need>> series_needs(const job_plan& plan) {
  if (plan.spec.type == job_type::portfolio_management) return portfolio_needs(plan);
  const auto* primary = plan.spec.primary_bars();
  if (!primary) return error{errc::invalid_argument, "the job reads no bars, so there is nothing to walk over", "yaml"};
  std::vector<job_series_need> out;
  for (const auto& symbol : plan.spec.symbols()) {
    const auto begin = out.size();
    const auto add = [&](timeframe frame, std::int64_t warmup) {
      for (std::size_t i = begin; i < out.size(); ++i)
        if (out[i].frame == frame) return void(out[i].warmup = std::max(out[i].warmup, warmup));
      out.push_back({symbol, frame, warmup});
    };
    add(primary->resolution, plan.bars_needed[static_cast<std::size_t>(primary - plan.spec.sources.data())]);
    for (std::size_t i = 0; i < plan.spec.sources.size(); ++i)
      if (plan.spec.sources[i].kind == source_kind::bars) add(plan.spec.sources[i].resolution, plan.bars_needed[i]);
    if (plan.daily) add(timeframe::days(1), std::max<std::int64_t>({61, 21, plan.spec.features.regime.lookback_days + 1}));
  }
  return out;
}

result<job_backtest_output> run_job_backtest(const job_backtest_input& in, const backtest::run_watch& watch) {
  return in.plan->spec.type == job_type::portfolio_management ? run_portfolio_backtest(in, watch) : strategy_walk(in, watch).run();
}

} // namespace tt::strategy
