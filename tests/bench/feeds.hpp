#pragma once

// Sources of market data made for measuring.

#include "actors/market/feed_source.hpp"
#include "tests/bench/measure.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace tt::bench {

/// Holds another source back until the gate is opened, so that clients can
/// subscribe before the first event.
class gated_source final : public market::feed_source {
public:
  gated_source(std::unique_ptr<market::feed_source> inner, std::shared_ptr<const std::atomic<bool>> gate)
    : inner_(std::move(inner)), gate_(std::move(gate)) {}

  [[nodiscard]] std::string_view label() const override { return inner_->label(); }
  [[nodiscard]] std::span<const std::string> symbols() const override { return inner_->symbols(); }
  [[nodiscard]] utc_time start_time() const override { return inner_->start_time(); }
  market::pull_state pull(utc_time until, std::size_t limit, std::vector<market::feed_event>& out) override {
    if (!gate_->load(std::memory_order_acquire)) return market::pull_state::idle;
    return inner_->pull(until, limit, out);
  }

private:
  std::unique_ptr<market::feed_source> inner_;
  std::shared_ptr<const std::atomic<bool>> gate_;
};

/// How a ticking source runs; shared with the thread that measures.
struct ticking_control {
  std::atomic<int> ticks_per_second{0}; ///< 0 pauses
  std::atomic<std::uint64_t> handed_out{0};
};

/// Quotes of all its symbols in turn at a fixed rate of market time. Each tick's
/// ask size is the steady clock at the moment it is handed out, so a client can
/// tell its age; nothing else in it says anything.
class ticking_source final : public market::feed_source {
public:
  ticking_source(std::vector<std::string> symbols, utc_time start, std::shared_ptr<ticking_control> control)
    : symbols_(std::move(symbols)), control_(std::move(control)), start_(start), reached_(start), last_(start) {}

  [[nodiscard]] std::string_view label() const override { return "bench"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return symbols_; }
  [[nodiscard]] utc_time start_time() const override { return start_; }

  market::pull_state pull(utc_time until, std::size_t limit, std::vector<market::feed_event>& out) override {
    const int rate = control_->ticks_per_second.load(std::memory_order_relaxed);
    if (until <= reached_) return market::pull_state::idle;
    owed_ += std::chrono::duration<double>(until - reached_).count() * rate;
    reached_ = until;
    const auto now = steady_ns();
    std::size_t count = 0;
    for (; owed_ >= 1 && count < limit; ++count, owed_ -= 1) out.push_back(next(now));
    control_->handed_out.fetch_add(count, std::memory_order_relaxed);
    return owed_ >= 1 ? market::pull_state::more : market::pull_state::idle;
  }

private:
  market::feed_event next(std::int64_t now) {
    last_ = std::max(last_, reached_);
    const auto step = static_cast<std::int64_t>(n_ / symbols_.size() % 200);
    quote_tick tick{last_, price{decimal::from_scaled(23'100 + step, 2)}, price{decimal::from_scaled(23'102 + step, 2)},
                    quantity{100}, quantity{now}};
    return {static_cast<std::uint32_t>(n_++ % symbols_.size()), tick};
  }

  std::vector<std::string> symbols_;
  std::shared_ptr<ticking_control> control_;
  utc_time start_, reached_, last_;
  double owed_ = 0;
  std::uint64_t n_ = 0;
};

} // namespace tt::bench
