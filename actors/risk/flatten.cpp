#include "actors/risk/flatten.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

using owner = flatten_view::open_order::owner;
using session = flatten_view::held::session;

bool has_foreign_orders(const flatten_view& view) {
  return std::ranges::any_of(view.orders, [](const auto& o) { return o.of == owner::other; });
}

bool is_being_closed(const flatten_view& view, const std::string& symbol) {
  return std::ranges::any_of(view.orders, [&](const auto& o) { return o.of == owner::flattening && o.symbol == symbol; });
}

} // namespace

std::vector<flatten_action> flatten_plan::next(const flatten_view& view, utc_time now) {
  std::vector<flatten_action> out;
  for (const auto& order : view.orders) {
    if (order.of != owner::other) continue;
    auto& known = cancels_[order.number];
    if (known.attempts > 0 && now - known.at < repeat_after) continue;
    known.at = now;
    out.emplace_back(cancel_action{order.number, ++known.attempts});
  }
  if (has_foreign_orders(view)) return out;
  for (const auto& held : view.positions) {
    if (held.position.is_zero() || held.market != session::open || is_being_closed(view, held.symbol)) continue;
    auto key = intent_key::flatten(epoch_, held.symbol);
    if (!key) continue; // a symbol that no order can name
    const auto way = held.position.value().is_positive() ? direction::sell : direction::buy;
    out.emplace_back(close_action{held.symbol, way, quantity{held.position.value().abs()}, *key});
  }
  return out;
}

bool flatten_plan::is_done(const flatten_view& view) {
  return view.orders.empty() && std::ranges::all_of(view.positions, [](const auto& held) { return held.position.is_zero(); });
}

std::vector<std::string> flatten_plan::waiting(const flatten_view& view) {
  std::vector<std::string> out;
  for (const auto& held : view.positions)
    if (!held.position.is_zero() && held.market == session::closed) out.push_back(held.symbol);
  return out;
}

std::vector<order_number> flatten_plan::unconfirmed(const flatten_view& view) const {
  std::vector<order_number> out;
  for (const auto& order : view.orders)
    if (order.of == owner::other && cancels_.contains(order.number)) out.push_back(order.number);
  return out;
}

} // namespace tt::risk
