#pragma once

// Values to plain bytes and back: snapshots of folds over the journal (the account's book, and those
// that follow it in other rooms), and journal records of schema version 1. One `fields(archive, value)`
// per struct names its members in order; writer and reader both go through it, so they can't differ.
// The layout of every kind of value is listed in README.md.

#include "actors/model/fill.hpp"

#include <algorithm>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

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

/// Makes the alternative of that index; the index is one of them.
template <std::size_t I = 0, class... Ts>
void emplace_at(std::variant<Ts...>& v, std::size_t index) {
  if constexpr (I < sizeof...(Ts)) {
    if (I == index) v.template emplace<I>();
    else emplace_at<I + 1>(v, index);
  }
}

/// Appends values to a string.
class byte_writer {
public:
  static constexpr bool reads = false;
  explicit byte_writer(std::string& out) : out_(out) {}

  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }
  template <class T>
  void vector(const std::vector<T>& items) {
    put_varint(items.size());
    for (const auto& item : items) put(item);
  }

private:
  void put_varint(std::uint64_t v) {
    char buffer[10];
    std::size_t n = 0;
    for (; v >= 0x80; v >>= 7) buffer[n++] = static_cast<char>(v | 0x80);
    buffer[n++] = static_cast<char>(v);
    out_.append(buffer, n);
  }
  void put_text(std::string_view text) {
    put_varint(text.size());
    out_.append(text);
  }
  template <class T>
  void put(const T& v) {
    if constexpr (named_enum<T>) out_ += static_cast<char>(v);
    else if constexpr (counting_enum<T>) put_varint(static_cast<std::uint64_t>(v));
    else if constexpr (std::same_as<T, bool>) out_ += static_cast<char>(v ? 1 : 0);
    else if constexpr (std::unsigned_integral<T>) put_varint(v);
    else if constexpr (std::same_as<T, std::string>) put_text(v);
    else if constexpr (is_text_id<T>::value || std::same_as<T, intent_key>) put_text(v.str());
    else if constexpr (std::same_as<T, utc_time>) put_plain(static_cast<std::int64_t>(v.time_since_epoch().count()));
    else if constexpr (std::same_as<T, decimal>) put_decimal(v);
    else if constexpr (is_measured<T>::value) put_decimal(v.value());
    else fields(*this, const_cast<T&>(v)); // the writer only reads
  }
  template <class T>
  void put(const std::optional<T>& v) {
    out_ += static_cast<char>(v ? 1 : 0);
    if (v) put(*v);
  }
  template <class T>
  void put(const std::vector<T>& v) {
    vector(v);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& v) {
    out_ += static_cast<char>(v.index());
    std::visit([this](const auto& x) { put(x); }, v);
  }
  void put_decimal(decimal d) { put_plain(static_cast<int128>(d.raw())); }
  template <class Plain>
  void put_plain(Plain value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value); // little-endian machines only, see record_codec.cpp
  }

  std::string& out_;
};

/// Takes values from bytes. The first thing that is not what it must be makes it
/// fail; from then on it yields nothing.
class byte_reader {
public:
  static constexpr bool reads = true;
  byte_reader(std::string_view bytes, std::uint8_t version) : at_(bytes.data()), end_(bytes.data() + bytes.size()), version_(version) {}

  /// Schema version of the record: fields that came later ask it.
  [[nodiscard]] std::uint8_t version() const { return version_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }
  template <class T>
  void vector(std::vector<T>& items) {
    const auto count = varint();
    if (count > left()) return fail(); // each item takes a byte at least
    items.clear();
    items.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count && !failed_; ++i) get(items.emplace_back());
  }

private:
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  std::uint8_t byte() {
    if (at_ == end_) return fail(), std::uint8_t{0};
    return static_cast<std::uint8_t>(*at_++);
  }
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto b = byte();
      out |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if ((b & 0x80) == 0) return shift == 63 && b > 1 ? (fail(), 0) : out;
    }
    return fail(), 0;
  }
  std::string_view text() {
    const auto size = varint();
    if (size > left() || size > max_text_bytes) return fail(), std::string_view{};
    const std::string_view out{at_, static_cast<std::size_t>(size)};
    at_ += size;
    return out;
  }
  template <class Plain>
  Plain plain() {
    Plain out{};
    if (left() < sizeof out) return fail(), out;
    std::memcpy(&out, at_, sizeof out);
    at_ += sizeof out;
    return out;
  }
  template <class T>
  void get(T& v) {
    if constexpr (named_enum<T>) {
      const auto b = byte();
      if (b >= enum_count<T>) return fail();
      v = static_cast<T>(b);
    } else if constexpr (counting_enum<T>) v = static_cast<T>(varint());
    else if constexpr (std::same_as<T, bool>) {
      const auto b = byte();
      if (b > 1) return fail();
      v = b == 1;
    } else if constexpr (std::unsigned_integral<T>) {
      const auto n = varint();
      if (n > std::numeric_limits<T>::max()) return fail();
      v = static_cast<T>(n);
    } else if constexpr (std::same_as<T, std::string>) v = text();
    else if constexpr (is_text_id<T>::value) v = T{std::string(text())};
    else if constexpr (std::same_as<T, intent_key>) get_key(v);
    else if constexpr (std::same_as<T, utc_time>) v = utc_time{nanoseconds{plain<std::int64_t>()}};
    else if constexpr (std::same_as<T, decimal>) v = decimal::from_raw(plain<int128>());
    else if constexpr (is_measured<T>::value) v = T{decimal::from_raw(plain<int128>())};
    else fields(*this, v);
  }
  void get_key(intent_key& v) {
    const auto t = text();
    if (t.empty()) return;
    auto key = intent_key::parse(t);
    if (!key) return fail();
    v = std::move(*key);
  }
  template <class T>
  void get(std::optional<T>& v) {
    const auto b = byte();
    if (b > 1) return fail();
    v.reset();
    if (b == 1) get(v.emplace());
  }
  template <class T>
  void get(std::vector<T>& v) {
    vector(v);
  }
  template <class... Ts>
  void get(std::variant<Ts...>& v) {
    const auto index = byte();
    if (index >= sizeof...(Ts)) return fail();
    emplace_at(v, index);
    std::visit([this](auto& x) { get(x); }, v);
  }

  const char* at_;
  const char* end_;
  std::uint8_t version_;
  bool failed_ = false;
};

/// A map as its size and its pairs in the order of the keys, so that equal states give equal bytes.
template <class A, class Map>
void archive_map(A& a, Map& map) {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  if constexpr (A::reads) {
    std::uint64_t count = 0;
    a(count);
    map.clear();
    for (std::uint64_t i = 0; i < count && !a.failed(); ++i) {
      key_type key{};
      mapped_type value{};
      a(key, value);
      map.emplace(std::move(key), std::move(value));
    }
  } else {
    std::vector<key_type> keys;
    keys.reserve(map.size());
    for (const auto& [key, value] : map) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    a(static_cast<std::uint64_t>(keys.size()));
    for (const auto& key : keys) a(key, map.at(key));
  }
}

/// A deque or vector as its size and its items.
template <class A, class List>
void archive_list(A& a, List& list) {
  auto count = static_cast<std::uint64_t>(list.size());
  a(count);
  if constexpr (A::reads) {
    list.clear();
    for (std::uint64_t i = 0; i < count && !a.failed(); ++i) a(list.emplace_back());
  } else
    for (auto& item : list) a(item);
}

} // namespace tt::execution
