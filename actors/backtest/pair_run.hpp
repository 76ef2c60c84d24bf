#pragma once
/// One program over one pair: the unit of work of every backtest and trial. A pure function of its job; any number of
/// threads may run jobs that share programs and bars.

#include "actors/backtest/bars.hpp"
#include "actors/backtest/figures.hpp"
#include "actors/pine/column_cache.hpp"
#include "actors/pine/compiler.hpp"
#include "actors/pine/tester/strategy_run.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t log_lines = 10'000;    ///< kept per pair; later ones are counted and dropped
inline constexpr std::size_t log_line_bytes = 2'000; ///< a longer line is cut
inline constexpr std::size_t pair_trades = 250'000; ///< closed trades of one pair; over it the pair fails
inline constexpr std::size_t reason_bytes = 200;    ///< of a trade's entry and exit reason
inline constexpr int per_bar_days = 60;             ///< spans up to it have a curve point per bar, longer ones per trading day
/// Calls of run_watch::bars_done: after so many bars, or a hundredth of the pair's if that is less, so that a slow script
/// over few bars is seen to move.
inline constexpr std::size_t bars_between_progress = 4'096, progress_steps = 100;
} // namespace limits

/// What compiling a script said. A finding is a row of `compile_diagnostics`.
struct script_finding {
  enum class level_t : std::uint8_t { error, warning } level = level_t::error;
  std::string code, message, hint;
  std::uint32_t line = 1, column = 1, length = 1;

  bool operator==(const script_finding&) const = default;
};
struct compiled_script {
  std::shared_ptr<const pine::program> code; ///< null when there are errors
  std::vector<script_finding> findings;
};
/// Compiles the source and asks for a strategy: an indicator or a library is an error here.
compiled_script compile_strategy(std::string_view source, const pine::compile_options& options = {});

/// The rules of a run once request, script and defaults are laid over each other.
struct run_rules {
  double initial_capital = defaults::initial_capital;
  pine::tester::fee_kind fee = pine::tester::fee_kind::cash_per_order;
  double fee_value = defaults::commission;
  double slippage = defaults::slippage;
  slippage_kind slippage_type = defaults::slippage_type;
  pine::tester::fill_time fills = pine::tester::fill_time::next_tick;
  bar_provider::inner_bars magnifier = bar_provider::inner_bars::none;
  /// It was asked for, but a script with calc_on_order_fills steps from fill to fill of its own bars.
  bool magnifier_left_out = false;
  std::string currency;          ///< of the account; "NONE": the symbol's
  std::uint64_t random_seed = 1; ///< of math.random()
  double risk_free = 2;          ///< percent a year
};
/// "0.1 percent of the price", "1 percent".
std::string slippage_text(const run_rules& r);
std::string commission_text(const run_rules& r);
run_rules rules_for(const backtest_request& r, const pine::declaration& declared);
std::string_view fee_name(pine::tester::fee_kind k);
/// The currency that amounts of a run are in: the account's, or the symbol's where none is said.
const std::string& account_currency(const run_rules& rules, const pine::symbol_info& symbol);

/// A program whose declaration holds the rules of the run, so that the script reads what it trades under. Shared by all
/// runs of a job.
struct prepared_program {
  std::shared_ptr<const pine::program> code;
  run_rules rules;
};
/// Requires code.
std::shared_ptr<const prepared_program> prepare(const std::shared_ptr<const pine::program>& code, const backtest_request& r);

enum class curve_step : std::uint8_t { bar, day };
/// The resolution of equity curves for the request's dates (limits::per_bar_days).
curve_step step_for(const backtest_request& r);

/// Greatest falls of an equity from its highest close before. Taken on every bar, so that a curve with fewer points hides
/// none of them.
struct fall_record {
  double peak = 0;
  double percent = 0; ///< the greatest, as a fraction of the peak it fell from
  double money = 0;   ///< the greatest in money, >= 0

  void add(double equity);
  bool operator==(const fall_record&) const = default;
};

/// How much of a run is kept: everything, or what figures are computed from (no logs, no reasons of trades).
enum class outcome_detail : std::uint8_t { full, figures };

struct pair_job {
  std::shared_ptr<const prepared_program> program;
  std::shared_ptr<const bar_set> bars;
  std::map<std::string, std::string> inputs;
  /// Bars on which orders count; the script also sees the `warmup` bars before. Empty: all behind the set's own warm-up.
  bar_range range;
  std::size_t warmup = 0; ///< with a range of one's own
  curve_step step = curve_step::day;
  outcome_detail detail = outcome_detail::full;
  /// Of a run that goes on from another: the falls up to its beginning, and what that one had made.
  std::optional<fall_record> falls_before = {};
  double made_before = 0;
  /// Where request.*() finds other symbols. Empty: the pair's own bars and longer ones made of them. Called once per run.
  source_maker data = {};
  /// Columns shared with other runs of this program over this set; null: every one is computed.
  std::shared_ptr<pine::column_cache> columns = {};
};

