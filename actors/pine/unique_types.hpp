#pragma once
/// The types of constants that only built-ins take: plot.style_line and its like are no strings to a script (Pine manual,
/// type system, "Unique types"). Here they are strings or ints that carry a mark, which the checker compares.

#include <cstdint>
#include <string_view>

namespace tt::pine {

enum class unique_type : std::uint8_t {
  none, plot_style, plot_line_style, hline_style, plot_display, scale_type, barmerge_gaps, barmerge_lookahead, sort_order,
  strategy_direction, text_format,
};

/// The type of a built-in constant; none for all that are plain strings, numbers or colors.
unique_type unique_type_of(std::string_view constant);
/// What a parameter of a built-in takes; none where it takes plain values.
unique_type unique_type_of(std::string_view function, std::string_view parameter);
/// As diagnostics call it.
std::string_view name_of(unique_type t);
/// Some constants of the type, for the hint of a diagnostic.
std::string_view examples_of(unique_type t);

} // namespace tt::pine
