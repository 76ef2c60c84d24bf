#include "gateways/http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>

namespace tt::gateway {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries latency_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                  0.025,  0.05,    0.1,    0.25,  0.5,    1,     2.5};

double resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_fds() {
  std::error_code failed;
  double count = 0;
  for (auto it = std::filesystem::directory_iterator{"/proc/self/fd", failed}; !failed && it != std::filesystem::directory_iterator{};
       it.increment(failed))
    ++count;
  return count;
}

} // namespace

struct gateway_metrics::impl {
  using request_key = std::tuple<std::string, verb, int>;

  prometheus::Registry registry;
  Family<Counter>& requests = BuildCounter().Name("tt_http_requests_total").Help("HTTP requests by route template").Register(registry);
  Family<Histogram>& seconds = BuildHistogram().Name("tt_http_request_seconds").Help("Time from request head to answer").Register(registry);
  Family<Counter>& limited = BuildCounter().Name("tt_http_rate_limited_total").Help("Requests refused by a rate limit").Register(registry);
  Counter& unknown_fields = BuildCounter().Name("tt_http_unknown_fields_total").Help("JSON fields nobody reads").Register(registry).Add({});
  Counter& bars_dropped = BuildCounter().Name("tt_bars_dropped_total").Help("Bars with contradicting prices, not served").Register(registry).Add({});
  Gauge& connections = BuildGauge().Name("tt_http_connections").Help("Open connections, upgraded ones included").Register(registry).Add({});
  Family<Gauge>& feed_state = BuildGauge().Name("tt_feed_state").Help("1 for the state the feed is in").Register(registry);
  Family<Gauge>& feed_age = BuildGauge().Name("tt_feed_age_seconds").Help("Market time since the feed's newest event").Register(registry);
  Gauge& memory = BuildGauge().Name("process_resident_memory_bytes").Help("Resident memory").Register(registry).Add({});
  Counter& cpu = BuildCounter().Name("process_cpu_seconds_total").Help("User and system CPU time").Register(registry).Add({});
  Gauge& fds = BuildGauge().Name("process_open_fds").Help("Open file descriptors").Register(registry).Add({});

  mutable std::mutex mutex;
  std::map<request_key, Counter*> request_counters;
  std::map<std::string, Histogram*, std::less<>> request_times;
  recent_latencies recent;
  std::atomic<std::size_t> open{0};
  std::vector<std::weak_ptr<prometheus::Collectable>> sources;
};

gateway_metrics::gateway_metrics() : impl_(std::make_unique<impl>()) {}
gateway_metrics::~gateway_metrics() = default;

void gateway_metrics::request_done(std::string_view route, verb method, int status, std::chrono::nanoseconds took) {
  Counter* counter = nullptr;
  Histogram* histogram = nullptr;
  {
    std::lock_guard guard{impl_->mutex};
    auto& slot = impl_->request_counters[{std::string{route}, method, status}];
    if (slot == nullptr)
      slot = &impl_->requests.Add({{"route", std::string{route}}, {"method", std::string{to_string(method)}}, {"code", std::to_string(status)}});
    auto found = impl_->request_times.find(route);
    if (found == impl_->request_times.end())
      found = impl_->request_times.emplace(route, &impl_->seconds.Add({{"route", std::string{route}}}, latency_buckets)).first;
    counter = slot;
    histogram = found->second;
  }
  impl_->recent.add(took);
  counter->Increment();
  histogram->Observe(std::chrono::duration<double>(took).count());
}

void gateway_metrics::unknown_json_fields(std::size_t count) {
  if (count > 0) impl_->unknown_fields.Increment(static_cast<double>(count));
}

void gateway_metrics::rate_limited(rate_class kind) { impl_->limited.Add({{"class", std::string{to_string(kind)}}}).Increment(); }

void gateway_metrics::connection_opened() { impl_->connections.Set(static_cast<double>(++impl_->open)); }
void gateway_metrics::connection_closed() { impl_->connections.Set(static_cast<double>(--impl_->open)); }

void gateway_metrics::dropped_bars(std::size_t count) {
  if (count > 0) impl_->bars_dropped.Increment(static_cast<double>(count));
}

std::size_t gateway_metrics::open_connections() const { return impl_->open; }

latency_summary gateway_metrics::latency() const { return impl_->recent.summary(); }

void gateway_metrics::add_source(std::weak_ptr<prometheus::Collectable> source) { impl_->sources.push_back(std::move(source)); }

std::string gateway_metrics::render(std::span<const market::feed_status> feeds, utc_time market_now) {
  static constexpr std::array<std::string_view, 4> states{"starting", "live", "finished", "failed"};
  for (const auto& feed : feeds) {
    for (const auto state : states)
      impl_->feed_state.Add({{"feed", feed.name}, {"state", std::string{state}}}).Set(feed.state == state ? 1 : 0);
    if (feed.last_event)
      impl_->feed_age.Add({{"feed", feed.name}}).Set(std::chrono::duration<double>(market_now - *feed.last_event).count());
  }
  impl_->memory.Set(resident_bytes());
  impl_->cpu.Increment(std::max(0.0, cpu_seconds() - impl_->cpu.Value()));
  impl_->fds.Set(open_fds());
  auto families = impl_->registry.Collect();
  for (const auto& weak : impl_->sources)
    if (const auto source = weak.lock()) {
      auto more = source->Collect();
      families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, families);
  return std::move(out).str();
}

} // namespace tt::gateway
