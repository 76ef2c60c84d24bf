#pragma once

// Recordings into the bar store: the core of `tt import`. Bad rows are reported
// with line and reason, good ones are kept; doing it twice changes nothing.

#include "actors/market/bar_store.hpp"
#include "actors/market/csv.hpp"
#include "actors/model/instrument.hpp"

namespace tt::market {

/// Bars taken into memory at a time.
inline constexpr std::size_t import_batch = 1'000'000;

struct import_request {
  std::string path;
  instrument what; ///< whose recording it is; needs its calendar
  timeframe frame; ///< of the rows; of the bars to build where the rows are ticks or quotes
  merge_policy policy = merge_policy::replace;
  std::size_t max_problems = max_reported_rows; ///< bad rows that are reported one by one
};

/// What an import did. Rows of the file = csv.good + csv.bad.
struct import_report {
  recording_kind kind = recording_kind::bars;
  csv_report csv;         ///< rows as they were read; also those that could not be stored
  std::uint64_t bars = 0; ///< good rows, or bars built from them
  std::uint64_t added = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t replaced = 0;
  std::uint64_t kept = 0; ///< stored with other values, which stay (merge_policy::keep_stored)
  /// Taken as they are, but the calendar knows no trading at their time: a hint
  /// that file, symbol or timeframe don't belong together.
  std::uint64_t off_calendar = 0;
  /// Likewise bars with a price between two ticks of the instrument: adjusted
  /// prices, or another instrument's.
  std::uint64_t off_grid = 0;
  std::optional<utc_time> first; ///< stamps of the first and last bar
  std::optional<utc_time> last;
};

/// Imports one file. Bars keep their times; those of days and longer are stamped
/// 00:00 UTC of their trading day, and of two rows of one day the first counts.
/// Ticks and quotes become bars where the instrument's price basis is bid or mid:
/// of all hours when intraday, of the regular ones otherwise.
/// A new series takes as many digits as 8 and the file's numbers allow.
/// A row that begins no bar of the timeframe is a bad row; when most of a batch are, the
/// file is refused before the batch is stored; so is one whose newest row comes first.
/// Errors: those of csv_reader::open and bar_store::merge; invalid_argument (field
/// "timeframe") for a file of another timeframe; unsupported for quotes
/// of an instrument whose bars are made of trades; limit_exceeded or io_error when
/// the file could not be read to its end (what was read by then is stored).
result<import_report> import_recording(const import_request& request, bar_store& store);

} // namespace tt::market
