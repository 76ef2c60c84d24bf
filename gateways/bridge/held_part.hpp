#pragma once

// What of an account's position is a strategy's.

#include "actors/model/quantities.hpp"

namespace tt::gateway {

/// Never more than there is: nothing where the account holds nothing, or the other side.
inline quantity part_of(quantity own, quantity whole) {
  if (own.is_zero() || whole.is_zero() || own.value().is_negative() != whole.value().is_negative()) return quantity{};
  return own.value().abs() < whole.value().abs() ? own : whole;
}

} // namespace tt::gateway
