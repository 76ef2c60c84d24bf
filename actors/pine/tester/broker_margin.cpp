#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// Margin calls and strategy.risk.*.

namespace tt::pine::tester {

/// The shortfall is linear in the price, so the ends of the bar decide.
broker::margin_room broker::room_within(double low, double high) const {
  if (risk_.used && risk_.max_intraday_loss == risk_.max_intraday_loss) return margin_room::missing;
  double ratio = margin_ratio(book_.sign());
  if (ratio <= 0) return margin_room::ample;
  double value = std::fabs(book_.size()) * book_.point_value() * ratio;
  double at_low = book_.free_equity_at(low), at_high = book_.free_equity_at(high);
  double room = std::max(at_low, at_high) >= big_money ? 10 * rules_.grid.mintick : 0; // what counting in ticks may take
  constexpr double clear = 1 + 1e-6; // far more than roundings
  double for_low = value * low + room, for_high = value * high + room;
  if (at_low > for_low * clear && at_high > for_high * clear) return margin_room::ample;
  return at_low >= for_low && at_high >= for_high ? margin_room::enough : margin_room::missing;
}

/// The same, remembered: where the margin is ample far around a bar, the next bars need no look.
broker::margin_room broker::look_at_room(const bar_prices& p) {
  if (ample_fills_ == fill_number_ && ample_fills_ != 0 && p.low >= ample_low_ && p.high <= ample_high_) return margin_room::ample;
  constexpr double around = 10; // bars of this size
  double range = (p.high - p.low) * around, low = std::max(0.0, p.low - range), high = p.high + range;
  if (room_within(low, high) != margin_room::ample) return room_within(p.low, p.high);
  ample_fills_ = fill_number_;
  ample_low_ = low;
  ample_high_ = high;
  return margin_room::ample;
}

/// Lots that cover a shortfall, truncated however close the next one is (as observed: 15863 of 15863.99994; rule
/// test: margin_call.a_fraction_of_a_lot_never_rounds_up).
double broker::cover_lots(double loss, double price) const {
  return std::trunc(std::fabs(loss) / (price * book_.point_value()) * lots_per_contract(rules_.grid));
}

/// One checkpoint of the bar. Returns true when the call is put off to the end of the bar.
bool broker::check_margin(double price, margin_moment m) {
  if (by_venue()) return false; // the account's own margin counts
  auto fills = fill_number_;
  bool put_off = margin_call(price, price, m);
  // The account is also judged at the last fill of the leg: where the position fits here but did not fit there, what is
  // missing there is closed here (rule test:
  // margin_call.a_position_that_fits_at_the_extreme_is_judged_at_the_fill_that_led_there).
  if (m == margin_moment::leg_end && !put_off && fills == fill_number_ && fills != leg_fills_) margin_call(price, last_fill_price_, margin_moment::last_fill);
  if (!put_off) call_again(price);
  return put_off;
}

/// A margin call (manual: margin; the steps of TradingView's help article on them): what is missing to the required
/// margin, divided by the margin's ratio and the price, truncated to lots, times four, is closed at this price (rule tests:
/// margin.a_call_closes_four_times_what_is_missing, margin.a_partial_call).
/// A shortfall of less than a lot closes one contract, or nothing when it is that of the leg's last fill. Returns true
/// when the call is put off to the end of the bar: one lot is missing at the first extreme and still at the close.
bool broker::margin_call(double price, double mark, margin_moment m) {
  double sign = book_.sign(), ratio = margin_ratio(sign), held = std::fabs(book_.size()), pv = book_.point_value();
  if (sign == 0 || ratio <= 0) return false;
  if (stage_.armed) {
    stage_.armed = false;
    if (second_stage(price)) return false;
  }
  auto missing = missing_margin(held * mark * pv * ratio, book_.free_equity_at(mark), rules_.grid);
  if (!missing) return false;
  double lot = rules_.grid.lot, lots = cover_lots(*missing / ratio, mark), qty = 0;
  if (lots == 0 && m == margin_moment::last_fill) return false;
  if (lots == 0 && lot < 1) {
    qty = std::min(1.0, held);
  } else {
    lots = std::max(1.0, lots * 4);
    qty = std::min(lots * lot, held);
  }
  if (m == margin_moment::first_extreme && lots == 1 && price != bar_.close) {
    double at_close = book_.free_equity_at(bar_.close) - held * bar_.close * pv * ratio;
    if (at_close < 0) return true;
  }
  stage_.armed = true;
  stage_.deficit = *missing;
  stage_.price = mark;
  stage_.legs.clear();
  for (const auto& t : book_.open_trades()) stage_.legs.emplace_back(std::fabs(t.size), t.entry_price);
  liquidate(price, on_lots(qty, rules_.grid));
  return false;
}

/// Closes `qty` of the position, the oldest trades first, or, with close_entries_rule "ANY", that much of every open trade
/// (rule test: margin_call.with_any_it_cuts_every_trade_and_later_ones_until_flat).
void broker::liquidate(double price, double qty) {
  const double at = slipped(price, -book_.sign(), rules_);
  const text_id comment = texts_.id("Margin call");
  if (rules_.closing == close_rule::any) {
    calls_.push_back({qty, fill_number_});
    const auto open = book_.open_trades();
    for (const auto& t : open) force_close(at, qty, comment, t.fill);
  } else {
    force_close(at, qty, comment);
  }
  reattach_exits(price);
}

/// With "ANY" a margin call lives on until the position is flat: a trade that is opened later loses the same quantity at
/// the first checkpoint that sees it, whatever the margin (the same test).
void broker::call_again(double price) {
  if (calls_.empty() || book_.flat()) return;
  const double at = slipped(price, -book_.sign(), rules_);
  auto fills = fill_number_;
  for (std::size_t i = 0; i < calls_.size(); ++i) { // the last cut may make the position flat and end all calls
    const auto call = calls_[i];
    calls_[i].seen = fill_number_;
    const auto open = book_.open_trades();
    for (const auto& t : open)
      if (t.fill > call.seen) force_close(at, call.size, texts_.id("Margin call"), t.fill);
  }
  if (fills != fill_number_) reattach_exits(price);
}

/// The next look at the margin on the same bar (as observed; rule test:
/// margin_call.the_next_look_credits_what_the_first_has_missed_with_the_oldest_trades): the deficit is credited with the cost of the trades
/// that were open, oldest first, and with their gains one trade late; what stays open is covered like the first.
bool broker::second_stage(double price) {
  double sign = book_.sign(), ratio = margin_ratio(sign), pv = book_.point_value(), first = stage_.price;
  double cost = 0, gains = 0, left = 0;
  int used = 0;
  for (auto [qty, entry] : stage_.legs) {
    double own = qty * entry * pv;
    if (stage_.deficit - (cost + own) - gains < 0) break;
    cost += own;
    left = stage_.deficit - cost - gains;
    gains += qty * (first - entry) * sign * pv - fee_of(qty, first, qty);
    ++used;
  }
  if (used == 0 || left <= 0) return false;
  double lots = cover_lots(left / ratio, first);
  if (lots <= 0) return false;
  liquidate(price, std::min(lots * 4 * rules_.grid.lot, std::fabs(book_.size())));
  return true;
}

/// Whether the position that an entry would leave can't be carried at its fill price (manual: margin; rule test:
/// margin.a_resting_entry_that_costs_more_than_the_account_has_where_it_fills_is_refused).
bool broker::too_dear(const order& o, double price, double base_size, double base_equity) const {
  double ratio = margin_ratio(o.sign), qty = std::fabs(base_size + o.size);
  if (ratio <= 0 || qty == 0) return false;
  return !fits_equity(qty * price * book_.point_value() * ratio, base_equity, rules_.grid);
}

/// strategy.margin_liquidation_price: where equity is the margin (rule test:
/// margin.the_liquidation_price_solves_equity_for_margin).
double broker::liquidation_price() const {
  double sign = book_.sign(), ratio = margin_ratio(sign);
  if (sign == 0 || ratio <= 0) return no_value;
  double qty = std::fabs(book_.size()) * book_.point_value(), money = book_.free_equity_at(book_.average_price());
  double base = sign > 0 ? qty * (1 - ratio) : qty * (1 + ratio);
  if (base == 0) return no_value;
  double price = sign > 0 ? (qty * book_.average_price() - money) / base : (money + qty * book_.average_price()) / base;
  return level_on_ticks(price, sign > 0 ? rounding::down : rounding::up, rules_.grid);
}

/// strategy.opentrades.capital_held: what the position cost, whatever the margin; NaN without one (rule test:
/// margin.the_liquidation_price_solves_equity_for_margin).
double broker::capital_held() const {
  double ratio = margin_ratio(book_.sign());
  if (book_.flat()) return 0;
  double cost = 0;
  for (const auto& t : book_.open_trades()) cost += std::fabs(t.size) * t.entry_price;
  return ratio > 0 ? cost * book_.point_value() : no_value;
}

// ---------------------------------------------------------------- risk rules

bool broker::intraday_cap_reached() const { return risk_.max_fills == risk_.max_fills && risk_.fills >= risk_.max_fills; }

/// A rule of loss is broken: everything goes, and nothing more is placed until the day ends, or ever (manual: risk
/// management; rule tests: risk.max_drawdown_stops_for_good_when_something_has_closed, risk.max_intraday_loss_*).
void broker::halt(const char* why, double price, bool until_day_ends) {
  for (auto* o : orders_.all()) drop(*o);
  if (!book_.flat()) force_close(price, std::fabs(book_.size()), texts_.id(std::string("Close Position (") + why + ")"));
  risk_.halted = true;
  risk_.halted_day = until_day_ends ? risk_.day : std::numeric_limits<std::int64_t>::min();
}

/// A new trading day: counters of the day begin again, and days with a loss are counted (rule test:
/// risk.max_cons_loss_days_counts_days_that_end_lower).
void broker::roll_day() {
  if (risk_.halted && risk_.halted_day != std::numeric_limits<std::int64_t>::min() && risk_.halted_day != now_.trading_day) {
    risk_.halted = false;
    risk_.halted_day = std::numeric_limits<std::int64_t>::min();
  }
  if (risk_.day == now_.trading_day) return;
  double equity = book_.equity();
  bool first = risk_.day == std::numeric_limits<std::int64_t>::min();
  if (!first) risk_.loss_days = equity < risk_.day_equity ? risk_.loss_days + 1 : 0;
  risk_.day = now_.trading_day;
  risk_.day_equity = equity;
  risk_.fills = 0;
  if (risk_.max_loss_days > 0 && risk_.loss_days >= risk_.max_loss_days && !risk_.halted) halt_with_queue("Max consecutive loss days");
}

/// The rule of days closes with the next tick, what the position is now, and closes that wait at the market fill before it
/// all the same: together they may leave a position on the other side (as observed on weekly bars; rule test:
/// risk.max_cons_loss_days_closes_what_was_held_beside_the_closes_that_wait).
void broker::halt_with_queue(const std::string& why) {
  for (auto* o : orders_.all())
    if (!(o->market && o->exits())) drop(*o);
  risk_.halted = true;
  risk_.halted_day = std::numeric_limits<std::int64_t>::min();
  if (!book_.flat()) close_at_market(why, order_kind::plain);
}

/// Closes what is held now with the next tick.
void broker::close_at_market(const std::string& why, order_kind as) {
  order close;
  close.kind = as;
  close.market = close.is_sized = true;
  close.sign = -book_.sign();
  close.size = -book_.size();
  close.id = close.signal = close.comment = texts_.id("Close Position (" + why + ")");
  store(close, nullptr);
}

/// The day's loss is looked at where the path is worst for the position, and the position is closed there
/// (kit: strat-barupdn runs under this rule). Days that begin without equity are left alone.
bool broker::check_intraday_loss(double price) {
  if (risk_.max_intraday_loss != risk_.max_intraday_loss || risk_.halted || book_.flat() || risk_.day_equity <= 0) return false;
  double allowed = risk_.loss_unit == risk_unit::percent_of_equity ? risk_.day_equity * risk_.max_intraday_loss / 100 : risk_.max_intraday_loss;
  if (!(allowed > 0) || risk_.day_equity - book_.equity_at(price) < allowed) return false;
  halt("Max intraday Loss", slipped(price, -book_.sign(), rules_), true);
  return true;
}

/// The drawdown rule measures from the highest realized equity, and only on bars that have closed something (rule test:
/// risk.max_drawdown_stops_for_good_when_something_has_closed).
void broker::check_risk_at_close(double price) {
  if (risk_.halted) return;
  if (risk_.max_drawdown == risk_.max_drawdown && book_.closed_trades().size() != closed_at_bar_start_) {
    double top = std::max(rules_.initial_capital, book_.peak_realized());
    double allowed = risk_.drawdown_unit == risk_unit::percent_of_equity ? top * risk_.max_drawdown / 100 : risk_.max_drawdown;
    if (allowed > 0 && top - book_.equity() >= allowed) return halt("Max drawdown", price, false);
  }
  if (risk_.max_intraday_loss == risk_.max_intraday_loss) check_intraday_loss(price);
}

/// The order that reaches the day's limit of fills takes the position with it: closed at its price, or, for an entry
/// that filled beyond the open, at the extreme the path runs on to (rule tests: cap_of_fills.*,
/// risk.max_intraday_filled_orders_flattens_and_blocks_the_day, risk.the_fill_that_reaches_the_cap_at_the_open_closes_there).
void broker::flatten_at_cap(const order& o, double price) {
  for (auto* x : orders_.all()) drop(*x);
  if (moment_ == closing_tick && rules_.fills == fill_time::on_close) return close_at_market("Max number of filled orders in one day", order_kind::forced);
  double at = price;
  const double open = booked_price(bar_.open, rules_.grid);
  if (o.opens() && book_.size() > 0 && price > open) at = bar_.high;
  if (o.opens() && book_.size() < 0 && price < open) at = bar_.low;
  order close;
  close.kind = order_kind::forced;
  close.sign = -book_.sign();
  close.size = -book_.size();
  close.signal = close.comment = texts_.id("Close Position (Max number of filled orders in one day)");
  execute(close, booked_price(at, rules_.grid), std::fabs(close.size), false);
}

} // namespace tt::pine::tester
