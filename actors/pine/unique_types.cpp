#include "actors/pine/unique_types.hpp"

#include <algorithm>
#include <array>

namespace tt::pine {

namespace {

struct unique_row {
  unique_type type;
  std::string_view name;
  std::string_view constants; ///< what the names of its constants begin with
  std::string_view examples;
};

constexpr std::array<unique_row, 10> rows{{
    {unique_type::plot_style, "plot_style", "plot.style_", "plot.style_line, plot.style_columns, ..."},
    {unique_type::plot_line_style, "plot_line_style", "plot.linestyle_", "plot.linestyle_solid, plot.linestyle_dashed, ..."},
    {unique_type::hline_style, "hline_style", "hline.style_", "hline.style_solid, hline.style_dashed, ..."},
    {unique_type::plot_display, "plot_display", "display.", "display.all, display.pane, ..."},
    {unique_type::scale_type, "scale_type", "scale.", "scale.right, scale.left, scale.none"},
    {unique_type::barmerge_gaps, "barmerge_gaps", "barmerge.gaps_", "barmerge.gaps_on, barmerge.gaps_off"},
    {unique_type::barmerge_lookahead, "barmerge_lookahead", "barmerge.lookahead_", "barmerge.lookahead_on, barmerge.lookahead_off"},
    {unique_type::sort_order, "sort_order", "order.", "order.ascending, order.descending"},
    {unique_type::strategy_direction, "strategy_direction", "", "strategy.long, strategy.short"},
    {unique_type::text_format, "text_format", "text.format_", "text.format_bold, text.format_italic, ..."},
}};

bool starts(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

const unique_row* row_of(unique_type t) {
  auto it = std::find_if(rows.begin(), rows.end(), [t](const unique_row& r) { return r.type == t; });
  return it == rows.end() ? nullptr : &*it;
}

} // namespace

unique_type unique_type_of(std::string_view constant) {
  if (constant == "strategy.long" || constant == "strategy.short") return unique_type::strategy_direction;
  for (const auto& r : rows)
    if (!r.constants.empty() && starts(constant, r.constants)) return r.type;
  return unique_type::none;
}

unique_type unique_type_of(std::string_view function, std::string_view parameter) {
  if (parameter == "display") return unique_type::plot_display;
  if (parameter == "text_formatting") return unique_type::text_format;
  if (function == "plot" && parameter == "style") return unique_type::plot_style;
  if (function == "plot" && parameter == "linestyle") return unique_type::plot_line_style;
  if (function == "hline" && parameter == "linestyle") return unique_type::hline_style;
  if ((function == "indicator" || function == "strategy") && parameter == "scale") return unique_type::scale_type;
  if (starts(function, "request.") && parameter == "gaps") return unique_type::barmerge_gaps;
  if (starts(function, "request.") && parameter == "lookahead") return unique_type::barmerge_lookahead;
  if ((starts(function, "array.sort") || function == "matrix.sort") && parameter == "order") return unique_type::sort_order;
  if ((function == "strategy.entry" || function == "strategy.order") && parameter == "direction") return unique_type::strategy_direction;
  return unique_type::none;
}

std::string_view name_of(unique_type t) {
  const auto* r = row_of(t);
  return r == nullptr ? "" : r->name;
}

std::string_view examples_of(unique_type t) {
  const auto* r = row_of(t);
  return r == nullptr ? "" : r->examples;
}

} // namespace tt::pine
