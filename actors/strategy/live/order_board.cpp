#include "actors/strategy/live/order_board.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

using phase = sent_order::phase_t;

/// The reject code by which the account takes back a leg of a linked order that may go out again.
constexpr std::string_view swapped_code = "LINKED";

bool same_levels(const wanted_order& a, const wanted_order& b, order_board::moment when) {
  const bool may_wait = b.what.moves && a.what.moves && when == order_board::moment::within_bar;
  return a.limit == b.limit && a.trail == b.trail && (a.stop == b.stop || may_wait);
}

bool is_against(const wanted_order& what, decimal held) {
  return !held.is_zero() && what.size.is_negative() != held.is_negative();
}

} // namespace

order_board::plan order_board::compare(const std::vector<wanted_order>& wanted, decimal held, moment when) {
  plan out;
  std::vector<const sent_order*> matched;
  std::vector<const wanted_order*> open;
  for (const auto& one : wanted) {
    const auto at = std::find_if(orders_.begin(), orders_.end(), [&](const sent_order& s) {
      return s.wanted.what.slot == one.what.slot && s.phase != phase::cancelling;
    });
    if (at != orders_.end() && at->rest() == one.size.abs() && at->wanted.size.is_negative() == one.size.is_negative() &&
        same_levels(at->wanted, one, when))
      matched.push_back(&*at);
    else open.push_back(&one);
  }
  for (auto& s : orders_) {
    if (s.phase == phase::cancelling || std::find(matched.begin(), matched.end(), &s) != matched.end()) continue;
    out.cancel.push_back(&s);
  }
  const auto leaves = [&](const sent_order& s) {
    return s.phase == phase::cancelling || std::find(out.cancel.begin(), out.cancel.end(), &s) != out.cancel.end();
  };
  const bool closing_leaves = std::any_of(orders_.begin(), orders_.end(), [&](const sent_order& s) { return leaves(s) && s.wanted.closes(); });
  // one that was sent before may be lost yet: an entry that only fits behind it waits for its end
  const bool is_closing = std::any_of(orders_.begin(), orders_.end(), [](const sent_order& s) { return s.wanted.closes() && s.wanted.is_market(); });
  for (const auto* one : open) {
    const bool adds = one->what.kind == pine::tester::order_kind::entry && !held.is_zero() && !is_against(*one, held);
    if (is_closing && adds && one->is_market()) continue;
    // never two orders for one purpose: what takes the position down waits until the one before is surely gone
    if ((one->closes() || is_against(*one, held)) && closing_leaves) continue;
    const bool is_replacing = std::any_of(orders_.begin(), orders_.end(), [&](const sent_order& s) {
      return leaves(s) && (s.wanted.what.slot == one->what.slot || (s.wanted.id == one->id && s.wanted.signal == one->signal));
    });
    if (!is_replacing) out.place.push_back(*one);
  }
  return out;
}

sent_order& order_board::add(wanted_order what, std::string key) {
  sent_order s;
  s.wanted = std::move(what);
  s.key = std::move(key);
  orders_.push_back(std::move(s));
  return orders_.back();
}

sent_order* order_board::by_key(std::string_view key) {
  for (auto& s : orders_)
    if (s.key == key) return &s;
  return nullptr;
}

sent_order* order_board::owner_of(const order& now) {
  for (auto& s : orders_) {
    if (s.head.empty()) continue;
    if (s.head == now.id || (now.parent != order_number::none && now.parent == s.number)) return &s;
  }
  return nullptr;
}

std::optional<executed> order_board::take(sent_order& to, const order& now) {
  auto& part = to.parts[now.id.str()];
  if (now.version < part.version || now.filled.value() < part.filled) return std::nullopt;
  part = {now.filled.value(), now.filled_value, now.fees, now.version, is_final(now.state), now.reject_code == swapped_code, now.state,
          now.reason.empty() ? now.reject_code : now.reason};
  decimal filled, value;
  money fees;
  for (const auto& [id, one] : to.parts) {
    filled += one.filled;
    value += one.value;
    fees += one.fees;
  }
  const auto qty = filled - to.booked;
  if (!qty.is_positive()) return std::nullopt;
  executed out{qty, price{decimal::divide(value - to.booked_value, qty)}, fees - to.booked_fees};
  to.booked = filled;
  to.booked_value = value;
  to.booked_fees = fees;
  return out;
}

order_board::end order_board::end_of(const sent_order& what) {
  if (!what.rest().is_positive()) return end::filled;
  if (what.parts.empty()) return end::open;
  bool was_swapped = false;
  for (const auto& [id, part] : what.parts) {
    if (!part.is_final) return end::open;
    was_swapped |= part.is_swapped;
  }
  if (what.phase == phase::cancelling) return end::cancelled;
  return was_swapped ? end::open : end::lost; // another leg is about to go out
}

void order_board::remove(const sent_order& what) {
  orders_.remove_if([&](const sent_order& s) { return &s == &what; });
}

order_request request_of(const wanted_order& what, const run_setup& setup) {
  order_request out;
  out.account = setup.account;
  out.symbol = setup.what.symbol;
  out.side = what.size.is_negative() ? order_side::sell : order_side::buy;
  out.size = size_quantity{quantity{what.size.abs()}};
  out.tif = what.is_market() ? time_in_force::day : time_in_force::gtc;
  out.hours = setup.hours == session_hours::extended ? order_hours::extended : order_hours::regular;
  out.effect = what.closes() ? position_effect::reduce_only : position_effect::any;
  out.strategy = setup.strategy;
  out.comment = (what.signal.empty() ? what.id : what.signal).substr(0, limits::order_comment_bytes);
  out.stop_price = what.stop;
  out.limit_price = what.limit;
  if (what.trail) {
    out.type = order_type::trailing_stop;
    out.trail_offset = what.trail;
  } else if (what.limit && what.stop && what.closes()) {
    out.type = order_type::oco;
    out.legs = {{order_type::limit, what.limit, std::nullopt}, {order_type::stop, std::nullopt, what.stop}};
    out.limit_price.reset();
    out.stop_price.reset();
  } else if (what.limit && what.stop) {
    out.type = order_type::stop_limit;
  } else if (what.limit) {
    out.type = order_type::limit;
  } else if (what.stop) {
    out.type = order_type::stop;
  }
  return out;
}

std::string type_of(const wanted_order& what) {
  if (what.trail) return "trailing_stop";
  if (what.limit && what.stop) return what.closes() ? "oco" : "stop_limit";
  return what.limit ? "limit" : what.stop ? "stop" : "market";
}

} // namespace tt::strategy
