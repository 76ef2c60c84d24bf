// This header file defines the writing half of MessagePack: one function per
// wire type, appending to a byte string. Free of CAF.
//
// Doubles and floats are always written as such (0xcb, 0xca): the packer of
// msgpack-c 4.1.3 turns integral values into integers, which loses the type for
// other languages and the sign of -0.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bus::codec {

/// A growing byte string. `std::string` because it appends fast and is what sockets and files want.
using bytes = std::string;

/// Extension types of the bus (MessagePack ext).
enum class ext_type : int8_t {
  actor = 1, ///< 8 bytes: actor id, big endian, on the sending node; 32 bytes: id and node id.
  node = 2,  ///< 24 bytes: process id (4, big endian) and host id (20).
};

void pack_nil(bytes& out);
void pack_bool(bytes& out, bool x);
void pack_uint(bytes& out, uint64_t x);
void pack_int(bytes& out, int64_t x);
void pack_float(bytes& out, float x);
void pack_double(bytes& out, double x);
void pack_str(bytes& out, std::string_view x);
void pack_bin(bytes& out, std::string_view x);
void pack_array(bytes& out, size_t size);
void pack_map(bytes& out, size_t size);
void pack_ext(bytes& out, ext_type type, std::string_view payload);

/// Appends `x` big endian in 4 and 8 bytes.
void put_u32(bytes& out, uint32_t x);
void put_u64(bytes& out, uint64_t x);

} // namespace bus::codec
