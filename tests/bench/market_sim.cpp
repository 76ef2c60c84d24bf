// The simulated exchange: events per second of the feed, time of a session's
// minutes, history cold and warm.

#include "actors/market/sim_history.hpp"
#include "actors/market/sim_source.hpp"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>

namespace tt::market {

namespace {

instrument make_instrument(const char* symbol, asset_class kind, const char* calendar, const char* tick,
                           const char* lot, price_basis basis) {
  instrument out;
  out.symbol = symbol;
  out.kind = kind;
  out.calendar_id = calendar;
  out.tick = *price::parse(tick);
  out.lot = *quantity::parse(lot);
  out.basis = basis;
  if (auto found = find_calendar(calendar)) out.calendar = *found;
  return out;
}

std::shared_ptr<const sim::exchange> make_market() {
  using enum asset_class;
  constexpr auto trade = price_basis::trade;
  sim::exchange_config config;
  auto& list = config.instruments;
  for (const char* s : {"AAPL", "GOOGL", "MSFT", "NVDA", "TSLA"})
    list.push_back(make_instrument(s, stock, "XNAS", "0.01", "1", trade));
  for (const char* s : {"SPY", "QQQ"}) list.push_back(make_instrument(s, etf, "XNYS", "0.01", "1", trade));
  for (const char* s : {"ES1!", "NQ1!", "MNQ1!"})
    list.push_back(make_instrument(s, futures, "CME_EQUITY", "0.25", "1", trade));
  list.push_back(make_instrument("RTY1!", futures, "CME_EQUITY", "0.1", "1", trade));
  list.push_back(make_instrument("YM1!", futures, "CME_EQUITY", "1", "1", trade));
  for (const char* s : {"BTCUSD", "ETHUSD"})
    list.push_back(make_instrument(s, crypto, "24X7", "0.01", "0.00000001", trade));
  list.push_back(make_instrument("EURUSD", forex, "FOREX", "0.00001", "1", price_basis::bid));
  auto made = sim::exchange::make(std::move(config));
  if (!made) {
    std::fprintf(stderr, "%s\n", to_string(made.error()).c_str());
    std::exit(1);
  }
  return *made;
}

constexpr std::array symbols{"AAPL", "ES1!", "BTCUSD", "EURUSD"};

} // namespace

/// The feed of all 15 symbols as fast as it goes, in batches as a feed actor pulls.
static void sim_pull(benchmark::State& state) {
  const auto market = make_market();
  const utc_time start = civil_date::of(2026, 3, 2).midnight_utc();
  const auto batch = static_cast<std::size_t>(state.range(0));
  auto feed = std::make_unique<sim_source>(market, start);
  std::vector<feed_event> out;
  out.reserve(batch);
  for (auto _ : state) {
    out.clear();
    if (feed->pull(start + std::chrono::days{365}, batch, out) != pull_state::more)
      feed = std::make_unique<sim_source>(market, start);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(sim_pull)->Arg(256)->Arg(4096)->Arg(65536);

/// All minutes of one session.
static void sim_session(benchmark::State& state) {
  const auto market = make_market();
  const auto symbol = *market->find(symbols[static_cast<std::size_t>(state.range(0))]);
  sim::session day;
  civil_date at = civil_date::of(2020, 1, 2);
  std::int64_t minutes = 0;
  for (auto _ : state) {
    const auto hours = *market->session_on_or_after(symbol, at);
    market->fill_session(symbol, hours, sim::exchange::part::all, day);
    minutes += static_cast<std::int64_t>(day.minutes.size());
    at = at > civil_date::of(2026, 1, 1) ? civil_date::of(2020, 1, 2) : hours.day + 1;
  }
  state.SetItemsProcessed(minutes);
  state.SetLabel(symbols[static_cast<std::size_t>(state.range(0))]);
}
BENCHMARK(sim_session)->DenseRange(0, 3);

static void read_years(benchmark::State& state, timeframe frame, int years, const sim_history& history) {
  const utc_time to = civil_date::of(2026, 11, 20).midnight_utc();
  const auto bars = history.bars(symbols[static_cast<std::size_t>(state.range(0))], frame,
                                 to - std::chrono::days{365 * years}, to, SIZE_MAX);
  benchmark::DoNotOptimize(bars->data());
  state.counters["bars"] = static_cast<double>(bars->size());
}

/// Ten years of daily bars on a fresh node, levels included.
static void sim_days_cold(benchmark::State& state) {
  for (auto _ : state) read_years(state, timeframe::days(1), 10, sim_history{make_market()});
  state.SetLabel(symbols[static_cast<std::size_t>(state.range(0))]);
}
BENCHMARK(sim_days_cold)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

static void sim_days_warm(benchmark::State& state) {
  const sim_history history{make_market()};
  for (auto _ : state) read_years(state, timeframe::days(1), 10, history);
  state.SetLabel(symbols[static_cast<std::size_t>(state.range(0))]);
}
BENCHMARK(sim_days_warm)->DenseRange(0, 3)->Unit(benchmark::kMicrosecond);

/// Half hours of two years: what a chart of hours reads.
static void sim_half_hours_cold(benchmark::State& state) {
  for (auto _ : state) read_years(state, timeframe::minutes(30), 2, sim_history{make_market()});
  state.SetLabel(symbols[static_cast<std::size_t>(state.range(0))]);
}
BENCHMARK(sim_half_hours_cold)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

/// The newest 5,000 minutes, from the cache.
static void sim_minutes_warm(benchmark::State& state) {
  const sim_history history{make_market()};
  const utc_time to = civil_date::of(2026, 11, 20).midnight_utc();
  for (auto _ : state) {
    const auto bars = history.bars(symbols[static_cast<std::size_t>(state.range(0))], timeframe::minutes(1),
                                   utc_time{}, to, 5000);
    benchmark::DoNotOptimize(bars->data());
  }
  state.SetLabel(symbols[static_cast<std::size_t>(state.range(0))]);
}
BENCHMARK(sim_minutes_warm)->DenseRange(0, 3)->Unit(benchmark::kMicrosecond);

} // namespace tt::market
