#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

/// Long scripts in the style of those that people publish: they must compile, and run over 600 bars without an error.

namespace tt::pine::testing {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> scripts() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(std::string(TT_SOURCE_DIR) + "/tests/pine/style"))
    if (entry.path().extension() == ".pine") out.push_back(entry.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<bar> hours(std::size_t n) {
  std::mt19937 g(11);
  std::normal_distribution<double> step(0, 1);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    const double o = p;
    p = std::max(10.0, p + step(g));
    bars.push_back({1'600'041'600'000 + static_cast<std::int64_t>(i) * 3'600'000, o, std::max(o, p) + 0.5, std::min(o, p) - 0.5, p, 1000 + 10 * step(g)});
  }
  return bars;
}

class style : public ::testing::TestWithParam<std::string> {};

TEST_P(style, runs) {
  const auto source = read_file(std::string(TT_SOURCE_DIR) + "/tests/pine/style/" + GetParam() + ".pine");
  const auto r = run_source(source, hours(600));
  EXPECT_EQ(r.error, "");
}

INSTANTIATE_TEST_SUITE_P(pine, style, ::testing::ValuesIn(scripts()), [](const auto& named) { return named.param; });

} // namespace
} // namespace tt::pine::testing
