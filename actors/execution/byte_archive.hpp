#pragma once

// Values to plain bytes and back: snapshots of folds over the journal (the account's book, and those
// that follow it in other rooms), and journal records of schema version 1. One `fields(archive, value)`
// per struct names its members in order; writer and reader both go through it, so they can't differ.
// The layout of every kind of value is listed in README.md.

#include "actors/execution/value_archive.hpp"

#include <algorithm>
#include <cstring>

namespace tt::execution {

/// Appends values to a string.
class byte_writer : public value_writer<byte_writer> {
public:
  explicit byte_writer(std::string& out) : out_(out) {}

private:
  friend value_writer<byte_writer>;
  void choice(std::uint8_t v) { out_ += static_cast<char>(v); }
  void flag(bool v) { choice(v ? 1 : 0); }
  void count(std::uint64_t v) {
    char buffer[10];
    std::size_t n = 0;
    for (; v >= 0x80; v >>= 7) buffer[n++] = static_cast<char>(v | 0x80);
    buffer[n++] = static_cast<char>(v);
    out_.append(buffer, n);
  }
  void text(std::string_view text) {
    count(text.size());
    out_.append(text);
  }
  void moment(std::int64_t ns) { plain(ns); }
  void amount(decimal d) { plain(static_cast<int128>(d.raw())); }
  template <class Plain>
  void plain(Plain value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value); // little-endian machines only, see record_codec.cpp
  }
  template <class T>
  void members(T& v) {
    fields(*this, v);
  }
  template <class T>
  void maybe(const std::optional<T>& v) {
    flag(v.has_value());
    if (v) put(*v);
  }
  template <class T>
  void list(const std::vector<T>& items) {
    count(items.size());
    for (const auto& item : items) put(item);
  }
  template <class... Ts>
  void alternative(const std::variant<Ts...>& v) {
    choice(static_cast<std::uint8_t>(v.index()));
    std::visit([this](const auto& x) { put(x); }, v);
  }

  std::string& out_;
};

/// Takes values from bytes.
class byte_reader : public value_reader<byte_reader> {
public:
  byte_reader(std::string_view bytes, std::uint8_t version) : value_reader(version), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  [[nodiscard]] bool at_end() const { return at_ == end_; }

private:
  friend value_reader<byte_reader>;
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  std::uint8_t choice() {
    if (at_ == end_) return fail(), std::uint8_t{0};
    return static_cast<std::uint8_t>(*at_++);
  }
  bool flag() {
    const auto b = choice();
    if (b > 1) fail();
    return b == 1;
  }
  std::uint64_t count() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto b = choice();
      out |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if ((b & 0x80) == 0) return shift == 63 && b > 1 ? (fail(), 0) : out;
    }
    return fail(), 0;
  }
  std::string_view text() {
    const auto size = count();
    if (size > left() || size > max_text_bytes) return fail(), std::string_view{};
    const std::string_view out{at_, static_cast<std::size_t>(size)};
    at_ += size;
    return out;
  }
  std::int64_t moment() { return plain<std::int64_t>(); }
  decimal amount() { return decimal::from_raw(plain<int128>()); }
  template <class Plain>
  Plain plain() {
    Plain out{};
    if (left() < sizeof out) return fail(), out;
    std::memcpy(&out, at_, sizeof out);
    at_ += sizeof out;
    return out;
  }
  template <class T>
  void members(T& v) {
    fields(*this, v);
  }
  template <class T>
  void maybe(std::optional<T>& v) {
    if (flag()) get(v.emplace());
  }
  template <class T>
  void list(std::vector<T>& items) {
    const auto size = count();
    if (size > left()) return fail(); // each item takes a byte at least
    items.reserve(static_cast<std::size_t>(size));
    for (std::uint64_t i = 0; i < size && !failed_; ++i) get(items.emplace_back());
  }
  template <class... Ts>
  void alternative(std::variant<Ts...>& v) {
    const auto index = choice();
    if (index >= sizeof...(Ts)) return fail();
    emplace_at(v, index);
    std::visit([this](auto& x) { get(x); }, v);
  }

  const char* at_;
  const char* end_;
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
