#include "actors/strategy/live/evaluation.hpp"

namespace tt::strategy {

decimal trade_set::win_rate() const {
  if (trades == 0) return {};
  return decimal::divide(decimal{static_cast<std::int64_t>(wins) * 100}, decimal{static_cast<std::int64_t>(trades)});
}

std::vector<trade_set> sets_of(std::span<const scored_trade> trades, std::size_t period) {
  std::vector<trade_set> out;
  for (const auto& t : trades) {
    if (out.empty() || out.back().is_complete || out.back().epoch != t.epoch) {
      trade_set next;
      next.number = out.size() + 1;
      next.mode = t.mode;
      next.epoch = t.epoch;
      next.first_ms = t.exit_ms;
      out.push_back(next);
    }
    auto& set = out.back();
    ++set.trades;
    if (t.profit > 0) ++set.wins;
    set.profit += t.profit;
    set.last_ms = t.exit_ms;
    set.is_complete = set.trades >= period;
  }
  return out;
}

verdict judge(std::span<const trade_set> sets, strategy_mode mode, std::uint64_t epoch, decimal min_win_rate) {
  constexpr int wanted = 2;
  int seen = 0, bad = 0;
  for (auto at = sets.rbegin(); at != sets.rend() && seen < wanted; ++at) {
    if (!at->is_complete) continue;
    if (at->epoch != epoch) break;
    ++seen;
    if (at->win_rate() < min_win_rate) ++bad;
  }
  if (seen < wanted) return verdict::keep;
  if (mode == strategy_mode::live) return bad == wanted ? verdict::demote : verdict::keep;
  return bad == 0 ? verdict::propose_promotion : verdict::keep;
}

} // namespace tt::strategy
