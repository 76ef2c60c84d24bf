#include "actors/pine/tester/strategy_run.hpp"

#include "actors/pine/tester/account_view.hpp"
#include "actors/pine/tester/history_ticks.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>
#include <utility>

namespace tt::pine::tester {

broker_rules rules_of(const program& code, const symbol_info& s, const account_overrides& over) {
  const auto& d = code.decl;
  broker_rules r;
  r.grid = {s.mintick, s.minmove, s.pricescale, s.pointvalue, s.mincontract > 0 ? s.mincontract : 1};
  r.initial_capital = over.initial_capital.value_or(d.initial_capital);
  r.qty_kind = d.default_qty_type == "cash" ? sizing::cash
               : d.default_qty_type == "percent_of_equity" ? sizing::percent_of_equity : sizing::fixed;
  r.qty_value = d.default_qty_value;
  r.fee = over.fee.value_or(d.commission_type == "cash_per_contract" ? fee_kind::cash_per_contract
                            : d.commission_type == "cash_per_order" ? fee_kind::cash_per_order : fee_kind::percent);
  r.fee_value = over.fee_value.value_or(d.commission_value);
  r.slippage_ticks = over.slippage_ticks.value_or(d.slippage);
  r.slippage_percent = over.slippage_percent.value_or(0);
  r.limit_ticks = d.backtest_fill_limits_assumption;
  r.margin_long = d.margin_long;
  r.margin_short = d.margin_short;
  r.pyramiding = d.pyramiding;
  r.closing = d.close_entries_rule == "ANY" ? close_rule::any : close_rule::fifo;
  r.close_by = code.version >= 6 ? close_slot::statement : close_slot::entry_id;
  r.fills = d.process_orders_on_close ? fill_time::on_close : fill_time::next_tick;
  r.pairs = code.version >= 6 ? exit_pairs::nearest : exit_pairs::price_wins;
  return r;
}

struct strategy_run::impl {
  impl(std::shared_ptr<const program> p, run_settings s, tester_options o)
      : code(std::move(p)), symbol(s.symbol), data(s.data), options(std::move(o)), way(way_of(code->decl, options)), rules(rules_of(*code, *s.symbol, options.account)),
        cal(s.symbol->timezone, s.symbol->session), chart(s.chart_timeframe), engine(code, std::move(s)),
        account(rules, engine.texts(), options.fills, options.filled_by), view(*code, account) {
    if (engine.problem()) problem = *engine.problem();
    else if (code->decl.kind != declaration::kind_t::strategy) problem = "the script is not a strategy: it has no strategy() call";
    engine.set_account(&view.values(), &view);
    const auto& currency = code->decl.currency;
    if (!currency.empty() && currency != "NONE" && currency != symbol->currency) rate_key = symbol->currency + currency;
    for (const auto& site : code->sites)
      if (site.name.substr(0, 14) == "strategy.risk.") needs_day = true;
  }

  bar_moment moment(const bar& b) {
    last_time_ms = b.time_ms;
    return {b.time_ms, index, needs_day ? cal.trading_day(b.time_ms) : 0};
  }
  bar_prices prices(const bar& b) const { return quoted(b).on_grid; }
  void move_to(double quote) { account.move_to(on_ticks(quote, rules.grid), quote); }
  quoted_bar quoted(const bar& b) const { return on_ticks(b, rules.grid); }
  void set_rate(std::int64_t time_ms) {
    if (!rate_key.empty()) take_rate(time_ms);
  }
  void take_rate(std::int64_t time_ms);
  std::span<const bar> lower_of(const bar& b, const bar_flags& flags);
  std::span<const quoted_bar> inner_of(const bar& b, const bar_flags& flags);
  void magnified(const bar& b, const bar_flags& flags);
  std::optional<runtime_failure> step(const bar& b, bar_flags flags);
  std::optional<runtime_failure> step_fills(const bar& b, bar_flags flags);
  std::optional<runtime_failure> step_ticks(const bar& b, bar_flags flags);
  void send_orders(const bar& b) {
    const auto& orders = engine.orders();
    if (orders.empty()) return;
    if (b.time_ms >= options.trade_from_ms)
      for (const auto& o : orders) account.command(o);
    engine.clear_orders();
  }
  /// Remembers what went wrong, if anything did: in the script, or in the account. True: the run is over.
  bool ended(const std::optional<runtime_failure>& f) {
    if (!f && !account.failure()) [[likely]] return false;
    end(f);
    return true;
  }
  [[gnu::cold]] void end(const std::optional<runtime_failure>& f) { stopped = f ? *f : runtime_failure{*account.failure(), 0, index}; }
  /// The end of a step of the run, after the script and its orders.
  std::optional<runtime_failure> outcome() {
    if (!account.failure()) [[likely]] return std::nullopt;
    end(std::nullopt);
    return stopped;
  }
  void note(const bar& b) {
    if (b.time_ms < options.trade_from_ms) return;
    if (span.bars++ == 0) {
      span.first_ms = b.time_ms;
      span.first_close = b.close;
    }
    span.last_ms = b.time_ms;
    span.last_close = b.close;
    double held = account.account().size();
    if (held != 0) ++span.bars_in_market;
    if (options.curve == keep_curve::yes) points.push_back({b.time_ms, account.account().own_equity(), held, b.close});
  }

