#pragma once

// Gauges for collectors that ask a port for figures when they are scraped.

#include <prometheus/metric_family.h>

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

} // namespace tt::gateway
