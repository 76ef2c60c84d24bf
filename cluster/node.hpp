#pragma once

// One running node: actors, bar store, gateway, wired together and taken apart.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "cluster/feeds.hpp"
#include "cluster/node_config.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tt::gateway {
class paper_port;
class stop_port;
class trading_port;
}
namespace tt {
class order_desk;
}

namespace tt::cluster {

/// The program's version, from the build.
std::string_view version();

class node {
public:
  /// Starts everything; when it returns the node answers on its port.
  /// Errors: what can be wrong with the configuration, files and port; each names
  /// the key or path to blame. Nothing keeps running after an error.
  static result<std::unique_ptr<node>> start(const node_config& config, std::function<utc_time()> clock);
  /// As above, but with the feeds of `make_feeds` instead of those of the
  /// configuration: a seam for sources that no file can describe.
  static result<std::unique_ptr<node>> start(const node_config& config, std::function<utc_time()> clock,
                                             const feed_maker& make_feeds);
  /// Stops within two seconds: sockets first, then feeds, then symbols.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// The port that was bound; 0 on a node without a gateway.
  [[nodiscard]] std::uint16_t port() const;
  /// "http://localhost:8080/"; empty on a node without a gateway.
  [[nodiscard]] std::string url() const;
  /// The accounts that it hosts; null where it hosts none. Lives as long as the node.
  [[nodiscard]] gateway::trading_port* accounts() const;
  /// Where emergency stops of the cluster are ordered; null on a node that stands alone or has no gateway. Likewise.
  [[nodiscard]] gateway::stop_port* stops() const;
  /// The list of its paper accounts; likewise.
  [[nodiscard]] gateway::paper_port* paper() const;
  /// Their door for makers of signals; null where it hosts none.
  [[nodiscard]] std::shared_ptr<order_desk> desk() const;
  /// tcp://… of the control plane as bound; empty on a node that stands alone.
  [[nodiscard]] std::string control_endpoint() const;
  /// The same of the data plane.
  [[nodiscard]] std::string topics_endpoint() const;
  /// Reads the allow list of the cluster again; it is also read when the file changes.
  void reload_keys();

private:
  struct impl;
  explicit node(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

} // namespace tt::cluster
