#pragma once

// One strategy on one symbol as an actor: bars of the symbol's actor in, orders to the desk out. Maps messages to the
// calls of strategy_runner; messages: see messages.hpp.

#include "actors/strategy/live/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <deque>
#include <functional>
#include <optional>

namespace tt::strategy {

/// Bars that a run warms up on, where history has so many.
inline constexpr std::uint32_t warm_up_bars = 5'000;
/// Between two looks at orders whose reports may have been lost, and at those without an answer.
inline constexpr std::chrono::milliseconds retry_pause{1'000};
/// How often history is asked for again, a retry_pause apart, while it ends before what a run has acted on. Then another run begins.
inline constexpr int late_history_tries = 60;
/// A position that the account does not have must be missing for so long before the run believes it: its own fills may be on their way.
inline constexpr std::chrono::milliseconds outside_pause{2'000};
/// Updates of bars that wait while history is fetched; older ones are dropped and fetched again.
inline constexpr std::size_t waiting_bars = 10'000;
/// Orders that one look asks for.
inline constexpr std::size_t orders_looked_at = 200;

struct live_run_options {
  strategy_id strategy;
  instrument what;
  caf::actor directory; ///< of symbols
  std::shared_ptr<order_desk> desk;
  std::shared_ptr<registry> records;
  /// The market's time.
  std::function<utc_time()> clock;
  std::uint32_t warm_up = warm_up_bars;
  // Told within the actor; must only pass on. May be empty.
  /// With the drawings as JSON (actors/pine/OUTPUT.md) where they have changed.
  std::function<void(const run_row&, const plot_row&, std::optional<std::string> drawings)> on_plot = {};
  std::function<void(const run_row&, const raised_alert&)> on_alert = {};
  std::function<void(const run_row&, const signal_row&)> on_signal = {};
  std::function<void(const run_row&, const closed_trade&)> on_trade = {};
  std::function<void(const strategy_id&, const std::string& symbol, const std::string& problem)> on_problem = {};
};

struct live_run_state {
  static inline const char* name = "live_run";

  std::shared_ptr<const live_run_options> options;
  run_request_ptr wanted;            ///< newest; null once it runs
  run_request_ptr current;
  std::optional<run_row> row;
  std::optional<strategy_runner> runner;
  run_state::phase_t phase = run_state::phase_t::loading;
  std::string problem;
  caf::actor symbol;
  std::optional<market::topic> topic;
  std::deque<market::bar_update> queue; ///< bars that wait while history is fetched
  std::optional<std::uint64_t> last_seq;
  bool is_fetching = false, is_retry_due = false, is_search_due = false;
  bool is_behind = false; ///< bars between the run's last one and the next are missing
  std::vector<held_trade> handed_over;  ///< of the run before
  bool has_predecessor = false;         ///< handed_over is what it left
  std::vector<bar> history;             ///< of the run that is about to begin
  std::optional<std::int64_t> forming_ms;
  /// The run's position and the account's, where the account has less: somebody else closed it, or a fill is on its way.
  std::optional<std::pair<decimal, decimal>> missing;
  int late_tries = 0;       ///< that history was asked for in vain
  std::size_t told_drawings = std::hash<std::string>{}("[]"); ///< of what is drawn, as it was told last
  std::string over_because; ///< why the run goes over, where that is not a request
};

caf::behavior live_run_actor(caf::stateful_actor<live_run_state>* self, std::shared_ptr<const live_run_options> options);

} // namespace tt::strategy
