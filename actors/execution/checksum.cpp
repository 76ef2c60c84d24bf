#include "actors/execution/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace tt::execution {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78; // reflected Castagnoli

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> out{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) v = (v >> 1) ^ ((v & 1) != 0 ? polynomial : 0);
    out[i] = v;
  }
  return out;
}
constexpr auto crc_table = make_table();

std::uint32_t by_table(std::uint32_t crc, const char* at, std::size_t size) {
  for (; size > 0; --size, ++at) crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<unsigned char>(*at)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, const char* at, std::size_t size) {
  std::uint64_t wide = crc;
  for (; size >= 8; size -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; --size, ++at) crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(*at));
  return crc;
}
#endif

} // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(~0U, bytes.data(), bytes.size());
#endif
  return ~by_table(~0U, bytes.data(), bytes.size());
}

std::string chain_hash::to_hex() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto b : bytes) (out += digits[b >> 4]) += digits[b & 15];
  return out;
}

chain_hash hash_of(std::string_view bytes) noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  chain_hash out;
  std::memcpy(out.bytes.data(), canonical.digest, out.bytes.size());
  return out;
}

} // namespace tt::execution
