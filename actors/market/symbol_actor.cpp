#include "actors/market/symbol_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tt::market {

namespace {

using symbol_pointer = caf::stateful_actor<symbol_actor_state>*;

/// Hands what other nodes follow to the publisher, one batch per topic.
void publish_to_followers(const symbol_actor_state& s, const std::vector<market_update>& updates) {
  std::map<topic, std::vector<market_update>> batches;
  for (const auto& update : updates)
    if (auto what = topic_of(update); s.followers.contains(what)) batches[std::move(what)].push_back(update);
  for (auto& [what, batch] : batches) s.publisher(what, std::move(batch));
}

/// Groups the updates by subscriber, so that each gets one message per batch.
void publish(symbol_pointer self, std::vector<market_update>&& updates) {
  if (updates.empty() || self->state.restoring) return;
  auto& subscribers = self->state.subscribers;
  if (!self->state.followers.empty()) publish_to_followers(self->state, updates);
  // the usual case: one subscriber (the gateway's bridge) wants everything
  const auto* only = subscribers.empty() || subscribers.begin()->second.empty() ? nullptr : &subscribers.begin()->second.front();
  const bool single = only && self->state.followers.empty() && std::ranges::all_of(subscribers, [&](const auto& entry) {
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

/// False: the feed that says so has been superseded.
bool accept_epoch(symbol_actor_state& s, std::uint64_t epoch) {
  if (epoch < s.feed_epoch) return false;
  s.feed_epoch = epoch;
  return true;
}

caf::result<std::uint64_t> on_batch(symbol_pointer self, const tick_batch& batch) {
  auto& s = self->state;
  if (!accept_epoch(s, batch.epoch))
    return to_caf_error({errc::conflict, "a later feed has taken over " + s.core->what().symbol, "epoch"});
  std::vector<market_update> out;
  if (s.reached) s.reached(batch.watermark);
  s.core->apply(batch.ticks, batch.watermark, s.clock(), out);
  publish(self, std::move(out));
  // restored minutes are recorded too: the actor that built them first may have died before it could
  if (s.record)
    if (const auto closed = s.core->take_closed_minutes(); !closed.empty()) s.record(s.core->what().symbol, closed);
  if (s.forgets && s.core->dropped_minutes() > 0) std::exchange(s.forgets, {})(s.core->what().symbol);
  return static_cast<std::uint64_t>(batch.ticks.size());
}

using interested = std::map<topic, std::vector<caf::actor>>;

/// Adds `who` to those interested in a topic; false at the limit.
bool add_interest(symbol_pointer self, interested& lists, const caf::actor& who, const topic& what) {
  std::size_t count = 0;
  for (const auto& [unused, list] : lists) count += list.size();
  if (count >= max_subscribers) return false;
  auto& list = lists[what];
  if (std::ranges::find(list, who) == list.end()) {
    list.push_back(who);
    self->monitor(who);
  }
  return true;
}

void subscribe(symbol_pointer self, const caf::actor& who, const topic& what) {
  auto& s = self->state;
  if (!add_interest(self, s.subscribers, who, what)) return;
  auto newest = s.core->open(what);
  if (newest && !s.restoring) self->send(who, update_batch{{std::move(*newest)}});
}

caf::result<update_batch> follow(symbol_pointer self, const topic& what) {
  auto& s = self->state;
  const auto who = caf::actor_cast<caf::actor>(self->current_sender());
  if (!who || !s.publisher) return to_caf_error({errc::unsupported, "this symbol publishes nothing to other nodes"});
  if (!add_interest(self, s.followers, who, what)) return to_caf_error({errc::limit_exceeded, "too many follow " + what.symbol});
  auto newest = s.core->open(what);
  update_batch out;
  if (newest && !s.restoring) out.updates.push_back(std::move(*newest));
  return out;
}

void drop_from(symbol_actor_state& s, interested& lists, interested::iterator at, const caf::actor_addr& who) {
  std::erase_if(at->second, [&](const caf::actor& other) { return other.address() == who; });
  if (!at->second.empty()) return;
  const topic what = at->first;
  lists.erase(at);
  if (!s.subscribers.contains(what) && !s.followers.contains(what)) s.core->close(what);
}

void drop(symbol_actor_state& s, const topic& what, const caf::actor_addr& who) {
  for (auto* lists : {&s.subscribers, &s.followers})
    if (const auto at = lists->find(what); at != lists->end()) drop_from(s, *lists, at, who);
}

void drop_everywhere(symbol_actor_state& s, const caf::actor_addr& who) {
  for (auto* lists : {&s.subscribers, &s.followers})
    for (auto at = lists->begin(); at != lists->end();) drop_from(s, *lists, at++, who);
}

/// The past is complete: everybody gets the newest state of what they read.
void on_restored(symbol_pointer self) {
  auto& s = self->state;
  if (!s.restoring) return;
  s.restoring = false;
  std::set<topic> open;
  for (const auto* lists : {&s.subscribers, &s.followers})
    for (const auto& [what, unused] : *lists) open.insert(what);
  std::vector<market_update> newest;
  for (const auto& what : open)
    if (auto update = s.core->open(what)) newest.push_back(std::move(*update));
  publish(self, std::move(newest));
}

void on_feed_change(symbol_pointer self, const feed_change& change) {
  auto& s = self->state;
  if (!accept_epoch(s, change.epoch)) return;
  std::vector<market_update> out;
  switch (change.phase) {
  case feed_phase::live:
  case feed_phase::restoring:
    s.restoring = change.phase == feed_phase::restoring;
    if (s.reached) s.reached(change.start);
    s.core->begin(change.label, change.start, s.clock(), s.restoring ? numbering::anew : numbering::on);
    break;
  case feed_phase::restored: on_restored(self); break;
  case feed_phase::finished:
  case feed_phase::failed: s.core->end(out); break;
  }
  publish(self, std::move(out));
  watch_freshness(self);
}

/// What a question gets while the answer would be of the past.
std::optional<caf::error> not_ready(const symbol_actor_state& s) {
  if (!s.restoring) return std::nullopt;
  return to_caf_error({errc::not_available, s.core->what().symbol + " is being restored from its feed", "symbol"});
}

} // namespace

caf::behavior symbol_actor(symbol_pointer self, std::shared_ptr<symbol_options> options) {
  auto& s = self->state;
  s.core.emplace(options->what, options->histories, options->keep_minutes);
  s.clock = options->clock;
  s.record = options->record;
  s.forgets = options->forgets;
  s.publisher = options->publish;
  s.reached = options->reached;
  // until a feed speaks, history is all there is to show
  s.core->begin("history", options->market_clock ? options->market_clock() : s.clock(), s.clock());
  std::vector<market_update> nobody_listens_yet;
  s.core->end(nobody_listens_yet);
  self->set_down_handler([self](const caf::down_msg& down) { drop_everywhere(self->state, down.source); });
  return {
    [self](const tick_batch& batch) { return on_batch(self, batch); },
    [self](quote_atom) -> caf::result<quote_snapshot> {
      if (auto wait = not_ready(self->state)) return *wait;
      return self->state.core->snapshot();
    },
    [self](const history_request& request) -> caf::result<history_reply> {
      if (auto wait = not_ready(self->state)) return *wait;
      auto reply = self->state.core->history(request);
      if (!reply) return to_caf_error(reply.error());
      return std::move(*reply);
    },
    [self](trades_atom, std::uint32_t limit) -> caf::result<trade_list> {
      if (auto wait = not_ready(self->state)) return *wait;
      return trade_list{self->state.core->recent_trades(limit)};
    },
    [self](trades_atom, std::uint64_t first) -> caf::result<trade_list> {
      if (auto wait = not_ready(self->state)) return *wait;
      return trade_list{self->state.core->trades_since(first)};
    },
    [self](subscribe_atom, const topic& what) {
      if (const auto who = caf::actor_cast<caf::actor>(self->current_sender())) subscribe(self, who, what);
    },
    [self](follow_atom, const topic& what) { return follow(self, what); },
    [self](unsubscribe_atom, const topic& what) {
      if (const auto who = self->current_sender()) drop(self->state, what, who->address());
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
