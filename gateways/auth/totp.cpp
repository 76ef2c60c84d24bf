#include "gateways/auth/totp.hpp"

#include "gateways/auth/secret.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace tt::gateway {

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr unsigned letter_bits = 5, byte_bits = 8;
constexpr std::string_view issuer = "TraderTerminal";
/// Letters of a secret that is looked at at all.
constexpr std::size_t max_letters = 128;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

std::string to_base32(std::string_view bytes) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : bytes) {
    held = (held << byte_bits) | static_cast<unsigned char>(c);
    for (bits += byte_bits; bits >= letter_bits; bits -= letter_bits) out += letters[(held >> (bits - letter_bits)) & 31U];
  }
  if (bits > 0) out += letters[(held << (letter_bits - bits)) & 31U];
  return out;
}

result<std::string> parse_base32(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() > max_letters) return error{errc::invalid_argument, "is longer than any key", "secret"};
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    const auto at = letters.find(upper(c));
    if (at == std::string_view::npos) return error{errc::invalid_argument, "is not base32", "secret"};
    held = (held << letter_bits) | static_cast<unsigned>(at);
    bits += letter_bits;
    if (bits < byte_bits) continue;
    bits -= byte_bits;
    out += static_cast<char>((held >> bits) & 255U);
  }
  return out;
}

std::string make_totp_secret(std::string_view randomness) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(randomness.data(), randomness.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return to_base32({reinterpret_cast<const char*>(digest.data()), totp_key_bytes});
}

bool is_totp_secret(std::string_view secret) {
  const auto key = parse_base32(secret);
  return key && key->size() >= min_totp_key && key->size() <= max_totp_key;
}

std::int64_t totp_step(utc_time now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return seconds / totp_period.count();
}

std::string totp_code(std::string_view key, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (byte_bits * (7 - i)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), counter.data(), counter.size(), digest.data(), &length);
  const std::size_t at = digest[19] & 15U; // dynamic truncation, RFC 4226 section 5.3
  std::uint32_t number = (digest[at] & 127U) << 24U | static_cast<std::uint32_t>(digest[at + 1]) << 16U | static_cast<std::uint32_t>(digest[at + 2]) << 8U | digest[at + 3];
  std::string out(totp_digits, '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, number /= 10) *digit = static_cast<char>('0' + number % 10);
  return out;
}

std::optional<std::int64_t> match_totp(const totp_codes& codes, std::string_view code, utc_time now) {
  const auto key = parse_base32(codes.secret);
  if (!key || code.size() != totp_digits) return std::nullopt;
  std::optional<std::int64_t> found;
  // every step is tried, whichever fits: how long it takes tells nothing
  for (auto step = totp_step(now) - totp_tolerance; step <= totp_step(now) + totp_tolerance; ++step)
    if (equal_secrets(totp_code(*key, step), code) && step > codes.used_step) found = step;
  return found;
}

std::string otpauth_uri(std::string_view user, std::string_view secret) {
  // names of users have no character that a URI must escape
  return "otpauth://totp/" + std::string(issuer) + ":" + std::string(user) + "?secret=" + std::string(secret) + "&issuer=" + std::string(issuer) +
         "&algorithm=SHA1&digits=" + std::to_string(totp_digits) + "&period=" + std::to_string(totp_period.count());
}

} // namespace tt::gateway
