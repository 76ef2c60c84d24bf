#include "cluster/membership/watch_actor.hpp"

#include "actors/market/messages.hpp"
#include "cluster/messages.hpp"

#include <spdlog/spdlog.h>

namespace tt::cluster {

namespace {

using watch_pointer = caf::stateful_actor<watch_state>*;

void on_status(watch_pointer self, const std::string& feed, const market::feed_status& status) {
  const auto& options = *self->state.options;
  self->state.heard[feed] = self->clock().now();
  if (status.market_time) options.market_time->on_feed(*status.market_time, options.clock());
}

void look_at_feeds(watch_pointer self) {
  auto& s = self->state;
  for (const auto& feed : s.options->feeds()) {
    const auto [heard, is_new] = s.heard.try_emplace(feed.name);
    if (is_new) s.options->join(feed.name, caf::actor_cast<caf::actor>(self));
    if (!feed.actor || self->clock().now() - heard->second < feed_silence) continue;
    self->request(feed.actor, watch_interval, market::status_atom::value)
      .then([self, name = feed.name](const market::feed_status& status) { on_status(self, name, status); }, [](const caf::error&) {});
  }
}

/// Somebody who edits it may take it away for a moment; one that stays away revokes nobody, and that is said.
void miss_allow_list(watch_pointer self) {
  auto& missed = self->state.allow_missed;
  if (missed++ % allow_missed_looks != allow_missed_looks - 1) return;
  spdlog::warn("{} is not there: the keys that it listed last still hold", self->state.options->allow_file);
}

void look_at_allow_list(watch_pointer self) {
  auto& s = self->state;
  auto& options = *s.options;
  if (options.allow_file.empty()) return;
  const auto now = self->clock().now();
  const auto outline = outline_of(options.allow_file);
  if (!outline) return miss_allow_list(self);
  s.allow_missed = 0;
  if (outline == s.allow_outline && now - s.allow_read < allow_digest_interval) return;
  const auto digest = digest_of(options.allow_file);
  if (!digest) return;
  s.allow_outline = outline;
  s.allow_read = now;
  if (options.allow_digest == digest) return s.allow_seen.reset();
  if (s.allow_seen != digest) { // it may be half written: the next look must find the same
    s.allow_seen = digest;
    return s.allow_outline.reset();
  }
  s.allow_seen.reset();
  options.allow_digest = digest;
  options.on_allow_change();
}

} // namespace

caf::behavior watch_actor(watch_pointer self, std::shared_ptr<watch_options> options) {
  self->state.options = std::move(options);
  self->send(self, tick_atom::value);
  self->set_default_handler(caf::drop);
  return {
    [self](const market::feed_status& status) { on_status(self, status.name, status); },
    [self](tick_atom) {
      look_at_feeds(self);
      look_at_allow_list(self);
      self->delayed_send(self, watch_interval, tick_atom::value);
    },
  };
}

} // namespace tt::cluster
