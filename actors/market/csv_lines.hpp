#pragma once

// Lines of a text file, read through one bounded buffer. Not a memory map: a
// file that shrinks while it is read must be an error here, not a SIGBUS.

#include "actors/model/result.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::market {

/// Longest line accepted, in bytes without its end; a longer one is skipped and reported.
inline constexpr std::size_t max_csv_line = 1024;
/// Bytes asked of the operating system at a time.
inline constexpr std::size_t csv_block_bytes = 256 * 1024;

/// What line_reader::next found.
enum class line_state : std::uint8_t {
  line,     ///< a line
  too_long, ///< a line above max_csv_line: skipped, its first bytes are shown
  end,      ///< no further line
  failed,   ///< the read failed; see line_reader::failure
};

/// Splits at LF; a CR before it is removed, and a byte order mark at the start of
/// the file too. The last line needs no end. Single-threaded.
class line_reader {
public:
  /// Errors: not_found, io_error (also for a folder).
  static result<line_reader> open(const std::string& path);
  /// Reads from memory.
  static line_reader from_text(std::string text);

  /// The next line; `out` is valid until the next call.
  line_state next(std::string_view& out);
  /// Number of the line that next() gave last, from 1.
  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
  /// Why next() answered `failed`.
  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

private:
  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  enum class fill : std::uint8_t { got_bytes, at_end, failed };

  line_reader() = default;
  fill refill();
  line_state skip_rest(std::string_view shown, std::string_view& out);
  void strip_mark();

  std::string path_;
  std::unique_ptr<std::FILE, closer> file_; // null: everything is in buffer_
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_number_ = 0;
  std::string shown_;
  std::optional<error> failure_;
};

} // namespace tt::market
