#include "actors/risk/book.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

quantity smaller(quantity a, quantity b) { return a < b ? a : b; }

bool is_own_sibling(const working_order& a, const working_order& b) {
  return a.group != order_number::none && a.group == b.group;
}

/// Whether an earlier order of the same group and side has at least as much left: then this one is not counted.
bool is_counted_by_sibling(const symbol_view& symbol, std::size_t index) {
  const auto& one = symbol.working[index];
  if (one.group == order_number::none) return false;
  for (std::size_t i = 0; i < symbol.working.size(); ++i) {
    const auto& other = symbol.working[i];
    if (i == index || other.way != one.way || !is_own_sibling(one, other)) continue;
    if (other.remaining > one.remaining || (other.remaining == one.remaining && i < index)) return true;
  }
  return false;
}

} // namespace

quantity working_quantity(const symbol_view& symbol, direction way, order_number without) {
  quantity sum;
  for (std::size_t i = 0; i < symbol.working.size(); ++i) {
    const auto& order = symbol.working[i];
    const bool is_sibling = without != order_number::none && order.group == without;
    if (order.way == way && !is_sibling && !is_counted_by_sibling(symbol, i)) sum += order.remaining;
  }
  return sum;
}

quantity closable(quantity position, direction way) {
  const bool closes = way == direction::sell ? position.value().is_positive() : position.value().is_negative();
  return closes ? quantity{position.value().abs()} : quantity{};
}

quantity closable(const symbol_view& symbol, direction way, order_number group) {
  const auto held = closable(symbol.position, way);
  if (held.is_zero()) return {};
  const auto rest = held - working_quantity(symbol, way, group);
  return rest.value().is_negative() ? quantity{} : rest;
}

void book::set_account(account_view figures) {
  account_ = std::move(figures);
  while (!pending_fills_.empty() && pending_fills_.front().at <= account_.state_at) pending_fills_.pop_front();
}

