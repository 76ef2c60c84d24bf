// Exits: orders that close a position as soon as they come. What protects it is taken back first, or made smaller, and only when that is
// confirmed does the exit go out; what the protection closed meanwhile it closes no more.

#include "actors/execution/core_turn.hpp"

#include <algorithm>

namespace tt::execution {

// A limit closes at once where the market stands at it or beyond when it comes, and as long as it does; one that rests is the risk gate's
// to fit beside the protection.
bool account_core::turn::closes_at_once(const order& what) const {
  if (!what.leg.empty() || what.owner == ownership::external) return false;
  const bool closes = !to_close(book().held(what.symbol), what.way()).is_zero();
  if (!closes && what.terms.effect != position_effect::reduce_only) return false;
  const bool by_market = what.terms.type == order_type::market || (what.terms.type == order_type::bracket && !what.terms.limit_price);
  if (by_market || what.terms.tif == time_in_force::ioc || what.terms.tif == time_in_force::fok) return true;
  if (!what.terms.limit_price && !what.terms.stop_price) return false;
  if (what.state == order_state::created && what.number != deciding_) return true; // it waits, because it was to close at once
  if (what.number != deciding_ && !core_.exits_.contains(what.number)) return false;
  const auto last = core_.last_price_.find(what.symbol);
  return last != core_.last_price_.end() && is_touched(what.terms, last->second);
}

bool account_core::turn::has_exit(const std::string& symbol) const {
  return std::ranges::any_of(book().open_orders(), [&](order_number number) {
    const auto& what = *book().find(number);
    return what.symbol == symbol && closes_at_once(what);
  });
}

std::vector<account_core::turn::working_exit> account_core::turn::exits_of(const std::string& symbol, direction way) const {
  std::vector<working_exit> out;
  for (const auto number : book().open_orders()) {
    const auto& what = *book().find(number);
    if (what.symbol == symbol && what.way() == way && closes_at_once(what)) out.push_back({number, what.strategy, rest_of_exit(what)});
  }
  return out;
}

// Of one that the gate is to size (by money, weight or risk) all that there is, until it has.
quantity account_core::turn::rest_of_exit(const order& what) const {
  auto most = what.largest_quantity();
  const auto known = core_.exits_.find(what.number);
  if (most.is_zero() && known != core_.exits_.end()) most = known->second.sized;
  const auto held = to_close(book().held(what.symbol), what.way());
  return most.is_zero() ? held : std::min(held, most - std::min(most, what.filled));
}

// An exit takes the own legs of its strategy off; one without a strategy all, for it may close what any of them holds.
bool account_core::turn::gives_way(const strategy_id& owner, const std::vector<working_exit>& exits) {
  return std::ranges::any_of(exits, [&](const working_exit& exit) { return exit.strategy.empty() || exit.strategy == owner; });
}

std::vector<order_number> account_core::turn::protection_of(const std::string& symbol) const {
  std::vector<order_number> out;
  for (const auto number : book().open_orders()) {
    const auto& what = *book().find(number);
    if (what.symbol == symbol && may_trade(what.state) && book().is_protection(what)) out.push_back(number);
  }
  return out;
}

// Legs of others stay, as far as there is room beside it.
std::vector<order_number> account_core::turn::in_the_way_of(const order& what) const {
  std::vector<order_number> own, others;
  const auto size_of = [&](const order& one) { return one.largest_quantity() - std::min(one.largest_quantity(), one.filled); };
  auto room = to_close(book().held(what.symbol), what.way());
  const auto take = [&](quantity size) { return std::exchange(room, room - std::min(room, size)) >= size; };
  bool fits = take(rest_of_exit(what));
  for (const auto& exit : exits_of(what.symbol, what.way()))
    if (exit.number != what.number && book().find(exit.number)->state != order_state::created) fits = take(exit.rest) && fits;
  for (const auto number : protection_of(what.symbol)) {
    const auto& leg = *book().find(number);
    if (leg.way() != what.way()) continue;
    const bool is_own = what.strategy.empty() || leg.strategy == what.strategy;
    (is_own ? own : others).push_back(number);
    if (!is_own) fits = take(size_of(leg)) && fits;
  }
  if (!fits) own.insert(own.end(), others.begin(), others.end());
  return own;
}

std::vector<order_number> account_core::turn::taken_back_for(const order& what) const {
  if (closes_at_once(what)) return in_the_way_of(what);
  // one that comes while another waits for its own protection comes behind it
  auto out = protection_of(what.symbol);
  std::erase_if(out, [&](order_number number) {
    const auto& leg = *book().find(number);
    return !gives_way(leg.strategy, exits_of(what.symbol, leg.way()));
  });
  return out;
}

void account_core::turn::note_protective_fill(const order& leg, quantity qty) {
  for (auto& [number, exit] : core_.exits_) {
    const auto& what = *book().find(number);
    const bool is_own = what.strategy.empty() || what.strategy == leg.strategy;
    if (what.symbol == leg.symbol && what.way() == leg.way() && is_own) exit.protected_meanwhile += qty;
  }
}

// An order that waits in `created` and is no leg is an exit that waits for its own protection. What that closed meanwhile it closes
// no more; what it was to open besides (a reversal) it opens.
void account_core::turn::release_exits(const std::string& symbol) {
  std::vector<order_number> waiting;
  for (const auto number : book().open_orders()) {
    const auto& what = *book().find(number);
    if (what.symbol == symbol && what.state == order_state::created && what.leg.empty()) waiting.push_back(number);
  }
  for (const auto number : waiting)
    if (taken_back_for(*book().find(number)).empty()) release_exit(number);
}

// After a restart nobody remembers what it was to close: what the legs have traded that changed since counts as closed, and nothing is opened.
account_core::waiting_exit account_core::turn::what_waits(const order& what) const {
  if (const auto known = core_.exits_.find(what.number); known != core_.exits_.end()) return known->second;
  waiting_exit out;
  out.closing = out.sized = what.terms.qty;
  for (const auto& leg : book().orders()) {
    const bool is_own = what.strategy.empty() || what.strategy == leg.strategy;
    if (is_own && leg.symbol == what.symbol && leg.way() == what.way() && leg.updated_at >= what.created_at && book().is_protection(leg))
      out.protected_meanwhile += leg.filled;
  }
  return out;
}

void account_core::turn::release_exit(order_number number) {
  const auto& what = *book().find(number);
  const auto most = to_close(book().held(what.symbol), what.way());
  const auto asked = what.terms.qty;
  const bool is_known = core_.exits_.contains(number);
  const auto waited = what_waits(what);
  const auto closed = std::min(waited.closing, waited.protected_meanwhile);
  const auto closing = waited.closing - closed;
  const auto opening = asked > waited.closing ? asked - waited.closing : quantity{};
  const auto left = std::min(closing, most) + opening;
  const bool is_sized_later = asked.is_zero(); // by money, weight or risk
  const bool is_closed = !waited.protected_meanwhile.is_zero() && waited.protected_meanwhile >= waited.sized;
  const bool is_over = is_sized_later ? most.is_zero() || is_closed : left.is_zero();
  if (is_over) // the protection was quicker
    return ask_cancel(number, "nothing is left to close", "NOTHING_TO_CLOSE");
  if (is_sized_later || left == asked) return release(number, std::nullopt);
  release(number, left, is_known && !closed.is_zero() ? protection_filled : only_closes);
}

} // namespace tt::execution
