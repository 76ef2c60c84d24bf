#pragma once

// What happens to alerts, as the lossless stream channel `alerts`.

#include "gateways/alerts_port.hpp"
#include "gateways/stream/stream_service.hpp"

namespace tt::gateway {

class alert_channel {
public:
  /// Adds the channel to the stream; before its first connection. `port` must outlive the object.
  alert_channel(alerts_port& port, stream_service& stream, std::function<utc_time()> clock);
  ~alert_channel();
  alert_channel(const alert_channel&) = delete;
  alert_channel& operator=(const alert_channel&) = delete;

private:
  alerts_port& port_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
