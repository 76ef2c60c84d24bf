#pragma once
/// The walk of a job over history: bars in the order of time, an emulator for each symbol, one account of all of them. What
/// is decided at a slot is the derived class's: strategies (job_backtest.cpp), portfolios (portfolio_backtest.cpp).

#include "actors/pine/tester/broker.hpp"
#include "actors/strategy/jobs/job_backtest.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::strategy {

/// One symbol with its own emulator.
struct symbol_desk {
  std::string symbol;
  instrument what;
  std::shared_ptr<const backtest::bar_set> primary;
  std::shared_ptr<const symbol_series> series;
  std::size_t primary_source = 0;
  pine::text_pool texts;
  std::unique_ptr<pine::tester::broker> broker;
  std::size_t first = 0; ///< bar that is traded
  std::size_t next = 0;  ///< bar that comes next
  double made_before = 0; ///< in earlier ranges
  std::int64_t last_exit_bar = -1;
  std::size_t closed_before = 0;
  std::vector<backtest::curve_point> curve;
  backtest::fall_record falls;
  std::int64_t bars_in_market = 0;

  [[nodiscard]] const source_bars& bars() const { return series->source(primary_source); }
  [[nodiscard]] double profit() const { return broker->account().net_profit() + broker->account().open_profit(); }
};

/// Used by one thread, for one run.
class history_walk {
public:
  history_walk(const job_backtest_input& in, const backtest::run_watch& watch) : in_(in), watch_(watch), plan_(*in.plan) {}
  virtual ~history_walk() = default;
  history_walk(const history_walk&) = delete;
  history_walk& operator=(const history_walk&) = delete;

  /// Errors: those of run_job_backtest.
  result<job_backtest_output> run();

protected:
  /// A firing of the schedule: everything that was complete by then has been walked.
  virtual void decide(utc_time slot) = 0;
  /// A bar of the symbol is over.
  virtual void bar_done(symbol_desk&) {}
  /// How orders of the job fill, in words.
  [[nodiscard]] virtual std::string fill_rule() const = 0;

  /// Every bar that is complete by then, in the order of time and of symbols.
  void walk_until(std::int64_t t_ms);
  /// Hands a command to the symbol's emulator; it joins the book before the symbol's next bar.
  void command(symbol_desk& d, const pine::order_command& c);
  /// Money of the whole account, and what of it is in positions (signed).
  struct account_now {
    double equity = 0, value = 0;
  };
  [[nodiscard]] account_now account() const;
  [[nodiscard]] static money as_money(double x);
  /// Signed quantity that the job holds.
  [[nodiscard]] static quantity held(const symbol_desk& d);

  const job_backtest_input& in_;
  const backtest::run_watch& watch_;
  const job_plan& plan_;
  std::vector<std::unique_ptr<symbol_desk>> desks_;
  source_bars benchmark_; ///< daily, of portfolio jobs; may be empty
  job_backtest_output out_;

private:
  result<void> open();
  [[nodiscard]] std::shared_ptr<const backtest::bar_set> set_of(const std::string& symbol, timeframe frame) const;
  [[nodiscard]] std::size_t first_traded(const symbol_desk& d) const;
  [[nodiscard]] std::int64_t until_ms() const { return in_.range ? in_.range->to_ms : INT64_MAX; }
  [[nodiscard]] pine::tester::broker_rules rules(const pine::symbol_info& info) const;
  void one_bar(symbol_desk& d);
  [[nodiscard]] double share() const { return in_.initial_capital / static_cast<double>(desks_.size()); }
  [[nodiscard]] backtest::trade_record record(const symbol_desk& d, const pine::tester::trade& t) const;
  result<job_backtest_output> finish();

  std::set<symbol_desk*> pending_;
  std::int64_t first_ms_ = 0, last_ms_ = 0;
  std::size_t bars_walked_ = 0;
};

/// The bars that a job is walked over: those it reads first, or five minutes where it reads none.
timeframe walk_frame(const job_spec& spec);

/// run_job_backtest for portfolio jobs.
result<job_backtest_output> run_portfolio_backtest(const job_backtest_input& in, const backtest::run_watch& watch);

} // namespace tt::strategy
