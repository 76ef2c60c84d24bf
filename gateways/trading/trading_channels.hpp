#pragma once

// What happens to orders, as the lossless stream channels `orders` and `executions`.

#include "gateways/stream/stream_service.hpp"
#include "gateways/trading_port.hpp"

namespace tt::gateway {

class trading_channels {
public:
  /// Adds the channels to the stream; before its first connection. `port` must outlive the object.
  trading_channels(trading_port& port, stream_service& stream, std::function<utc_time()> clock);
  ~trading_channels();
  trading_channels(const trading_channels&) = delete;
  trading_channels& operator=(const trading_channels&) = delete;

private:
  trading_port& port_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
