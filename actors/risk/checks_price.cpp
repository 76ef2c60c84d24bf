// Risk spec 3.5 and the end of section 5: are price and size plausible.

#include "actors/risk/check_run.hpp"

namespace tt::risk {

namespace {

/// A market order that only closes may go without a price, with a warning; whoever
/// opens needs one.
answer no_price(run_context& c, const char* why) {
  if (c.opens()) {
    auto out = answer::reject(why);
    out.is_about_opening = true;
    return out;
  }
  const bool at_market = c.asked.type == order_type::market;
  return at_market ? answer::warn(std::string(why) + "; closing all the same") : answer::pass();
}

answer no_reference_price(run_context& c) {
  if (!c.what || c.freshness != price_freshness::none) return answer::pass();
  return no_price(c, "there is no price of the instrument");
}

answer stale_price(run_context& c) {
  if (!c.what || c.freshness != price_freshness::stale) return answer::pass();
  auto out = no_price(c, "the last price of the instrument is too old");
  const auto& age = c.limit(price_age_limit(c.what->kind));
  const auto& market = c.symbol->market;
  out.scope = age.scope;
  out.unit = limit_unit::seconds;
  out.measured = seconds_of(c.now - std::max(market.last ? market.last_at : utc_time{}, market.bid && market.ask ? market.quote_at : utc_time{}));
  out.limit = age.value;
  return out;
}

/// How far `p` is beyond `base` on the side that hurts: above it for `way` buy.
decimal beyond(checked_math& math, decimal p, decimal base, direction way) {
  const auto distance = way == direction::buy ? math.subtract(p, base) : math.subtract(base, p);
  return math.divide(distance, base.abs());
}

/// A bracket whose legs lie on the wrong side of its entry: the target or the stop would go off at once. Nothing: they are right.
std::optional<answer> wrong_legs(run_context& c) {
  if (!c.asked.profit && !c.asked.loss) return std::nullopt;
  const auto entry = c.asked.limit_price ? *c.asked.limit_price : c.asked.stop_price ? *c.asked.stop_price : *c.reference;
  const bool buys = c.way == direction::buy;
  const auto refuse = [&](const char* what, price at, const char* side) {
    return answer{check_verdict::reject, limit_scope::global, limit_unit::price, at.value(), entry.value(), {},
                  std::string("the ") + what + " " + at.to_string() + " is not " + side + " the entry at " + entry.to_string()};
  };
  if (c.asked.loss && (buys ? c.asked.loss->stop >= entry : c.asked.loss->stop <= entry))
    return refuse("stop loss", c.asked.loss->stop, buys ? "below" : "above");
  if (c.asked.profit && (buys ? c.asked.profit->at <= entry : c.asked.profit->at >= entry))
    return refuse("take profit", c.asked.profit->at, buys ? "above" : "below");
  return std::nullopt;
}

answer price_collar(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  if (!c.reference || c.reference->is_zero()) return answer::skip("there is no fresh price to measure from");
  const auto& limit = c.limit(collar_limit(c.what->kind));
  if (auto wrong = wrong_legs(c)) return *wrong; // whatever the collar says
  if (!limit.is_on) return answer::skip(limit_is_off);
  decimal worst;
  const auto look_at = [&](order_type type, std::optional<price> limit_price, std::optional<price> stop_price) {
    if (limit_price) {
      // a stop-limit becomes active at its stop: its limit is measured from there
      const auto base = type == order_type::stop_limit && stop_price && !stop_price->is_zero() ? stop_price->value() : c.reference->value();
      worst = std::max(worst, beyond(c.math, limit_price->value(), base, c.way));
    }
    // a stop on the wrong side of the market triggers at once
    if (stop_price && type != order_type::market)
      worst = std::max(worst, beyond(c.math, c.reference->value(), c.math.add(stop_price->value(), {}), c.way));
  };
  if (c.asked.legs.empty()) look_at(c.asked.type, c.asked.limit_price, c.asked.stop_price);
  for (const auto& leg : c.asked.legs) look_at(leg.type, leg.limit_price, leg.stop_price);
  if (worst <= limit.value) return answer::pass(worst, limit, limit_unit::ratio);
  auto out = answer::reject(worst, limit, limit_unit::ratio, "the price is too far from the market (" + c.reference->to_string() + ")");
  // a leg was settled with its entry; when the market jumps over it, a position without protection is the worse evil
  if (c.order.origin == order_origin::leg && !c.opens() && c.order.legs == leg_prices::as_settled) out.what = check_verdict::warn;
  return out;
}

answer fat_finger_qty(run_context& c) {
  constexpr std::uint32_t least_orders = 5;
  const auto& limit = c.limit(limit_id::fat_finger_qty);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!c.strategy) return answer::skip(no_strategy);
  if (c.strategy->figures.orders < least_orders) return answer::skip("the strategy has sent fewer than five orders");
  if (!c.strategy->figures.median_order) throw missing_figure{"the strategy's median order"};
  const auto most = c.math.multiply(c.strategy->figures.median_order->value(), limit.value);
  if (c.opening().value() <= most) return answer::pass();
  return {check_verdict::reject, limit.scope, limit_unit::quantity, c.opening().value(), most, {},
          "more than " + limit.value.to_string() + " times the strategy's usual order"};
}

answer fat_finger_notional(run_context& c) {
  const auto& limit = c.limit(limit_id::fat_finger_notional);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!c.valued) return answer::skip("there is no price to value the order");
  // by margin where the contract is margined: one future is worth more than most accounts
  const auto value = c.math.multiply(c.opening().value(), c.needed_exposure());
  const auto equity = c.equity();
  const auto measured = share_of(c.math, value, equity);
  if (equity.is_positive() && value <= c.math.multiply(limit.value, equity)) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, "the order is worth " + value.to_string() + ", equity is " + equity.to_string());
}

