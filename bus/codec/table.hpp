// This header file defines the codec table: which types may travel, and under
// which name. `caf::message` is type-erased, so its elements need it; so does
// every message type of the product.
//
//   void add_market_types(bus::codec::type_table& types) {
//     types.add<quote>("quote").add<bar>("bar");
//   }
//
// Fill it before the node starts; reading it needs no lock then. Names are part
// of the wire. The built-in types of CAF (except streams, groups, config values,
// wide strings and long double) are always there, under CAF's names.
#pragma once

#include "bus/codec/decoder.hpp"
#include "bus/codec/element.hpp"
#include "bus/codec/encoder.hpp"

#include <caf/make_type_erased_value.hpp>
#include <caf/type_erased_value.hpp>
#include <caf/type_nr.hpp>

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>

namespace bus::codec {

/// How values of one type are written, read and made.
struct type_entry {
  std::string name;
  const std::type_info* type;
  size_t bytes; ///< what a value takes as an element of a message of several, besides what it points to
  caf::error (*write)(encoder&, const void*);
  caf::error (*read)(decoder&, void*);
  caf::type_erased_value_ptr (*make)();
  /// Reads one value straight into a mailbox element: the common message of one value in one allocation.
  caf::error (*read_element)(decoder&, element_head&&, caf::mailbox_element_ptr&);
};

class type_table {
public:
  type_table();
  type_table(const type_table&) = delete;
  type_table& operator=(const type_table&) = delete;

  /// Adds `T` under `name`. Adding the same pair twice is fine; a name for two types, or two names for one,
  /// is a bug of the program and aborts.
  template <class T>
  type_table& add(std::string name) {
    insert(caf::type_nr<T>::value, make_entry<T>(std::move(name)));
    return *this;
  }

  /// Also adds `std::vector<T>` as `name[]`.
  template <class T>
  type_table& add_with_vector(std::string name) {
    add<std::vector<T>>(name + "[]");
    return add<T>(std::move(name));
  }

  /// Null if the type is not in the table.
  const type_entry* find(const caf::rtti_pair& type) const noexcept;
  const type_entry* find(std::string_view name) const noexcept;

  size_t size() const noexcept { return entries_.size(); }
  /// All types, in the order in which they were added; those of the bus itself come first.
  const std::deque<type_entry>& entries() const noexcept { return entries_; }

private:
  struct string_hash {
    using is_transparent = void;
    size_t operator()(std::string_view x) const noexcept { return std::hash<std::string_view>{}(x); }
  };

  template <class T>
  static type_entry make_entry(std::string name) {
    return {std::move(name),
            &typeid(T),
            sizeof(T) + element_overhead,
            [](encoder& f, const void* x) { return f.apply(*static_cast<const T*>(x)); },
            [](decoder& f, void* x) { return f.apply(*static_cast<T*>(x)); },
            []() -> caf::type_erased_value_ptr { return caf::make_type_erased_value<T>(); },
            &read_value_element<T>};
  }

  static constexpr size_t element_overhead = 64; // its own allocation, its type, its place in the message

  void insert(uint16_t number, type_entry entry);
  void add_builtins();

  std::deque<type_entry> entries_; // addresses stay
  std::array<const type_entry*, caf::type_nrs> by_number_{};
  std::unordered_map<const std::type_info*, const type_entry*> by_type_;
  std::unordered_map<std::string, const type_entry*, string_hash, std::equal_to<>> by_name_;
};

} // namespace bus::codec