/// The job of one pair of a backtest, as it was asked for.
pair_job pair_job_of(const backtest_request& r, std::shared_ptr<const prepared_program> program, std::shared_ptr<const bar_set> bars);

/// Eyes and hand of whoever runs a job. Both may be left empty.
struct run_watch {
  std::function<void(std::size_t bars)> bars_done = {}; ///< bars since the last call; on the thread of the run
  const std::atomic<bool>* cancel = nullptr;            ///< looked at on every bar and inside of loops and heavy built-ins
};

/// A round trip. Money is in the account's currency, net of fees, and keeps its sign.
struct trade_record {
  enum class side_t : std::uint8_t { long_side, short_side } side = side_t::long_side;
  std::int64_t entry_ms = 0, exit_ms = 0; ///< opening times of the bars of the fills
  double entry_price = 0, exit_price = 0, quantity = 0;
  double pnl = 0, pnl_percent = 0;        ///< pnl_percent: a fraction of what the entry cost
  double fees = 0;
  double mae = 0, mfe = 0;                ///< worst (<= 0) and best (>= 0) net profit on the way
  std::int64_t bars_held = 0;             ///< exit bar - entry bar
  std::string entry_reason, exit_reason;

  bool operator==(const trade_record&) const = default;
};

struct curve_point {
  std::int64_t at = 0; ///< Unix milliseconds of the bar's opening, or the trading day as days since 1970
  double equity = 0;   ///< at the close
  double position = 0, close = 0;

  bool operator==(const curve_point&) const = default;
};

struct log_line {
  std::int64_t time_ms = 0, bar = 0;
  pine::log_level level = pine::log_level::info;
  std::string text;

  bool operator==(const log_line&) const = default;
};

/// Everything that came of one pair. With `failure` set only key and data_hash mean anything.
struct pair_outcome {
  pair_key key;
  std::optional<error> failure;
  double initial = 0, final_equity = 0;
  double open_pnl = 0; ///< of trades still open, their entry fees taken off: final - initial = sum of pnl + open_pnl
  std::int64_t bars = 0, bars_in_market = 0, first_ms = 0, last_ms = 0;
  double first_close = 0, last_close = 0;
  std::optional<fall_record> falls; ///< nothing: bytes of an earlier version, which have the points of the curve only
  /// Of an account that several pairs share: its own, over the bars of all. The same in every one of their outcomes.
  std::optional<fall_record> account_falls;
  curve_step step = curve_step::day;
  std::vector<curve_point> curve;
  std::vector<trade_record> trades;      ///< closed ones, in the order of closing
  std::vector<trade_record> open_trades; ///< exit: the last bar and its close
  std::int64_t margin_calls = 0;
  std::vector<log_line> logs;
  std::uint64_t logs_dropped = 0;
  std::vector<std::string> warnings;
  std::string timezone, currency;
  double risk_free = 2;
  std::string fill_rule, slippage, commission, magnifier; ///< as applied, for `assumptions`
  std::string data_hash;
};

/// Runs the job. Errors: invalid_argument "inputs" (the script has no such input, or refuses the value); out_of_range
/// "bars" (an empty range); refused "script" (it stopped: message with line and bar); limit_exceeded (trades);
/// internal (the money does not add up); and the one that is_cancelled().
result<pair_outcome> run_pair(const pair_job& job, const run_watch& watch = {});
/// The outcome of a pair that could not be run.
pair_outcome failed_pair(const pair_key& key, error why, std::string data_hash = {});
/// Whether an error only says that the cancel flag was up.
bool is_cancelled(const error& e);
error cancelled();

/// What a run that read shared columns has told of its bars, so that another one in its place does not tell them again.
class progress_relay {
public:
  explicit progress_relay(const run_watch& to) : to_(to) {}
  /// A watch for the next attempt. The relay must outlive it.
  run_watch attempt();

private:
  const run_watch& to_;
  std::size_t told_ = 0, again_ = 0; ///< told to the outside; of this attempt
};

/// The money of an outcome: equity change = sum of the trades' pnl + open P&L, to rounding. An error text otherwise.
std::optional<std::string> broken_identity(const pair_outcome& o);

/// The figures of one outcome, under the API's names: from the trades, the curve as it is kept, and for drawdowns in
/// percent and money the falls that were taken on every bar.
figure_set figures_of(const pair_outcome& o);

/// An outcome as bytes that are the same on every machine, and back. Later programs read earlier ones' bytes, and
/// earlier ones skip fields that were added since. Errors: corrupt_data; unsupported when the format has moved on.
std::string to_bytes(const pair_outcome& o);
result<pair_outcome> pair_outcome_from_bytes(std::string_view bytes);

} // namespace tt::backtest
