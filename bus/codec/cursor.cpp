#include "bus/codec/cursor.hpp"

#include <bit>
#include <limits>

namespace bus::codec {

namespace {

uint64_t big_endian(const unsigned char* p, size_t size) noexcept {
  uint64_t x = 0;
  for (size_t i = 0; i < size; ++i) x = (x << 8) | p[i];
  return x;
}

} // namespace

uint64_t get_big_endian(std::string_view data) noexcept {
  return big_endian(reinterpret_cast<const unsigned char*>(data.data()), data.size());
}

errc cursor::take(size_t size, const unsigned char*& p) noexcept {
  if (left() < size) return errc::truncated;
  p = pos_;
  pos_ += size;
  return errc::none;
}

errc cursor::take_view(uint64_t size, std::string_view& x) noexcept {
  if (size > left()) return errc::truncated;
  x = {reinterpret_cast<const char*>(pos_), static_cast<size_t>(size)};
  pos_ += size;
  return errc::none;
}

errc cursor::read_size(unsigned width, uint64_t& size) noexcept {
  const unsigned char* p = nullptr;
  if (auto e = take(width, p); e != errc::none) return e;
  size = big_endian(p, width);
  return errc::none;
}

errc cursor::read_nil() noexcept {
  if (at_end()) return errc::truncated;
  if (*pos_ != 0xc0) return errc::type_mismatch;
  ++pos_;
  return errc::none;
}

errc cursor::read_bool(bool& x) noexcept {
  if (at_end()) return errc::truncated;
  if (*pos_ != 0xc2 && *pos_ != 0xc3) return errc::type_mismatch;
  x = *pos_++ == 0xc3;
  return errc::none;
}

errc cursor::read_uint(uint64_t& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  if (tag < 0x80) {
    x = tag;
    ++pos_;
    return errc::none;
  }
  if (tag >= 0xcc && tag <= 0xcf) {
    ++pos_;
    return read_size(1u << (tag - 0xcc), x);
  }
  int64_t y = 0;
  if (auto e = read_int(y); e != errc::none) return e;
  if (y < 0) return errc::out_of_range;
  x = static_cast<uint64_t>(y);
  return errc::none;
}

errc cursor::read_int(int64_t& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  if (tag < 0x80 || tag >= 0xe0) {
    x = static_cast<int8_t>(tag);
    ++pos_;
    return errc::none;
  }
  uint64_t raw = 0;
  if (tag >= 0xcc && tag <= 0xcf) {
    ++pos_;
    if (auto e = read_size(1u << (tag - 0xcc), raw); e != errc::none) return e;
    if (raw > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return errc::out_of_range;
    x = static_cast<int64_t>(raw);
    return errc::none;
  }
  if (tag < 0xd0 || tag > 0xd3) return errc::type_mismatch;
  ++pos_;
  const auto width = 1u << (tag - 0xd0);
  if (auto e = read_size(width, raw); e != errc::none) return e;
  const auto shift = 64 - 8 * width;
  x = static_cast<int64_t>(raw << shift) >> shift; // sign extension
  return errc::none;
}

errc cursor::read_double(double& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  uint64_t raw = 0;
  if (tag == 0xcb) {
    ++pos_;
    if (auto e = read_size(8, raw); e != errc::none) return e;
    x = std::bit_cast<double>(raw);
    return errc::none;
  }
  if (tag == 0xca) {
    ++pos_;
    if (auto e = read_size(4, raw); e != errc::none) return e;
    x = static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(raw)));
    return errc::none;
  }
  if (tag == 0xcf) {
    if (auto e = read_uint(raw); e != errc::none) return e;
    x = static_cast<double>(raw);
    return errc::none;
  }
  int64_t y = 0;
  if (auto e = read_int(y); e != errc::none) return e;
  x = static_cast<double>(y);
  return errc::none;
}

