// The stream under load: real sockets on loopback, server and clients in one
// process. Prints one line per run.
//
//   bench_gateway_stream [seconds per run = 5] [I/O threads of the server = 1]
//
// Latency is the age of a value when a client has it: from publish() to the
// client's recv, so time spent waiting in a conflated slot is included.

#include "gateways/stream/stream_service.hpp"
#include "tests/gateways/stream_server.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

using namespace tt;
using namespace tt::gateway;
using std::chrono::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using tt::gateway::stream::test::stream_server;
using tt::gateway::test::scripted_market;

namespace {

constexpr std::array<const char*, 14> symbols{"AAPL", "GOOGL", "MSFT", "NVDA", "TSLA",   "SPY",    "QQQ",
                                              "ES1!", "NQ1!",  "MNQ1!", "RTY1!", "YM1!", "BTCUSD", "EURUSD"};

std::int64_t now_ns() { return steady_clock::now().time_since_epoch().count(); }

void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

instrument_master universe() {
  std::vector<instrument> list;
  for (const auto* symbol : symbols) {
    instrument one;
    one.symbol = symbol;
    one.exchange = "SIM";
    one.calendar_id = "24X7";
    one.calendar = find_calendar("24X7").value();
    list.push_back(std::move(one));
  }
  return instrument_master::make(std::move(list)).value();
}

/// A quote whose volume is the time of its making.
market::market_update stamped_quote(std::size_t symbol, std::uint64_t n) {
  market::quote_snapshot out;
  out.symbol = symbols[symbol];
  out.ts = utc_time{seconds{1'768'487'402} + milliseconds{n}};
  out.last = price{decimal::from_scaled(23'111 + static_cast<std::int64_t>(n % 100), 2)};
  out.bid = *out.last - price{decimal::from_scaled(1, 2)};
  out.ask = *out.last + price{decimal::from_scaled(1, 2)};
  out.bid_size = out.ask_size = out.last_size = quantity{100};
  out.open = out.high = out.low = *out.last;
  out.prev_close = price{decimal::from_scaled(22'955, 2)};
  out.source = "sim";
  out.state = market::freshness::fresh;
  out.market = market_state::regular;
  out.seq = n;
  out.volume = quantity{now_ns()};
  return out;
}

/// One client socket, spoken to in raw frames: the measuring side must be cheap.
class raw_client {
public:
  explicit raw_client(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (fd_ < 0) fail("socket");
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_bytes("GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (::recv(fd_, &c, 1, 0) != 1) fail("handshake");
      head += c;
    }
    if (!head.starts_with("HTTP/1.1 101")) fail("upgrade");
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() { ::close(fd_); }

  void say(const std::string& text) {
    std::string out = "\x81";
    if (text.size() < 126) {
      out += static_cast<char>(0x80U | text.size());
    } else {
      out += static_cast<char>(0xFE);
      out += static_cast<char>(text.size() >> 8);
      out += static_cast<char>(text.size());
    }
    out.append(4, '\0'); // a mask of zeros leaves the text as it is
    send_bytes(out + text);
  }

  /// Reads what there is; calls `on_value` with the stamp of each update.
  template <class F>
  void drain(std::vector<char>& room, F on_value) {
    while (true) {
      const ssize_t got = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      rest_.append(room.data(), static_cast<std::size_t>(got));
      std::size_t at = 0;
      while (rest_.size() - at >= 4) {
        const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(rest_[at + i])); };
        std::size_t length = byte(1), header = 2;
        if (length == 126) {
          length = byte(2) << 8 | byte(3);
          header = 4;
        }
        if (rest_.size() - at < header + length) break;
        take({rest_.data() + at + header, length}, on_value);
        at += header + length;
      }
      rest_.erase(0, at);
      if (static_cast<std::size_t>(got) < room.size()) return;
    }
  }

  [[nodiscard]] int fd() const { return fd_; }
  std::atomic<std::uint64_t> values{0};

private:
  void send_bytes(const std::string& bytes) {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) fail("send");
  }
  template <class F>
  void take(std::string_view text, F on_value) {
    constexpr std::string_view mark = "\"volume\":";
    const auto found = static_cast<const char*>(::memmem(text.data(), text.size(), mark.data(), mark.size()));
    if (found == nullptr) return;
    std::int64_t stamp = 0;
    std::from_chars(found + mark.size(), text.data() + text.size(), stamp);
    values.store(values.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    on_value(stamp);
  }

  int fd_;
  std::string rest_;
};

struct run_setup {
  const char* name;
  std::size_t clients = 100;
  std::size_t stalled = 0;
  std::size_t symbol_count = symbols.size();
  int max_rate_hz = 10;
  int ticks_per_second = 10'000; ///< 0: as fast as the slowest client takes them
};

double percentile(const std::vector<std::int64_t>& sorted, double p) {
  if (sorted.empty()) return 0;
  return static_cast<double>(sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(p * static_cast<double>(sorted.size())))]) / 1e6;
}

double rss_mb() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * 4096 / 1e6;
}

/// The measuring thread: reads all clients that aren't stalled.
void read_clients(std::vector<std::unique_ptr<raw_client>>& clients, std::size_t stalled, const std::atomic<bool>& measuring,
                  const std::atomic<bool>& done, std::vector<std::int64_t>& ages) {
  const int poll = ::epoll_create1(0);
  for (std::size_t i = stalled; i < clients.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = clients[i].get();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, clients[i]->fd(), &event);
  }
  std::vector<char> room(256 * 1024);
  std::array<epoll_event, 128> events{};
  while (!done) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 50);
    for (int i = 0; i < ready; ++i) {
      auto* one = static_cast<raw_client*>(events[static_cast<std::size_t>(i)].data.ptr);
      one->drain(room, [&](std::int64_t stamp) {
        if (measuring && ages.size() < ages.capacity()) ages.push_back(now_ns() - stamp);
      });
    }
  }
  ::close(poll);
}

