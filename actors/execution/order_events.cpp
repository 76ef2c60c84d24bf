#include "actors/execution/order_events.hpp"

#include <array>

namespace tt::execution {

namespace {

using enum order_state;
using enum order_event;

using table = std::array<std::array<transition, enum_count<order_event>>, enum_count<order_state>>;

constexpr transition to(order_state s) { return {arrow::move, s}; }
constexpr transition stay{arrow::stay, created};
constexpr transition note{arrow::note, created};
constexpr transition resume{arrow::resume, created};
constexpr transition book{arrow::book, created};

struct builder {
  table cells{};
  constexpr void set(order_state from, order_event event, transition what) {
    cells[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)] = what;
  }
};

/// Before anything went out.
constexpr void before_sending(builder& b) {
  b.set(created, send, to(submitting));
  b.set(created, refuse_by_risk, to(risk_rejected));
  b.set(created, withdrawn, to(cancelled));
}

/// The request is out and not answered for certain.
constexpr void in_doubt(builder& b) {
  b.set(submitting, not_sent, stay);
  b.set(submitting, send_deadline, to(rejected));
  b.set(submitting, ambiguous, to(unknown));
  b.set(submitting, missing_at_venue, stay);
  b.set(unknown, ambiguous, stay);
  b.set(unknown, missing_at_venue, stay);
  b.set(unknown, absence_proven, to(rejected));
  b.set(unknown, closed_by_person, to(rejected));
  b.set(unknown, not_sent, stay); // it may be about an earlier request than the one that got there: the venue is asked
  b.set(unknown, cancel_refused, stay);
  b.set(unknown, replace_refused, stay);
  b.set(unknown, replace_confirmed, note); // the venue shows the new terms
  for (const auto from : {submitting, unknown}) {
    b.set(from, venue_accepted, to(accepted));
    b.set(from, venue_suspended, to(suspended));
    b.set(from, venue_working, to(working));
    b.set(from, venue_refused, to(rejected));
    b.set(from, cancel_asked, note);
  }
}

/// The venue has it.
constexpr void alive(builder& b) {
  b.set(accepted, venue_suspended, to(suspended));
  b.set(suspended, venue_accepted, to(accepted));
  b.set(accepted, venue_working, to(working));
  b.set(suspended, venue_working, to(working));
  b.set(accepted, venue_accepted, stay);
  b.set(suspended, venue_suspended, stay);
  for (const auto from : {working, partially_filled, pending_replace, pending_cancel}) {
    b.set(from, venue_accepted, stay); // the answer was overtaken by the stream
    b.set(from, venue_working, stay);
  }
  for (const auto from : {accepted, suspended, working, partially_filled, pending_replace, pending_cancel}) {
    b.set(from, ambiguous, stay);
    b.set(from, missing_at_venue, to(unknown));
    b.set(from, cancel_asked, from == pending_cancel ? stay : to(pending_cancel));
    b.set(from, cancel_refused, from == pending_cancel ? resume : stay);
    b.set(from, replace_refused, from == pending_replace ? resume : from == pending_cancel ? note : stay);
  }
  b.set(accepted, replace_asked, to(pending_replace)); // waits for its session
  b.set(working, replace_asked, to(pending_replace));
  b.set(partially_filled, replace_asked, to(pending_replace));
  b.set(pending_replace, replace_confirmed, resume);
  b.set(pending_cancel, replace_confirmed, note);
}

/// Ends and executions, which may come at any time.
constexpr void endings(builder& b) {
  for (const auto from : {submitting, unknown, accepted, suspended, working, partially_filled, pending_replace, pending_cancel}) {
    b.set(from, venue_cancelled, to(cancelled));
    b.set(from, venue_expired, to(expired));
    b.set(from, venue_failed, to(rejected));
    b.set(from, partial_execution, from == pending_replace || from == pending_cancel ? note : to(partially_filled));
    b.set(from, full_execution, to(filled));
  }
  for (const auto from : {created, risk_rejected, filled, cancelled, rejected, expired}) {
    b.set(from, partial_execution, book);
    b.set(from, full_execution, from == cancelled || from == rejected || from == expired ? to(filled) : book);
  }
  b.set(cancelled, venue_cancelled, stay);
  b.set(expired, venue_expired, stay);
  b.set(rejected, venue_failed, stay);
  b.set(rejected, venue_refused, stay);
  for (const auto from : {filled, cancelled, rejected, expired}) {
    b.set(from, cancel_refused, stay); // the refusal that a fill or an end explains
    b.set(from, replace_refused, stay);
    b.set(from, ambiguous, stay);
    b.set(from, missing_at_venue, stay);
  }
}

constexpr table make_table() {
  builder b;
  before_sending(b);
  in_doubt(b);
  alive(b);
  endings(b);
  return b.cells;
}

constexpr table arrows = make_table();

} // namespace

transition transition_of(order_state from, order_event event) noexcept {
  return arrows[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)];
}

std::optional<order_state> state_after(const order& what, order_event event) noexcept {
  const auto found = transition_of(what.state, event);
  switch (found.kind) {
  case arrow::none: return std::nullopt;
  case arrow::stay:
  case arrow::book: return what.state;
  case arrow::move: return found.to;
  case arrow::note:
  case arrow::resume: break;
  }
  const bool about_terms = event == replace_confirmed || event == replace_refused;
  const auto qty = event == replace_confirmed && what.pending_terms ? what.pending_terms->qty : what.terms.qty;
  // terms that leave nothing to fill end the order
  if (about_terms && !what.filled.is_zero() && what.filled >= qty) return filled;
  if (found.kind == arrow::note) return what.state;
  if (event == cancel_refused && what.pending_terms) return pending_replace;
  return what.filled.is_zero() ? what.resume : partially_filled;
}

} // namespace tt::execution
