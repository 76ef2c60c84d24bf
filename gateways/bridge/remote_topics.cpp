#include "gateways/bridge/remote_topics.hpp"

#include "actors/market/caf_error.hpp"
#include "gateways/bridge/actor_market_port.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway {

namespace {

using market::topic;
using market::topic_kind;

bridged_topic* find_topic(bridge_pointer self, const topic& what) {
  const auto at = self->state.topics.find(what);
  return at == self->state.topics.end() ? nullptr : &at->second;
}

std::uint64_t seq_of(const market::market_update& update) {
  return std::visit([](const auto& x) { return x.seq; }, update);
}

/// Whether an update is about a bar before the newest one that was delivered: fetched
/// history may be newer than the updates that were numbered before it.
bool is_overtaken(const bridged_topic& entry, const market::market_update& update) {
  const auto* series = std::get_if<market::bar_update>(&update);
  if (!series || !entry.newest) return false;
  return series->data.open_time < std::get<market::bar_update>(*entry.newest).data.open_time;
}

/// What was held back meanwhile goes out behind what was fetched.
void release_held(bridge_pointer self, const topic& what, bridged_topic& entry) {
  entry.healing = false;
  auto held = std::exchange(entry.held, {});
  std::ranges::stable_sort(held, {}, seq_of);
  for (auto& update : held) on_followed_update(self, what, entry, std::move(update));
}

void on_trades(bridge_pointer self, const topic& what, market::trade_list& list) {
  auto* entry = find_topic(self, what);
  if (!entry) return;
  // no prints although we have had some: it has just begun and is not restored yet,
  // which is no reason to count anew
  if (list.trades.empty()) return subscribe_later(self, what);
  const auto newest = list.trades.front().seq, oldest = list.trades.back().seq;
  // numbers lower than what we had: another count, nothing of which we have seen
  if (newest < entry->order.last()) entry->order.skip_to(newest);
  // what was held back belongs among them: the symbol may have gone on so far meanwhile that it keeps less of the past
  for (auto& update : entry->held)
    if (seq_of(update) < oldest) list.trades.push_back(std::move(std::get<market::trade_update>(update)));
  std::ranges::stable_sort(list.trades, {}, &market::trade_update::seq);
  for (auto& trade : list.trades) {
    if (trade.seq <= entry->order.last()) continue;
    entry->order.skip_to(trade.seq);
    deliver_update(*entry, topic_kind::trades, std::move(trade));
  }
  release_held(self, what, *entry);
}

/// Closed bars since the newest known one, then the one that is forming. They
/// carry the number of the newest state, which `follow` has brought.
void on_bars(bridge_pointer self, const topic& what, const market::history_reply& reply, std::uint64_t seq) {
  auto* entry = find_topic(self, what);
  if (!entry) return;
  entry->order.skip_to(seq);
  for (std::size_t i = 0; i < reply.bars->size(); ++i) {
    const bool forming = reply.last_is_forming && i + 1 == reply.bars->size();
    deliver_update(*entry, topic_kind::bars,
                   market::bar_update{what.symbol, what.frame, what.hours, (*reply.bars)[i],
                                      forming ? market::bar_state::forming : market::bar_state::closed, seq});
  }
  release_held(self, what, *entry);
}

void fetch_bars(bridge_pointer self, const caf::actor& symbol, const topic& what, std::uint64_t seq) {
  auto* entry = find_topic(self, what);
  if (!entry || !entry->newest) return;
  market::history_request missing{what.symbol, what.frame, what.hours, {}, utc_time::max(), 0, max_fetched_bars};
  missing.from = std::get<market::bar_update>(*entry->newest).data.open_time;
  self->request(symbol, ask_deadline, missing)
    .then([=](const market::history_reply& reply) { on_bars(self, what, reply, seq); },
          [=](const caf::error&) { subscribe_later(self, what); });
}

void on_newest(bridge_pointer self, const caf::actor& symbol, const topic& what, market::update_batch& batch) {
  auto* entry = find_topic(self, what);
  if (!entry) return;
  if (what.kind == topic_kind::trades) {
    if (entry->order.last() == 0) return release_held(self, what, *entry);
    // the last one that we had comes along: nothing at all means that it is not restored yet
    self->request(symbol, ask_deadline, market::trades_atom::value, entry->order.last())
      .then([=](market::trade_list& list) { on_trades(self, what, list); }, [=](const caf::error&) { subscribe_later(self, what); });
    return;
  }
  if (what.kind == topic_kind::bars && entry->newest) {
    // nothing yet: it is being restored, and what we have missed is not there to be fetched
    if (batch.updates.empty()) return subscribe_later(self, what);
    return fetch_bars(self, symbol, what, seq_of(batch.updates.front()));
  }
  entry->order.restart();
  for (auto& update : batch.updates) {
    entry->order.skip_to(seq_of(update));
    deliver_update(*entry, what.kind, std::move(update));
  }
  release_held(self, what, *entry);
}

/// Asks for the newest state and for what is missing up to it.
void heal(bridge_pointer self, const topic& what, bridged_topic& entry) {
  entry.healing = true;
  const auto at = self->state.symbols.find(what.symbol);
  if (at == self->state.symbols.end()) return; // it will be followed when it is found
  ++self->state.healed;
  self->request(at->second, ask_deadline, market::follow_atom::value, what)
    .then([=, symbol = at->second](market::update_batch& batch) { on_newest(self, symbol, what, batch); },
          [=](const caf::error&) { subscribe_later(self, what); });
}

} // namespace

void follow(bridge_pointer self, const caf::actor& symbol, const topic& what) {
  auto* entry = find_topic(self, what);
  if (!entry) return;
  if (!std::exchange(entry->followed, true) && self->state.plane.join) self->state.plane.join(what, caf::actor_cast<caf::actor>(self));
  // held until the answer: whatever came before the question is in it
  entry->healing = true;
  entry->held.clear();
  self->request(symbol, ask_deadline, market::follow_atom::value, what)
    .then([=](market::update_batch& batch) { on_newest(self, symbol, what, batch); },
          [=](const caf::error&) { subscribe_later(self, what); });
}

void unfollow(bridge_pointer self, const caf::actor& symbol, const topic& what) {
  if (symbol) self->send(symbol, market::unsubscribe_atom::value, what);
  if (self->state.plane.leave) self->state.plane.leave(what, caf::actor_cast<caf::actor>(self));
}

void on_followed_update(bridge_pointer self, const topic& what, bridged_topic& entry, market::market_update&& update) {
  if (entry.healing) {
    if (entry.held.size() < max_held_updates) entry.held.push_back(std::move(update));
    return;
  }
  switch (entry.order.judge(update)) {
  case arrival::next:
    if (!is_overtaken(entry, update)) deliver_update(entry, what.kind, std::move(update));
    return;
  case arrival::old: return;
  case arrival::gap: break;
  }
  entry.held.push_back(std::move(update));
  heal(self, what, entry);
}

} // namespace tt::gateway
