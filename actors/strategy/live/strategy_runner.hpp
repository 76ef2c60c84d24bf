#pragma once

// One strategy on one symbol, live: the engine of the backtester over live bars, its orders at a venue. Pure: bars,
// what became of orders, and time go in; orders, cancels and events to write down come out of take().
//
//   strategy_runner run(setup, warm_up, events);
//   if (run.problem()) …
//   run.on_bar(bar, bar_state::forming);  run.on_order(order);  run.on_bar(bar, bar_state::closed);
//   auto effects = run.take();

#include "actors/pine/tester/strategy_run.hpp"
#include "actors/strategy/live/run_types.hpp"

#include <deque>
#include <optional>
#include <span>

namespace tt::strategy {

/// How far a bar is.
enum class bar_phase : std::uint8_t {
  forming,
  closed,
  missed, ///< closed while this run could not see it: the script runs, and no order goes out
};

/// What a run that ends leaves at the venue.
enum class leaving : std::uint8_t {
  protection, ///< orders that close a position stay; nothing else
  nothing,    ///< every order is taken back: another run follows
};

/// The position as the strategy sees it.
struct run_position {
  double size = 0;
  std::optional<double> average_price;
  double equity = 0, net_profit = 0, open_profit = 0;
  std::size_t closed_trades = 0, open_orders = 0;
};

class strategy_runner {
public:
  /// `history`: complete bars, oldest first. `events`: what an earlier life of the same run wrote down; its orders
  /// that may still be open are asked about again by take(), under their old keys.
  strategy_runner(run_setup setup, std::span<const bar> history, std::span<const run_event> events = {});
  ~strategy_runner();
  strategy_runner(strategy_runner&&) noexcept;

  /// Why the run can't go on, if so.
  [[nodiscard]] const std::optional<std::string>& problem() const;

  /// A state of the bar under way, or its end. Bars come in the order of time; an earlier one than the last complete
  /// one is left out.
  void on_bar(const bar& b, bar_phase phase);
  /// The answer to a placed order. Errors that are no answer (not_available, timed_out) leave it to be asked again by
  /// retry(): under the same key it can't become a second one.
  void on_placed(const std::string& key, const result<signal_outcome>& answer, utc_time now);
  /// An order of the strategy as it stands now. Told more than once or late, it changes nothing.
  void on_order(const order& now, utc_time at);
  /// Places again what got no answer.
  void retry();
  /// Nothing new is sent; orders are taken back but for what is left.
  void stop(leaving what = leaving::protection);

  /// What the steps since the last call ask for.
  [[nodiscard]] run_effects take();

  [[nodiscard]] run_position position() const;
  [[nodiscard]] bool has_open_orders() const;
  /// Opening of the newest complete bar; nothing before the first.
  [[nodiscard]] std::optional<std::int64_t> last_bar_ms() const;
  /// Trades that are open, for the run that follows.
  [[nodiscard]] std::vector<held_trade> held() const;
  /// Rows of the plots' columns (columns_of(code)) so far, one for each bar.
  [[nodiscard]] const std::deque<plot_row>& plots() const;
  [[nodiscard]] const pine::tester::strategy_run& run() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tt::strategy
