#pragma once
/// Bars as files named by their content: DATA_DIR/backtest/bars/HASH.bars holds the bytes of one bar_set (bars.hpp), and
/// HASH is their xxh128 in 32 hex digits. Written once, mapped read-only, never changed.

#include "actors/backtest/job.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

/// xxh128, 32 hex digits.
std::string hash_of(std::string_view bytes);
/// Whether a text can be such a hash; nothing else ever becomes a file name.
bool is_hash(std::string_view text);

/// One mapped file. The bytes stay where they are as long as the object lives, also when the file is deleted.
class mapped_file {
public:
  /// Maps the file and checks its content against its name. Errors: not_found, io_error, corrupt_data.
  static result<std::shared_ptr<const mapped_file>> open(const std::string& path, std::string_view hash);
  ~mapped_file();
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

private:
  mapped_file(const char* data, std::size_t size) : data_(data), size_(size) {}
  const char* data_;
  std::size_t size_;
};

/// A file that is being received piece by piece; removed unless finished.
class bar_download {
public:
  bar_download(std::string folder, std::string hash, std::uint64_t bytes);
  ~bar_download();
  bar_download(const bar_download&) = delete;
  bar_download& operator=(const bar_download&) = delete;

  /// Makes the file. Errors: io_error.
  result<void> begin();
  /// Pieces may come in any order. Errors: io_error; out_of_range for a piece outside of the file.
  result<void> put(std::uint64_t offset, std::string_view piece);
  /// Checks the content against the hash and gives the file its name. Errors: corrupt_data (and the file is gone), io_error.
  result<void> finish();
  [[nodiscard]] bool complete() const { return received_ == bytes_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
  std::string folder_, hash_, path_;
  std::uint64_t bytes_, received_ = 0;
  int file_ = -1;
};

/// The folder. All members may be called from any thread; two writers of one file do no harm.
class bar_folder {
public:
  explicit bar_folder(std::string path) : path_(std::move(path)) {}
  /// Makes the folder. Errors: io_error.
  result<void> make();
  /// Makes the folder, removes unfinished files, and the longest unused ones beyond limits::bar_folder_bytes.
  /// Errors: io_error.
  result<void> prepare();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view hash) const;
  [[nodiscard]] bool has(std::string_view hash) const;
  /// Writes the bytes unless they are there already; gives their hash. Errors: io_error, out_of_range (none, or more
  /// than limits::series_bytes).
  result<std::string> store(std::string_view bytes);
  /// Errors: as mapped_file::open.
  [[nodiscard]] result<std::shared_ptr<const mapped_file>> open(std::string_view hash) const;
  /// Part of a file, at most `size` bytes. Errors: not_found, io_error.
  [[nodiscard]] result<std::vector<char>> read(std::string_view hash, std::uint64_t offset, std::size_t size) const;

private:
  std::string path_;
};

} // namespace tt::backtest
