#include "actors/pine/tester/ledger.hpp"

#include <algorithm>
#include <utility>

namespace tt::pine::tester {

void ledger::recount() {
  changed();
  if (open_.empty()) {
    size_ = 0;
    average_ = no_value;
    open_profit_ = 0;
    open_fees_ = 0;
    return;
  }
  double cost = 0, total = 0;
  for (const auto& t : open_) {
    cost += t.entry_price * std::fabs(t.size);
    total += t.size;
  }
  size_ = add_lots(total, 0, rules_.grid);
  average_ = size_ == 0 ? no_value : cost / std::fabs(size_);
}

void ledger::note_entry(double price) {
  // rule test: account.drawdown_and_runup_of_trade_and_account. A rise of the account is measured from the lowest equity at which a position was entered, gains of the position
  // already held included.
  changed();
  double mark = realized() + std::max(0.0, open_profit_at(price));
  trough_ = std::min(trough_, mark);
}

void ledger::open(trade t) {
  open_fees_ += t.entry_fee;
  stats_.fees += t.entry_fee;
  open_.push_back(t);
  recount();
  stats_.max_long = std::max(stats_.max_long, size_);
  stats_.max_short = std::max(stats_.max_short, -size_);
}

void ledger::score(const trade& t) {
  double ratio = t.cost() > 0 ? t.profit / t.cost() : 0;
  stats_.ratios += ratio;
  if (t.profit == 0) {
    ++stats_.evens;
  } else if (t.profit > 0) {
    ++stats_.wins;
    gross_profit_ += t.profit;
    stats_.win_ratios += ratio;
  } else {
    ++stats_.losses;
    gross_loss_ -= t.profit;
    stats_.loss_ratios += ratio;
  }
}

bool ledger::close(std::size_t index, const closing& c) {
  trade& left = open_[index];
  trade done = left;
  double held = std::fabs(left.size), sign = left.size > 0 ? 1 : -1;
  bool whole = c.qty >= held - rules_.grid.lot / 2;
  double qty = whole ? held : c.qty, part = qty / held;
  done.size = sign * qty;
  if (!whole) { // the part that stays keeps its share of fee and excursions
    for (auto field : {&trade::entry_fee, &trade::entry_value, &trade::max_runup, &trade::max_drawdown}) {
      done.*field = left.*field * part;
      left.*field = left.*field - done.*field;
    }
    left.size = add_lots(left.size, -sign * qty, rules_.grid);
  }
  done.exit_price = c.price;
  done.exit_time_ms = c.time_ms;
  done.exit_bar = c.bar;
  done.exit_id = c.id;
  done.exit_comment = c.comment;
  done.exit_fee = c.fee;
  double gross = done.size * (c.price - done.entry_price) * pv_;
  done.max_runup = std::max(done.max_runup, gross - done.entry_fee);
  done.max_drawdown = std::max(done.max_drawdown, -(gross - done.entry_fee));
  done.profit = gross - done.entry_fee - done.exit_fee;
  if (c.swap_sides) {
    std::swap(done.entry_id, done.exit_id);
    std::swap(done.entry_comment, done.exit_comment);
    done.size = -done.size;
  }
  open_fees_ -= done.entry_fee;
  stats_.fees += done.exit_fee;
  score(done);
  if (whole) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  recount();
  done.cum_profit = net_profit();
  closed_.push_back(done);
  return whole;
}

void ledger::note_price(double price) {
  for (auto& t : open_) {
    double here = t.size * (price - t.entry_price) * pv_ - t.entry_fee;
    t.max_drawdown = std::max(t.max_drawdown, -here);
    t.max_runup = std::max(t.max_runup, here);
  }
}

namespace {
/// Raises `most` to `part` of `whole` in percent. The division waits until the product says that it may matter: this
/// runs twice a bar.
inline void raise_percent(double& most, double part, double whole) {
  constexpr double margin = 1 - 1e-12; // more than the roundings of both ways together
  if (whole > 0 && part * 100 >= most * whole * margin) most = std::max(most, part / whole * 100);
}
} // namespace

void ledger::end_bar(double high, double low, double close, excursions seen) {
  open_profit_ = open_profit_at(booked_on_grid(close, rules_.grid)); // as mark() does
  // the percentage of a rise from below nothing is smaller the higher it goes
  const bool within = high <= seen_high_ && low >= seen_low_;
  if (!within || trough_ < 0) note_bar(high, low, seen);
}

void ledger::note_bar(double high, double low, excursions seen) {
  if (seen == excursions::whole_bar) {
    note_price(high);
    note_price(low);
    seen_high_ = std::max(seen_high_, high);
    seen_low_ = std::min(seen_low_, low);
  }
  double drop = 0, rise = 0;
  for (const auto& t : open_) { // the account's excursions measure every trade against the average price
    double at_high = t.size * (high - average_) * pv_, at_low = t.size * (low - average_) * pv_;
    drop -= std::min({at_high, at_low, 0.0});
    rise += std::max({at_high, at_low, 0.0});
  }
  double now = realized();
  peak_ = std::max(peak_, now);
  double top = std::max(peak_, rules_.initial_capital);
  double fall = top - now + drop;
  stats_.max_drawdown = std::max(stats_.max_drawdown, fall);
  raise_percent(stats_.max_drawdown_percent, fall, top);
  double gain = now + rise - trough_;
  if (gain > -std::numeric_limits<double>::infinity()) {
    stats_.max_runup = std::max(stats_.max_runup, gain);
    double high_mark = trough_ + gain;
    raise_percent(stats_.max_runup_percent, gain, high_mark);
  }
}

} // namespace tt::pine::tester
