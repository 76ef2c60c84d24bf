#pragma once

// How long the newest operations took, for a health page: exact percentiles of a
// window where the histograms of /metrics know buckets only.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

namespace tt::gateway {

/// Latency of the newest operations, in milliseconds.
struct latency_summary {
  double p50 = 0, p95 = 0, p99 = 0;
  std::size_t count = 0; ///< how many operations the figures rest on; 0 = nothing measured yet
};

/// Thread-safe.
class recent_latencies {
public:
  /// How many operations the summary looks back at.
  static constexpr std::size_t window = 2048;

  void add(std::chrono::nanoseconds took) {
    const std::lock_guard lock(mutex_);
    newest_[count_++ % window] = took.count();
  }

  [[nodiscard]] latency_summary summary() const {
    std::vector<std::int64_t> sample;
    {
      const std::lock_guard lock(mutex_);
      sample.assign(newest_.begin(), newest_.begin() + static_cast<std::ptrdiff_t>(std::min(count_, window)));
    }
    if (sample.empty()) return {};
    std::sort(sample.begin(), sample.end());
    const auto at = [&](std::size_t percent) {
      return static_cast<double>(sample[std::min(sample.size() - 1, sample.size() * percent / 100)]) / 1e6;
    };
    return {at(50), at(95), at(99), sample.size()};
  }

private:
  mutable std::mutex mutex_;
  std::array<std::int64_t, window> newest_{}; ///< nanoseconds
  std::size_t count_ = 0;
};

} // namespace tt::gateway
