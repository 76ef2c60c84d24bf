#include "actors/strategy/jobs/job_backtest.hpp"

#include "actors/pine/tester/broker.hpp"

#include <algorithm>
#include <cmath>

namespace tt::strategy {

namespace {

namespace tester = pine::tester;
using backtest::pair_outcome;

/// The moment at which a bar is complete.
std::int64_t close_of(const exchange_calendar& calendar, std::int64_t open_ms, timeframe frame) {
  const auto open = from_unix_ms(open_ms);
  if (frame.is_intraday()) {
    for (const auto hours : {session_hours::regular, session_hours::extended})
      if (const auto span = calendar.bar_at(open, frame, hours); span && span->open == open) return unix_ms(span->close);
    return open_ms + std::int64_t{frame.count()} * 60'000;
  }
  const auto day = calendar.day_at(open, session_hours::extended);
  if (const auto span = day ? calendar.bar_of_day(day->day, frame, session_hours::regular) : std::nullopt) return unix_ms(span->close);
  return open_ms + 86'400'000;
}

/// What the worker knows of an instrument: the facts that came with its bars.
instrument instrument_of(const pine::symbol_info& info, const std::string& symbol, const std::string& calendar) {
  instrument out;
  out.symbol = symbol;
  out.calendar_id = calendar;
  if (auto tick = decimal::from_double(info.mintick, 9); tick && tick->is_positive()) out.tick = price{*tick};
  if (auto lot = decimal::from_double(info.mincontract, 9); lot && lot->is_positive()) out.lot = quantity{*lot};
  if (auto multiplier = decimal::from_double(info.pointvalue, 9); multiplier && multiplier->is_positive()) out.multiplier = *multiplier;
  if (info.type == "futures") out.kind = asset_class::futures;
  return out;
}

/// One symbol with its own emulator.
struct symbol_desk {
  std::string symbol;
  instrument what;
  std::shared_ptr<const backtest::bar_set> primary;
  std::shared_ptr<const symbol_series> series;
  std::size_t primary_source = 0;
  pine::text_pool texts;
  std::unique_ptr<tester::broker> broker;
  std::size_t first = 0; ///< bar that is traded
  std::size_t next = 0;  ///< bar that comes next
  double made_before = 0; ///< in earlier ranges
  std::int64_t last_exit_bar = -1;
  std::size_t closed_before = 0;
  std::vector<backtest::curve_point> curve;
  backtest::fall_record falls;
  std::int64_t bars_in_market = 0;

  [[nodiscard]] const source_bars& bars() const { return series->source(primary_source); }
  [[nodiscard]] double profit() const { return broker->account().net_profit() + broker->account().open_profit(); }
};

class job_walk {
public:
  job_walk(const job_backtest_input& in, const backtest::run_watch& watch) : in_(in), watch_(watch), plan_(*in.plan) {}

  result<job_backtest_output> run() {
    if (auto ready = open(); !ready) return ready.error();
    const auto slots = plan_.when->between(from_unix_ms(first_ms_), from_unix_ms(last_ms_));
    std::size_t told = 0;
    for (const auto& slot : slots) {
      if (slot.what != firing::verdict::run) continue;
      ++out_.runs;
      if (watch_.cancel && watch_.cancel->load(std::memory_order_relaxed)) return backtest::cancelled();
      if (watch_.bars_done) watch_.bars_done(bars_walked_ - std::exchange(told, bars_walked_));
      walk_until(unix_ms(slot.slot));
      decide(slot.slot);
    }
    walk_until(last_ms_);
    if (watch_.bars_done) watch_.bars_done(bars_walked_ - told);
    return finish();
  }

private:
  result<void> open() {
    auto needs = series_needs(plan_);
    if (!needs) return needs.error();
    if (needs->size() != in_.bars.size()) return error{errc::internal, "a backtest was given other bars than it asked for"};
    const auto& calendar = plan_.when->calendar();
    const auto primary = static_cast<std::size_t>(plan_.spec.primary_bars() - plan_.spec.sources.data());
    first_ms_ = std::numeric_limits<std::int64_t>::max(), last_ms_ = 0;
    for (std::size_t at = 0; at < needs->size();) {
      const std::string symbol = (*needs)[at].symbol;
      std::map<timeframe, std::shared_ptr<const backtest::bar_set>> sets;
      for (; at < needs->size() && (*needs)[at].symbol == symbol; ++at) sets[(*needs)[at].frame] = in_.bars[at];
      auto& d = *desks_.emplace_back(std::make_unique<symbol_desk>());
      d.symbol = symbol, d.primary_source = primary;
      d.primary = sets.at(plan_.spec.sources[primary].resolution);
      d.what = instrument_of(*d.primary->info(), symbol, plan_.spec.calendar);
      std::vector<source_bars> sources;
      for (const auto& s : plan_.spec.sources) sources.push_back(s.kind == source_kind::bars ? complete_bars(*sets.at(s.resolution), calendar, until_ms()) : source_bars{});
      source_bars daily;
      if (plan_.daily) daily = complete_bars(*sets.at(timeframe::days(1)), calendar, until_ms());
      d.series = std::make_shared<const symbol_series>(plan_.names, plan_.settings, std::move(sources), std::move(daily));
      d.broker = std::make_unique<tester::broker>(rules(*d.primary->info()), d.texts);
      d.first = d.next = first_traded(d);
      if (desks_.size() <= in_.before.size()) {
        const auto& before = in_.before[desks_.size() - 1];
        if (before.falls) d.falls = *before.falls;
        d.made_before = before.final_equity - before.initial;
      }
      if (d.next >= d.bars().bars.size()) continue;
      first_ms_ = std::min(first_ms_, d.bars().bars[d.next].time_ms);
      last_ms_ = std::max(last_ms_, d.bars().closed_ms.back());
    }
    if (last_ms_ == 0) return error{errc::out_of_range, "there are no bars to run over", "bars"};
    return {};
  }

