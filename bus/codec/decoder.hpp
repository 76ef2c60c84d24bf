// This header file defines the inspector that reads values from MessagePack:
// the counterpart of `encoder`, for bytes that come from outside.
//
// Bounded: nesting (`max_depth`), lengths (never more than the input holds) and
// memory (containers grow as elements are read; nothing is reserved on a
// length's word; all elements together take `limits::decoded_bytes` at most, and
// so a bounded time). A struct may end with fields that this version does not know;
// they are skipped, so version n reads n+1. With `added_later()` in the
// `inspect` function, n+1 reads n.
#pragma once

#include "bus/codec/cursor.hpp"
#include "bus/codec/traits.hpp"
#include "bus/limits.hpp"

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/node_id.hpp>

#include <iterator>
#include <limits>

namespace bus::codec {

class type_table;

/// Turns actor ids into handles: local actors, or proxies for remote ones.
class handle_reader {
public:
  virtual ~handle_reader() = default;

  /// `node` is empty when the actor lives on the node that sent the bytes. A null result with no error is
  /// an actor that no longer exists.
  virtual errc read_actor(caf::actor_id id, const caf::node_id& node, caf::strong_actor_ptr& out) = 0;
};

/// Where a decoder looks types and handles up; either may be null.
struct decoder_context {
  const type_table* types = nullptr;
  handle_reader* handles = nullptr;
};

class decoder {
public:
  using result_type = caf::error;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  decoder(std::string_view input, decoder_context context) noexcept : in_(input), context_(context) {}

  cursor& in() noexcept { return in_; }

  /// Memory that the elements read so far take, besides what their strings hold.
  size_t decoded() const noexcept { return decoded_; }

  /// Counts `n` elements of `size` bytes each that are about to be read.
  [[nodiscard]] errc charge(size_t n, size_t size) noexcept {
    decoded_ += n * size; // both are bounded: n by the input, `size` by a type
    return decoded_ > limits::decoded_bytes ? errc::too_long : errc::none;
  }

  /// Called by `inspect` functions: a struct with these fields.
  template <class... Ts>
  caf::error operator()(Ts&&... xs) {
    uint32_t size = 0;
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
    struct_state state{size, 0, false};
    caf::error result;
    (void)(field(xs, state, result) && ...);
    if (result) return result;
    for (; state.read < size; ++state.read)
      if (auto e = in_.skip(); e != errc::none) return make_error(e);
    in_.leave();
    (void)(run_load_callback(xs, result) && ...);
    return result;
  }

  /// Reads one value.
  template <class T>
  caf::error apply(T& x) {
    if constexpr (std::is_same_v<T, bool>) {
      return make_error(in_.read_bool(x));
    } else if constexpr (std::is_same_v<T, caf::atom_value>) {
      return atom(x);
    } else if constexpr (detail::is_atom_constant<T>::value) {
      return atom_constant(T::value);
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      if (auto err = apply(raw)) return err;
      x = static_cast<T>(raw);
      return {};
    } else if constexpr (std::is_integral_v<T>) {
      return integer(x);
    } else if constexpr (std::is_same_v<T, float>) {
      double wide = 0;
      if (auto e = in_.read_double(wide); e != errc::none) return make_error(e);
      x = static_cast<float>(wide);
      return {};
    } else if constexpr (std::is_same_v<T, double>) {
      return make_error(in_.read_double(x));
    } else if constexpr (std::is_same_v<T, std::string>) {
      std::string_view view;
      if (auto e = in_.read_str(view); e != errc::none) return make_error(e);
      x.assign(view);
      return {};
    } else if constexpr (std::is_same_v<T, caf::unit_t> || std::is_same_v<T, std::monostate>) {
      return make_error(in_.read_nil());
    } else if constexpr (detail::is_duration<T>::value) {
      return duration(x);
    } else if constexpr (detail::is_time_point<T>::value) {
      typename T::duration since_epoch{};
      if (auto err = duration(since_epoch)) return err;
      x = T{since_epoch};
      return {};
    } else if constexpr (detail::is_optional<T>::value) {
      return optional(x);
    } else if constexpr (detail::is_std_variant<T>::value || detail::is_caf_variant<T>::value) {
      return variant(x);
    } else if constexpr (detail::is_pair<T>::value) {
      return fixed(x.first, x.second);
    } else if constexpr (detail::is_tuple<T>::value) {
      return std::apply([this](auto&... ys) { return fixed(ys...); }, x);
    } else if constexpr (actor_like<T>) {
      return actor_handle(x);
    } else if constexpr (byte_sequence<T>) {
      return byte_string(x);
    } else if constexpr (map_like<T>) {
      return map(x);
    } else if constexpr (sequence_like<T>) {
      return sequence(x);
    } else if constexpr (detail::is_std_array<T>::value || std::is_array_v<T>) {
      return array(x);
    } else {
      static_assert(inspectable<decoder, T>, "this type has no inspect() function");
      return inspect(*this, x);
    }
  }

