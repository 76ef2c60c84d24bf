#pragma once
/// The platform's report of trades, split by side, as the results document has it under `report`: `all`, `long`, `short`,
/// each with these figures. Money is in the account's currency and keeps its sign (losses <= 0); ratios and returns are
/// fractions; what too few trades leave undefined is null.
///
/// | field | formula |
/// | --- | --- |
/// | net_profit, net_profit_return | sum of pnl (fees taken off); the same / initial capital |
/// | gross_profit, gross_loss | sum of the pnl > 0; of the pnl < 0; and each / initial capital as `…_return` |
/// | profit_factor | gross_profit / -gross_loss |
/// | fees | of entries and exits of closed trades |
/// | total_trades, open_trades | closed ones; those open at the end, which count in no other figure here |
/// | winning_trades, losing_trades, even_trades | pnl > 0, < 0, = 0 |
/// | win_rate | winning_trades / total_trades ("percent profitable") |
/// | avg_trade, avg_win, avg_loss | net_profit / total_trades, gross_profit / winning_trades, gross_loss / losing_trades |
/// | avg_trade_return, avg_win_return, avg_loss_return | means of pnl_percent of those trades |
/// | win_loss_ratio | avg_win / -avg_loss |
/// | largest_win, largest_loss, …_return | the greatest pnl > 0, the least < 0; of pnl_percent, each by itself |
/// | expectancy | (winning_trades x avg_win + losing_trades x avg_loss) / total_trades |
/// | avg_bars, avg_bars_wins, avg_bars_losses | means of bars_held + 1: the bar of the entry counts |
/// | max_wins_in_a_row, max_losses_in_a_row | in the order of exits; an even trade ends both |

#include "actors/backtest/pair_run.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <vector>

namespace tt::backtest {

/// A trade as the arithmetic of the tester takes it: only what figures are made of.
pine::tester::trade as_counted(const trade_record& t);

/// Trades of one pair or of several, closed ones in the order of exits.
struct reported_trades {
  std::vector<std::reference_wrapper<const trade_record>> closed, open;
  double initial = 0; ///< capital that returns are of
};
nlohmann::ordered_json report_document(const reported_trades& trades);

} // namespace tt::backtest
