#pragma once

// Errors as values. Every fallible function of the project returns result<T>;
// exceptions come from third-party code only and are caught at the edge.

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tt {

/// What went wrong, in one word. The gateway maps each value to one HTTP status
/// (the figure behind each line); retrying helps only where it says so.
enum class errc : std::int16_t {
  success = 0,       ///< must be 0; never inside an error
  invalid_argument,  ///< a value can't be read or is not allowed; caller's fault (400)
  out_of_range,      ///< well-formed, but outside the stated limits (400)
  unsupported,       ///< well-formed, but this build or instrument can't do it (400)
  unknown_symbol,    ///< no instrument of that name (404)
  not_found,         ///< no such id, file or record (404)
  conflict,          ///< contradicts the current state or an earlier request (409)
  refused,           ///< refused by a rule that the message names (422)
  limit_exceeded,    ///< a named limit is full; retry later (429)
  not_available,     ///< a needed part is missing, down or not built yet; retry may help (503)
  io_error,          ///< the operating system refused a read or write (503)
  corrupt_data,      ///< bytes on disk or wire are not what they must be (500)
  timed_out,         ///< no answer within the deadline; outcome unknown (503)
  internal,          ///< our bug (500)
};

/// snake_case name of a code, for logs and `error_code` fields.
std::string_view to_string(errc code) noexcept;

/// An error with the sentence a person reads and, where one input is to blame,
/// the name of that field ("from", "feeds[0].path", "line 17").
struct error {
  errc code = errc::internal;
  std::string message;
  std::string field = {};

  bool operator==(const error&) const = default;
};

/// "message" or "field: message".
std::string to_string(const error& e);

/// Foreign text as an error message repeats it: at most 40 bytes of it, and `?` for
/// every byte that is not printable ASCII, so that no message can break a log line
/// or a JSON document.
std::string printable(std::string_view text);
/// The same in double quotes.
std::string in_quotes(std::string_view text);

/// A value or an error. Like std::expected (C++23), which gcc 12 and clang 14
/// don't offer in C++20 mode.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;

  result(T value) : data_(std::in_place_index<0>, std::move(value)) {}
  result(tt::error e) : data_(std::in_place_index<1>, std::move(e)) {}

  [[nodiscard]] bool has_value() const noexcept { return data_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Requires has_value().
  T& value() & { return (assert(has_value()), *std::get_if<0>(&data_)); }
  const T& value() const& { return (assert(has_value()), *std::get_if<0>(&data_)); }
  /// By value: a reference into a temporary would dangle in `for (auto x : *f())`.
  T value() && { return (assert(has_value()), std::move(*std::get_if<0>(&data_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Requires !has_value().
  [[nodiscard]] const tt::error& error() const& { return (assert(!has_value()), *std::get_if<1>(&data_)); }
  [[nodiscard]] tt::error error() && { return (assert(!has_value()), std::move(*std::get_if<1>(&data_))); }

  [[nodiscard]] T value_or(T fallback) const& { return has_value() ? value() : std::move(fallback); }

private:
  std::variant<T, tt::error> data_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] result<void> {
public:
  using value_type = void;

  result() = default;
  result(tt::error e) : error_(std::move(e)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] const tt::error& error() const { return (assert(error_), *error_); }

private:
  std::optional<tt::error> error_;
};

namespace detail {
[[noreturn]] void assertion_failed(const char* rule, const char* file, int line) noexcept;
}

} // namespace tt

/// Our own invariant, checked in release builds too: a broken one ends the
/// process before a wrong number can leave it.
#define TT_ASSERT(rule) \
  (static_cast<bool>(rule) ? static_cast<void>(0) : ::tt::detail::assertion_failed(#rule, __FILE__, __LINE__))
