#pragma once

// Bars on disk: one folder per symbol and timeframe, six memory-mapped columns of
// 64-bit integers (format byte by byte in README.md).
//
// Safe against crashes: rows are written and synced before the commit record
// that counts them, so a torn append is never seen and is overwritten by the
// next one. Every row is covered by a checksum that is verified when it is first
// mapped: damage is reported as corrupt_data, never served.
//
// Threads and processes: any number of readers, also in other processes; writers
// of one series wait for each other (a lock file). Reads see what was committed
// when they began; views stay valid while others append or rewrite. Files must
// not be shortened by hand under a running reader.

#include "actors/market/feed_source.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::market {

namespace store_files {
class column_map;
struct commit_slot;
} // namespace store_files

/// Digits behind the point kept in a series' columns, 0..12 each. With 8 digits
/// a value may reach 92 billion. A value that doesn't fit is rejected, never rounded.
struct bar_scale {
  std::uint8_t price_digits = 8;
  std::uint8_t volume_digits = 8;

  bool operator==(const bar_scale&) const = default;
};

/// Whether writes reach the disk before they are confirmed. `relaxed` leaves it
/// to the operating system: for tests and for data that can be made again.
enum class durability : std::uint8_t { synced, relaxed };

/// What a merge does with a bar whose time is stored with other values.
enum class merge_policy : std::uint8_t { keep_stored, replace };

/// A bar that a write did not take.
struct bar_problem {
  std::size_t index = 0; ///< place in the input
  std::string reason;
};

/// What a write did. added + unchanged + replaced + kept + rejected = bars given.
struct merge_report {
  std::uint64_t added = 0;
  std::uint64_t unchanged = 0; ///< stored already, equal
  std::uint64_t replaced = 0;  ///< stored with other values, now replaced
  std::uint64_t kept = 0;      ///< stored with other values, which stay
  std::uint64_t rejected = 0;
  std::vector<bar_problem> problems; ///< of rejected ones, the first max_bar_problems
  bool rewritten = false;            ///< older bars came in, so the series was written anew
};

/// Rejected bars of one write kept with their reason.
inline constexpr std::size_t max_bar_problems = 100;
/// Longest symbol name that can be stored, in bytes.
inline constexpr std::size_t max_stored_symbol = 64;
/// Series whose maps are kept open; above it all are let go and opened again on demand.
inline constexpr std::size_t max_open_series = 1024;

/// Folder name of a symbol: letters, digits, `-`, `_` and inner dots stand for
/// themselves, every other byte is %XX ("BTC/USD" → "BTC%2FUSD").
/// Errors: invalid_argument when empty or longer than max_stored_symbol.
result<std::string> safe_symbol_name(std::string_view symbol);
/// The symbol behind a folder name. Errors: invalid_argument.
result<std::string> symbol_of_safe_name(std::string_view name);

/// An immutable look at the committed rows of one series; cheap to copy.
class column_view {
public:
  explicit column_view(std::shared_ptr<const store_files::column_map> map);

  [[nodiscard]] std::size_t size() const { return rows_; }
  /// Nanoseconds since 1970, strictly ascending.
  [[nodiscard]] std::span<const std::int64_t> times() const { return {columns_[0], rows_}; }
  [[nodiscard]] std::span<const std::int64_t> opens() const { return {columns_[1], rows_}; }
  [[nodiscard]] std::span<const std::int64_t> highs() const { return {columns_[2], rows_}; }
  [[nodiscard]] std::span<const std::int64_t> lows() const { return {columns_[3], rows_}; }
  [[nodiscard]] std::span<const std::int64_t> closes() const { return {columns_[4], rows_}; }
  [[nodiscard]] std::span<const std::int64_t> volumes() const { return {columns_[5], rows_}; }
  [[nodiscard]] bar_scale scale() const { return scale_; }
  [[nodiscard]] utc_time time_at(std::size_t i) const { return utc_time{nanoseconds{columns_[0][i]}}; }
  /// Requires i < size().
  [[nodiscard]] bar at(std::size_t i) const;
  /// Index of the first row at or after `t`. O(log n).
  [[nodiscard]] std::size_t lower_bound(utc_time t) const;
  /// Changes whenever the series' content does.
  [[nodiscard]] std::uint64_t commit_number() const;
  /// Bumped by every rewrite: while it is the same, rows have only been added.
  [[nodiscard]] std::uint64_t generation() const;

private:
  std::shared_ptr<const store_files::column_map> map_;
  const std::int64_t* columns_[6];
  std::size_t rows_;
  bar_scale scale_;
  int128 price_unit_;
  int128 volume_unit_;
};

/// Name of a series.
struct series_key {
  std::string symbol;
  timeframe frame;

  auto operator<=>(const series_key&) const = default;
};

/// A history source that can hand out its columns without a copy.
class column_source {
public:
  virtual ~column_source() = default;
  /// Errors: unknown_symbol, unsupported (frame not stored), io_error, corrupt_data.
  [[nodiscard]] virtual result<column_view> columns(std::string_view symbol, timeframe frame) const = 0;
};

/// The store. All members may be called from any thread.
class bar_store final : public history_source, public column_source {
public:
  /// Makes the folder when there is none. Errors: io_error.
  static result<std::unique_ptr<bar_store>> open(std::string root, durability mode = durability::synced);
  ~bar_store() override;

  /// Everything that is stored, sorted.
  [[nodiscard]] std::vector<series_key> list() const;
  [[nodiscard]] std::vector<timeframe> timeframes(std::string_view symbol) const override;
  [[nodiscard]] result<std::vector<bar>> bars(std::string_view symbol, timeframe frame, utc_time from,
                                              utc_time to, std::size_t limit) const override;
  [[nodiscard]] result<column_view> columns(std::string_view symbol, timeframe frame) const override;

  /// Adds bars, whatever their place in time; makes the series when there is none
  /// (with `scale`; an existing one keeps its own). `bars` must ascend strictly in
  /// time; one that doesn't, is inconsistent or doesn't fit the scale is rejected
  /// and reported. Bars behind the last stored one are appended; others make the
  /// whole series be written anew and switched at once. Doing it twice changes nothing.
  /// Errors: invalid_argument (symbol name), io_error (nothing changed), corrupt_data.
  result<merge_report> merge(std::string_view symbol, timeframe frame, std::span<const bar> bars,
                             merge_policy policy = merge_policy::keep_stored, bar_scale scale = {});
  /// Reads every row of a series anew and checks it. Errors: as columns().
  [[nodiscard]] result<void> verify(std::string_view symbol, timeframe frame) const;

private:
  bar_store(std::string root, durability mode) : root_(std::move(root)), mode_(mode) {}

  using map_ptr = std::shared_ptr<const store_files::column_map>;
  enum class check : std::uint8_t { new_rows, all_rows };

  [[nodiscard]] std::string folder_of(std::string_view safe_name, timeframe frame) const;
  [[nodiscard]] result<map_ptr> current(std::string_view symbol, timeframe frame, check how) const;
  [[nodiscard]] result<map_ptr> load(const std::string& folder, const series_key& key,
                                     const map_ptr& known) const;
  void remember(const series_key& key, map_ptr map) const;

  std::string root_;
  durability mode_;
  mutable std::mutex mutex_; // guards open_
  mutable std::map<series_key, map_ptr> open_;
};

} // namespace tt::market
