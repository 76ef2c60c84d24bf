#pragma once

// What a record of the journal does to one order: for the account's book, and for whoever folds orders alone.

#include "actors/execution/journal_records.hpp"

namespace tt::execution {

/// Puts the order into a state: one more version, and what belongs to the states before is gone.
void enter_state(order& what, order_state state, utc_time at);
/// Where the venue has it, as far as the handle says.
void learn_handle(order& what, const order_handle& handle);
/// The gate's word; a refusal ends the order.
void take_decision(order& what, order_decided fact, utc_time at);
/// An event that leads to `next`; see state_after.
void take_move(order& what, const order_moved& fact, order_state next, utc_time at);

/// Other terms of an order that has not gone out.
void take_terms(order& what, const order_terms& terms, utc_time at);
/// The gate's word about a change: the order's decision from now on, where it passes.
void take_change(order& what, const change_decided& fact, utc_time at);
/// Where a stop stands by now.
void take_progress(order& what, const stop_progress& progress, utc_time at);

} // namespace tt::execution
