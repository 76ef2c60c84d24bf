#include "actors/market/symbol_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <algorithm>

namespace tt::market {

namespace {

using symbol_pointer = caf::stateful_actor<symbol_actor_state>*;

topic topic_of(const market_update& update) {
  if (const auto* quote = std::get_if<quote_snapshot>(&update)) return {topic_kind::quotes, quote->symbol, {}, {}};
  if (const auto* trade = std::get_if<trade_update>(&update)) return {topic_kind::trades, trade->symbol, {}, {}};
  const auto& series = std::get<bar_update>(update);
  return {topic_kind::bars, series.symbol, series.frame, series.hours};
}

/// Groups the updates by subscriber, so that each gets one message per batch.
void publish(symbol_pointer self, std::vector<market_update>&& updates) {
  if (updates.empty()) return;
  auto& subscribers = self->state.subscribers;
  // the usual case: one subscriber (the gateway's bridge) wants everything
  const auto* only = subscribers.empty() || subscribers.begin()->second.empty() ? nullptr : &subscribers.begin()->second.front();
  const bool single = only && std::ranges::all_of(subscribers, [&](const auto& entry) {
    return entry.second.size() == 1 && entry.second.front() == *only;
  });
  if (single) {
    self->send(*only, update_batch{std::move(updates)});
    return;
  }
  std::map<caf::actor_addr, std::pair<caf::actor, update_batch>> batches;
  for (const auto& update : updates) {
    const auto at = subscribers.find(topic_of(update));
    if (at == subscribers.end()) continue;
    for (const auto& who : at->second) {
      auto& slot = batches[who.address()];
      slot.first = who;
      slot.second.updates.push_back(update);
    }
  }
  for (auto& [address, slot] : batches) self->send(slot.first, std::move(slot.second));
}

void watch_freshness(symbol_pointer self) {
  if (self->state.timer_pending) return;
  self->state.timer_pending = true;
  self->delayed_send(self, freshness_interval, poll_atom::value);
}

void on_batch(symbol_pointer self, const tick_batch& batch) {
  auto& s = self->state;
  std::vector<market_update> out;
  s.core->apply(batch.ticks, batch.watermark, s.clock(), out);
  publish(self, std::move(out));
  if (!s.record) return;
  if (const auto closed = s.core->take_closed_minutes(); !closed.empty()) s.record(s.core->what().symbol, closed);
}

void subscribe(symbol_pointer self, const caf::actor& who, const topic& what) {
  auto& s = self->state;
  std::size_t count = 0;
  for (const auto& [unused, list] : s.subscribers) count += list.size();
  if (count >= max_subscribers) return;
  auto& list = s.subscribers[what];
  if (std::ranges::find(list, who) == list.end()) {
    list.push_back(who);
    self->monitor(who);
  }
  if (auto newest = s.core->open(what)) self->send(who, update_batch{{std::move(*newest)}});
}

void drop_from(symbol_pointer self, std::map<topic, std::vector<caf::actor>>::iterator at, const caf::actor_addr& who) {
  std::erase_if(at->second, [&](const caf::actor& other) { return other.address() == who; });
  if (!at->second.empty()) return;
  self->state.core->close(at->first);
  self->state.subscribers.erase(at);
}

void on_feed_change(symbol_pointer self, const feed_change& change) {
  auto& s = self->state;
  std::vector<market_update> out;
  if (change.phase == feed_phase::live) s.core->begin(change.label, change.start, s.clock());
  else s.core->end(out);
  publish(self, std::move(out));
  watch_freshness(self);
}

} // namespace

caf::behavior symbol_actor(symbol_pointer self, std::shared_ptr<symbol_options> options) {
  auto& s = self->state;
  s.core.emplace(options->what, options->histories);
  s.clock = options->clock;
  s.record = options->record;
  // until a feed speaks, history is all there is to show
  s.core->begin("history", s.clock(), s.clock());
  std::vector<market_update> nobody_listens_yet;
  s.core->end(nobody_listens_yet);
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& subscribers = self->state.subscribers;
    for (auto at = subscribers.begin(); at != subscribers.end();) drop_from(self, at++, down.source);
  });
  return {
    [self](const tick_batch& batch) {
      on_batch(self, batch);
      return static_cast<std::uint64_t>(batch.ticks.size());
    },
    [self](quote_atom) { return self->state.core->snapshot(); },
    [self](const history_request& request) -> caf::result<history_reply> {
      auto reply = self->state.core->history(request);
      if (!reply) return to_caf_error(reply.error());
      return std::move(*reply);
    },
    [self](trades_atom, std::uint32_t limit) { return trade_list{self->state.core->recent_trades(limit)}; },
    [self](subscribe_atom, const topic& what) {
      if (const auto who = caf::actor_cast<caf::actor>(self->current_sender())) subscribe(self, who, what);
    },
    [self](unsubscribe_atom, const topic& what) {
      const auto at = self->state.subscribers.find(what);
      const auto who = self->current_sender();
      if (at != self->state.subscribers.end() && who) drop_from(self, at, who->address());
    },
    [self](const feed_change& change) { on_feed_change(self, change); },
    [self](poll_atom) {
      auto& state = self->state;
      state.timer_pending = false;
      std::vector<market_update> out;
      state.core->check_freshness(state.clock(), out);
      publish(self, std::move(out));
      watch_freshness(self);
    },
  };
}

} // namespace tt::market
