// This header file defines the configuration of a node's bus. Plain values, free
// of CAF and ZeroMQ. Whoever reads YAML fills it; `check` names what is wrong.
#pragma once

#include "bus/channel/retransmission.hpp"
#include "bus/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

/// Whether connections are encrypted and authenticated.
enum class security : uint8_t {
  curve, ///< CURVE with an allow list: what ships
  plain  ///< nothing, for benches and tests; refused unless everything listens on loopback, and so do the peers
};

enum class log_level : uint8_t { debug, info, warning, error };

/// Called in the bus thread; must not block.
using log_function = std::function<void(log_level, std::string_view)>;

/// The numeric addresses of a host name. May block; called in threads of the bus's own, several at a time.
using lookup_function = std::function<outcome<std::vector<std::string>>(const std::string& host)>;

/// Where an endpoint is known from. What was configured is not overruled by what a peer says of itself (it
/// may not know its address as seen from here).
enum class origin : uint8_t { configured, learned };

/// Where a peer is. Peers that are not configured are learned when they say hello.
struct peer_address {
  std::string name;
  std::string endpoint; ///< control endpoint, e.g. tcp://10.0.0.2:7701
};

struct config {
  /// Unique in the cluster; with CURVE it must be the name in the key file.
  std::string name;

  /// What the control plane (ROUTER) and the data plane (XPUB) bind; port 0 takes a free one. An empty
  /// `listen_topics` means no data plane.
  std::string listen = "tcp://127.0.0.1:0";
  std::string listen_topics = "tcp://127.0.0.1:0";

  /// The host that peers should connect to, where it is not the one in `listen` (0.0.0.0, NAT).
  std::string advertise;

  std::vector<peer_address> peers;

  enum security security = security::curve;
  std::string key_file;
  std::string allow_file;

  /// Nothing heard for so long is "node down". At least ten heartbeats. What is noticed has to be noticed within
  /// two seconds on a busy machine, too; what is shorter has to have the time for a new connection.
  std::chrono::milliseconds down_after{1700};
  std::chrono::milliseconds beat_every{100};

  /// The bus thread asks an ordinary actor for a pulse; without one for so long, the node's actors are stuck
  /// and it takes itself off the bus. 0 switches it off.
  std::chrono::milliseconds pulse_limit{1500};

  /// Messages that this node may have sent to one remote actor and that the actor has not consumed, as far as
  /// is known here. Beyond it the sender gets `peer_overloaded`. At least 1024. Word of consumption lags by a
  /// few milliseconds, on a busy machine by tens: so it should exceed what an actor keeps in flight by
  /// itself.
  uint32_t actor_credit = 65'536;

  /// Bytes that may wait for one link (besides its window). Beyond it the sender gets `peer_overloaded`.
  /// Answers may fill as much again; beyond that the requester gets `peer_overloaded`. Notices have a third
  /// share; a link on which even they find no room is broken off.
  size_t link_bytes = size_t{32} << 20;

  /// Requests to one node that are waiting for an answer. Beyond it the sender gets `peer_overloaded`.
  uint32_t pending_requests = 65'536;

  /// A request that is not answered for so long is given up: its sender hears `caf::sec::request_timeout`, if it still listens.
  /// A requester's own time-out is not known here. A tenth of it while more than half of `pending_requests` wait.
  std::chrono::milliseconds request_age{600'000};

  /// So long after the end of the actor that was asked its requests are answered with `caf::sec::request_receiver_down`. Not
  /// at once: it may have passed a request on within its node, which is not told here.
  std::chrono::milliseconds request_grace{10'000};

  /// Messages of one node, and their bytes, that may wait in mailboxes here, whatever its own limits are. Beyond it
  /// what it sends to actors that are behind is refused with `peer_overloaded` until they have caught up. At least 1024 and 1 MiB.
  uint32_t held_messages = 1'048'576;
  size_t held_bytes = size_t{256} << 20;

  /// Actors of one node that may be known here. Beyond it a message that names another one is refused. At least 16.
  size_t remote_actors = 262'144;

  /// For the control experiment that shows that the repair is needed; refused with `security::curve`.
  channel::retransmission repair = channel::retransmission::on;

  /// Finds the hosts of endpoints that are not numeric; the system does if empty.
  lookup_function lookup;

  /// Where messages for people go; standard error if empty.
  log_function log;
};

/// Whether an endpoint cannot be reached from another machine: its host is a number of 127.0.0.0/8, ::1 or the word
/// localhost, or it is an ipc path. Other names count as elsewhere, whatever they may lead to.
bool is_loopback(std::string_view endpoint);

/// Checks every field that can be checked without opening anything.
outcome<done> check(const config& x);

} // namespace bus
