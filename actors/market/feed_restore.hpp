#pragma once

// Gives symbols that begin anew (their actor died and came up elsewhere) the past
// of their feed: the source is opened once more and read up to where the feed
// has come. A source hands out the same events however it is pulled, so the
// symbol ends up exactly where its predecessor was. Pure, like the pump.

#include "actors/market/feed_pump.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tt::market {

/// Events that one step reads.
inline constexpr std::size_t max_restore_events = 8192;
/// Batches of the past that may be unacknowledged.
inline constexpr std::size_t max_restore_batches = 16;
/// A feed that has come further than this begins its lost symbols in the present
/// instead: reading all again would take longer than a trader waits.
inline constexpr std::uint64_t max_restored_past = 20'000'000;

class feed_restore {
public:
  /// `source` is the feed's own, opened anew; `symbols` are those to restore.
  feed_restore(std::unique_ptr<feed_source> source, const std::vector<std::uint32_t>& symbols);

  /// What one step gives.
  struct step_output {
    std::vector<pump_batch> batches;
    std::vector<std::uint32_t> complete; ///< have everything that `main` has passed, with these batches
  };

  /// Reads on. `main` is the pump of the feed; the symbols are detached from it.
  step_output step(const feed_pump& main);

  /// Leaves a symbol out from now on.
  void drop(std::uint32_t symbol) { wanted_[symbol] = false; }
  [[nodiscard]] bool contains(std::uint32_t symbol) const { return wanted_[symbol]; }
  [[nodiscard]] bool done() const;

private:
  std::unique_ptr<feed_source> source_;
  std::vector<bool> wanted_;             ///< by symbol
  std::vector<std::uint64_t> given_;     ///< by symbol
  std::vector<feed_event> buffer_;
};

} // namespace tt::market
