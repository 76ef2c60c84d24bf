// This header file lets CAF 0.17's own inspectors (which print messages and
// check that a type may be sent) handle `std::optional` and `std::variant`.
// Include it next to message types that have such fields. The bus itself does
// not need it.
#pragma once

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/optional.hpp>
#include <caf/variant.hpp>

#include <optional>
#include <variant>

// Found by argument-dependent lookup through CAF's inspector.
namespace caf {

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, std::optional<T>& x) {
  bool has_value = x.has_value();
  T value = has_value ? *x : T{};
  auto load = [&]() -> error {
    if (has_value)
      x = std::move(value);
    else
      x.reset();
    return none;
  };
  return f(has_value, value, meta::load_callback(load));
}

template <class Inspector, class... Ts>
typename Inspector::result_type inspect(Inspector& f, std::variant<Ts...>& x) {
  variant<Ts...> copy;
  std::visit([&](auto& y) { copy = y; }, x);
  auto load = [&]() -> error {
    visit([&](auto& y) { x = y; }, copy);
    return none;
  };
  return f(copy, meta::load_callback(load));
}

} // namespace caf
