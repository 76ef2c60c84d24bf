#include "actors/execution/account_book.hpp"

#include "actors/execution/record_codec.hpp"
#include "actors/execution/record_fields.hpp"

#include <algorithm>

namespace tt::execution {

template <class A>
void fields(A& a, freeze& x) {
  a(x.ours, x.theirs, x.reason, x.since);
}

namespace {

/// First byte of a snapshot.
constexpr char snapshot_version = 3;

/// A line of by_strategy_.
struct strategy_share {
  std::string symbol;
  strategy_id strategy;
  quantity held;
};

template <class A>
void fields(A& a, strategy_share& x) {
  a(x.symbol, x.strategy, x.held);
}

/// A line of claims_.
struct claim_line {
  std::string symbol;
  order_number head = order_number::none;
  claim what;
};

template <class A>
void fields(A& a, claim_line& x) {
  a(x.symbol, x.head, x.what.left, x.what.bound);
}

} // namespace

template <class A>
void account_book::archive(A& a) {
  std::vector<strategy_share> shares;
  if constexpr (!A::reads)
    for (const auto& [symbol, all] : by_strategy_)
      for (const auto& [strategy, held] : all)
        if (!held.is_zero()) shares.push_back({symbol, strategy, held});
  archive_list(a, shares);
  if constexpr (A::reads)
    for (const auto& one : shares) by_strategy_[one.symbol][one.strategy] = one.held;
  std::vector<claim_line> claims;
  if constexpr (!A::reads)
    for (const auto& [symbol, all] : claims_)
      for (const auto& [head, what] : all) claims.push_back({symbol, head, what});
  archive_list(a, claims);
  if constexpr (A::reads)
    for (const auto& one : claims) claims_[one.symbol][one.head] = one.what;
  a(opened_, profile_, last_, last_execution_, last_execution_at_, cash_, balances_, unmatched_);
  archive_list(a, orders_);
  archive_map(a, positions_);
  archive_map(a, frozen_);
  archive_map(a, absences_);
  archive_map(a, executions_);
}

std::string account_book::to_bytes() const {
  std::string out(1, snapshot_version);
  byte_writer writer{out};
  const_cast<account_book*>(this)->archive(writer); // the writer only reads
  return out;
}

result<account_book> account_book::from_bytes(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != snapshot_version)
    return error{errc::unsupported, "the snapshot was written by another version", "snapshot"};
  account_book out;
  byte_reader reader{bytes.substr(1), schema_version};
  out.archive(reader);
  if (reader.failed() || !reader.at_end()) return error{errc::corrupt_data, "the snapshot can't be read", "snapshot"};
  for (const auto& what : out.orders_) out.index(what);
  return out;
}

void account_book::index(const order& what) {
  by_wire_[what.wire_id] = what.number;
  if (!what.client_id.empty() && what.client_id.str() != what.wire_id.str()) by_client_.try_emplace(what.client_id, what.number);
  if (!what.key.empty()) by_key_[what.key] = what.number;
  if (!what.venue_order.empty()) by_venue_[what.venue_session + '\0' + what.venue_order.str()] = what.number;
  if (!is_final(what.state)) open_.insert(what.number);
}

void account_book::book_for_strategy(const strategy_id& who, const std::string& symbol, decimal before, decimal change) {
  auto& all = by_strategy_[symbol];
  if (!who.empty()) {
    auto& held = all[who];
    held = quantity{held.value() + change};
    return;
  }
  if (before.is_zero() || before.is_positive() == change.is_positive()) return;
  const auto along = [&](decimal amount) { return amount.is_positive() == before.is_positive() ? amount.abs() : decimal{}; };
  auto closed = std::min(change.abs(), before.abs()) - along(before - held_by_strategies(symbol));
  for (auto& [id, theirs] : all) {
    if (!closed.is_positive()) return;
    const auto part = std::min(along(theirs.value()), closed);
    theirs = quantity{before.is_positive() ? theirs.value() - part : theirs.value() + part};
    closed = closed - part;
  }
}

decimal account_book::held_by_strategies(const std::string& symbol) const {
  decimal sum;
  if (const auto found = by_strategy_.find(symbol); found != by_strategy_.end())
    for (const auto& [id, theirs] : found->second) sum = sum + theirs.value();
  return sum;
}

