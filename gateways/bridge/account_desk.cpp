// The account as it stands, and what it is told. Commands are in account_desk_commands.cpp.

#include "gateways/bridge/account_desk.hpp"

#include "actors/portfolio/day_roll.hpp"
#include "actors/portfolio/day_trades.hpp"

#include <algorithm>
#include <tuple>

namespace tt::gateway {

using namespace execution;

namespace {

/// Market time after which the venue is asked for its figures, well within the age at which they are too old.
constexpr std::chrono::seconds balances_age{30};

error no_order(const order_name& name) { return {errc::not_found, "no order " + in_quotes(name.id), "order_id"}; }

} // namespace

account_desk::account_desk(desk_settings settings)
  : settings_(std::move(settings)), limits_(settings_.limits), rates_(settings_.rates ? settings_.rates : std::make_shared<risk::node_rates>()) {
  trading_ = settings_.trading;
  risk::gate_settings of_gate;
  of_gate.clock_ns = settings_.clock_ns;
  gate_ = std::make_unique<risk_gate>(limits_, stop_, breakers_, *rates_, std::move(of_gate));
  auto& core = gate_->core();
  core.node() = {risk::on_off::off, risk::on_off::on, risk::on_off::off};
  core.venue() = venue_view_of(settings_.can, risk::venue_view::session::down);
  core.venue().rests_while_closed = risk::on_off::on; // the paper broker keeps orders until their session
}

// ---------------------------------------------------------------- what is told

void account_desk::begin() {
  limits_ = risk::limit_book(settings_.limits);
  breakers_ = {};
  books_ = {};
  diary_ = {};
  flattening_.clear();
  sent_.clear();
  forgiven_.clear();
  undecided_.clear();
  expected_.clear();
  fills_.clear();
  day_trades_.reset();
  ids_.clear();
  noted_.clear();
  stops_.clear();
  opened_at_.reset();
  last_roll_.reset();
  has_point_ = false;
  is_marking_ = false;
  is_replaying_ = true;
  problem_.reset();
  strategies_offset_ = 0;
  // the emergency stop stays: a stop that is in force here is not lifted by a journal that lacks it
  stop_.lose(0);
  for (const auto& [scope, mode] : stop_.modes())
    if (mode == risk::kill_mode::flatten) flattening_.try_emplace(scope, stop_.epoch());
}

result<void> account_desk::on_record(const journal_record& record) {
  last_offset_ = raw(record.offset);
  const auto failed = [&](const result<void>& done) -> result<void> {
    if (!done && !problem_) problem_ = done.error();
    return done;
  };
  if (auto done = failed(books_.apply(record)); !done) return done;
  if (std::holds_alternative<account_opened>(record.fact)) opened_at_ = record.at;
  if (const auto* marked = std::get_if<account_marked>(&record.fact)) {
    has_point_ = true;
    is_marking_ = false;
    if (marked->kind == mark_kind::day_roll) last_roll_ = marked->at;
  }
  if (const auto* adjusted = std::get_if<position_adjusted>(&record.fact); adjusted && !is_replaying_ && settings_.need) settings_.need(adjusted->symbol);
  if (const auto* booked = std::get_if<execution_booked>(&record.fact)) {
    fills_.push_back(booked->fill);
    judge_fill(booked->fill);
  }
  diary_.on_record(record);
  follow_streaks(record);
  const auto* intent = std::get_if<order_intent>(&record.fact);
  if (intent && !intent->order.strategy.empty()) undecided_.emplace(intent->order.number, intent->order);
  const auto* adopted = std::get_if<order_adopted>(&record.fact);
  if (intent || adopted) { // numbers come without gaps
    const auto& made = intent ? intent->order : adopted->order;
    if (raw(made.number) == ids_.size() + 1) ids_.push_back(made.id);
  }
  if (const auto* decided = std::get_if<order_decided>(&record.fact)) {
    if (!is_replaying_ && settings_.listener.on_decision) settings_.listener.on_decision(decided->decision);
    count_sent(*decided);
  }
  const auto* noted = std::get_if<risk_noted>(&record.fact);
  if (!noted) return {};
  noted_.push_back({*noted, record.at});
  return failed(fold_risk(*noted, record.at));
}

result<void> account_desk::fold_risk(const risk_noted& noted, utc_time at) {
  const auto fold = [&](auto parsed, auto& into) -> result<void> {
    if (!parsed) return parsed.error();
    return into.apply(*parsed);
  };
  if (noted.kind == "kill_switch") {
    const auto event = risk::parse_kill_event(noted.body);
    if (!event) return event.error();
    if (auto done = fold_stop(*event); !done) return done;
    if (stops_.size() == most_stops) stops_.erase(stops_.begin());
    stops_.push_back(*event);
  }
  if (!is_replaying_) tell_risk(noted, at);
  if (noted.kind == "limits") return fold(risk::parse_limit_event(noted.body), limits_);
  if (noted.kind != "breaker") return {};
  const auto event = risk::parse_breaker_event(noted.body);
  const auto is_reset_of = [&](risk::breaker_kind which) { return event && event->what == risk::breaker_event::kind::reset && event->which == which; };
  if (is_reset_of(risk::breaker_kind::consecutive_losses)) forgive_losses(event->scope.name);
  if (is_reset_of(risk::breaker_kind::slippage)) quality_.erase(event->scope.name);
  if (is_reset_of(risk::breaker_kind::repeated_reject)) gate_->core().history().forget_rejects(event->scope.name);
  return fold(event, breakers_);
}

void account_desk::restored(const account_book& book) {
  auto& state = gate_->core().state();
  state = risk::book{};
  const auto know = [&](const std::string& symbol) {
    if (state.symbol(symbol)) return;
    if (const auto told = facts_.find(symbol); told != facts_.end()) {
      static_cast<void>(state.set_instrument(symbol, told->second.view));
      state.set_market(symbol, told->second.market);
    } else if (const auto* what = settings_.master->find(symbol)) static_cast<void>(state.set_instrument(symbol, contract_view_of(*what, decimal{1})));
    if (settings_.need) settings_.need(symbol);
  };
  for (const auto& [symbol, held] : book.positions())
    if (!held.qty.is_zero()) know(symbol);
  for (const auto number : book.open_orders()) know(book.find(number)->symbol);
  // symbols of the past: the gate keeps a position of zero of them, too
  for (const auto& [symbol, held] : book.positions())
    if (!state.symbol(symbol))
      if (const auto* what = settings_.master->find(symbol)) static_cast<void>(state.set_instrument(symbol, contract_view_of(*what, decimal{1})));
  const auto at = std::max(book.last_execution_at(), opened_at_.value_or(utc_time{}));
  if (auto done = gate_->restore(book, at); !done) problem_ = done.error();
  strategies_offset_ = 0;
  refresh_strategies();
  for (const auto& id : books_.strategies())
    for (const auto& [symbol, held] : books_.holdings(id))
      if (!held.qty.is_zero()) state.set_strategy_position(id.str(), symbol, held.qty);
  if (settings_.need && !settings_.benchmark.empty()) settings_.need(settings_.benchmark);
  if (settings_.restored) settings_.restored(book);
}

void account_desk::on_report(const venue_report& report, utc_time now, std::optional<nanoseconds> since_asked) {
  const bool compares = settings_.is_real_time && settings_.is_real_time();
  if (const auto* all = std::get_if<venue_snapshot>(&report)) {
    is_reconciled_ = true;
    asked_for_balances_.reset();
    gate_->core().venue().state = risk::venue_view::session::synced;
    if (compares) clocks_.heard(risk::clock_watch::source::venue, all->taken_at, now, since_asked);
    if (all->balances) balances_ = *all->balances;
    if (all->balances && settings_.clock_ns) balances_heard_ns_ = settings_.clock_ns();
  } else if (const auto* figures = std::get_if<account_balances>(&report)) {
    if (compares) clocks_.heard(risk::clock_watch::source::venue, figures->at, now);
    balances_ = *figures;
    if (settings_.clock_ns) balances_heard_ns_ = settings_.clock_ns();
  }
  else return;
  refresh(now);
}

void account_desk::on_facts(access& in, const symbol_facts& facts) {
  auto& core = gate_->core();
  const bool is_new = !core.state().symbol(facts.symbol);
  if (auto done = core.state().set_instrument(facts.symbol, facts.view); !done) return;
  if (is_new && in.book()) { // what was adopted from the venue before the contract was known here
    static_cast<void>(core.state().set_position(facts.symbol, in.book()->held(facts.symbol)));
    if (in.book()->frozen().contains(facts.symbol)) core.state().set_agreement(facts.symbol, risk::agreement::frozen);
  }
  core.returns().set(facts.symbol, facts.daily_closes);
  core.state().set_market(facts.symbol, facts.market);
  facts_.insert_or_assign(facts.symbol, facts);
  on_market(in, {facts.symbol, facts.market, facts.view.fx});
}

void account_desk::on_market(access& in, const market_seen& seen) {
  auto& state = gate_->core().state();
  const auto told = facts_.find(seen.symbol);
  if (told == facts_.end()) return;
  hear_market(seen, in.now());
  told->second.market = seen.market;
  if (told->second.view.fx != seen.fx) {
    told->second.view.fx = seen.fx;
    static_cast<void>(state.set_instrument(seen.symbol, told->second.view));
  }
  state.set_market(seen.symbol, seen.market);
  const auto mark = seen.market.last ? seen.market.last : seen.market.bid;
  if (mark) books_.mark(seen.symbol, *mark, seen.fx);
  const auto now = in.now();
  refresh(now);
  if (now - balances_.at > balances_age && (!asked_for_balances_ || now - *asked_for_balances_ > balances_age) && !in.blocked()) {
    asked_for_balances_ = now;
    in.run([](account_core& core, utc_time at) { return core.look(at); }, [](const order_answer&) {});
  }
  roll_day(in);
  tell_figures(in);
}

void account_desk::on_order(const order& what) {
  if (what.state == order_state::created || what.state == order_state::submitting || what.state == order_state::unknown) return;
  const auto [from, to] = waiting_.equal_range(what.number);
  std::vector<waiting> told;
  for (auto at = from; at != to; ++at) told.push_back(std::move(at->second));
  waiting_.erase(from, to);
  for (const auto& one : told) answer_placed(what, one.how, one.done);
}

void account_desk::on_step(access& in) {
  const auto why = in.blocked();
  is_replaying_ = false;
  tell_news(in);
  tell_alarms(in);
  if (!why && !std::exchange(has_rules_, true)) adopt(in, settings_.rules);
  begin_waits(in);
  gate_->core().node().journal = why || problem_ ? risk::on_off::off : risk::on_off::on;
  refresh(in.now());
  follow_cancels(in);
  if (why || !in.book() || !in.book()->is_open()) return;
  write_lost_stops(in);
  refresh_strategies();
  begin_day(in);
  roll_day(in);
  judge_breakers(in);
  drive_flattening(in);
  tell_figures(in);
}

// ------------------------------------------------------------- what follows

void account_desk::refresh(utc_time now) {
  const auto figures = books_.figures(now);
  auto view = account_view_of(settings_.profile, figures.value_or(account_figures{}), balances_, risk::state_feed::polled);
  view.state_at = balances_.at;
  if (!figures) { // a held symbol without a price: the account's worth is not known
    view.equity.reset();
    view.start_of_day_equity.reset();
    view.peak_equity.reset();
  }
  view.fees = settings_.fees;
  view.trading = trading_;
  view.consecutive_losses = loss_streak({});
  view.day_trades = day_trade_rule_at(now);
  view.state_offset = last_offset_;
  gate_->core().state().set_account(std::move(view));
}

std::optional<risk::day_trade_rule> account_desk::day_trade_rule_at(utc_time now) {
  if (settings_.profile.type != account_type::pdt) return std::nullopt;
  const auto calendar = find_calendar("XNYS");
  if (!calendar) return std::nullopt;
  const auto date = (*calendar)->local_date(now);
  if (!day_trades_ || day_trades_->fills != fills_.size() || day_trades_->date != date) {
    const auto binds = [this](const std::string& symbol) {
      const auto* what = settings_.master->find(symbol);
      return what && (what->kind == asset_class::stock || what->kind == asset_class::etf || what->kind == asset_class::option);
    };
    day_trades_ = {fills_.size(), date, portfolio::day_trades(fills_, books_.held(), **calendar, now, binds)};
  }
  risk::day_trade_rule out;
  out.day_trades = day_trades_->count;
  return out;
}

/// The first equity, and the end of each day, are records: what is measured against them survives.
void account_desk::roll_day(access& in) {
  if (is_marking_ || in.blocked() || !opened_at_) return;
  const auto now = in.now();
  auto kind = mark_kind::point;
  if (has_point_) {
    const auto calendar = find_calendar(settings_.profile.roll_calendar);
    const auto due = calendar ? portfolio::next_day_roll(**calendar, last_roll_.value_or(*opened_at_)) : std::nullopt;
    if (!due || now < *due) return;
    kind = mark_kind::day_roll;
  }
  auto marks = books_.marks();
  if (!marks) return; // waits for the prices
  is_marking_ = true;
  const account_marked fact{kind, now, std::move(*marks)};
  in.run([&](account_core& core, utc_time at) { return core.note(fact, at); }, [this, kind](const order_answer& done) {
    if (done.refused) is_marking_ = false;
    else if (kind == mark_kind::day_roll) day_began_ = true;
  });
}

/// Once the roll is in the journal: before, the figures are still those of the old day and would trip the breakers again.
void account_desk::begin_day(access& in) {
  if (!std::exchange(day_began_, false)) return;
  if (settings_.need) { // of what is held, and of the benchmark, yesterday is history now
    for (const auto& [symbol, held] : in.book()->positions())
      if (!held.qty.is_zero()) settings_.need(symbol);
    if (!settings_.benchmark.empty()) settings_.need(settings_.benchmark);
  }
  for (const auto& event : breakers_.day_roll(in.now())) {
    if (!breakers_.apply(event)) continue;
    note_risk(in, "breaker", event.scope.name, {}, event.reason, risk::to_text(event), [](const order_answer&) {});
  }
}

void account_desk::judge_breakers(access& in) {
  auto events = std::vector<risk::breaker_event>{};
  for (const auto& [strategy, code] : gate_->take_trips()) {
    const auto which = code == risk::check_code::repeated_reject ? risk::breaker_kind::repeated_reject : risk::breaker_kind::runaway;
    const risk::breaker_scope scope = strategy.empty() ? risk::breaker_scope{} : risk::breaker_scope{risk::breaker_scope::kind::strategy, strategy};
    const auto& history = gate_->core().history();
    const bool repeats = which == risk::breaker_kind::repeated_reject;
    const auto counted = repeats ? history.worst_rejects(strategy, in.now()) : history.busiest_symbol({}, in.now()).orders;
    const auto& limit = limits_now()[repeats ? risk::limit_id::repeated_rejects : risk::limit_id::runaway_orders];
    if (auto event = breakers_.trip(which, scope, decimal{static_cast<std::int64_t>(counted)}, limit.value, in.now())) {
      static_cast<void>(breakers_.apply(*event));
      events.push_back(std::move(*event));
    }
  }
  for (auto& event : breakers_.evaluate(breaker_inputs(in), limits_now(), in.now())) {
    static_cast<void>(breakers_.apply(event));
    events.push_back(std::move(event));
  }
  for (const auto& event : events)
    note_risk(in, "breaker", event.scope.name, event.author, event.reason, risk::to_text(event), [](const order_answer&) {});
  stop_at_loss(in);
}

const risk::effective_limits& account_desk::limits_now() const { return limits_.resolve(settings_.profile.id.str(), {}, {}); }

void account_desk::note_risk(access& in, std::string kind, std::string scope, std::string author, std::string reason, std::string body,
                             account_access::done told) {
  const risk_noted fact{std::move(kind), std::move(scope), std::move(author), std::move(reason), std::move(body)};
  in.run([&](account_core& core, utc_time at) { return core.note(fact, at); }, std::move(told));
}

// ------------------------------------------------------------------ questions

std::optional<error> account_desk::trouble(access& in) const {
  const auto why = in.blocked();
  if (why && why->code == errc::corrupt_data) return error{errc::not_available, "the journal of the account is damaged: " + to_string(*why), "journal"};
  if (problem_) return error{errc::not_available, "the journal of the account can't be followed: " + to_string(*problem_), "journal"};
  if (!in.book()) return error{errc::not_available, why ? "the account is starting: " + to_string(*why) : "the account is starting", "account_id"};
  return std::nullopt;
}

std::pair<std::string_view, std::string> account_desk::journal_state(access& in) const {
  const auto why = in.blocked();
  auto reason = why ? to_string(*why) : problem_ ? to_string(*problem_) : std::string{};
  if ((why && why->code == errc::corrupt_data) || problem_) return {"read_only", std::move(reason)};
  if (!in.book()) return {"starting", std::move(reason)};
  if (!why) return {"ok", {}};
  return {why->code == errc::conflict ? "taken_over" : "failed", std::move(reason)};
}

utc_time account_desk::persons_time(access& in) const { return settings_.clock_ns ? utc_time{nanoseconds{settings_.clock_ns()}} : in.now(); }

result<account_snapshot> account_desk::account(access& in) const {
  if (auto why = trouble(in)) return *why;
  const auto figures = books_.figures(in.now());
  if (!figures) return figures.error();
  account_snapshot out;
  out.profile = settings_.profile;
  out.figures = *figures;
  out.balances = balances_;
  out.active = in.book() && in.book()->is_open() ? account_snapshot::state::on : account_snapshot::state::off;
  const bool is_stopped = stop_.mode_for(settings_.profile.id.str(), {}, {}) != risk::kill_mode::none;
  out.trading = in.blocked() || problem_ || is_stopped || trading_ == risk::on_off::off ? account_snapshot::state::off : account_snapshot::state::on;
  const bool has_heard = balances_.at != utc_time{};
  out.updated_at = has_heard ? std::optional{balances_.at} : opened_at_;
  if (has_heard)
    out.data_age = settings_.clock_ns ? std::chrono::milliseconds{std::max<std::int64_t>(0, settings_.clock_ns() - balances_heard_ns_) / 1'000'000}
                                      : std::chrono::duration_cast<std::chrono::milliseconds>(std::max(nanoseconds{0}, in.now() - balances_.at));
  return out;
}

std::vector<position_snapshot> account_desk::positions() const {
  std::vector<position_snapshot> out;
  const auto& equity = gate_->core().state().account().equity;
  for (auto& one : books_.positions()) {
    if (one.held.qty.is_zero()) continue;
    position_snapshot shown;
    shown.account = settings_.profile.id;
    shown.current = one.mark;
    shown.market_value = one.exposure;
    shown.unrealized = one.unrealized;
    shown.day_pnl = one.day_pnl;
    if (equity && equity->value().is_positive() && one.exposure)
      if (const auto weight = decimal::checked_divide(one.exposure->value(), equity->value())) shown.weight = *weight;
    shown.held = std::move(one.held);
    out.push_back(std::move(shown));
  }
  return out;
}

bool account_desk::matches(const order& what, const order_filter& filter) const {
  if (filter.symbol && what.symbol != *filter.symbol) return false;
  if (filter.order && what.id != *filter.order) return false;
  if (filter.strategy && what.strategy != *filter.strategy) return false;
  if (filter.status && status_of(what) != *filter.status) return false;
  if (filter.since && what.created_at < *filter.since) return false;
  return !filter.before || raw(what.number) < *filter.before;
}

std::optional<order_id> account_desk::id_of(order_number number) const {
  const auto at = raw(number);
  return at == 0 || at > ids_.size() ? std::nullopt : std::optional{ids_[static_cast<std::size_t>(at) - 1]};
}

order_snapshot account_desk::snapshot(const order& what) const {
  order_snapshot out{settings_.profile.id, settings_.profile.mode, what};
  if (what.parent != order_number::none) out.parent = id_of(what.parent);
  for (const auto number : what.linked)
    if (auto id = id_of(number)) out.linked.push_back(std::move(*id));
  return out;
}

std::vector<order_snapshot> account_desk::orders(access& in, const order_filter& filter) const {
  std::vector<order_snapshot> out;
  if (!in.book()) return out;
  const auto& all = in.book()->orders();
  for (auto at = all.rbegin(); at != all.rend() && out.size() < filter.limit; ++at)
    if (matches(*at, filter)) out.push_back(snapshot(*at));
  return out;
}

const order* account_desk::find(access& in, const order_name& name) const {
  if (!in.book()) return nullptr;
  const auto& book = *in.book();
  if (name.by == order_name::kind::client) return book.find(client_order_id{name.id});
  const auto& all = book.orders();
  const auto is_meant = [&](const order& one) { return name.by == order_name::kind::broker ? one.venue_order.str() == name.id : one.id.str() == name.id; };
  // the venue's ids come again: the newest order counts
  const auto at = std::find_if(all.rbegin(), all.rend(), is_meant);
  return at == all.rend() ? nullptr : &*at;
}

result<order_snapshot> account_desk::order_of(access& in, const order_name& name) const {
  if (auto why = trouble(in)) return *why;
  const auto* what = find(in, name);
  if (!what) return no_order(name);
  auto out = snapshot(*what);
  out.events = diary_.of(what->number);
  return out;
}

execution_snapshot account_desk::snapshot(access& in, const order_fill& fill) const {
  execution_snapshot out;
  out.account = settings_.profile.id;
  out.fill = fill;
  const auto* what = in.book() ? in.book()->find(fill.order) : nullptr;
  if (!what) return out;
  out.order = what->id;
  out.strategy = what->strategy, out.contract = what->contract;
  out.reason = what->leg.empty() ? what->comment : what->leg;
  const auto fees = total_of(fill.fees);
  const auto value = decimal::checked_multiply(fill.px.value(), fill.qty.value());
  if (!fees || !value) return out;
  const auto in_money = decimal::checked_multiply(*value, what->contract.multiplier);
  if (!in_money) return out;
  const auto gross = *in_money * fill.fx;
  out.net_value = money{fill.way == direction::buy ? -gross : gross} - *fees;
  return out;
}

std::vector<execution_snapshot> account_desk::executions(access& in, const order_filter& filter) const {
  std::vector<execution_snapshot> out;
  std::uint64_t place = fills_.size();
  for (auto at = fills_.rbegin(); at != fills_.rend() && out.size() < filter.limit; ++at, --place) {
    if (filter.before && place >= *filter.before) continue;
    if (filter.symbol && at->symbol != *filter.symbol) continue;
    if (filter.since && at->at < *filter.since) continue;
    if (filter.until && at->at >= *filter.until) continue;
    auto shown = snapshot(in, *at);
    if (filter.order && shown.order != *filter.order) continue;
    if (filter.strategy && shown.strategy != *filter.strategy) continue;
    shown.sequence = place;
    out.push_back(std::move(shown));
  }
  return out;
}

result<account_performance> account_desk::performance(access& in, std::size_t points) const {
  if (auto why = trouble(in)) return *why;
  account_performance out;
  out.account = settings_.profile.id;
  out.trades = books_.trades();
  const auto now = books_.figures(in.now()); // the last point is where it stands
  const auto& curve = books_.curve();
  const auto count = std::min(points > 0 && now ? points - 1 : points, curve.size());
  out.curve.assign(curve.end() - static_cast<std::ptrdiff_t>(count), curve.end());
  if (now) {
    if (points > 0) out.curve.push_back({now->at, now->equity, now->cash, now->unrealized});
    out.fees = now->fees;
    out.realized = now->realized;
  }
  out.days = books_.days();
  out.max_drawdown = books_.max_drawdown();
  return out;
}

void account_desk::history(access& in, reply<account_history> done, int looks) const {
  if (in.book()) return done(history_now(in));
  if (auto why = trouble(in); why && why->field == "journal") return done(*why); // waiting mends nothing
  if (looks >= max_history_looks) return done(error{errc::not_available, "the journal of the account can't be opened", "account_id"});
  in.after(history_pause, [this, done = std::move(done), looks](access& later) { history(later, done, looks + 1); });
}

account_history account_desk::history_now(access& in) const {
  account_history out;
  out.account = settings_.profile.id;
  out.mode = settings_.profile.mode;
  out.kill = stop_.mode_for(settings_.profile.id.str(), {}, {});
  out.opened_at = opened_at_.value_or(utc_time{});
  // what is durable and not told yet comes as news
  out.orders = has_started_ ? told_news_ : diary_.news();
  out.executions = has_started_ ? told_fills_ : fills_.size();
  auto number = diary_.news() - diary_.newest().size();
  for (const auto& piece : diary_.newest()) {
    if (++number > out.orders) break;
    if (const auto* what = piece.what ? piece.what.get() : in.book()->find(piece.number)) {
      out.order_news.push_back(snapshot(*what));
      out.order_news.back().sequence = number;
    }
  }
  const auto first = out.executions > order_diary::max_news ? out.executions - order_diary::max_news : 0;
  for (auto i = first; i < out.executions; ++i) out.execution_news.push_back(snapshot(in, fills_[i]));
  for (const auto open : in.book()->open_orders()) out.open_orders.push_back(snapshot(*in.book()->find(open)));
  if (auto figures = account(in)) out.figures = std::move(*figures);
  out.positions = positions();
  return out;
}

desk_health account_desk::health(access& in) const {
  desk_health out;
  std::tie(out.journal, out.reason) = journal_state(in);
  out.offset = last_offset_;
  out.mode = stop_.mode_for(settings_.profile.id.str(), {}, {});
  out.is_reconciled = is_reconciled_;
  out.differences = in.differences();
  if (!in.book()) return out;
  for (const auto& one : in.book()->orders()) ++out.orders[std::string(to_string(one.state))];
  out.orders_open = in.book()->open_orders().size();
  out.orders_unknown = out.orders.contains("unknown") ? out.orders.at("unknown") : 0;
  return out;
}

} // namespace tt::gateway