  [[nodiscard]] std::int64_t until_ms() const { return in_.range ? in_.range->to_ms : INT64_MAX; }
  [[nodiscard]] std::size_t first_traded(const symbol_desk& d) const {
    const auto at = in_.range ? d.primary->lower_bound(in_.range->from_ms) : std::size_t{0};
    return std::max<std::size_t>(at, d.primary->warmup());
  }

  tester::broker_rules rules(const pine::symbol_info& info) const {
    tester::broker_rules r;
    r.grid = {info.mintick, info.minmove, info.pricescale, info.pointvalue, info.mincontract};
    r.initial_capital = in_.initial_capital;
    r.fee = in_.fee, r.fee_value = in_.commission;
    r.slippage_ticks = in_.slippage_ticks, r.slippage_percent = in_.slippage_percent;
    r.margin_long = r.margin_short = 0; // the account is shared: affordable() looks at all of it
    r.pyramiding = static_cast<int>(plan_.spec.orders.max_entries);
    r.fills = in_.fills;
    return r;
  }

  // ---- the market
  /// Every bar that is complete by then, in the order of time and of symbols.
  void walk_until(std::int64_t t_ms) {
    for (;;) {
      symbol_desk* first = nullptr;
      for (auto& d : desks_)
        if (d->next < d->bars().bars.size() && d->bars().closed_ms[d->next] <= t_ms && (!first || d->bars().closed_ms[d->next] < first->bars().closed_ms[first->next]))
          first = d.get();
      if (!first) return;
      one_bar(*first);
    }
  }

  void one_bar(symbol_desk& d) {
    const auto& b = d.bars().bars[d.next];
    const auto& grid = d.broker->rules().grid;
    const auto on = [&](double x) { return tester::on_ticks(x, grid); };
    if (pending_.contains(&d)) d.broker->after_script(); // the orders of the last decision join the book
    pending_.erase(&d);
    d.broker->bar({b.time_ms, static_cast<std::int64_t>(d.next), d.primary->day(d.next)}, {on(b.open), on(b.high), on(b.low), on(b.close)});
    const auto& account = d.broker->account();
    if (account.closed_trades().size() > d.closed_before && account.flat()) d.last_exit_bar = static_cast<std::int64_t>(d.next);
    d.closed_before = account.closed_trades().size();
    if (!account.flat()) ++d.bars_in_market;
    ++bars_walked_;
    const double equity = share() + d.profit();
    d.falls.peak = std::max(d.falls.peak, share());
    d.falls.add(equity + d.made_before);
    const bool last = d.next + 1 == d.bars().bars.size();
    if (in_.step == backtest::curve_step::bar || last || d.primary->day(d.next) != d.primary->day(d.next + 1))
      d.curve.push_back({in_.step == backtest::curve_step::bar ? b.time_ms : d.primary->day(d.next), equity, account.size(), b.close});
    ++d.next;
  }

  [[nodiscard]] double share() const { return in_.initial_capital / static_cast<double>(desks_.size()); }

