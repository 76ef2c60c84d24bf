#pragma once

// The strategies of a node: what is registered, versions of their sources, changes of state, runs with their events,
// and the rows that the API shows. Durable before it is acknowledged; thread-safe.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "actors/storage/sql.hpp"
#include "actors/strategy/live/evaluation.hpp"
#include "actors/strategy/live/run_types.hpp"
#include "actors/strategy/live/strategy_switch.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t strategies = 1'000;
inline constexpr std::size_t strategy_symbols = 50;   ///< of one strategy: a run each
inline constexpr std::size_t source_bytes = 512 * 1024;
inline constexpr std::size_t strategy_id_bytes = 64;
inline constexpr std::size_t kept_signals = 20'000;   ///< of one strategy; older ones are dropped
inline constexpr std::size_t kept_alerts = 10'000;    ///< of all
inline constexpr std::size_t evaluation_period = 10'000;
} // namespace limits

struct strategy_record {
  strategy_id id;
  std::string name;
  strategy_state state; ///< kind, power, mode, account, sizing
  std::string limits_json = "{}";
  decimal min_win_rate{55};
  std::size_t evaluation_period = 20;
  std::vector<std::string> symbols; ///< canonical; of kind pine: a run each
  timeframe frame = timeframe::minutes(1);
  session_hours hours = session_hours::regular;
  std::map<std::string, std::string> inputs;
  std::uint32_t version = 0; ///< of the source; 0: there is none
  std::uint64_t epoch = 0;   ///< changes of mode so far
  utc_time created_at{}, updated_at{};
  std::string problem;       ///< why its run stopped; "" while all is well
};

/// A change of state, with its cause.
struct transition_row {
  utc_time at{};
  std::string kind;   ///< "registered", "enabled", "disabled", "mode", "source", "changed", "proposal", "removed"
  std::string from, to, author, reason;
};

struct run_row {
  std::uint64_t run = 0;
  std::string symbol;
  std::uint32_t version = 0;
  account_id account;
  strategy_mode mode = strategy_mode::paper;
  timeframe frame;
  std::int64_t warm_up_from_ms = 0; ///< the first bar that it saw; 0: of a run of an earlier program
  std::int64_t trade_from_ms = 0;
  std::vector<held_trade> held;
  std::map<std::string, std::string> inputs;
  utc_time started_at{};
  std::optional<utc_time> ended_at;
  std::string end_reason;
};

/// A closed trade with the mode in which it was made.
struct trade_row {
  closed_trade trade;
  strategy_mode mode = strategy_mode::paper;
  std::uint64_t epoch = 0;
};

struct alert_row {
  std::uint64_t number = 0;
  strategy_id strategy;
  std::string symbol;
  raised_alert what;
};

/// Who asks for a change.
struct change_author {
  std::string name;
  utc_time at{};
};

/// What may be changed in place. Absent fields stay.
struct strategy_change {
  std::optional<std::string> name, sizing, limits_json;
  std::optional<account_id> account;
  std::optional<decimal> min_win_rate;
  std::optional<std::size_t> evaluation_period;
  std::optional<std::vector<std::string>> symbols;
  std::optional<timeframe> frame;
  std::optional<session_hours> hours;
  std::optional<std::map<std::string, std::string>> inputs;
};

class registry final : public strategy_switch {
public:
  /// Opens the file, or keeps everything in memory for "". Errors: io_error, corrupt_data.
  static result<std::unique_ptr<registry>> open(const std::string& path);
  /// As above, on a server too. Errors besides: conflict (another node has taken over), also of every change.
  static result<std::unique_ptr<registry>> open(const sql_place& place);
  ~registry() override;

  [[nodiscard]] std::optional<strategy_state> state_of(const strategy_id& id) const override;
  /// Called after every change of a strategy, with it as it is now (removed: nothing), on the caller's thread within
  /// the change: must only pass on.
  void on_change(std::function<void(const strategy_id&, const std::optional<strategy_record>&, const transition_row&)> told);

