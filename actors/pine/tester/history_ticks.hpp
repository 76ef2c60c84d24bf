#pragma once
/// The ticks that are assumed inside a bar of the history, for calc_on_every_history_tick.

#include "actors/pine/bar.hpp"

#include <span>
#include <vector>

namespace tt::pine::tester {

/// The bar as it stands at each of its ticks, the last being the bar itself (Pine manual, "Strategies",
/// calc_on_every_history_tick). Without bars of a shorter timeframe there are four: open, the nearer extreme, the other one,
/// close, with a quarter of the volume each; with such bars, oldest first, each of them has four.
void history_ticks(const bar& whole, std::span<const bar> lower, std::vector<bar>& ticks);

} // namespace tt::pine::tester
