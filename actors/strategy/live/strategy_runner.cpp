#include "actors/strategy/live/strategy_runner.hpp"

#include "actors/backtest/bars.hpp"
#include "actors/strategy/live/alert_text.hpp"
#include "actors/strategy/live/bar_clock.hpp"
#include "actors/strategy/live/order_board.hpp"
#include "actors/strategy/live/plot_columns.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace tt::strategy {

namespace tester = pine::tester;

namespace {

bool has(double v) { return v == v; }
decimal exact(double v) { return decimal::from_double(v, decimal::scale_digits).value_or(decimal{}); }

/// A level of the script on the contract's tick grid, where the emulator has put it already.
std::optional<price> level(double v, const instrument& what) {
  if (!has(v)) return std::nullopt;
  return price{exact(v).rounded_to(what.tick.value(), rounding::half_even)};
}

std::string text_of(const std::optional<price>& p) { return p ? p->to_string() : std::string{}; }
std::optional<price> price_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto p = price::parse(text);
  return p ? std::optional{*p} : std::nullopt;
}
double number_of(const std::optional<price>& p) { return p ? p->to_double() : tester::no_value; }

pine::run_settings settings_of(const run_setup& s, std::size_t bars) {
  pine::run_settings out;
  out.symbol = std::make_shared<const pine::symbol_info>(backtest::symbol_facts(s.what, s.hours));
  if (const auto tf = pine::timeframe::parse(s.frame.to_udf())) out.chart_timeframe = *tf;
  out.inputs = s.inputs;
  out.limit.clock_ns = steady_clock_ns;
  out.data = s.data.get();
  out.last_bar_index = static_cast<std::int64_t>(bars) - 1;
  return out;
}

tester::tester_options options_of(const run_setup& s) {
  tester::tester_options out;
  out.curve = tester::keep_curve::no;
  out.fills = tester::log_fills::on;
  out.filled_by = tester::fill_source::venue;
  out.trade_from_ms = s.trade_from_ms;
  return out;
}

} // namespace

struct strategy_runner::impl {
  impl(run_setup s, std::size_t bars) : setup(std::move(s)), engine(setup.code, settings_of(setup, bars), options_of(setup)) {
    columns = columns_of(*setup.code);
    symbol = backtest::symbol_facts(setup.what, setup.hours);
    for (std::size_t i = 0; i < setup.code->plots.size(); ++i)
      if (setup.code->plots[i].kind == pine::plot_kind::alertcondition) conditions.push_back(i);
  }

  // -- in this file: bars and orders
  void warm_up(std::span<const bar> history, std::span<const run_event> events);
  void adopt_held();
  void replay(const run_event& e);
  void bar_done(const pine::bar& b);
  void plot(const pine::bar& b);
  void gather_trades();
  void gather_alerts(bar_phase phase);
  /// A message with its placeholders replaced.
  [[nodiscard]] std::string filled_in(const std::string& message, const tester::fill_event* fill = nullptr) const;
  void align(order_board::moment when);
  void drop_missed();
  void send(const wanted_order& what);
  void take_back(sent_order& what);
  void settle(sent_order& of, const order& now, std::int64_t at_ms);
  void book(sent_order& of, const executed& what, std::int64_t at_ms);
  void fail(const std::optional<pine::runtime_failure>& f) {
    if (f && !problem) problem = "line " + std::to_string(f->line) + ", bar " + std::to_string(f->bar_index) + ": " + f->message;
  }
  [[nodiscard]] std::vector<wanted_order> wanted();
  [[nodiscard]] pine::bar to_pine(const bar& b) const { return backtest::to_pine({&b, 1}, setup.what, setup.frame, setup.hours).front(); }
  [[nodiscard]] std::string next_key(const wanted_order& what);
  void note(run_event e) {
    e.seq = ++last_event;
    e.bar_ms = last_bar.value_or(0);
    effects.events.push_back(std::move(e));
  }
  void row(const sent_order& of, std::string outcome, std::string reason, std::int64_t at_ms);
  [[nodiscard]] decimal held() const { return exact(engine.account().account().size()); }

