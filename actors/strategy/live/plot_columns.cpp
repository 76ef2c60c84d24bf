#include "actors/strategy/live/plot_columns.hpp"

#include <array>

namespace tt::strategy {

std::vector<plot_column> columns_of(const pine::program& code) {
  std::vector<plot_column> out;
  for (std::size_t i = 0; i < code.plots.size(); ++i) {
    const auto& p = code.plots[i];
    if (p.kind == pine::plot_kind::alertcondition) continue;
    for (std::size_t part = 0; part < p.series.size(); ++part) out.push_back({i, part, p.series[part].first});
  }
  return out;
}

std::string_view kind_of(pine::plot_kind kind) {
  static constexpr std::array<std::string_view, 11> names{"plot", "shape", "character", "arrow",   "bar",     "candle",
                                                          "hline", "fill", "bgcolor",   "barcolor", "alertcondition"};
  return names[static_cast<std::size_t>(kind)];
}

std::string title_of(const pine::plot_info& plot) {
  if (!plot.title.empty()) return plot.title;
  switch (plot.kind) {
  case pine::plot_kind::shape: return "Shapes";
  case pine::plot_kind::character: return "Chars";
  case pine::plot_kind::arrow: return "Arrows";
  default: return "Plot";
  }
}

} // namespace tt::strategy
