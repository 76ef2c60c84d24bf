#pragma once

// Collects what a node, and all nodes, are doing. Private to the member actor.

#include "cluster/membership/member_actor.hpp"

#include <functional>

namespace tt::cluster {

/// Hands over this node's report once its actors have answered.
void report_self(caf::stateful_actor<member_actor_state>* self, std::function<void(node_report)> done);

/// Asks every member and hands all reports over; those that don't answer are
/// named without figures.
void gather(caf::stateful_actor<member_actor_state>* self, std::function<void(result<gateway::cluster_report>)> done);

} // namespace tt::cluster
