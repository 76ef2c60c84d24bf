#include "tests/bench/bench_node.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace tt::bench {

namespace {

utc_time wall_now() { return std::chrono::system_clock::now(); }

constexpr std::string_view bucket_name = "tt_tick_to_client_seconds_bucket";

/// Upper bound (s) → deliveries up to it.
std::map<double, double> buckets_of(const metric_values& values) {
  std::map<double, double> out;
  for (const auto& [name, value] : values) {
    if (!name.starts_with(bucket_name)) continue;
    const auto quote = name.find('"');
    const auto text = name.substr(quote + 1, name.rfind('"') - quote - 1);
    out[text == "+Inf" ? std::numeric_limits<double>::infinity() : std::strtod(text.c_str(), nullptr)] = value;
  }
  return out;
}

} // namespace

void give_up(const std::string& why) {
  std::fprintf(stderr, "benchmark: %s\n", why.c_str());
  std::_Exit(1);
}

void wait_until(const std::function<bool()>& done, std::chrono::seconds limit, const std::string& what_for) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) give_up("waited in vain for " + what_for);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

scratch_folder::scratch_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tt_bench_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) give_up("can't make a temporary folder");
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

double tick_to_client_ms(const metric_values& before, const metric_values& after, double p) {
  auto counts = buckets_of(after);
  for (const auto& [bound, count] : buckets_of(before)) counts[bound] -= count;
  if (counts.empty() || counts.rbegin()->second <= 0) return 0;
  const double wanted = p * counts.rbegin()->second;
  double below = 0, lower = 0;
  for (const auto& [bound, count] : counts) {
    if (count >= wanted && count > below) {
      const double upper = bound == std::numeric_limits<double>::infinity() ? lower : bound;
      return (lower + (upper - lower) * (wanted - below) / (count - below)) * 1e3;
    }
    below = count;
    lower = bound;
  }
  return lower * 1e3;
}

cluster::node_config bench_config(const std::string& data_dir) {
  cluster::node_config out;
  out.node_id = "bench";
  out.data_dir = data_dir;
  out.instruments_path = TT_SOURCE_DIR "/config/instruments.yaml";
  out.host = "127.0.0.1";
  out.port = 0;
  out.default_venue = "XNYS";
  out.stream_max_per_ip = 10'000;
  out.rate_unauthenticated = out.rate_failed_auth = out.rate_general = out.rate_market_data = 0; // no limit
  return out;
}

bench_node::bench_node(const cluster::node_config& config, const cluster::feed_maker& make_feeds) {
  auto started = cluster::node::start(config, wall_now, make_feeds);
  if (!started) give_up("the node does not start: " + to_string(started.error()));
  node_ = std::move(*started);
}

bench_node::bench_node(const cluster::node_config& config) {
  auto started = cluster::node::start(config, wall_now);
  if (!started) give_up("the node does not start: " + to_string(started.error()));
  node_ = std::move(*started);
}

std::string bench_node::get(const std::string& target) const {
  auto answer = http_client{port()}.get(target);
  if (answer.status != 200) give_up("GET " + target + " answers " + std::to_string(answer.status) + ": " + answer.body.substr(0, 300));
  return std::move(answer.body);
}

metric_values bench_node::metrics() const {
  const auto text = get("/metrics");
  metric_values out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string_view::npos) continue;
    out[std::string(line.substr(0, space))] = std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
  }
  return out;
}

} // namespace tt::bench
