#include "actors/market/feed_restore.hpp"

#include <algorithm>

namespace tt::market {

feed_restore::feed_restore(std::unique_ptr<feed_source> source, const std::vector<std::uint32_t>& symbols)
  : source_(std::move(source)), wanted_(source_->symbols().size()), given_(source_->symbols().size()) {
  for (const auto symbol : symbols) wanted_[symbol] = true;
}

bool feed_restore::done() const { return std::ranges::none_of(wanted_, [](bool wanted) { return wanted; }); }

feed_restore::step_output feed_restore::step(const feed_pump& main) {
  step_output out;
  buffer_.clear();
  const auto state = source_->pull(main.market_time(), max_restore_events, buffer_);
  std::vector<std::int32_t> batch_of(wanted_.size(), -1);
  for (auto& event : buffer_) {
    const auto symbol = event.symbol;
    // what the feed has not passed yet will come from the feed
    if (!wanted_[symbol] || given_[symbol] >= main.passed(symbol)) continue;
    ++given_[symbol];
    if (batch_of[symbol] < 0) {
      batch_of[symbol] = static_cast<std::int32_t>(out.batches.size());
      out.batches.push_back({symbol, {}, {}});
    }
    auto& batch = out.batches[static_cast<std::size_t>(batch_of[symbol])];
    // more events of the same moment may follow
    batch.watermark = timestamp_of(event.data) - nanoseconds{1};
    batch.ticks.push_back(std::move(event.data));
  }
  for (std::uint32_t symbol = 0; symbol < wanted_.size(); ++symbol) {
    if (!wanted_[symbol]) continue;
    // a source that has nothing left and gave less than the feed passed would be one
    // that is not what it says; its symbols go on from here rather than never
    if (given_[symbol] < main.passed(symbol) && state == pull_state::more) continue;
    out.complete.push_back(symbol);
    wanted_[symbol] = false;
  }
  return out;
}

} // namespace tt::market