  [[nodiscard]] std::vector<strategy_record> list() const;
  /// Errors: not_found.
  [[nodiscard]] result<strategy_record> find(const strategy_id& id) const;
  /// Version 0: the newest. Errors: not_found.
  [[nodiscard]] result<std::string> source(const strategy_id& id, std::uint32_t version = 0) const;

  // Changes; durable when they return. Errors besides those named: io_error, not_found.
  /// Errors: conflict (there is one), limit_exceeded, invalid_argument (id).
  result<strategy_record> add(strategy_record what, const std::string& source, const change_author& by);
  result<strategy_record> change(const strategy_id& id, const strategy_change& what, const change_author& by);
  result<strategy_record> set_source(const strategy_id& id, const std::string& source, const change_author& by);
  result<strategy_record> set_power(const strategy_id& id, strategy_power to, const std::string& reason, const change_author& by);
  result<strategy_record> set_mode(const strategy_id& id, strategy_mode to, const std::string& reason, const change_author& by);
  result<void> set_problem(const strategy_id& id, const std::string& what);
  result<void> remove(const strategy_id& id, const change_author& by);

  // Runs.
  /// Begins a run, with the next number. Errors: io_error, not_found.
  result<run_row> begin_run(const strategy_id& id, run_row what);
  result<void> end_run(const strategy_id& id, std::uint64_t run, const std::string& reason, utc_time at);
  /// The run of a symbol that has not ended. Nothing: there is none.
  [[nodiscard]] std::optional<run_row> open_run(const strategy_id& id, const std::string& symbol) const;
  /// The newest run of a symbol.
  [[nodiscard]] std::optional<run_row> last_run(const strategy_id& id, const std::string& symbol) const;
  /// In their order. Errors: io_error, corrupt_data.
  [[nodiscard]] result<std::vector<run_event>> events(const strategy_id& id, std::uint64_t run) const;
  /// Writes down what a step has done, in one commit. A verdict that follows from new trades is carried out: a live
  /// strategy is demoted, a promotion proposed.
  result<void> record(const strategy_id& id, const run_row& of, const run_effects& what, utc_time at);
  /// The verdict over the trades of a strategy that keeps no run of its own (YAML jobs, webhooks), all of them in the order of
  /// closing; carried out as by record(). A proposal is made once for its sets. Errors: io_error, not_found.
  result<void> judge_trades(const strategy_id& id, std::span<const trade_row> trades, utc_time at);
  /// What is open when a run has ended, for the next one.
  result<void> keep_held(const strategy_id& id, std::uint64_t run, const std::vector<held_trade>& held);

  // Rows, newest first but for trades and sets. At most `limit`.
  [[nodiscard]] std::vector<run_row> runs(const strategy_id& id, std::size_t limit) const;
  [[nodiscard]] std::vector<signal_row> signals(const strategy_id& id, std::size_t limit) const;
  [[nodiscard]] std::vector<transition_row> transitions(const strategy_id& id, std::size_t limit) const;
  [[nodiscard]] std::vector<trade_row> trades(const strategy_id& id) const;
  [[nodiscard]] std::vector<trade_set> sets(const strategy_id& id) const;
  [[nodiscard]] std::vector<alert_row> alerts(std::size_t limit) const;
  result<std::size_t> clear_alerts();

private:
  class store;
  explicit registry(std::unique_ptr<store> opened);
  result<strategy_record> put(strategy_record changed, transition_row why);
  result<void> carry_out(verdict what, const strategy_record& of, utc_time at);

  using change_handler = std::function<void(const strategy_id&, const std::optional<strategy_record>&, const transition_row&)>;
  mutable std::mutex writing_;          ///< one change at a time; guards store_
  mutable std::shared_mutex reading_;   ///< guards what follows
  std::map<strategy_id, strategy_record> known_;
  change_handler told_;
  std::unique_ptr<store> store_;
};

} // namespace tt::strategy
