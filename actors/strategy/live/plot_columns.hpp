#pragma once

// Which outputs of a script are columns of a chart.

#include "actors/pine/program.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tt::strategy {

/// One column: its value on a bar is pine::script::plot_value(plot, part). Colors are 0xRRGGBBAA in a number.
struct plot_column {
  std::size_t plot = 0, part = 0;
  std::string name;  ///< of the series: "series", "color", "open" …

  [[nodiscard]] bool is_color() const { return name.find("color") != std::string::npos; }
};

/// Every series of every plot but alert conditions, in their order.
std::vector<plot_column> columns_of(const pine::program& code);
/// The title of a plot, or a word for its kind where it has none.
std::string title_of(const pine::plot_info& plot);
/// "plot", "shape", "character" …
std::string_view kind_of(pine::plot_kind kind);

} // namespace tt::strategy
