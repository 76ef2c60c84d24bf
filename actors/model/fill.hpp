#pragma once

// Executions and positions: what was traded, and what is held because of it.

#include "actors/model/order.hpp"

#include <vector>

namespace tt {

/// Costs of one execution in the account's currency, each >= 0 or a rebate < 0.
struct execution_fees {
  money commission;
  money exchange;
  money regulatory;
  money other;

  bool operator==(const execution_fees&) const = default;
};

/// One execution of one order. `id` is unique per account; it is booked once.
struct order_fill {
  execution_id id;
  order_number order = order_number::none; ///< none: found at the venue without an order
  std::string symbol;
  direction way = direction::buy;
  quantity qty; ///< > 0
  price px;     ///< never made up; may be <= 0 only where the instrument allows it
  liquidity taken = liquidity::unknown;
  execution_fees fees;
  decimal fx{1}; ///< money of the account per unit of the contract's currency
  utc_time at{}; ///< the venue's time

  [[nodiscard]] quantity signed_quantity() const { return way == direction::buy ? qty : -qty; }
  bool operator==(const order_fill&) const = default;
};

/// Sum of all fees. Errors: out_of_range.
result<money> total_of(const execution_fees& fees);

/// What one account holds of one symbol. Average cost; short positions have negative
/// quantity and cost. All money is the account's currency unless it says otherwise.
struct position {
  std::string symbol;
  contract_terms contract;
  quantity qty;       ///< signed
  decimal cost;       ///< Σ price × quantity of what is held, in the contract's currency, without multiplier; signed as qty
  money cost_basis;   ///< the same in the account's currency, multiplier included, at the FX rates of its fills
  money realized;     ///< before fees, since the position was first opened
  money fees;         ///< all fees since then
  std::uint64_t trades = 0; ///< executions booked
  utc_time opened_at{}; ///< of the present side
  utc_time updated_at{};
  ownership owner = ownership::own;

  [[nodiscard]] std::optional<price> average_price() const;
  bool operator==(const position&) const = default;
};

/// What a fill does besides changing the position.
struct fill_effect {
  quantity closed;   ///< >= 0
  quantity opened;   ///< >= 0
  money realized;    ///< P&L of the closed part, before fees
  money fees;
  money cash_change; ///< spot: what was paid or received; margined: realised P&L; both less fees

  bool operator==(const fill_effect&) const = default;
};

/// Books a fill by average cost: the part against the position closes it at a
/// profit or loss, the rest opens at the fill's price (so a fill through zero does
/// both). Errors: invalid_argument for a quantity or FX rate that is not positive or another symbol's
/// fill; out_of_range when a figure leaves the range of decimal: then nothing was changed.
result<fill_effect> apply_fill(position& held, const order_fill& fill);

/// Makes the position what the venue says it is: quantity (signed) and average price, at this exchange rate. It counts as
/// not ours from then on. Errors: out_of_range; then nothing was changed.
result<void> take_over(position& held, quantity qty, price average, const contract_terms& contract, decimal fx);

/// A booked execution as far as a later correction needs it.
struct booked_execution {
  order_number order = order_number::none;
  std::string symbol;
  direction way = direction::buy;
  quantity qty;
  price px;
  decimal fx{1};
};

/// The fills without fees that turn a booked execution into what it should have been: the old one undone at its own price,
/// then the new one. A quantity of 0 (nothing left to undo, or taken back by the venue) makes no fill.
std::vector<order_fill> correction_of(const booked_execution& old, quantity qty, price px, utc_time at);

/// Open profit or loss at `mark`. `fx` is the present rate of the contract's currency. Spot: value at
/// the present rate less what was paid at the rates of then; margined: price difference at the present rate.
/// Errors: out_of_range.
result<money> open_pnl(const position& held, price mark, decimal fx);
/// quantity × mark × multiplier × fx, signed. Errors: out_of_range.
result<money> market_value(const position& held, price mark, decimal fx);

} // namespace tt
