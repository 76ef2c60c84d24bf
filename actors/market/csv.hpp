#pragma once

// Recordings in CSV: bars, quotes and ticks (formats in README.md). Reads row by
// row and never throws a file away for a bad row: what can't be used is counted
// and reported with its line and the reason. Pure but for reading the file.

#include "actors/market/csv_lines.hpp"
#include "actors/model/market_data.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::market {

/// What a recording's rows are; the header line decides.
enum class recording_kind : std::uint8_t {
  bars,   ///< time,open,high,low,close,volume
  quotes, ///< time,bid,bid_size,ask,ask_size
  ticks,  ///< time_ms,bid,ask
};

/// "bars", "quotes", "ticks".
std::string_view to_string(recording_kind kind) noexcept;
/// Errors: invalid_argument.
result<recording_kind> parse_recording_kind(std::string_view text);

/// Whether prices of zero and below are accepted: only markets that have them
/// (futures, spreads) say `any`.
enum class price_sign : std::uint8_t { positive, any };

/// Most rows read of one file; what follows is not read, and reported so.
inline constexpr std::uint64_t max_csv_rows = 100'000'000;
/// Most columns of a header line.
inline constexpr std::size_t max_csv_columns = 64;
/// Bad rows kept with their reason; the others are only counted.
inline constexpr std::size_t max_reported_rows = 100;
/// Largest magnitude of a price; beyond it a row is rejected.
inline constexpr std::int64_t max_csv_price = 1'000'000'000'000;
/// Largest size or volume.
inline constexpr std::int64_t max_csv_size = 1'000'000'000'000'000;

struct csv_options {
  price_sign sign = price_sign::positive;
  std::size_t max_problems = max_reported_rows;
  std::uint64_t max_rows = max_csv_rows;
};

/// A row that was not used, and why.
struct row_problem {
  std::uint64_t line = 0;
  std::string reason;

  bool operator==(const row_problem&) const = default;
};

/// Running account of one file: good + bad = rows seen.
struct csv_report {
  std::uint64_t good = 0;
  std::uint64_t bad = 0;
  std::uint64_t out_of_order = 0; ///< of the bad ones: their time is before that of an earlier row
  std::vector<row_problem> problems; ///< the first of the bad rows

  /// Counts a bad row; keeps its reason when fewer than `keep` are kept.
  void reject(std::uint64_t line, std::string reason, std::size_t keep = max_reported_rows);
};

/// Rows of one recording in ascending order of time. Single-threaded.
///
/// Times are ISO-8601 with a zone, a bare date (00:00 UTC), unix seconds or unix
/// milliseconds; the first row with a readable number decides between the last
/// two (a column `time_ms` always holds milliseconds). A row is bad when a field
/// can't be read, its time is not after that of the last good row (ticks: is
/// before it) or not within 1900…2200, a bar's high and low don't enclose its
/// open and close, a price or size is out of range, or its line is too long.
class csv_reader {
public:
  /// Opens the file and reads its header. Errors: not_found, io_error;
  /// invalid_argument for a header that fits no format, naming what is missing.
  static result<csv_reader> open(const std::string& path, const csv_options& options = {});
  /// As open, from memory; `name` stands for the path in messages.
  static result<csv_reader> from_text(std::string text, const std::string& name,
                                      const csv_options& options = {});

  [[nodiscard]] recording_kind kind() const { return kind_; }
  /// The next good row of a recording of bars; false at the end. `open_time` is
  /// the row's time as it stands. Requires kind() == bars.
  bool next(bar& out);
  /// The next good row of a recording of quotes or ticks; false at the end. `ts`
  /// is the row's time as it stands; sizes that the file doesn't tell are 0.
  /// Requires kind() != bars.
  bool next(quote_tick& out);
  /// Counts the row that next() gave last as a bad one after all.
  void reject_last(std::string reason);
  /// Line of the row that next() gave last, from 1 (the header).
  [[nodiscard]] std::uint64_t line() const { return lines_.line_number(); }
  [[nodiscard]] const csv_report& report() const { return report_; }
  /// Set when reading stopped before the end of the file: io_error, or
  /// limit_exceeded after max_rows.
  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

private:
  /// Every column any format knows.
  enum column : std::uint8_t {
    c_time,
    c_open,
    c_high,
    c_low,
    c_close,
    c_volume,
    c_bid,
    c_bid_size,
    c_ask,
    c_ask_size,
    column_count
  };
  enum class time_unit : std::uint8_t { undecided, seconds, milliseconds };
  static constexpr std::uint8_t absent = 0xFF;

  csv_reader(line_reader lines, std::string name, const csv_options& options);
  static result<csv_reader> start(csv_reader reader);
  result<void> read_header();
  result<void> choose_kind();
  bool next_fields();
  bool split(std::string_view line);
  bool read_time(utc_time& out);
  bool in_order(utc_time t);
  bool read_number(column which, decimal& out);
  bool read_price(column which, price& out);
  bool read_size(column which, quantity& out);
  bool read_bar(bar& out);
  bool read_quote(quote_tick& out);
  bool bad(std::string reason);

  line_reader lines_;
  std::string name_;
  csv_options options_;
  recording_kind kind_ = recording_kind::bars;
  time_unit unit_ = time_unit::undecided;
  std::array<std::uint8_t, column_count> place_; // column → index of its field
  std::size_t columns_ = 0;
  std::array<std::string_view, max_csv_columns> fields_;
  std::optional<utc_time> last_time_;   ///< of the last good row
  std::optional<utc_time> time_before_; ///< of the one before it
  csv_report report_;
  std::optional<error> failure_;
};

} // namespace tt::market
