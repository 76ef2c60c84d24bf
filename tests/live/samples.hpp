#pragma once

// Strategies whose replayed day has to equal their backtest.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

namespace tt::strategy::test {

/// How much of the trade table has to be equal. A limit is filled by the very tick that makes the trade's first extreme,
/// and its fill is told after that tick (actors/strategy/live/README.md).
enum class compared : std::uint8_t { everything, all_but_extremes };

struct sample {
  const char* name;
  const char* source;
  compared how = compared::everything;
};

inline std::ostream& operator<<(std::ostream& out, const sample& s) { return out << s.name; }


inline const sample samples[] = {
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
  {"timed_exits", R"(//@version=6
strategy("timed", overlay = true, margin_long = 0, margin_short = 0, default_qty_type = strategy.percent_of_equity, default_qty_value = 25)
[line, direction] = ta.supertrend(1.5, 7)
var int since = na
if ta.change(direction) != 0 and strategy.position_size == 0
    since := bar_index
    strategy.entry(direction < 0 ? "L" : "S", direction < 0 ? strategy.long : strategy.short)
if strategy.position_size != 0 and bar_index - since >= 6
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

/// Strategies of the conformance kit, by folder.
inline constexpr std::array kit_strategies{"strat-macd", "strat-bollinger", "strat-channelbreakout", "strat-rsi", "strat-keltnerchannel", "strat-supertrend"};

/// The source of one of them; nothing where the kit is not here.
inline std::optional<std::string> kit_source(const std::string& folder) {
  const char* named = std::getenv("TT_SHARED");
  const auto cases = (named ? std::filesystem::path(named) : std::filesystem::path(TT_SOURCE_DIR).parent_path() / "shared") / "pine-kit/cases";
  std::ifstream file(cases / folder / "script.pine");
  if (!file) return std::nullopt;
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

/// Pine strategies that are shipped; the one with a bracket is an OCO order, which the desk of these tests does not hold.
inline constexpr std::array shipped_strategies{"ema_cross"};
inline std::string shipped_source(const std::string& name) {
  std::stringstream out;
  out << std::ifstream(std::filesystem::path(TT_SOURCE_DIR) / "config/strategies" / (name + ".pine")).rdbuf();
  return out.str();
}

/// A folder's name as part of a test's name.
inline std::string as_test_name(std::string folder) {
  for (auto& c : folder)
    if (c == '-') c = '_';
  return folder;
}

} // namespace tt::strategy::test
