#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

#include <map>

/// import: aliases, also those of built-in namespaces, and what can't be imported (manual: reference of import).

namespace tt::pine::testing {
namespace {

const std::map<std::string, std::string> shelf{
    {"me/ta/7", "//@version=6\nlibrary(\"ta\")\nexport const float PHI = 1.5\nexport type pair\n    float a = 3\nexport ema2(float s, simple int n) => 7.0\n"
                "export sma(float s, simple int n) => 40.0\n"},
    {"me/more/1", "//@version=6\nlibrary(\"more\")\nimport me/ta/7 as ta\nexport f(float x) => ta.ema2(x, 3) + ta.tr(true) * 0 + ta.highest(x, 1)\n"},
};

compile_options from_shelf() {
  compile_options options;
  options.library = [](const std::string& key) -> std::optional<std::string> {
    auto it = shelf.find(key);
    return it == shelf.end() ? std::nullopt : std::optional(it->second);
  };
  return options;
}
std::string findings_of(const std::string& body) {
  std::string out;
  auto r = compile("//@version=6\nindicator(\"t\")\n" + body, from_shelf());
  for (const auto& d : r.diags.all()) out += (out.empty() ? "" : "\n") + std::to_string(d.pos.line) + ":" + std::to_string(d.pos.column) + " " + d.code + " " + d.message;
  return out;
}
double last_plot(const std::string& body) {
  auto r = compile("//@version=6\nindicator(\"t\")\n" + body, from_shelf());
  if (r.code == nullptr) return -1;
  script run(r.code, run_settings{});
  for (int i = 0; i < 3; ++i)
    if (auto stop = run.on_bar({1'700'000'000'000 + i * 60'000, 1, 2, 0.5, 1.5, 10})) return -2;
  return run.plot_value(0, 0);
}

/// A library that is imported without an alias is often called "ta": what it doesn't export stays built in, what it does
/// export hides the built-in of that name.
TEST(pine_imports, an_alias_may_be_a_built_in_namespace) {
  EXPECT_EQ(last_plot("import me/ta/7\nplot(ta.ema2(close, 2) + ta.highest(high, 2) + ta.PHI + (ta.tr > 0 ? 100 : 0))\n"), 7 + 2 + 1.5 + 100);
  EXPECT_EQ(last_plot("import me/ta/7 as ta\nplot(ta.sma(close, 2))\n"), 40) << "the library's own";
  EXPECT_EQ(last_plot("import me/ta/7 as math\nplot(math.max(1, 2) + math.sma(close, 2) + ta.sma(close, 2))\n"), 2 + 40 + 1.5);
  EXPECT_EQ(last_plot("import me/ta/7 as ta\np = ta.pair.new()\nplot(p.a)\n"), 3);
  EXPECT_EQ(last_plot("import me/more/1\nplot(more.f(close))\n"), 7 + 1.5) << "also within a library";
}

TEST(pine_imports, what_a_library_does_not_export_is_named) {
  EXPECT_EQ(findings_of("import me/ta/7 as t\nplot(t.nosuch(1))\n"), "4:8 PN0221 the library 't' exports no function 'nosuch'");
  EXPECT_EQ(findings_of("import me/ta/7 as t\nx = t.nosuch.new()\n"), "4:14 PN0221 the library 't' exports no type 'nosuch'");
  EXPECT_EQ(findings_of("import me/ta/7 as ta\nplot(ta.nosuch(1))\n"), "4:9 PN0221 the library 'ta' exports no function 'nosuch'");
}

TEST(pine_imports, aliases_are_distinct_and_a_library_comes_once) {
  EXPECT_EQ(findings_of("import me/ta/7 as a\nimport me/more/1 as a\n"), "4:1 PN0207 another library is imported as 'a'");
  EXPECT_EQ(findings_of("import me/ta/7 as a\nimport me/ta/7 as b\n"), "4:1 PN0207 the library me/ta/7 is imported twice");
}

/// Types, enums and imports stand at the top level only.
TEST(pine_imports, not_in_blocks) {
  EXPECT_EQ(findings_of("if close > open\n    import me/ta/7 as a\n"), "4:5 PN0206 a library can't be imported inside another block");
  EXPECT_EQ(findings_of("if close > open\n    type t\n        int a\n"), "4:10 PN0206 a type can't be declared inside another block");
  EXPECT_EQ(findings_of("if close > open\n    enum e\n        a\n"), "4:10 PN0206 an enum can't be declared inside another block");
}

} // namespace
} // namespace tt::pine::testing
