#pragma once

// Brings the market to the alerts of a node and carries out what they want. It reads
// the topics of a symbol only while that has alerts. Runs on a thread of its own: the
// store syncs to disk.
//
// | message | answer |
// | --- | --- |
// | alert_task | none; its function runs with the book, then what it changed is committed and done |
// | alert_update | none; one update of a topic |
// | pulse_atom | none; to itself, every alert_pulse |

#include "actors/alerts/price/alert_book.hpp"
#include "actors/model/notice_sender.hpp"
#include "actors/model/order_desk.hpp"
#include "gateways/alerts_port.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <atomic>
#include <deque>
#include <mutex>

namespace tt::cluster {

using pulse_atom = caf::atom_constant<caf::atom("pulse")>;

/// Between two looks at expiry, at what waits to be tried again, and at sides of levels that are not on disk yet.
inline constexpr std::chrono::milliseconds alert_pulse{500};
/// Quotes that wait in the mailbox; further ones are dropped. A level that was passed meanwhile is noticed at the next.
inline constexpr std::size_t max_waiting_quotes = 20'000;
/// Market time after its trigger in which an order may still be sent for the first time (after a restart, or while the
/// account can't take it), and a notice.
inline constexpr std::chrono::seconds max_order_age{60};
inline constexpr std::chrono::hours max_notice_age{1};
/// Pulses between two attempts to place an order, and attempts.
inline constexpr unsigned order_retry_pulses = 2, max_order_attempts = 60;
/// Notices that are handed to the sender at once; others wait.
inline constexpr std::size_t max_notices_out = 64;

struct alert_task {
  std::shared_ptr<const std::function<void(alerts::alert_book&)>> run;
};
struct alert_update {
  std::shared_ptr<const market::market_update> what;
};

/// Those who are told of events. All members may be called from any thread.
class alert_watchers {
public:
  gateway::subscription_id add(gateway::alert_watcher who);
  void remove(gateway::subscription_id id);
  void tell(const alerts::alert_event& event) const;

private:
  mutable std::mutex mutex_;
  gateway::subscription_id last_ = 0;
  std::map<gateway::subscription_id, gateway::alert_watcher> list_;
};

/// Figures for /metrics.
struct alert_figures {
  std::array<std::atomic<std::uint64_t>, enum_count<alerts::alert_status>> alerts{}; ///< by status, now
  std::atomic<std::uint64_t> triggers{0}, orders{0}, orders_failed{0}, notices{0}, notices_failed{0}, dropped_quotes{0}, store_failures{0};
};

struct alert_surroundings {
  std::shared_ptr<alerts::alert_store> store;
  std::shared_ptr<alerts::alert_book> book; ///< over `store`
  gateway::market_port* market = nullptr;   ///< outlives the actor
  std::shared_ptr<order_desk> desk;         ///< null: the node hosts no accounts
  std::optional<account_id> default_account;
  std::shared_ptr<notice_sender> sender;
  std::shared_ptr<alert_watchers> watchers;
  std::shared_ptr<alert_figures> figures;
};

struct alert_actor_state {
  static inline const char* name = "alerts";

  alert_surroundings around;
  std::map<market::topic, gateway::subscription_id> reading;
  std::optional<std::uint64_t> topics_version;
  std::shared_ptr<std::atomic<std::size_t>> waiting_quotes = std::make_shared<std::atomic<std::size_t>>(0);
  struct waiting_order {
    alerts::alert_action what;
    unsigned attempts = 0;
    unsigned pulses_left = 0;
  };
  std::vector<waiting_order> orders; ///< to be tried again
  std::deque<alerts::alert_action> notices;
  std::size_t notices_out = 0;
  bool store_failed = false; ///< the last commit did
};

caf::behavior alert_actor(caf::stateful_actor<alert_actor_state>* self, alert_surroundings around);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::alert_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::alert_update)
