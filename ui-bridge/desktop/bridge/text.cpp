#include "ui-bridge/desktop/bridge/text.hpp"

#include <algorithm>

namespace tt::desktop {

namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

} // namespace

bool has_control_characters(std::string_view text, line_breaks breaks) {
  return std::any_of(text.begin(), text.end(), [breaks](char c) {
    if (breaks == line_breaks::allowed && (c == '\n' || c == '\t')) return false;
    return (c >= 0 && c < 0x20) || c == 0x7f;
  });
}

std::size_t nesting_of(std::string_view json_text) {
  std::size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json_text.size(); ++i) {
    const char c = json_text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

result<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return error{errc::invalid_argument, "is not base64: its length is no multiple of 4"};
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    const int padding = !is_last ? 0 : (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=');
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool is_padding = k >= 4U - static_cast<unsigned>(padding);
      const int value = is_padding ? 0 : base64_value(text[i + k]);
      if (value < 0) return error{errc::invalid_argument, "is not base64"};
      bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    for (int k = 0; k < 3 - padding; ++k) out += static_cast<char>(bits >> (16 - 8 * k) & 0xff);
  }
  return out;
}

} // namespace tt::desktop
