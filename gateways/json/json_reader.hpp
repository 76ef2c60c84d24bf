#pragma once

// Reads JSON requests. Numbers stay text until somebody asks for a decimal, so
// 0.1 never passes through binary floating point.

#include "actors/model/decimal.hpp"
#include "actors/model/result.hpp"
#include "gateways/http/api_error.hpp"
#include "gateways/http/handler.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::gateway {

/// Deepest nesting and most values of one document.
inline constexpr std::size_t max_json_depth = 32;
inline constexpr std::size_t max_json_values = 50'000;

/// One JSON value. A number holds its text as sent.
class json_value {
public:
  enum class kind : std::uint8_t { null, boolean, number, string, array, object };
  struct member;

  [[nodiscard]] kind type() const { return type_; }
  /// Text of a string or number; "true"/"false" of a boolean.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::span<const json_value> items() const { return items_; }
  [[nodiscard]] std::span<const member> members() const;

  bool operator==(const json_value& other) const;

private:
  friend class json_builder;
  kind type_ = kind::null;
  std::string text_;
  std::vector<json_value> items_;
  std::vector<member> members_;
};

struct json_value::member {
  std::string name; ///< as sent
  json_value value;

  bool operator==(const member&) const = default;
};

/// Errors: invalid_argument (syntax, with byte offset), out_of_range (depth, size).
result<json_value> parse_json(std::string_view text);

/// Takes an object apart field by field, gathering every problem, so that one
/// answer names them all. Fields may be spelt in snake_case or camelCase.
class object_reader {
public:
  /// A value that isn't an object is a problem of its own.
  explicit object_reader(const json_value& value, std::vector<std::string> loc = {"body"});

  /// Whether absence is a problem.
  enum class need : std::uint8_t { optional, required };
  /// Text of 1..max_length bytes. `names` are aliases, the first one is reported.
  std::optional<std::string> string(std::initializer_list<std::string_view> names, need n, std::size_t max_length = 200);
  /// JSON number or numeric string.
  std::optional<decimal> number(std::initializer_list<std::string_view> names, need n);
  std::optional<bool> boolean(std::initializer_list<std::string_view> names, need n);
  /// Array of strings, at most max_items of them, each of 1..max_length bytes.
  std::optional<std::vector<std::string>> strings(std::initializer_list<std::string_view> names, need n,
                                                  std::size_t max_items, std::size_t max_length = 64);

  /// The value itself, for what has a shape of its own. Nothing when absent or null.
  const json_value* value(std::initializer_list<std::string_view> names, need n) { return find(names, n); }

  /// Takes over what was found in the object `field` of this one, under the path `field.name`: problems, and fields nobody asked for.
  void absorb(const object_reader& inner, std::string_view field);
  /// Adds a problem of one's own.
  void problem(std::string_view field, std::string msg, std::string type);
  /// How many problems were found so far.
  [[nodiscard]] std::size_t problems() const { return problems_.size(); }
  /// Names of fields nobody asked for.
  [[nodiscard]] std::vector<std::string> unknown() const;
  /// The gathered problems as one 400; unknown fields count under `refuse`.
  [[nodiscard]] std::optional<api_error> finish(unknown_fields strictness) const;

private:
  /// Nothing when absent or null.
  const json_value* find(std::initializer_list<std::string_view> names, need n);

  const json_value* object_ = nullptr;
  std::vector<std::string> loc_;
  std::vector<bool> used_;
  std::vector<field_error> problems_;
  std::vector<std::string> unknown_inside_; ///< of objects that were absorbed
};

} // namespace tt::gateway
