#pragma once

// Carries emergency stops between the nodes of a cluster: one such actor on each node that has accounts or a gateway.
// What is known goes to every other node when it changes and when a link comes up, and again each second to who did not
// answer; what comes is folded in, written down, obeyed by the accounts here, and then acknowledged.
//
// Where a node at which stops are ordered is lost without a goodbye, this node can't know whether it is still allowed to trade:
// its accounts open nothing until both have compared what they know again. Such nodes are remembered: after a restart,
// too, accounts open nothing before each of them was heard. One that never comes back is given up by an admin's resume.
// A lost node whose machine says that its process has ended (end_probe.hpp) orders nothing, and holds nobody back as long as it says so.
//
// | message | answer |
// | --- | --- |
// | stop_sync | stop_synced |
// | stop_order, stop_question, stop_lift | none; their `done` is called instead |
// | obey_atom | none; the accounts are told once more what stands: one is new, or did not resume |
// Also what bus::node::watch tells.

#include "bus/node.hpp"
#include "gateways/bridge/account_desk.hpp"
#include "cluster/cluster_config.hpp"
#include "cluster/stops/end_probe.hpp"
#include "cluster/stops/stop_board.hpp"
#include "cluster/stops/stop_file.hpp"

#include <caf/atom.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace tt::cluster {

/// Prefix of the name under which a node's stops are found.
inline constexpr std::string_view stops_prefix = "stops/";
/// Longest wait for the accounts of all nodes: whoever orders a stop has an answer within two seconds.
inline constexpr std::chrono::milliseconds stop_deadline{1'800};
/// Pause between two tries with a node that did not answer, or with accounts that did not obey.
inline constexpr std::chrono::milliseconds stop_retry_pause{1'000};
/// Questions that wait for the accounts at one time; one more is told to come again.
inline constexpr std::size_t max_stop_waiters = 1'000;

using obey_atom = caf::atom_constant<caf::atom("obey")>;
using telling = gateway::account_desk::telling;

/// What stops do to the accounts of a node; all empty where it has none. Answers may come on any thread.
struct account_stops {
  std::function<void(const std::string& author, gateway::stop_request, telling, gateway::reply<gateway::stopped>)> take = {};
  std::function<void(const std::string& author, std::vector<risk::kill_scope>, const std::string& reason, gateway::reply<void>)> lift = {};
  std::function<void(risk::on_off)> isolate = {};
  std::function<bool(const std::string& account)> has = {};
};

struct stop_options {
  bus::node* node = nullptr;
  stop_peer self;
  std::string path;  ///< of the file that keeps what is known
  stop_memory known; ///< what it held at the start
  std::function<utc_time()> clock;
  isolation_policy on_isolation = isolation_policy::block;
  account_stops accounts = {};
};

/// A stop that somebody orders here. Errors: as stop_board::engage.
struct stop_order {
  std::string author;
  gateway::stop_request what;
  gateway::reply<gateway::stopped> done;
};

/// A gateway that is gone without a goodbye; each time it is, the number grows.
struct stop_loss {
  std::string node;
  std::uint64_t number = 0;
};

/// What could be resumed.
struct stop_standing {
  std::vector<stop_version> stops;
  std::vector<stop_loss> lost; ///< what holds this node back
};
struct stop_question {
  gateway::reply<stop_standing> done;
};

/// Lifts what was seen, and trades on without the nodes whose loss was seen. The accounts here are resumed by who asks.
/// Gives the sequence. Errors, and nothing is changed: refused where something was stopped since; conflict where nothing stands.
struct stop_lift {
  std::string author, reason;
  stop_standing seen;
  gateway::reply<std::uint64_t> done;
};

/// An answer of the accounts, brought into the actor. Never leaves the process.
struct stop_task {
  std::shared_ptr<const std::function<void()>> run;
};

struct stop_actor_state {
  static inline const char* name = "stops";
  std::shared_ptr<stop_options> options;
  std::optional<stop_board> board;
  std::set<std::string> hosts;              ///< other nodes with accounts that have not said goodbye
  std::set<std::string> gateways;           ///< other nodes with a gateway, likewise, but for those that an admin gave up
  std::map<std::string, caf::actor> others; ///< linked, by node
  std::set<std::string> owing;              ///< linked, and have not acknowledged the newest word
  std::map<std::string, std::uint64_t> lost; ///< gateways that are gone without a goodbye, with the number of the loss
  std::uint64_t losses = 0;                 ///< so far
  node_endpoints addresses;                 ///< of gateways, where they were linked last
  caf::actor prober;                        ///< once a gateway was lost
  std::set<std::string> ended;              ///< lost gateways whose processes have ended, as the last round says
  std::uint64_t rounds = 0, answered = 0;   ///< of probing: the one that was begun last, and the last one with an answer
  std::string unwritten;                    ///< why what is known is not on disk; empty: it is
  std::size_t in_flight = 0;                ///< orders to the accounts that are not answered
  std::vector<std::function<void()>> waiters; ///< run when all are
  std::vector<risk::kill_scope> to_lift;    ///< lifted elsewhere, and the accounts could not write it down
  std::string trouble;                      ///< why accounts don't obey; empty: they do
  std::vector<std::string> cancelled;       ///< orders whose cancel was asked for by what is in flight
  std::uint64_t epoch = 0;                  ///< of the accounts' switches, after the newest stop
  std::chrono::milliseconds elapsed{0};     ///< until they were thrown
};

caf::behavior stop_actor(caf::stateful_actor<stop_actor_state>* self, std::shared_ptr<stop_options> options);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::stop_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::stop_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::stop_lift)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::stop_task)
