// The webhook receiver at a steady rate: time from the first byte of a post to its answer, with journal on disk (fsync per
// commit), actor and gateway; the accounts answer at once. Posts leave by the clock, so a slow answer delays nobody and is
// counted from the moment at which its post was due.
//
//   bench_webhook_ack [SECONDS [POSTS_PER_SECOND [CONNECTIONS]]]     (10, 500, 32)

#include "tests/gateways/webhook/webhook_server.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace {

using namespace tt::gateway::test;
using clock_type = std::chrono::steady_clock;

double quantile(const std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

} // namespace

int main(int argc, char** argv) {
  const auto seconds = static_cast<std::size_t>(argc > 1 ? std::max(1, std::atoi(argv[1])) : 10);
  const auto rate = static_cast<std::size_t>(argc > 2 ? std::max(1, std::atoi(argv[2])) : 500);
  const auto lines = static_cast<std::size_t>(argc > 3 ? std::max(1, std::atoi(argv[3])) : 32);
  webhook_server server{{.secret = "swordfish-swordfish"}};
  if (server.http == 0) return std::puts("the server does not start"), 1;

  const auto total = seconds * rate;
  std::vector<std::vector<double>> times(lines);
  std::vector<std::size_t> failed(lines);
  const auto begin = clock_type::now() + std::chrono::milliseconds{100};
  std::vector<std::thread> senders;
  for (std::size_t t = 0; t < lines; ++t)
    senders.emplace_back([&, t] {
      http_line line{server.http};
      for (std::size_t i = t; i < total; i += lines) {
        const auto due = begin + std::chrono::nanoseconds{i * 1'000'000'000ULL / rate};
        std::this_thread::sleep_until(due);
        const auto got = line.ask("POST", "/webhook/tradingview",
                                  R"({"secret":"swordfish-swordfish","ticker":"MNQ1!","action":"buy","contracts":"2","price":"21450.25","id":")" + std::to_string(i) +
                                    R"(","strategy":{"name":"breakout","version":"1.0"}})");
        times[t].push_back(std::chrono::duration<double, std::milli>(clock_type::now() - due).count());
        if (got.status != 200) ++failed[t];
      }
    });
  for (auto& one : senders) one.join();
  const double elapsed = std::chrono::duration<double>(clock_type::now() - begin).count();
  server.wait();

  std::vector<double> all;
  std::size_t bad = 0;
  for (std::size_t t = 0; t < lines; ++t) {
    all.insert(all.end(), times[t].begin(), times[t].end());
    bad += failed[t];
  }
  std::sort(all.begin(), all.end());
  std::printf("%u hardware threads; %zu posts at %zu/s over %zu connections in %.1f s, %zu failed, %zu orders\n", std::thread::hardware_concurrency(),
              total, rate, lines, elapsed, bad, server.desk->orders_made());
  std::printf("acknowledge: p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n", quantile(all, 0.5), quantile(all, 0.9), quantile(all, 0.99),
              quantile(all, 0.999), all.empty() ? 0 : all.back());
  return bad == 0 && server.desk->orders_made() == total ? 0 : 1;
}