symbol_view* book::find(std::string_view name) {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

const symbol_view* book::symbol(std::string_view name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

const strategy_state* book::strategy(std::string_view name) const {
  const auto found = strategies_.find(name);
  return found == strategies_.end() ? nullptr : &found->second;
}

result<void> book::set_instrument(std::string_view symbol, instrument_view what) {
  auto* known = find(symbol);
  if (!known && symbols_.size() >= max_symbols)
    return error{errc::limit_exceeded, "the account knows " + std::to_string(max_symbols) + " symbols already", "symbol"};
  if (!known) known = &symbols_.emplace(std::string(symbol), symbol_view{}).first->second;
  known->instrument = std::move(what);
  return {};
}

void book::set_market(std::string_view symbol, const market_view& market) {
  if (auto* known = find(symbol)) known->market = market;
}

result<void> book::set_position(std::string_view symbol, quantity held) {
  auto* known = find(symbol);
  if (!known) return error{errc::not_found, "no instrument " + in_quotes(symbol), "symbol"};
  known->position = held;
  refresh_active(*known);
  return {};
}

void book::set_agreement(std::string_view symbol, agreement state) {
  if (auto* known = find(symbol)) known->reconciled = state;
}

result<void> book::set_strategy(std::string_view name, strategy_view figures) {
  const auto found = strategies_.find(name);
  if (found == strategies_.end() && strategies_.size() >= max_symbols)
    return error{errc::limit_exceeded, "the account knows " + std::to_string(max_symbols) + " strategies already", "strategy_id"};
  auto& state = found != strategies_.end() ? found->second : strategies_.emplace(std::string(name), strategy_state{}).first->second;
  state.figures = std::move(figures);
  return {};
}

void book::set_strategy_position(std::string_view strategy, std::string_view symbol, quantity held) {
  const auto found = strategies_.find(strategy);
  if (found == strategies_.end()) return;
  if (held.is_zero()) found->second.positions.erase(std::string(symbol));
  else found->second.positions[std::string(symbol)] = held;
}

void book::refresh_active(symbol_view& one) {
  const bool is_active = !one.position.is_zero() || !one.working.empty();
  const auto found = std::ranges::find(active_, &one);
  if (is_active && found == active_.end()) active_.push_back(&one);
  if (!is_active && found != active_.end()) active_.erase(found);
}

working_order* book::find_working(order_number number, symbol_view** in) {
  const auto place = places_.find(raw(number));
  if (place == places_.end()) return nullptr;
  const auto found = std::ranges::find(place->second->working, number, &working_order::number);
  if (found == place->second->working.end()) return nullptr;
  if (in) *in = place->second;
  return &*found;
}

const working_order* book::working(order_number number) const {
  return const_cast<book*>(this)->find_working(number, nullptr);
}

result<void> book::add_working(std::string_view symbol, working_order order) {
  auto* known = find(symbol);
  if (!known) return error{errc::not_found, "no instrument " + in_quotes(symbol), "symbol"};
  if (places_.contains(raw(order.number)))
    return error{errc::conflict, "order " + std::to_string(raw(order.number)) + " is working already", "order_id"};
  places_.emplace(raw(order.number), known);
  known->working.push_back(std::move(order));
  refresh_active(*known);
  return {};
}

void book::acknowledge(order_number number) {
  if (auto* found = find_working(number, nullptr)) found->acknowledged = on_off::on;
}

result<void> book::on_fill(order_number number, std::string_view symbol, direction way, quantity size, utc_time at) {
  auto* known = find(symbol);
  if (!known) return error{errc::not_found, "no instrument " + in_quotes(symbol), "symbol"};
  const auto moved = way == direction::buy ? size : -size;
  known->position += moved;
  symbol_view* place = nullptr;
  if (auto* order = find_working(number, &place); order && place == known) {
    checked_math math;
    const auto before = known->position.value() - moved.value();
    // what moves the position away from zero opened
    const bool grows = before.is_zero() || before.is_negative() == moved.value().is_negative();
    const auto flipped = known->position.value().abs();
    const auto opened = grows ? size.value() : before.is_negative() == known->position.value().is_negative() ? decimal{} : flipped;
    order->remaining -= smaller(size, order->remaining);
    const auto held = math.multiply(opened, order->unit_cost.value());
    if (held.is_positive() && at > account_.state_at) pending_fills_.push_back({at, held});
    if (!order->strategy.empty()) {
      if (const auto owner = strategies_.find(order->strategy); owner != strategies_.end()) {
        auto& position = owner->second.positions[std::string(symbol)];
        position += moved;
        if (position.is_zero()) owner->second.positions.erase(std::string(symbol));
      }
    }
    if (order->remaining.is_zero()) on_final(number);
  }
  refresh_active(*known);
  return {};
}

void book::on_final(order_number number) {
  symbol_view* place = nullptr;
  auto* order = find_working(number, &place);
  if (!order) return;
  place->working.erase(place->working.begin() + (order - place->working.data()));
  places_.erase(raw(number));
  refresh_active(*place);
}

void book::on_changed(order_number number, quantity remaining, std::optional<price> limit_price) {
  auto* order = find_working(number, nullptr);
  if (!order) return;
  order->remaining = remaining;
  if (limit_price) {
    order->limit_price = limit_price;
    order->valued = *limit_price;
  }
}

namespace {

/// What a unit is reckoned at. An order taken over without any price counts at the market.
decimal price_of(const working_order& order, const market_view& market) {
  if (!order.valued.is_zero()) return order.valued.value().abs();
  if (market.last) return market.last->value().abs();
  return market.ask ? market.ask->value().abs() : decimal{};
}

} // namespace

side_load opening_load(const symbol_view& symbol, direction way, load_of which, checked_math& math) {
  side_load sum;
  decimal all, dearest_price, dearest_cost;
  for (std::size_t i = 0; i < symbol.working.size(); ++i) {
    const auto& order = symbol.working[i];
    if (order.way != way || is_counted_by_sibling(symbol, i)) continue;
    all = math.add(all, order.remaining.value());
    if (which == load_of::unacknowledged && order.acknowledged == on_off::on) continue;
    const auto price = price_of(order, symbol.market);
    sum.quantity = math.add(sum.quantity, order.remaining.value());
    sum.priced = math.add(sum.priced, math.multiply(price, order.remaining.value()));
    sum.cost = math.add(sum.cost, math.add(math.multiply(order.unit_cost.value(), order.remaining.value()), order.order_fee.value()));
    dearest_price = std::max(dearest_price, price);
    dearest_cost = std::max(dearest_cost, math.add(order.unit_cost.value(), order.order_fee.value()));
  }
  const bool closes = way == direction::sell ? symbol.position.value().is_positive() : symbol.position.value().is_negative();
  if (!closes || sum.quantity.is_zero()) return sum;
  const auto opens = math.subtract(all, symbol.position.value().abs());
  if (!opens.is_positive()) return {};
  if (opens >= sum.quantity) return sum;
  return {opens, math.multiply(opens, dearest_price), math.multiply(opens, dearest_cost)};
}

decimal book::held_buying_power(checked_math& math) const {
  const auto which = account_.counts_working == working_in_buying_power::counted_when_acknowledged ? load_of::unacknowledged : load_of::all;
  decimal sum;
  for (const auto* symbol : active_) {
    if (symbol->working.empty()) continue;
    sum = math.add(sum, opening_load(*symbol, direction::buy, which, math).cost);
    sum = math.add(sum, opening_load(*symbol, direction::sell, which, math).cost);
  }
  for (const auto& fill : pending_fills_) sum = math.add(sum, fill.amount);
  return sum;
}

} // namespace tt::risk
