#include "tests/pine/case_runner.hpp"

#include "actors/pine/registry.hpp"
#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

/// The language's names and signatures: every name is there, in the right versions and of the right kind, and every
/// signature can be called with its positional and its named arguments, and as a method where it has a receiver.

namespace tt::pine::testing {
namespace {

struct named {
  std::string name, kind;
  int since = 5;
};
std::vector<named> language_names() {
  std::vector<named> out;
  std::ifstream in(std::string(TT_SOURCE_DIR) + "/tests/pine/builtin_names.txt");
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string space, kind, name;
    int since = 0;
    words >> space >> kind >> since;
    while (words >> name) out.push_back({space == "-" ? name : space + "." + name, kind, since});
  }
  return out;
}

bool available(const named& n, int version) {
  const auto& r = registry::get();
  auto in_version = [version](int v) { return v == 0 || v == version; };
  if (n.kind == "function") {
    const auto* list = r.functions(n.name);
    return list != nullptr && std::any_of(list->begin(), list->end(), [&](const auto& b) { return in_version(b.version); });
  }
  if (n.kind == "variable") {
    const auto* v = r.variable(n.name);
    return (v != nullptr && in_version(v->version)) || (n.name == "na" && r.constant("na", version) != nullptr);
  }
  const auto* c = r.constant(n.name, version);
  return c != nullptr && in_version(c->version);
}

TEST(pine_builtins, every_name_of_the_language_is_there) {
  auto names = language_names();
  EXPECT_EQ(names.size(), 875u);
  for (const auto& n : names) {
    EXPECT_EQ(available(n, 5), n.since == 5) << n.kind << " " << n.name << " in version 5";
    EXPECT_TRUE(available(n, 6)) << n.kind << " " << n.name << " in version 6";
  }
}

TEST(pine_builtins, variables_and_constants_can_be_read) {
  for (int version : {5, 6}) {
    for (const auto& n : language_names()) {
      if (n.kind == "function" || n.name == "na" || n.since > version) continue;
      auto text = "//@version=" + std::to_string(version) + "\nstrategy(\"t\")\nx = " + n.name + "\nplot(1)\n";
      auto r = compile(text);
      EXPECT_NE(r.code, nullptr) << (r.diags.all().empty() ? n.name : render(r.diags.all().front(), text, "t"));
    }
  }
}

// ---------------------------------------------------------------- signatures

/// Lines that make the values the arguments below name.
const char* prelude = "enum choice\n    one\n    two\nvar aLine = line(na)\nvar aLabel = label(na)\nvar aBox = box(na)\n"
                      "var aTable = table(na)\nvar aFill = linefill(na)\npolyline aPoly = na\nchart.point aPoint = chart.point.now(1)\n"
                      "p1 = plot(close)\np2 = plot(open)\nh1 = hline(1)\nh2 = hline(2)\n";

std::string value_for(const type_spec& t, const builtin& b, const std::string& param);

std::string basic_value(type_id t, const builtin& b, const std::string& param) {
  bool second = !param.empty() && param.back() == '2';
  switch (t) {
  case t_bool: return "true";
  case t_int: return "1";
  case t_float: return "1.5";
  case t_color: return "color.red";
  case t_string:
    if (b.name == "timestamp" && b.params.size() == 1) return "\"2020-02-01T22:10:05\"";
    if (param == "timeframe") return "\"D\"";
    if (param == "session") return "\"0930-1600\"";
    if (param == "timezone") return "\"UTC\"";
    return "\"a\"";
  case t_line: return "aLine";
  case t_linefill: return "aFill";
  case t_label: return "aLabel";
  case t_box: return "aBox";
  case t_table: return "aTable";
  case t_polyline: return "aPoly";
  case t_point: return "aPoint";
  case t_plot: return second ? "p2" : "p1";
  case t_hline: return second ? "h2" : "h1";
  default: return "na";
  }
}
std::string value_for(const type_spec& t, const builtin& b, const std::string& param) {
  auto element = [&](const type_spec& e) {
    return e.form == type_form::basic && e.basic == t_int ? std::string("int") : e.form == type_form::basic && e.basic == t_bool ? std::string("bool")
           : e.form == type_form::basic && e.basic == t_point ? std::string("chart.point") : std::string("float");
  };
  switch (t.form) {
  case type_form::basic: return basic_value(t.basic, b, param);
  case type_form::array: return "array.new<" + element(t.args[0]) + ">()";
  case type_form::matrix: return "matrix.new<" + element(t.args[0]) + ">()";
  case type_form::map: return "map.new<float, float>()";
  default:
    if (b.name == "input.enum") return "choice.one";
    if (param == "options") return "[1, 2]";
    if (b.name == "max_bars_back" || param == "expression") return "close";
    return "1.5";
  }
}

/// Signatures whose parameters can't be made up by type alone, or that the script's frame has already.
bool left_out(const builtin& b) {
  return b.kind == special::declaration || b.name[0] == '$' || b.name.find("footprint") != std::string::npos || b.name.rfind("volume_row", 0) == 0;
}
std::string unique_constant(unique_type t) {
  auto text = std::string(examples_of(t));
  return text.substr(0, text.find(','));
}
std::string options_for(const builtin& b) {
  if (b.name == "input.string" || b.name == "input.session" || b.name == "input.timeframe") return "[\"a\", \"D\"]";
  return b.name == "input.enum" ? "[choice.one, choice.two]" : b.name == "input.float" ? "[1.5, 2.0]" : "[1, 2]";
}
std::string type_arguments(const builtin& b) {
  if (b.name == "array.new" || b.name == "matrix.new") return "<float>";
  return b.name == "map.new" ? "<float, float>" : "";
}

enum class style : std::uint8_t { required, all_named, method };

std::string call_text(const builtin& b, style s) {
  std::string args, receiver;
  bool skipped = false; // what follows a parameter left out needs its name
  for (std::size_t i = 0; i < b.params.size(); ++i) {
    const auto& p = b.params[i];
    const bool leaves_at = b.name == "strategy.exit" && p.name == "stop"; // one level is demanded, whichever it is
    if (p.variadic || (p.optional && s != style::all_named && !leaves_at)) {
      skipped = true;
      continue;
    }
    auto v = p.name == "options" ? options_for(b)
             : p.unique != unique_type::none ? unique_constant(p.unique)
             : p.is_text && p.optional ? "\"" + p.text + "\"" : value_for(p.type, b, p.name);
    if (s == style::method && i == 0) {
      receiver = v;
      continue;
    }
    args += (args.empty() ? "" : ", ") + (s == style::all_named || skipped ? p.name + " = " + v : v);
  }
  if (s != style::method) return b.name + type_arguments(b) + "(" + args + ")";
  return "it = " + receiver + "\nit." + b.name.substr(b.name.rfind('.') + 1) + "(" + args + ")";
}
bool has_receiver(const builtin& b) {
  if (b.params.empty() || b.params[0].variadic || b.name.find('.') == std::string::npos || b.name.rfind("array.from", 0) == 0) return false;
  const auto& t = b.params[0].type;
  if (t.form == type_form::array) return b.name.rfind("array.", 0) == 0;
  if (t.form == type_form::matrix) return b.name.rfind("matrix.", 0) == 0;
  if (t.form == type_form::map) return b.name.rfind("map.", 0) == 0;
  if (t.form != type_form::basic || b.name.find(".new") != std::string::npos) return false;
  return t.basic == t_line || t.basic == t_label || t.basic == t_box || t.basic == t_table || t.basic == t_linefill || t.basic == t_polyline || t.basic == t_point;
}

TEST(pine_builtins, every_signature_can_be_called) {
  std::size_t calls = 0;
  std::vector<bar> bars;
  for (int i = 0; i < 3; ++i) bars.push_back({1'700'006'400'000 + i * 86'400'000LL, 1, 2, 0.5, 1.5, 10});
  for (const auto& [name, kind] : registry::get().listing()) {
    if (kind != 'f') continue;
    for (const auto& b : *registry::get().functions(name)) {
      if (left_out(b)) continue;
      for (auto s : {style::required, style::all_named, style::method}) {
        if (s == style::method && !has_receiver(b)) continue;
        bool named_rest = s == style::all_named && !b.params.empty() && b.params.back().variadic;
        if (named_rest) continue; // positional arguments can't follow named ones
        int version = b.version == 0 ? 6 : b.version;
        auto text = "//@version=" + std::to_string(version) + "\nstrategy(\"t\")\n" + prelude + call_text(b, s) + "\n";
        auto r = compile(text);
        ASSERT_NE(r.code, nullptr) << b.text << "\n" << (r.diags.all().empty() ? text : render(r.diags.all().front(), text, "t"));
        script run(r.code, {});
        for (const auto& bar_now : bars)
          if (run.on_bar(bar_now)) break; // arguments made up by type may be refused, but nothing else may happen
        ++calls;
      }
    }
  }
  EXPECT_GT(calls, 1200u);
}

} // namespace
} // namespace tt::pine::testing
