// A replayed day gives the trades of the backtest, byte for byte of the table of trades: the runner over the paper broker
// against the emulator over whole bars. What can't be equal, and why, is in actors/strategy/live/README.md.

#include "tests/live/paper_day.hpp"
#include "tests/live/samples.hpp"

#include <sstream>

namespace tt::strategy::test {
namespace {

constexpr std::size_t bars_of_a_day = 1'440;

/// The table without run-up and drawdown.
std::string without_extremes(const std::string& table) {
  std::stringstream in{table};
  std::string line, out;
  while (std::getline(in, line)) {
    std::stringstream row{line};
    std::string cell;
    for (int column = 0; std::getline(row, cell, ','); ++column)
      if (column < 13 || column > 16) out += cell + ',';
    out += '\n';
  }
  return out;
}
class parity : public ::testing::TestWithParam<sample> {};

TEST_P(parity, day_equals_backtest) {
  const auto what = contract();
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto bars = wandering_minutes(bars_of_a_day, seed, what);
    paper_day day{GetParam().source, what};
    day.play(bars);
    ASSERT_FALSE(day.run().problem()) << *day.run().problem();
    const auto expected = backtest_table(GetParam().source, what, bars);
    EXPECT_GT(std::count(expected.begin(), expected.end(), '\n'), 5) << "a parity of nothing";
    if (GetParam().how == compared::everything) ASSERT_EQ(day.table(), expected) << "seed " << seed;
    else ASSERT_EQ(without_extremes(day.table()), without_extremes(expected)) << "seed " << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(own, parity, ::testing::ValuesIn(samples), [](const auto& one) { return std::string(one.param.name); });

/// Strategies of the conformance kit, over bars of our own; where the kit is there.
class kit_parity : public ::testing::TestWithParam<const char*> {};

TEST_P(kit_parity, day_equals_backtest) {
  const auto source = kit_source(GetParam());
  if (!source) GTEST_SKIP() << "the kit is not here";
  const auto what = contract();
  const auto bars = wandering_minutes(bars_of_a_day, 7, what);
  paper_day day{*source, what};
  day.play(bars);
  ASSERT_FALSE(day.run().problem()) << *day.run().problem();
  EXPECT_EQ(day.table(), backtest_table(*source, what, bars));
}
INSTANTIATE_TEST_SUITE_P(kit, kit_parity, ::testing::ValuesIn(kit_strategies), [](const auto& one) { return as_test_name(one.param); });

} // namespace
} // namespace tt::strategy::test
