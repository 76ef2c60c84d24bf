#include "gateways/bridge/bridge_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "gateways/bridge/actor_market_port.hpp"
#include "gateways/bridge/remote_topics.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway {

namespace {

using market::topic;
using market::topic_kind;

void deliver(const subscriber& who, const std::shared_ptr<const market::market_update>& update) {
  if (!who.cancelled.load(std::memory_order_acquire)) who.on_update(update);
}

void on_updates(bridge_pointer self, market::update_batch& batch) {
  for (auto& update : batch.updates) {
    const auto at = self->state.topics.find(market::topic_of(update));
    if (at == self->state.topics.end()) continue; // unsubscribed meanwhile
    if (at->second.followed) on_followed_update(self, at->first, at->second, std::move(update));
    else deliver_update(at->second, at->first.kind, std::move(update));
  }
}

void send_subscribe(bridge_pointer self, const topic& what) {
  with_symbol(self, what.symbol, [self, what](const result<caf::actor>& symbol) {
    const auto at = self->state.topics.find(what);
    if (at == self->state.topics.end()) return;
    if (!symbol) return subscribe_later(self, what);
    if (symbol->node() != self->node()) return follow(self, *symbol, what);
    if (std::exchange(at->second.followed, false) && self->state.plane.leave)
      self->state.plane.leave(what, caf::actor_cast<caf::actor>(self));
    self->send(*symbol, market::subscribe_atom::value, what);
  });
}

/// A symbol has another actor: that one is asked for the same topics.
void resubscribe(bridge_pointer self, const std::string& symbol) {
  std::vector<topic> wanted;
  for (const auto& [what, unused] : self->state.topics)
    if (what.symbol == symbol) wanted.push_back(what);
  for (const auto& what : wanted) send_subscribe(self, what);
}

void on_down(bridge_pointer self, const caf::down_msg& down) {
  auto& symbols = self->state.symbols;
  const auto at = std::ranges::find_if(symbols, [&](const auto& entry) { return entry.second.address() == down.source; });
  if (at == symbols.end()) return;
  const std::string symbol = at->first;
  symbols.erase(at);
  // after a pause: one that is lost as soon as it is found may be lost again
  for (const auto& [what, unused] : self->state.topics)
    if (what.symbol == symbol) subscribe_later(self, what);
}

void on_moved(bridge_pointer self, const market::symbol_moved& moved) {
  const auto at = self->state.symbols.find(moved.symbol);
  if (at == self->state.symbols.end() || at->second == moved.now) return;
  self->demonitor(at->second);
  self->state.symbols.erase(at);
  resubscribe(self, moved.symbol);
}

} // namespace

void deliver_update(bridged_topic& entry, topic_kind kind, market::market_update&& update) {
  auto shared = std::make_shared<const market::market_update>(std::move(update));
  // a print is an event, not a state: late joiners ask for the list
  if (kind != topic_kind::trades) entry.newest = shared;
  for (const auto& who : entry.subscribers) deliver(*who, shared);
}

void subscribe_later(bridge_pointer self, const topic& what) {
  const auto at = self->state.topics.find(what);
  if (at == self->state.topics.end() || std::exchange(at->second.retrying, true)) return;
  auto again = [what](bridge_pointer bridge) {
    const auto found = bridge->state.topics.find(what);
    if (found == bridge->state.topics.end()) return;
    found->second.retrying = false;
    send_subscribe(bridge, what);
  };
  self->delayed_send(self, resubscribe_interval, bridge_task{std::make_shared<const std::function<void(bridge_pointer)>>(again)});
}

void with_symbol(bridge_pointer self, const std::string& symbol, std::function<void(result<caf::actor>)> done) {
  if (const auto at = self->state.symbols.find(symbol); at != self->state.symbols.end()) {
    done(at->second);
    return;
  }
  self->request(self->state.directory, ask_deadline, market::symbol_atom::value, symbol)
    .then(
      [self, symbol, done](const caf::actor& found) {
        if (self->state.symbols.emplace(symbol, found).second) self->monitor(found);
        done(found);
      },
      [done](const caf::error& e) { done(from_caf_error(e)); });
}

void add_subscriber(bridge_pointer self, const topic& what, std::shared_ptr<subscriber> who) {
  auto [at, is_first] = self->state.topics.try_emplace(what);
  at->second.subscribers.push_back(who);
  if (is_first) send_subscribe(self, what);
  else if (at->second.newest) deliver(*who, at->second.newest);
}

void remove_subscriber(bridge_pointer self, const topic& what, subscription_id id) {
  const auto at = self->state.topics.find(what);
  if (at == self->state.topics.end()) return;
  std::erase_if(at->second.subscribers, [&](const auto& who) { return who->id == id; });
  if (!at->second.subscribers.empty()) return;
  const bool followed = at->second.followed;
  self->state.topics.erase(at);
  const auto symbol = self->state.symbols.find(what.symbol);
  if (followed) unfollow(self, symbol == self->state.symbols.end() ? caf::actor{} : symbol->second, what);
  else if (symbol != self->state.symbols.end()) self->send(symbol->second, market::unsubscribe_atom::value, what);
}

caf::behavior bridge_actor(bridge_pointer self, caf::actor directory, topic_plane plane) {
  self->state.plane = std::move(plane);
  // the data plane tells its own gaps too; the numbers of the updates are enough here
  self->set_default_handler(caf::drop);
  self->state.directory = std::move(directory);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  return {
    [self](const bridge_task& task) { (*task.run)(self); },
    [self](market::update_batch& batch) { on_updates(self, batch); },
    [self](const market::symbol_moved& moved) { on_moved(self, moved); },
  };
}

} // namespace tt::gateway
