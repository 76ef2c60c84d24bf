#pragma once

// The times that feeds write.

#include "actors/model/time.hpp"

#include <optional>
#include <string_view>

namespace tt::gateway {

/// "Thu, 15 Jan 2026 14:30:02 +0000" (RFC 822 and its followers, two-digit years and named zones included), or ISO 8601 with
/// its offset. Nothing where it is neither: a time without a zone could be any.
std::optional<utc_time> parse_feed_time(std::string_view text);

} // namespace tt::gateway
