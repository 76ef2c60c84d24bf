#pragma once

// Words that nobody guesses: tokens, session ids, tickets; and how passwords are kept.

#include "actors/model/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace tt::gateway {

/// What every bearer token begins with.
inline constexpr std::string_view token_prefix = "tt_";
/// 256 bits in base64url, without padding.
inline constexpr std::size_t secret_length = 43;

/// Gives a fresh secret of secret_length characters at each call.
using secret_source = std::function<std::string()>;

/// The operating system's randomness.
std::string system_secret();

/// Whether text has the form of a token: tt_ and 43 characters of base64url.
bool is_token_shape(std::string_view text) noexcept;

/// Takes the same time wherever the first difference is.
bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/// Shortest and longest password. The longest bounds what an unknown caller makes the hash read.
inline constexpr std::size_t min_password = 10, max_password = 256;

/// Argon2id with a fresh salt, in its own text form. Takes about a tenth of a second and 64 MiB.
/// Errors: invalid_argument (length, field password), not_available (no memory).
result<std::string> hash_password(std::string_view password);

/// Whether `hash` was made of `password`; false for a hash that can't be read.
bool is_password(std::string_view hash, std::string_view password) noexcept;

/// A hash of no password that anybody has: an unknown user costs as much time as a known one.
const std::string& nobodys_hash();

} // namespace tt::gateway
