#include "gateways/bridge/bridge_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "gateways/bridge/actor_market_port.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using market::topic;
using market::topic_kind;

topic topic_of(const market::market_update& update) {
  if (const auto* quote = std::get_if<market::quote_snapshot>(&update)) return {topic_kind::quotes, quote->symbol, {}, {}};
  if (const auto* trade = std::get_if<market::trade_update>(&update)) return {topic_kind::trades, trade->symbol, {}, {}};
  const auto& series = std::get<market::bar_update>(update);
  return {topic_kind::bars, series.symbol, series.frame, series.hours};
}

void deliver(const subscriber& who, const std::shared_ptr<const market::market_update>& update) {
  if (!who.cancelled.load(std::memory_order_acquire)) who.on_update(update);
}

void on_updates(bridge_pointer self, market::update_batch& batch) {
  for (auto& update : batch.updates) {
    const auto at = self->state.topics.find(topic_of(update));
    if (at == self->state.topics.end()) continue; // unsubscribed meanwhile
    auto shared = std::make_shared<const market::market_update>(std::move(update));
    // a print is an event, not a state: late joiners ask for the list
    if (at->first.kind != topic_kind::trades) at->second.newest = shared;
    for (const auto& who : at->second.subscribers) deliver(*who, shared);
  }
}

void send_subscribe(bridge_pointer self, const topic& what) {
  with_symbol(self, what.symbol, [self, what](const result<caf::actor>& symbol) {
    if (symbol && self->state.topics.contains(what)) self->send(*symbol, market::subscribe_atom::value, what);
  });
}

/// A symbol's actor ended: its successor is asked for the same topics.
void on_down(bridge_pointer self, const caf::down_msg& down) {
  auto& symbols = self->state.symbols;
  const auto at = std::ranges::find_if(symbols, [&](const auto& entry) { return entry.second.address() == down.source; });
  if (at == symbols.end()) return;
  const std::string symbol = at->first;
  symbols.erase(at);
  for (const auto& [what, unused] : self->state.topics)
    if (what.symbol == symbol) send_subscribe(self, what);
}

} // namespace

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
  self->state.topics.erase(at);
  if (const auto symbol = self->state.symbols.find(what.symbol); symbol != self->state.symbols.end())
    self->send(symbol->second, market::unsubscribe_atom::value, what);
}

caf::behavior bridge_actor(bridge_pointer self, caf::actor directory) {
  self->state.directory = std::move(directory);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  return {
    [self](const bridge_task& task) { (*task.run)(self); },
    [self](market::update_batch& batch) { on_updates(self, batch); },
  };
}

} // namespace tt::gateway
