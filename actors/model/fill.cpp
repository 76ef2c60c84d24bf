#include "actors/model/fill.hpp"

namespace tt {

namespace {

/// A chain of checked steps: the first failure is kept, later steps do nothing.
class calculation {
public:
  decimal times(decimal a, decimal b) { return take(decimal::checked_multiply(a, b)); }
  decimal over(decimal a, decimal b) { return take(decimal::checked_divide(a, b)); }
  decimal plus(decimal a, decimal b) { return take(decimal::checked_add(a, b)); }
  decimal minus(decimal a, decimal b) { return take(decimal::checked_add(a, -b)); }
  /// The part of `whole` that `part` of `of` is: multiplied first, so that it is exact where it can be.
  decimal share(decimal whole, decimal part, decimal of) {
    const auto product = decimal::checked_multiply(whole, part);
    return product ? over(*product, of) : times(whole, over(part, of));
  }
  [[nodiscard]] const std::optional<error>& failed() const { return failed_; }

private:
  decimal take(result<decimal> value) {
    if (value) return *value;
    if (!failed_) failed_ = value.error();
    return {};
  }
  std::optional<error> failed_;
};

int sign_of(decimal d) { return d.is_positive() ? 1 : d.is_negative() ? -1 : 0; }

} // namespace

result<money> total_of(const execution_fees& fees) {
  calculation c;
  const auto sum = c.plus(c.plus(fees.commission.value(), fees.exchange.value()), c.plus(fees.regulatory.value(), fees.other.value()));
  if (c.failed()) return *c.failed();
  return money{sum};
}

std::optional<price> position::average_price() const {
  if (qty.is_zero()) return std::nullopt;
  auto average = decimal::checked_divide(cost, qty.value());
  if (!average) return std::nullopt;
  return price{*average};
}

result<fill_effect> apply_fill(position& held, const order_fill& fill) {
  if (!fill.qty.value().is_positive()) return error{errc::invalid_argument, "must be more than 0", "quantity"};
  if (!fill.fx.is_positive()) return error{errc::invalid_argument, "must be more than 0", "fx"};
  if (held.symbol != fill.symbol) return error{errc::invalid_argument, "is another symbol than the position's", "symbol"};
  const auto fees = total_of(fill.fees);
  if (!fees) return fees.error();
  calculation c;
  position next = held;
  const decimal before = held.qty.value(), change = fill.signed_quantity().value();
  const bool against = sign_of(before) * sign_of(change) < 0;
  const decimal closed = against ? std::min(before.abs(), fill.qty.value()) : decimal{};
  const decimal opened = c.minus(fill.qty.value(), closed);
  const decimal closed_signed = sign_of(before) < 0 ? -closed : closed; // in the position's sign
  const decimal opened_signed = sign_of(change) < 0 ? -opened : opened;
  fill_effect effect;
  effect.closed = quantity{closed};
  effect.opened = quantity{opened};
  effect.fees = *fees;
  const decimal per_point = c.times(held.contract.multiplier, fill.fx);
  if (!closed.is_zero()) {
    // the last part takes all that is left of the cost, so that nothing stays behind from rounding
    const bool all = closed == before.abs();
    const decimal cost_part = all ? held.cost : c.share(held.cost, closed, before.abs());
    const decimal basis_part = all ? held.cost_basis.value() : c.share(held.cost_basis.value(), closed, before.abs());
    const decimal proceeds = c.times(closed_signed, fill.px.value());
    effect.realized = money{held.contract.style == settlement::spot ? c.minus(c.times(proceeds, per_point), basis_part)
                                                                    : c.times(c.minus(proceeds, cost_part), per_point)};
    next.cost = c.minus(next.cost, cost_part);
    next.cost_basis = money{c.minus(next.cost_basis.value(), basis_part)};
  }
  if (!opened.is_zero()) {
    const decimal value = c.times(opened_signed, fill.px.value());
    next.cost = c.plus(next.cost, value);
    next.cost_basis = money{c.plus(next.cost_basis.value(), c.times(value, per_point))};
    if (before.is_zero() || against) next.opened_at = fill.at;
  }
  next.qty = quantity{c.plus(before, change)};
  next.realized = money{c.plus(next.realized.value(), effect.realized.value())};
  next.fees = money{c.plus(next.fees.value(), fees->value())};
  next.updated_at = std::max(next.updated_at, fill.at);
  ++next.trades;
  const decimal traded = c.times(c.times(change, fill.px.value()), per_point);
  effect.cash_change = money{c.minus(held.contract.style == settlement::spot ? -traded : effect.realized.value(), fees->value())};
  if (c.failed()) return *c.failed();
  held = std::move(next);
  return effect;
}

result<money> market_value(const position& held, price mark, decimal fx) {
  calculation c;
  const auto value = c.times(c.times(held.qty.value(), mark.value()), c.times(held.contract.multiplier, fx));
  if (c.failed()) return *c.failed();
  return money{value};
}

result<void> take_over(position& held, quantity qty, price average, const contract_terms& contract, decimal fx) {
  calculation c;
  const auto cost = c.times(qty.value(), average.value());
  const auto basis = c.times(c.times(cost, contract.multiplier), fx);
  if (c.failed()) return *c.failed();
  held.contract = contract;
  held.qty = qty;
  held.cost = cost;
  held.cost_basis = money{basis};
  held.owner = ownership::external;
  return {};
}

std::vector<order_fill> correction_of(const booked_execution& old, quantity qty, price px, utc_time at) {
  order_fill fill;
  fill.order = old.order;
  fill.symbol = old.symbol;
  fill.fx = old.fx;
  fill.at = at;
  std::vector<order_fill> out;
  const auto add = [&](direction way, quantity of, price at_price) {
    fill.way = way;
    fill.qty = of;
    fill.px = at_price;
    if (of.value().is_positive()) out.push_back(fill);
  };
  add(old.way == direction::buy ? direction::sell : direction::buy, old.qty, old.px);
  add(old.way, qty, px);
  return out;
}

result<money> open_pnl(const position& held, price mark, decimal fx) {
  calculation c;
  const decimal value = c.times(held.qty.value(), mark.value());
  const decimal per_point = c.times(held.contract.multiplier, fx);
  const decimal pnl = held.contract.style == settlement::spot ? c.minus(c.times(value, per_point), held.cost_basis.value())
                                                              : c.times(c.minus(value, held.cost), per_point);
  if (c.failed()) return *c.failed();
  return money{pnl};
}

} // namespace tt
