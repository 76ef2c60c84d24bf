#include "actors/execution/wire_id.hpp"

#include <openssl/sha.h>

#include <array>
#include <span>

namespace tt::execution {

namespace {

/// Crockford's base32: no I, L, O, U.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t hash_chars = 24; // of 5 bits: 15 bytes

using digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

digest hash_of(const std::string& text) {
  digest out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
  return out;
}

std::string base32(std::span<const unsigned char> bytes, std::size_t chars) {
  std::string out;
  unsigned bits = 0, held = 0;
  for (const unsigned char byte : bytes) {
    if (out.size() == chars) break; // what is left over would only pile up in `bits`
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.size() < chars) {
      bits -= 5;
      out += alphabet[(held >> bits) & 31U];
    }
    held &= (1U << bits) - 1;
  }
  return out;
}

} // namespace

wire_order_id wire_id_of(const account_id& account, const intent_key& key, int attempt) {
  TT_ASSERT(0 <= attempt && attempt <= max_attempt);
  const auto hash = hash_of(std::to_string(account.str().size()) + ':' + account.str() + '|' + key.str());
  std::string out = "T" + base32(hash, hash_chars);
  out += static_cast<char>('0' + attempt / 10);
  out += static_cast<char>('0' + attempt % 10);
  return wire_order_id{out};
}

order_id order_id_of(const wire_order_id& wire) {
  std::string out = "o-";
  for (const char c : wire.str()) out += 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return order_id{out};
}

execution_id derived_execution_id(const venue_order_id& order, std::string_view venue_session, const std::string& cumulative) {
  const auto part = [](std::string_view text) { return std::to_string(text.size()) + ':' + std::string(text); };
  return execution_id{"X" + base32(hash_of(part(venue_session) + part(order.str()) + part(cumulative)), hash_chars)};
}

} // namespace tt::execution
