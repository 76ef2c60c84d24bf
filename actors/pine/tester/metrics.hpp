#pragma once
/// Figures of a finished run: TradingView's report and those of the backtest API. Pure arithmetic over the trades and
/// the equity curve. A figure that too little data leaves undefined is empty, never 0.
///
/// Ratios are fractions (0.125 is 12.5 %). Money keeps its sign: losses are negative. Drawdowns are positive.

#include "actors/pine/calendar.hpp"
#include "actors/pine/tester/ledger.hpp"
#include "actors/pine/tester/strategy_run.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tt::pine::tester {

using figure = std::optional<double>;

/// Of a set of closed trades: all, or those of one side.
struct trade_figures {
  std::int64_t trades = 0, wins = 0, losses = 0, evens = 0;
  double net_profit = 0;     ///< sum of profits, fees taken off
  double gross_profit = 0;   ///< sum of the profits > 0
  double gross_loss = 0;     ///< sum of the profits < 0; <= 0
  double fees = 0;           ///< of entries and exits of these trades
  figure win_rate;           ///< wins / trades
  figure profit_factor;      ///< gross profit / -gross loss
  figure average_trade, average_win, average_loss; ///< net / trades, gross profit / wins, gross loss / losses
  figure win_loss_ratio;     ///< average win / -average loss
  figure largest_win, largest_loss;
  figure average_return, average_win_return, average_loss_return; ///< means of profit / cost of the entry
  figure largest_win_return, largest_loss_return; ///< the best and worst of profit / cost, each by itself
  figure expectancy;         ///< win rate x average win + loss rate x average loss; currency per trade
  figure average_bars, average_bars_wins, average_bars_losses; ///< exit bar - entry bar + 1
  std::int64_t most_wins_in_a_row = 0, most_losses_in_a_row = 0; ///< an even trade ends both
};

/// Of the equity curve.
struct equity_figures {
  double initial = 0, final = 0, open_profit = 0;
  double total_return = 0;        ///< final / initial - 1
  double max_drawdown = 0;        ///< greatest fall from a peak of the curve, as a fraction of the peak (closes)
  double max_drawdown_money = 0;  ///< the emulator's: realized peak to worst price inside a bar
  double max_drawdown_percent_inside = 0; ///< the same as a fraction of that peak
  double max_runup_money = 0, max_runup_inside = 0;
  std::int64_t max_drawdown_days = 0; ///< longest time below a peak, in days, up to the end when never regained
  figure sharpe;      ///< see return_ratios: of the trades, not of this curve
  figure sharpe_daily; ///< mean daily return / standard deviation, no risk-free return; from 2 returns on
  figure sortino;     ///< likewise
  figure cagr;        ///< (final / initial)^(1 / years) - 1, years of 365.25 days
  figure calmar;      ///< cagr / max_drawdown
  figure recovery;    ///< net profit / max_drawdown_money
  figure volatility;  ///< sample standard deviation of daily returns x sqrt(days with data per year)
  figure exposure;    ///< bars that end with a position / bars
  figure buy_hold_return; ///< last close / first close - 1
  figure var_95;      ///< loss that 95 % of the days stay above: minus the 5 % quantile of daily returns
  figure cvar_95;     ///< mean loss of the days at or beyond it
  figure beta;        ///< covariance(daily return, symbol's daily return) / variance(symbol's)
  figure alpha;       ///< (mean return - risk-free - beta (symbol's mean - risk-free)) x days per year
};

/// Sharpe and Sortino as TradingView's report has them, found in its exports by their users: from returns of the realised
/// balance, initial capital and closed profits, per calendar month where the trades span more than two turns of a month,
/// else per calendar day. The periods run from the first entry to the last exit, idle ones with a return of 0; positions
/// still open make the last bar the end, where their profit is added. Not annualised.
struct return_ratios {
  figure sharpe;  ///< (mean return - risk-free) / standard deviation of all returns (divided by n)
  figure sortino; ///< the same over sqrt(mean(min(0, return - risk-free)^2))
};

struct report {
  trade_figures all, longs, shorts;
  equity_figures equity;
  std::int64_t open_trades = 0, margin_calls = 0;
  double max_contracts = 0;
  /// Set when equity - initial is not the sum of the trades' profits and the open profit: the run is wrong.
  std::optional<std::string> broken;
};

/// The figures of a run. The curve must have been kept. `risk_free` is percent a year.
report measure(const strategy_run& run, const symbol_info& symbol, double risk_free = 2);

/// The parts, for curves that are not of one run (sums over symbols).
trade_figures figures_of(std::span<const trade> trades, trade_side side);
equity_figures figures_of(std::span<const equity_point> curve, double initial, const zone& tz, double risk_free);

/// What the ratios go by. Times in Unix milliseconds.
struct realised_trades {
  struct closing {
    std::int64_t at_ms = 0;
    double profit = 0; ///< net of fees
  };
  std::vector<closing> closed = {}; ///< in any order
  double open_profit = 0;           ///< of positions that are open at the end, their entry fees taken off
  std::int64_t first_entry_ms = 0, end_ms = 0; ///< end: the last exit, or the last bar where something is open
};
/// Empty with fewer than two closed trades, as there, and where the spread is 0 or the balance was. `risk_free` is percent a year.
return_ratios ratios_of(const realised_trades& trades, double initial, const zone& tz, double risk_free);

/// Checks the identity by which a run is trusted: equity - initial capital = profits of the closed trades + profit of
/// the open ones, their entry fees included. An error text when it fails by more than rounding.
std::optional<std::string> check_identity(const ledger& account, double initial);

} // namespace tt::pine::tester
