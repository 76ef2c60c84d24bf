// A whole node and real clients on loopback in one process. Prints figures to
// stderr, and to the file of --json for report.py. How each is measured stands
// in README.md.
//
//   bench_node_pipeline [--quick] [--json FILE] [--only replay|latency|http]

#include "actors/market/replay.hpp"
#include "actors/market/sim_history.hpp"
#include "tests/bench/bench_node.hpp"
#include "tests/bench/feeds.hpp"
#include "tests/bench/recordings.hpp"

#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstring>

namespace tt::bench {

namespace {

/// A feed of the node as prepare_feeds would have made it.
cluster::prepared_feed make_feed(std::unique_ptr<market::feed_source> source, market::pace how) {
  cluster::prepared_feed out;
  out.name = "bench";
  out.pace = how;
  out.source = std::move(source);
  return out;
}

/// Gives one feed to the node. The source can be handed over once.
cluster::feed_maker only_feed(std::shared_ptr<cluster::prepared_feed> feed) {
  return [feed = std::move(feed)](const instrument_master&, const market::bar_store&, utc_time, std::vector<std::string>&) {
    std::vector<cluster::prepared_feed> out;
    out.push_back(std::move(*feed));
    return result<std::vector<cluster::prepared_feed>>{std::move(out)};
  };
}

std::string subscribe_to(const std::vector<std::string>& symbols) {
  std::string list;
  for (const auto& symbol : symbols) list += (list.empty() ? "" : ",") + symbol;
  return R"({"action":"subscribe","symbol":")" + list + R"("})";
}

std::string max_rate(int hz) { return R"({"action":"set","max_rate_hz":)" + std::to_string(hz) + "}"; }

bool is_quote(std::string_view text) { return text.starts_with(R"({"type":"quote")"); }

// -- replay: a day of ticks at full speed to one client -------------------------

/// What the one client has seen.
struct seen_quotes {
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> conflated{0}; ///< as the messages say
  std::atomic<std::uint64_t> seq_jumps{0};
  std::atomic<bool> ended{false};
  std::int64_t last_seq = 0;
  std::int64_t last_ts_ms = 0;

