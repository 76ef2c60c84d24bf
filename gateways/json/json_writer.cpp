#include "gateways/json/json_writer.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace tt::gateway {

namespace {

/// Length of the valid UTF-8 sequence at the front of `text`, 0 when invalid
/// (overlong forms, surrogates and values above U+10FFFF included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return length;
}

void append_escaped_control(std::string& out, char c) {
  switch (c) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  out += buffer;
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') {
      append_escaped_control(out, c);
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  out += '"';
}

std::string to_camel_case(std::string_view snake) {
  std::string out;
  out.reserve(snake.size());
  for (std::size_t i = 0; i < snake.size(); ++i) {
    if (snake[i] != '_' || i == 0 || i + 1 == snake.size()) {
      out += snake[i];
      continue;
    }
    const std::string_view rest = snake.substr(i + 1);
    if (rest == "pnl") return out + "PnL"; // the API's own spelling of this suffix
    const char next = rest.front();
    out += next >= 'a' && next <= 'z' ? static_cast<char>(next - 'a' + 'A') : next;
    ++i;
  }
  return out;
}

std::string to_snake_case(std::string_view camel) {
  std::string out;
  out.reserve(camel.size() + 4);
  for (std::size_t i = 0; i < camel.size(); ++i) {
    if (camel.substr(i) == "PnL" && i > 0) return out + "_pnl";
    const char c = camel[i];
    if (c >= 'A' && c <= 'Z' && i > 0) {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

void json_writer::separate() {
  if (needs_comma_) out_ += ',';
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_ += bracket;
  needs_comma_ = false;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  out_ += bracket;
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::key(std::string_view snake_name) {
  if (style_.names == field_case::snake) return raw_key(snake_name);
  return raw_key(to_camel_case(snake_name));
}

json_writer& json_writer::raw_key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::value(decimal number) {
  char buffer[decimal::max_chars + 2];
  char* begin = buffer + 1;
  char* end = number.to_chars(begin);
  if (style_.numbers == number_style::string) {
    *--begin = '"';
    *end++ = '"';
  }
  return literal({begin, static_cast<std::size_t>(end - begin)});
}

json_writer& json_writer::statistic(double number) {
  if (!std::isfinite(number)) return null();
  char buffer[400];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, 10);
  std::string_view text{buffer, static_cast<std::size_t>(end - buffer)};
  if (text.find('e') != std::string_view::npos) {
    const int length = std::snprintf(buffer, sizeof buffer, "%.10f", number);
    text = {buffer, static_cast<std::size_t>(length)};
  }
  return literal(text);
}

json_writer& json_writer::literal(std::string_view text) {
  separate();
  out_.append(text);
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::integer(std::int64_t number) {
  char buffer[24];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return literal({buffer, static_cast<std::size_t>(end - buffer)});
}

json_writer& json_writer::unsigned_integer(std::uint64_t number) {
  char buffer[24];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return literal({buffer, static_cast<std::size_t>(end - buffer)});
}

} // namespace tt::gateway
