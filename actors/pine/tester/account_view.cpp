#include "actors/pine/tester/account_view.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>

namespace tt::pine::tester {

account_view::account_view(const program& code, broker& from) : from_(from) {
  for (const auto& load : code.loads) {
    if (load.field != bar_field::strategy_begin) continue;
    if (load.is_ref) uses_name_ = true;
    else used_.push_back(static_cast<strategy_view::field>(load.extra));
  }
  for (std::uint32_t f = 0; f < strategy_view::count_; ++f) view_.values[f] = value(static_cast<strategy_view::field>(f));
}

void account_view::take_values() {
  for (auto f : used_) view_.values[f] = value(f);
  if (uses_name_) {
    const auto& open = from_.account().open_trades();
    if (open.empty()) view_.position_entry_name.reset();
    else view_.position_entry_name = from_.texts().text(open.front().entry_id);
  }
}

/// The variables of strategy.*; percentages of money are of the initial capital, average percentages are means of the
/// trades' own (manual and reference: strategy.*).
double account_view::value(strategy_view::field f) const {
  const auto& a = from_.account();
  const auto& s = a.stats();
  double capital = from_.rules().initial_capital;
  auto of_capital = [&](double v) { return capital != 0 ? v / capital * 100 : 0; };
  auto mean = [](double sum, double n) { return n > 0 ? sum / n : na_value; };
  double wins = f64(s.wins), losses = f64(s.losses), all = f64(a.closed_trades().size());
  switch (f) {
  case strategy_view::avg_losing_trade: return mean(a.gross_loss(), losses);
  case strategy_view::avg_losing_trade_percent: return mean(s.loss_ratios * 100, losses);
  case strategy_view::avg_trade: return mean(a.net_profit(), all);
  case strategy_view::avg_trade_percent: return mean(s.ratios * 100, all);
  case strategy_view::avg_winning_trade: return mean(a.gross_profit(), wins);
  case strategy_view::avg_winning_trade_percent: return mean(s.win_ratios * 100, wins);
  case strategy_view::closedtrades: return all;
  case strategy_view::closedtrades_first_index: return std::max(0.0, all - f64(limits::readable_trades));
  case strategy_view::equity: return a.equity();
  case strategy_view::eventrades: return f64(s.evens);
  case strategy_view::grossloss: return a.gross_loss();
  case strategy_view::grossloss_percent: return of_capital(a.gross_loss());
  case strategy_view::grossprofit: return a.gross_profit();
  case strategy_view::grossprofit_percent: return of_capital(a.gross_profit());
  case strategy_view::losstrades: return losses;
  case strategy_view::margin_liquidation_price: return from_.liquidation_price();
  case strategy_view::max_contracts_held_all: return std::max(s.max_long, s.max_short);
  case strategy_view::max_contracts_held_long: return s.max_long;
  case strategy_view::max_contracts_held_short: return s.max_short;
  case strategy_view::max_drawdown: return s.max_drawdown;
  case strategy_view::max_drawdown_percent: return s.max_drawdown_percent;
  case strategy_view::max_runup: return s.max_runup;
  case strategy_view::max_runup_percent: return s.max_runup_percent;
  case strategy_view::netprofit: return a.net_profit();
  case strategy_view::netprofit_percent: return of_capital(a.net_profit());
  case strategy_view::openprofit: return a.open_profit();
  case strategy_view::openprofit_percent: return a.realized() != 0 ? a.open_profit() / a.realized() * 100 : 0;
  case strategy_view::opentrades: return f64(a.open_trades().size());
  case strategy_view::opentrades_capital_held: return from_.capital_held();
  case strategy_view::position_avg_price: return a.average_price();
  case strategy_view::position_size: return a.size();
  case strategy_view::wintrades: return wins;
  case strategy_view::count_: break;
  }
  return na_value;
}

const trade* account_view::find(trade_list list, std::int64_t number) const {
  const auto& a = from_.account();
  if (list == trade_list::open) {
    if (number < 0 || number >= i64(a.open_trades().size())) return nullptr;
    return &a.open_trades()[usz(number)];
  }
  auto count = i64(a.closed_trades().size());
  if (number < std::max<std::int64_t>(0, count - limits::readable_trades) || number >= count) return nullptr;
  return &a.closed_trades()[usz(number)];
}

/// Of a trade that is still open: as if left at the last price, with both fees.
double account_view::profit_of_open(const trade& t) const {
  const auto& r = from_.rules();
  double pv = from_.account().point_value(), price = from_.price(), qty = std::fabs(t.size), fee = r.fee_value;
  if (r.fee == fee_kind::percent) fee = qty * price * pv * r.fee_value / 100;
  else if (r.fee == fee_kind::cash_per_contract) fee = qty * r.fee_value;
  return t.size * (price - t.entry_price) * pv - t.entry_fee - fee;
}

/// Of a number that no trade has: sizes are 0, so that a script may ask for the last trade while flat; amounts are 0
/// beyond the last trade and na before the first, everything else is na (as observed).
double account_view::of_no_trade(trade_field field, std::int64_t index) {
  switch (field) {
  case trade_field::size: return 0;
  case trade_field::commission:
  case trade_field::max_drawdown:
  case trade_field::max_drawdown_percent:
  case trade_field::max_runup:
  case trade_field::max_runup_percent:
  case trade_field::profit:
  case trade_field::profit_percent: return index < 0 ? na_value : 0;
  default: return na_value;
  }
}

double account_view::number(trade_list list, trade_field field, std::int64_t index) const {
  const auto* t = find(list, index);
  const bool trimmed = list == trade_list::closed && index >= 0 && index < i64(from_.account().closed_trades().size());
  if (t == nullptr) return trimmed ? na_value : of_no_trade(field, index); // manual: strategies, "Trimming"
  double profit = list == trade_list::closed ? t->profit : profit_of_open(*t);
  switch (field) {
  case trade_field::commission: return t->fee();
  case trade_field::entry_bar_index: return f64(t->entry_bar);
  case trade_field::entry_price: return t->entry_price;
  case trade_field::entry_time: return f64(t->entry_time_ms);
  case trade_field::max_drawdown: return t->max_drawdown;
  case trade_field::max_drawdown_percent: return t->percent(t->max_drawdown);
  case trade_field::max_runup: return t->max_runup;
  case trade_field::max_runup_percent: return t->percent(t->max_runup);
  case trade_field::profit: return profit;
  case trade_field::profit_percent: return t->percent(profit);
  case trade_field::size: return t->size;
  case trade_field::exit_bar_index: return f64(t->exit_bar);
  case trade_field::exit_price: return t->exit_price;
  case trade_field::exit_time: return f64(t->exit_time_ms);
  default: return na_value;
  }
}

std::optional<std::string> account_view::text(trade_list list, trade_field field, std::int64_t index) const {
  const auto* t = find(list, index);
  if (t == nullptr) return std::nullopt;
  text_id id = field == trade_field::entry_comment ? t->entry_comment
               : field == trade_field::entry_id    ? t->entry_id
               : field == trade_field::exit_comment ? t->exit_comment : t->exit_id;
  return from_.texts().text(id);
}

} // namespace tt::pine::tester
