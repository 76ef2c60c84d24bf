#pragma once

// Checks of foreign text.

#include "actors/model/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tt::desktop {

enum class line_breaks : std::uint8_t { allowed, refused };

/// Whether the text holds a byte below 0x20 or 0x7f; line feed and tab are fine where line breaks are.
bool has_control_characters(std::string_view text, line_breaks breaks);

/// How deeply arrays and objects of a JSON text are nested, brackets in strings
/// not counted. Of text that is not JSON: some number.
std::size_t nesting_of(std::string_view json_text);

/// RFC 4648 with padding. Errors: invalid_argument (a foreign character, a wrong length).
result<std::string> decode_base64(std::string_view text);

} // namespace tt::desktop
