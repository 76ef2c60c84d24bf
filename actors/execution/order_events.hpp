#pragma once

// The order state machine (risk-and-execution section 6) as a table: state × event
// → what to do. Pure; quantities and everything around it are the account book's.

#include "actors/model/order.hpp"

#include <optional>

namespace tt::execution {

/// What happens to an order. Executions are events too, but are booked, not only noted.
enum class order_event : std::uint8_t {
  send,              ///< the gate passed it and its send record is written
  refuse_by_risk,    ///< the gate rejected it
  not_sent,          ///< certainly nothing went out
  send_deadline,     ///< the send deadline passed and nothing went out
  ambiguous,         ///< time-out, reset, 5xx, restart
  venue_accepted,
  venue_suspended,
  venue_working,
  venue_refused,     ///< definite refusal
  venue_cancelled,   ///< confirmed or by the venue's own doing
  venue_expired,
  venue_failed,      ///< the venue's error status
  absence_proven,
  closed_by_person,  ///< an unknown order, with a recorded reason
  replace_asked,
  replace_confirmed,
  replace_refused,
  cancel_asked,
  cancel_refused,
  partial_execution, ///< executed part grew, a rest remains
  full_execution,    ///< executed part reached the order's quantity
  missing_at_venue,  ///< a complete listing lacks an order that we think live
  withdrawn,         ///< taken back before it was sent (a leg not needed any more)
};

/// How a cell of the table answers.
enum class arrow : std::uint8_t {
  none,   ///< no such arrow: record, alarm, ask the venue; the order stays
  stay,   ///< known already, or says nothing new: nothing changes
  note,   ///< recorded; the state stays, unless the terms that hold now leave nothing to fill
  move,   ///< to `to`
  resume, ///< to the live state before: resume state, partially_filled, or filled where nothing is left
  book,   ///< an execution of a final order: booked, the name of the state stays; alarm
};

struct transition {
  arrow kind = arrow::none;
  order_state to = order_state::created; ///< with arrow::move
};

/// The table.
transition transition_of(order_state from, order_event event) noexcept;

/// The state an order is in after an event, `resume` worked out with the terms that
/// hold after it. Nothing: no arrow.
std::optional<order_state> state_after(const order& what, order_event event) noexcept;

} // namespace tt::execution

namespace tt {
template <>
struct names_of<execution::order_event> {
  static constexpr std::array<std::string_view, 23> value{
    "send",           "refuse_by_risk",   "not_sent",      "send_deadline",     "ambiguous",       "venue_accepted",
    "venue_suspended", "venue_working",   "venue_refused", "venue_cancelled",   "venue_expired",   "venue_failed",
    "absence_proven", "closed_by_person", "replace_asked", "replace_confirmed", "replace_refused", "cancel_asked",
    "cancel_refused", "partial_execution", "full_execution", "missing_at_venue", "withdrawn"};
};
} // namespace tt
