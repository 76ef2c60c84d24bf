#include "actors/backtest/report.hpp"

#include "actors/backtest/results.hpp"

#include <algorithm>

namespace tt::backtest {

namespace tester = pine::tester;
using side_t = trade_record::side_t;

namespace {

document figures_document(const tester::trade_figures& f, std::int64_t open, double initial) {
  const auto of_capital = [&](double v) { return figure_document(initial > 0 ? std::optional(v / initial) : std::nullopt); };
  return {{"net_profit", figure_document(f.net_profit)},
          {"net_profit_return", of_capital(f.net_profit)},
          {"gross_profit", figure_document(f.gross_profit)},
          {"gross_profit_return", of_capital(f.gross_profit)},
          {"gross_loss", figure_document(f.gross_loss)},
          {"gross_loss_return", of_capital(f.gross_loss)},
          {"profit_factor", figure_document(f.profit_factor)},
          {"fees", figure_document(f.fees)},
          {"total_trades", f.trades},
          {"open_trades", open},
          {"winning_trades", f.wins},
          {"losing_trades", f.losses},
          {"even_trades", f.evens},
          {"win_rate", figure_document(f.win_rate)},
          {"avg_trade", figure_document(f.average_trade)},
          {"avg_trade_return", figure_document(f.average_return)},
          {"avg_win", figure_document(f.average_win)},
          {"avg_win_return", figure_document(f.average_win_return)},
          {"avg_loss", figure_document(f.average_loss)},
          {"avg_loss_return", figure_document(f.average_loss_return)},
          {"win_loss_ratio", figure_document(f.win_loss_ratio)},
          {"largest_win", figure_document(f.largest_win)},
          {"largest_win_return", figure_document(f.largest_win_return)},
          {"largest_loss", figure_document(f.largest_loss)},
          {"largest_loss_return", figure_document(f.largest_loss_return)},
          {"expectancy", figure_document(f.expectancy)},
          {"avg_bars", figure_document(f.average_bars)},
          {"avg_bars_wins", figure_document(f.average_bars_wins)},
          {"avg_bars_losses", figure_document(f.average_bars_losses)},
          {"max_wins_in_a_row", f.most_wins_in_a_row},
          {"max_losses_in_a_row", f.most_losses_in_a_row}};
}

} // namespace

/// Its cost is what makes pnl_percent of the pnl: that figure was taken when the trade's cost was still known.
tester::trade as_counted(const trade_record& t) {
  tester::trade x;
  x.size = t.side == side_t::long_side ? t.quantity : -t.quantity;
  x.profit = t.pnl;
  x.entry_fee = t.fees;
  x.entry_value = t.pnl_percent != 0 ? t.pnl / t.pnl_percent - t.fees : 0;
  x.entry_bar = 0, x.exit_bar = t.bars_held;
  return x;
}

document report_document(const reported_trades& trades) {
  std::vector<tester::trade> closed;
  closed.reserve(trades.closed.size());
  for (const trade_record& t : trades.closed) closed.push_back(as_counted(t));
  const auto longs = std::ranges::count_if(trades.open, [](const trade_record& t) { return t.side == side_t::long_side; });
  const auto all = static_cast<std::int64_t>(trades.open.size());
  return {{"all", figures_document(tester::figures_of(closed, pine::trade_side::both), all, trades.initial)},
          {"long", figures_document(tester::figures_of(closed, pine::trade_side::long_), longs, trades.initial)},
          {"short", figures_document(tester::figures_of(closed, pine::trade_side::short_), all - longs, trades.initial)}};
}

} // namespace tt::backtest
