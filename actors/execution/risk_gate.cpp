#include "actors/execution/risk_gate.hpp"

#include <algorithm>

namespace tt::execution {

namespace {

/// Orders that nobody sends through a door: made by ourselves out of an order that passed, or by the emergency stop.
bool is_our_own(order_origin origin) {
  return origin == order_origin::leg || origin == order_origin::flatten || origin == order_origin::external;
}

/// Siblings that close or open the same units: legs of one bracket, both orders of an OCO pair.
order_number group_of(const order& what) {
  if (what.parent != order_number::none) return what.parent;
  const bool is_pair_head = !what.leg.empty();
  return is_pair_head ? what.number : order_number::none;
}

bool is_at_the_venue(order_state s) { return is_live(s); }

risk::leg_prices prices_of(const order_terms& before, const order_terms& wanted) {
  const bool same = before.limit_price == wanted.limit_price && before.stop_price == wanted.stop_price;
  return same ? risk::leg_prices::as_settled : risk::leg_prices::moved;
}

} // namespace

risk_gate::risk_gate(const risk::limit_book& limits, const risk::kill_switch& stop, const risk::breaker_board& breakers,
                     risk::node_rates& rates, risk::gate_settings settings)
  : gate_(limits, stop, breakers, rates, std::move(settings)) {}

void risk_gate::expect(const intent_key& key, order_sender sender) {
  if (waiting_.insert_or_assign(key, std::move(sender)).second) waiting_order_.push_back(key);
  if (waiting_order_.size() <= max_waiting) return;
  waiting_.erase(waiting_order_.front());
  waiting_order_.erase(waiting_order_.begin());
}

void risk_gate::forget_sender(const intent_key& key) {
  if (waiting_.erase(key) > 0) std::erase(waiting_order_, key);
}

void risk_gate::fill_in(question& q, const order& what, const account_id& account, sender_use use) {
  auto& r = q.asked;
  r.account = account;
  r.symbol = what.symbol;
  r.side = what.terms.side;
  // an order of a given quantity goes out with that of its terms: a leg is sized to what was filled
  r.size = std::holds_alternative<size_quantity>(what.asked) && what.terms.qty.value().is_positive() ? order_size{size_quantity{what.terms.qty}}
                                                                                                     : what.asked;
  r.type = what.terms.type;
  r.limit_price = what.terms.limit_price;
  r.stop_price = what.terms.stop_price;
  r.trail_offset = what.terms.trail_offset;
  r.trail_percent = what.terms.trail_percent;
  r.profit = what.profit;
  r.loss = what.loss;
  r.tif = what.terms.tif;
  r.good_till = what.terms.good_till;
  r.hours = what.terms.hours;
  r.effect = what.terms.effect;
  r.closing = what.closing;
  r.strategy = what.strategy;
  q.view.asked = &r;
  q.view.key = &what.key;
  q.view.number = what.number;
  q.view.group = group_of(what);
  q.view.attempt = what.attempt;
  q.view.origin = what.origin;
  const auto known = waiting_.find(what.key);
  if (known != waiting_.end()) {
    q.sender = known->second;
    if (use == sender_use::last) forget_sender(what.key);
  }
  const bool has_sender = !q.sender.principal.empty();
  q.view.principal = q.sender.principal;
  q.view.may = has_sender || is_our_own(what.origin) || what.attempt > 0 ? &q.sender.may : nullptr;
  q.view.execute = q.sender.execute;
  q.view.identity = q.sender.identity;
  q.view.signal_at = q.sender.signal_at;
  q.view.reported_position = q.sender.reported_position;
}

gate_word risk_gate::answer(risk::gate_answer&& from, const order& what) {
  for (const auto code : from.trips) trips_.emplace_back(what.strategy.str(), code);
  return {risk::to_record(from.verdict), std::move(from.proof)};
}

gate_word risk_gate::check(const order& what, const account_book& book, utc_time now) {
  last_seen_ = now;
  question q;
  fill_in(q, what, book.profile().id);
  return answer(gate_.check_and_reserve(q.view, now), what);
}

risk_decision risk_gate::foresee(const order& what, std::span<const order_number> without, const account_book& book, utc_time now) {
  question q;
  fill_in(q, what, book.profile().id, sender_use::again);
  if (const auto* before = book.find(what.number)) q.view.legs = prices_of(before->terms, what.terms);
  return risk::to_record(preview(q.view, without, book, now));
}

risk::decision risk_gate::preview(const risk::order_view& view, std::span<const order_number> without, const account_book& book, utc_time now) {
  auto& state = gate_.state();
  std::vector<risk::working_order> kept;
  for (const auto number : without)
    if (const auto* one = state.working(number)) kept.push_back(*one);
  for (const auto& one : kept) state.on_final(one.number);
  auto out = gate_.preview(view, now);
  for (auto& one : kept) {
    const auto* owner = book.find(one.number);
    static_cast<void>(state.add_working(owner ? owner->symbol : view.asked->symbol, std::move(one)));
  }
  return out;
}

gate_word risk_gate::check_change(const order& what, const order_terms& wanted, const account_book& book, utc_time now) {
  last_seen_ = now;
  auto changed = what;
  changed.terms = wanted;
  changed.asked = size_quantity{wanted.qty};
  question q;
  fill_in(q, changed, book.profile().id);
  q.view.executed = what.filled;
  q.view.legs = prices_of(what.terms, wanted);
  // who may change it was asked at the door; the gate judges the order
  q.view.may = &q.sender.may;
  return answer(gate_.check_change(q.view, now), what);
}

void risk_gate::on_order(const order& after) {
  auto& state = gate_.state();
  if (is_final(after.state)) {
    forget_sender(after.key);
    return state.on_final(after.number);
  }
  if (!may_trade(after.state)) return;
  if (!state.working(after.number)) return take_over(after, last_seen_);
  if (is_at_the_venue(after.state)) state.acknowledge(after.number);
  // while a change is open, either of both may hold: the larger stays reserved
  if (after.state != order_state::pending_replace) state.on_changed(after.number, after.remaining(), after.terms.limit_price);
}

void risk_gate::on_fill(const order& after, const order_fill& fill) {
  static_cast<void>(gate_.state().on_fill(after.number, fill.symbol, fill.way, fill.qty, fill.at));
}

void risk_gate::take_over(const order& what, utc_time now) {
  if (!what.remaining().value().is_positive()) return;
  question q;
  fill_in(q, what, gate_.state().account().id);
  const auto there = is_at_the_venue(what.state) ? risk::on_off::on : risk::on_off::off;
  const auto foreign = what.owner == ownership::external ? risk::on_off::on : risk::on_off::off;
  // a symbol that the gate does not know can't be traded through it either: every order on it is refused
  static_cast<void>(gate_.adopt(q.view, what.remaining(), there, foreign, now));
}

void risk_gate::on_freeze(const std::string& symbol, const freeze* now) {
  gate_.state().set_agreement(symbol, now ? risk::agreement::frozen : risk::agreement::agreed);
}

void risk_gate::on_position(const std::string& symbol, quantity held) {
  // of a symbol that the gate does not know yet its owner tells it with the contract
  static_cast<void>(gate_.state().set_position(symbol, held));
}

result<void> risk_gate::restore(const account_book& book, utc_time now) {
  last_seen_ = now;
  auto& state = gate_.state();
  for (const auto& [symbol, held] : book.positions())
    if (auto done = state.set_position(symbol, held.qty); !done) return done;
  for (const auto& [symbol, why] : book.frozen()) state.set_agreement(symbol, risk::agreement::frozen);
  for (const auto& what : book.orders()) {
    // one that waits has not passed the gate yet; who sent it was asked at the door, by the process before
    if (what.state != order_state::created) gate_.history().remember(what.key, what.attempt);
    else if (!is_our_own(what.origin)) expect(what.key, {.principal = "restart"});
    if (!may_trade(what.state) || state.working(what.number)) continue;
    if (!state.symbol(what.symbol)) return error{errc::not_found, "no contract of " + in_quotes(what.symbol), "symbol"};
    take_over(what, now);
  }
  restore_rates(book);
  return {};
}

// What was sent in the last minute before the stop counts on: a restart is no way around the rates.
void risk_gate::restore_rates(const account_book& book) {
  std::vector<const order*> sent;
  utc_time newest{};
  for (auto at = book.orders().rbegin(); at != book.orders().rend() && sent.size() < most_recounted; ++at) {
    if (!at->submitted_at || is_our_own(at->origin)) continue;
    newest = std::max(newest, *at->submitted_at);
    if (*at->submitted_at <= newest - risk::rate_window::longest) break;
    sent.push_back(&*at);
  }
  std::ranges::sort(sent, {}, [](const order* one) { return *one->submitted_at; });
  auto& history = gate_.history();
  for (const auto* one : sent) {
    const auto kind = one->terms.effect == position_effect::reduce_only ? risk::rate_kind::closing : risk::rate_kind::opening;
    history.account_rate(kind).add(*one->submitted_at);
    if (!one->strategy.empty()) history.strategy_rate(kind, one->strategy.str()).add(*one->submitted_at);
    history.add_order(one->symbol, one->strategy.str(), *one->submitted_at);
  }
}

risk::account_view account_view_of(const account_profile& profile, const account_figures& figures, const account_balances& balances,
                                   risk::state_feed feed) {
  risk::account_view out;
  out.id = profile.id;
  out.type = profile.type;
  out.mode = profile.mode;
  out.equity = balances.equity ? balances.equity : std::optional{figures.equity};
  out.cash = balances.cash ? balances.cash : std::optional{figures.cash};
  out.settled_cash = balances.settled_cash;
  out.buying_power = balances.buying_power;
  out.start_of_day_equity = figures.start_of_day_equity;
  // day_pnl is equity less start less flows: the flows are what is left
  out.day_flows = figures.equity - figures.start_of_day_equity - figures.day_pnl;
  out.peak_equity = figures.peak_equity;
  out.maintenance_margin = balances.maintenance_margin;
  out.margin_call = balances.margin_call.value_or(false) ? risk::margin_call_state::called : risk::margin_call_state::none;
  out.feed = feed;
  out.state_at = balances.at == utc_time{} ? figures.at : std::min(balances.at, figures.at);
  return out;
}

risk::instrument_view contract_view_of(const instrument& what, decimal fx) {
  risk::instrument_view out;
  out.what = &what;
  out.initial_margin = what.initial_margin;
  out.fx = fx;
  out.issuer = what.issuer;
  out.sector = what.sector;
  out.broad_index = what.broad_index.value_or(false) ? risk::on_off::on : risk::on_off::off;
  out.min_notional = what.min_notional;
  if (what.tradable && !*what.tradable) out.state = risk::listing::halted;
  if (!what.calendar) return out;
  // days of the contract are days of its own calendar
  if (what.last_trade)
    if (const auto day = what.calendar->on_or_before(*what.last_trade)) out.last_trade = day->regular.close;
  if (what.first_notice)
    if (const auto day = what.calendar->on_or_after(*what.first_notice)) out.first_notice = day->extended.open;
  return out;
}

risk::venue_view venue_view_of(const venue_capabilities& can, risk::venue_view::session state) {
  risk::venue_view out;
  out.state = state;
  for (const auto type : can.types) out.types |= risk::bit(type);
  // what we hold ourselves goes out as the orders it is made of, and those are checked
  if (can.brackets == linked_support::none) out.types |= risk::bit(order_type::bracket);
  if (can.oco == linked_support::none) out.types |= risk::bit(order_type::oco);
  for (const auto tif : can.tifs) out.lives |= risk::bit(tif);
  out.extended_hours = can.hours.contains(order_hours::extended) ? risk::on_off::on : risk::on_off::off;
  return out;
}

} // namespace tt::execution
