#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

/// The small scripts of scripts/: each uses one feature of the language or makes one mistake, and says in its last
/// line what must come of it, on five hourly bars with closes 1 to 5:
///
///     // expect: runs                          it compiles and runs
///     // expect: log a|b|c                     its log messages
///     // expect: last a                        its last log message
///     // expect: plot 1 2 na 4 5               the values of its first plot
///     // expect: error PN0240 line 3 words     the first error of the compiler
///     // expect: stop words                    the script stops while it runs

namespace tt::pine::testing {
namespace {
namespace fs = std::filesystem;

std::vector<bar> five_bars() {
  std::vector<bar> bars;
  for (int i = 1; i <= 5; ++i) bars.push_back({1'700'006'400'000 + (i - 1) * 3'600'000LL, i - 0.5, i + 1.0, i - 1.0, f64(i), 10.0 * i});
  return bars;
}

std::vector<std::string> script_files() {
  std::vector<std::string> out;
  for (const auto& e : fs::directory_iterator(std::string(TT_SOURCE_DIR) + "/tests/pine/scripts"))
    if (e.path().extension() == ".pine") out.push_back(e.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

void check_error(const std::string& text, std::istringstream& words) {
  std::string code, line_word, rest;
  std::uint32_t line = 0;
  words >> code >> line_word >> line;
  std::getline(words >> std::ws, rest);
  auto r = compile(text);
  ASSERT_EQ(r.code, nullptr) << "it compiles";
  ASSERT_FALSE(r.diags.all().empty());
  const auto& d = r.diags.all().front();
  auto shown = render(d, text, "script");
  EXPECT_EQ(d.code, code) << shown;
  EXPECT_EQ(d.pos.line, line) << shown;
  EXPECT_NE(shown.find(rest), std::string::npos) << "\"" << rest << "\" is not in\n" << shown;
}

std::string plot_text(const case_result& r) {
  std::string out;
  if (r.columns.empty()) return out;
  for (double v : r.columns[0]) {
    std::ostringstream number;
    number << v;
    out += (out.empty() ? "" : " ") + (std::isnan(v) ? std::string("na") : number.str());
  }
  return out;
}

std::string one_line(std::string s) {
  for (auto at = s.find('\n'); at != std::string::npos; at = s.find('\n', at)) s.replace(at, 1, "\\n");
  return s;
}

class scripts : public ::testing::TestWithParam<std::string> {};

TEST_P(scripts, does_what_it_says) {
  auto text = read_file(std::string(TT_SOURCE_DIR) + "/tests/pine/scripts/" + GetParam() + ".pine");
  const std::string mark = "// expect: ";
  auto at = text.rfind(mark);
  ASSERT_NE(at, std::string::npos);
  auto expected = text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
  std::istringstream words(expected);
  std::string kind, rest;
  words >> kind;
  if (kind == "error") return check_error(text, words);
  rest = expected.size() > kind.size() ? expected.substr(kind.size() + 1) : "";
  run_settings settings;
  settings.limit.steps_per_bar = 3'000'000;
  auto r = run_source(text, five_bars(), "60", settings);
  if (kind == "stop") {
    EXPECT_NE(r.error, "");
    EXPECT_NE(r.error.find(rest), std::string::npos) << "\"" << rest << "\" is not in: " << r.error;
    EXPECT_EQ(r.error.find("PN0"), std::string::npos) << r.error;
    return;
  }
  ASSERT_EQ(r.error, "");
  std::string log;
  for (const auto& m : r.logs) log += (&m == &r.logs.front() ? "" : "|") + one_line(m.text);
  if (kind == "log") EXPECT_EQ(log, rest);
  else if (kind == "last") EXPECT_EQ(r.logs.empty() ? "" : one_line(r.logs.back().text), rest);
  else if (kind == "plot") EXPECT_EQ(plot_text(r), rest);
  else EXPECT_EQ(kind, "runs");
}

INSTANTIATE_TEST_SUITE_P(pine, scripts, ::testing::ValuesIn(script_files()), [](const auto& test) { return test.param; });

TEST(pine_scripts, there_are_many) { EXPECT_GE(script_files().size(), 300u); }

} // namespace
} // namespace tt::pine::testing
