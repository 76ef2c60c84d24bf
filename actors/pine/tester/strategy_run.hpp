#pragma once
/// A strategy and its account: the script of engine.hpp with the broker emulator under it. The same object runs a
/// backtest (a loop over on_bar) and a live chart (begin_bar, update, commit).

#include "actors/pine/engine.hpp"
#include "actors/pine/tester/broker.hpp"

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tt::pine::tester {

enum class keep_curve : std::uint8_t { no, yes };

/// Values that win over what strategy() declares (design: an explicit request beats the script, which beats defaults).
struct account_overrides {
  std::optional<double> initial_capital, fee_value, slippage_ticks;
  std::optional<double> slippage_percent; ///< of the price, on top of the ticks
  std::optional<fee_kind> fee;
};

struct tester_options {
  account_overrides account = {};
  keep_curve curve = keep_curve::yes;
  log_fills fills = log_fills::off;
  /// Bars of a shorter timeframe for strategies with use_bar_magnifier, oldest first. Must outlive the run.
  std::span<const bar> lower_bars = {};
  /// Bars that open earlier are seen by the script but their orders are dropped, and they count in no figure.
  std::int64_t trade_from_ms = std::numeric_limits<std::int64_t>::min();
  /// venue: nothing fills by itself; venue_orders() says what shall rest at the venue, and venue_fill() what it did.
  fill_source filled_by = fill_source::emulator;
};

/// The rules a program declares for a symbol.
broker_rules rules_of(const program& code, const symbol_info& symbol, const account_overrides& overrides = {});

struct equity_point {
  std::int64_t time_ms = 0; ///< opening time of the bar
  double equity = 0;        ///< at its close, of this run alone
  double position = 0;      ///< signed contracts at its close
  double close = 0;         ///< of the bar
};

class strategy_run {
public:
  /// `settings.account` and `settings.trades` are set here.
  strategy_run(std::shared_ptr<const program> code, run_settings settings, tester_options options = {});
  ~strategy_run();
  strategy_run(strategy_run&&) noexcept;
  strategy_run& operator=(strategy_run&&) noexcept;

  /// What is wrong with program or settings, if anything: not a strategy, a bad input.
  const std::optional<std::string>& problem() const;
  /// A complete bar: waiting orders meet it, then the script runs on its close.
  std::optional<runtime_failure> on_bar(const bar& b, bar_flags flags = {});
  /// Realtime: the first tick of a bar, later ones, and its end. Orders fill as the ticks come; the script runs on
  /// every tick with calc_on_every_tick, else only at the end.
  std::optional<runtime_failure> begin_bar(const bar& b, bar_flags flags = {});
  std::optional<runtime_failure> update(const bar& b, bar_flags flags = {});
  std::optional<runtime_failure> commit(const bar& b, bar_flags flags = {});

  /// Of an account that other runs trade too: what they have made and bind, from the next bar on. It counts in
  /// strategy.equity, in sizes and in margins; trades, net profit and curve() stay this run's own.
  void set_elsewhere(const ledger::elsewhere& e);

  // With filled_by = venue: the account is what the venue did.
  std::vector<venue_order> venue_orders();
  /// An execution at Unix time `at_ms`; `fee` in the account's currency. It belongs to the bar under way, else to the
  /// one that `at_ms` lies in. With calc_on_order_fills the script runs once more on the bar under way.
  std::optional<runtime_failure> venue_fill(const venue_order& what, double qty, double price, double fee, std::int64_t at_ms);
  void venue_gone(std::uint64_t slot);
  /// Before a bar closes: drops market orders that are not among `out`. In the emulator each fills on the bar after its own; one
  /// that could not go out by then is not sent late.
  void venue_keep(std::span<const std::uint64_t> out);
  /// A trade that is open before the first order: size, entry price, time, fee and id are its own.
  void adopt(trade t);

  const broker& account() const;
  script& engine();
  const script& engine() const;
  const std::vector<equity_point>& curve() const;
  /// Opening time of the first and last bar, and what buying at the first close and holding would have made.
  struct span_facts {
    std::int64_t bars = 0, first_ms = 0, last_ms = 0, bars_in_market = 0;
    double first_close = no_value, last_close = no_value;
  };
  const span_facts& span() const;
  /// Number of the last bar, as the script and its trades count; -1 before the first.
  std::int64_t bar_index() const;
  /// What amounts are in: the account's currency, or the symbol's where they were not converted.
  const std::string& currency() const;
  /// Things worth telling that stop nothing, such as a missing currency rate. At most one of each kind.
  const std::vector<std::string>& warnings() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The run's trades as the platform exports them: CSV with a header, closed trades first, then those still open,
/// marked at the last close. Times in Unix seconds.
std::string trade_table(const strategy_run& run);

} // namespace tt::pine::tester
