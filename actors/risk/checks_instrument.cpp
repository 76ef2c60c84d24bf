// Risk spec 3.4: can this be traded, in this way, now.

#include "actors/risk/check_run.hpp"

namespace tt::risk {

namespace {

answer unknown_instrument(run_context& c) {
  return c.what ? answer::pass() : answer::reject("no tradable instrument " + in_quotes(c.asked.symbol));
}

answer not_tradable(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  const auto& of = c.symbol->instrument;
  switch (of.state) {
  case listing::tradable: break;
  case listing::halted: return answer::reject("trading of the instrument is halted");
  case listing::delisted: return answer::reject("the instrument is delisted");
  case listing::expired: return answer::reject("the contract has expired");
  default: return answer::reject("the instrument has an unknown state");
  }
  const auto& days = c.limit(limit_id::expiry_days);
  const auto margin = days.is_on ? std::chrono::hours{24 * days.value.to_scaled(0).value_or(0)} : std::chrono::hours{0};
  const auto is_near = [&](const std::optional<utc_time>& at) { return at && c.now >= *at - margin; };
  if (is_near(of.last_trade)) return answer::reject("last trade is at " + to_iso8601(*of.last_trade) + ": only closing orders");
  if (is_near(of.first_notice)) return answer::reject("first notice is at " + to_iso8601(*of.first_notice) + ": only closing orders");
  return answer::pass();
}

/// Closing is possible until the last trade; of what is over or halted, nothing is.
answer not_tradable_at_all(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  const auto& of = c.symbol->instrument;
  if (of.state == listing::expired || (of.last_trade && c.now >= *of.last_trade)) return answer::reject("the contract has expired");
  return answer::pass();
}

answer tick_size(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  const effective_limit tick{true, c.what->tick.value(), limit_scope::symbol};
  std::optional<answer> wrong;
  const auto check = [&](const std::optional<price>& p, const char* field) {
    if (wrong || !p) return;
    if (const auto good = c.what->checked_price(*p); !good)
      wrong = answer::reject(p->value(), tick, limit_unit::price, std::string(field) + ": " + good.error().message);
  };
  check(c.asked.limit_price, "price");
  check(c.asked.stop_price, "stop_price");
  if (c.asked.profit) check(c.asked.profit->at, "take_profit.price");
  if (c.asked.loss) {
    check(c.asked.loss->stop, "stop_loss.stop_price");
    check(c.asked.loss->limit, "stop_loss.price");
  }
  for (const auto& leg : c.asked.legs) {
    check(leg.limit_price, "legs.price");
    check(leg.stop_price, "legs.stop_price");
  }
  if (!wrong && c.asked.trail_offset && !c.asked.trail_offset->value().is_multiple_of(tick.value))
    wrong = answer::reject(c.asked.trail_offset->value(), tick, limit_unit::price, "trail_offset: must be a multiple of " + c.what->tick.to_string());
  return wrong ? *wrong : answer::pass();
}

answer lot_size(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  if (!std::holds_alternative<size_quantity>(c.asked.size)) return answer::pass(); // sizing brings it onto the grid
  const auto good = c.what->checked_quantity(c.asked_size);
  const effective_limit lot{true, c.what->lot.value(), limit_scope::symbol};
  return good ? answer::pass() : answer::reject(c.asked_size.value(), lot, limit_unit::quantity, good.error().message);
}

answer min_notional(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  const auto& least = c.symbol->instrument.min_notional;
  if (!least) return answer::skip("the master has no minimum value of an order (min_notional)");
  if (!c.valued || c.size.is_zero()) return answer::skip("there is no price, or no size, to value the order");
  const auto value = c.math.multiply(c.math.multiply(c.valued->value().abs(), c.size.value()), c.what->multiplier);
  const effective_limit limit{true, least->value(), limit_scope::symbol};
  if (value >= limit.value) return answer::pass(value, limit, limit_unit::money);
  return answer::reject(value, limit, limit_unit::money, "worth " + value.to_string() + ", the venue takes orders from " + least->to_string());
}

template <class Enum>
bool is_known(Enum v) { return static_cast<std::size_t>(v) < enum_count<Enum>; }

answer type_unsupported(run_context& c) {
  if (!is_known(c.asked.type) || (c.venue.types & bit(c.asked.type)) == 0)
    return answer::reject("the venue has no " + std::string(to_string(c.asked.type)) + " orders");
  if (!is_known(c.asked.tif) || (c.venue.lives & bit(c.asked.tif)) == 0)
    return answer::reject("the venue has no time in force " + std::string(to_string(c.asked.tif)));
  for (const auto& leg : c.asked.legs)
    if (!is_known(leg.type) || (c.venue.types & bit(leg.type)) == 0)
      return answer::reject("the venue has no " + std::string(to_string(leg.type)) + " orders");
  const bool wants_more_hours = c.asked.hours == order_hours::extended || c.asked.tif == time_in_force::pre || c.asked.tif == time_in_force::post;
  if (wants_more_hours && c.venue.extended_hours != on_off::on) return answer::reject("the venue has no extended hours");
  return answer::pass();
}

/// Whether the order may wait at the venue for the next session.
bool may_rest(const run_context& c) {
  const bool lives_on = c.asked.tif == time_in_force::day || c.asked.tif == time_in_force::gtc || c.asked.tif == time_in_force::gtd
                        || c.asked.tif == time_in_force::pre || c.asked.tif == time_in_force::post;
  const bool waits_for_a_price = c.asked.type != order_type::market && !(c.asked.type == order_type::bracket && !c.asked.limit_price);
  return lives_on && waits_for_a_price && c.venue.rests_while_closed == on_off::on;
}

answer market_closed(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  if (!c.what->calendar) throw missing_figure{"the instrument's calendar"};
  if (c.session != market_state::closed || !c.flag(limit_id::enforce_market_hours) || may_rest(c)) return answer::pass();
  const auto next = c.what->calendar->next_open(c.now, session_hours::regular);
  return answer::reject("the market is closed" + (next ? ", it opens at " + to_iso8601(*next) : std::string{}));
}

answer extended_hours(run_context& c) {
  const bool is_for_one = c.asked.tif == time_in_force::pre || c.asked.tif == time_in_force::post;
  if (c.what && is_for_one && c.asked.type != order_type::limit)
    return answer::reject("only limit orders in the " + std::string(to_string(c.asked.tif)) + " session, for which it is");
  if (!c.what || (c.session != market_state::pre && c.session != market_state::post)) return answer::pass();
  // a protective leg waits for the regular session: it would not trade in this one
  if (c.order.origin == order_origin::leg && may_rest(c)) return answer::pass();
  const bool asked_for = c.asked.hours == order_hours::extended || c.asked.tif == time_in_force::pre || c.asked.tif == time_in_force::post
                         || c.flag(limit_id::allow_extended_hours);
  const std::string name(to_string(c.session));
  if (!asked_for) return answer::reject("the market is in its " + name + " session, and the order does not ask for extended hours");
  if (c.asked.type != order_type::limit) return answer::reject("only limit orders in the " + name + " session");
  return answer::pass();
}

answer short_unavailable(run_context& c) {
  if (!c.what) return answer::skip(no_contract);
  if (c.way != direction::sell) return answer::skip("a buy sells nothing short");
  if (contract_of(*c.what).style == settlement::margined) return answer::pass(); // a contract has two sides, nothing is borrowed
  const bool is_cash = c.account().type == account_type::cash || c.account().type == account_type::crypto;
  if (is_cash && !c.flag(limit_id::shorts_on_cash)) return answer::reject("short sales are off for this kind of account");
  if (c.strategy && c.strategy->figures.shorts == on_off::off) return answer::reject("short sales are off for the strategy");
  if (c.what->borrowable && !*c.what->borrowable) return answer::reject("the shares can't be borrowed");
  return answer::pass();
}

answer reduce_only_excess(run_context& c) {
  if (!c.is_reduce_only) return answer::skip("the order may open");
  if (c.closing.is_zero()) return answer::reject(c.asked_size.value(), {true, {}, limit_scope::symbol}, limit_unit::quantity, "nothing is left to close");
  if (c.closing == c.asked_size) return answer::pass();
  answer out;
  out.what = check_verdict::reduce;
  out.unit = limit_unit::quantity;
  out.measured = c.asked_size.value();
  out.limit = c.closing.value();
  out.message = "only " + c.closing.to_string() + " can be closed";
  return out;
}

constexpr check_row rows[] = {
  {check_code::unknown_instrument, applies_to::whole, unknown_instrument},
  {check_code::not_tradable, applies_to::whole, not_tradable_at_all},
  {check_code::not_tradable, applies_to::opening, not_tradable},
  {check_code::tick_size, applies_to::whole, tick_size},
  {check_code::lot_size, applies_to::whole, lot_size},
  {check_code::min_notional, applies_to::whole, min_notional},
  {check_code::type_unsupported, applies_to::whole, type_unsupported},
  {check_code::market_closed, applies_to::whole, market_closed},
  {check_code::extended_hours, applies_to::whole, extended_hours},
  {check_code::short_unavailable, applies_to::opening, short_unavailable},
  {check_code::reduce_only_excess, applies_to::whole, reduce_only_excess},
};

} // namespace

std::span<const check_row> instrument_checks() { return rows; }

} // namespace tt::risk
