#pragma once

// Digests of the receiver. Pure: random numbers come from the caller.

#include <string>
#include <string_view>

namespace tt::webhook {

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);
std::string hmac_sha256_hex(std::string_view key, std::string_view text);
/// Whether two texts are equal, in a time that depends on the length of `given` only.
bool equal_in_constant_time(std::string_view kept, std::string_view given);

} // namespace tt::webhook
