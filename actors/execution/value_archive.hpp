#pragma once

// What archives of journalled values share: which kinds of values there are. How each kind looks as bytes
// is the archive's own: byte_archive.hpp, pack_archive.hpp.

#include "actors/model/fill.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace tt::execution {

/// Longest text of one field, in bytes.
inline constexpr std::size_t max_text_bytes = 1024 * 1024;

template <class T>
struct is_measured : std::false_type {};
template <class Tag>
struct is_measured<measured<Tag>> : std::true_type {};
template <class T>
struct is_text_id : std::false_type {};
template <class Tag>
struct is_text_id<text_id<Tag>> : std::true_type {};

/// An enum that is a number, not a choice: order_number, journal_offset, lease_epoch.
template <class T>
concept counting_enum = std::is_enum_v<T> && !named_enum<T> && std::same_as<std::underlying_type_t<T>, std::uint64_t>;

/// Whether the archive has what came with that schema version: writers have everything.
template <class A>
bool since([[maybe_unused]] const A& a, [[maybe_unused]] std::uint8_t version) {
  if constexpr (A::reads) return a.version() >= version;
  else return true;
}

/// Makes the alternative of that index; the index is one of them.
template <std::size_t I = 0, class... Ts>
void emplace_at(std::variant<Ts...>& v, std::size_t index) {
  if constexpr (I < sizeof...(Ts)) {
    if (I == index) v.template emplace<I>();
    else emplace_at<I + 1>(v, index);
  }
}

/// Hands values to `Self` by their kind: choice, count, flag, text, moment, amount, members (a struct), maybe, list, alternative.
template <class Self>
class value_writer {
public:
  static constexpr bool reads = false;
  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }

protected:
  template <class T>
  void put(const T& v) {
    if constexpr (named_enum<T>) self().choice(static_cast<std::uint8_t>(v));
    else if constexpr (counting_enum<T>) self().count(static_cast<std::uint64_t>(v));
    else if constexpr (std::same_as<T, bool>) self().flag(v);
    else if constexpr (std::unsigned_integral<T>) self().count(v);
    else if constexpr (std::same_as<T, std::string>) self().text(v);
    else if constexpr (is_text_id<T>::value || std::same_as<T, intent_key>) self().text(v.str());
    else if constexpr (std::same_as<T, utc_time>) self().moment(static_cast<std::int64_t>(v.time_since_epoch().count()));
    else if constexpr (std::same_as<T, decimal>) self().amount(v);
    else if constexpr (is_measured<T>::value) self().amount(v.value());
    else self().members(const_cast<T&>(v)); // the writer only reads
  }
  template <class T>
  void put(const std::optional<T>& v) {
    self().maybe(v);
  }
  template <class T>
  void put(const std::vector<T>& v) {
    self().list(v);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& v) {
    self().alternative(v);
  }

private:
  Self& self() { return static_cast<Self&>(*this); }
};

/// Takes values from `Self` by their kind, and checks what no kind of bytes can say: that a choice is one of those there are, that
/// a number fits. The first thing that is not what it must be makes it fail; from then on it yields nothing.
template <class Self>
class value_reader {
public:
  static constexpr bool reads = true;
  explicit value_reader(std::uint8_t version) : version_(version) {}

  /// Schema version of the record: fields that came later ask it.
  [[nodiscard]] std::uint8_t version() const { return version_; }
  [[nodiscard]] bool failed() const { return failed_; }

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }

protected:
  template <class T>
  void get(T& v) {
    if constexpr (named_enum<T>) {
      const std::uint64_t n = self().choice();
      if (n >= enum_count<T>) return self().fail();
      v = static_cast<T>(n);
    } else if constexpr (counting_enum<T>) v = static_cast<T>(self().count());
    else if constexpr (std::same_as<T, bool>) v = self().flag();
    else if constexpr (std::unsigned_integral<T>) {
      const std::uint64_t n = self().count();
      if (n > std::numeric_limits<T>::max()) return self().fail();
      v = static_cast<T>(n);
    } else if constexpr (std::same_as<T, std::string>) v = self().text();
    else if constexpr (is_text_id<T>::value) v = T{std::string(self().text())};
    else if constexpr (std::same_as<T, intent_key>) get_key(v);
    else if constexpr (std::same_as<T, utc_time>) v = utc_time{nanoseconds{self().moment()}};
    else if constexpr (std::same_as<T, decimal>) v = self().amount();
    else if constexpr (is_measured<T>::value) v = T{self().amount()};
    else self().members(v);
  }
  template <class T>
  void get(std::optional<T>& v) {
    v.reset();
    self().maybe(v);
  }
  template <class T>
  void get(std::vector<T>& v) {
    v.clear();
    self().list(v);
  }
  template <class... Ts>
  void get(std::variant<Ts...>& v) {
    self().alternative(v);
  }

  bool failed_ = false;

private:
  Self& self() { return static_cast<Self&>(*this); }
  void get_key(intent_key& v) {
    const std::string_view t = self().text();
    if (t.empty()) return;
    auto key = intent_key::parse(t);
    if (!key) return self().fail();
    v = std::move(*key);
  }

  std::uint8_t version_;
};

} // namespace tt::execution
