#pragma once
/// The settings of the broker emulator: what strategy() declares and what the symbol prescribes.

#include <cstdint>
#include <limits>

namespace tt::pine::tester {

enum class sizing : std::uint8_t { fixed, cash, percent_of_equity };
enum class fee_kind : std::uint8_t { percent, cash_per_contract, cash_per_order };
/// Which trades a closing order consumes: the oldest, or those of the entry it names.
enum class close_rule : std::uint8_t { fifo, any };
/// What a strategy.close() placed again on its bar changes: the order of its statement, or the one order that the entry's
/// id has (v5 and older).
enum class close_slot : std::uint8_t { statement, entry_id };
/// When market orders fill: with the next tick, or on the closing tick of the bar that placed them.
enum class fill_time : std::uint8_t { next_tick, on_close };
/// strategy.exit() with both a price and a distance in ticks: v6 takes the level the market reaches first, v5 the
/// price alone (manual: migration guide to v6, "strategy.exit() evaluates parameter pairs").
enum class exit_pairs : std::uint8_t { nearest, price_wins };

/// Facts of the traded symbol. Prices lie on multiples of `mintick`, quantities on multiples of `lot`.
struct symbol_grid {
  double mintick = 0.01;
  double minmove = 1, pricescale = 100; ///< mintick = minmove / pricescale
  double pointvalue = 1;                ///< currency per point and contract
  double lot = 1;                       ///< smallest quantity
};

/// Everything that stays the same during a run. Money is in the account's currency, percentages are 0-100.
struct broker_rules {
  symbol_grid grid;
  double initial_capital = 1'000'000;
  sizing qty_kind = sizing::fixed;
  double qty_value = 1;
  fee_kind fee = fee_kind::percent;
  double fee_value = 0;
  double slippage_ticks = 0;     ///< added against the order to market and stop fills, never to limits
  double slippage_percent = 0;   ///< of the price, to the nearest tick, in the same places; an extension, the platform has ticks only
  double limit_ticks = 0;        ///< backtest_fill_limits_assumption: ticks the price must go beyond a limit
  double margin_long = 100, margin_short = 100; ///< percent of the position's value; 0 switches the check off
  int pyramiding = 0;            ///< entries in one direction beyond the first; 0 and 1 both allow one
  close_rule closing = close_rule::fifo;
  close_slot close_by = close_slot::statement;
  fill_time fills = fill_time::next_tick;
  exit_pairs pairs = exit_pairs::nearest;
};

namespace limits {
/// Live orders at one time; a further one stops the run (a script that leaks orders, not a strategy).
inline constexpr std::size_t orders = 20'000;
/// Closed trades kept by one run; beyond it the run stops with an error.
inline constexpr std::size_t trades = 2'000'000;
/// Closed trades a script can still read: older ones are trimmed (manual: strategies, "Trimming").
inline constexpr std::int64_t readable_trades = 9'000;
/// Orders and entries looked at on one bar, by all the calls and fills together; beyond it the run stops with an error. A
/// thousand orders placed again while a thousand wait are a million.
inline constexpr std::uint64_t order_work_per_bar = 50'000'000;
/// Fills on one bar; beyond it the run stops with an error.
inline constexpr std::size_t fills_per_bar = 100'000;
} // namespace limits

inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

} // namespace tt::pine::tester
