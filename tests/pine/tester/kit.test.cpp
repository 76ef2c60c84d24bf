#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

/// The strategy cases of ../shared/pine-kit, trade for trade: sides, times, signals, prices to half a tick, quantities,
/// profits to the rounding of the export.

namespace tt::pine::testing {
namespace {
namespace fs = std::filesystem;

using row = std::map<std::string, std::string>;

std::vector<row> table(const std::string& text) {
  std::vector<row> rows;
  std::istringstream lines(text);
  std::string line;
  std::vector<std::string> head;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells(1);
    bool inside = false;
    for (char c : line) {
      if (c == '"') inside = !inside;
      else if (c == ',' && !inside) cells.emplace_back();
      else cells.back() += c;
    }
    if (head.empty()) {
      head = cells;
      continue;
    }
    auto& r = rows.emplace_back();
    for (std::size_t i = 0; i < head.size() && i < cells.size(); ++i) r[head[i]] = cells[i];
  }
  return rows;
}

double number(const std::string& s) { return s.empty() ? NAN : std::stod(s); }

/// Half of the last digit that the export shows: two decimals from 1 up, what is written below that.
double shown(const std::string& s) {
  double v = std::fabs(number(s));
  if (v >= 1 || v == 0) return 0.005;
  auto e = s.find('e'), dot = s.find('.');
  auto digits = dot == std::string::npos ? 0 : (e == std::string::npos ? s.size() : e) - dot - 1;
  int exponent = e == std::string::npos ? 0 : std::stoi(s.substr(e + 1));
  return 0.5 * std::pow(10.0, exponent - static_cast<int>(digits));
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  auto folder = shared_folder() + "/pine-kit/cases";
  if (shared_folder().empty() || !fs::exists(folder)) return names;
  for (const auto& e : fs::directory_iterator(folder))
    if (auto name = e.path().filename().string(); name.starts_with("strat-")) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

class pine_kit_trades : public ::testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(pine_kit_trades);

TEST_P(pine_kit_trades, are_those_of_the_platform) {
  auto folder = fs::path(shared_folder()) / "pine-kit/cases" / GetParam();
  auto facts = nlohmann::json::parse(read_file((folder / "case.json").string()));
  case_options o;
  o.script = (folder / "script.pine").string();
  o.bars = (folder / "bars.csv").string();
  o.syminfo = (folder / "case.json").string();
  auto r = run_case(o);
  ASSERT_EQ(r.error, "");
  auto expected = table(read_file((folder / "expected.csv").string())), got = table(r.trades);
  ASSERT_EQ(expected.size(), got.size());
  double tick = facts["mintick"].get<double>();
  std::vector<std::string> reported;
  if (facts.contains("compare") && facts["compare"].contains("report_only"))
    for (const auto& f : facts["compare"]["report_only"]) reported.push_back(f.get<std::string>());
  for (std::size_t i = 0; i < got.size(); ++i) {
    auto& e = expected[i];
    auto& g = got[i];
    SCOPED_TRACE("trade " + e["trade_no"]);
    for (const char* f : {"side", "entry_time", "entry_signal"}) EXPECT_EQ(e[f], g[f]) << f;
    EXPECT_NEAR(number(e["entry_price"]), number(g["entry_price"]), tick / 2);
    EXPECT_NEAR(number(e["qty"]), number(g["qty"]), 1e-9 * number(e["qty"]));
    if (e["status"] == "open") continue;
    for (const char* f : {"exit_time", "exit_signal"}) EXPECT_EQ(e[f], g[f]) << f;
    EXPECT_NEAR(number(e["exit_price"]), number(g["exit_price"]), tick / 2);
    for (const char* f : {"profit", "cum_profit"})
      if (std::find(reported.begin(), reported.end(), f) == reported.end()) {
        EXPECT_NEAR(number(e[f]), number(g[f]), shown(e[f]) * 1.000001 + 1e-6 * std::fabs(number(e[f]))) << f;
      }
    if (HasFailure()) return;
  }
}
INSTANTIATE_TEST_SUITE_P(pine, pine_kit_trades, ::testing::ValuesIn(cases()), [](const auto& param) {
  std::string name = param.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

} // namespace
} // namespace tt::pine::testing
