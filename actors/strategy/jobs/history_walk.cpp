#include "actors/strategy/jobs/history_walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

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

} // namespace

result<job_backtest_output> history_walk::run() {
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

result<void> history_walk::open() {
  auto needs = series_needs(plan_);
  if (!needs) return needs.error();
  const error others{errc::internal, "a backtest was given other bars than it asked for"};
  const auto& calendar = plan_.when->calendar();
  const auto frame = walk_frame(plan_.spec);
  const auto* bars_source = plan_.spec.primary_bars();
  const auto primary = bars_source ? static_cast<std::size_t>(bars_source - plan_.spec.sources.data()) : plan_.spec.sources.size();
  first_ms_ = std::numeric_limits<std::int64_t>::max(), last_ms_ = 0;
  for (std::size_t at = 0; at < needs->size();) {
    const std::string symbol = (*needs)[at].symbol;
    const bool only_benchmark = (*needs)[at].why == job_series_need::use::benchmark;
    std::map<timeframe, std::shared_ptr<const backtest::bar_set>> sets;
    for (; at < needs->size() && (*needs)[at].symbol == symbol; ++at) {
      auto set = set_of(symbol, (*needs)[at].frame);
      if (!set && !only_benchmark) return others;
      if (set) sets[(*needs)[at].frame] = std::move(set);
    }
    const auto days = sets.find(timeframe::days(1));
    if (symbol == benchmark_symbol && days != sets.end()) benchmark_ = complete_bars(*days->second, calendar, until_ms());
    if (only_benchmark) continue;
    auto& d = *desks_.emplace_back(std::make_unique<symbol_desk>());
    d.symbol = symbol, d.primary_source = primary;
    d.primary = sets.at(frame);
    d.what = instrument_of(*d.primary->info(), symbol, plan_.spec.calendar);
    std::vector<source_bars> sources;
    for (const auto& s : plan_.spec.sources) sources.push_back(s.kind == source_kind::bars ? complete_bars(*sets.at(s.resolution), calendar, until_ms()) : source_bars{});
    if (!bars_source) sources.push_back(complete_bars(*d.primary, calendar, until_ms()));
    source_bars daily;
    if (days != sets.end()) daily = complete_bars(*days->second, calendar, until_ms());
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

std::shared_ptr<const backtest::bar_set> history_walk::set_of(const std::string& symbol, timeframe frame) const {
  for (const auto& set : in_.bars)
    if (set->key() == backtest::pair_key{symbol, frame}) return set;
  return nullptr;
}

std::size_t history_walk::first_traded(const symbol_desk& d) const {
  const auto at = in_.range ? d.primary->lower_bound(in_.range->from_ms) : std::size_t{0};
  return std::max<std::size_t>(at, d.primary->warmup());
}

tester::broker_rules history_walk::rules(const pine::symbol_info& info) const {
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

void history_walk::walk_until(std::int64_t t_ms) {
  for (;;) {
    symbol_desk* first = nullptr;
    for (auto& d : desks_)
      if (d->next < d->bars().bars.size() && d->bars().closed_ms[d->next] <= t_ms && (!first || d->bars().closed_ms[d->next] < first->bars().closed_ms[first->next]))
        first = d.get();
    if (!first) return;
    one_bar(*first);
  }
}

void history_walk::one_bar(symbol_desk& d) {
  const auto& b = d.bars().bars[d.next];
  if (pending_.contains(&d)) d.broker->after_script(); // the orders of the last decision join the book
  pending_.erase(&d);
  d.broker->bar({b.time_ms, static_cast<std::int64_t>(d.next), d.primary->day(d.next)}, tester::on_ticks(b, d.broker->rules().grid));
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
  bar_done(d);
}

void history_walk::command(symbol_desk& d, const pine::order_command& c) {
  pending_.insert(&d);
  d.broker->command(c);
}

history_walk::account_now history_walk::account() const {
  account_now out{in_.initial_capital, 0};
  for (const auto& d : desks_) {
    out.equity += d->profit();
    if (!d->broker->account().flat()) out.value += d->broker->account().size() * d->broker->price() * d->what.multiplier.to_double();
  }
  return out;
}

money history_walk::as_money(double x) {
  const auto m = decimal::from_double(x, 4);
  return money{m ? *m : decimal{}};
}

quantity history_walk::held(const symbol_desk& d) {
  const auto size = decimal::from_double(d.broker->account().size(), 9);
  return size ? quantity{*size} : quantity{};
}

backtest::trade_record history_walk::record(const symbol_desk& d, const tester::trade& t) const {
  backtest::trade_record r;
  r.side = t.size > 0 ? backtest::trade_record::side_t::long_side : backtest::trade_record::side_t::short_side;
  r.entry_ms = t.entry_time_ms, r.exit_ms = t.exit_time_ms, r.entry_price = t.entry_price, r.exit_price = t.exit_price;
  r.quantity = std::fabs(t.size), r.pnl = t.profit, r.pnl_percent = t.percent(t.profit) / 100, r.fees = t.fee();
  r.mae = t.max_drawdown == 0 ? 0 : -t.max_drawdown, r.mfe = t.max_runup, r.bars_held = t.exit_bar - t.entry_bar;
  r.entry_reason = d.texts.text(t.entry_comment != 0 ? t.entry_comment : t.entry_id).substr(0, backtest::limits::reason_bytes);
  r.exit_reason = d.texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id).substr(0, backtest::limits::reason_bytes);
  return r;
}

result<job_backtest_output> history_walk::finish() {
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
    o.fill_rule = fill_rule();
    o.magnifier = "off";
    o.data_hash = d->primary->hash();
    if (auto broken = o.failure ? std::nullopt : backtest::broken_identity(o)) return error{errc::internal, *broken};
    out_.outcomes.push_back(std::move(o));
  }
  return std::move(out_);
}

source_bars complete_bars(const backtest::bar_set& set, const exchange_calendar& calendar, std::int64_t until_ms) {
  source_bars out;
  out.bars = set.bars();
  if (until_ms != INT64_MAX) out.bars.resize(set.lower_bound(until_ms));
  out.closed_ms.reserve(out.bars.size());
  for (const auto& b : out.bars) out.closed_ms.push_back(close_of(calendar, b.time_ms, set.key().frame));
  return out;
}

timeframe walk_frame(const job_spec& spec) {
  const auto* primary = spec.primary_bars();
  return primary ? primary->resolution : timeframe::minutes(5);
}

} // namespace tt::strategy
