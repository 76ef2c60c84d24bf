#pragma once

// The account as the gate knows it: positions, working orders and what they hold of
// buying power, position room and order slots. Fed by the single writer of the account.

#include "actors/model/fill.hpp"
#include "actors/risk/checked_math.hpp"
#include "actors/risk/views.hpp"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::risk {

/// Lets maps of strings be asked with string views.
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class T>
using text_map = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;

/// What a strategy holds, by its own fills.
struct strategy_state {
  strategy_view figures;
  std::map<std::string, quantity, std::less<>> positions; ///< symbols with a position ≠ 0
};

class book {
public:
  /// Symbols and strategies of one account; one more is refused.
  static constexpr std::size_t max_symbols = 10'000;

  /// Replaces the account's figures. Fills up to `state_at` are in them, so what those
  /// held of buying power is let go.
  void set_account(account_view figures);
  [[nodiscard]] const account_view& account() const { return account_; }

  /// Makes the symbol known or replaces what is known of its contract. Errors: limit_exceeded.
  result<void> set_instrument(std::string_view symbol, instrument_view what);
  void set_market(std::string_view symbol, const market_view& market);
  /// The truth about a position, from the journal or an accepted adjustment; fills
  /// move it by themselves. Errors: not_found for an unknown symbol.
  result<void> set_position(std::string_view symbol, quantity held);
  void set_agreement(std::string_view symbol, agreement state);
  /// Makes the strategy known. Errors: limit_exceeded.
  result<void> set_strategy(std::string_view name, strategy_view figures);
  /// What a strategy holds, at start; fills move it by themselves.
  void set_strategy_position(std::string_view strategy, std::string_view symbol, quantity held);

  [[nodiscard]] const symbol_view* symbol(std::string_view name) const;
  [[nodiscard]] const strategy_state* strategy(std::string_view name) const;
  [[nodiscard]] const text_map<symbol_view>& symbols() const { return symbols_; }
  [[nodiscard]] const text_map<strategy_state>& strategies() const { return strategies_; }
  /// Symbols with a position or a working order.
  [[nodiscard]] const std::vector<const symbol_view*>& active() const { return active_; }

  /// Adds a working order: the reservation of the gate, or an order found at the
  /// venue or in the journal. Errors: conflict for a number that is there already;
  /// not_found for an unknown symbol.
  result<void> add_working(std::string_view symbol, working_order order);
  /// The venue has it: its own buying power field counts it from now on.
  void acknowledge(order_number number);
  /// Books an execution: position, strategy position, reservation. What the fill holds of
  /// buying power stays held until account figures of `at` or later arrive. An order
  /// that is not working (late fill) moves the position alone. Errors: not_found for an unknown symbol.
  result<void> on_fill(order_number number, std::string_view symbol, direction way, quantity size, utc_time at);
  /// The order is final: lets go of what it still holds. Unknown numbers are ignored.
  void on_final(order_number number);
  /// A confirmed change: the rest and its price. Unknown numbers are ignored.
  void on_changed(order_number number, quantity remaining, std::optional<price> limit_price);
  [[nodiscard]] const working_order* working(order_number number) const;
  [[nodiscard]] std::size_t working_orders() const { return places_.size(); }

  /// Buying power held by what working orders open and by fills that the account's figures don't know yet.
  [[nodiscard]] decimal held_buying_power(checked_math& math) const;

private:
  friend class gate;
  struct pending_fill {
    utc_time at;
    decimal amount;
  };
  symbol_view* find(std::string_view name);
  working_order* find_working(order_number number, symbol_view** in);
  void refresh_active(symbol_view& one);

  account_view account_;
  text_map<symbol_view> symbols_;
  text_map<strategy_state> strategies_;
  std::unordered_map<std::uint64_t, symbol_view*> places_; // order number → its symbol; elements of the map don't move
  std::vector<const symbol_view*> active_;
  std::deque<pending_fill> pending_fills_;
};

/// What of a position can be closed on that side at all: |position| on the other side of it, else 0.
quantity closable(quantity position, direction way);
/// What of `position` an order may still close: |position| less own working orders on the
/// closing side, siblings of one bracket or OCO counted once, never below 0. Siblings of the order itself
/// (those of `group`) don't count against it: they close the same units.
quantity closable(const symbol_view& symbol, direction way, order_number group = order_number::none);
/// Σ remaining of working orders on that side; siblings of one group count once, those of `without` not at all.
quantity working_quantity(const symbol_view& symbol, direction way, order_number without = order_number::none);

/// What working orders of one side open, beyond what they close of the position.
struct side_load {
  decimal quantity; ///< units
  decimal priced;   ///< Σ units × |price they are reckoned at|, in the contract's currency, without multiplier
  decimal cost;     ///< buying power that they hold, fees included
};
/// Which of the working orders count.
enum class load_of : std::uint8_t { all, unacknowledged };
/// Where the position takes up a part, the dearest units are taken to open.
side_load opening_load(const symbol_view& symbol, direction way, load_of which, checked_math& math);

} // namespace tt::risk
