// A whole node that trades on paper, seen from its clients: how long an order takes from the request to its answer and to its
// fill on the stream, how long an emergency stop takes until nothing more goes through, and what a read of the account costs.

#include "bench_node.hpp"
#include "measure.hpp"

#include "gateways/auth/first_admin.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>

namespace tt::bench {
namespace {

cluster::node_config trading_config(const std::string& data_dir) {
  auto out = bench_config(data_dir);
  out.rate_orders = out.rate_orders_burst = 0; // no limit
  out.feeds.push_back({});
  auto& feed = out.feeds.back();
  feed.name = "sim";
  feed.symbols = {"AAPL"};
  feed.seed = 7;
  feed.start = parse_iso8601("2026-01-15T15:12:00Z").value_or(utc_time{}); // a Thursday morning in New York
  using id = risk::limit_id;
  out.risk_limits = risk::default_limits();
  const auto set = [&](id which, std::int64_t to) { out.risk_limits[static_cast<std::size_t>(which)] = risk::limit_setting::of(decimal{to}); };
  for (const auto which : {id::order_rate_account_second, id::order_rate_node_second, id::runaway_orders}) set(which, 1'000);
  for (const auto which : {id::order_rate_account_minute, id::order_rate_node_minute}) set(which, 60'000);
  out.risk_limits[static_cast<std::size_t>(id::consecutive_losses)] = risk::limit_setting::off();
  return out;
}

constexpr std::string_view an_order[] = {
  R"({"account_id":"paper_simulator","symbol":"AAPL","side":"buy","quantity":1,"type":"market"})",
  R"({"account_id":"paper_simulator","symbol":"AAPL","side":"sell","quantity":1,"type":"market"})"};

/// When each execution came to the client of the stream.
class executions {
public:
  explicit executions(std::uint16_t port)
    : client_(port, 1, {R"({"action":"subscribe","channels":["executions"]})"}, [this](std::size_t, std::string_view text) { hear(text); }) {
    wait_until([this] { return subscribed_.load(); }, std::chrono::seconds{10}, "the stream");
  }
  [[nodiscard]] std::int64_t await(std::size_t count) {
    wait_until([&] { return count_.load() >= count; }, std::chrono::seconds{10}, "an execution");
    return newest_ns_.load();
  }
  [[nodiscard]] std::size_t count() const { return count_; }

private:
  void hear(std::string_view text) {
    if (text.find("\"subscription_confirmed\"") != std::string_view::npos) subscribed_ = true;
    if (text.find("\"type\":\"execution\"") == std::string_view::npos || text.find("\"snapshot\":true") != std::string_view::npos) return;
    newest_ns_ = steady_ns();
    ++count_;
  }
  std::atomic<bool> subscribed_ = false;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::int64_t> newest_ns_ = 0;
  stream_clients client_;
};

http_client::answer must(const http_client::answer& got, unsigned status, const char* what) {
  if (got.status != status) give_up(std::string(what) + " answers " + std::to_string(got.status) + ": " + got.body.substr(0, 300));
  return got;
}

void orders(record& out, std::uint16_t port, int count) {
  executions fills(port);
  http_client client(port);
  samples answered, filled;
  std::size_t expected = fills.count();
  for (int i = 0; i < count; ++i) {
    const auto begin = steady_ns();
    const auto got = client.post("/api/v1/orders", std::string(an_order[i % 2]), {});
    answered.add(steady_ns() - begin);
    must(got, 201, "POST /api/v1/orders");
    filled.add(fills.await(++expected) - begin);
  }
  out.quantiles("desk.order_answered", answered);
  out.quantiles("desk.fill_on_stream", filled);
}

/// From the order to stop until it is answered; the order sent right behind it is refused, which is checked.
void stops(record& out, std::uint16_t port, const std::string& admin, int count) {
  http_client client(port);
  samples stopped;
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    const auto begin = steady_ns();
    const auto got = client.post("/api/v1/risk/emergency-stop", R"({"reason":"bench"})", admin);
    stopped.add(steady_ns() - begin);
    must(got, 200, "POST emergency-stop");
    const auto order = client.post("/api/v1/orders", std::string(an_order[0]), {});
    refused += order.status == 422 && order.body.find("KILL_SWITCH") != std::string::npos ? 1 : 0;
    const auto question = must(client.post("/api/v1/risk/resume", R"({"reason":"bench"})", admin), 200, "POST resume").body;
    const auto at = question.find("\"confirm_token\":\"");
    if (at == std::string::npos) give_up("no confirm_token: " + question);
    const auto from = at + 17;
    must(client.post("/api/v1/risk/resume", "{\"confirm_token\":\"" + question.substr(from, question.find('"', from) - from) + "\"}", admin), 200, "POST resume");
  }
  out.quantiles("desk.stop", stopped);
  out.check("desk.stop.holds", refused == count, std::to_string(refused) + " of " + std::to_string(count) + " orders behind a stop were refused");
}

void reads(record& out, std::uint16_t port, int count) {
  http_client client(port);
  samples took;
  std::int64_t longest = 0;
  for (int i = 0; i < count; ++i)
    for (const char* target : {"/api/v1/account?account_id=paper_simulator", "/api/v1/positions", "/api/v1/orders?limit=50", "/api/v1/quotes/AAPL"}) {
      const auto begin = steady_ns();
      must(client.get(target), 200, target);
      took.add(steady_ns() - begin);
      longest = std::max(longest, steady_ns() - begin);
    }
  out.quantiles("desk.read", took);
  out.figure("desk.read.max_ms", static_cast<double>(longest) / 1e6);
}

int run(const options& how) {
  const scratch_folder folder;
  // a node on loopback needs none; only an admin may resume
  if (auto made = gateway::make_first_admin(folder.path(), std::chrono::system_clock::now()); !made) give_up(to_string(made.error()));
  bench_node node(trading_config(folder.path()));
  wait_until([&] { return http_client{node.port()}.get("/api/v1/quotes/AAPL").status == 200; }, std::chrono::seconds{30}, "a price");
  wait_until([&] { return http_client{node.port()}.get("/health/ready").status == 200; }, std::chrono::seconds{30}, "the node to be ready");
  std::string admin;
  std::getline(std::ifstream(folder.path() + "/first-admin.token"), admin);
  if (admin.empty()) give_up("the node has written no admin token");
  record out;
  orders(out, node.port(), how.quick ? 40 : 1'000);
  stops(out, node.port(), admin, how.quick ? 5 : 100);
  reads(out, node.port(), how.quick ? 50 : 2'000);
  return finish(out, how);
}

} // namespace
} // namespace tt::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  spdlog::set_level(spdlog::level::err);
  try {
    return tt::bench::run(tt::bench::read_options(argc, argv));
  } catch (const std::exception& e) {
    tt::bench::give_up(e.what());
  }
}
