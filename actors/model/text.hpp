#pragma once

// Text as people count it.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tt {

/// Characters of a UTF-8 text (code points), as limits of lengths count them.
inline std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace tt
