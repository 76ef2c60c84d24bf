#pragma once
/// One pair on its way through its bars: what run_pair() does at a stretch and run_account() bar by bar. For one thread;
/// job and watch must outlive it.
///
///   pair_walk walk(job, watch);
///   if (auto wrong = walk.start()) return *wrong;
///   while (!walk.over())
///     if (auto wrong = walk.bar()) return *wrong;
///   return walk.finish();

#include "actors/backtest/pair_run.hpp"

#include <optional>

namespace tt::backtest {

class pair_walk {
public:
  pair_walk(const pair_job& job, const run_watch& watch);

  /// Errors of this and of bar() and finish(): those of run_pair().
  std::optional<error> start();
  /// Whether every bar has been walked.
  [[nodiscard]] bool over() const { return at_ >= to_; }
  /// When the next bar ends, and with it its script runs: Unix milliseconds. Rises from bar to bar.
  [[nodiscard]] std::int64_t next_close_ms() const;
  /// Whether orders count on the next bar: it lies behind the warm-up.
  [[nodiscard]] bool next_counts() const { return at_ >= from_; }
  /// Walks the next bar.
  std::optional<error> bar();
  result<pair_outcome> finish();
  /// Whether it reads columns that other runs have computed. If it fails, the job is to be run again without them: that
  /// is what it comes to.
  [[nodiscard]] bool reads_columns() const { return run_ && run_->engine().columns_used() > 0; }

  /// What this pair alone has made, open profit included, in the account's currency.
  [[nodiscard]] double made() const { return run_->account().account().own_equity() - rules().initial_capital; }
  /// Margin that its position binds at the last close.
  [[nodiscard]] double margin() const { return run_->account().margin_needed(); }
  /// What the other pairs of its account have made and bind (ledger::elsewhere).
  void set_elsewhere(const pine::tester::ledger::elsewhere& e) { run_->set_elsewhere(e); }

private:
  enum class trade_end : std::uint8_t { closed, open };

  const run_rules& rules() const { return job_.program->rules; }
  bool stopped() const { return watch_.cancel != nullptr && watch_.cancel->load(std::memory_order_relaxed); }
  pine::run_settings settings() const;
  void tell(std::size_t done);
  void note(std::int64_t at, double close);
  trade_record record(const pine::tester::trade& t, trade_end end) const;
  void take_trades(pair_outcome& o) const;
  void describe(pair_outcome& o) const;

  const pair_job& job_;
  const run_watch& watch_;
  const bar_set& set_;
  pine::calendar calendar_;
  std::size_t from_ = 0, to_ = 0, start_ = 0;
  std::size_t at_ = 0;   ///< the next bar
  std::size_t told_ = 0; ///< bars before it are in the progress
  std::size_t step_ = 1; ///< bars between two reports of progress
  std::unique_ptr<run_source> own_;
  std::optional<pine::tester::strategy_run> run_;
  std::vector<curve_point> curve_;
  fall_record falls_;
};

} // namespace tt::backtest
