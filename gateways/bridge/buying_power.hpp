#pragma once

// What a fill does to the buying power that an account shows. Pure.

#include "actors/model/account.hpp"
#include "actors/model/fill.hpp"

#include <optional>

namespace tt::gateway {

/// What the buying power of an account follows from, as far as one symbol moves it.
struct buying_power_basis {
  account_type type = account_type::margin;
  decimal leverage{2};                 ///< of accounts that lend
  price mark;                          ///< at which the account values the symbol
  decimal fx{1};                       ///< account money per unit of the contract's currency
  std::optional<money> initial_margin; ///< per contract, in its currency; where margined
};

/// By how much the buying power moves with a fill: what opens takes of it, what closes gives back, and fees and the way from the
/// fill's price to the mark count too. Errors: out_of_range, and those of apply_fill.
result<money> buying_power_change(const position& held, const order_fill& fill, const buying_power_basis& basis);

} // namespace tt::gateway
