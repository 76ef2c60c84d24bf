#include "actors/execution/account_book.hpp"
#include "actors/execution/order_changes.hpp"

#include <algorithm>
#include <utility>

namespace tt::execution {

namespace {

error misfit(const journal_record& record, std::string why) {
  return {errc::corrupt_data, std::move(why), "record " + std::to_string(raw(record.offset))};
}
std::string venue_key(const std::string& session, const venue_order_id& id) { return session + '\0' + id.str(); }
error no_order(const journal_record& record, order_number number) {
  return misfit(record, "speaks of order " + std::to_string(raw(number)) + ", which there is not");
}

} // namespace

result<void> account_book::check_turn(const journal_record& record) const {
  if (raw(record.offset) != raw(last_) + 1) return misfit(record, "does not follow record " + std::to_string(raw(last_)));
  if (!opened_ && !std::holds_alternative<account_opened>(record.fact)) return misfit(record, "stands before the account was opened");
  return {};
}

result<void> account_book::apply(journal_record&& record) {
  auto* intent = std::get_if<order_intent>(&record.fact);
  auto* decided = std::get_if<order_decided>(&record.fact);
  if (!intent && !decided) return apply(std::as_const(record));
  if (auto fine = check_turn(record); !fine) return fine;
  auto done = intent ? enter(std::move(intent->order), record) : decide(std::move(*decided), record);
  if (done) last_ = record.offset;
  return done;
}

result<void> account_book::apply(const journal_record& record) {
  if (auto fine = check_turn(record); !fine) return fine;
  auto done = std::visit([&](const auto& fact) { return on(fact, record); }, record.fact);
  if (done) last_ = record.offset;
  return done;
}

result<void> account_book::on(const account_opened& fact, const journal_record& record) {
  if (opened_) return misfit(record, "opens the account a second time");
  opened_ = true;
  profile_ = fact.profile;
  cash_ = fact.cash;
  return {};
}

// what was going out when the node stopped is in doubt
result<void> account_book::on(const node_started&, const journal_record& record) {
  for (const auto number : std::vector<order_number>(open_.begin(), open_.end())) {
    auto& what = *get(number);
    if (what.state != order_state::submitting) continue;
    what.reason = "the node was restarted while the order was going out";
    set_state(what, order_state::unknown, record.at);
  }
  return {};
}

result<void> account_book::on(const order_intent& fact, const journal_record& record) { return enter(fact.order, record); }
result<void> account_book::on(const order_adopted& fact, const journal_record& record) { return enter(fact.order, record); }
result<void> account_book::on(const order_decided& fact, const journal_record& record) { return decide(fact, record); }

result<void> account_book::enter(order what, const journal_record& record) {
  if (what.number != next_number()) return misfit(record, "has order number " + std::to_string(raw(what.number)) + " out of turn");
  if (by_wire_.contains(what.wire_id)) return misfit(record, "repeats a wire id");
  what.updated_at = record.at;
  orders_.push_back(std::move(what));
  index(orders_.back());
  open_claim(orders_.back());
  return {};
}

result<void> account_book::decide(order_decided fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  if (what->state != order_state::created) return misfit(record, "decides an order that is past it");
  take_decision(*what, std::move(fact), record.at);
  forget_final(*what);
  return {};
}

result<void> account_book::on(const order_moved& fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  const auto next = state_after(*what, fact.event);
  if (!next || fact.event == order_event::partial_execution || fact.event == order_event::full_execution)
    return misfit(record, "moves an order by " + std::string(to_string(fact.event)) + " from " + std::string(to_string(what->state)));
  const bool is_found = what->state == order_state::unknown && is_live(*next);
  take_move(*what, fact, *next, record.at);
  learn(*what, fact.handle);
  if (is_found) absences_.erase(fact.number);
  forget_final(*what);
  return {};
}

void account_book::set_state(order& what, order_state state, utc_time at) {
  enter_state(what, state, at);
  forget_final(what);
}

void account_book::forget_final(const order& what) {
  if (!is_final(what.state)) return;
  open_.erase(what.number);
  absences_.erase(what.number);
}

void account_book::learn(order& what, const order_handle& handle) {
  if (handle.venue_order.empty()) return;
  learn_handle(what, handle);
  by_venue_[venue_key(handle.venue_session, handle.venue_order)] = what.number;
}

result<void> account_book::on(const venue_id_learned& fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  learn(*what, fact.handle);
  ++what->version;
  what->updated_at = record.at;
  return {};
}

result<void> account_book::on(const execution_booked& fact, const journal_record& record) {
  const auto& fill = fact.fill;
  if (executions_.contains(fill.id)) return misfit(record, "books an execution a second time");
  auto* what = get(fill.order);
  if (!what) return no_order(record, fill.order);
  const auto value = decimal::checked_multiply(fill.px.value(), fill.qty.value());
  if (!value) return value.error();
  const auto filled_value = decimal::checked_add(what->filled_value, *value);
  if (!filled_value) return filled_value.error();
  auto held = position_of(fill.symbol, what->contract);
  const auto before = held.qty.value();
  const auto effect = apply_fill(held, fill);
  if (!effect) return effect.error();
  const auto cash = decimal::checked_add(cash_.value(), effect->cash_change.value());
  if (!cash) return cash.error();
  positions_[fill.symbol] = std::move(held);
  cash_ = money{*cash};
  book_for_owner(*what, before, fill.signed_quantity().value());
  what->filled += fill.qty;
  what->filled_value = *filled_value;
  what->fees += effect->fees;
  const auto event = what->filled >= what->largest_quantity() ? order_event::full_execution : order_event::partial_execution;
  const auto next = state_after(*what, event);
  TT_ASSERT(next.has_value()); // the table has an arrow for executions in every state
  set_state(*what, *next, record.at);
  executions_.emplace(fill.id, booked_execution{fill.order, fill.symbol, fill.way, fill.qty, fill.px, fill.fx});
  last_execution_ = record.offset;
  last_execution_at_ = std::max(last_execution_at_, fill.at);
  return {};
}

result<void> account_book::on(const execution_corrected& fact, const journal_record& record) {
  const auto found = executions_.find(fact.id);
  if (found == executions_.end()) return misfit(record, "corrects an execution that there is not");
  auto& old = found->second;
  auto* what = get(old.order);
  if (!what) return no_order(record, old.order);
  auto held = position_of(old.symbol, what->contract);
  const auto held_before = held.qty.value();
  auto cash = cash_;
  for (const auto& fill : correction_of(old, fact.qty, fact.px, fact.at)) {
    const auto effect = apply_fill(held, fill);
    if (!effect) return effect.error();
    cash += effect->cash_change;
  }
  const auto before = decimal::checked_multiply(old.px.value(), old.qty.value());
  const auto after = decimal::checked_multiply(fact.px.value(), fact.qty.value());
  if (!before) return before.error();
  if (!after) return after.error();
  positions_[old.symbol] = std::move(held);
  cash_ = cash;
  const auto more = fact.qty.value() - old.qty.value();
  book_for_owner(*what, held_before, old.way == direction::buy ? more : -more);
  what->filled += fact.qty - old.qty;
  what->filled_value += *after - *before;
  what->updated_at = record.at;
  ++what->version;
  old.qty = fact.qty;
  old.px = fact.px;
  last_execution_ = record.offset;
  return {};
}

result<void> account_book::on(const report_unmatched&, const journal_record&) {
  ++unmatched_;
  return {};
}

result<void> account_book::on(const legs_linked& fact, const journal_record& record) {
  auto* head = get(fact.parent);
  if (!head) return no_order(record, fact.parent);
  for (const auto leg : fact.legs) {
    if (!get(leg)) return no_order(record, leg);
    if (std::find(head->linked.begin(), head->linked.end(), leg) == head->linked.end()) head->linked.push_back(leg);
  }
  ++head->version;
  head->updated_at = record.at;
  return {};
}

result<void> account_book::on(const stop_progressed& fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  take_progress(*what, fact.progress, record.at);
  return {};
}

result<void> account_book::on(const terms_changed& fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  if (what->state != order_state::created) return misfit(record, "changes an order that went out");
  take_terms(*what, fact.terms, record.at);
  return {};
}

result<void> account_book::on(const change_decided& fact, const journal_record& record) {
  auto* what = get(fact.number);
  if (!what) return no_order(record, fact.number);
  take_change(*what, fact, record.at);
  return {};
}

result<void> account_book::on(const absence_seen& fact, const journal_record& record) {
  if (!get(fact.number)) return no_order(record, fact.number);
  absences_.try_emplace(fact.number, fact);
  return {};
}

result<void> account_book::on(const symbol_frozen& fact, const journal_record& record) {
  const auto since = frozen_.contains(fact.symbol) ? frozen_[fact.symbol].since : record.at;
  frozen_[fact.symbol] = {fact.ours, fact.theirs, fact.reason, since};
  return {};
}

result<void> account_book::on(const symbol_thawed& fact, const journal_record&) {
  frozen_.erase(fact.symbol);
  return {};
}

// What is gone by it is gone as by an order without a strategy.
result<void> account_book::on(const position_adjusted& fact, const journal_record&) {
  auto held = position_of(fact.symbol, fact.contract);
  const auto before = held.qty.value();
  if (auto taken = take_over(held, fact.qty, fact.average, fact.contract, fact.fx); !taken) return taken;
  positions_[fact.symbol] = std::move(held);
  book_for_strategy({}, fact.symbol, before, fact.qty.value() - before);
  cut_claims(fact.symbol);
  return {};
}

result<void> account_book::on(const cash_flowed& fact, const journal_record&) {
  const auto cash = decimal::checked_add(cash_.value(), fact.amount.value());
  if (!cash) return cash.error();
  cash_ = money{*cash};
  return {};
}

result<void> account_book::on(const balances_reported& fact, const journal_record&) {
  balances_ = fact.balances;
  return {};
}

// kept for others who fold the journal: portfolio, risk, alerts
result<void> account_book::on(const account_marked&, const journal_record&) { return {}; }
result<void> account_book::on(const risk_noted&, const journal_record&) { return {}; }
result<void> account_book::on(const cause_received&, const journal_record&) { return {}; }

} // namespace tt::execution
