#include "actors/market/tick_path.hpp"

#include <algorithm>
#include <array>

namespace tt::market {

void append_tick_path(const bar& source, nanoseconds length, const instrument& what,
                      std::vector<trade_tick>& out) {
  TT_ASSERT(source.is_consistent() && length.count() > 0);
  // the extreme nearer to the open comes first
  const decimal up = source.high.value() - source.open.value();
  const decimal down = source.open.value() - source.low.value();
  const bool high_first = up <= down;
  const auto before_end = std::chrono::milliseconds{1};
  // a bar of a millisecond or less has no moment 1 ms before its end but after its half
  const nanoseconds last = std::max<nanoseconds>(length - before_end, length / 2);
  const std::array<price, 4> prices{source.open, high_first ? source.high : source.low,
                                    high_first ? source.low : source.high, source.close};
  const std::array<nanoseconds, 4> offsets{nanoseconds{0}, length / 4, length / 2, last};

  const decimal part = decimal::divide(source.volume.value(), decimal{4}, rounding::down)
                           .rounded_to(what.lot.value(), rounding::down);
  const quantity quarter{part};
  const std::size_t first = out.size();
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const quantity size =
        i + 1 < prices.size() ? quarter : quantity{source.volume.value() - part - part - part};
    if (out.size() > first && out.back().px == prices[i]) {
      out.back().size += size;
      continue;
    }
    out.push_back({source.open_time + offsets[i], prices[i], size, aggressor::unknown});
  }
}

} // namespace tt::market
