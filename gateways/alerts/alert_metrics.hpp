#pragma once

// Alerts on /metrics.

#include "actors/alerts/price/alert.hpp"

#include <array>
#include <functional>
#include <memory>

namespace prometheus {
class Collectable;
}

namespace tt::gateway {

/// Figures of one moment; counts since the start but for `alerts`.
struct alert_reading {
  std::array<std::uint64_t, enum_count<alerts::alert_status>> alerts{}; ///< now, by status
  std::uint64_t triggers = 0, orders = 0, orders_failed = 0, notices = 0, notices_failed = 0, dropped_quotes = 0, store_failures = 0;
};

/// `read` may be called from any thread.
std::shared_ptr<prometheus::Collectable> make_alert_metrics(std::function<alert_reading()> read);

} // namespace tt::gateway
