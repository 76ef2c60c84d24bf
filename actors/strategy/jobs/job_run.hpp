#pragma once
/// One run of a strategy job as a pure function: the market and the account at one moment in, decisions and orders out.
/// The order of things is exits, filters, entries by rank, sizes (strategies-yaml, scheduler). The same inputs give the
/// same signals and the same keys, byte for byte: the scheduler, the command line and the backtest all call it.

#include "actors/model/order.hpp"
#include "actors/strategy/jobs/job_plan.hpp"
#include "actors/strategy/jobs/job_series.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr int missing_exit_runs = 3; ///< runs in a row with a missing exit item until a notice is raised
} // namespace limits

/// What the strategy holds in a symbol, by its own fills.
struct held_position {
  quantity qty; ///< signed
  std::optional<price> average;
  std::optional<utc_time> opened_at;
  enum class orders : std::uint8_t { none, working };
  orders entries = orders::none; ///< an entry of its own that is still open
};

/// One symbol at the moment of the run.
struct symbol_input {
  std::string symbol;
  const instrument* what = nullptr;
  std::shared_ptr<const symbol_series> series; ///< null: no data (then `problem` says why)
  std::optional<price> last;                   ///< nothing: the close of the last bar
  held_position held;
  std::string problem;                         ///< not empty: stale or missing data, the symbol is left out
  std::int64_t bars_since_exit = 1'000'000;    ///< for the cooldown
};

/// What one run leaves for the next.
struct run_memory {
  std::map<std::string, int> missing_exits; ///< symbol -> runs in a row
  bool operator==(const run_memory&) const = default;
};

struct run_input {
  utc_time slot{};
  std::vector<symbol_input> symbols;
  money equity, cash, start_of_day_equity, day_pnl;
  decimal other_exposure; ///< unused share kept for accounts that hold more than this strategy
  std::optional<double> news_sentiment;
  run_memory memory;
};

enum class signal_kind : std::uint8_t { enter_long, enter_short, exit_long, exit_short };
std::string_view to_string(signal_kind kind);

struct job_signal {
  signal_kind kind = signal_kind::enter_long;
  std::string symbol;
  quantity qty;                ///< > 0
  price at;                    ///< the price it was decided at
  std::optional<price> limit;  ///< of a limit order
  std::optional<price> stop, target; ///< of an entry with protection
  std::string reason;          ///< exit: the item's text; entry: its list
  decimal weight;              ///< entry: the share of equity asked for, after filters
  std::string key;             ///< intent key
  bool operator==(const job_signal&) const = default;
};

/// How one list of one symbol came out.
struct item_outcome {
  std::string name;
  std::string values;  ///< "rsi=61.2 close=101.5"
  value outcome;
};
struct list_outcome {
  std::string symbol, list;
  std::vector<item_outcome> items;
  value met; ///< missing: not met
};

struct run_output {
  std::vector<job_signal> signals;  ///< exits first, then entries by rank
  std::vector<list_outcome> lists;
  std::vector<std::string> notices; ///< for people
  std::vector<std::string> left_out; ///< symbols without data
  run_memory memory;
};

/// What a run read, as one number of 32 hex digits: account, positions, prices and every bar. The same inputs, the same hash.
std::string inputs_hash(const run_input& in);

/// Never fails: what can't be known is missing and told.
run_output run_strategy(const job_plan& plan, const run_input& in);

enum class slot_session : std::uint8_t { respect, ignore };
/// The slot that a time lies in: the last firing at or before it, if it is not older than one interval (cron: one hour;
/// a time of day: one hour). `ignore`: the time itself where no slot contains it.
std::optional<utc_time> slot_containing(const job_plan& plan, utc_time at, slot_session session);

/// The order that a signal asks for.
order_request request_for(const job_plan& plan, const job_signal& signal);

/// Trading sessions from the day of `from` to that of `to`: 0 on the same day.
std::int64_t sessions_between(const exchange_calendar& calendar, utc_time from, utc_time to);

} // namespace tt::strategy
