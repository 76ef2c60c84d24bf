// The state of a portfolio as bytes. What is added to its members is added here, and the version of the snapshot that
// holds it changes (gateways/bridge/desk_bytes.cpp).

#include "actors/execution/byte_archive.hpp"
#include "actors/execution/record_fields.hpp"
#include "actors/portfolio/portfolio.hpp"

namespace tt::portfolio {

template <class A>
void fields(A& a, trade_statistics& x) {
  a(x.trades, x.wins, x.losses, x.gross_profit, x.gross_loss, x.largest_win, x.largest_loss, x.losses_in_a_row, x.most_losses_in_a_row);
}
template <class A>
void fields(A& a, equity_point& x) {
  a(x.at, x.equity, x.cash, x.unrealized);
}
template <class A>
void fields(A& a, day_result& x) {
  a(x.rolled_at, x.opening, x.closing, x.flows);
}

template <class A>
void portfolio::archive(A& a) {
  using execution::archive_list;
  using execution::archive_map;
  a(profile_, cash_, realized_, fees_, flows_today_, start_of_day_, peak_, has_equity_, trades_);
  archive_map(a, positions_);
  archive_map(a, open_trade_);
  archive_map(a, marks_);
  archive_map(a, day_start_);
  archive_map(a, owners_);
  archive_map(a, executions_);
  archive_map(a, strategies_);
  archive_list(a, curve_);
  archive_list(a, days_);
}

template <class A>
void portfolio::strategy_book::archive(A& a) {
  execution::archive_map(a, positions);
  execution::archive_map(a, open_trade);
  a(realized, fees, day_start, trades);
}

template void portfolio::archive(execution::byte_writer& a);
template void portfolio::archive(execution::byte_reader& a);

} // namespace tt::portfolio