quantity account_book::held_by(const strategy_id& who, const std::string& symbol) const {
  if (who.empty()) return quantity{held(symbol).value() - held_by_strategies(symbol)};
  const auto found = by_strategy_.find(symbol);
  if (found == by_strategy_.end()) return {};
  const auto own = found->second.find(who);
  return own == found->second.end() ? quantity{} : own->second;
}

order* account_book::get(order_number number) {
  const auto at = raw(number);
  return at == 0 || at > orders_.size() ? nullptr : &orders_[static_cast<std::size_t>(at) - 1];
}
const order* account_book::find(order_number number) const {
  const auto at = raw(number);
  return at == 0 || at > orders_.size() ? nullptr : &orders_[static_cast<std::size_t>(at) - 1];
}
const order* account_book::find(const wire_order_id& id) const {
  const auto found = by_wire_.find(id);
  return found == by_wire_.end() ? nullptr : find(found->second);
}
const order* account_book::find(const client_order_id& id) const {
  const auto found = by_client_.find(id);
  if (found != by_client_.end()) return find(found->second);
  const auto* what = find(wire_order_id{id.str()});
  return what && what->client_id == id ? what : nullptr;
}
const order* account_book::find(const intent_key& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : find(found->second);
}
const order* account_book::find(const order_handle& handle) const {
  if (!handle.wire_id.empty())
    if (const auto* what = find(handle.wire_id)) return what;
  if (handle.venue_order.empty()) return nullptr;
  const auto found = by_venue_.find(handle.venue_session + '\0' + handle.venue_order.str());
  if (found == by_venue_.end()) return nullptr;
  const auto* what = find(found->second);
  // an id that names another order of ours by wire id is a reused one
  if (what && !handle.wire_id.empty() && what->owner == ownership::own) return nullptr;
  return what;
}

quantity account_book::held_against(const std::string& symbol, direction way) const {
  const auto opposite = way == direction::sell ? direction::buy : direction::sell;
  auto sum = to_close(held_by({}, symbol), opposite);
  if (const auto found = by_strategy_.find(symbol); found != by_strategy_.end())
    for (const auto& [id, theirs] : found->second) sum += to_close(theirs, opposite);
  return sum;
}

std::vector<const order*> account_book::linked_heads(const std::string& symbol) const {
  std::vector<const order*> out;
  std::set<order_number> seen;
  const auto add = [&](const order* what) {
    if (what && what->symbol == symbol && !what->linked.empty() && seen.insert(what->number).second) out.push_back(what);
  };
  for (const auto number : open_) {
    const auto* what = find(number);
    if (what->parent != order_number::none) add(find(what->parent));
    else add(what);
  }
  return out;
}

quantity account_book::held(const std::string& symbol) const {
  const auto found = positions_.find(symbol);
  return found == positions_.end() ? quantity{} : found->second.qty;
}

position account_book::position_of(const std::string& symbol, const contract_terms& contract) const {
  const auto found = positions_.find(symbol);
  if (found != positions_.end()) return found->second;
  position fresh;
  fresh.symbol = symbol;
  fresh.contract = contract;
  return fresh;
}

const absence_seen* account_book::absence_of(order_number number) const {
  const auto found = absences_.find(number);
  return found == absences_.end() ? nullptr : &found->second;
}

bool account_book::has_external_positions() const {
  return std::any_of(positions_.begin(), positions_.end(), [](const auto& one) { return one.second.owner == ownership::external; });
}

quantity to_close(quantity held, direction way) {
  const bool closes = !held.is_zero() && held.value().is_positive() == (way == direction::sell);
  return closes ? quantity{held.value().abs()} : quantity{};
}

quantity account_book::closable(const std::string& symbol, direction way) const {
  auto room = to_close(held(symbol), way).value();
  if (room.is_zero()) return {};
  std::map<order_number, decimal> by_group; // siblings count once: the largest
  for (const auto number : open_) {
    const auto& what = *find(number);
    if (what.symbol != symbol || what.way() != way || !may_trade(what.state)) continue;
    const auto head = what.parent != order_number::none ? what.parent : number;
    auto& most = by_group[head];
    most = std::max(most, (what.largest_quantity() - what.filled).value());
  }
  for (const auto& [head, most] : by_group) room -= most;
  return quantity{std::max(room, decimal{})};
}

} // namespace tt::execution
