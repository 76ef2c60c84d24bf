#include "gateways/auth/secret.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tt::gateway {

namespace {

/// The library must have been set up before its first use; it remembers that it was.
void prepare() {
  static const int state = sodium_init();
  if (state < 0) throw std::runtime_error("libsodium can't be set up");
}

bool is_base64url(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

} // namespace

std::string system_secret() {
  prepare();
  std::array<unsigned char, 32> bits{};
  randombytes_buf(bits.data(), bits.size());
  std::array<char, secret_length + 1> text{};
  sodium_bin2base64(text.data(), text.size(), bits.data(), bits.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  sodium_memzero(bits.data(), bits.size());
  return text.data();
}

bool is_token_shape(std::string_view text) noexcept {
  if (!text.starts_with(token_prefix)) return false;
  text.remove_prefix(token_prefix.size());
  return text.size() == secret_length && std::ranges::all_of(text, is_base64url);
}

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

result<std::string> hash_password(std::string_view password) {
  if (password.size() < min_password || password.size() > max_password)
    return error{errc::invalid_argument, "must have " + std::to_string(min_password) + " to " + std::to_string(max_password) + " bytes", "password"};
  prepare();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return error{errc::not_available, "there is not enough memory to hash a password"};
  return std::string{text.data()};
}

bool is_password(std::string_view hash, std::string_view password) noexcept {
  if (hash.size() >= crypto_pwhash_STRBYTES || password.size() > max_password) return false;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  std::ranges::copy(hash, text.begin());
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

const std::string& nobodys_hash() {
  static const std::string hash = hash_password(system_secret()).value_or("");
  return hash;
}

} // namespace tt::gateway
