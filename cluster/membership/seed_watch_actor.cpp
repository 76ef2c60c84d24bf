#include "cluster/membership/seed_watch_actor.hpp"

#include "cluster/messages.hpp"

namespace tt::cluster {

caf::behavior seed_watch_actor(caf::stateful_actor<seed_watch_state>* self, std::shared_ptr<seed_watch_options> options) {
  self->state.options = std::move(options);
  self->delayed_send(self, seed_patience, tick_atom::value);
  return {
    [self](tick_atom) {
      const auto& watched = *self->state.options;
      for (const auto& seed : watched.seeds)
        if (!watched.is_linked(seed)) watched.on_missing(seed);
      self->delayed_send(self, seed_reminder, tick_atom::value);
    },
  };
}

} // namespace tt::cluster