  run_setup setup;
  tester::strategy_run engine;
  order_board board;
  run_effects effects;
  std::vector<plot_column> columns;
  std::vector<std::size_t> conditions;
  std::deque<plot_row> plots;
  std::int64_t plotted = 0; ///< rows so far
  pine::symbol_info symbol;
  pine::bar latest;         ///< as it was seen last
  std::optional<std::string> problem;
  std::optional<std::int64_t> last_bar;
  std::int64_t forming = 0;   ///< opening of the bar under way; 0: none
  std::int64_t now_ms = 0;    ///< the newest time that was heard of
  std::uint64_t last_event = 0;
  std::set<std::string> used;       ///< keys of all orders of the run
  std::map<std::string, int> calls; ///< keys of this bar without their number
  std::int64_t calls_of = -1;
  std::size_t sent_on_bar = 0, seen_trades = 0, seen_alerts = 0, seen_fills = 0, seen_logs = 0;
  std::set<std::string> raised; ///< alerts of the bar under way
  std::map<std::string, order> early; ///< by id: told before the answer to our request
  leaving leaves = leaving::protection;
  bool is_stopped = false, is_warm = false, was_adopted = false;
};

// ---------------------------------------------------------------- the past

void strategy_runner::impl::adopt_held() {
  if (std::exchange(was_adopted, true)) return;
  for (const auto& h : setup.held) {
    tester::trade t;
    t.size = h.size.to_double();
    t.entry_price = h.at.to_double();
    t.entry_fee = h.fee.to_double();
    t.entry_time_ms = h.time_ms;
    t.entry_id = engine.engine().texts().id(h.entry_id);
    engine.adopt(t);
  }
}

void strategy_runner::impl::replay(const run_event& e) {
  using kind = run_event::kind_t;
  last_event = std::max(last_event, e.seq);
  auto& texts = engine.engine().texts();
  if (e.kind == kind::sent) {
    static_cast<void>(engine.venue_orders()); // settles sizes as it did then
    wanted_order w;
    w.id = e.id, w.signal = e.signal, w.comment = e.comment;
    w.size = e.qty;
    w.limit = price_of(e.limit), w.stop = price_of(e.stop), w.trail = price_of(e.trail);
    w.what = {e.slot, static_cast<tester::order_kind>(e.order_kind), texts.id(e.id), texts.id(e.signal), texts.id(e.comment), e.qty.to_double(),
              number_of(w.limit), number_of(w.stop), number_of(w.trail)};
    static_cast<void>(next_key(w)); // counts the call
    used.insert(e.key);
    auto& sent = board.add(std::move(w), e.key);
    sent.is_unanswered = sent.may_be_out = true;
    return;
  }
  auto* of = board.by_key(e.key);
  if (of == nullptr) return;
  if (e.kind == kind::fill) {
    of->booked += e.qty;
    of->booked_value += e.px.value() * e.qty;
    of->booked_fees += e.fee;
    fail(engine.venue_fill(of->wanted.what, e.qty.to_double(), e.px.to_double(), e.fee.to_double(), e.at_ms));
    return;
  }
  if (e.kind == kind::lost) engine.venue_gone(of->wanted.what.slot);
  board.remove(*of);
}

void strategy_runner::impl::warm_up(std::span<const bar> history, std::span<const run_event> events) {
  if (engine.problem()) {
    problem = *engine.problem();
    return;
  }
  std::size_t next = 0;
  for (const auto& b : history) {
    const auto p = to_pine(b);
    if (p.time_ms >= setup.trade_from_ms) adopt_held();
    if (p.time_ms >= setup.trade_from_ms) drop_missed();
    pine::bar_flags flags;
    flags.last = &b == &history.back();
    flags.realtime = p.time_ms >= setup.trade_from_ms; // it was live then
    fail(engine.on_bar(p, flags));
    if (problem) return;
    last_bar = p.time_ms;
    calls.clear();
    plot(p);
    for (; next < events.size() && events[next].bar_ms <= p.time_ms; ++next) replay(events[next]);
  }
  for (; next < events.size(); ++next) replay(events[next]); // of bars that history has lost
  adopt_held();
  // what the past has said is told already
  effects = {};
  seen_trades = engine.account().account().closed_trades().size();
  seen_alerts = engine.engine().alerts().size();
  seen_logs = engine.engine().logs().size();
  seen_fills = engine.account().fills().size();
  is_warm = true;
}

