#pragma once

// Values to MessagePack and back, by the same `fields(archive, value)` as byte_archive.hpp.
// A struct is an array of its members; how each kind of value is written: README.md.
// Private to the room.

#include "actors/execution/value_archive.hpp"

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>

#include <cstring>
#include <utility>

namespace tt::execution {

/// Deepest nesting of a body that is read.
inline constexpr std::size_t max_body_depth = 16;

/// How many members `fields` names.
class member_counter {
public:
  static constexpr bool reads = false;
  template <class... Ts>
  void operator()(const Ts&...) {
    count_ += sizeof...(Ts);
  }
  [[nodiscard]] std::uint32_t count() const { return count_; }

private:
  std::uint32_t count_ = 0;
};

/// Appends values to a string.
class pack_writer : public value_writer<pack_writer> {
public:
  explicit pack_writer(std::string& out) : sink_{out}, packer_(sink_) {}

private:
  friend value_writer<pack_writer>;
  struct sink {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
  };

  void choice(std::uint8_t v) { packer_.pack_uint8(v); }
  void flag(bool v) { v ? packer_.pack_true() : packer_.pack_false(); }
  void count(std::uint64_t v) { packer_.pack_uint64(v); }
  void text(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  void moment(std::int64_t ns) { packer_.pack_int64(ns); }
  void amount(decimal d) {
    const int128 units = d.raw();
    if (units >= std::numeric_limits<std::int64_t>::min() && units <= std::numeric_limits<std::int64_t>::max())
      packer_.pack_int64(static_cast<std::int64_t>(units));
    else {
      packer_.pack_bin(sizeof units);
      packer_.pack_bin_body(reinterpret_cast<const char*>(&units), sizeof units); // little-endian machines only, see record_codec.cpp
    }
  }
  template <class T>
  void members(T& v) {
    member_counter named;
    fields(named, v);
    packer_.pack_array(named.count());
    fields(*this, v);
  }
  template <class T>
  void maybe(const std::optional<T>& v) {
    if (v) put(*v);
    else packer_.pack_nil();
  }
  template <class T>
  void list(const std::vector<T>& items) {
    packer_.pack_array(static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) put(item);
  }
  template <class... Ts>
  void alternative(const std::variant<Ts...>& v) {
    packer_.pack_array(2);
    choice(static_cast<std::uint8_t>(v.index()));
    std::visit([this](const auto& x) { put(x); }, v);
  }

  sink sink_;
  msgpack::packer<sink> packer_;
};

/// Takes values from what msgpack-c has parsed. An array that has more or fewer members than `fields` names fails.
class pack_reader : public value_reader<pack_reader> {
public:
  /// `whole` lives as long as the reader.
  pack_reader(const msgpack::object& whole, std::uint8_t version) : value_reader(version), at_(&whole), end_(&whole + 1) {}
  [[nodiscard]] bool at_end() const { return at_ == end_; }

private:
  friend value_reader<pack_reader>;
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  const msgpack::object& next() {
    static const msgpack::object nothing;
    if (at_ == end_) return fail(), nothing;
    return *at_++;
  }
  static std::optional<std::int64_t> integer(const msgpack::object& o) {
    if (o.type == msgpack::type::NEGATIVE_INTEGER) return o.via.i64;
    if (o.type == msgpack::type::POSITIVE_INTEGER && o.via.u64 <= std::numeric_limits<std::int64_t>::max()) return static_cast<std::int64_t>(o.via.u64);
    return std::nullopt;
  }
  std::uint64_t choice() { return count(); }
  std::uint64_t count() {
    const auto& o = next();
    if (o.type != msgpack::type::POSITIVE_INTEGER) return fail(), 0;
    return o.via.u64;
  }
  bool flag() {
    const auto& o = next();
    if (o.type != msgpack::type::BOOLEAN) return fail(), false;
    return o.via.boolean;
  }
  std::string_view text() {
    const auto& o = next();
    if (o.type != msgpack::type::STR || o.via.str.size > max_text_bytes) return fail(), std::string_view{};
    return {o.via.str.ptr, o.via.str.size};
  }
  std::int64_t moment() {
    const auto ns = integer(next());
    if (!ns) fail();
    return ns.value_or(0);
  }
  decimal amount() {
    const auto& o = next();
    if (const auto units = integer(o)) return decimal::from_raw(*units);
    int128 units{};
    if (o.type != msgpack::type::BIN || o.via.bin.size != sizeof units) return fail(), decimal{};
    std::memcpy(&units, o.via.bin.ptr, sizeof units);
    return decimal::from_raw(units);
  }
  /// Reads within the array that comes next; all of it must be taken.
  template <class F>
  void within_array(F take) {
    const auto& o = next();
    if (o.type != msgpack::type::ARRAY) return fail();
    const auto* outer_at = std::exchange(at_, o.via.array.ptr);
    const auto* outer_end = std::exchange(end_, o.via.array.ptr + o.via.array.size);
    take(o.via.array.size);
    if (at_ != end_) failed_ = true;
    end_ = outer_end;
    at_ = failed_ ? outer_end : outer_at;
  }
  template <class T>
  void members(T& v) {
    within_array([&](std::uint32_t) { fields(*this, v); });
  }
  template <class T>
  void maybe(std::optional<T>& v) {
    if (at_ != end_ && at_->type == msgpack::type::NIL) static_cast<void>(next());
    else get(v.emplace());
  }
  template <class T>
  void list(std::vector<T>& items) {
    within_array([&](std::uint32_t size) {
      items.reserve(size);
      for (std::uint32_t i = 0; i < size && !failed_; ++i) get(items.emplace_back());
    });
  }
  template <class... Ts>
  void alternative(std::variant<Ts...>& v) {
    within_array([&](std::uint32_t) {
      const auto index = choice();
      if (index >= sizeof...(Ts)) return fail();
      emplace_at(v, static_cast<std::size_t>(index));
      std::visit([this](auto& x) { get(x); }, v);
    });
  }

  const msgpack::object* at_;
  const msgpack::object* end_;
};

} // namespace tt::execution
