#pragma once

// A whole node in this process, as `tt node` starts it, on a free port and a
// folder of its own.

#include "cluster/node.hpp"
#include "tests/bench/clients.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tt::bench {

/// A folder of its own, gone afterwards.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// Every value of Prometheus' text format, by its name with labels.
using metric_values = std::map<std::string, double>;

/// What tt_tick_to_client_seconds says of the values delivered between two looks:
/// the p-quantile in milliseconds, interpolated within its bucket.
double tick_to_client_ms(const metric_values& before, const metric_values& after, double p);

/// A configuration like config/trader.yaml's without the limits that a benchmark
/// would run into (requests per minute, streams per address).
cluster::node_config bench_config(const std::string& data_dir);

class bench_node {
public:
  /// Ends the process with a message when the node does not start.
  bench_node(const cluster::node_config& config, const cluster::feed_maker& make_feeds);
  explicit bench_node(const cluster::node_config& config);

  [[nodiscard]] std::uint16_t port() const { return node_->port(); }
  [[nodiscard]] metric_values metrics() const;
  /// Body of a GET that has to succeed; ends the process when it doesn't.
  [[nodiscard]] std::string get(const std::string& target) const;

private:
  std::unique_ptr<cluster::node> node_;
};

/// Prints the message and ends the process: a benchmark that can't run has no figures.
[[noreturn]] void give_up(const std::string& why);

/// Waits until `done` says so; gives up after `limit`. Polls: for benchmarks only.
void wait_until(const std::function<bool()>& done, std::chrono::seconds limit, const std::string& what_for);

} // namespace tt::bench
