#pragma once

// Closed trades of a strategy that keeps no run of its own (YAML jobs), folded from the executions of its account. Pure.

#include "actors/model/fill.hpp"
#include "actors/strategy/live/run_types.hpp"

#include <span>

namespace tt::strategy {

/// An execution with what its order says of it.
struct strategy_fill {
  order_fill fill;
  contract_terms contract;
  std::string reason; ///< why it was ordered; may be empty
};

/// What each closing order has closed, at the average price of what was held by then: in the order of closing. Executions of
/// one order are one trade. A trade bears its own fees and its part of those that opened the position; the reason of an entry
/// is that of the order that opened the position. `fills`: of one strategy in one account, all of them, oldest first.
/// Errors: those of apply_fill.
result<std::vector<closed_trade>> trades_of_fills(std::span<const strategy_fill> fills);

} // namespace tt::strategy
