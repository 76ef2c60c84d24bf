#pragma once

// Past bars of one instrument out of everything that is stored of it: the
// timeframe itself where it is stored, shorter ones joined where it isn't.

#include "actors/market/bar_builder.hpp"
#include "actors/market/bar_store.hpp"

#include <memory>
#include <vector>

namespace tt::market {

/// The newest `count` bars whose stamps lie in [from, to).
struct bar_window {
  utc_time from;
  utc_time to;
  std::size_t count = 0;
};

/// When the bar stamped `stamp` ends: with its timeframe or its session, the
/// earlier of both; for days and longer, with the last session of those hours.
utc_time end_of_bar(utc_time stamp, timeframe frame, session_hours hours, const exchange_calendar& calendar);

/// Reads bars layer by layer; a layer fills what the ones before it lack, down to
/// the trading day or minute that is missing. First the timeframe as it is stored,
/// source by source in their order. Then bars joined from the longest shorter
/// timeframe that adds up to it, which is found the same way, and so on: a day may
/// come from stored days, from minutes, or from both. Last comes what fits only by
/// its stamps: stored bars that begin elsewhere than the bars of the hours do or straddle
/// the opening of the regular hours, and, for days of the extended hours, days of the
/// regular ones. What is joined from bars that straddle an edge of the longer bar counts
/// to where they begin; such series are joined only where nothing finer is stored.
/// Single-threaded.
class history_layers {
public:
  history_layers(instrument what, std::vector<std::shared_ptr<const history_source>> sources);

  /// Bars known at `known_until`: none that ended later, except a last one that
  /// is joined from shorter bars which had ended by then. Ascending.
  /// Errors: those of the sources, except that they don't have the bars.
  [[nodiscard]] result<std::vector<bar>> bars(timeframe frame, session_hours hours, const bar_window& window,
                                              utc_time known_until) const;

  [[nodiscard]] const instrument& what() const { return what_; }

private:
  /// One of `sources_`, with its columns where it has such.
  struct source_entry {
    std::shared_ptr<const history_source> source;
    const column_source* columns = nullptr;
  };
  /// Which rows of a stored intraday series may be shown: those that begin where a bar of the hours begins (a vendor
  /// may begin its hours at the full hour or at the opening), or all.
  enum class row_choice : std::uint8_t { on_grid, all };
  /// Bars of `base`: stored in one source, or (without a source) of all layers.
  struct layer {
    const source_entry* from = nullptr;
    timeframe base;
    row_choice rows = row_choice::all;
  };
  /// What is asked of all layers.
  struct question {
    timeframe frame;
    session_hours hours;
    utc_time known_until;
  };
  struct rows;

  [[nodiscard]] std::vector<layer> layers_for(timeframe frame, session_hours hours) const;
  [[nodiscard]] bool is_on_grid(const source_entry& entry, timeframe stored, session_hours hours) const;
  [[nodiscard]] layer plainest(const layer& joined, session_hours hours) const;
  [[nodiscard]] result<std::vector<bar>> fetch(const layer& from, const question& q,
                                               const bar_window& window) const;
  [[nodiscard]] result<rows> read(const layer& from, const question& q, const bar_window& base) const;
  [[nodiscard]] std::vector<bar> make_bars(const layer& from, const question& q, const rows& base) const;
  [[nodiscard]] bar_window base_window(const layer& from, const question& q, const bar_window& window) const;
  [[nodiscard]] std::size_t rows_per_bar(const layer& from, const question& q) const;
  [[nodiscard]] result<void> fill(std::vector<bar>& have, const layer& from, const question& q,
                                  const bar_window& window) const;
  [[nodiscard]] bool is_hole(utc_time before, utc_time after, const question& q) const;

  instrument what_;
  std::vector<source_entry> sources_;
};

} // namespace tt::market
