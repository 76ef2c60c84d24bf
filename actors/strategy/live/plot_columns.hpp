#pragma once

// Which outputs of a script are columns of a chart.

#include "actors/pine/program.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tt::strategy {

/// Where a column's value is: pine::script::plot_value(plot, part).
struct plot_place {
  std::size_t plot = 0, part = 0;
};

/// The plots that have a value per bar: names (titles, made unique) and places, four of each for bars and candles.
void plots_of(const pine::program& code, std::vector<std::string>& names, std::vector<plot_place>& places);

} // namespace tt::strategy
