#include "actors/strategy/live/fill_trades.hpp"

#include <algorithm>
#include <map>

namespace tt::strategy {

namespace {

/// A symbol's position with what its next closing trade needs to know.
struct open_book {
  position held;
  double entry_fees = 0; ///< of what is held
  std::string entry_reason;
  order_number closed_by = order_number::none; ///< whose executions go on with the trade `at`
  std::size_t at = 0;
};

/// Adds what an execution has closed to the trade of its order.
void add_part(closed_trade& to, double price, double qty, double profit, double fees) {
  const double all = to.qty + qty;
  to.exit_price = (to.exit_price * to.qty + price * qty) / all;
  to.qty = all;
  to.profit += profit;
  to.fees += fees;
}

closed_trade begun(const open_book& book, const strategy_fill& by) {
  closed_trade t;
  t.symbol = by.fill.symbol;
  t.side = book.held.qty.value().is_negative() ? closed_trade::side_t::short_side : closed_trade::side_t::long_side;
  t.entry_id = book.entry_reason, t.exit_id = by.reason;
  t.entry_ms = unix_ms(book.held.opened_at);
  if (const auto average = book.held.average_price()) t.entry_price = average->value().to_double();
  return t;
}

} // namespace

result<std::vector<closed_trade>> trades_of_fills(std::span<const strategy_fill> fills) {
  std::vector<closed_trade> out;
  std::map<std::string, open_book> books;
  for (const auto& one : fills) {
    auto& book = books[one.fill.symbol];
    if (book.held.symbol.empty()) book.held.symbol = one.fill.symbol, book.held.contract = one.contract;
    const auto before = book;
    const auto effect = apply_fill(book.held, one.fill);
    if (!effect) return effect.error();
    const double qty = one.fill.qty.to_double(), closed = effect->closed.to_double(), fees = effect->fees.value().to_double();
    if (closed > 0) {
      const double entry_fees = before.entry_fees * closed / before.held.qty.value().abs().to_double(), own = fees * closed / qty;
      const bool goes_on = one.fill.order != order_number::none && before.closed_by == one.fill.order;
      if (!goes_on) book.at = out.size(), out.push_back(begun(before, one));
      book.closed_by = one.fill.order;
      add_part(out[book.at], one.fill.px.value().to_double(), closed, effect->realized.value().to_double() - own - entry_fees, own + entry_fees);
      out[book.at].exit_ms = unix_ms(one.fill.at);
      book.entry_fees -= entry_fees;
    }
    if (!effect->opened.is_zero()) {
      if (before.held.qty.is_zero() || closed > 0) book.entry_reason = one.reason, book.entry_fees = 0, book.closed_by = order_number::none;
      book.entry_fees += fees * effect->opened.to_double() / qty;
    }
  }
  std::ranges::stable_sort(out, {}, &closed_trade::exit_ms); // an order that took long has closed when its last part was
  return out;
}

} // namespace tt::strategy
