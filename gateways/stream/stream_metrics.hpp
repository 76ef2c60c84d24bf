#pragma once

// The stream's counters as Prometheus metrics.

#include "gateways/stream/counters.hpp"

#include <functional>
#include <memory>

namespace prometheus {
class Collectable;
}

namespace tt::gateway::stream {

/// A source for the gateway's /metrics; `read` is called at each scrape, on any thread.
std::shared_ptr<prometheus::Collectable> make_metrics(std::function<stream_counters()> read);

} // namespace tt::gateway::stream
