#pragma once

// What happens to jobs, as the lossless stream channels `backtest` and `optimize`.

#include "gateways/jobs_port.hpp"
#include "gateways/stream/stream_service.hpp"

#include <memory>

namespace tt::gateway {

class job_channels {
public:
  /// Adds the channels to the stream; before its first connection. `jobs` must outlive the object.
  job_channels(jobs_port& jobs, stream_service& stream, std::function<utc_time()> clock);
  ~job_channels();
  job_channels(const job_channels&) = delete;
  job_channels& operator=(const job_channels&) = delete;

private:
  struct channel_state;
  jobs_port& jobs_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