/// Publishes at a fixed rate in slices of a millisecond.
void publish_at_rate(scripted_market& market, const run_setup& setup, steady_clock::time_point until) {
  std::uint64_t n = 0;
  auto next = steady_clock::now();
  const int per_slice = setup.ticks_per_second / 1000;
  while (next < until) {
    for (int i = 0; i < per_slice; ++i, ++n) market.publish(stamped_quote(n % setup.symbol_count, n + 1));
    next += milliseconds{1};
    std::this_thread::sleep_until(next);
  }
}

/// Keeps at most a window of updates ahead of the slowest client, so that nothing is conflated.
void publish_unbounded(scripted_market& market, const run_setup& setup, const std::vector<std::unique_ptr<raw_client>>& clients,
                       steady_clock::time_point until) {
  constexpr std::uint64_t window = 256, step = 32;
  std::vector<std::uint64_t> base;
  for (const auto& one : clients) base.push_back(one->values.load(std::memory_order_acquire));
  std::uint64_t n = 0;
  while (steady_clock::now() < until) {
    std::uint64_t slowest = ~0ULL;
    for (std::size_t i = 0; i < clients.size(); ++i)
      slowest = std::min(slowest, clients[i]->values.load(std::memory_order_acquire) - base[i]);
    if (n - std::min(n, slowest) + step > window) {
      std::this_thread::sleep_for(microseconds{50});
      continue;
    }
    for (std::uint64_t i = 0; i < step; ++i, ++n) market.publish(stamped_quote(n % setup.symbol_count, n + 1));
  }
}

void run(const run_setup& setup, int run_seconds, unsigned threads) {
  scripted_market market{universe()};
  stream_config config;
  config.max_clients = 2000;
  stream_service service{market, config};
  stream_server server{service, threads};
  std::string list;
  for (std::size_t i = 0; i < setup.symbol_count; ++i) list += std::string{i == 0 ? "" : ","} + symbols[i];
  std::vector<std::unique_ptr<raw_client>> clients;
  for (std::size_t i = 0; i < setup.clients; ++i) {
    clients.push_back(std::make_unique<raw_client>(server.port(), i < setup.stalled ? 4096 : 0));
    clients.back()->say(R"({"action":"set","max_rate_hz":)" + std::to_string(setup.max_rate_hz) + "}");
    clients.back()->say(R"({"action":"subscribe","symbol":")" + list + R"("})");
  }
  std::vector<std::int64_t> ages;
  ages.reserve(8'000'000);
  std::atomic<bool> measuring{false}, done{false};
  std::thread reader{[&] { read_clients(clients, setup.stalled, measuring, done, ages); }};
  const auto deliveries = [&] {
    std::uint64_t sum = 0;
    for (std::size_t i = setup.stalled; i < clients.size(); ++i) sum += clients[i]->values.load(std::memory_order_acquire);
    return sum;
  };
  const auto publish = [&](seconds how_long) {
    const auto until = steady_clock::now() + how_long;
    if (setup.ticks_per_second > 0) publish_at_rate(market, setup, until);
    else publish_unbounded(market, setup, clients, until);
  };
  publish(seconds{1}); // warm-up
  measuring = true;
  const auto begin = steady_clock::now();
  const std::uint64_t before = deliveries();
  publish(seconds{run_seconds});
  const double took = duration<double>(steady_clock::now() - begin).count();
  const std::uint64_t delivered = deliveries() - before;
  measuring = false;
  done = true;
  reader.join();
  const stream_counters counters = service.counters();
  const double rss = rss_mb();
  std::sort(ages.begin(), ages.end());
  std::printf("%-44s %9.0f deliveries/s  age p50 %7.3f ms  p99 %7.3f ms  p99.9 %7.3f ms  conflated %llu  dropped clients %llu  process RSS %.0f MB\n",
              setup.name, static_cast<double>(delivered) / took, percentile(ages, 0.50), percentile(ages, 0.99),
              percentile(ages, 0.999), static_cast<unsigned long long>(counters.conflated),
              static_cast<unsigned long long>(counters.dropped_clients), rss);
  std::fflush(stdout);
  clients.clear();
  server.stop();
}

} // namespace

int main(int argc, char** argv) {
  const int run_seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const unsigned threads = argc > 2 ? static_cast<unsigned>(std::max(1, std::atoi(argv[2]))) : 1;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::printf("%u hardware threads, %u I/O threads of the server, 1 thread reads all clients, 1 publishes; %d s per run\n",
              std::thread::hardware_concurrency(), threads, run_seconds);
  run({.name = "100 clients, 14 symbols, 10k ticks/s, 10 Hz"}, run_seconds, threads);
  run({.name = "100 clients, unconflated broadcast", .symbol_count = 1, .max_rate_hz = 0, .ticks_per_second = 0}, run_seconds, threads);
  run({.name = "200 clients, 20 stalled, 10k ticks/s, 10 Hz", .clients = 200, .stalled = 20}, run_seconds, threads);
  run({.name = "1000 clients, 100 stalled, 10k ticks/s, 10 Hz", .clients = 1000, .stalled = 100}, run_seconds, threads);
  return 0;
}
