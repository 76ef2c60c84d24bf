#pragma once

// Turns a source's events into batches for the symbols, with a bound on what is
// on its way. Pure: the feed actor sends what `next` returns and reports what
// comes back.

#include "actors/market/feed_source.hpp"
#include "actors/market/pace.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tt::market {

/// Events taken from the source in one go.
inline constexpr std::size_t max_events_per_pull = 2048;
/// Batches that may be unacknowledged over all symbols; at the limit the pump
/// waits, so symbols that are slow slow the feed down instead of growing a queue.
inline constexpr std::size_t max_batches_in_flight = 256;
/// Wall time after which every symbol is told the market time even without ticks.
inline constexpr nanoseconds watermark_interval = std::chrono::milliseconds{250};

/// A batch for one symbol (an index into the source's symbols).
struct pump_batch {
  std::uint32_t symbol = 0;
  std::vector<tick> ticks;
  utc_time watermark{};
};

/// What one call of `next` produced.
struct pump_output {
  std::vector<pump_batch> batches;
  pull_state state = pull_state::idle;
};

class feed_pump {
public:
  feed_pump(std::unique_ptr<feed_source> source, pace how)
    : source_(std::move(source)), pace_(how), passed_(source_->symbols().size()), detached_(source_->symbols().size()) {}

  /// The feed begins: at wall time `wall` the market time is `market`. What the
  /// source has before that is handed out at once.
  void start(utc_time wall, utc_time market);
  /// As above, with the source's start_time.
  void start(utc_time wall) { start(wall, source_->start_time()); }
  /// The next batches due at `wall`; empty while the window is full. For a stepped
  /// pace only `step` hands out events.
  pump_output next(utc_time wall);
  /// Hands out at most `count` events whatever the time is; returns how many.
  std::uint32_t step(std::uint32_t count, pump_output& out);
  /// A symbol that is not there to take batches: its events are passed over.
  void detach(std::uint32_t symbol) { detached_[symbol] = true; }
  /// It is there again and has had the events that were passed so far.
  void attach(std::uint32_t symbol) { detached_[symbol] = false; }
  /// Events of a symbol that have been handed out or passed over.
  [[nodiscard]] std::uint64_t passed(std::uint32_t symbol) const { return passed_[symbol]; }

  /// A batch was taken in.
  void acknowledge() { in_flight_ -= in_flight_ > 0 ? 1 : 0; }

  [[nodiscard]] const feed_source& source() const { return *source_; }
  [[nodiscard]] pace how() const { return pace_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] bool finished() const { return finished_; }
  /// Market time up to which everything has been handed out.
  [[nodiscard]] utc_time market_time() const { return market_time_; }
  /// Market time that belongs to `wall`, for sources that follow the wall clock.
  [[nodiscard]] utc_time market_time_at(utc_time wall) const;

private:
  void pull(utc_time until, std::size_t limit, pump_output& out);
  void mark_time(utc_time wall, pump_output& out);

  std::unique_ptr<feed_source> source_;
  pace pace_;
  pace_clock clock_;
  std::vector<feed_event> events_buffer_;
  std::vector<std::int32_t> batch_of_symbol_; ///< index into the output under way, -1 = none
  std::vector<std::uint64_t> passed_;         ///< by symbol
  std::vector<bool> detached_;                ///< by symbol
  utc_time market_time_{};
  utc_time last_mark_{};
  std::size_t in_flight_ = 0;
  std::uint64_t events_ = 0;
  bool finished_ = false;
};

} // namespace tt::market
