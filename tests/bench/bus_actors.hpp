// The actors of the bus benches, the same for every transport: a source with a
// window of 8,000 messages, a sink, a pinger and an echo.
#pragma once

#include "bus/errc.hpp"
#include "bus/messages.hpp"
#include "tests/bus/messages.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace bus_bench {

using bus_test::quote;
using steady = std::chrono::steady_clock;
using start_atom = caf::atom_constant<caf::atom("start")>;

inline constexpr uint64_t window = 8'000; // quotes on their way
inline constexpr uint64_t ack_every = 1'000;

/// Counts quotes and tells the source every thousand.
inline caf::behavior sink(caf::event_based_actor* self) {
  auto count = std::make_shared<uint64_t>(0);
  const auto add = [self, count](uint64_t n) {
    const auto before = *count / ack_every;
    *count += n;
    if (*count / ack_every != before) self->send(caf::actor_cast<caf::actor>(self->current_sender()), *count);
  };
  return {[add](const quote&) { add(1); }, [add](const std::vector<quote>& x) { add(x.size()); },
          [count](start_atom) { *count = 0; }};
}

/// Sends `total` quotes, `batch` per message, and answers with the seconds that took.
inline caf::behavior source(caf::event_based_actor* self, caf::actor to, uint64_t total, uint64_t batch) {
  struct state {
    uint64_t sent = 0;
    uint64_t acked = 0;
    steady::time_point begin;
    caf::response_promise done;
    std::vector<quote> many;
  };
  auto s = std::make_shared<state>();
  s->many.assign(batch, bus_test::sample_quote());
  const auto pump = [=] {
    while (s->sent < total && s->sent - s->acked + batch <= window) {
      if (batch == 1)
        self->send(to, s->many.front());
      else
        self->send(to, s->many);
      s->sent += batch;
    }
  };
  return {[=](start_atom) -> caf::result<double> {
            s->done = self->make_response_promise();
            s->begin = steady::now();
            self->send(to, start_atom::value);
            pump();
            return caf::delegated<double>{};
          },
          [](const bus::undelivered& x) { // a measurement with lost messages would never end
            std::fprintf(stderr, "refused: %s\n", bus::text_of(x.reason).c_str());
            std::_Exit(1);
          },
          [=](uint64_t n) {
            s->acked = n;
            pump();
            if (n + ack_every > total && s->done.pending()) {
              s->done.deliver(std::chrono::duration<double>(steady::now() - s->begin).count());
              self->quit();
            }
          }};
}

inline caf::behavior echo(caf::event_based_actor* self) {
  return {
      [self](quote& x) { self->send(caf::actor_cast<caf::actor>(self->current_sender()), std::move(x)); }};
}

/// `total` round trips one after the other; answers with all of them in microseconds.
inline caf::behavior pinger(caf::event_based_actor* self, caf::actor to, size_t total) {
  auto times = std::make_shared<std::vector<double>>();
  auto begin = std::make_shared<steady::time_point>();
  auto done = std::make_shared<caf::response_promise>();
  const auto next = [=] {
    *begin = steady::now();
    self->send(to, bus_test::sample_quote());
  };
  return {[=](start_atom) -> caf::result<std::vector<double>> {
            *done = self->make_response_promise();
            next();
            return caf::delegated<std::vector<double>>{};
          },
          [=](const quote&) {
            times->push_back(std::chrono::duration<double, std::micro>(steady::now() - *begin).count());
            if (times->size() < total) return next();
            done->deliver(*times);
            self->quit();
          }};
}

inline double percentile(std::vector<double> xs, double p) {
  if (xs.empty()) return 0;
  std::sort(xs.begin(), xs.end());
  return xs[std::min(xs.size() - 1, static_cast<size_t>(p * static_cast<double>(xs.size())))];
}

struct figures {
  double rtt_p50 = 0; ///< microseconds
  double rtt_p99 = 0;
  double single = 0;  ///< messages of one quote per second
  double batched = 0; ///< quotes per second in vectors of 64
};

/// How much is measured: all of it, or just enough to see that everything runs.
enum class effort : uint8_t { full, quick };

inline effort effort_of(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc, [](const char* x) { return std::string{x} == "--quick"; })
             ? effort::quick
             : effort::full;
}

/// Runs all measurements against two actors, wherever they are.
inline figures measure(caf::actor_system& system, const caf::actor& sink_actor, const caf::actor& echo_actor,
                       effort how) {
  const uint64_t part = how == effort::full ? 1 : 20;
  figures f;
  caf::scoped_actor self{system};
  const auto flood = [&](uint64_t total, uint64_t batch) {
    double seconds = 0;
    self->request(self->spawn(source, sink_actor, total, batch), caf::infinite, start_atom::value)
        .receive([&](double x) { seconds = x; }, [](caf::error&) {});
    return seconds > 0 ? static_cast<double>(total) / seconds : 0;
  };
  std::vector<double> times;
  self->request(self->spawn(pinger, echo_actor, size_t{10'000 / part}), caf::infinite, start_atom::value)
      .receive([&](std::vector<double>& x) { times = std::move(x); }, [](caf::error&) {});
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10));
  f.rtt_p50 = percentile(times, 0.5);
  f.rtt_p99 = percentile(times, 0.99);
  flood(100'000 / part, 1); // warm-up
  f.single = flood(1'000'000 / part, 1);
  f.batched = flood(6'400'000 / part, 64);
  return f;
}

inline void print_row(const char* what, const figures& f) {
  std::printf("| %-28s | %7.0f / %7.0f | %12.0f | %12.0f |\n", what, f.rtt_p50, f.rtt_p99, f.single,
              f.batched);
  std::fflush(stdout);
}

inline void print_head() {
  std::printf("| %-28s | %-17s | %-12s | %-12s |\n", "", "RTT p50 / p99 us", "messages/s", "quotes/s x64");
  std::printf("|---|---|---|---|\n");
}

} // namespace bus_bench
