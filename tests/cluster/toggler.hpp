#pragma once

namespace tt::cluster::test {

/// A strategy that is in on even bars and out on odd ones: an order on each bar.
inline constexpr const char* toggler = R"(//@version=6
strategy("toggler", overlay = true, margin_long = 0)
if bar_index % 2 == 0
    strategy.entry("L", strategy.long, qty = 1)
else
    strategy.close("L")
)";

} // namespace tt::cluster::test
