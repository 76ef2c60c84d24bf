#pragma once

// One-time codes (RFC 6238: HMAC-SHA-1, 30 s, six digits). Pure: the time is passed in.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::gateway {

/// What every authenticator program assumes unless it is told otherwise; some don't listen.
inline constexpr std::chrono::seconds totp_period{30};
inline constexpr std::size_t totp_digits = 6;
/// Steps before and after now whose codes count: clocks differ, and people type slowly.
inline constexpr std::int64_t totp_tolerance = 1;
/// Bytes of a key: as many as a digest of SHA-1 has (RFC 4226 section 4). A key read from a file may have 10 to 64.
inline constexpr std::size_t totp_key_bytes = 20, min_totp_key = 10, max_totp_key = 64;

/// One user's codes.
struct totp_codes {
  std::string secret;         ///< the key in base32, as authenticators show it
  std::int64_t used_step = 0; ///< newest step whose code was used: no code of it or before it counts again

  bool operator==(const totp_codes&) const = default;
};

/// RFC 4648, without padding.
std::string to_base32(std::string_view bytes);
/// Letters of either case; blanks and padding at the end are left out. Errors: invalid_argument.
result<std::string> parse_base32(std::string_view text);

/// A key in base32, made of `randomness`, which has at least 160 bits of it.
std::string make_totp_secret(std::string_view randomness);
/// Whether it is base32 of a key that may stand in a file.
bool is_totp_secret(std::string_view secret);

/// Number of the period in which `now` is.
std::int64_t totp_step(utc_time now);
/// The code of a step; `key` is bytes, not base32.
std::string totp_code(std::string_view key, std::int64_t step);
/// The step that `code` is of: at most totp_tolerance away and after codes.used_step. Nothing: wrong, too old, or used.
std::optional<std::int64_t> match_totp(const totp_codes& codes, std::string_view code, utc_time now);

/// What an authenticator reads as QR code or link.
std::string otpauth_uri(std::string_view user, std::string_view secret);

} // namespace tt::gateway
