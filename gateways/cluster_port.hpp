#pragma once

// What the gateway shows of the cluster. The node plugs in who knows; a node that
// stands alone has nobody.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// One control link of a node.
struct cluster_link {
  std::string peer;
  std::string state; ///< "up", "down"
  std::uint64_t since_heard_ms = 0, round_trip_us = 0;
  std::uint64_t messages_in = 0, messages_out = 0, bytes_in = 0, bytes_out = 0;
  std::uint64_t repeated_frames = 0, times_up = 0, bytes_waiting = 0;
};

struct cluster_lease {
  std::string name;
  std::uint64_t epoch = 0;
};

/// What the bus of a node did not carry, since its start.
struct cluster_losses {
  std::uint64_t refused_messages = 0;     ///< not sent: no credit, no room, no codec, too large; the sender was told
  std::uint64_t lost_messages = 0;        ///< of those, the ones without a sender who could be told
  std::uint64_t excess_messages = 0;      ///< received and refused: their node had too many waiting
  std::uint64_t undecodable_messages = 0; ///< received and not understood
  std::uint64_t stalls = 0;               ///< times that the node took itself off the bus because its actors did not run
};

/// One node, as it reports itself; of a node that can't be asked only the upper part is known.
struct cluster_node {
  std::string name;
  std::string state; ///< "up", "left", "lost"
  std::string reason;
  utc_time since{};
  std::vector<std::string> roles;
  std::string endpoint, url, version;

  bool answered = false;
  utc_time started{};
  std::uint64_t symbols = 0; ///< actors of symbols that live there
  std::vector<std::string> feeds;
  std::vector<cluster_lease> leases;
  std::vector<cluster_link> links;
  std::uint64_t proxies = 0, exported_actors = 0, topic_gaps = 0, refused_peers = 0, rss_bytes = 0;
  cluster_losses losses;
  std::uint64_t lag_us = 0; ///< from the question to its answer
};

struct cluster_report {
  std::string node; ///< that answers
  std::vector<cluster_node> nodes; ///< it comes first, the others by name
};

/// What a node is in its cluster.
struct cluster_standing {
  std::string_view role;   ///< "standalone", "leader" (places symbols) or "member"
  std::uint64_t epoch = 0; ///< the highest of the leases that it holds; 0: none
};

class cluster_port {
public:
  virtual ~cluster_port() = default;
  /// As it is now, without asking anybody; on any thread.
  [[nodiscard]] virtual cluster_standing standing() const = 0;
  /// Asks every node; answers within two seconds, on any thread.
  virtual void report(std::function<void(result<cluster_report>)> done) = 0;
};

} // namespace tt::gateway
