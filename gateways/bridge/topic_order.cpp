#include "gateways/bridge/topic_order.hpp"

namespace tt::gateway {

arrival topic_order::judge(const market::market_update& update) {
  const auto seq = std::visit([](const auto& x) { return x.seq; }, update);
  if (std::holds_alternative<market::quote_snapshot>(update)) {
    // a change of freshness has the number of the quote it is about
    if (seq < last_) return arrival::old;
  } else if (last_ != 0) {
    if (seq <= last_) return arrival::old;
    if (seq > last_ + 1) return arrival::gap;
  }
  last_ = seq;
  return arrival::next;
}

} // namespace tt::gateway
