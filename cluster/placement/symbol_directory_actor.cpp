#include "cluster/placement/symbol_directory_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "bus/messages.hpp"
#include "cluster/placement/placement_actor.hpp"

#include <algorithm>

namespace tt::cluster {

namespace {

using directory_pointer = caf::stateful_actor<symbol_directory_state>*;

void remember_asker(directory_pointer self) {
  const auto asker = caf::actor_cast<caf::actor>(self->current_sender());
  auto& askers = self->state.askers;
  if (!asker || std::ranges::find(askers, asker) != askers.end()) return;
  self->monitor(asker);
  askers.push_back(asker);
}

void on_placement(directory_pointer self, const caf::actor& placement) {
  self->state.placement = placement;
  if (placement) self->send(placement, market::subscribe_atom::value);
}

} // namespace

caf::behavior symbol_directory_actor(directory_pointer self, bus::node* node, std::shared_ptr<const instrument_master> master) {
  self->state.node = node;
  self->state.master = std::move(master);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.askers, [&](const caf::actor& asker) { return asker.address() == down.source; });
  });
  self->set_default_handler(caf::drop);
  node->watch(caf::actor_cast<caf::actor>(self));
  return {
    [self](market::symbol_atom, const std::string& name) -> caf::result<caf::actor> {
      auto& s = self->state;
      const instrument* what = s.master->find(name);
      if (!what) return to_caf_error({errc::unknown_symbol, "unknown symbol " + name, "symbol"});
      remember_asker(self);
      if (!s.placement)
        return to_caf_error({errc::not_available, "no node of the cluster places symbols at the moment; " + what->symbol + " can't be found", "symbol"});
      auto answer = self->make_response_promise<caf::actor>();
      self->request(s.placement, placement_deadline, market::symbol_atom::value, what->symbol)
        .then([answer](const caf::actor& symbol) mutable { answer.deliver(symbol); },
              [answer](const caf::error& e) mutable { answer.deliver(to_caf_error(from_caf_error(e))); });
      return answer;
    },
    [self](const bus::name_event& event) {
      if (event.name == placement_name) on_placement(self, event.actor);
    },
    [self](const bus::peer_event&) {},
    [self](const market::symbol_moved& moved) {
      auto& s = self->state;
      if (moved.epoch < s.epoch) return; // of a placement that has been followed by another one
      s.epoch = moved.epoch;
      for (const auto& asker : s.askers) self->send(asker, moved);
    },
  };
}

} // namespace tt::cluster
