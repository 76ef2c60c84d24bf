#pragma once

// What the actors of the cluster itself say to each other across nodes.
//
// | to | message | answer |
// | --- | --- | --- |
// | member/NODE | join_request | join_reply |
// | member/NODE | report_atom | node_report |
// | leases | lease_request | lease_grant |
// | leases | lease_act | std::uint64_t: the act's number |
// | placement | market::symbol_atom, std::string | caf::actor |
// | symbols/NODE | market::host_look, host_order, host_end | by the placement, under its epoch; see actors/market/messages.hpp |
// | placement | market::subscribe_atom | none; market::symbol_moved follow |

#include "actors/market/inspect.hpp"
#include "actors/model/time.hpp"
#include "bus/codec/table.hpp"

#include <caf/atom.hpp>
#include <caf/fwd.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tt::cluster {

using report_atom = caf::atom_constant<caf::atom("report")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Where a node of the cluster can be reached.
struct node_address {
  std::string name;
  std::string endpoint;
};

/// What a node says of itself.
struct member_info {
  std::string name;
  std::string endpoint; ///< control plane
  std::vector<std::string> roles;
  std::vector<std::string> feeds; ///< it competes for, by name
  std::string version;
  std::string url; ///< of its gateway; empty without one
  utc_time started{};
  std::string leases; ///< where it has leases from, see lease_agreement; empty: an older version does not say
};

/// A node introduces itself and gets the other's introduction, with everybody it
/// is linked to.
struct join_request {
  member_info self;
};

struct join_reply {
  member_info self;
  std::vector<node_address> others;
};

/// One control link, seen from one end.
struct link_figures {
  std::string peer;
  std::string state; ///< "up", "down"
  std::uint64_t since_heard_ms = 0;
  std::uint64_t round_trip_us = 0;
  std::uint64_t messages_in = 0, messages_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t repeated_frames = 0;
  std::uint64_t times_up = 0;
  std::uint64_t bytes_waiting = 0;
};

/// A lease that a node holds.
struct held_lease {
  std::string name;
  std::uint64_t epoch = 0;
};

/// What the bus of a node did not carry, since its start: see `bus::node_info`.
struct bus_losses {
  std::uint64_t refused_messages = 0, lost_messages = 0, excess_messages = 0, undecodable_messages = 0, stalls = 0;
};

/// The state of one node, for people.
struct node_report {
  member_info self;
  std::vector<link_figures> links;
  std::vector<held_lease> leases;
  std::vector<std::string> feeds; ///< that run here
  std::uint64_t symbols = 0;      ///< actors of symbols that live here
  std::uint64_t proxies = 0;
  std::uint64_t exported_actors = 0;
  std::uint64_t topic_gaps = 0;
  std::uint64_t refused_peers = 0;
  std::uint64_t rss_bytes = 0;
  bus_losses losses;
};

/// What may be done with a lease.
enum class lease_op : std::uint8_t { acquire, renew, release };

/// `epoch` counts for renew and release; `ttl_ms` for acquire and renew.
struct lease_request {
  lease_op op = lease_op::acquire;
  std::string name;
  std::string holder;
  std::uint64_t epoch = 0;
  std::uint64_t ttl_ms = 0;
};

/// Who holds a lease, and the fencing epoch under which it acts.
struct lease_grant {
  std::string name;
  std::string holder;
  std::uint64_t epoch = 0;
  utc_time expires{}; ///< by the store's clock
};

/// An act of a holder, to be written down if its epoch is still the newest.
struct lease_act {
  std::string name;
  std::uint64_t epoch = 0;
  std::string what;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_address& x) {
  return f(caf::meta::type_name("node_address"), x.name, x.endpoint);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, member_info& x) {
  return f(caf::meta::type_name("member_info"), x.name, x.endpoint, x.roles, x.feeds, x.version, x.url, x.started, bus::codec::added_later(), x.leases);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, join_request& x) {
  return f(caf::meta::type_name("join_request"), x.self);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, join_reply& x) {
  return f(caf::meta::type_name("join_reply"), x.self, x.others);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, link_figures& x) {
  return f(caf::meta::type_name("link_figures"), x.peer, x.state, x.since_heard_ms, x.round_trip_us, x.messages_in, x.messages_out,
           x.bytes_in, x.bytes_out, x.repeated_frames, x.times_up, x.bytes_waiting);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, held_lease& x) {
  return f(caf::meta::type_name("held_lease"), x.name, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bus_losses& x) {
  return f(caf::meta::type_name("bus_losses"), x.refused_messages, x.lost_messages, x.excess_messages, x.undecodable_messages, x.stalls);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_report& x) {
  return f(caf::meta::type_name("node_report"), x.self, x.links, x.leases, x.feeds, x.symbols, x.proxies, x.exported_actors,
           x.topic_gaps, x.refused_peers, x.rss_bytes, bus::codec::added_later(), x.losses);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lease_request& x) {
  return f(caf::meta::type_name("lease_request"), x.op, x.name, x.holder, x.epoch, x.ttl_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lease_grant& x) {
  return f(caf::meta::type_name("lease_grant"), x.name, x.holder, x.epoch, x.expires);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lease_act& x) {
  return f(caf::meta::type_name("lease_act"), x.name, x.epoch, x.what);
}

} // namespace tt::cluster
