#pragma once

// The one actor that owns an account: requests, reports and prices in, one after
// the other; journal, then venue. Spawn it detached, for its commits wait for the disk.

#include "actors/execution/broker_roundtrips.hpp"
#include "actors/execution/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <unordered_map>

namespace tt::execution {

/// Pause between two attempts to write a journal that can't be written.
inline constexpr std::chrono::milliseconds try_again_interval{500};
/// Pause between two looks at everything the venue has: while orders are open, and while none is.
inline constexpr std::chrono::seconds busy_listing_interval{10}, idle_listing_interval{60};

struct account_options {
  /// Opens the store in the actor's own thread.
  std::function<result<std::shared_ptr<journal_store>>()> open_store;
  writer_settings settings;
  std::shared_ptr<order_gate> gate;
  /// Wall clock; may be called from the actor's thread at any time.
  std::function<utc_time()> clock;
  /// Monotonic time for the journal and for commits; the actor's clock if empty.
  std::function<std::int64_t()> monotonic_ns = {};
  /// Has the actor be sent a message later; the actor's clock does if empty. Where time is virtual, so are the timers.
  std::function<void(const caf::actor& self, nanoseconds wait, caf::message what)> send_later = {};
  /// Where requests to the venue go.
  caf::actor broker;
  /// Told what a person should hear; may be empty.
  std::function<void(const alert_effect&)> on_alert = {};
  /// Told each order after a change of it is durable; may be empty.
  std::function<void(const order&)> on_order = {};
  /// Told after each commit and each attempt to open or repair the journal; may be empty.
  std::function<void(account_access&)> on_step = {};
  /// Told how long the venue took to answer; may be empty.
  std::function<void(const broker_roundtrip&)> on_roundtrip = {};
  /// Told every report of the venue before the core takes it, and what is known of the market; may be empty.
  std::function<void(const venue_report&)> on_report = {};
  std::function<void(account_access&, const symbol_facts&)> on_facts = {};
  std::function<void(account_access&, const market_seen&)> on_market = {};
};

struct account_state {
  static inline const char* name = "account";

  std::shared_ptr<account_options> options;
  std::unique_ptr<account_writer> writer; ///< null: the journal can't be opened; `problem` says why
  std::optional<error> problem;
  std::unordered_map<std::uint64_t, caf::response_promise> promised; ///< by ticket
  std::unordered_map<std::uint64_t, account_access::done> told;       ///< likewise, for tasks
  broker_roundtrips asked; ///< of the venue
  bool commit_is_on_its_way = false;
  std::optional<utc_time> wakes_at;
};

/// While the journal can't be written: new work is answered with not_available at once, cancels go out without a
/// record, reports are dropped (the venue is asked for everything when the journal is back), and every half second it is tried again.
/// A journal that was taken over by a higher epoch ends the actor; a damaged one leaves it answering questions only.
caf::behavior account_actor(caf::stateful_actor<account_state>* self, std::shared_ptr<account_options> options);

} // namespace tt::execution
