// This header file defines the messages of the bus itself: what it tells actors,
// and what they may ask of a remote node's agent.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>

namespace bus {

/// Ask a node's agent (`node::agent`) to spawn an actor of a type that was registered with
/// `caf::actor_system_config::add_actor_type`. Answered with a `caf::actor`, or with `errc::cannot_spawn`.
struct spawn_request {
  std::string type;
  caf::message arguments;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, spawn_request& x) {
  return f(caf::meta::type_name("bus.spawn"), x.type, x.arguments);
}

/// Told to watchers (`node::watch`) when a link comes up or goes down.
struct peer_event {
  std::string peer;
  bool up = false;
  std::string reason; ///< empty when up
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, peer_event& x) {
  return f(caf::meta::type_name("bus.peer"), x.peer, x.up, x.reason);
}

/// Told to watchers when a name is published, moves or goes; `actor` is null when nobody has the name.
struct name_event {
  std::string name;
  caf::actor actor;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, name_event& x) {
  return f(caf::meta::type_name("bus.name"), x.name, x.actor);
}

/// Told to watchers (`node::watch_wanted`) when remote subscribers want other topics than before, and at the
/// beginning. What they want is asked for (`node::wanted`): until it is, nothing more is told, so that a watcher
/// has one such message in its mailbox at most.
using wanted_atom = caf::atom_constant<caf::atom("wanted")>;

/// Told to the sender of a message without an answer (`send`) that was not sent because credit is used up or
/// the message cannot travel. A request gets the error as its answer instead.
struct undelivered {
  caf::actor_addr receiver;
  caf::error reason;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, undelivered& x) {
  return f(caf::meta::type_name("bus.undelivered"), x.receiver, x.reason);
}

/// Told to a subscriber with `delivery::every` when messages of a topic are missing. Ask the owner of the
/// topic for a snapshot, or `node::request_snapshot`.
struct topic_gap {
  std::string topic;
  uint64_t expected = 0; ///< the sequence number that should have come
  uint64_t got = 0;      ///< the one that came; 0 if the publisher restarted
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, topic_gap& x) {
  return f(caf::meta::type_name("bus.gap"), x.topic, x.expected, x.got);
}

} // namespace bus
