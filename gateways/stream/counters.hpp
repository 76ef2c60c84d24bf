#pragma once

// What the stream counts, for /metrics. Each shard counts for itself, without a
// lock prefix; a reader adds the shards up.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tt::gateway {

/// Upper bounds of the buckets of tt_tick_to_client_seconds; one more bucket follows for the rest.
inline constexpr std::array<double, 14> tick_to_client_bounds_s{
  0.000'05, 0.000'1, 0.000'25, 0.000'5, 0.001, 0.002'5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0};

/// The stream's figures since the start. Plain values.
struct stream_counters {
  std::uint64_t clients = 0;              ///< open now: tt_ws_clients
  std::uint64_t accepted = 0;             ///< handshakes done
  std::uint64_t refused = 0;              ///< refused because of max_clients, or while stopping
  std::uint64_t conflated = 0;            ///< values replaced: tt_ws_conflated_total
  std::uint64_t dropped_trades = 0;       ///< trades lost to slow readers
  std::uint64_t dropped_clients = 0;      ///< closed with 4408: tt_ws_dropped_clients_total
  std::uint64_t rate_limited_clients = 0; ///< closed with 4429
  std::uint64_t messages_in = 0;
  std::uint64_t bad_messages = 0;         ///< answered with an error
  std::uint64_t unknown_fields = 0;       ///< fields of messages that nobody knows
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;            ///< frames, before TCP
  std::uint64_t topics = 0;               ///< open at the market now, all shards
  /// Values delivered, by time from arrival in the gateway to the socket; waiting
  /// in a conflated slot is included.
  std::array<std::uint64_t, tick_to_client_bounds_s.size() + 1> tick_to_client{};
  double tick_to_client_sum_s = 0;
};

namespace stream {

/// A counter with one writing thread.
class tally {
public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// The counters of one shard. Written by its thread, read by any.
struct shard_tallies {
  tally clients, accepted, conflated, dropped_trades, dropped_clients, rate_limited_clients, messages_in, bad_messages,
    unknown_fields, messages_out, bytes_out, topics;
  std::array<tally, tick_to_client_bounds_s.size() + 1> tick_to_client;
  tally tick_to_client_ns;

  void observe_delivery(std::chrono::nanoseconds age) {
    const double seconds = std::chrono::duration<double>(age).count();
    std::size_t bucket = 0;
    while (bucket < tick_to_client_bounds_s.size() && seconds > tick_to_client_bounds_s[bucket]) ++bucket;
    tick_to_client[bucket].add();
    tick_to_client_ns.add(age.count() > 0 ? static_cast<std::uint64_t>(age.count()) : 0);
  }

  void add_to(stream_counters& out) const {
    out.clients += clients.get();
    out.accepted += accepted.get();
    out.conflated += conflated.get();
    out.dropped_trades += dropped_trades.get();
    out.dropped_clients += dropped_clients.get();
    out.rate_limited_clients += rate_limited_clients.get();
    out.messages_in += messages_in.get();
    out.bad_messages += bad_messages.get();
    out.unknown_fields += unknown_fields.get();
    out.messages_out += messages_out.get();
    out.bytes_out += bytes_out.get();
    out.topics += topics.get();
    for (std::size_t i = 0; i < tick_to_client.size(); ++i) out.tick_to_client[i] += tick_to_client[i].get();
    out.tick_to_client_sum_s += static_cast<double>(tick_to_client_ns.get()) / 1e9;
  }
};

} // namespace stream
} // namespace tt::gateway