// ---------------------------------------------------------------- bars

void strategy_runner::impl::plot(const pine::bar& b) {
  latest = b;
  plot_row out{b.time_ms, {}, plotted++}; // without columns too: drawings count in bars
  out.values.reserve(columns.size());
  for (const auto& at : columns) out.values.push_back(engine.engine().plot_value(at.plot, at.part));
  plots.push_back(out);
  if (plots.size() > limits::plot_rows) plots.pop_front();
  if (is_warm) effects.plotted = std::move(out);
}

void strategy_runner::impl::gather_trades() {
  const auto& closed = engine.account().account().closed_trades();
  const auto& texts = engine.engine().texts();
  for (; seen_trades < closed.size(); ++seen_trades) {
    const auto& t = closed[seen_trades];
    closed_trade out;
    out.run = setup.run;
    out.symbol = setup.what.symbol;
    out.side = t.size > 0 ? closed_trade::side_t::long_side : closed_trade::side_t::short_side;
    out.entry_id = texts.text(t.entry_id), out.exit_id = texts.text(t.exit_id);
    out.entry_ms = t.entry_time_ms, out.exit_ms = t.exit_time_ms;
    out.entry_price = t.entry_price, out.exit_price = t.exit_price;
    out.qty = std::fabs(t.size), out.profit = t.profit, out.fees = t.fee();
    effects.trades.push_back(std::move(out));
  }
  const auto& fills = engine.account().fills();
  for (; seen_fills < fills.size(); ++seen_fills)
    if (fills[seen_fills].alert != 0)
      effects.alerts.push_back({now_ms, raised_alert::source_t::order, texts.text(fills[seen_fills].id), filled_in(texts.text(fills[seen_fills].alert), &fills[seen_fills])});
}

std::string strategy_runner::impl::filled_in(const std::string& message, const tester::fill_event* fill) const {
  const auto tf = pine::timeframe::parse(setup.frame.to_udf());
  return fill_in(message, {engine.engine(), symbol, tf ? tf->text(false) : setup.frame.to_udf(), latest, now_ms, engine.account().account().size(), fill});
}

/// alert() by its frequency; alertcondition() once a bar, at its close.
void strategy_runner::impl::gather_alerts(bar_phase phase) {
  const auto& script = engine.engine();
  const auto& said = script.alerts();
  for (seen_alerts = std::min(seen_alerts, said.size()); seen_alerts < said.size(); ++seen_alerts) {
    const auto& a = said[seen_alerts];
    const bool at_close = a.frequency.find("once_per_bar_close") != std::string::npos, each = a.frequency.find("all") != std::string::npos;
    if (at_close && phase != bar_phase::closed) continue;
    if (!each && !raised.insert(a.message).second) continue;
    effects.alerts.push_back({now_ms, raised_alert::source_t::call, {}, a.message});
  }
  const auto& logs = script.logs();
  for (seen_logs = std::min(seen_logs, logs.size()); seen_logs < logs.size(); ++seen_logs) effects.logs.push_back(logs[seen_logs].text);
  if (phase != bar_phase::closed) return;
  for (const auto i : conditions) {
    const auto& p = setup.code->plots[i];
    if (p.series.empty()) continue;
    const double v = script.plot_value(i, 0);
    if (!has(v) || v == 0) continue;
    std::string message = p.title;
    for (const auto& [name, text] : p.options)
      if (name == "message") message = text;
    effects.alerts.push_back({now_ms, raised_alert::source_t::condition, p.title, filled_in(message)});
  }
}

void strategy_runner::impl::bar_done(const pine::bar& b) {
  last_bar = b.time_ms;
  forming = 0;
  sent_on_bar = 0;
  calls.clear();
  plot(b);
  gather_alerts(bar_phase::closed);
  raised.clear();
}

// ---------------------------------------------------------------- orders

