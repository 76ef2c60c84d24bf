// What a request costs: writing a history body, the way through the pipeline, and
// the whole way over a loopback socket (p50 and p99 as counters).

#include "gateways/gateway.hpp"
#include "gateways/udf/udf.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace {

using namespace tt;
using namespace tt::gateway;
using test::scripted_market;
namespace net = boost::asio;

constexpr std::int64_t first_bar = 1'768'000'020;

void write_history_body(benchmark::State& state) {
  market::history_reply reply;
  reply.bars = std::make_shared<const std::vector<bar>>(
    scripted_market::make_bars(from_unix_seconds(first_bar), std::chrono::minutes{1}, static_cast<std::size_t>(state.range(0))));
  gateway_metrics metrics;
  std::size_t bytes = 0;
  for (auto _ : state) bytes += write_history(reply, next_time_unit::seconds, metrics).size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(write_history_body)->Arg(300)->Arg(5000)->Arg(20000)->Unit(benchmark::kMicrosecond);

/// One keep-alive connection.
class client {
public:
  explicit client(std::uint16_t port) : socket_(context_) {
    socket_.connect({net::ip::address_v4::loopback(), port});
    socket_.set_option(net::ip::tcp::no_delay{true});
  }
  std::size_t get(const std::string& target) {
    const std::string text = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    net::write(socket_, net::buffer(text));
    const auto head = net::read_until(socket_, net::dynamic_buffer(pending_), "\r\n\r\n");
    const auto length = std::stoul(pending_.substr(pending_.find("Content-Length: ") + 16));
    const auto total = head + length;
    const auto have = pending_.size();
    if (have < total) {
      pending_.resize(total);
      net::read(socket_, net::buffer(pending_.data() + have, total - have));
    }
    pending_.clear();
    return length;
  }

private:
  net::io_context context_;
  net::ip::tcp::socket socket_;
  std::string pending_;
};

void over_socket(benchmark::State& state, const std::string& target) {
  scripted_market market;
  market.set_bars("AAPL", timeframe::minutes(1), session_hours::regular, scripted_market::make_bars(from_unix_seconds(first_bar), std::chrono::minutes{1}, 5000));
  market.set_quote(scripted_market::make_quote("AAPL", "231.11", market.market_time()));
  gateway_config config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.limits = {};
  tt::gateway::gateway server{config, market, [] { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }, nullptr};
  const auto port = server.start();
  if (!port) return state.SkipWithError("the gateway did not start");
  client one{*port};
  std::vector<double> took;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    bytes += one.get(target);
    took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(took.begin(), took.end());
  state.counters["p50_us"] = took[took.size() / 2];
  state.counters["p99_us"] = took[std::min(took.size() - 1, took.size() * 99 / 100)];
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(over_socket, history_5000, "/udf/history?symbol=AAPL&resolution=1&countback=5000&from=0&to=1900000000")->Unit(benchmark::kMicrosecond)->MinTime(3);
BENCHMARK_CAPTURE(over_socket, history_300, "/udf/history?symbol=AAPL&resolution=1&countback=300&from=0&to=1900000000")->Unit(benchmark::kMicrosecond)->MinTime(2);
BENCHMARK_CAPTURE(over_socket, quotes, "/api/v1/quotes?symbols=AAPL")->Unit(benchmark::kMicrosecond)->MinTime(2);
BENCHMARK_CAPTURE(over_socket, live, "/health/live")->Unit(benchmark::kMicrosecond)->MinTime(2);

} // namespace

BENCHMARK_MAIN();
