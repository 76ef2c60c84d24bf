#include "actors/strategy/live/plot_columns.hpp"

#include <algorithm>
#include <map>

namespace tt::strategy {

namespace {

std::string default_title(pine::plot_kind kind) {
  switch (kind) {
  case pine::plot_kind::shape: return "Shapes";
  case pine::plot_kind::character: return "Chars";
  case pine::plot_kind::arrow: return "Arrows";
  default: return "Plot";
  }
}

} // namespace

/// Plots that a chart draws a value of; one column for each series of bars and candles.
void plots_of(const pine::program& code, std::vector<std::string>& names, std::vector<plot_place>& places) {
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < code.plots.size(); ++i) {
    const auto& p = code.plots[i];
    if (p.kind > pine::plot_kind::candle) continue;
    const bool prices = p.kind == pine::plot_kind::bar || p.kind == pine::plot_kind::candle;
    const std::size_t parts = prices ? std::min<std::size_t>(4, p.series.size()) : std::min<std::size_t>(1, p.series.size());
    for (std::size_t part = 0; part < parts; ++part) {
      auto title = p.title.empty() ? default_title(p.kind) : p.title;
      if (prices) title += " " + p.series[part].first;
      if (const int n = seen[title]++; n > 0) title += " " + std::to_string(n + 1);
      names.push_back(std::move(title));
      places.push_back({i, part});
    }
  }
}

} // namespace tt::strategy
