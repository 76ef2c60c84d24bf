#pragma once

// Tells a node whose process has ended from one that can't be heard. A machine whose kernel refuses connections to the port
// on which a node listened says that no process listens there any more: nobody can order a stop at it, so nothing that
// it might say is missed. Silence says nothing: the machine may be off, or behind a cut and well. Nor does a
// connection that is taken: a process that is stopped (SIGSTOP) has its kernel take them.
//
// A firewall that refuses in the name of a machine behind a cut (REJECT with tcp-reset) makes a node look ended; so does a
// port forwarder that outlives what it forwards to. Where such things stand between nodes, see `cluster.on_isolation`.

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace tt::cluster {

/// Longest wait for an answer of all machines.
inline constexpr std::chrono::milliseconds probe_patience{400};
/// Between two rounds: whoever comes back is seen to be there well within the down limit of a link.
inline constexpr std::chrono::milliseconds probe_pause{500};
/// An ended node counts as ended for so long after a round began, whatever became of the next one.
inline constexpr std::chrono::milliseconds proof_lifetime{1'500};

/// Numeric control endpoints (tcp://ADDRESS:PORT) by node.
using node_endpoints = std::map<std::string, std::string>;

/// Those that refuse a connection within `patience`. Blocks; an endpoint that can't be read refuses nothing.
std::set<std::string> refusing(const node_endpoints& nodes, std::chrono::milliseconds patience = probe_patience);

/// Asks the prober, who answers with end_answer. Neither leaves the process.
struct end_question {
  std::uint64_t round = 0;
  node_endpoints nodes;
};
struct end_answer {
  std::uint64_t round = 0;
  std::set<std::string> ended;
};

/// Answers an end_question with an end_answer; blocks meanwhile, so give it a thread of its own.
caf::behavior end_prober(caf::event_based_actor* self);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::end_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::end_answer)
