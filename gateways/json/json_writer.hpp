#pragma once

// Writes JSON text as the API wants it: decimals as plain text, times as ISO-8601,
// and the two options that a client may choose, in this one place: numbers as
// strings, and camelCase field names.

#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace tt::gateway {

/// How decimals are written: 1.5 or "1.5".
enum class number_style : std::uint8_t { plain, string };
/// How field names are written: buying_power or buyingPower.
enum class field_case : std::uint8_t { snake, camel };

/// What a client asked for in `numbers` and `case`.
struct json_style {
  number_style numbers = number_style::plain;
  field_case names = field_case::snake;

  bool operator==(const json_style&) const = default;
};

/// "day_pnl" → "dayPnL": the one conversion of field names on output.
std::string to_camel_case(std::string_view snake);
/// "dayPnL" → "day_pnl": its inverse, for requests. Names that are snake_case
/// already come back unchanged.
std::string to_snake_case(std::string_view camel);

/// Appends JSON to one string. Commas are placed by the writer; the caller keeps
/// begin and end in balance.
class json_writer {
public:
  explicit json_writer(json_style style = {}) : style_(style) { out_.reserve(256); }

  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  /// A field name in snake_case, written in the style's case.
  json_writer& key(std::string_view snake_name);
  /// A field name written as it is (UDF, maps with free keys).
  json_writer& raw_key(std::string_view name);

  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  json_writer& value(const std::string& text) { return value(std::string_view{text}); }
  json_writer& value(decimal number);
  template <class Tag>
  json_writer& value(measured<Tag> number) {
    return value(number.value());
  }
  template <std::same_as<bool> B>
  json_writer& value(B flag) {
    return literal(flag ? "true" : "false");
  }
  template <std::integral I>
    requires(!std::same_as<I, bool> && !std::same_as<I, char>)
  json_writer& value(I number) {
    if constexpr (std::is_signed_v<I>) return integer(static_cast<std::int64_t>(number));
    else return unsigned_integer(static_cast<std::uint64_t>(number));
  }
  template <class T>
  json_writer& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  /// ISO-8601 UTC with milliseconds.
  json_writer& value(utc_time t) { return value(std::string_view{to_iso8601(t)}); }
  /// A statistic, 10 significant digits; NaN and infinity become null.
  json_writer& statistic(double number);
  json_writer& null() { return literal("null"); }
  /// Text that is JSON already.
  json_writer& raw(std::string_view json) { return literal(json); }

  /// key(name) and value(v).
  template <class T>
  json_writer& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// As field, but writes nothing when there is no value.
  template <class T>
  json_writer& optional_field(std::string_view name, const std::optional<T>& v) {
    return v ? field(name, *v) : *this;
  }

  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }
  [[nodiscard]] json_style style() const { return style_; }

private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  json_writer& literal(std::string_view text);
  json_writer& integer(std::int64_t number);
  json_writer& unsigned_integer(std::uint64_t number);
  void separate();

  std::string out_;
  json_style style_;
  bool needs_comma_ = false;
};

/// Appends `text` as a quoted JSON string; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace tt::gateway
