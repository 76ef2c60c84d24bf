#pragma once

// Closed trades of a strategy that keeps no run of its own (YAML jobs), folded from the executions of its account. Pure.

#include "actors/model/fill.hpp"
#include "actors/strategy/live/registry.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace tt::strategy {

/// An execution with what its order says of it.
struct strategy_fill {
  order_fill fill;
  contract_terms contract;
  std::string reason; ///< why it was ordered; may be empty
};

/// What each closing order has closed, at the average price of what was held by then. Executions of one order are one
/// trade. A trade bears its own fees and its part of those that opened the position; the reason of an entry is that of the
/// order that opened the position. Fed with the executions of one strategy in one account, all of them, oldest first.
class trade_fold {
public:
  /// Errors: those of apply_fill; nothing is added then.
  result<void> add(const strategy_fill& one);
  /// In the order of closing: an order that took long has closed when its last part was.
  [[nodiscard]] std::vector<closed_trade> trades() const;
  /// Executions that have closed something.
  [[nodiscard]] std::uint64_t closings() const { return closings_; }

private:
  /// A symbol's position with what its next closing trade needs to know.
  struct open_book {
    position held;
    double entry_fees = 0; ///< of what is held
    std::string entry_reason;
    order_number closed_by = order_number::none; ///< whose executions go on with the trade `at`
    std::size_t at = 0;
  };
  static closed_trade begun(const open_book& book, const strategy_fill& by);
  std::map<std::string, open_book> books_;
  std::vector<closed_trade> trades_;
  std::uint64_t closings_ = 0;
};

/// All at once. Errors: those of apply_fill.
result<std::vector<closed_trade>> trades_of_fills(std::span<const strategy_fill> fills);

/// The same trades with the mode in which each was made. `changes`: of the strategy, newest first; every strategy begins on
/// paper. `now`: its mode where no changes are known.
std::vector<trade_row> with_modes(std::vector<closed_trade> trades, std::span<const transition_row> changes, strategy_mode now);

} // namespace tt::strategy
