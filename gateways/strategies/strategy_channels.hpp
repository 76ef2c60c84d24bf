#pragma once

// What happens to strategies, as the lossless stream channel `strategies`.

#include "gateways/strategies_port.hpp"
#include "gateways/stream/stream_service.hpp"

namespace tt::gateway {

class strategy_channels {
public:
  /// Adds the channel to the stream; before its first connection. `port` must outlive the object.
  strategy_channels(strategies_port& port, stream_service& stream, std::function<utc_time()> clock);
  ~strategy_channels();
  strategy_channels(const strategy_channels&) = delete;
  strategy_channels& operator=(const strategy_channels&) = delete;

private:
  strategies_port& port_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
