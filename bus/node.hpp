// This header file defines the public face of the bus: one `bus::node` per actor
// system. With it every actor on every linked node is an ordinary `caf::actor`.
//
//   auto types = std::make_shared<bus::codec::type_table>();
//   add_market_types(*types);
//   caf::actor_system_config cfg;
//   bus::node::attach(cfg, my_bus_config, types);
//   caf::actor_system sys{cfg};
//   auto& node = bus::node::of(sys);
//   if (auto err = node.start()) ...
//   node.publish("echo", sys.spawn(echo));
//   caf::actor remote = node.find("symbol/AAPL");      // request, monitor, link, delegate as usual
//   node.topic("md.NASDAQ.AAPL.quotes").publish(caf::make_message(quote{...}));
//   node.stop();                                        // before the actor system goes
//
// Thread-safety: every function may be called from any thread.
//
// What it is not: a consensus or a store. A request whose link breaks is answered
// with `errc::peer_down`, and whether it was carried out is not known.
#pragma once

#include "bus/config.hpp"
#include "bus/delivery.hpp"
#include "bus/messages.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

namespace codec {
class type_table;
}
namespace proxy {
class core;
}
namespace topics {
struct local_topic;
class hub;
} // namespace topics

/// What one link is doing.
struct link_info {
  std::string peer;
  std::string endpoint;
  std::string address; ///< the numeric endpoint that was dialled last; empty: none yet
  bool up = false;
  std::chrono::milliseconds since_heard{0};
  std::chrono::nanoseconds round_trip{0};
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t repeated_frames = 0;
  uint64_t duplicate_frames = 0;
  uint64_t times_up = 0;
  uint64_t redials = 0;
  uint64_t frames_in_flight = 0;
  uint64_t bytes_waiting = 0;
};

/// What the node as a whole is doing.
struct node_info {
  uint64_t refused_messages = 0; ///< not sent for lack of credit, a type without a codec, size
  uint64_t lost_messages = 0;    ///< of those, the ones without a sender who could be told
  uint64_t excess_messages = 0;  ///< of peers that had too many waiting here; refused
  uint64_t undecodable_messages = 0;
  uint64_t exported_actors = 0;
  uint64_t proxies = 0;
  uint64_t pending_requests = 0;
  uint64_t stalls = 0;
  uint64_t refused_peers = 0;
  uint64_t topics_published = 0;
  uint64_t topics_sent = 0;
  uint64_t topics_received = 0;
  uint64_t topic_gaps = 0;
  uint64_t existing_proxies = 0; ///< `proxies`, and those of lost nodes to which somebody still has a handle
  uint64_t expired_requests = 0; ///< of `pending_requests`, given up since the start: too old, or the actor asked has ended
};

/// A topic that this node publishes. Cheap to copy; keep it where a topic is published often.
class topic_writer {
public:
  topic_writer() = default;
  explicit operator bool() const noexcept { return topic_ != nullptr; }

  /// Delivers to local subscribers, and to remote ones if there are any. Never blocks.
  void publish(caf::message content) const;

private:
  friend class node;
  topic_writer(std::shared_ptr<topics::hub> hub, std::shared_ptr<topics::local_topic> topic)
      : hub_(std::move(hub)), topic_(std::move(topic)) {}
  std::shared_ptr<topics::hub> hub_;
  std::shared_ptr<topics::local_topic> topic_;
};

class node {
public:
  /// Prepares an actor system for the bus; call once, before the system is made. Also sets the scheduler's
  /// policy to `sharing` unless the configuration names one: the work-stealing default sleeps up to 10 ms.
  static void attach(caf::actor_system_config& system, config cfg,
                     std::shared_ptr<const codec::type_table> types);

  /// The node of a system that was prepared with `attach`; throws `std::logic_error` otherwise.
  static node& of(caf::actor_system& system);

  node(caf::actor_system& system, config cfg, std::shared_ptr<const codec::type_table> types);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Binds, connects to the configured peers and starts the bus thread.
  /// Errors: `bad_config`, `bad_key_file`, `socket_failed`, with a sentence.
  caf::error start();

  /// Says goodbye to the peers and closes. Monitors of remote actors fire, requests in flight are answered.
  /// Call it before the actor system is destroyed: exported actors are let go here.
  void stop();

  const std::string& name() const noexcept;
  /// What was bound, e.g. tcp://127.0.0.1:40123. Valid after `start`.
  std::string control_endpoint() const;
  std::string topics_endpoint() const;

  // -- peers ------------------------------------------------------------------

  /// Links to a peer, or to a new address of it. Peers that say hello to us are linked without it. A learned
  /// address gives way to the one that the peer says hello with, once it is away; a configured one never
  /// does.
  void connect(const std::string& peer, const std::string& endpoint, origin from);

  /// Sends `peer_event` and `name_event` to an actor: what is known now, then every change.
  void watch(const caf::actor& watcher);

  /// Reads the allow list again. Keys that are gone are cut off at once, new ones may connect.
  /// Errors: `bad_key_file`; the list in use stays.
  caf::error reload_allowed();

  // -- actors -----------------------------------------------------------------

  /// Makes a local actor known to all nodes until it terminates or is withdrawn.
  /// Errors: `name_taken`, `bad_handle` (not a local actor), `limit_reached`, `stopped`.
  caf::error publish(const std::string& name, const caf::actor& actor);
  void withdraw(const std::string& name);

  /// The actor of that name on this or any linked node; null if there is none (yet). A local look-up.
  caf::actor find(const std::string& name) const;

  /// The agent of a linked node (or of this one): answers `spawn_request`. Null if it is not linked.
  caf::actor agent(const std::string& peer) const;

  // -- topics -----------------------------------------------------------------

  /// A topic to publish; empty if its name or the number of topics is beyond the limit.
  topic_writer topic(std::string_view name) const;

  /// Messages of the topic, from whichever node publishes it, arrive at `subscriber` as they were published,
  /// the newest known one at once. Ends with the subscriber. False: not a valid topic or actor.
  bool subscribe(std::string_view topic, const caf::actor& subscriber, delivery how);
  void unsubscribe(std::string_view topic, const caf::actor& subscriber);

  /// Sends `wanted_atom` to an actor, now and when remote subscribers want other topics than before; again only after
  /// it has asked for them.
  void watch_wanted(const caf::actor& watcher);
  /// The topic prefixes that remote subscribers want; the empty prefix is everything.
  std::vector<std::string> wanted(const caf::actor& watcher);

  /// Asks the publishers for the newest message of a topic again.
  void request_snapshot(std::string_view topic);

  // -- figures ----------------------------------------------------------------

  /// Asks the bus thread; empty when the node is stopped.
  std::vector<link_info> links() const;
  node_info info() const;

private:
  std::unique_ptr<proxy::core> core_;
};

} // namespace bus
