#include "actors/strategy/live/fill_trades.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

/// Adds what an execution has closed to the trade of its order.
void add_part(closed_trade& to, double price, double qty, double profit, double fees) {
  const double all = to.qty + qty;
  to.exit_price = (to.exit_price * to.qty + price * qty) / all;
  to.qty = all;
  to.profit += profit;
  to.fees += fees;
}

} // namespace

closed_trade trade_fold::begun(const open_book& book, const strategy_fill& by) {
  closed_trade t;
  t.symbol = by.fill.symbol;
  t.side = book.held.qty.value().is_negative() ? closed_trade::side_t::short_side : closed_trade::side_t::long_side;
  t.entry_id = book.entry_reason, t.exit_id = by.reason;
  t.entry_ms = unix_ms(book.held.opened_at);
  if (const auto average = book.held.average_price()) t.entry_price = average->value().to_double();
  return t;
}

result<void> trade_fold::add(const strategy_fill& one) {
  auto& book = books_[one.fill.symbol];
  if (book.held.symbol.empty()) book.held.symbol = one.fill.symbol, book.held.contract = one.contract;
  const auto before = book;
  const auto effect = apply_fill(book.held, one.fill);
  if (!effect) return effect.error();
  const double qty = one.fill.qty.to_double(), closed = effect->closed.to_double(), fees = effect->fees.value().to_double();
  if (closed > 0) {
    const double entry_fees = before.entry_fees * closed / before.held.qty.value().abs().to_double(), own = fees * closed / qty;
    const bool goes_on = one.fill.order != order_number::none && before.closed_by == one.fill.order;
    if (!goes_on) book.at = trades_.size(), trades_.push_back(begun(before, one));
    book.closed_by = one.fill.order;
    add_part(trades_[book.at], one.fill.px.value().to_double(), closed, effect->realized.value().to_double() - own - entry_fees, own + entry_fees);
    trades_[book.at].exit_ms = unix_ms(one.fill.at);
    book.entry_fees -= entry_fees;
    ++closings_;
  }
  if (!effect->opened.is_zero()) {
    if (before.held.qty.is_zero() || closed > 0) book.entry_reason = one.reason, book.entry_fees = 0, book.closed_by = order_number::none;
    book.entry_fees += fees * effect->opened.to_double() / qty;
  }
  return {};
}

std::vector<closed_trade> trade_fold::trades() const {
  auto out = trades_;
  std::ranges::stable_sort(out, {}, &closed_trade::exit_ms);
  return out;
}

result<std::vector<closed_trade>> trades_of_fills(std::span<const strategy_fill> fills) {
  trade_fold all;
  for (const auto& one : fills)
    if (auto added = all.add(one); !added) return added.error();
  return all.trades();
}

std::vector<trade_row> with_modes(std::vector<closed_trade> trades, std::span<const transition_row> changes, strategy_mode now) {
  std::vector<trade_row> out;
  for (auto& trade : trades) {
    trade_row row;
    row.mode = changes.empty() ? now : strategy_mode::paper;
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
      if (change->kind != "mode" || unix_ms(change->at) > trade.exit_ms) continue;
      ++row.epoch;
      row.mode = parse_name<strategy_mode>(change->to, "mode").value_or(row.mode);
    }
    row.trade = std::move(trade);
    out.push_back(std::move(row));
  }
  return out;
}

} // namespace tt::strategy
