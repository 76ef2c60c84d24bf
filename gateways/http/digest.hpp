#pragma once

// Fingerprints of content: entity tags, and requests under an Idempotency-Key.

#include <string>
#include <string_view>

namespace tt::gateway {

/// SHA-256, 64 hex digits.
std::string sha256_hex(std::string_view text);

} // namespace tt::gateway
