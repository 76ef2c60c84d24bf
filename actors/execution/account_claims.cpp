// What protective legs may close: a fold over executions, like the position. What an entry opened is its group's; what legs, exits and
// others take is taken off for good.

#include "actors/execution/account_book.hpp"

#include <algorithm>

namespace tt::execution {

namespace {

bool is_bracket(const order& head) { return head.profit || head.loss; }
bool is_closing_pair(const order& head) {
  return head.parent == order_number::none && !head.leg.empty() && head.terms.effect == position_effect::reduce_only;
}
/// Of the legs of that head.
direction way_of_legs(const order& head) { return is_bracket(head) ? direction_of(opposite_side(head.way())) : head.way(); }

} // namespace

bool was_taken_away(const order& leg) {
  return (leg.state == order_state::cancelled || leg.state == order_state::expired) && leg.reject_code != linked_code;
}

bool account_book::is_protection(const order& what) const {
  if (what.leg.empty()) return false;
  const auto* head = what.parent == order_number::none ? &what : find(what.parent);
  return head->profit || head->loss || head->terms.effect == position_effect::reduce_only;
}

bool account_book::is_group_ended(const order& head) const {
  if (!is_bracket(head) && was_taken_away(head)) return true;
  return std::ranges::any_of(head.linked, [&](order_number number) {
    const auto& leg = *find(number);
    const bool goes_alone = head.loss && !leg.terms.stop_price;
    return !goes_alone && was_taken_away(leg);
  });
}

claim account_book::claim_of(const order& head) const {
  const auto all = claims_.find(head.symbol);
  if (all == claims_.end()) return {};
  const auto own = all->second.find(head.number);
  return own == all->second.end() ? claim{} : own->second;
}

// A strategy's pair closes what it holds and no leg of its protects yet. One that holds nothing closes what another name opened, and one
// without a strategy what it holds or, where that is less, what there is.
void account_book::open_claim(const order& head) {
  const auto* asked = std::get_if<size_quantity>(&head.asked);
  if (!is_closing_pair(head) || !asked) return;
  auto& all = claims_[head.symbol];
  const auto own = to_close(held_by(head.strategy, head.symbol), head.way());
  auto free = own;
  for (const auto& [number, one] : all) {
    const auto& other = *find(number);
    if (one.bound == claim_bound::owner && other.strategy == head.strategy && way_of_legs(other) == head.way()) free -= std::min(free, one.left);
  }
  const bool holds = !head.strategy.empty() && !own.is_zero();
  if (holds || free >= asked->value) all[head.number] = {std::min(asked->value, free), claim_bound::owner};
  else all[head.number] = {asked->value, claim_bound::account};
}

void account_book::book_for_owner(const order& what, decimal before, decimal change) {
  book_for_strategy(what.strategy, what.symbol, before, change);
  move_claim(what, change);
  cut_claims(what.symbol);
}

// What an entry traded its group protects, as far as its owner holds it then: the part that closed is cut at once. What a leg traded is
// its group's.
void account_book::move_claim(const order& what, decimal change) {
  const auto& head = what.parent == order_number::none ? what : *find(what.parent);
  if (!is_bracket(head) && !is_closing_pair(head)) return;
  const auto more = way_of_legs(head) == direction::sell ? change : -change;
  auto& left = claims_[head.symbol][head.number].left;
  left = quantity{std::max(left.value() + more, decimal{})};
}

// The claims of one owner are never more than it holds. What no leg protects was closed first, then what was opened first.
void account_book::cut_claims(const std::string& symbol) {
  const auto found = claims_.find(symbol);
  if (found == claims_.end()) return;
  auto& all = found->second;
  std::map<std::pair<strategy_id, direction>, quantity> excess;
  for (auto& [number, one] : all) {
    const auto& head = *find(number);
    const auto way = way_of_legs(head);
    if (one.bound == claim_bound::account) one.left = std::min(one.left, to_close(held(symbol), way));
    else excess[{head.strategy, way}] += one.left;
  }
  for (auto& [owner, sum] : excess) sum -= std::min(sum, to_close(held_by(owner.first, symbol), owner.second));
  if (std::ranges::any_of(excess, [](const auto& one) { return !one.second.is_zero(); })) {
    const auto cut = [&](const order& head, claim& one) {
      if (one.bound != claim_bound::owner) return;
      auto& over = excess[{head.strategy, way_of_legs(head)}];
      const auto part = std::min(over, one.left);
      one.left -= part;
      over -= part;
    };
    for (auto& [number, one] : all)
      if (is_group_ended(*find(number))) cut(*find(number), one);
    for (auto& [number, one] : all) cut(*find(number), one);
  }
  std::erase_if(all, [](const auto& one) { return one.second.left.is_zero(); });
}

} // namespace tt::execution
