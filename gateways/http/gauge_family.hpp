#pragma once

// Gauges and counters for collectors that ask a port for figures when they are scraped.

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

inline prometheus::MetricFamily gauge_family(std::string name, std::string help) {
  prometheus::MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = prometheus::MetricType::Gauge;
  return out;
}

inline void add_gauge(prometheus::MetricFamily& to, double value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric one;
  one.label = std::move(labels);
  one.gauge.value = value;
  to.metric.push_back(std::move(one));
}

/// A family of one counter, without labels.
inline void add_counter(std::vector<prometheus::MetricFamily>& out, const char* name, const char* help, std::uint64_t value) {
  auto family = gauge_family(name, help);
  family.type = prometheus::MetricType::Counter;
  family.metric.emplace_back().counter.value = static_cast<double>(value);
  out.push_back(std::move(family));
}

} // namespace tt::gateway
