#include "actors/market/symbol_state.hpp"

#include <algorithm>

namespace tt::market {

namespace {

std::vector<std::shared_ptr<const history_source>> with_live(std::shared_ptr<const live_minutes> live,
                                                             std::vector<std::shared_ptr<const history_source>> stored) {
  stored.insert(stored.begin(), std::move(live));
  return stored;
}

} // namespace

symbol_state::symbol_state(std::shared_ptr<const instrument> what, std::vector<std::shared_ptr<const history_source>> histories,
                           std::size_t keep_minutes)
  : what_(std::move(what)), live_(std::make_shared<live_minutes>(what_->symbol, keep_minutes)),
    book_(*what_, with_live(live_, std::move(histories))), minutes_(*what_, timeframe::minutes(1), session_hours::extended),
    day_(*what_, timeframe::days(1), session_hours::regular) {
  quote_.symbol = what_->symbol;
}

// -- day figures --------------------------------------------------------------

/// Fills the figures of the day, and last price, from bars before `t`.
void symbol_state::prime_day(utc_time t) {
  const auto found = book_.answer({what_->symbol, timeframe::days(1), session_hours::regular, {}, t, 2, 2}, t);
  const auto minute = book_.answer({what_->symbol, timeframe::minutes(1), session_hours::extended, {}, t, 1, 1}, t);
  const bool has_day = found && !found->bars->empty(), has_minute = minute && !minute->bars->empty();
  utc_time day_end{}, minute_end{};
  if (has_day) {
    const auto day = what_->calendar->day(utc_date(found->bars->back().open_time));
    day_end = day ? std::min(t, day->regular.close) : found->bars->back().open_time;
  }
  if (has_minute) minute_end = std::min(t, minute->bars->back().open_time + std::chrono::minutes{1});
  // the newest bar of either length says what the last price was, and when
  if (has_minute && (!has_day || minute_end >= day_end)) {
    quote_.last = minute->bars->back().close;
    quote_.ts = minute_end;
  } else if (has_day) {
    quote_.last = found->bars->back().close;
    quote_.ts = day_end;
  }
  // figures of an older day are compared with the day before that one
  if (quote_.last && today_ && quote_.ts < today_->extended.open)
    if (auto shown = what_->calendar->on_or_before(what_->calendar->local_date(quote_.ts))) today_ = shown;
  if (found && today_) {
    const utc_time stamp = today_->day.midnight_utc();
    for (const auto& b : *found->bars) {
      if (b.open_time == stamp) {
        day_bar_ = b;
        static_cast<void>(day_.seed(b)); // refused when the day is over: then it is whole
      }
      if (b.open_time < stamp) quote_.prev_close = b.close;
    }
  }
}

/// The trading day whose figures are shown changes when its first (extended)
/// hour begins.
void symbol_state::enter_day(utc_time t) {
  if (today_ && t < today_->extended.close) return;
  const auto day = what_->calendar->day_at(t, session_hours::extended);
  if (!day || (today_ && day->day == today_->day)) return;
  if (day_bar_) quote_.prev_close = day_bar_->close;
  day_bar_.reset();
  today_ = day;
}

// -- the feed's side ----------------------------------------------------------

void symbol_state::begin(const std::string& label, utc_time start, utc_time wall, numbering how) {
  if (how == numbering::anew && label == quote_.source) {
    seq_ = first_seq_;
    trade_seq_ = first_trade_seq_;
  } else {
    first_seq_ = seq_;
    first_trade_seq_ = trade_seq_;
  }
  quote_ = quote_snapshot{};
  quote_.symbol = what_->symbol;
  quote_.source = label;
  quote_.state = freshness::waiting;
  minutes_ = bar_builder(*what_, timeframe::minutes(1), session_hours::extended);
  day_ = bar_builder(*what_, timeframe::days(1), session_hours::regular);
  day_bar_.reset();
  live_->clear();
  trades_.clear();
  market_time_ = start;
  next_state_change_ = {};
  heard_ = wall;
  running_ = true;
  today_ = what_->calendar->day_at(start, session_hours::extended);
  if (!today_) today_ = what_->calendar->on_or_before(what_->calendar->local_date(start));
  // the local date's own session may not have begun yet
  if (today_ && today_->extended.open > start) today_ = what_->calendar->on_or_before(today_->day - 1);
  prime_day(start);
  quote_.market = what_->calendar->state_at(start);
  for (auto& [key, series] : series_) series.builder = bar_builder(*what_, key.first, key.second);
}

void symbol_state::end(std::vector<market_update>& out) {
  running_ = false;
  // a symbol of which no price was ever known still waits for its first
  if (quote_.state == freshness::stale || quote_.ts == utc_time{}) return;
  quote_.state = freshness::stale;
  if (quotes_ == interest::wanted) out.emplace_back(snapshot());
}

void symbol_state::on_price(const tick& t) {
  if (const auto* trade = std::get_if<trade_tick>(&t)) {
    quote_.last = trade->px;
    quote_.last_size = trade->size;
    trades_.push_back({what_->symbol, *trade, ++trade_seq_});
    const auto keep = prints_ == interest::wanted ? max_followed_trades : max_recent_trades;
    while (trades_.size() > keep) trades_.pop_front();
    return;
  }
  const auto& quote = std::get<quote_tick>(t);
  // a side without size is a side without an order
  const auto side = [](price p, quantity q) { return q.is_zero() && p.is_zero() ? std::optional<price>{} : std::optional{p}; };
  quote_.bid = side(quote.bid, quote.bid_size);
  quote_.ask = side(quote.ask, quote.ask_size);
  // recordings without sizes have 0 there
  const auto size = [](quantity q) { return q.is_zero() ? std::optional<quantity>{} : std::optional{q}; };
  quote_.bid_size = size(quote.bid_size);
  quote_.ask_size = size(quote.ask_size);
  if (const auto made = print_of(t, what_->basis)) quote_.last = made->px;
}

/// Keeps the figures of the day, also after its close.
void symbol_state::on_day(const bar_step& step) {
  if (step.closed) day_bar_ = step.closed;
  if (step.change != bar_change::none) day_bar_ = day_.forming();
}

void symbol_state::on_tick(const tick& t, std::vector<market_update>& out) {
  const utc_time ts = timestamp_of(t);
  advance(ts, out);
  ++seq_;
  quote_.ts = ts;
  on_price(t);
  if (const auto step = minutes_.on_tick(t); step.closed) live_->append(*step.closed);
  on_day(day_.on_tick(t));
  for (auto& [key, series] : series_) {
    const auto step = series.builder.on_tick(t);
    emit_closed(key, series, step.closed, out);
    series.touched |= step.change != bar_change::none;
  }
  if (prints_ == interest::wanted && std::holds_alternative<trade_tick>(t)) out.emplace_back(trades_.back());
  if (quotes_ == interest::wanted) out.emplace_back(snapshot());
}

/// Moves the market time on: bars whose span is over are closed.
void symbol_state::advance(utc_time t, std::vector<market_update>& out) {
  if (t < market_time_) return;
  market_time_ = t;
  if (const auto closed = minutes_.advance(t)) live_->append(*closed);
  on_day({day_.advance(t), bar_change::none});
  for (auto& [key, series] : series_) emit_closed(key, series, series.builder.advance(t), out);
  enter_day(t);
  if (t < next_state_change_) return;
  const auto& calendar = *what_->calendar;
  const auto state = calendar.state_at(t);
  quote_touched_ |= state != quote_.market;
  quote_.market = state;
  next_state_change_ = utc_time::max();
  for (const auto kind : {session_hours::regular, session_hours::extended})
    for (const auto& edge : {calendar.next_open(t, kind), calendar.next_close(t, kind)})
      if (edge) next_state_change_ = std::min(next_state_change_, *edge);
}

void symbol_state::apply(const std::vector<tick>& ticks, utc_time watermark, utc_time wall, std::vector<market_update>& out) {
  heard_ = wall;
  if (quote_.state != freshness::fresh && running_) {
    quote_.state = freshness::fresh;
    quote_touched_ = true;
  }
  for (const auto& t : ticks) {
    if (timestamp_of(t) < market_time_) {
      ++late_ticks_;
      continue;
    }
    on_tick(t, out);
  }
  if (!ticks.empty()) quote_touched_ = false; // each tick has shown it
  advance(watermark, out);
  emit_forming(out);
  if (quote_touched_ && quotes_ == interest::wanted) out.emplace_back(snapshot());
  quote_touched_ = false;
}

void symbol_state::check_freshness(utc_time wall, std::vector<market_update>& out) {
  if (!running_ || quote_.state != freshness::fresh || wall - heard_ < stale_after) return;
  quote_.state = freshness::stale;
  if (quotes_ == interest::wanted) out.emplace_back(snapshot());
}

// -- updates ------------------------------------------------------------------

bar_update symbol_state::make_update(const series_key& key, open_series& series, const bar& data, bar_state state) {
  return {what_->symbol, key.first, key.second, data, state, ++series.seq};
}

void symbol_state::emit_closed(const series_key& key, open_series& series, const std::optional<bar>& closed,
                               std::vector<market_update>& out) {
  if (closed) out.emplace_back(make_update(key, series, *closed, bar_state::closed));
}

/// At most one forming update per batch and series: the newest state counts.
void symbol_state::emit_forming(std::vector<market_update>& out) {
  for (auto& [key, series] : series_) {
    if (series.touched && series.builder.forming())
      out.emplace_back(make_update(key, series, *series.builder.forming(), bar_state::forming));
    series.touched = false;
  }
}

// -- the readers' side --------------------------------------------------------

quote_snapshot symbol_state::snapshot() const {
  quote_snapshot out = quote_;
  out.seq = seq_;
  if (day_bar_) {
    out.open = day_bar_->open;
    out.high = day_bar_->high;
    out.low = day_bar_->low;
    out.volume = day_bar_->volume;
  }
  return out;
}

std::vector<trade_update> symbol_state::recent_trades(std::size_t limit) const {
  const auto count = std::min({limit, trades_.size(), max_recent_trades});
  return {trades_.rbegin(), trades_.rbegin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<trade_update> symbol_state::trades_since(std::uint64_t first) const {
  if (trades_.empty()) return {};
  const auto oldest = trades_.front().seq, newest = trades_.back().seq; // without a gap between them
  const auto from = first > newest || first < oldest ? oldest : first;
  return {trades_.rbegin(), trades_.rbegin() + static_cast<std::ptrdiff_t>(newest - from + 1)};
}

/// The bar of a series that is not over yet: what its finished minutes tell, and
/// the minute under way.
std::optional<bar> symbol_state::under_way(timeframe frame, session_hours hours) const {
  const auto& minute = minutes_.forming();
  if (!minute) return std::nullopt;
  const auto span = what_->calendar->bar_at(minute->open_time, frame, hours);
  if (!span || !what_->calendar->day_at(minute->open_time, hours)) return std::nullopt;
  bar out = *minute;
  out.open_time = span->stamp;
  const auto earlier = book_.so_far(frame, hours, market_time_);
  if (!earlier || !*earlier || (*earlier)->open_time != span->stamp) return out;
  out.open = (*earlier)->open;
  out.high = std::max(out.high, (*earlier)->high);
  out.low = std::min(out.low, (*earlier)->low);
  out.volume += (*earlier)->volume;
  return out;
}

result<history_reply> symbol_state::history(const history_request& request) const {
  live_bars live;
  live.forming = under_way(request.frame, request.hours);
  return book_.answer(request, market_time_, live);
}

std::optional<market_update> symbol_state::open(const topic& what) {
  switch (what.kind) {
  case topic_kind::quotes: quotes_ = interest::wanted; return snapshot();
  case topic_kind::trades: prints_ = interest::wanted; return std::nullopt;
  case topic_kind::bars: break;
  }
  const series_key key{what.frame, what.hours};
  auto at = series_.find(key);
  const history_request newest{what_->symbol, what.frame, what.hours, {}, market_time_ + nanoseconds{1}, 1, 1};
  const auto found = history(newest);
  const bool has_bar = found && !found->bars->empty();
  if (at == series_.end()) {
    at = series_.emplace(key, open_series{bar_builder(*what_, what.frame, what.hours)}).first;
    if (has_bar && found->last_is_forming) static_cast<void>(at->second.builder.seed(found->bars->back()));
  }
  if (!has_bar) return std::nullopt;
  return make_update(key, at->second, found->bars->back(), found->last_is_forming ? bar_state::forming : bar_state::closed);
}

void symbol_state::close(const topic& what) {
  switch (what.kind) {
  case topic_kind::quotes: quotes_ = interest::none; return;
  case topic_kind::trades: prints_ = interest::none; return;
  case topic_kind::bars: series_.erase({what.frame, what.hours}); return;
  }
}

std::vector<bar> symbol_state::take_closed_minutes() { return live_->take_new(); }

std::uint64_t symbol_state::dropped_minutes() const { return live_->dropped(); }

} // namespace tt::market
