#pragma once
/// What an expression is made of and what it gives: a number, a truth, a text, or nothing known ("missing").

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace tt::strategy {

enum class value_type : std::uint8_t { number, boolean, text };

constexpr std::string_view to_string(value_type type) {
  switch (type) {
  case value_type::number: return "a number";
  case value_type::boolean: return "a condition";
  default: return "a text";
  }
}

/// A value or missing. Numbers are finite: what is not is missing.
class value {
public:
  value() = default;
  static value missing() { return {}; }
  static value of(double number) { return std::isfinite(number) ? value{held{number}} : value{}; }
  static value of(bool truth) { return value{held{truth}}; }
  static value of(std::string text) { return value{held{std::move(text)}}; }
  static value of(const char* text) { return of(std::string(text)); }

  [[nodiscard]] bool is_missing() const { return held_.index() == 0; }
  [[nodiscard]] const double* number() const { return std::get_if<double>(&held_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&held_); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&held_); }
  /// Whether it is the truth "yes": what a condition needs to be met. Missing is not.
  [[nodiscard]] bool is_true() const { return boolean() && *boolean(); }

  bool operator==(const value&) const = default;

private:
  using held = std::variant<std::monostate, double, bool, std::string>;
  explicit value(held h) : held_(std::move(h)) {}
  held held_;
};

/// For people: "12.5", "true", "'uptrend'", "missing".
std::string to_string(const value& v);

} // namespace tt::strategy
