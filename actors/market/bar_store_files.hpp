#pragma once

// Files below the bar store: names, the header's two commit slots, column maps.
// The layout, byte by byte, is in README.md. Used by bar_store only.

#include "actors/market/bar_store.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace tt::market::store_files {

/// An open file descriptor with one owner.
class file_handle {
public:
  file_handle() = default;
  explicit file_handle(int fd) : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// `errno` as an error about `path`: not_found for ENOENT, else io_error.
error os_error(const std::string& what, const std::string& path);
/// Writes all bytes at `offset`.
result<void> write_all(int fd, const std::string& path, std::span<const std::byte> bytes,
                       std::uint64_t offset);
/// fdatasync, or nothing when `mode` is relaxed.
result<void> sync_file(int fd, const std::string& path, durability mode);
/// Makes names created in a folder durable, or nothing when `mode` is relaxed.
result<void> sync_folder(const std::string& path, durability mode);
/// Waits for the series' only writer's lock; released by the handle.
result<file_handle> lock_series(const std::string& folder);

/// "60m", "1d", "1w", "1mo": no two differ in letter case only.
std::string frame_folder(timeframe frame);
result<timeframe> frame_of_folder(std::string_view name);

/// One commit record. Encoded little-endian in slot_bytes.
struct commit_slot {
  timeframe frame;
  bar_scale scale;
  std::uint64_t number = 0;     ///< +1 with every commit; its place is number % 2
  std::uint64_t generation = 0; ///< suffix of the column files
  std::uint64_t rows = 0;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  std::uint64_t rows_hash = 0; ///< sum of hash_row over all rows
  std::string symbol;

  bool operator==(const commit_slot&) const = default;
};

inline constexpr std::size_t slot_bytes = 144;
/// Distance of the two slots: two sectors never share a torn write.
inline constexpr std::size_t slot_distance = 4096;
inline constexpr std::size_t head_bytes = slot_distance + slot_bytes;

std::array<std::byte, slot_bytes> encode_slot(const commit_slot& slot);
/// Errors: corrupt_data.
result<commit_slot> decode_slot(std::span<const std::byte> bytes);

/// Slots of a header file whose checksum holds, newest first.
/// Errors: not_found (no header), io_error, corrupt_data when neither holds.
result<std::vector<commit_slot>> read_slots(const std::string& folder);
/// Writes a slot in its place and syncs it.
result<void> write_slot(const std::string& folder, const commit_slot& slot, durability mode);

/// The six columns in the order of the files.
inline constexpr std::array<const char*, 6> column_files{"time", "open", "high", "low", "close", "volume"};
inline constexpr std::size_t column_total = column_files.size();

std::string column_path(const std::string& folder, std::size_t column, std::uint64_t generation);

/// Scaled rows, column by column.
struct scaled_rows {
  std::array<std::vector<std::int64_t>, column_total> columns;

  [[nodiscard]] std::size_t size() const { return columns[0].size(); }
  void push_back(const std::array<std::int64_t, column_total>& row);
};

/// XXH64 of the row's 48 bytes with its index as the seed.
std::uint64_t hash_row(std::uint64_t index, const std::array<std::int64_t, column_total>& row);

/// A read-only map of the committed prefix of one generation.
class column_map {
public:
  /// Maps slot.rows rows. Errors: not_found, io_error; corrupt_data when a file is too short.
  static result<std::shared_ptr<const column_map>> open(const std::string& folder, const commit_slot& slot);
  column_map(const column_map&) = delete;
  column_map& operator=(const column_map&) = delete;
  ~column_map();

  [[nodiscard]] const commit_slot& slot() const { return slot_; }
  [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(slot_.rows); }
  [[nodiscard]] const std::int64_t* column(std::size_t i) const { return columns_[i]; }
  [[nodiscard]] std::array<std::int64_t, column_total> row(std::size_t i) const;
  /// Sum of hash_row over [from, rows()).
  [[nodiscard]] std::uint64_t hash_from(std::size_t from) const;

private:
  column_map() = default;

  commit_slot slot_;
  std::array<const std::int64_t*, column_total> columns_{};
};

} // namespace tt::market::store_files