std::vector<wanted_order> strategy_runner::impl::wanted() {
  std::vector<wanted_order> out;
  if (is_stopped || problem) { // nothing new; what protects a position stays where it is
    for (const auto& s : board.all()) {
      if (leaves == leaving::nothing || !s.wanted.closes() || s.phase == sent_order::phase_t::cancelling) continue;
      out.push_back(s.wanted);
      out.back().size = s.wanted.size.is_negative() ? -s.rest() : s.rest();
    }
    return out;
  }
  const auto& texts = engine.engine().texts();
  for (const auto& v : engine.venue_orders()) {
    wanted_order w;
    w.what = v;
    w.id = texts.text(v.id), w.signal = texts.text(v.signal), w.comment = texts.text(v.comment);
    w.size = exact(v.size).rounded_to(setup.what.lot.value(), rounding::half_even);
    if (w.size.is_zero()) continue;
    w.limit = level(v.limit, setup.what), w.stop = level(v.stop, setup.what), w.trail = level(v.trail_offset, setup.what);
    out.push_back(std::move(w));
  }
  return out;
}

std::string strategy_runner::impl::next_key(const wanted_order& what) {
  const auto bar_ms = last_bar.value_or(0);
  auto name = what.signal.empty() ? what.id : what.signal + "/" + what.id;
  if (name.size() > limits::key_name_bytes) { // the number of the call keeps names apart that begin alike
    auto end = limits::key_name_bytes;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end; // not inside of a UTF-8 character
    name.resize(end);
  }
  const auto key = intent_key::pine(setup.strategy.str() + "/" + std::to_string(setup.run), setup.what.symbol, bar_ms, name, ++calls[name]);
  return key ? key->str() : std::string{};
}

void strategy_runner::impl::row(const sent_order& of, std::string outcome, std::string reason, std::int64_t at_ms) {
  signal_row r;
  r.at_ms = at_ms;
  r.symbol = setup.what.symbol;
  r.action = of.wanted.size.is_negative() ? "sell" : "buy";
  r.order_id = of.wanted.signal.empty() ? of.wanted.id : of.wanted.signal;
  r.key = of.key;
  r.qty = of.wanted.size.abs();
  r.type = type_of(of.wanted);
  r.price = text_of(of.wanted.stop ? of.wanted.stop : of.wanted.limit ? of.wanted.limit : of.wanted.trail);
  r.outcome = std::move(outcome);
  r.reason = std::move(reason);
  effects.signals.push_back(std::move(r));
}

void strategy_runner::impl::send(const wanted_order& what) {
  if (board.all().size() >= limits::open_orders || ++sent_on_bar > limits::orders_per_bar) {
    problem = "too many orders: more than " + std::to_string(limits::open_orders) + " open or " + std::to_string(limits::orders_per_bar) + " on one bar";
    return;
  }
  const auto key = next_key(what);
  if (key.empty()) {
    problem = "an order's id can't be part of a key: " + in_quotes(what.id);
    return;
  }
  if (!used.insert(key).second) { // its fills are booked: the answer to it would be booked again
    problem = "an order of this run would be sent twice: " + key;
    return;
  }
  auto& sent = board.add(what, key);
  run_event e;
  e.kind = run_event::kind_t::sent;
  e.key = key;
  e.slot = what.what.slot;
  e.order_kind = static_cast<std::uint8_t>(what.what.kind);
  e.id = what.id, e.signal = what.signal, e.comment = what.comment;
  e.limit = text_of(what.limit), e.stop = text_of(what.stop), e.trail = text_of(what.trail);
  e.qty = what.size;
  e.at_ms = now_ms;
  note(std::move(e));
  effects.place.push_back({request_of(what, setup), key});
  row(sent, "sent", {}, now_ms);
}

void strategy_runner::impl::take_back(sent_order& what) {
  what.phase = sent_order::phase_t::cancelling;
  if (!what.head.empty()) effects.cancel.push_back(what.head); // else as soon as its answer has come
}