answer spread(run_context& c) {
  const auto& limit = c.limit(limit_id::spread);
  const bool at_market = c.asked.type == order_type::market || (c.asked.type == order_type::bracket && !c.asked.limit_price);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!at_market) return answer::skip("only market orders pay the spread");
  if (!c.has_fresh_quote) return answer::skip("there is no fresh quote with both sides");
  const auto& market = c.symbol->market;
  const auto middle = c.math.divide(c.math.add(market.bid->value(), market.ask->value()), decimal{2});
  if (middle.is_zero()) return answer::skip("the middle of the quote is 0");
  const auto measured = c.math.divide(c.math.subtract(market.ask->value(), market.bid->value()), middle.abs());
  if (measured <= limit.value) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, "the spread is too wide for a market order");
}

answer self_cross(run_context& c) {
  if (!c.symbol) return answer::skip(no_contract);
  if (!c.flag(limit_id::refuse_self_cross)) return answer::skip(limit_is_off);
  // a stop rests outside the book: it crosses nothing when it is placed
  const bool is_stop = c.asked.type == order_type::stop || c.asked.type == order_type::stop_limit || c.asked.type == order_type::trailing_stop;
  if (is_stop) return answer::pass();
  std::optional<price> reach = c.asked.limit_price;
  for (const auto& leg : c.asked.legs)
    if (leg.limit_price) reach = leg.limit_price;
  if (!reach) reach = c.valued; // a market order: as far as it is reckoned to go
  for (const auto& own : c.symbol->working) {
    const bool rests = own.way != c.way && own.limit_price && own.type != order_type::stop_limit;
    if (!rests || (c.order.group != order_number::none && own.group == c.order.group)) continue;
    const bool crosses = !reach || (c.way == direction::buy ? *reach >= *own.limit_price : *reach <= *own.limit_price);
    if (!crosses) continue;
    const std::string message = "would trade with the account's own order at " + own.limit_price->to_string();
    if (!reach) return answer::reject(message);
    return answer::reject(reach->value(), {true, own.limit_price->value(), limit_scope::account}, limit_unit::price, message);
  }
  return answer::pass();
}

answer size_below_lot(run_context& c) {
  if (c.sizing_error.empty()) return answer::pass();
  const auto message = "can't be sized: " + c.sizing_error;
  if (!c.too_small) return answer::reject(message);
  return answer::reject(*c.too_small, {true, c.what->lot.value(), limit_scope::symbol}, limit_unit::quantity, message);
}

constexpr check_row rows[] = {
  {check_code::no_reference_price, applies_to::whole, no_reference_price},
  {check_code::stale_price, applies_to::whole, stale_price},
  {check_code::price_collar, applies_to::whole, price_collar},
  {check_code::fat_finger_qty, applies_to::opening, fat_finger_qty},
  {check_code::fat_finger_notional, applies_to::opening, fat_finger_notional},
  {check_code::spread, applies_to::opening, spread},
  {check_code::self_cross, applies_to::whole, self_cross},
};
constexpr check_row sizing_rows[] = {{check_code::size_below_lot, applies_to::whole, size_below_lot}};

} // namespace

std::span<const check_row> price_checks() { return rows; }
std::span<const check_row> sizing_checks() { return sizing_rows; }

} // namespace tt::risk