  caf::error apply(caf::node_id& x);
  caf::error apply(caf::error& x);
  caf::error apply(caf::message& x);

private:
  struct struct_state {
    uint32_t size;
    uint32_t read;
    bool rest_is_optional;
  };

  template <class T>
  bool field(T&& x, struct_state& state, caf::error& result) {
    using type = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<type, added_later_t>) {
      state.rest_is_optional = true;
    } else if constexpr (is_field<T>) {
      if (state.read < state.size) {
        result = apply(const_cast<type&>(x));
        ++state.read;
      } else if (!state.rest_is_optional) {
        result = make_error(errc::missing_field);
      }
    }
    return !result;
  }

  template <class T>
  static bool run_load_callback(T&& x, caf::error& result) {
    if constexpr (caf::meta::is_load_callback<std::remove_cvref_t<T>>::value) result = x.fun();
    return !result;
  }

  static constexpr size_t node_bytes = 48;    // of a tree, list or hash table, with the allocator's own
  static constexpr size_t handle_bytes = 256; // a handle may bring a proxy into being

  /// What an element of a container takes, by and large: `node_bytes` more where each is allocated by itself.
  template <class T>
  static constexpr size_t element_bytes = sizeof(typename T::value_type) + (requires(T& x) { x.capacity(); } ? 0 : node_bytes);

  caf::error atom(caf::atom_value& x);
  caf::error atom_constant(caf::atom_value expected);
  caf::error actor_pointer(caf::strong_actor_ptr& x);

