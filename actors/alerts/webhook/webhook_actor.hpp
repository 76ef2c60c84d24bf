#pragma once

// The one owner of a node's receiver: maps messages to it, keeps those waiting who
// are answered after the commit, and asks the order desk. Runs on a thread of its
// own, since it waits for the disk. Posts that arrive while it waits go into the
// next commit together.
//
// | message | answer |
// | --- | --- |
// | post_request_ptr | none; its `done` is called once, from the actor's thread |
// | receiver_task_ptr | none; runs with the receiver |

#include "actors/alerts/webhook/receiver.hpp"
#include "actors/model/order_desk.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <memory>

namespace tt::webhook {

using commit_atom = caf::atom_constant<caf::atom("commit")>;
using look_atom = caf::atom_constant<caf::atom("look")>;

/// A post on its way to the receiver.
struct post_request {
  webhook_post post;
  std::optional<account_id> paper; ///< by the paper route: rules and path are not looked at
  std::function<void(webhook_answer)> done;
};
using post_request_ptr = std::shared_ptr<const post_request>;
using receiver_task = std::function<void(receiver&, alert_moment)>;
using receiver_task_ptr = std::shared_ptr<const receiver_task>;

struct webhook_options {
  std::shared_ptr<event_journal> journal;
  std::shared_ptr<const instrument_master> master;
  standing_lookup standing;            ///< may be empty
  receiver_settings settings;
  std::function<utc_time()> clock;     ///< wall time
  std::shared_ptr<order_desk> desk;    ///< null: alerts are received and wait for their deadline
  std::function<void(const webhook_news&)> on_news; ///< may be empty; must only pass on
  /// Told of each fault: what, and the address. May be empty.
  std::function<void(auth_fault, const std::string&)> on_fault;
  /// Told when the journal begins to fail (not of each attempt), or the start fails; and when it works again. May be empty.
  std::function<void(const error&)> on_failure;
  std::function<void()> on_recovery;
};

struct webhook_state {
  static inline const char* name = "webhook";
  std::shared_ptr<const webhook_options> options;
  std::unique_ptr<receiver> core;
  std::map<std::uint64_t, std::function<void(webhook_answer)>> waiting; ///< by ticket
  enum class alarm : std::uint8_t { none, set } commit = alarm::none;
  std::uint64_t commits = 0; ///< number of the commit that is due
  enum class journal_state : std::uint8_t { fine, failing } disk = journal_state::fine;
  std::optional<std::chrono::milliseconds> look; ///< pause of the look that is under way
  std::uint64_t looks = 0;                       ///< number of that look
};

/// Spawn it detached.
caf::behavior webhook_actor(caf::stateful_actor<webhook_state>* self, std::shared_ptr<const webhook_options> options);

} // namespace tt::webhook

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::webhook::post_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::webhook::receiver_task_ptr)
