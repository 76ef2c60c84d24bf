#pragma once

// Received alerts and what became of them, as the lossless stream channel `webhooks`.

#include "gateways/stream/stream_service.hpp"
#include "gateways/webhook_port.hpp"

#include <functional>

namespace tt::gateway {

class webhook_channel {
public:
  /// Adds the channel to the stream; before its first connection. `port` must outlive the object.
  webhook_channel(webhook_port& port, stream_service& stream, const std::function<utc_time()>& clock);
  ~webhook_channel();
  webhook_channel(const webhook_channel&) = delete;
  webhook_channel& operator=(const webhook_channel&) = delete;

private:
  webhook_port& port_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