void strategy_runner::impl::align(order_board::moment when) {
  if (!is_warm && !problem) return; // one that failed in the past still takes its orders back
  const auto want = wanted();
  const auto plan = board.compare(want, held(), when);
  for (auto* one : plan.cancel) take_back(*one);
  for (const auto& one : plan.place) send(one);
}

/// A market order belongs to the bar after its own. One that did not go out by then, because nobody was here or because it had
/// to wait, would come at a price that the script never saw.
void strategy_runner::impl::drop_missed() {
  std::vector<std::uint64_t> out;
  for (const auto& s : board.all()) out.push_back(s.wanted.what.slot);
  engine.venue_keep(out);
}

void strategy_runner::impl::book(sent_order& of, const executed& what, std::int64_t at_ms) {
  run_event e;
  e.kind = run_event::kind_t::fill;
  e.key = of.key;
  e.qty = what.qty;
  e.px = what.px;
  e.fee = what.fee;
  e.at_ms = at_ms;
  note(std::move(e));
  fail(engine.venue_fill(of.wanted.what, what.qty.to_double(), what.px.to_double(), what.fee.to_double(), at_ms));
  gather_trades();
}

void strategy_runner::impl::settle(sent_order& of, const order& now, std::int64_t at_ms) {
  if (const auto done = order_board::take(of, now)) book(of, *done, at_ms);
  const auto end = order_board::end_of(of);
  if (end == order_board::end::open) return;
  run_event e;
  e.kind = end == order_board::end::lost ? run_event::kind_t::lost : run_event::kind_t::done;
  e.key = of.key;
  e.at_ms = at_ms;
  note(std::move(e));
  if (end == order_board::end::lost) {
    engine.venue_gone(of.wanted.what.slot);
    const bool refused = now.state == order_state::risk_rejected || now.state == order_state::rejected;
    row(of, refused ? "refused" : std::string(to_string(now.state)), now.reason.empty() ? now.reject_code : now.reason, at_ms);
  } else {
    row(of, end == order_board::end::filled ? "filled" : "cancelled", {}, at_ms);
  }
  board.remove(of);
}

// ---------------------------------------------------------------- outside

strategy_runner::strategy_runner(run_setup setup, std::span<const bar> history, std::span<const run_event> events)
    : impl_(std::make_unique<impl>(std::move(setup), history.size())) {
  impl_->warm_up(history, events);
  retry();
  impl_->align(order_board::moment::bar_closed);
}
strategy_runner::~strategy_runner() = default;
strategy_runner::strategy_runner(strategy_runner&&) noexcept = default;

const std::optional<std::string>& strategy_runner::problem() const { return impl_->problem; }

void strategy_runner::on_bar(const bar& b, bar_phase phase) {
  auto& m = *impl_;
  if (m.problem) return;
  const auto p = m.to_pine(b);
  if (m.last_bar && p.time_ms <= *m.last_bar) return;
  if (m.forming != 0 && p.time_ms < m.forming) return;
  pine::bar_flags flags;
  flags.last = flags.realtime = true;
  flags.confirmed = phase != bar_phase::forming;
  if (m.forming != 0 && p.time_ms > m.forming) m.forming = 0; // its end was never told: the runner's owner fetches it
  m.now_ms = std::max(m.now_ms, p.time_ms);
  m.latest = p;
  if (phase != bar_phase::forming) {
    m.drop_missed();
    m.fail(m.engine.commit(p, flags));
    if (!m.problem) m.bar_done(p);
  } else {
    flags.fresh = m.forming == 0;
    m.fail(flags.fresh ? m.engine.begin_bar(p, flags) : m.engine.update(p, flags));
    m.forming = p.time_ms;
    if (!m.problem) m.gather_alerts(phase);
  }
  m.gather_trades();
  if (phase != bar_phase::missed) m.align(phase == bar_phase::closed ? order_board::moment::bar_closed : order_board::moment::within_bar);
}

