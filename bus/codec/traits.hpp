// This header file defines how a C++ type is sorted into a wire form, shared by
// the encoder and the decoder so that both always agree.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>
#include <caf/fwd.hpp>
#include <caf/is_typed_actor.hpp>
#include <caf/meta/annotation.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/save_callback.hpp>
#include <caf/optional.hpp>
#include <caf/unit.hpp>
#include <caf/variant.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace bus::codec {

/// An annotation for `inspect` functions: fields after it were added to the type later and may be missing in
/// a message of an older node, where they keep their default.
///
/// ~~~
/// template <class I> auto inspect(I& f, quote& x) {
///   return f(caf::meta::type_name("quote"), x.bid, x.ask, bus::codec::added_later(), x.venue);
/// }
/// ~~~
struct added_later_t : caf::meta::annotation {};
constexpr added_later_t added_later() {
  return {};
}

namespace detail {

template <class T>
struct is_pair : std::false_type {};
template <class A, class B>
struct is_pair<std::pair<A, B>> : std::true_type {};

template <class T>
struct is_tuple : std::false_type {};
template <class... Ts>
struct is_tuple<std::tuple<Ts...>> : std::true_type {};

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_optional<caf::optional<T>> : std::true_type {};

template <class T>
struct is_std_variant : std::false_type {};
template <class... Ts>
struct is_std_variant<std::variant<Ts...>> : std::true_type {};

template <class T>
struct is_caf_variant : std::false_type {};
template <class... Ts>
struct is_caf_variant<caf::variant<Ts...>> : std::true_type {};

template <class T>
struct is_duration : std::false_type {};
template <class Rep, class Period>
struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};

template <class T>
struct is_time_point : std::false_type {};
template <class Clock, class Duration>
struct is_time_point<std::chrono::time_point<Clock, Duration>> : std::true_type {};

template <class T>
struct is_std_array : std::false_type {};
template <class T, size_t N>
struct is_std_array<std::array<T, N>> : std::true_type {};

template <class T>
struct is_atom_constant : std::false_type {};
template <caf::atom_value V>
struct is_atom_constant<caf::atom_constant<V>> : std::true_type {};

template <class T>
concept byte_like = std::is_same_v<T, char> || std::is_same_v<T, signed char> ||
    std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

} // namespace detail

template <class T>
concept map_like = requires {
  typename T::key_type;
  typename T::mapped_type;
};

template <class T>
concept sequence_like = !map_like<T> && !detail::is_std_array<T>::value && requires(T & x) {
  typename T::value_type;
  x.begin();
  x.end();
  x.size();
  x.clear();
};

/// Contiguous, growing bytes (vector<char>, vector<uint8_t>, vector<std::byte>): MessagePack bin.
template <class T>
concept byte_sequence = sequence_like<T> && detail::byte_like<typename T::value_type> && requires(T& x) {
  x.data();
  x.resize(size_t{});
};

/// Anything that stands for an actor: MessagePack ext 1.
template <class T>
concept actor_like = std::is_same_v<T, caf::actor> || std::is_same_v<T, caf::actor_addr> ||
    std::is_same_v<T, caf::strong_actor_ptr> || std::is_same_v<T, caf::weak_actor_ptr> ||
    caf::is_typed_actor<T>::value;

/// A user's type with an `inspect` function: MessagePack array of its fields.
template <class Inspector, class T>
concept inspectable = requires(Inspector& f, T& x) {
  inspect(f, x);
};

/// Whether an argument of an inspector call is a field (true) or an annotation.
template <class T>
inline constexpr bool is_field = !caf::meta::is_annotation<std::remove_cvref_t<T>>::value;

} // namespace bus::codec
