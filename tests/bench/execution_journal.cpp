// The journal: what an acknowledged append costs, and how quickly a journal becomes the state of an account again.

#include "actors/execution/account_book.hpp"
#include "actors/execution/journal.hpp"
#include "actors/execution/wire_id.hpp"
#include "actors/portfolio/portfolio.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>

using namespace tt;
using namespace tt::execution;

namespace {

const account_id account{"bench"};

std::string new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tt-bench-XXXXXX").string();
  return mkdtemp(pattern.data());
}

/// The records of one order's life: intent, decision, send, acceptance, two executions.
void life(std::uint64_t n, std::vector<journal_record>& out) {
  const auto at = from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(n) * 10);
  const auto add = [&](journal_fact fact) {
    journal_record r;
    r.at = at;
    r.fact = std::move(fact);
    out.push_back(std::move(r));
  };
  order_intent intent;
  auto& o = intent.order;
  o.number = order_number{n};
  o.key = *intent_key::pine("breakout", "AAPL", 1'700'000'000'000, "Long", static_cast<int>(n));
  o.wire_id = wire_id_of(account, o.key, 0);
  o.id = order_id_of(o.wire_id);
  o.client_id = client_order_id{o.wire_id.str()};
  o.origin = order_origin::pine;
  o.symbol = "AAPL";
  o.asked = size_quantity{quantity{10}};
  o.terms.side = n % 2 ? order_side::buy : order_side::sell;
  o.terms.type = order_type::limit;
  o.terms.qty = quantity{10};
  o.terms.limit_price = price{decimal::from_scaled(10'025, 2)};
  o.strategy = strategy_id{"breakout"};
  o.created_at = at;
  const order_handle handle{o.wire_id, venue_order_id{std::to_string(n)}, "s1"};
  order_decided decided{o.number, {}, o.terms};
  decided.decision.result = verdict::approved;
  decided.decision.code = "APPROVED";
  decided.decision.original = decided.decision.approved = o.terms.qty;
  const auto way = o.way();
  add(intent);
  add(decided);
  add(order_moved{order_number{n}, order_event::send, {}, "", "", std::nullopt});
  add(order_moved{order_number{n}, order_event::venue_working, handle, "", "", std::nullopt});
  for (const auto* part : {"a", "b"}) {
    execution_booked booked;
    booked.fill.id = execution_id{std::to_string(n) + part};
    booked.fill.order = order_number{n};
    booked.fill.symbol = "AAPL";
    booked.fill.way = way;
    booked.fill.qty = quantity{5};
    booked.fill.px = price{decimal::from_scaled(10'020 + static_cast<std::int64_t>(n % 7), 2)};
    booked.fill.fees.commission = money{decimal::from_scaled(35, 2)};
    booked.fill.at = at;
    add(booked);
  }
}

/// A journal of a million records in batches of six, as orders come.
struct fixture {
  static constexpr std::uint64_t orders = 166'666;
  std::string root = new_folder();
  std::shared_ptr<journal_store> store = *open_sqlite_journal(root + "/journal");
  std::uint64_t records = 0;

  fixture() {
    auto j = *journal::open(store, account, lease_epoch{1});
    std::vector<journal_record> batch;
    account_opened opened;
    opened.profile.id = account;
    opened.cash = money{100'000};
    journal_record first;
    first.fact = opened;
    batch.push_back(first);
    for (std::uint64_t n = 1; n <= orders; ++n) {
      life(n, batch);
      if (batch.size() < 240) continue; // group commit of a busy account
      if (!j.append(batch, {})) std::abort();
      batch.clear();
    }
    if (!j.append(batch, {})) std::abort();
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
    for (std::uint64_t n = 1; pattern.size() < count; ++n) life(n, pattern);
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
