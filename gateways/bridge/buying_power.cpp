#include "gateways/bridge/buying_power.hpp"

#include "actors/risk/checked_math.hpp"

namespace tt::gateway {

namespace {

/// What a position holds of its account.
struct claim {
  decimal equity; ///< besides cash
  decimal margin; ///< deposited
  decimal gross;  ///< that has to be paid for
};

result<claim> claim_of(const position& held, const buying_power_basis& basis, risk::checked_math& math) {
  claim out;
  if (held.qty.is_zero()) return out;
  const auto value = market_value(held, basis.mark, basis.fx);
  if (!value) return value.error();
  const auto open = open_pnl(held, basis.mark, basis.fx);
  if (!open) return open.error();
  const bool on_margin = held.contract.style == settlement::margined;
  out.equity = on_margin ? open->value() : value->value();
  if (on_margin && basis.initial_margin)
    out.margin = math.multiply(math.multiply(basis.initial_margin->value(), held.qty.value().abs()), basis.fx);
  else out.gross = value->value().abs();
  return out;
}

} // namespace

result<money> buying_power_change(const position& held, const order_fill& fill, const buying_power_basis& basis) {
  risk::checked_math math;
  const auto before = claim_of(held, basis, math);
  if (!before) return before.error();
  auto then = held;
  const auto effect = apply_fill(then, fill);
  if (!effect) return effect.error();
  const auto after = claim_of(then, basis, math);
  if (!after) return after.error();
  const auto cash = effect->cash_change.value();
  const auto margin = math.subtract(after->margin, before->margin);
  const auto equity = math.add(cash, math.subtract(after->equity, before->equity));
  decimal out;
  switch (basis.type) {
  case account_type::cash:
  case account_type::crypto: out = math.subtract(cash, margin); break;
  case account_type::margin:
  case account_type::pdt:
    out = math.subtract(math.multiply(math.subtract(equity, margin), basis.leverage), math.subtract(after->gross, before->gross));
    break;
  case account_type::futures: out = math.subtract(equity, margin); break;
  }
  if (!math.is_good()) return error{errc::out_of_range, "the figures of this order leave the range of numbers", "quantity"};
  return money{out};
}

} // namespace tt::gateway
