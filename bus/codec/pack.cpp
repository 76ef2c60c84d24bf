#include "bus/codec/pack.hpp"

#include <bit>
#include <cstring>
#include <limits>

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <msgpack/pack.hpp>

namespace bus::codec {

namespace {

// Lets msgpack's packer append to a std::string.
struct sink {
  bytes& out;
  void write(const char* data, size_t size) { out.append(data, size); }
};

template <class F>
void with_packer(bytes& out, F f) {
  sink to{out};
  msgpack::packer<sink> packer{to};
  f(packer);
}

uint32_t clamp32(size_t x) {
  return static_cast<uint32_t>(std::min<size_t>(x, std::numeric_limits<uint32_t>::max()));
}

template <class T>
void put_big_endian(bytes& out, T x) {
  char buf[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) buf[i] = static_cast<char>((x >> (8 * (sizeof(T) - 1 - i))) & 0xff);
  out.append(buf, sizeof(T));
}

} // namespace

void pack_nil(bytes& out) {
  out.push_back('\xc0');
}

void pack_bool(bytes& out, bool x) {
  out.push_back(x ? '\xc3' : '\xc2');
}

void pack_uint(bytes& out, uint64_t x) {
  if (x < 128)
    out.push_back(static_cast<char>(x)); // the most frequent case by far
  else
    with_packer(out, [x](auto& p) { p.pack_uint64(x); });
}

void pack_int(bytes& out, int64_t x) {
  if (x >= 0)
    pack_uint(out, static_cast<uint64_t>(x));
  else
    with_packer(out, [x](auto& p) { p.pack_int64(x); });
}

void pack_float(bytes& out, float x) {
  out.push_back('\xca');
  put_u32(out, std::bit_cast<uint32_t>(x));
}

void pack_double(bytes& out, double x) {
  out.push_back('\xcb');
  put_u64(out, std::bit_cast<uint64_t>(x));
}

void pack_str(bytes& out, std::string_view x) {
  const auto size = clamp32(x.size());
  with_packer(out, [size](auto& p) { p.pack_str(size); });
  out.append(x.data(), size);
}

void pack_bin(bytes& out, std::string_view x) {
  const auto size = clamp32(x.size());
  with_packer(out, [size](auto& p) { p.pack_bin(size); });
  out.append(x.data(), size);
}

void pack_array(bytes& out, size_t size) {
  with_packer(out, [n = clamp32(size)](auto& p) { p.pack_array(n); });
}

void pack_map(bytes& out, size_t size) {
  with_packer(out, [n = clamp32(size)](auto& p) { p.pack_map(n); });
}

void pack_ext(bytes& out, ext_type type, std::string_view payload) {
  with_packer(out, [&](auto& p) { p.pack_ext(payload.size(), static_cast<int8_t>(type)); });
  out.append(payload);
}

void put_u32(bytes& out, uint32_t x) {
  put_big_endian(out, x);
}

void put_u64(bytes& out, uint64_t x) {
  put_big_endian(out, x);
}

} // namespace bus::codec
