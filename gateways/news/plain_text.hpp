#pragma once

// Plain text out of what feeds put into titles and descriptions.

#include <cstddef>
#include <string>
#include <string_view>

namespace tt::gateway {

/// Without tags, scripts, styles and comments; entities of HTML become their characters; blanks and control characters become
/// one blank. At most `max_bytes`, cut between characters and marked with "…" where something was left out. Bytes that are no
/// UTF-8 are left out.
std::string plain_text(std::string_view html, std::size_t max_bytes);

} // namespace tt::gateway
