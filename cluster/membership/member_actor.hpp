#pragma once

// Makes this node known to the others and the others to this node: introduces
// itself to every node that a link comes up to, connects to those that it hears
// of, and answers what the node is doing.

#include "bus/node.hpp"
#include "cluster/membership/member_table.hpp"
#include "gateways/cluster_port.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tt::cluster {

/// Prefix of the name under which a node's member actor is found.
inline constexpr std::string_view member_prefix = "member/";
/// Longest wait for another node's report; less than whoever shows them waits.
inline constexpr std::chrono::milliseconds report_deadline{1'000};

struct member_options {
  bus::node* node = nullptr;
  member_info self;
  std::function<utc_time()> clock;
  caf::actor host;                    ///< directory of this node's symbols; may be null
  std::vector<caf::actor> singletons; ///< asked for the leases they hold
  /// For the log: a node has come, left or been lost; may be empty.
  std::function<void(const std::string& name, const member& what)> on_change = {};
};

struct member_actor_state {
  static inline const char* name = "member";
  std::shared_ptr<member_options> options;
  std::optional<member_table> table;
  std::map<std::string, caf::actor> others; ///< member actors by node
};

/// A question of this process: everybody's report.
struct gather_request {
  std::shared_ptr<const std::function<void(result<gateway::cluster_report>)>> done;
};

/// Of this process: one more to ask for the lease it holds.
struct joined_singleton {
  caf::actor actor;
};

/// Messages: see cluster/messages.hpp; and gather_request, joined_singleton.
caf::behavior member_actor(caf::stateful_actor<member_actor_state>* self, std::shared_ptr<member_options> options);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::gather_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::joined_singleton)
