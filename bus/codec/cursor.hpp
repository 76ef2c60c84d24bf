// This header file defines the reading half of MessagePack: a bounds-checked
// pull reader over bytes that come from outside. Free of CAF.
//
// Every function returns `errc::none` and moves on, or an error and leaves the
// cursor unusable for more than reporting. No function allocates more than the
// input is long, none recurses over the input.
#pragma once

#include "bus/errc.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bus::codec {

/// Deepest nesting of arrays, maps and messages that is read or skipped.
inline constexpr uint32_t max_depth = 32;

/// A position in a MessagePack byte string.
class cursor {
public:
  explicit cursor(std::string_view input) noexcept
      : begin_(reinterpret_cast<const unsigned char*>(input.data())), pos_(begin_),
        end_(begin_ + input.size()) {}

  /// Bytes read so far and bytes left.
  size_t offset() const noexcept { return static_cast<size_t>(pos_ - begin_); }
  size_t left() const noexcept { return static_cast<size_t>(end_ - pos_); }
  bool at_end() const noexcept { return pos_ == end_; }

  /// Whether the next value is nil. False at the end.
  bool next_is_nil() const noexcept { return pos_ != end_ && *pos_ == 0xc0; }

  /// Whether the next value is an unsigned integer. False at the end.
  bool next_is_uint() const noexcept {
    return pos_ != end_ && (*pos_ < 0x80 || (*pos_ >= 0xcc && *pos_ <= 0xcf));
  }

  [[nodiscard]] errc read_nil() noexcept;
  [[nodiscard]] errc read_bool(bool& x) noexcept;
  /// Reads any integer that fits; a float is a `type_mismatch`.
  [[nodiscard]] errc read_uint(uint64_t& x) noexcept;
  [[nodiscard]] errc read_int(int64_t& x) noexcept;
  /// Reads a float32, a float64 or an integer (other languages write 2.0 as 2).
  [[nodiscard]] errc read_double(double& x) noexcept;
  /// The view points into the input.
  [[nodiscard]] errc read_str(std::string_view& x) noexcept;
  [[nodiscard]] errc read_bin(std::string_view& x) noexcept;
  [[nodiscard]] errc read_ext(int8_t& type, std::string_view& x) noexcept;
  /// Number of elements (pairs for a map): checked against the bytes that are left.
  [[nodiscard]] errc read_array(uint32_t& size) noexcept;
  [[nodiscard]] errc read_map(uint32_t& size) noexcept;
  /// Skips one value of any type, nested ones included.
  [[nodiscard]] errc skip() noexcept;

  /// Enters and leaves one level of nesting; `too_deep` at `max_depth`.
  [[nodiscard]] errc enter() noexcept { return ++depth_ > max_depth ? errc::too_deep : errc::none; }
  void leave() noexcept { --depth_; }

private:
  [[nodiscard]] errc take(size_t size, const unsigned char*& p) noexcept;
  [[nodiscard]] errc take_view(uint64_t size, std::string_view& x) noexcept;
  [[nodiscard]] errc read_size(unsigned width, uint64_t& size) noexcept;
  [[nodiscard]] errc skip_one(uint64_t& children) noexcept;

  const unsigned char* begin_;
  const unsigned char* pos_;
  const unsigned char* end_;
  uint32_t depth_ = 0;
};

/// Reads a big-endian number of `data.size()` (at most 8) bytes.
uint64_t get_big_endian(std::string_view data) noexcept;

} // namespace bus::codec