void strategy_runner::on_placed(const std::string& key, const result<signal_outcome>& answer, utc_time now) {
  auto& m = *impl_;
  auto* of = m.board.by_key(key);
  if (of == nullptr) return;
  m.now_ms = std::max(m.now_ms, unix_ms(now));
  if (!answer) {
    const auto code = answer.error().code;
    bool is_too_late = false;
    // a journal under repair says "ask for the order": it may be there
    if (code == errc::timed_out || code == errc::io_error || (code == errc::not_available && answer.error().field == "order_id")) of->may_be_out = true;
    if (code == errc::not_available) {
      if (!of->not_available_ms) of->not_available_ms = unix_ms(now);
      const auto wait = of->wanted.is_market() ? limits::market_order_wait_ms : limits::resting_order_wait_ms;
      is_too_late = !of->may_be_out && unix_ms(now) - *of->not_available_ms > wait;
    }
    if ((code == errc::not_available && !is_too_late) || code == errc::timed_out || code == errc::io_error || code == errc::limit_exceeded) {
      of->is_unanswered = true;
      return;
    }
    order none; // it never was an order
    none.state = order_state::rejected;
    none.reject_code = is_too_late ? "not_sent" : "";
    none.reason = (is_too_late ? "not_sent: " : "") + to_string(answer.error());
    m.settle(*of, none, unix_ms(now));
    return m.align(order_board::moment::within_bar);
  }
  of->is_unanswered = false;
  of->head = answer->what.id;
  of->number = answer->what.number;
  const bool was_taken_back = of->phase == sent_order::phase_t::cancelling;
  if (!was_taken_back) of->phase = sent_order::phase_t::resting;
  else if (!is_final(answer->what.state)) m.effects.cancel.push_back(of->head);
  auto states = std::vector<order>{answer->what};
  for (auto at = m.early.begin(); at != m.early.end();)
    if (m.board.owner_of(at->second) == of) {
      states.push_back(std::move(at->second));
      at = m.early.erase(at);
    } else ++at;
  for (const auto& one : states) on_order(one, one.filled_at.value_or(now));
}

void strategy_runner::on_order(const order& now, utc_time at) {
  auto& m = *impl_;
  m.now_ms = std::max(m.now_ms, unix_ms(at));
  auto* of = m.board.owner_of(now);
  if (of == nullptr) {
    const bool may_be_ours = std::any_of(m.board.all().begin(), m.board.all().end(), [](const sent_order& s) { return s.head.empty(); });
    if (may_be_ours && m.early.size() < limits::early_reports) {
      auto& kept = m.early[now.id.str()];
      if (kept.version <= now.version) kept = now;
    }
    return;
  }
  m.settle(*of, now, unix_ms(at));
  m.align(order_board::moment::within_bar);
}

void strategy_runner::retry() {
  auto& m = *impl_;
  for (auto& s : m.board.all())
    if (std::exchange(s.is_unanswered, false)) m.effects.place.push_back({request_of(s.wanted, m.setup), s.key});
}

void strategy_runner::stop(leaving what) {
  impl_->is_stopped = true;
  impl_->leaves = what;
  impl_->align(order_board::moment::bar_closed);
}

run_effects strategy_runner::take() { return std::exchange(impl_->effects, {}); }

run_position strategy_runner::position() const {
  const auto& a = impl_->engine.account().account();
  run_position out;
  out.size = a.size();
  if (!a.flat()) out.average_price = a.average_price();
  out.equity = a.equity(), out.net_profit = a.net_profit(), out.open_profit = a.open_profit();
  out.closed_trades = a.closed_trades().size();
  out.open_orders = impl_->board.all().size();
  return out;
}

bool strategy_runner::has_open_orders() const { return !impl_->board.all().empty(); }
std::optional<std::int64_t> strategy_runner::last_bar_ms() const { return impl_->last_bar; }

std::vector<held_trade> strategy_runner::held() const {
  std::vector<held_trade> out;
  for (const auto& t : impl_->engine.account().account().open_trades())
    out.push_back({impl_->engine.engine().texts().text(t.entry_id), exact(t.size), price{exact(t.entry_price)}, money{exact(t.entry_fee)}, t.entry_time_ms});
  return out;
}

const std::deque<plot_row>& strategy_runner::plots() const { return impl_->plots; }
const tester::strategy_run& strategy_runner::run() const { return impl_->engine; }

} // namespace tt::strategy