  // ---- the job
  void decide(utc_time slot) {
    run_input run;
    run.slot = slot;
    run.memory = std::move(memory_);
    double equity = in_.initial_capital, value = 0;
    for (const auto& d : desks_) {
      equity += d->profit();
      if (!d->broker->account().flat()) value += d->broker->account().size() * d->broker->price() * d->what.multiplier.to_double();
    }
    const auto as_money = [](double x) {
      const auto m = decimal::from_double(x, 4);
      return money{m ? *m : decimal{}};
    };
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
    if (const auto size = decimal::from_double(account.size(), 9)) s.held.qty = quantity{*size};
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
    pending_.insert(&d);
    if (signal.kind == signal_kind::exit_long || signal.kind == signal_kind::exit_short) {
      c.kind = pine::order_command::kind_t::close;
      d.broker->command(c);
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
    d.broker->command(c);
    if (!signal.stop && !signal.target) return;
    pine::order_command x;
    x.kind = pine::order_command::kind_t::exit;
    x.id = d.texts.id("Protect"), x.from_entry = c.id, x.statement = 1;
    if (signal.stop) x.stop = signal.stop->to_double(), x.comment_loss = d.texts.id("stop_loss");
    if (signal.target) x.limit = signal.target->to_double(), x.comment_profit = d.texts.id("take_profit");
    d.broker->command(x);
  }

  // ---- the end
  backtest::trade_record record(const symbol_desk& d, const tester::trade& t) const {
    backtest::trade_record r;
    r.side = t.size > 0 ? backtest::trade_record::side_t::long_side : backtest::trade_record::side_t::short_side;
    r.entry_ms = t.entry_time_ms, r.exit_ms = t.exit_time_ms, r.entry_price = t.entry_price, r.exit_price = t.exit_price;
    r.quantity = std::fabs(t.size), r.pnl = t.profit, r.pnl_percent = t.percent(t.profit) / 100, r.fees = t.fee();
    r.mae = t.max_drawdown == 0 ? 0 : -t.max_drawdown, r.mfe = t.max_runup, r.bars_held = t.exit_bar - t.entry_bar;
    r.entry_reason = d.texts.text(t.entry_comment != 0 ? t.entry_comment : t.entry_id).substr(0, backtest::limits::reason_bytes);
    r.exit_reason = d.texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id).substr(0, backtest::limits::reason_bytes);
    return r;
  }

  result<job_backtest_output> finish() {
    for (auto& d : desks_) {
      const auto& account = d->broker->account();
      pair_outcome o;
      o.key = d->primary->key();
      o.initial = share();
      o.final_equity = share() + d->profit();
      o.open_pnl = account.open_profit();
      for (const auto& t : account.closed_trades()) o.trades.push_back(record(*d, t));
      const auto& bars = d->bars().bars;
      for (auto t : account.open_trades()) {
        o.open_pnl -= t.entry_fee;
        t.exit_time_ms = bars.back().time_ms, t.exit_bar = static_cast<std::int64_t>(bars.size()) - 1, t.exit_price = d->broker->price();
        t.profit = t.size * (t.exit_price - t.entry_price) * account.point_value() - t.entry_fee;
        auto r = record(*d, t);
        r.exit_reason = "open";
        o.open_trades.push_back(std::move(r));
      }
      const auto from = d->first;
      o.bars = static_cast<std::int64_t>(bars.size() - std::min(from, bars.size())), o.bars_in_market = d->bars_in_market;
      if (o.bars > 0) {
        o.first_ms = bars[from].time_ms, o.last_ms = bars.back().time_ms, o.first_close = bars[from].close, o.last_close = bars.back().close;
      } else {
        o.failure = error{errc::out_of_range, "there are no bars to run over", "bars"};
      }
      o.step = in_.step, o.curve = std::move(d->curve), o.falls = d->falls;
      o.timezone = d->primary->info()->timezone, o.currency = d->primary->info()->currency;
      o.fill_rule = "orders of a run fill from the bar after it";
      o.magnifier = "off";
      o.data_hash = d->primary->hash();
      if (auto broken = o.failure ? std::nullopt : backtest::broken_identity(o)) return error{errc::internal, *broken};
      out_.outcomes.push_back(std::move(o));
    }
    return std::move(out_);
  }

  const job_backtest_input& in_;
  const backtest::run_watch& watch_;
  const job_plan& plan_;
  std::vector<std::unique_ptr<symbol_desk>> desks_;
  std::set<symbol_desk*> pending_;
  std::int64_t first_ms_ = 0, last_ms_ = 0;
  std::size_t bars_walked_ = 0;
  run_memory memory_;
  civil_date day_;
  double start_of_day_ = 0;
  job_backtest_output out_;
};

} // namespace

source_bars complete_bars(const backtest::bar_set& set, const exchange_calendar& calendar, std::int64_t until_ms) {
  source_bars out;
  out.bars = set.bars();
  if (until_ms != INT64_MAX) out.bars.resize(set.lower_bound(until_ms));
  out.closed_ms.reserve(out.bars.size());
  for (const auto& b : out.bars) out.closed_ms.push_back(close_of(calendar, b.time_ms, set.key().frame));
  return out;
}

result<std::vector<job_series_need>> series_needs(const job_plan& plan) {
  if (plan.spec.type != job_type::strategy) return error{errc::unsupported, "only strategy jobs can be backtested; a portfolio job trades an account that history does not have", "yaml"};
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

result<job_backtest_output> run_job_backtest(const job_backtest_input& in, const backtest::run_watch& watch) { return job_walk(in, watch).run(); }

} // namespace tt::strategy
