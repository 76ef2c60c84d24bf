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
  return all.functions(name) != nullptr || all.variable(name) != nullptr || all.constant(name, 5) != nullptr ||
         all.constant(name, 6) != nullptr;
}

/// Words and signs of other languages. Each row: what they share, then the words.
struct foreign_row {
  std::string_view hint;
  std::string_view words; ///< with a space around each
};
constexpr foreign_row foreign_words[]{
    {"write 'else if'", " elif elseif elsif elsIf ElseIf "},
    {"a condition stands alone on its line, and its block follows indented", " then do begin "},
    {"a block ends where its indentation ends", " end endif endfor endwhile endfunction fi done next wend "},
    {"a function is declared by its name: f(x) => x + 1", " def function func fun fn sub proc lambda "},
    {"the value of a function is that of its last line", " return yield "},
    {"a variable is declared by its name: x = 1, or var x = 1 to keep it from bar to bar", " let dim auto my mut "},
    {"write na", " null None nil NULL Null NaN nan undefined nothing "},
    {"write log.info()", " print println printf echo console.log console.error console.warn "},
    {"a case is written: value => statements", " case when "},
    {"the case for everything else has no value: => statements", " default otherwise "},
    {"a type is declared: type Name, with a field on each line below", " class struct record interface "},
    {"stop the script with runtime.error()", " throw raise assert try catch except finally "},
    {"write 'not'", " Not NOT "},
    {"write 'and'", " And AND "},
    {"write 'or'", " Or OR "},
    {"write array.from()", " list List vector "},
};
constexpr foreign_row foreign_signs[]{
    {"write 'and'", " && & "},
    {"write 'or'", " || | "},
    {"write 'not'", " ! "},
    {"a block is indented by four spaces, without braces", " { } "},
    {"a line ends by itself; several statements on one line are separated by commas", " ; "},
    {"write math.pow()", " ^ ** "},
    {"comments begin with //", " # /* */ "},
    {"texts stand in \" or '", " ` “ ” ‘ ’ "},
};
template <std::size_t N>
std::string find_hint(const foreign_row (&rows)[N], std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return "";
  const auto padded = " " + std::string(word) + " ";
  for (const auto& row : rows)
    if (row.words.find(padded) != std::string_view::npos) return std::string(row.hint);
  return "";
}

std::string sentence(std::string_view now) { return "in versions 5 and 6 this is " + std::string(now); }

} // namespace

std::string foreign_word_hint(std::string_view word) { return find_hint(foreign_words, word); }
std::string foreign_sign_hint(std::string_view sign) { return find_hint(foreign_signs, sign); }

std::string old_name_hint(std::string_view name) {
  if (auto foreign = foreign_word_hint(name); !foreign.empty()) return foreign;
  auto it = renamed().find(name);
  if (it != renamed().end()) return sentence(it->second);
  if (name.find('.') != std::string_view::npos || name.size() < 2) return ""; // one letter is nobody's old name
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