errc cursor::read_str(std::string_view& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  uint64_t size = 0;
  if ((tag & 0xe0) == 0xa0) {
    size = tag & 0x1f;
    ++pos_;
  } else if (tag >= 0xd9 && tag <= 0xdb) {
    ++pos_;
    if (auto e = read_size(1u << (tag - 0xd9), size); e != errc::none) return e;
  } else {
    return errc::type_mismatch;
  }
  return take_view(size, x);
}

errc cursor::read_bin(std::string_view& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  if (tag < 0xc4 || tag > 0xc6) return errc::type_mismatch;
  ++pos_;
  uint64_t size = 0;
  if (auto e = read_size(1u << (tag - 0xc4), size); e != errc::none) return e;
  return take_view(size, x);
}

errc cursor::read_ext(int8_t& type, std::string_view& x) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  uint64_t size = 0;
  if (tag >= 0xd4 && tag <= 0xd8) {
    size = uint64_t{1} << (tag - 0xd4);
    ++pos_;
  } else if (tag >= 0xc7 && tag <= 0xc9) {
    ++pos_;
    if (auto e = read_size(1u << (tag - 0xc7), size); e != errc::none) return e;
  } else {
    return errc::type_mismatch;
  }
  const unsigned char* p = nullptr;
  if (auto e = take(1, p); e != errc::none) return e;
  type = static_cast<int8_t>(*p);
  return take_view(size, x);
}

errc cursor::read_array(uint32_t& size) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  uint64_t n = 0;
  if ((tag & 0xf0) == 0x90) {
    n = tag & 0x0f;
    ++pos_;
  } else if (tag == 0xdc || tag == 0xdd) {
    ++pos_;
    if (auto e = read_size(tag == 0xdc ? 2 : 4, n); e != errc::none) return e;
  } else {
    return errc::type_mismatch;
  }
  if (n > left()) return errc::too_long; // each element takes a byte at least
  size = static_cast<uint32_t>(n);
  return errc::none;
}

errc cursor::read_map(uint32_t& size) noexcept {
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  uint64_t n = 0;
  if ((tag & 0xf0) == 0x80) {
    n = tag & 0x0f;
    ++pos_;
  } else if (tag == 0xde || tag == 0xdf) {
    ++pos_;
    if (auto e = read_size(tag == 0xde ? 2 : 4, n); e != errc::none) return e;
  } else {
    return errc::type_mismatch;
  }
  if (2 * n > left()) return errc::too_long;
  size = static_cast<uint32_t>(n);
  return errc::none;
}

errc cursor::skip_one(uint64_t& children) noexcept {
  children = 0;
  if (at_end()) return errc::truncated;
  const auto tag = *pos_;
  std::string_view view;
  int8_t type = 0;
  uint32_t n = 0;
  if (tag < 0x80 || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3) {
    ++pos_;
    return errc::none;
  }
  if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) {
    const auto e = read_array(n);
    children = n;
    return e;
  }
  if ((tag & 0xf0) == 0x80 || tag == 0xde || tag == 0xdf) {
    const auto e = read_map(n);
    children = 2 * uint64_t{n};
    return e;
  }
  if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) return read_str(view);
  if (tag >= 0xc4 && tag <= 0xc6) return read_bin(view);
  if ((tag >= 0xd4 && tag <= 0xd8) || (tag >= 0xc7 && tag <= 0xc9)) return read_ext(type, view);
  if (tag == 0xc1) return errc::type_mismatch;                              // never used by MessagePack
  static constexpr unsigned char widths[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8}; // 0xca to 0xd3
  ++pos_;
  uint64_t ignored = 0;
  return read_size(widths[tag - 0xca], ignored);
}

errc cursor::skip() noexcept {
  uint64_t open[max_depth + 1]; // values still to skip on each level
  uint32_t level = 0;
  open[0] = 1;
  for (;;) {
    while (open[level] == 0) {
      if (level == 0) return errc::none;
      --level;
    }
    --open[level];
    uint64_t children = 0;
    if (auto e = skip_one(children); e != errc::none) return e;
    if (children > 0) {
      if (depth_ + level + 1 > max_depth) return errc::too_deep;
      open[++level] = children;
    }
  }
}

} // namespace bus::codec
