#include "actors/market/sim_source.hpp"

#include <algorithm>
#include <functional>

namespace tt::market {

namespace {

/// Sessions open up to this many days before the day they are named after (a
/// Sunday evening before a Monday holiday belongs to Tuesday).
constexpr int days_back = 1;

utc_time minute_of(utc_time t) {
  return std::chrono::floor<std::chrono::minutes>(t);
}

} // namespace

sim_source::sim_source(std::shared_ptr<const sim::exchange> market, utc_time start,
                       std::shared_ptr<sim::horizon> seen)
    : market_(std::move(market)), seen_(std::move(seen)),
      start_(minute_of(
          std::clamp(start, (market_->epoch() - 4).midnight_utc(), sim::exchange::last_day.midnight_utc()))),
      minute_(start_), lanes_(market_->symbols().size()) {
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
    // the first session that isn't over by the start
    enter_session(i, utc_date(start_) - days_back);
    while (!lanes_[i].over && lanes_[i].close <= start_) enter_session(i, lanes_[i].day.hours.day + 1);
  }
}

void sim_source::enter_session(std::uint32_t symbol, civil_date from) {
  lane& l = lanes_[symbol];
  l.drawn = false;
  const auto found = market_->session_on_or_after(symbol, from);
  if (!found) {
    l.over = true;
    return;
  }
  l.day.hours = *found;
  l.open = found->extended.open;
  // whole minutes only; every calendar keeps to them
  l.close = l.open + std::chrono::floor<std::chrono::minutes>(found->extended.close - l.open);
}

/// Makes the heap from the next minute in which a market is open; false when that
/// one begins after `until` or there is none.
bool sim_source::load_minute(utc_time until) {
  constexpr utc_time never = utc_time::max();
  while (heads_.empty()) {
    utc_time next = never;
    for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
      lane& l = lanes_[i];
      while (!l.over && l.close <= minute_) enter_session(i, l.day.hours.day + 1);
      if (!l.over) next = std::min(next, std::max(l.open, minute_));
    }
    if (next == never || next > until) return false;
    minute_ = next + std::chrono::minutes{1};
    for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
      lane& l = lanes_[i];
      if (l.over || l.open > next || l.close <= next) continue;
      if (!l.drawn) {
        const trading_day hours = l.day.hours;
        market_->fill_session(i, hours, sim::exchange::part::all, l.day);
        l.drawn = true;
      }
      l.events.clear();
      l.next = 0;
      market_->append_events(l.day, static_cast<std::size_t>((next - l.open) / std::chrono::minutes{1}),
                             l.events);
      if (!l.events.empty()) heads_.push_back({l.events.front().ts, i});
    }
    std::ranges::make_heap(heads_, std::greater<>{});
  }
  return true;
}

void sim_source::hand_out(const head& h, std::vector<feed_event>& out) const {
  const lane& l = lanes_[h.symbol];
  const sim::event& e = l.events[l.next];
  feed_event& to = out.emplace_back();
  to.symbol = h.symbol;
  if (e.what == sim::event::kind::quote) {
    to.data = quote_tick{e.ts, market_->price_of(h.symbol, e.a), market_->price_of(h.symbol, e.b),
                         market_->quantity_of(h.symbol, e.size_a), market_->quantity_of(h.symbol, e.size_b)};
  } else {
    const auto side = e.what == sim::event::kind::buy ? aggressor::buyer : aggressor::seller;
    to.data = trade_tick{e.ts, market_->price_of(h.symbol, e.a), market_->quantity_of(h.symbol, e.size_a), side};
  }
}

/// Moves the lane on top to its next event and restores the heap in one pass down.
void sim_source::replace_top() {
  lane& l = lanes_[heads_.front().symbol];
  if (++l.next < l.events.size()) {
    heads_.front().ts = l.events[l.next].ts;
  } else {
    heads_.front() = heads_.back();
    heads_.pop_back();
    if (heads_.empty()) return;
  }
  const head moving = heads_.front();
  std::size_t at = 0;
  for (std::size_t child = 1; child < heads_.size(); child = 2 * at + 1) {
    if (child + 1 < heads_.size() && heads_[child + 1] < heads_[child]) ++child;
    if (!(heads_[child] < moving)) break;
    heads_[at] = heads_[child];
    at = child;
  }
  heads_[at] = moving;
}

pull_state sim_source::pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) {
  for (std::size_t taken = 0; load_minute(until); ++taken) {
    const head top = heads_.front();
    if (top.ts > until) break;
    if (taken == limit) {
      // every event before the waiting one is out: bars that close by then are complete
      if (seen_) seen_->advance(top.ts);
      return pull_state::more;
    }
    hand_out(top, out);
    replace_top();
  }
  if (seen_) seen_->advance(until);
  const bool over = heads_.empty() && std::ranges::all_of(lanes_, &lane::over);
  return over ? pull_state::finished : pull_state::idle;
}

} // namespace tt::market
