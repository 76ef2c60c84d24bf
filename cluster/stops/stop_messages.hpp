#pragma once

// The emergency stops of a cluster as they cross nodes.
//
// | to | message | answer |
// | --- | --- | --- |
// | stops/NODE | stop_sync | stop_synced, once the accounts there have taken what was new to them |

#include "actors/market/inspect.hpp"
#include "actors/risk/kill_switch.hpp"
#include "gateways/trading_port.hpp"

#include <caf/meta/type_name.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace tt::cluster {

/// Which word of which node. The sequence of a node only grows, also over its restarts.
struct stop_version {
  std::string node;
  std::uint64_t sequence = 0;

  auto operator<=>(const stop_version&) const = default;
};

/// A stop that somebody ordered at a gateway.
struct standing_stop {
  stop_version version;
  risk::kill_scope::kind what = risk::kill_scope::kind::global;
  std::string name; ///< of the scope; empty for global
  risk::kill_mode mode = risk::kill_mode::halt;
  gateway::stop_request::open_orders open = gateway::stop_request::open_orders::cancel;
  std::string author, reason;
  utc_time at{};

  [[nodiscard]] risk::kill_scope scope() const { return {what, name}; }
  bool operator==(const standing_stop&) const = default;
};

/// All that a node knows of stops: those that stand, and up to which sequence those of each node were lifted.
struct stop_word {
  std::vector<standing_stop> stops;
  std::vector<stop_version> lifted;

  bool operator==(const stop_word&) const = default;
};

/// Whether a node has accounts, and whether stops are ordered at it.
enum class hosts_accounts : std::uint8_t { no, yes };
enum class takes_stops : std::uint8_t { no, yes };

/// What a node is to the stops.
struct stop_peer {
  std::string node;
  hosts_accounts accounts = hosts_accounts::no;
  takes_stops gateway = takes_stops::no;
};

struct stop_sync {
  stop_peer from;
  stop_word word;
};

/// Whether the accounts of a node obey a word.
enum class stop_taking : std::uint8_t { taken, refused };

struct stop_synced {
  stop_peer from;
  stop_word word; ///< after the other's was folded in
  stop_taking taking = stop_taking::taken;
  std::string detail; ///< why it was refused
  std::vector<std::string> cancelled; ///< ids of orders whose cancel was asked for
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_version& x) {
  return f(caf::meta::type_name("stop_version"), x.node, x.sequence);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, standing_stop& x) {
  return f(caf::meta::type_name("standing_stop"), x.version, x.what, x.name, x.mode, x.open, x.author, x.reason, x.at);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_word& x) {
  return f(caf::meta::type_name("stop_word"), x.stops, x.lifted);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_peer& x) {
  return f(caf::meta::type_name("stop_peer"), x.node, x.accounts, x.gateway);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_sync& x) {
  return f(caf::meta::type_name("stop_sync"), x.from, x.word);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_synced& x) {
  return f(caf::meta::type_name("stop_synced"), x.from, x.word, x.taking, x.detail, x.cancelled);
}

} // namespace tt::cluster
