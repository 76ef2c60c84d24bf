// What alerts cost: quotes of one symbol with many alerts on it, and the tick in which many go off.

#include "actors/alerts/price/alert_book.hpp"

#include <benchmark/benchmark.h>

#include <random>

namespace {

using namespace tt;
using namespace tt::alerts;

const instrument_master& master() {
  static const instrument_master made = [] {
    instrument coin;
    coin.symbol = "BTCUSD";
    coin.exchange = "COINBASE";
    coin.kind = asset_class::crypto;
    coin.calendar_id = "24X7";
    auto list = instrument_master::make({coin});
    TT_ASSERT(list);
    return std::move(*list);
  }();
  return made;
}

const utc_time begin = from_unix_seconds(1'768'489'200);

/// A book with `count` alerts on one symbol, at levels from 90 to 110.
struct filled {
  filled(std::int64_t count, const char* condition, const char* repeat)
    : store(std::move(*open_alert_store("", "test"))), book(std::move(*alert_book::open(*store, master(), {}, begin))) {
    for (std::int64_t i = 0; i < count; ++i) {
      alert_draft draft;
      draft.symbol = "BTCUSD";
      draft.condition = condition;
      draft.value = decimal::from_scaled(9'000'000 + i * 2'000'000 / count, 5);
      draft.repeat = repeat;
      const auto made = book.create(draft, "bench", begin);
      TT_ASSERT(made);
    }
    static_cast<void>(book.flush());
  }
  void tick(std::int64_t cents, std::int64_t second) {
    market::quote_snapshot quote;
    quote.symbol = "BTCUSD";
    quote.ts = begin + std::chrono::seconds{second};
    quote.last = price{decimal::from_scaled(cents, 2)};
    quote.state = market::freshness::fresh;
    book.on_quote(quote);
  }
  std::unique_ptr<alert_store> store;
  alert_book book;
};

/// A walk in steps of a cent: what lies between two prices is little.
void walk(benchmark::State& state, const char* condition, const char* repeat) {
  filled with(state.range(0), condition, repeat);
  std::mt19937 dice{7};
  std::int64_t cents = 8'000, second = 0; // below every level: nothing goes off
  if (std::string_view{condition} == "price_cross_above") cents = 9'500;
  for (auto unused : state) {
    cents += static_cast<std::int64_t>(dice() % 3) - 1;
    with.tick(cents, ++second / 1'000);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(walk, once, "price_above", "once")->Arg(100)->Arg(10'000)->Arg(50'000);
BENCHMARK_CAPTURE(walk, crossings, "price_cross_above", "once")->Arg(10'000);

/// A new bar with every tick: alerts that may go off once per bar are all looked at.
void every_bar(benchmark::State& state) {
  filled with(state.range(0), "price_above", "once_per_bar");
  std::int64_t second = 0;
  for (auto unused : state) with.tick(8'000, second += 60);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(every_bar)->Arg(10'000);

/// All of them in one tick, with the commit (in memory: without the disk).
void all_at_once(benchmark::State& state) {
  for (auto unused : state) {
    state.PauseTiming();
    auto with = std::make_unique<filled>(state.range(0), "price_above", "once");
    state.ResumeTiming();
    with->tick(20'000, 1);
    auto effects = with->book.flush();
    TT_ASSERT(effects && static_cast<std::int64_t>(effects->events.size()) == state.range(0));
    state.PauseTiming();
    with.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(all_at_once)->Arg(10'000)->Unit(benchmark::kMillisecond);

} // namespace
