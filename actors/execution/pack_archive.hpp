#pragma once

// Values to MessagePack and back, by the same `fields(archive, value)` as byte_archive.hpp.
// A struct is an array of its members; how each kind of value is written: README.md.
// Private to the room.

#include "actors/execution/byte_archive.hpp"

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>

#include <limits>

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
class pack_writer {
public:
  static constexpr bool reads = false;
  explicit pack_writer(std::string& out) : sink_{out}, packer_(sink_) {}

  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }

private:
  struct sink {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
  };

  void put_text(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  template <class T>
  void put(const T& v) {
    if constexpr (named_enum<T>) packer_.pack_uint8(static_cast<std::uint8_t>(v));
    else if constexpr (counting_enum<T>) packer_.pack_uint64(static_cast<std::uint64_t>(v));
    else if constexpr (std::same_as<T, bool>) v ? packer_.pack_true() : packer_.pack_false();
    else if constexpr (std::unsigned_integral<T>) packer_.pack_uint64(v);
    else if constexpr (std::same_as<T, std::string>) put_text(v);
    else if constexpr (is_text_id<T>::value || std::same_as<T, intent_key>) put_text(v.str());
    else if constexpr (std::same_as<T, utc_time>) packer_.pack_int64(v.time_since_epoch().count());
    else if constexpr (std::same_as<T, decimal>) put_decimal(v);
    else if constexpr (is_measured<T>::value) put_decimal(v.value());
    else put_members(const_cast<T&>(v)); // the writer only reads
  }
  template <class T>
  void put_members(T& v) {
    member_counter members;
    fields(members, v);
    packer_.pack_array(members.count());
    fields(*this, v);
  }
  template <class T>
  void put(const std::optional<T>& v) {
    if (v) put(*v);
    else packer_.pack_nil();
  }
  template <class T>
  void put(const std::vector<T>& items) {
    packer_.pack_array(static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) put(item);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& v) {
    packer_.pack_array(2);
    packer_.pack_uint8(static_cast<std::uint8_t>(v.index()));
    std::visit([this](const auto& x) { put(x); }, v);
  }
  void put_decimal(decimal d) {
    const int128 units = d.raw();
    if (units >= std::numeric_limits<std::int64_t>::min() && units <= std::numeric_limits<std::int64_t>::max())
      packer_.pack_int64(static_cast<std::int64_t>(units));
    else {
      packer_.pack_bin(sizeof units);
      packer_.pack_bin_body(reinterpret_cast<const char*>(&units), sizeof units); // little-endian machines only, see record_codec.cpp
    }
  }

  sink sink_;
  msgpack::packer<sink> packer_;
};

/// Takes values from what msgpack-c has parsed. The first thing that is not what it must be makes it
/// fail; from then on it yields nothing. An array that has more or fewer members than `fields` names fails.
class pack_reader {
public:
  static constexpr bool reads = true;
  /// `whole` lives as long as the reader.
  pack_reader(const msgpack::object& whole, std::uint8_t version) : at_(&whole), end_(&whole + 1), version_(version) {}

  /// Schema version of the record: fields that came later ask it.
  [[nodiscard]] std::uint8_t version() const { return version_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }

private:
  void fail() {
    failed_ = true;
    at_ = end_;
  }
  const msgpack::object& next() {
    static const msgpack::object nothing;
    if (at_ == end_) return fail(), nothing;
    return *at_++;
  }
  std::uint64_t number() {
    const auto& o = next();
    if (o.type != msgpack::type::POSITIVE_INTEGER) return fail(), 0;
    return o.via.u64;
  }
  static std::optional<std::int64_t> integer(const msgpack::object& o) {
    if (o.type == msgpack::type::NEGATIVE_INTEGER) return o.via.i64;
    if (o.type == msgpack::type::POSITIVE_INTEGER && o.via.u64 <= std::numeric_limits<std::int64_t>::max()) return static_cast<std::int64_t>(o.via.u64);
    return std::nullopt;
  }
  std::string_view text() {
    const auto& o = next();
    if (o.type != msgpack::type::STR || o.via.str.size > max_text_bytes) return fail(), std::string_view{};
    return {o.via.str.ptr, o.via.str.size};
  }
  decimal number_with_places() {
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
  void get(T& v) {
    if constexpr (named_enum<T>) {
      const auto n = number();
      if (n >= enum_count<T>) return fail();
      v = static_cast<T>(n);
    } else if constexpr (counting_enum<T>) v = static_cast<T>(number());
    else if constexpr (std::same_as<T, bool>) {
      const auto& o = next();
      if (o.type != msgpack::type::BOOLEAN) return fail();
      v = o.via.boolean;
    } else if constexpr (std::unsigned_integral<T>) {
      const auto n = number();
      if (n > std::numeric_limits<T>::max()) return fail();
      v = static_cast<T>(n);
    } else if constexpr (std::same_as<T, std::string>) v = text();
    else if constexpr (is_text_id<T>::value) v = T{std::string(text())};
    else if constexpr (std::same_as<T, intent_key>) get_key(v);
    else if constexpr (std::same_as<T, utc_time>) {
      const auto ns = integer(next());
      if (!ns) return fail();
      v = utc_time{nanoseconds{*ns}};
    } else if constexpr (std::same_as<T, decimal>) v = number_with_places();
    else if constexpr (is_measured<T>::value) v = T{number_with_places()};
    else within_array([&](std::uint32_t) { fields(*this, v); });
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
    v.reset();
    if (at_ != end_ && at_->type == msgpack::type::NIL) static_cast<void>(next());
    else get(v.emplace());
  }
  template <class T>
  void get(std::vector<T>& items) {
    items.clear();
    within_array([&](std::uint32_t size) {
      items.reserve(size);
      for (std::uint32_t i = 0; i < size && !failed_; ++i) get(items.emplace_back());
    });
  }
  template <class... Ts>
  void get(std::variant<Ts...>& v) {
    within_array([&](std::uint32_t) {
      const auto index = number();
      if (index >= sizeof...(Ts)) return fail();
      emplace_at(v, static_cast<std::size_t>(index));
      std::visit([this](auto& x) { get(x); }, v);
    });
  }

  const msgpack::object* at_;
  const msgpack::object* end_;
  std::uint8_t version_;
  bool failed_ = false;
};

} // namespace tt::execution
