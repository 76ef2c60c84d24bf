// A replayed day gives the trades of the backtest, byte for byte of the table of trades: the runner over the paper broker
// against the emulator over whole bars. What can't be equal, and why, is in actors/strategy/live/README.md.

#include "tests/live/paper_day.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tt::strategy::test {
namespace {

constexpr std::size_t bars_of_a_day = 1'440;

/// How much of the trade table has to be equal. A limit is filled by the very tick that makes the trade's first extreme,
/// and its fill is told after that tick (actors/strategy/live/README.md).
enum class compared : std::uint8_t { everything, all_but_extremes };

struct sample {
  const char* name;
  const char* source;
  compared how = compared::everything;
};

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
std::ostream& operator<<(std::ostream& out, const sample& s) { return out << s.name; }

class parity : public ::testing::TestWithParam<sample> {};

const sample samples[] = {
  {"reversals", R"(//@version=6
strategy("reversals", overlay = true, margin_long = 0, margin_short = 0)
fast = ta.ema(close, 5)
slow = ta.ema(close, 13)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
if ta.crossunder(fast, slow)
    strategy.entry("S", strategy.short)
)"},
  {"stop_loss", R"(//@version=6
strategy("stop", overlay = true, margin_long = 0, margin_short = 0)
if ta.crossover(ta.ema(close, 4), ta.ema(close, 9)) and strategy.position_size == 0
    strategy.entry("L", strategy.long, qty = 3)
strategy.exit("X", "L", stop = strategy.position_avg_price - 0.3)
)"},
  {"target", R"(//@version=6
strategy("target", overlay = true, margin_long = 0, margin_short = 0)
if ta.crossunder(ta.ema(close, 4), ta.ema(close, 9)) and strategy.position_size == 0
    strategy.entry("S", strategy.short, qty = 2)
if strategy.position_size < 0
    strategy.exit("X", "S", limit = strategy.position_avg_price - 0.25)
)"},
  {"moving_stop", R"(//@version=6
strategy("moving", overlay = true, margin_long = 0, margin_short = 0)
if ta.crossover(ta.ema(close, 4), ta.ema(close, 9)) and strategy.position_size == 0
    strategy.entry("L", strategy.long)
strategy.exit("X", "L", stop = ta.lowest(low, 6))
)"},
  {"limit_entries", R"(//@version=6
strategy("limits", overlay = true, margin_long = 0, margin_short = 0)
if strategy.position_size == 0
    strategy.entry("L", strategy.long, limit = ta.lowest(low, 5))
if strategy.position_size > 0 and bar_index % 7 == 0
    strategy.close("L")
)", compared::all_but_extremes},
  {"stop_entries", R"(//@version=6
strategy("breakout", overlay = true, margin_long = 0, margin_short = 0)
strategy.entry("L", strategy.long, stop = ta.highest(high, 8) + syminfo.mintick)
strategy.entry("S", strategy.short, stop = ta.lowest(low, 8) - syminfo.mintick)
)"},
  {"pyramids", R"(//@version=6
strategy("pyramids", overlay = true, pyramiding = 3, margin_long = 0, margin_short = 0)
if ta.rising(close, 2)
    strategy.entry("L", strategy.long, qty = 2)
if ta.falling(close, 3)
    strategy.close("L", qty_percent = 50)
if ta.falling(close, 4)
    strategy.close_all()
)"},
  {"close_and_turn", R"(//@version=6
strategy("turn", overlay = true, margin_long = 0, margin_short = 0)
if bar_index % 9 == 3
    strategy.close_all()
    strategy.entry(bar_index % 2 == 0 ? "L" : "S", bar_index % 2 == 0 ? strategy.long : strategy.short)
)"},
  {"plain_orders", R"(//@version=6
strategy("plain", overlay = true, margin_long = 0, margin_short = 0)
if bar_index % 7 == 0
    strategy.order("B", strategy.long, qty = 2)
if bar_index % 11 == 0
    strategy.order("A", strategy.short, qty = 3)
)"},
  {"cancels", R"(//@version=6
strategy("cancels", overlay = true, margin_long = 0, margin_short = 0)
if bar_index % 6 == 0 and strategy.position_size == 0
    strategy.entry("L", strategy.long, limit = close - 0.15)
if bar_index % 6 == 4
    strategy.cancel("L")
if strategy.position_size > 0 and bar_index % 5 == 0
    strategy.close("L")
)"},
  {"oca_pairs", R"(//@version=6
strategy("oca", overlay = true, margin_long = 0, margin_short = 0)
if strategy.position_size == 0 and bar_index % 5 == 0
    strategy.order("up", strategy.long, stop = close + 0.2, oca_name = "pair", oca_type = strategy.oca.cancel)
    strategy.order("down", strategy.short, stop = close - 0.2, oca_name = "pair", oca_type = strategy.oca.cancel)
if strategy.position_size != 0 and bar_index % 8 == 0
    strategy.close_all()
)"},
  {"fees_and_slippage", R"(//@version=6
strategy("fees", overlay = true, margin_long = 0, margin_short = 0, commission_type = strategy.commission.cash_per_contract, commission_value = 0.25, slippage = 2)
if ta.crossover(ta.ema(close, 5), ta.ema(close, 13))
    strategy.entry("L", strategy.long, qty = 4)
if ta.crossunder(ta.ema(close, 5), ta.ema(close, 13))
    strategy.close("L")
)"},
};

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
  const char* named = std::getenv("TT_SHARED");
  const auto folder = (named ? std::filesystem::path(named) : std::filesystem::path(TT_SOURCE_DIR).parent_path() / "shared") / "pine-kit/cases";
  const auto file = folder / GetParam() / "script.pine";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "the kit is not here";
  std::stringstream source;
  source << std::ifstream(file).rdbuf();
  const auto what = contract();
  const auto bars = wandering_minutes(bars_of_a_day, 7, what);
  paper_day day{source.str(), what};
  day.play(bars);
  ASSERT_FALSE(day.run().problem()) << *day.run().problem();
  EXPECT_EQ(day.table(), backtest_table(source.str(), what, bars));
}
INSTANTIATE_TEST_SUITE_P(kit, kit_parity,
                         ::testing::Values("strat-macd", "strat-bollinger", "strat-channelbreakout", "strat-rsi", "strat-keltnerchannel", "strat-supertrend"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
} // namespace tt::strategy::test
