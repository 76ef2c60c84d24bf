#include "actors/market/feed_pump.hpp"

#include <algorithm>

namespace tt::market {

void feed_pump::start(utc_time wall, utc_time market) {
  clock_ = pace_clock{wall, market, pace_.speed};
  market_time_ = source_->start_time();
  last_mark_ = wall;
  batch_of_symbol_.assign(source_->symbols().size(), -1);
}

utc_time feed_pump::market_time_at(utc_time wall) const {
  return pace_.kind == pace_kind::scaled && !finished_ ? clock_.market_at(wall) : market_time_;
}

void feed_pump::pull(utc_time until, std::size_t limit, pump_output& out) {
  events_buffer_.clear();
  out.state = source_->pull(until, limit, events_buffer_);
  for (auto& event : events_buffer_) {
    ++passed_[event.symbol];
    market_time_ = std::max(market_time_, timestamp_of(event.data));
    if (detached_[event.symbol]) continue;
    auto& slot = batch_of_symbol_[event.symbol];
    if (slot < 0) {
      slot = static_cast<std::int32_t>(out.batches.size());
      out.batches.push_back({event.symbol, {}, {}});
    }
    out.batches[static_cast<std::size_t>(slot)].ticks.push_back(std::move(event.data));
  }
  events_ += events_buffer_.size();
  // A source that has nothing yet has told the time up to `until`; asked for all it ever has, it tells nothing.
  if (out.state == pull_state::idle && until != utc_time::max()) market_time_ = std::max(market_time_, until);
  finished_ = out.state == pull_state::finished;
  // With `more` waiting, events of this very moment may still come.
  const utc_time watermark = out.state == pull_state::more ? market_time_ - nanoseconds{1} : market_time_;
  for (auto& batch : out.batches) {
    batch.watermark = watermark;
    batch_of_symbol_[batch.symbol] = -1;
  }
  in_flight_ += out.batches.size();
}

void feed_pump::mark_time(utc_time wall, pump_output& out) {
  // At maximum pace wall time means nothing: every symbol hears of each pull.
  if (pace_.kind == pace_kind::scaled && wall - last_mark_ < watermark_interval && !finished_) return;
  if (out.state == pull_state::more && pace_.kind == pace_kind::scaled) return;
  last_mark_ = wall;
  std::vector<bool> told(source_->symbols().size(), false);
  for (const auto& batch : out.batches) told[batch.symbol] = true;
  const utc_time watermark = out.state == pull_state::more ? market_time_ - nanoseconds{1} : market_time_;
  for (std::uint32_t symbol = 0; symbol < told.size(); ++symbol) {
    if (told[symbol] || detached_[symbol]) continue;
    out.batches.push_back({symbol, {}, watermark});
    ++in_flight_;
  }
}

pump_output feed_pump::next(utc_time wall) {
  pump_output out;
  if (finished_) {
    out.state = pull_state::finished;
    return out;
  }
  if (in_flight_ >= max_batches_in_flight) {
    out.state = pull_state::more;
    return out;
  }
  switch (pace_.kind) {
  case pace_kind::stepped: out.state = pull_state::idle; return out;
  case pace_kind::maximum: pull(utc_time::max(), max_events_per_pull, out); break;
  case pace_kind::scaled: pull(clock_.market_at(wall), max_events_per_pull, out); break;
  }
  mark_time(wall, out);
  return out;
}

std::uint32_t feed_pump::step(std::uint32_t count, pump_output& out) {
  if (finished_ || count == 0) {
    out.state = finished_ ? pull_state::finished : pull_state::idle;
    return 0;
  }
  const auto before = events_;
  pull(utc_time::max(), std::min<std::size_t>(count, max_events_per_pull), out);
  return static_cast<std::uint32_t>(events_ - before);
}

} // namespace tt::market