  template <class T>
  caf::error integer(T& x) {
    if constexpr (std::is_signed_v<T>) {
      int64_t wide = 0;
      if (auto e = in_.read_int(wide); e != errc::none) return make_error(e);
      if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max())
        return make_error(errc::out_of_range);
      x = static_cast<T>(wide);
    } else {
      uint64_t wide = 0;
      if (auto e = in_.read_uint(wide); e != errc::none) return make_error(e);
      if (wide > std::numeric_limits<T>::max()) return make_error(errc::out_of_range);
      x = static_cast<T>(wide);
    }
    return {};
  }

  template <class T>
  caf::error duration(T& x) {
    int64_t nanos = 0;
    if (auto e = in_.read_int(nanos); e != errc::none) return make_error(e);
    x = std::chrono::duration_cast<T>(std::chrono::nanoseconds{nanos});
    return {};
  }

  template <class T>
  caf::error optional(T& x) {
    if (in_.next_is_nil()) {
      x = T{};
      return make_error(in_.read_nil());
    }
    std::remove_cvref_t<decltype(*x)> value{};
    if (auto err = apply(value)) return err;
    x = std::move(value);
    return {};
  }

  template <class... Ts>
  caf::error alternative(std::variant<Ts...>& x, uint64_t index) {
    return alternative_impl<std::variant<Ts...>, Ts...>(x, index, std::index_sequence_for<Ts...>{});
  }

  template <class... Ts>
  caf::error alternative(caf::variant<Ts...>& x, uint64_t index) {
    return alternative_impl<caf::variant<Ts...>, Ts...>(x, index, std::index_sequence_for<Ts...>{});
  }

  template <class Variant, class... Ts, size_t... Is>
  caf::error alternative_impl(Variant& x, uint64_t index, std::index_sequence<Is...>) {
    caf::error result = make_error(errc::out_of_range);
    (void)((index == Is ? (result = one_alternative<Is, Ts>(x), true) : false) || ...);
    return result;
  }

  template <size_t I, class T, class Variant>
  caf::error one_alternative(Variant& x) {
    T value{};
    if (auto err = apply(value)) return err;
    if constexpr (detail::is_std_variant<Variant>::value)
      x.template emplace<I>(std::move(value));
    else
      x = std::move(value);
    return {};
  }

  template <class T>
  caf::error variant(T& x) {
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    uint32_t size = 0;
    if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
    if (size != 2) return make_error(errc::type_mismatch);
    uint64_t index = 0;
    if (auto e = in_.read_uint(index); e != errc::none) return make_error(e);
    auto err = alternative(x, index);
    in_.leave();
    return err;
  }

  // Pairs and tuples: exactly as many elements.
  template <class... Ts>
  caf::error fixed(Ts&... xs) {
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    uint32_t size = 0;
    if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
    if (size != sizeof...(Ts)) return make_error(errc::type_mismatch);
    caf::error result;
    (void)((result = apply(xs), !result) && ...);
    in_.leave();
    return result;
  }

  template <class T>
  caf::error byte_string(T& x) {
    std::string_view view;
    if (auto e = in_.read_bin(view); e != errc::none) return make_error(e);
    const auto* first = reinterpret_cast<const typename T::value_type*>(view.data());
    x.assign(first, first + view.size());
    return {};
  }

  template <class T>
  caf::error map(T& xs) {
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    uint32_t size = 0;
    if (auto e = in_.read_map(size); e != errc::none) return make_error(e);
    if (auto e = charge(size, element_bytes<T>); e != errc::none) return make_error(e);
    xs.clear();
    for (uint32_t i = 0; i < size; ++i) {
      typename T::key_type key{};
      if (auto err = apply(key)) return err;
      typename T::mapped_type value{};
      if (auto err = apply(value)) return err;
      xs.insert_or_assign(std::move(key), std::move(value));
    }
    in_.leave();
    return {};
  }

  template <class T>
  caf::error sequence(T& xs) {
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    uint32_t size = 0;
    if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
    if (auto e = charge(size, element_bytes<T>); e != errc::none) return make_error(e);
    xs.clear();
    for (uint32_t i = 0; i < size; ++i) {
      typename T::value_type x{};
      if (auto err = apply(x)) return err;
      xs.insert(xs.end(), std::move(x));
    }
    in_.leave();
    return {};
  }

  template <class T>
  caf::error array(T& xs) {
    if (auto e = in_.enter(); e != errc::none) return make_error(e);
    uint32_t size = 0;
    if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
    if (size != std::size(xs)) return make_error(errc::type_mismatch);
    for (auto& x : xs)
      if (auto err = apply(x)) return err;
    in_.leave();
    return {};
  }

  template <class T>
  caf::error actor_handle(T& x) {
    caf::strong_actor_ptr ptr;
    if (auto err = actor_pointer(ptr)) return err;
    if constexpr (std::is_same_v<T, caf::weak_actor_ptr>)
      x.reset(ptr.get());
    else
      x = caf::actor_cast<T>(ptr);
    return {};
  }

  cursor in_;
  decoder_context context_;
  size_t decoded_ = 0;
};

/// Reads [type name, value, ...] into `out`, appending a typed value per element.
caf::error decode_elements(decoder& f, const type_table& types, uint32_t size, caf::message& out);

} // namespace bus::codec
