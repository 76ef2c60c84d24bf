#include "cluster/placement/placement_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "bus/messages.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace tt::cluster {

namespace {

using placement_pointer = caf::stateful_actor<placement_state>*;
using promise = caf::response_promise;
using gathered_atom = caf::atom_constant<caf::atom("gathered")>;

void answer_waiting(placement_pointer self);

bool is_superseded(const caf::error& e) { return from_caf_error(e).code == errc::conflict; }

/// Tells everybody when a symbol has another actor than they were told.
void settle(placement_pointer self, const std::string& symbol, const caf::actor& actor) {
  auto& s = self->state;
  auto& known = s.symbols[symbol];
  const bool moved = known && known != actor;
  known = actor;
  if (!moved) return;
  for (const auto& reader : s.readers) self->send(reader, market::symbol_moved{symbol, actor, s.epoch});
}

/// What a host really has, against what it should have.
void on_hosted(placement_pointer self, const std::string& host, const caf::actor& directory, const market::hosted_list& list) {
  auto& s = self->state;
  for (const auto& [symbol, actor] : list.symbols) {
    if (s.table.adopt(symbol, host)) settle(self, symbol, actor);
    else self->send(directory, market::host_end{symbol, self->state.epoch});
  }
}

/// A host has heard of a later placement: this one has lost its lease and has not noticed, as after a freeze. It ends at once;
/// whoever waits is told, and asks the other one.
void on_superseded(placement_pointer self) {
  for (auto& [symbol, answer] : std::exchange(self->state.waiting, {}))
    answer.deliver(to_caf_error({errc::not_available, "another node places symbols now", "symbol"}));
  self->quit(caf::exit_reason::user_shutdown);
}

void ask_hosted(placement_pointer self, const std::string& host, const caf::actor& directory) {
  self->request(directory, host_deadline, market::host_look{self->state.epoch})
    .then(
      [=](const market::hosted_list& list) {
        auto& s = self->state;
        s.newcomers.erase(host);
        s.hosts[host] = directory;
        s.table.host_up(host);
        on_hosted(self, host, directory, list);
        answer_waiting(self);
      },
      [=](const caf::error& e) {
        if (is_superseded(e)) return on_superseded(self);
        if (self->state.newcomers.erase(host) > 0) self->state.silent[host] = directory;
        answer_waiting(self);
      });
}

void on_host_gone(placement_pointer self, const std::string& host) {
  auto& s = self->state;
  s.newcomers.erase(host);
  s.silent.erase(host);
  s.hosts.erase(host);
  s.table.host_down(host);
  answer_waiting(self);
}

void on_host_name(placement_pointer self, const std::string& host, const caf::actor& directory) {
  auto& s = self->state;
  if (!directory) return on_host_gone(self, host);
  const auto known = s.hosts.find(host);
  if (known != s.hosts.end() && known->second == directory) return;
  if (known != s.hosts.end()) on_host_gone(self, host); // the node was started anew
  s.newcomers[host] = directory;
  ask_hosted(self, host, directory);
}

void keep_waiting(placement_pointer self, const std::string& symbol, promise answer) {
  auto& s = self->state;
  if (s.waiting.size() < max_waiting_questions) s.waiting.push_back({symbol, std::move(answer)});
  else answer.deliver(to_caf_error({errc::limit_exceeded, "too many symbols are being placed"}));
}

void place(placement_pointer self, const std::string& symbol, promise answer) {
  auto& s = self->state;
  auto host = s.table.host_of(symbol);
  if (!host && s.gathering) return keep_waiting(self, symbol, std::move(answer));
  if (!host) host = s.table.choose(symbol);
  const auto at = host ? s.hosts.find(*host) : s.hosts.end();
  if (at == s.hosts.end()) {
    answer.deliver(to_caf_error({errc::not_available, "no node that hosts symbols is reachable at the moment", "symbol"}));
    return;
  }
  self->request(at->second, host_deadline, market::host_order{symbol, s.epoch})
    .then(
      [=, host = *host](const caf::actor& actor) mutable {
        if (!self->state.table.adopt(symbol, host)) {
          // placed elsewhere while this host was asked
          place(self, symbol, answer);
          return;
        }
        settle(self, symbol, actor);
        answer.deliver(actor);
      },
      [=](const caf::error& e) mutable {
        if (!is_superseded(e)) return answer.deliver(to_caf_error(from_caf_error(e)));
        answer.deliver(to_caf_error({errc::not_available, "another node places symbols now", "symbol"}));
        on_superseded(self);
      });
}

void answer_waiting(placement_pointer self) {
  auto& s = self->state;
  if (!s.newcomers.empty()) return;
  for (auto& [symbol, answer] : std::exchange(s.waiting, {})) place(self, symbol, answer);
}

/// Whether all have been linked is asked for as long as that may still come.
void look_who_is_missing(placement_pointer self, caf::actor_clock::time_point gives_up_at) {
  auto& s = self->state;
  if (s.is_linked && self->clock().now() < gives_up_at && !s.is_linked()) {
    self->delayed_send(self, gathering_pause, gathered_atom::value);
    return;
  }
  s.gathering = false;
  answer_waiting(self);
}

/// Looks for hosts that did not answer, and at what the others have.
void reconcile(placement_pointer self) {
  auto& s = self->state;
  for (auto& [host, directory] : std::exchange(s.silent, {})) s.newcomers[host] = directory;
  for (const auto* list : {&s.hosts, &s.newcomers})
    for (const auto& [host, directory] : *list) ask_hosted(self, host, directory);
  self->delayed_send(self, reconcile_interval, tick_atom::value);
}

} // namespace

caf::behavior placement_actor(placement_pointer self, bus::node* node, std::uint64_t epoch, caf::actor_clock::time_point places_from,
                              std::function<bool()> is_linked) {
  self->state.epoch = epoch;
  self->state.node = node;
  self->state.is_linked = std::move(is_linked);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.readers, [&](const caf::actor& reader) { return reader.address() == down.source; });
  });
  self->set_default_handler(caf::drop); // events of the bus that are not about hosts
  // what is known already comes before any question
  node->watch(caf::actor_cast<caf::actor>(self));
  self->delayed_send(self, reconcile_interval, tick_atom::value);
  if (const auto now = self->clock().now(); now < places_from) {
    self->state.gathering = true;
    self->delayed_send(self, places_from - now, gathered_atom::value);
  }
  return {
    [self](const bus::name_event& event) {
      if (event.name.starts_with(host_prefix)) on_host_name(self, event.name.substr(host_prefix.size()), event.actor);
    },
    [self](const bus::peer_event&) {},
    [self](market::symbol_atom, const std::string& symbol) -> caf::result<caf::actor> {
      auto answer = self->make_response_promise<caf::actor>();
      // one that lives is not kept waiting by a newcomer, who may be stuck
      if (self->state.newcomers.empty() || self->state.table.host_of(symbol)) place(self, symbol, answer);
      else keep_waiting(self, symbol, answer);
      return answer;
    },
    [self](market::subscribe_atom) {
      const auto reader = caf::actor_cast<caf::actor>(self->current_sender());
      auto& readers = self->state.readers;
      if (!reader || std::ranges::find(readers, reader) != readers.end()) return;
      self->monitor(reader);
      readers.push_back(reader);
    },
    [self](tick_atom) { reconcile(self); },
    [self, places_from](gathered_atom) { look_who_is_missing(self, places_from + (gathering_limit - gathering_time)); },
  };
}

} // namespace tt::cluster
