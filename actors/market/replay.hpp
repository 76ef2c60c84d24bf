#pragma once

// Recordings as a feed: several files, several symbols, merged in time order.
// Reads as it goes, so a recording may be larger than memory. Which speed the
// events leave at, and whether in steps, is the caller's business: it says up to
// which market time it wants them.

#include "actors/market/feed_source.hpp"
#include "actors/market/replay_stream.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::market {

/// What happens at the end of the recordings.
enum class replay_loop : std::uint8_t {
  once,
  looped, ///< again from the start, later by whole weeks on each venue's clock
};

/// Most files of one replay.
inline constexpr std::size_t max_recordings = 256;

struct replay_config {
  std::vector<recording> recordings;
  replay_loop loop = replay_loop::once;
};

/// Events in the order of time, then symbol, then place in the configuration,
/// then line. The same configuration gives the same events, however they are
/// pulled. Symbols are numbered in the order in which they first appear.
///
/// Files of one symbol and kind may follow each other in time; the prices of a
/// symbol come either from bars or, where its price basis is bid or mid, from
/// quotes or ticks, never from both.
class replay_source final : public feed_source {
public:
  /// Opens every file. Errors, with `field` "recordings[i]" or the path:
  /// invalid_argument (no recording, no usable row, wrong kind), limit_exceeded,
  /// conflict (prices of a symbol from two kinds or timeframes), not_found, io_error.
  static result<std::unique_ptr<replay_source>> open(replay_config config);

  [[nodiscard]] std::string_view label() const override { return "replay"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return symbols_; }
  [[nodiscard]] utc_time start_time() const override { return start_; }
  pull_state pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) override;

  [[nodiscard]] source_report report() const override;
  /// Rows read and rejected, per file, in the order of the configuration.
  [[nodiscard]] std::vector<std::pair<std::string, csv_report>> reports() const;
  /// Set when a file could not be read to its end: its events up to there were
  /// given. Loops end with it.
  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

private:
  /// The next event of a stream, as the merge sees it.
  struct head {
    utc_time ts;
    std::uint32_t symbol;
    std::size_t stream;

    bool operator>(const head& rhs) const;
  };

  explicit replay_source(replay_loop loop) : loop_(loop) {}
  result<void> add(recording source);
  [[nodiscard]] result<void> check_prices() const;
  void push_head(std::size_t stream);
  bool next_pass();

  replay_loop loop_;
  std::vector<std::string> symbols_;
  std::vector<std::uint32_t> symbol_of_;  // stream → symbol
  std::vector<recording_stream> streams_; // in the order of the configuration
  std::vector<head> heads_;               // min-heap
  utc_time start_{};
  std::chrono::weeks shift_{0};
  std::chrono::weeks period_{0}; // of one pass; known after the first
  std::optional<error> failure_;
};

} // namespace tt::market