  void take(std::string_view text) {
    if (const auto seq = number_in(text, "\"seq\":")) {
      if (last_seq != 0 && *seq != last_seq + 1) ++seq_jumps;
      last_seq = *seq;
    }
    if (!is_quote(text)) return;
    messages.fetch_add(1, std::memory_order_relaxed);
    conflated.fetch_add(static_cast<std::uint64_t>(number_in(text, "\"conflated\":").value_or(0)), std::memory_order_relaxed);
    last_ts_ms = number_in(text, "\"ts_ms\":").value_or(last_ts_ms);
    if (text.find("\"stale\":true") != std::string_view::npos && last_ts_ms > 0) ended.store(true, std::memory_order_release);
  }
};

std::string column(const std::vector<bar>& bars, const char* name, const std::function<std::string(const bar&)>& text) {
  std::string out = std::string(",\"") + name + "\":[";
  for (const auto& b : bars) out += (out.back() == '[' ? "" : ",") + text(b);
  return out + "]";
}

/// /udf/history of these bars, as its contract says.
std::string expected_history(const std::vector<bar>& bars) {
  return "{\"s\":\"ok\"" + column(bars, "t", [](const bar& b) { return std::to_string(unix_seconds(b.open_time)); })
         + column(bars, "o", [](const bar& b) { return b.open.to_string(); })
         + column(bars, "h", [](const bar& b) { return b.high.to_string(); })
         + column(bars, "l", [](const bar& b) { return b.low.to_string(); })
         + column(bars, "c", [](const bar& b) { return b.close.to_string(); })
         + column(bars, "v", [](const bar& b) { return b.volume.to_string(); }) + "}";
}

std::unique_ptr<market::feed_source> open_replay(const std::string& path) {
  auto master = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  if (!master) give_up(to_string(master.error()));
  market::replay_config config;
  config.recordings.push_back({path, *master->find("EURUSD"), market::recording_kind::ticks, timeframe::minutes(1)});
  auto source = market::replay_source::open(std::move(config));
  if (!source) give_up(to_string(source.error()));
  return std::move(*source);
}

void check_bars(const bench_node& node, const std::vector<bar>& bars, record& out) {
  const auto from = unix_seconds(bars.front().open_time), to = unix_seconds(bars.back().open_time) + 60;
  const auto served = node.get("/udf/history?symbol=EURUSD&resolution=1&from=" + std::to_string(from) + "&to=" + std::to_string(to));
  out.check("replay.bars_equal_recomputation", served == expected_history(bars), std::to_string(bars.size()) + " minute bars");
}

void run_replay(record& out) {
  const scratch_folder folder;
  const auto recording = eurusd_recording(folder.path());
  std::uint64_t ticks = 0;
  const auto bars = recomputed_minutes(recording.path, ticks);
  auto gate = std::make_shared<std::atomic<bool>>(false);
  auto source = std::make_unique<gated_source>(open_replay(recording.path), gate);
  const bench_node node{bench_config(folder.path() + "/data"),
                        only_feed(std::make_shared<cluster::prepared_feed>(make_feed(std::move(source), {market::pace_kind::maximum, 1})))};
  seen_quotes seen;
  const stream_clients client{node.port(), 1, {max_rate(0), subscribe_to({"EURUSD"})},
                              [&](std::size_t, std::string_view text) { seen.take(text); }};
  wait_until([&] { return seen.messages > 0; }, std::chrono::seconds{10}, "the first snapshot");
  std::this_thread::sleep_for(std::chrono::milliseconds{300}); // what the start says has been said
  const auto before = node.metrics();
  const auto messages_before = seen.messages.load(), said_before = seen.conflated.load();
  const auto begin = steady::now();
  gate->store(true, std::memory_order_release);
  wait_until([&] { return seen.ended.load(std::memory_order_acquire); }, std::chrono::seconds{60}, "the end of the replay");
  const double took = seconds_since(begin);
  const auto after = node.metrics();
  const auto of = [&](const std::string& name) { return after.at(name) - before.at(name); };
  const auto delivered = seen.messages - messages_before;
  const auto conflated = static_cast<std::uint64_t>(of("tt_ws_conflated_total"));
  out.figure("replay.ticks_per_s", static_cast<double>(ticks) / took);
  out.figure("replay.delivered", static_cast<double>(delivered));
  out.figure("replay.conflated", static_cast<double>(conflated));
  // one more than the ticks: the last message says that the feed has ended
  out.check("replay.every_tick_counted", delivered + conflated == ticks + 1 && bars.size() > 1,
            std::to_string(ticks) + (recording.recorded ? " recorded" : " made") + " ticks + 1 = " + std::to_string(delivered)
              + " delivered + " + std::to_string(conflated) + " conflated (of them " + std::to_string(seen.conflated - said_before)
              + " said in messages)");
  out.check("replay.no_message_missing", seen.seq_jumps == 0, std::to_string(seen.seq_jumps) + " jumps in seq");
  check_bars(node, bars, out);
}

// -- latency: how old a value is when a client has it ------------------------------

const std::vector<std::string> ticking_symbols{"AAPL", "GOOGL", "MSFT", "NVDA",  "TSLA",  "SPY",    "QQQ",
                                               "ES1!", "NQ1!",  "MNQ1!", "RTY1!", "YM1!", "BTCUSD", "EURUSD"};

struct latency_setup {
  std::string id;
  std::size_t clients = 100;
  int max_rate_hz = 10;
  int ticks_per_second = 10'000;
  int seconds = 5;
};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(used.ru_utime) + of(used.ru_stime);
}

void run_latency(const latency_setup& setup, record& out) {
  const scratch_folder folder;
  auto control = std::make_shared<ticking_control>();
  auto source = std::make_unique<ticking_source>(ticking_symbols, std::chrono::system_clock::now(), control);
  auto feed = make_feed(std::move(source), {market::pace_kind::scaled, 1});
  feed.follows_wall_clock = true;
  feed.market_start = std::chrono::system_clock::now();
  const bench_node node{bench_config(folder.path()), only_feed(std::make_shared<cluster::prepared_feed>(std::move(feed)))};
  std::atomic<bool> measuring{false};
  std::atomic<std::uint64_t> quotes{0};
  samples ages; // the reading thread's, and after it ours
  ages.reserve(static_cast<std::size_t>(setup.seconds) * 200'000);
  {
    const stream_clients clients{node.port(), setup.clients, {max_rate(setup.max_rate_hz), subscribe_to(ticking_symbols)},
                                 [&](std::size_t, std::string_view text) {
                                   if (!is_quote(text)) return;
                                   const auto now = steady_ns();
                                   const auto stamp = number_in(text, "\"ask_size\":");
                                   if (!stamp || *stamp == 0) return;
                                   quotes.fetch_add(1, std::memory_order_relaxed);
                                   if (measuring.load(std::memory_order_relaxed)) ages.add(now - *stamp);
                                 }};
    control->ticks_per_second = setup.ticks_per_second;
    std::this_thread::sleep_for(std::chrono::seconds{1}); // warm-up
    const auto before = node.metrics();
    const auto handed_out = control->handed_out.load();
    const auto quotes_before = quotes.load();
    const auto begin = steady::now();
    const double cpu = cpu_seconds();
    measuring = true;
    std::this_thread::sleep_for(std::chrono::seconds{setup.seconds});
    measuring = false;
    const double took = seconds_since(begin);
    out.figure(setup.id + ".ticks_per_s", static_cast<double>(control->handed_out - handed_out) / took);
    out.figure(setup.id + ".deliveries_per_s", static_cast<double>(quotes - quotes_before) / took);
    out.figure(setup.id + ".process_cpu_pct", (cpu_seconds() - cpu) / took * 100);
    const auto after = node.metrics();
    out.figure(setup.id + ".gateway.p50_ms", tick_to_client_ms(before, after, 0.50));
    out.figure(setup.id + ".gateway.p99_ms", tick_to_client_ms(before, after, 0.99));
    control->ticks_per_second = 0;
  }
  out.quantiles(setup.id, ages);
}

// -- http: what a chart and a watchlist ask for ----------------------------------

constexpr std::size_t bars_asked = 5'000;
/// Market time of the simulated exchange in this scenario: a Thursday in regular hours.
const utc_time http_market_time = *parse_iso8601("2026-01-15T15:30:00Z");
const std::vector<std::string> sim_symbols{"AAPL", "MSFT", "NVDA", "GOOGL", "TSLA"};

void fill_store(const std::string& data_dir) {
  auto store = market::bar_store::open(data_dir + "/bars", market::durability::relaxed);
  const auto calendar = find_calendar("XNYS");
  if (!store || !calendar) give_up("can't fill the bar store");
  const auto minutes = made_minutes(**calendar, 100'000);
  const auto days = made_days(**calendar, bars_asked + 1'000);
  const auto kept = (*store)->merge("SPY", timeframe::minutes(1), minutes);
  const auto kept_days = (*store)->merge("QQQ", timeframe::days(1), days);
  if (!kept || kept->added != minutes.size() || !kept_days || kept_days->added != days.size()) give_up("can't fill the bar store");
}

std::string history_target(const std::string& symbol, const std::string& resolution, utc_time to) {
  return "/udf/history?symbol=" + symbol + "&resolution=" + resolution + "&from=0&to=" + std::to_string(unix_seconds(to))
         + "&countback=" + std::to_string(bars_asked);
}

std::size_t count_bars(const std::string& history) {
  const auto begin = history.find("\"t\":[");
  if (begin == std::string::npos) return 0;
  const auto end = history.find(']', begin);
  return static_cast<std::size_t>(std::count(history.begin() + static_cast<std::ptrdiff_t>(begin), history.begin() + static_cast<std::ptrdiff_t>(end), ',')) + 1;
}

/// Asks `times` times; `target(i)` may differ each time. Gives the bars of the last answer.
std::size_t ask(http_client& client, const std::function<std::string(std::size_t)>& target, std::size_t times, samples& took) {
  std::size_t bars = 0;
  for (std::size_t i = 0; i < times; ++i) {
    const auto what = target(i);
    const auto begin = steady_ns();
    const auto answer = client.get(what);
    took.add(steady_ns() - begin);
    if (answer.status != 200) give_up("GET " + what + " answers " + std::to_string(answer.status) + ": " + answer.body.substr(0, 300));
    bars = count_bars(answer.body);
  }
  return bars;
}

/// Warm: every request ends at another bar, so that no answer can be the last one again.
void measure_warm(const bench_node& node, const std::string& id, const std::string& symbol, const std::string& resolution,
                  std::chrono::seconds step, std::size_t times, record& out) {
  http_client client{node.port()};
  samples warm_up, took;
  const auto target = [&](std::size_t i) { return history_target(symbol, resolution, http_market_time - step * static_cast<int>(i % 20)); };
  ask(client, target, 5, warm_up);
  const auto bars = ask(client, target, times, took);
  out.quantiles(id, took);
  out.figure(id + ".bars", static_cast<double>(bars));
}

/// Cold: the first question about each symbol after the start of the node.
void measure_cold(const bench_node& node, const std::string& id, const std::string& resolution, record& out) {
  http_client client{node.port()};
  samples took;
  for (const auto& symbol : sim_symbols) ask(client, [&](std::size_t) { return history_target(symbol, resolution, http_market_time); }, 1, took);
  out.figure(id + ".median_ms", took.quantile_ms(0.5));
  out.figure(id + ".worst_ms", took.quantile_ms(1));
}

void run_http(bool quick, record& out) {
  const scratch_folder folder;
  fill_store(folder.path());
  auto config = bench_config(folder.path());
  cluster::feed_config sim;
  sim.name = "sim";
  sim.start = http_market_time;
  config.feeds.push_back(sim);
  const std::size_t times = quick ? 100 : 500;
  {
    const bench_node node{config};
    measure_cold(node, "history.sim_1d.cold", "1D", out);
    measure_warm(node, "history.sim_1d", "AAPL", "1D", std::chrono::hours{24}, times, out);
    measure_warm(node, "history.stored_1m", "SPY", "1", std::chrono::minutes{1}, times, out);
    measure_warm(node, "history.stored_1d", "QQQ", "1D", std::chrono::hours{24}, times, out);
    samples quotes, health;
    http_client client{node.port()};
    const std::string all = "AAPL,GOOGL,MSFT,NVDA,TSLA,SPY,QQQ,ES1%21,NQ1%21,MNQ1%21,RTY1%21,YM1%21,BTCUSD,ETHUSD,EURUSD";
    ask(client, [&](std::size_t) { return "/api/v1/quotes?symbols=" + all; }, times * 4, quotes);
    ask(client, [](std::size_t) { return std::string("/health"); }, times * 4, health);
    out.quantiles("quotes", quotes);
    out.quantiles("health", health);
  }
  const bench_node fresh{config};
  measure_cold(fresh, "history.sim_1h.cold", "60", out);
  measure_warm(fresh, "history.sim_1h", "AAPL", "60", std::chrono::hours{1}, quick ? 5 : 20, out);
}

int run(const options& how) {
  record out;
  const auto wanted = [&](std::string_view name) { return how.only.empty() || how.only == name; };
  const int seconds = how.quick ? 2 : 5;
  if (wanted("replay")) run_replay(out);
  if (wanted("latency")) {
    run_latency({.id = "latency.100_clients_10hz", .seconds = seconds}, out);
    run_latency({.id = "latency.1_client_unconflated", .clients = 1, .max_rate_hz = 0, .seconds = seconds}, out);
  }
  if (wanted("http")) run_http(how.quick, out);
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
