#include "actors/execution/order_changes.hpp"

#include <utility>

namespace tt::execution {

void enter_state(order& what, order_state state, utc_time at) {
  if (state == order_state::accepted || state == order_state::suspended || state == order_state::working) what.resume = state;
  what.state = state;
  what.updated_at = at;
  ++what.version;
  if (state == order_state::filled) what.filled_at = at;
  if (!is_final(state)) return;
  what.pending_terms.reset();
  what.wish = order_wish::keep;
}

void learn_handle(order& what, const order_handle& handle) {
  if (handle.venue_order.empty()) return;
  what.venue_order = handle.venue_order;
  what.venue_session = handle.venue_session;
}

void take_decision(order& what, order_decided fact, utc_time at) {
  what.decision = std::move(fact.decision);
  what.terms = fact.terms;
  what.original = what.decision.original;
  ++what.version;
  what.updated_at = at;
  const auto& word = what.decision;
  if (word.may_send()) return;
  what.reject_code = word.code;
  what.reason = word.message;
  enter_state(what, order_state::risk_rejected, at);
}

void take_terms(order& what, const order_terms& terms, utc_time at) {
  auto only_sized = what.terms;
  only_sized.qty = terms.qty;
  if (only_sized != terms) ++what.terms_version; // somebody moved it
  what.terms = terms;
  what.updated_at = at;
  ++what.version;
}

void take_change(order& what, const change_decided& fact, utc_time at) {
  if (!fact.decision.may_send()) return;
  const auto was = what.decision;
  what.decision = fact.decision;
  if (was.result == verdict::approved_reduced && what.decision.result == verdict::approved && fact.wanted.qty <= was.approved) {
    // what the gate cut stays cut, whatever else of it changes
    what.decision.result = was.result;
    what.decision.code = was.code;
    what.decision.legacy_code = was.legacy_code;
    what.decision.adjustments = was.adjustments;
  }
  what.updated_at = at;
}

void take_progress(order& what, const stop_progress& progress, utc_time at) {
  what.progress = progress;
  what.updated_at = at;
}

namespace {

bool is_same_stop(const order_terms& a, const order_terms& b) {
  return a.type == b.type && a.stop_price == b.stop_price && a.trail_offset == b.trail_offset && a.trail_percent == b.trail_percent;
}

/// What was asked for counts from now on; a stop that stands elsewhere begins anew.
void confirm_terms(order& what) {
  const auto terms = std::exchange(what.pending_terms, std::nullopt);
  if (!terms) return;
  if (!is_same_stop(*terms, what.terms)) what.progress = {};
  what.terms = *terms;
}

} // namespace

void take_move(order& what, const order_moved& fact, order_state next, utc_time at) {
  switch (fact.event) {
  case order_event::send: what.submitted_at = at; break;
  case order_event::replace_asked: what.pending_terms = fact.terms; break;
  case order_event::replace_confirmed:
    confirm_terms(what);
    ++what.terms_version;
    break;
  case order_event::replace_refused: what.pending_terms.reset(); break;
  case order_event::cancel_asked: what.wish = order_wish::cancel; break;
  case order_event::cancel_refused: what.wish = order_wish::keep; break;
  default: break;
  }
  learn_handle(what, fact.handle);
  if (!fact.text.empty()) what.reason = fact.text;
  if (!fact.code.empty()) what.reject_code = fact.code;
  if (what.state == order_state::unknown && is_live(next)) {
    what.pending_terms.reset(); // what the venue says of the order counts now
    what.reason.clear();
  }
  enter_state(what, next, at);
}

} // namespace tt::execution
