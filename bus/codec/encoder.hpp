// This header file defines the inspector that writes values as MessagePack.
//
// It is a *static* inspector: CAF's `serializer` is an abstract class without
// hooks for structs, maps, tuples and bool, so a subclass can only write a flat
// stream that other languages cannot read. Here one `inspect` function per type
// gives nested documents: a struct is an array of its fields.
//
//   bus::codec::bytes out;
//   bus::codec::encoder f{out, {&table, &handles}};
//   if (auto err = f.apply(value)) ...
//
// Not thread-safe; make one per call, it holds two pointers.
#pragma once

#include "bus/codec/pack.hpp"
#include "bus/codec/traits.hpp"
#include "bus/errc.hpp"

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/node_id.hpp>
#include <caf/type_erased_tuple.hpp>

namespace bus::codec {

class type_table;

/// Writes actor handles. The node that owns the actors implements it.
class handle_writer {
public:
  virtual ~handle_writer() = default;

  /// Makes a local actor reachable for peers and appends its MessagePack form; nil for a null pointer.
  virtual void write_actor(bytes& out, caf::actor_control_block* actor) = 0;
};

/// Where an encoder looks types and handles up. Either may be null: then a message of user types, or a
/// handle, is an error.
struct encoder_context {
  const type_table* types = nullptr;
  handle_writer* handles = nullptr;
};

class encoder {
public:
  using result_type = caf::error;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  encoder(bytes& out, encoder_context context) noexcept : out_(out), context_(context) {}

  bytes& out() noexcept { return out_; }

  /// Called by `inspect` functions: a struct with these fields.
  template <class... Ts>
  caf::error operator()(Ts&&... xs) {
    constexpr size_t fields = (size_t{is_field<Ts>} + ... + 0);
    caf::error result;
    (void)(run_save_callback(xs, result) && ...);
    if (result) return result;
    pack_array(out_, fields);
    (void)(field(xs, result) && ...);
    return result;
  }

  /// Writes one value.
  template <class T>
  caf::error apply(const T& x) {
    using type = std::remove_cv_t<T>;
    if constexpr (std::is_same_v<type, bool>) {
      pack_bool(out_, x);
    } else if constexpr (std::is_same_v<type, caf::atom_value>) {
      pack_str(out_, to_string(x));
    } else if constexpr (detail::is_atom_constant<type>::value) {
      pack_str(out_, to_string(static_cast<caf::atom_value>(type::value)));
    } else if constexpr (std::is_enum_v<type>) {
      return apply(static_cast<std::underlying_type_t<type>>(x));
    } else if constexpr (std::is_integral_v<type> && std::is_signed_v<type>) {
      pack_int(out_, x);
    } else if constexpr (std::is_integral_v<type>) {
      pack_uint(out_, x);
    } else if constexpr (std::is_same_v<type, float>) {
      pack_float(out_, x);
    } else if constexpr (std::is_same_v<type, double>) {
      pack_double(out_, x);
    } else if constexpr (std::is_same_v<type, std::string> || std::is_same_v<type, std::string_view>) {
      pack_str(out_, x);
    } else if constexpr (std::is_same_v<type, caf::unit_t> || std::is_same_v<type, std::monostate>) {
      pack_nil(out_);
    } else if constexpr (detail::is_duration<type>::value) {
      pack_int(out_, std::chrono::duration_cast<std::chrono::nanoseconds>(x).count());
    } else if constexpr (detail::is_time_point<type>::value) {
      return apply(x.time_since_epoch());
    } else if constexpr (detail::is_optional<type>::value) {
      if (x) return apply(*x);
      pack_nil(out_);
    } else if constexpr (detail::is_std_variant<type>::value) {
      pack_array(out_, 2);
      pack_uint(out_, x.index());
      return std::visit([this](const auto& y) { return apply(y); }, x);
    } else if constexpr (detail::is_caf_variant<type>::value) {
      pack_array(out_, 2);
      pack_uint(out_, x.index());
      return caf::visit([this](const auto& y) { return apply(y); }, x);
    } else if constexpr (detail::is_pair<type>::value) {
      pack_array(out_, 2);
      if (auto err = apply(x.first)) return err;
      return apply(x.second);
    } else if constexpr (detail::is_tuple<type>::value) {
      return tuple(x);
    } else if constexpr (actor_like<type>) {
      return actor_handle(x);
    } else if constexpr (byte_sequence<type>) {
      pack_bin(out_, {reinterpret_cast<const char*>(x.data()), x.size()});
    } else if constexpr (map_like<type>) {
      return map(x);
    } else if constexpr (sequence_like<type> || detail::is_std_array<type>::value || std::is_array_v<type>) {
      return sequence(x);
    } else {
      return inspected(const_cast<type&>(x)); // inspect takes T&, an encoder never writes to it
    }
    return {};
  }

  caf::error apply(const caf::node_id& x);
  caf::error apply(const caf::error& x);
  caf::error apply(const caf::message& x);

  /// Writes [type name, value, type name, value, ...]. `unknown_type` names the type that has no codec.
  caf::error apply_tuple(const caf::type_erased_tuple& xs);

private:
  template <class T>
  caf::error inspected(T& x) {
    static_assert(inspectable<encoder, T>, "this type has no inspect() function");
    return inspect(*this, x);
  }

  template <class T>
  static bool run_save_callback(T&& x, caf::error& result) {
    if constexpr (caf::meta::is_save_callback<std::remove_cvref_t<T>>::value) result = x.fun();
    return !result;
  }

  template <class T>
  bool field(T&& x, caf::error& result) {
    if constexpr (is_field<T>) result = apply(x);
    return !result;
  }

  template <class T>
  caf::error tuple(const T& xs) {
    pack_array(out_, std::tuple_size_v<T>);
    caf::error result;
    std::apply([&](const auto&... x) { (void)(field(x, result) && ...); }, xs);
    return result;
  }

  template <class T>
  caf::error map(const T& xs) {
    pack_map(out_, xs.size());
    for (const auto& [key, value] : xs) {
      if (auto err = apply(key)) return err;
      if (auto err = apply(value)) return err;
    }
    return {};
  }

  template <class T>
  caf::error sequence(const T& xs) {
    pack_array(out_, std::size(xs));
    if constexpr (std::is_same_v<T, std::vector<bool>>) {
      for (bool x : xs) pack_bool(out_, x);
    } else {
      for (const auto& x : xs)
        if (auto err = apply(x)) return err;
    }
    return {};
  }

  template <class T>
  caf::error actor_handle(const T& x) {
    return actor_block(caf::actor_cast<caf::actor_control_block*>(x));
  }

  caf::error actor_block(caf::actor_control_block* actor);

  bytes& out_;
  encoder_context context_;
};

} // namespace bus::codec
