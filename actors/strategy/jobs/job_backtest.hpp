#pragma once
/// A job over history: the run function of the scheduler at every slot of its schedule, filled by the broker emulator of
/// Pine strategies. All symbols share one account, as they do live. A slice of a portfolio job works in the bar after its
/// moment; what is left of it is cancelled then.

#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/study_plan.hpp"
#include "actors/strategy/jobs/job_run.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tt::strategy {

inline constexpr std::string_view benchmark_symbol = "SPY"; ///< the market that figures of a portfolio are measured by
inline constexpr std::uint32_t daily_history = 320;         ///< days that they look back over

/// A set of bars that a backtest of a job needs: of a source, or the daily ones that filters read.
struct job_series_need {
  std::string symbol;
  timeframe frame;
  std::int64_t warmup = 0;  ///< bars before the range
  enum class use : std::uint8_t { symbol, benchmark };
  use why = use::symbol;    ///< benchmark: a portfolio job goes without it where there are none
  bool operator==(const job_series_need&) const = default;
};
/// By symbol; of each symbol first the bars that are walked over, then the others, each timeframe once; the benchmark of a
/// portfolio job last. Errors: invalid_argument (a strategy that reads no bars), naming the field.
result<std::vector<job_series_need>> series_needs(const job_plan& plan);

/// The bars of a set with the moments at which they were complete, by the job's calendar.
/// Those that open before `until_ms`.
source_bars complete_bars(const backtest::bar_set& set, const exchange_calendar& calendar, std::int64_t until_ms = INT64_MAX);

struct job_backtest_input {
  std::shared_ptr<const job_plan> plan;
  /// Those of series_needs(), in its order; a benchmark may be left out.
  std::vector<std::shared_ptr<const backtest::bar_set>> bars;
  double initial_capital = 10'000;
  double commission = 0;
  pine::tester::fee_kind fee = pine::tester::fee_kind::cash_per_order;
  double slippage_percent = 0, slippage_ticks = 0;
  pine::tester::fill_time fills = pine::tester::fill_time::next_tick;
  backtest::curve_step step = backtest::curve_step::day;
  /// Only what opens in it is traded; what lies before is known, what lies behind is not there. Nothing: all but the warm-up.
  std::optional<backtest::time_range> range = {};
  /// Of a run that goes on from an earlier range, by symbol: what came of that; empty: it begins. Outlives the run.
  std::span<const backtest::pair_outcome> before = {};
};

struct job_backtest_output {
  /// One for each symbol, in order. Each stands on its part of the capital (capital ÷ symbols); its curve is that part
  /// with the symbol's own profit, so that their sum is the account.
  std::vector<backtest::pair_outcome> outcomes;
  std::uint64_t runs = 0, signals = 0, notices = 0;
};

/// Errors: out_of_range (no bars in the range), conflict (cancelled), internal (money that does not add up).
result<job_backtest_output> run_job_backtest(const job_backtest_input& in, const backtest::run_watch& watch = {});

} // namespace tt::strategy
