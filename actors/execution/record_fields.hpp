#pragma once

// The members of every journalled struct in the order of their bytes. New members
// go to the end, behind `if (since(a, N))`; nothing is ever taken out or moved:
// tests/execution/journal_golden.test.cpp holds the bytes. For the journal, and for snapshots of
// folds that keep such structs.

#include "actors/execution/byte_archive.hpp"
#include "actors/execution/journal_records.hpp"

namespace tt {

// clang-format off
template <class A> void fields(A& a, size_quantity& x) { a(x.value); }
template <class A> void fields(A& a, size_notional& x) { a(x.value); }
template <class A> void fields(A& a, size_weight& x) { a(x.value); }
template <class A> void fields(A& a, size_risk& x) { a(x.risk, x.stop); }
template <class A> void fields(A& a, take_profit& x) { a(x.at); }
template <class A> void fields(A& a, stop_loss& x) { a(x.stop, x.limit); }
template <class A> void fields(A& a, contract_terms& x) { a(x.multiplier, x.currency, x.style); fields_of_kind(a, x.kind); }
template <class A> void fields(A& a, check_outcome& x) {
  // a record has both figures or, by its unit, none: those that are told have no limit that is off
  auto measured = x.measured.value_or(decimal{}), limit = x.limit.value_or(decimal{});
  a(x.code, x.result, x.scope, measured, limit, x.unit, x.message, x.elapsed_ns);
  if constexpr (A::reads) if (x.unit != "none") { x.measured = measured; x.limit = limit; }
}
template <class A> void fields(A& a, stop_progress& x) { a(x.level, x.is_triggered); }
template <class A> void fields(A& a, size_adjustment& x) { a(x.code, x.allowed); }
template <class A> void fields(A& a, execution_fees& x) { a(x.commission, x.exchange, x.regulatory, x.other); }
template <class A> void fields(A& a, booked_execution& x) { a(x.order, x.symbol, x.way, x.qty, x.px, x.fx); }
template <class A> void fields(A& a, account_profile& x) { a(x.id, x.venue, x.type, x.mode, x.currency, x.roll_calendar); }
// clang-format on

/// asset_class has its own spelling functions and no names_of.
template <class A>
void fields_of_kind(A& a, asset_class& kind) {
  auto number = static_cast<std::uint32_t>(kind);
  a(number);
  if constexpr (A::reads) kind = static_cast<asset_class>(number <= static_cast<std::uint32_t>(asset_class::option) ? number : 0);
}

template <class A>
void fields(A& a, order_terms& x) {
  a(x.side, x.type, x.tif, x.hours, x.effect, x.qty, x.limit_price, x.stop_price, x.trail_offset, x.trail_percent, x.good_till);
}
template <class A>
void fields(A& a, risk_decision& x) {
  a(x.result, x.code, x.legacy_code, x.message, x.original, x.approved, x.checks, x.adjustments, x.limits_version, x.state_offset, x.elapsed_ns);
}
template <class A>
void fields(A& a, order_fill& x) {
  a(x.id, x.order, x.symbol, x.way, x.qty, x.px, x.taken, x.fees, x.fx, x.at);
}
template <class A>
void fields(A& a, account_balances& x) {
  a(x.at, x.cash, x.settled_cash, x.equity, x.buying_power, x.day_trade_buying_power, x.initial_margin, x.maintenance_margin,
    x.pattern_day_trader, x.margin_call);
}
template <class A>
void fields(A& a, position& x) {
  a(x.symbol, x.contract, x.qty, x.cost, x.cost_basis, x.realized, x.fees, x.trades, x.opened_at, x.updated_at, x.owner);
}

/// What an order is born with: the body of an intent.
template <class A>
void birth_fields(A& a, order& x) {
  a(x.number, x.id, x.client_id, x.wire_id, x.key, x.attempt, x.origin, x.owner, x.symbol, x.contract, x.asked, x.terms, x.profit, x.loss, x.closing,
    x.strategy, x.alert, x.comment, x.parent, x.leg, x.created_at);
}
/// The whole order: the body of an adoption and of a snapshot.
template <class A>
void fields(A& a, order& x) {
  birth_fields(a, x);
  a(x.venue_order, x.venue_session, x.pending_terms, x.original, x.state, x.resume, x.wish, x.filled, x.filled_value, x.fees, x.version,
    x.terms_version, x.reason, x.reject_code, x.linked, x.decision, x.submitted_at, x.filled_at, x.updated_at);
  if (since(a, 3)) a(x.progress);
}

} // namespace tt

namespace tt::execution {

// clang-format off
template <class A> void fields(A& a, order_handle& x) { a(x.wire_id, x.venue_order, x.venue_session); }
template <class A> void fields(A& a, account_opened& x) { a(x.profile, x.cash); }
template <class A> void fields(A& a, node_started& x) { a(x.node, x.version); }
template <class A> void fields(A& a, order_intent& x) { birth_fields(a, x.order); if constexpr (A::reads) x.order.updated_at = x.order.created_at; }
template <class A> void fields(A& a, order_decided& x) { a(x.number, x.decision, x.terms); }
template <class A> void fields(A& a, order_moved& x) { a(x.number, x.event, x.handle, x.text, x.code, x.terms); }
template <class A> void fields(A& a, execution_booked& x) { a(x.fill); }
template <class A> void fields(A& a, execution_corrected& x) { a(x.id, x.qty, x.px, x.text, x.at); }
template <class A> void fields(A& a, report_unmatched& x) { a(x.number, x.handle, x.what); }
template <class A> void fields(A& a, venue_id_learned& x) { a(x.number, x.handle); }
template <class A> void fields(A& a, legs_linked& x) { a(x.parent, x.legs); }
template <class A> void fields(A& a, order_adopted& x) { a(x.order); }
template <class A> void fields(A& a, absence_seen& x) { a(x.number, x.snapshot, x.at); }
template <class A> void fields(A& a, symbol_frozen& x) { a(x.symbol, x.ours, x.theirs, x.reason); }
template <class A> void fields(A& a, symbol_thawed& x) { a(x.symbol, x.reason); }
template <class A> void fields(A& a, position_adjusted& x) { a(x.symbol, x.contract, x.qty, x.average, x.fx, x.author, x.reason); }
template <class A> void fields(A& a, cash_flowed& x) { a(x.kind, x.amount, x.text); }
template <class A> void fields(A& a, balances_reported& x) { a(x.balances); }
template <class A> void fields(A& a, price_mark& x) { a(x.symbol, x.px, x.fx); }
template <class A> void fields(A& a, account_marked& x) { a(x.kind, x.at, x.marks); }
template <class A> void fields(A& a, risk_noted& x) { a(x.kind, x.scope, x.author, x.reason, x.body); }
template <class A> void fields(A& a, cause_received& x) { a(x.key, x.source, x.body); }
template <class A> void fields(A& a, stop_progressed& x) { a(x.number, x.progress); }
template <class A> void fields(A& a, terms_changed& x) { a(x.number, x.terms); }
template <class A> void fields(A& a, change_decided& x) { a(x.number, x.decision, x.wanted); }
// clang-format on

} // namespace tt::execution
