// The bar store and what is built on it: load rate, append, history replies.

#include "actors/market/csv.hpp"
#include "actors/market/history.hpp"

#include <benchmark/benchmark.h>
#include <filesystem>
#include <fstream>

using namespace tt;
using namespace tt::market;

namespace {

constexpr int million = 1'000'000;

instrument stock() {
  instrument what;
  what.symbol = "X";
  what.exchange = "TEST";
  what.calendar = *find_calendar("XNYS");
  return what;
}

bar bar_at(utc_time t, int n) {
  const price mid{decimal::from_scaled(10'000 + n % 997, 2)};
  return {t, mid, mid + price{1}, mid - price{1}, mid, quantity{1 + n % 1000}};
}

/// A million minutes of all hours of a stock and its days, on disk for the whole run.
struct fixture {
  std::string root;
  std::vector<bar> minutes, days;
  std::shared_ptr<bar_store> store;

  fixture() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/tt_bench_XXXXXX";
    root = mkdtemp(pattern.data());
    const auto calendar = stock().calendar;
    minutes.reserve(million);
    for (civil_date d = civil_date::of(2015, 1, 1); minutes.size() < million; d = d + 1) {
      const auto today = calendar->day(d);
      if (!today) continue;
      days.push_back(bar_at(d.midnight_utc(), static_cast<int>(days.size())));
      for (utc_time t = today->extended.open; t < today->extended.close && minutes.size() < million;
           t += std::chrono::minutes{1})
        minutes.push_back(bar_at(t, static_cast<int>(minutes.size())));
    }
    store = std::move(*bar_store::open(root, durability::relaxed));
    if (!store->merge("X", timeframe::minutes(1), minutes) || !store->merge("X", timeframe::days(1), days))
      std::abort();
  }
  ~fixture() { std::filesystem::remove_all(root); }
};

fixture& shared() {
  static fixture one;
  return one;
}

/// Opens a store, maps a million bars and checks every row.
void open_and_check(benchmark::State& state) {
  shared();
  for (auto _ : state) {
    auto store = bar_store::open(shared().root, durability::relaxed);
    auto view = (*store)->columns("X", timeframe::minutes(1));
    if (!view || view->size() != million) state.SkipWithError("load failed");
    benchmark::DoNotOptimize(view);
  }
  state.SetItemsProcessed(state.iterations() * million);
}

/// Reads a million mapped bars as values.
void read_all(benchmark::State& state) {
  const auto view = *shared().store->columns("X", timeframe::minutes(1));
  for (auto _ : state)
    for (std::size_t i = 0; i < view.size(); ++i) benchmark::DoNotOptimize(view.at(i));
  state.SetItemsProcessed(state.iterations() * million);
}

/// Stores a million bars in a new series.
void write_new(benchmark::State& state) {
  const std::string root = shared().root + "/write";
  for (auto _ : state) {
    auto store = bar_store::open(root, static_cast<durability>(state.range(0)));
    if (!(*store)->merge("X", timeframe::minutes(1), shared().minutes)) state.SkipWithError("write failed");
    state.PauseTiming();
    std::filesystem::remove_all(root);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * million);
}

/// One live bar, durable when it returns.
void append_one(benchmark::State& state) {
  const std::string root = shared().root + "/append";
  auto store = bar_store::open(root, static_cast<durability>(state.range(0)));
  int n = 0;
  for (auto _ : state) {
    const std::vector<bar> one{bar_at(from_unix_seconds(1'000'000'020 + 60LL * n), n)};
    ++n;
    if (!(*store)->merge("X", timeframe::minutes(1), one)) state.SkipWithError("append failed");
  }
  std::filesystem::remove_all(root);
}

/// The newest 5,000 bars of a timeframe: 1m as stored, the others joined; 1d stored, 1w from it.
void history_5000(benchmark::State& state, timeframe frame, session_hours hours) {
  const history_book book{stock(), {shared().store}};
  history_request request;
  request.symbol = "X";
  request.frame = frame;
  request.hours = hours;
  request.countback = 5000;
  request.to = max_input_time;
  std::size_t got = 0;
  for (auto _ : state) {
    const auto reply = book.answer(request, max_input_time);
    if (!reply) state.SkipWithError("no reply");
    got = reply->bars->size();
  }
  state.counters["bars"] = static_cast<double>(got);
}

/// A million rows of CSV.
void read_csv(benchmark::State& state) {
  const std::string path = shared().root + "/bars.csv";
  {
    std::ofstream out(path);
    out << "time,open,high,low,close,volume\n";
    for (const bar& b : shared().minutes)
      out << unix_seconds(b.open_time) << ',' << b.open.to_string() << ',' << b.high.to_string() << ','
          << b.low.to_string() << ',' << b.close.to_string() << ',' << b.volume.to_string() << '\n';
  }
  for (auto _ : state) {
    auto reader = csv_reader::open(path);
    bar b;
    while (reader->next(b)) benchmark::DoNotOptimize(b);
    if (reader->report().good != million) state.SkipWithError("rows lost");
  }
  state.SetItemsProcessed(state.iterations() * million);
}

constexpr auto regular = session_hours::regular;
constexpr auto extended = session_hours::extended;

BENCHMARK(open_and_check)->Unit(benchmark::kMillisecond);
BENCHMARK(read_all)->Unit(benchmark::kMillisecond);
BENCHMARK(write_new)->ArgName("relaxed")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(append_one)->ArgName("relaxed")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1m_regular, timeframe::minutes(1), regular)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1m_extended, timeframe::minutes(1), extended)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 5m_regular, timeframe::minutes(5), regular)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1h_regular, timeframe::minutes(60), regular)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1h_extended, timeframe::minutes(60), extended)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1d_regular, timeframe::days(1), regular)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1d_extended, timeframe::days(1), extended)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(history_5000, 1w_regular, timeframe::weeks(1), regular)->Unit(benchmark::kMicrosecond);
BENCHMARK(read_csv)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
