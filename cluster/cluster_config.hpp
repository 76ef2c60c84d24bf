#pragma once

// What a node of a cluster is told about the cluster: where it listens, whom it
// asks first, what it hosts, which keys it shows. Without `cluster.control` a
// node stands alone and has none of this.

#include "actors/model/result.hpp"
#include "cluster/settings.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

/// What a node hosts. In the configuration `market` stands for feed and symbols.
enum class role : std::uint8_t {
  feed,      ///< competes for the feeds of its configuration
  symbols,   ///< actors of symbols are placed on it
  execution, ///< accounts and what orders from them; needs gateway beside it
  backtest,  ///< backtest workers
  gateway,   ///< HTTP, stream and UI
};

/// "feed", "symbols", …
std::string_view to_string(role r) noexcept;

/// Longest list of seeds.
inline constexpr std::size_t max_seeds = 16;

/// A node that others ask first.
struct seed_address {
  std::string name;
  std::string endpoint; ///< tcp://host:port of its control plane

  bool operator==(const seed_address&) const = default;
};

/// Whether links are encrypted and authenticated.
enum class link_security : std::uint8_t { curve, plain };

/// What the accounts of a node do where a node at which stops are ordered is lost without a goodbye.
enum class isolation_policy : std::uint8_t {
  block,     ///< open nothing until both have compared their stops again
  continue_, ///< trade on
};

/// Where the accounts of a node with the role execution live.
enum class account_home : std::uint8_t {
  here,     ///< in its data folder: they are there when it is
  database, ///< in the cluster's: they move to another node of that role with their lease
};

/// Longest life of the lease of the accounts; the cluster's own may be shorter.
inline constexpr std::chrono::milliseconds accounts_lease_ttl{2'000};

struct cluster_config {
  std::string control;   ///< tcp://address:port, port 0 takes a free one
  std::string topics;    ///< the same for the data plane; empty = the control address, any port
  std::string advertise; ///< host that others should connect to, where it is not the one in `control`
  std::vector<seed_address> seeds;
  std::set<role> roles;
  link_security security = link_security::curve;
  std::string key_file;
  std::string allow_file;
  std::chrono::milliseconds lease_ttl{3000};
  isolation_policy on_isolation = isolation_policy::block;
  std::string database_url; ///< postgresql://…: where leases are kept; empty = on the first seed, in SQLite
  account_home accounts = account_home::here;

  [[nodiscard]] bool has(role r) const { return roles.contains(r); }
  /// Whether this node is the one that all ask first, or the only one: backtests are coordinated there.
  [[nodiscard]] bool is_first_seed(std::string_view node_id) const;
  /// Whether this node keeps the leases of the cluster: the first seed, unless they are in a database.
  [[nodiscard]] bool keeps_leases(std::string_view node_id) const;
  /// Where a node of this configuration has its leases from: "a database", or "node NAME". Nodes of one cluster say the same.
  [[nodiscard]] std::string lease_source(std::string_view node_id) const;

  /// Nothing for a node that stands alone. Errors: invalid_argument and
  /// out_of_range with the key (and where it was set) in `field`.
  static result<std::optional<cluster_config>> make(const settings& values, const std::string& node_id);
};

} // namespace tt::cluster