  /// How a bar of history is gone through.
  enum class history_way : std::uint8_t { plain, magnified, fills, ticks };
  static history_way way_of(const declaration& d, const tester_options& o) {
    const bool emulated = o.filled_by == fill_source::emulator;
    if (d.calc_on_every_history_tick && emulated) return history_way::ticks;
    if (d.calc_on_order_fills && emulated) return history_way::fills;
    return d.use_bar_magnifier && !o.lower_bars.empty() ? history_way::magnified : history_way::plain;
  }

  std::shared_ptr<const program> code;
  std::shared_ptr<const symbol_info> symbol;
  data_source* data;
  tester_options options;
  history_way way;
  broker_rules rules;
  calendar cal;
  timeframe chart;
  script engine;
  broker account;
  account_view view;
  std::optional<std::string> problem;
  std::optional<runtime_failure> stopped;
  std::string rate_key;
  bool rate_missing = false; ///< on a bar at least
  bool needs_day = false, open_bar = false, ran_on_tick = false;
  std::int64_t index = -1, last_time_ms = 0;
  bar latest;   ///< of the bar under way, as the script saw it last
  bar_flags latest_flags;
  bar_prices seen; ///< of the realtime bar, as quoted
  std::size_t lower_at = 0;
  std::vector<quoted_bar> inner;
  std::vector<bar> ticks;
  std::vector<equity_point> points;
  span_facts span;
  std::vector<std::string> warnings;
};

strategy_run::strategy_run(std::shared_ptr<const program> code, run_settings settings, tester_options options)
    : impl_(std::make_unique<impl>(std::move(code), std::move(settings), std::move(options))) {}
strategy_run::~strategy_run() = default;
strategy_run::strategy_run(strategy_run&&) noexcept = default;
strategy_run& strategy_run::operator=(strategy_run&&) noexcept = default;

const std::optional<std::string>& strategy_run::problem() const { return impl_->problem; }
const broker& strategy_run::account() const { return impl_->account; }
script& strategy_run::engine() { return impl_->engine; }
const script& strategy_run::engine() const { return impl_->engine; }
const std::vector<equity_point>& strategy_run::curve() const { return impl_->points; }
const strategy_run::span_facts& strategy_run::span() const { return impl_->span; }
std::int64_t strategy_run::bar_index() const { return impl_->index; }
const std::vector<std::string>& strategy_run::warnings() const { return impl_->warnings; }
const std::string& strategy_run::currency() const {
  const bool kept = impl_->rate_key.empty() || impl_->rate_missing;
  return kept ? impl_->symbol->currency : impl_->code->decl.currency;
}

/// Money is converted at the rate of the day on which it is booked (manual: currency conversion).
void strategy_run::impl::take_rate(std::int64_t time_ms) {
  auto rate = data != nullptr ? data->value("currency_rate", rate_key, time_ms) : std::nullopt;
  if (rate && *rate > 0) return account.set_rate(*rate);
  rate_missing = true;
  if (warnings.empty())
    warnings.push_back("no rate " + rate_key + " in the data: amounts stay in the symbol's currency");
}

/// The bars of the shorter timeframe inside of this one; none without the bar magnifier.
std::span<const bar> strategy_run::impl::lower_of(const bar& b, const bar_flags& flags) {
  auto lower = options.lower_bars;
  if (lower.empty() || !code->decl.use_bar_magnifier) return {};
  auto end = flags.next_time_ms != 0 ? flags.next_time_ms : cal.bar_close(chart, b.time_ms);
  while (lower_at < lower.size() && lower[lower_at].time_ms < b.time_ms) ++lower_at;
  const auto first = lower_at;
  while (lower_at < lower.size() && lower[lower_at].time_ms < end) ++lower_at;
  return lower.subspan(first, lower_at - first);
}

std::span<const quoted_bar> strategy_run::impl::inner_of(const bar& b, const bar_flags& flags) {
  inner.clear();
  for (const auto& small : lower_of(b, flags)) inner.push_back(quoted(small));
  return inner;
}

void strategy_run::impl::magnified(const bar& b, const bar_flags& flags) {
  inner_of(b, flags);
  account.bar(moment(b), quoted(b), inner.data(), inner.size());
}

/// A bar of history: its fills, and the script.
std::optional<runtime_failure> strategy_run::impl::step(const bar& b, bar_flags flags) {
  switch (way) {
  case history_way::ticks: return step_ticks(b, flags);
  case history_way::fills: return step_fills(b, flags);
  case history_way::magnified: magnified(b, flags); break;
  case history_way::plain: account.bar(moment(b), quoted(b)); break;
  }
  view.refresh();
  return engine.on_bar(b, flags);
}

/// calc_on_order_fills: after each fill the script runs again, as of this bar, and its orders may fill further on.
std::optional<runtime_failure> strategy_run::impl::step_fills(const bar& b, bar_flags flags) {
  account.begin_stepping(moment(b), quoted(b), inner_of(b, flags));
  bool opened = false;
  flags.historical = true;
  while (account.step()) {
    view.refresh();
    auto failure = opened ? engine.update(b, flags) : engine.begin_bar(b, flags);
    if (ended(failure)) return stopped;
    opened = true;
    send_orders(b);
  }
  account.end_bar(prices(b));
  view.refresh();
  return opened ? engine.commit(b, flags) : engine.on_bar(b, flags);
}

/// calc_on_every_history_tick: the script runs on each assumed tick and sees no more of the bar than was known there. What
/// it orders on one tick fills on the way to the next. A fill needs no run of its own: the tick behind it has one.
std::optional<runtime_failure> strategy_run::impl::step_ticks(const bar& b, bar_flags flags) {
  history_ticks(b, lower_of(b, flags), ticks);
  flags.historical = true;
  account.open_tick(moment(b), on_ticks(ticks.front().close, rules.grid), ticks.front().close);
  move_to(ticks.front().close);
  for (std::size_t i = 0; i + 1 < ticks.size(); ++i) {
    if (i > 0) {
      move_to(ticks[i].close);
      account.tick_done();
    }
    view.refresh();
    auto failure = i == 0 ? engine.begin_bar(ticks[i], flags) : engine.update(ticks[i], flags);
    if (ended(failure)) return stopped;
    send_orders(b);
  }
  move_to(b.close);
  account.tick_done();
  account.end_bar(prices(b));
  view.refresh();
  return engine.commit(b, flags);
}

std::optional<runtime_failure> strategy_run::on_bar(const bar& b, bar_flags flags) {
  auto& m = *impl_;
  if (m.stopped) return m.stopped;
  if (m.problem) return m.stopped = runtime_failure{*m.problem, 0, 0};
  if (m.engine.waits()) return m.engine.on_bar(b, flags); // for the script and its account the bar does not exist
  ++m.index;
  m.set_rate(b.time_ms);
  if (m.ended(m.step(b, flags))) return m.stopped;
  m.send_orders(b);
  m.account.after_script();
  m.note(b);
  return m.outcome();
}

// ---------------------------------------------------------------- realtime

std::optional<runtime_failure> strategy_run::begin_bar(const bar& b, bar_flags flags) {
  auto& m = *impl_;
  if (m.stopped || m.problem) return on_bar(b, flags);
  ++m.index;
  m.set_rate(b.time_ms);
  m.open_bar = true;
  m.ran_on_tick = false;
  m.account.open_tick(m.moment(b), on_ticks(b.open, m.rules.grid), b.open);
  m.seen = {b.open, b.open, b.open, b.open};
  m.move_to(b.open);
  return update(b, flags);
}

std::optional<runtime_failure> strategy_run::update(const bar& b, bar_flags flags) {
  auto& m = *impl_;
  if (!m.open_bar) return begin_bar(b, flags);
  if (m.stopped) return m.stopped;
  m.latest = b;
  m.latest_flags = flags;
  // an update may hold several ticks: new extremes are visited on the way to the last price, the nearer one first
  bool up = b.high > m.seen.high, down = b.low < m.seen.low;
  bool high_before = !down || (up && b.high - m.seen.close < m.seen.close - b.low);
  if (up && high_before) m.move_to(b.high);
  if (down) m.move_to(b.low);
  if (up && !high_before) m.move_to(b.high);
  m.move_to(b.close);
  m.account.tick_done();
  m.seen = {b.open, std::max(m.seen.high, b.high), std::min(m.seen.low, b.low), b.close};
  if (!m.code->decl.calc_on_every_tick) return m.outcome();
  m.view.refresh();
  auto failure = m.ran_on_tick ? m.engine.update(b, flags) : m.engine.begin_bar(b, flags);
  m.ran_on_tick = true;
  if (m.ended(failure)) return m.stopped;
  m.send_orders(b);
  return m.outcome();
}

std::optional<runtime_failure> strategy_run::commit(const bar& b, bar_flags flags) {
  auto& m = *impl_;
  if (!m.open_bar) { // nothing has been seen of the bar: it is met as a whole
    flags.realtime = true;
    return on_bar(b, flags);
  }
  if (m.stopped) return m.stopped;
  const auto p = m.prices(b);
  if (b.high > m.seen.high) m.move_to(b.high);
  if (b.low < m.seen.low) m.move_to(b.low);
  if (p.close != m.account.price()) m.move_to(b.close);
  m.open_bar = false;
  m.account.end_bar(p);
  m.view.refresh();
  flags.realtime = true;
  auto failure = m.ran_on_tick ? m.engine.commit(b, flags) : m.engine.on_bar(b, flags);
  if (m.ended(failure)) return m.stopped;
  m.send_orders(b);
  m.account.after_script();
  m.note(b);
  return m.outcome();
}

// ---------------------------------------------------------------- a venue's executions

std::vector<venue_order> strategy_run::venue_orders() { return impl_->account.venue_orders(); }
void strategy_run::venue_gone(std::uint64_t slot) { impl_->account.venue_gone(slot); }
void strategy_run::venue_keep(std::span<const std::uint64_t> out) { impl_->account.venue_keep(out); }
void strategy_run::adopt(trade t) { impl_->account.adopt(std::move(t)); }
void strategy_run::set_elsewhere(const ledger::elsewhere& e) { impl_->account.set_elsewhere(e); }

std::optional<runtime_failure> strategy_run::venue_fill(const venue_order& what, double qty, double price, double fee, std::int64_t at_ms) {
  auto& m = *impl_;
  bar_moment when{m.last_time_ms, std::max<std::int64_t>(m.index, 0), 0};
  const bool is_next = m.index >= 0 && !m.open_bar && !m.code->decl.process_orders_on_close && at_ms >= m.cal.bar_close(m.chart, m.last_time_ms);
  if (is_next) when = {m.cal.period_open(m.chart, at_ms), m.index + 1, 0};
  if (m.needs_day) when.trading_day = m.cal.trading_day(when.time_ms);
  m.account.venue_fill(when, what, qty, price, fee);
  if (m.ended(std::nullopt)) return m.stopped;
  if (!m.code->decl.calc_on_order_fills || !m.open_bar) return m.outcome();
  m.view.refresh();
  auto failure = m.ran_on_tick ? m.engine.update(m.latest, m.latest_flags) : m.engine.begin_bar(m.latest, m.latest_flags);
  m.ran_on_tick = true;
  if (m.ended(failure)) return m.stopped;
  m.send_orders(m.latest);
  return m.outcome();
}

} // namespace tt::pine::tester
