#pragma once

// Names of enumerators, written down once per enum: as the API spells them, as
// configuration files do, and as logs show them.

#include "actors/model/result.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace tt {

/// Specialised next to an enum whose values are 0, 1, 2 …: `value` holds their names in order.
template <class Enum>
struct names_of;

template <class Enum>
concept named_enum = std::is_enum_v<Enum> && requires { names_of<Enum>::value.size(); };

/// Number of enumerators.
template <named_enum Enum>
inline constexpr std::size_t enum_count = names_of<Enum>::value.size();

template <named_enum Enum>
constexpr std::string_view to_string(Enum value) noexcept {
  const auto at = static_cast<std::size_t>(value);
  return at < enum_count<Enum> ? names_of<Enum>::value[at] : std::string_view("?");
}

/// Reads a name. Errors: invalid_argument, naming `field` and what there is.
template <named_enum Enum>
result<Enum> parse_name(std::string_view text, std::string_view field) {
  std::string known;
  for (std::size_t i = 0; i < enum_count<Enum>; ++i) {
    if (names_of<Enum>::value[i] == text) return static_cast<Enum>(i);
    known += (i == 0 ? "" : ", ") + std::string(names_of<Enum>::value[i]);
  }
  return error{errc::invalid_argument, "is " + in_quotes(text) + ", must be one of " + known, std::string(field)};
}

} // namespace tt
