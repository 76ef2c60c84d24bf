// The journal: what an acknowledged append costs, and how quickly a journal becomes the state of an account again.

#include "order_lives.hpp"

#include "actors/execution/account_book.hpp"
#include "actors/portfolio/portfolio.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>

using namespace tt;
using namespace tt::execution;

namespace {

const account_id& account = bench::journal_account;

std::string new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tt-bench-XXXXXX").string();
  return mkdtemp(pattern.data());
}

/// A journal of a million records.
struct fixture {
  static constexpr std::uint64_t orders = 166'666;
  std::string root = new_folder();
  std::shared_ptr<journal_store> store = *open_sqlite_journal(root + "/journal");
  std::uint64_t records = 0;

  fixture() {
    auto j = *journal::open(store, account, lease_epoch{1});
    bench::fill_journal(j, 6 * orders);
    records = raw(j.head().next) - 1;
  }
  ~fixture() { std::filesystem::remove_all(root); }
};
fixture& shared() {
  static fixture one;
  return one;
}

/// Reads, checks (checksum, chain, offsets) and folds a million records into the account book.
void replay_book(benchmark::State& state) {
  auto& f = shared();
  for (auto _ : state) {
    auto j = *journal::open(f.store, account, lease_epoch{1});
    account_book book;
    if (!j.replay(journal_offset::none, {}, [&](journal_record&& r) { return book.apply(std::move(r)); })) state.SkipWithError("replay failed");
    benchmark::DoNotOptimize(book.cash());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(f.records));
}

/// The same without folding: reading, checking, decoding.
void replay_checked(benchmark::State& state) {
  auto& f = shared();
  for (auto _ : state) {
    auto j = *journal::open(f.store, account, lease_epoch{1});
    std::size_t n = 0;
    if (!j.replay(journal_offset::none, {}, [&](journal_record&& r) -> result<void> {
          n += r.fact.index();
          return {};
        }))
      state.SkipWithError("replay failed");
    benchmark::DoNotOptimize(n);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(f.records));
}

/// A million records folded into the portfolio.
void replay_portfolio(benchmark::State& state) {
  auto& f = shared();
  for (auto _ : state) {
    auto j = *journal::open(f.store, account, lease_epoch{1});
    portfolio::portfolio book;
    if (!j.replay(journal_offset::none, {}, [&](journal_record&& r) { return book.apply(r); })) state.SkipWithError("replay failed");
    benchmark::DoNotOptimize(book.cash());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(f.records));
}

/// State of 166,666 orders from a snapshot.
void from_snapshot(benchmark::State& state) {
  auto& f = shared();
  auto j = *journal::open(f.store, account, lease_epoch{1});
  account_book book;
  if (!j.replay(journal_offset::none, {}, [&](journal_record&& r) { return book.apply(r); })) std::abort();
  const auto bytes = book.to_bytes();
  for (auto _ : state) {
    auto again = account_book::from_bytes(bytes);
    if (!again) state.SkipWithError("no state");
    benchmark::DoNotOptimize(again);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(fixture::orders));
}

/// Records made durable together; the argument is how many share one commit.
void append_durable(benchmark::State& state) {
  const auto root = new_folder();
  {
    auto j = *journal::open(std::shared_ptr<journal_store>(*open_sqlite_journal(root + "/journal")), account, lease_epoch{1});
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<journal_record> pattern;
    for (std::uint64_t n = 1; pattern.size() < count; ++n) bench::add_life(n, pattern);
    pattern.resize(count);
    for (auto _ : state) {
      auto batch = pattern;
      if (!j.append(batch, {})) state.SkipWithError("append failed");
    }
  }
  std::filesystem::remove_all(root);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(replay_checked)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_book)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_portfolio)->Unit(benchmark::kMillisecond);
BENCHMARK(from_snapshot)->Unit(benchmark::kMillisecond);
BENCHMARK(append_durable)->ArgName("records")->Arg(1)->Arg(6)->Arg(256)->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
