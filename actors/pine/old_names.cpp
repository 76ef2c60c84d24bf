#include "actors/pine/old_names.hpp"

#include "actors/pine/registry.hpp"

#include <map>

namespace tt::pine {

namespace {

/// Renamed in another way than by a namespace in front.
const std::map<std::string_view, std::string_view>& renamed() {
  static const std::map<std::string_view, std::string_view> table{
      {"study", "indicator()"}, {"tostring", "str.tostring()"}, {"tonumber", "str.tonumber()"},
      {"iff", "the operator ?: (condition ? a : b)"}, {"offset", "the history operator: x[n]"},
      {"n", "bar_index"}, {"tickerid", "syminfo.tickerid"}, {"ticker", "syminfo.ticker"},
      {"period", "timeframe.period"}, {"interval", "timeframe.multiplier"}, {"isintraday", "timeframe.isintraday"},
      {"isdaily", "timeframe.isdaily"}, {"isweekly", "timeframe.isweekly"}, {"ismonthly", "timeframe.ismonthly"},
      {"isdwm", "timeframe.isdwm"}, {"heikenashi", "ticker.heikinashi()"}, {"heikinashi", "ticker.heikinashi()"},
      {"input.integer", "input.int()"}, {"input.resolution", "input.timeframe()"},
      {"sum", "math.sum()"}, {"avg", "math.avg()"}, {"random", "math.random()"}, {"security", "request.security()"},
      {"rising", "ta.rising()"}, {"falling", "ta.falling()"}, {"stoch", "ta.stoch()"}, {"vwap", "ta.vwap"},
      {"obv", "ta.obv"}, {"accdist", "ta.accdist"}, {"tr", "ta.tr"}, {"nvi", "ta.nvi"}, {"pvi", "ta.pvi"},
      {"pvt", "ta.pvt"}, {"wad", "ta.wad"}, {"wvad", "ta.wvad"}, {"iii", "ta.iii"},
      {"linebr", "plot.style_linebr"}, {"line", "plot.style_line"}, {"stepline", "plot.style_stepline"},
      {"histogram", "plot.style_histogram"}, {"columns", "plot.style_columns"}, {"circles", "plot.style_circles"},
      {"cross", "plot.style_cross or ta.cross()"}, {"area", "plot.style_area"}, {"areabr", "plot.style_areabr"},
      {"dashed", "hline.style_dashed"}, {"dotted", "hline.style_dotted"}, {"solid", "hline.style_solid"},
      {"integer", "input.int()"}, {"resolution", "input.timeframe()"}, {"source", "input.source()"},
      {"lookahead_on", "barmerge.lookahead_on"}, {"lookahead_off", "barmerge.lookahead_off"}};
  return table;
}

bool known(const std::string& name) {
  const auto& all = registry::get();
  return all.functions(name) != nullptr || all.variable(name) != nullptr || all.constant(name, 6) != nullptr;
}

std::string sentence(std::string_view now) { return "in versions 5 and 6 this is " + std::string(now); }

} // namespace

std::string old_name_hint(std::string_view name) {
  auto it = renamed().find(name);
  if (it != renamed().end()) return sentence(it->second);
  if (name.find('.') != std::string_view::npos) return "";
  for (std::string_view space : {"ta.", "math.", "str.", "request.", "color.", "ticker.", "timeframe.", "runtime."}) {
    auto full = std::string(space) + std::string(name);
    if (known(full)) return sentence(full + (registry::get().functions(full) != nullptr ? "()" : ""));
  }
  return "";
}

std::string old_parameter_hint(std::string_view function, std::string_view parameter) {
  if (parameter == "resolution") return "it is called 'timeframe' since version 5";
  if (parameter == "transp") return "give the color its transparency: color.new(color.red, 80)";
  if (parameter == "when") return "put the call into an 'if' instead; version 6 has no 'when'";
  if (parameter == "type" && function.substr(0, 5) == "input") return "each type has its own function: input.int(), input.float(), input.bool(), input.string(), input.source(), ...";
  if (parameter == "long" && function.substr(0, 8) == "strategy") return "the direction is called 'direction': strategy.long or strategy.short";
  return "";
}

} // namespace tt::pine
