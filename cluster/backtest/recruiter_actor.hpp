#pragma once

// Sees to it that every node that hosts workers has a crew that works for the
// coordinator of this node: spawns it there by name, and again should it end.

#include "actors/backtest/messages.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tt::cluster {

/// Longest wait for a node to spawn a crew.
inline constexpr std::chrono::seconds recruit_deadline{5};
/// Pause before a node is asked again whose crew has ended or did not come to be. For as long as the node is a member that
/// hosts workers there is a reason to ask, so there is no limit to how often.
inline constexpr std::chrono::milliseconds recruit_pause{1'000};

/// What membership tells the recruiter of a node.
enum class recruiting : std::uint8_t {
  hosts_workers, ///< it is linked, and has the role
  gone,
};

/// Never leaves the process.
struct recruit_change {
  std::string node;
  recruiting what = recruiting::gone;
};

struct recruiter_options {
  /// The agent of a node that is linked, or of this one; null if there is none. Answers bus::spawn_request.
  std::function<caf::actor(const std::string& node)> agent;
  /// For the log; may be empty.
  std::function<void(const std::string& node)> on_recruited = {};
  std::function<void(const std::string& node, const std::string& why)> on_trouble = {};
};

struct recruiter_state {
  static inline const char* name = "backtest_recruiter";

  /// A node that hosts workers.
  struct site {
    caf::actor crew;      ///< null while there is none
    bool asked = false;   ///< the answer is under way
    bool waiting = false; ///< it is asked again after a pause
  };
  std::shared_ptr<const recruiter_options> options;
  caf::actor coordinator;
  std::map<std::string, site> sites;
};

/// Messages: recruit_change; backtest::coordinator_change, whenever there is another coordinator here.
caf::behavior recruiter_actor(caf::stateful_actor<recruiter_state>* self, std::shared_ptr<const recruiter_options> options);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::recruit_change)
