#include "tests/pine/column_case.hpp"
#include "tests/pine/ta_sample.hpp"

#include <gtest/gtest.h>

#include <thread>

/// Which values are columns, what a cache keeps of them, and that a run with shared columns is a run without.

namespace tt::pine::testing {
namespace {

std::vector<bar> some_bars(std::size_t n, unsigned seed = 3) {
  auto s = make_sample(seed, n);
  for (std::size_t i = 0; i < n; ++i) s.bars[i].open = s.m.open[i];
  return s.bars;
}

const std::string header = "//@version=6\nindicator(\"t\")\nn = input.int(5, \"n\")\nm = input.int(8, \"m\")\nx = input.float(1.5, \"x\")\n";

column_case case_of(const std::string& body, std::size_t bars = 120) {
  column_case c(header + body, some_bars(bars));
  EXPECT_EQ(c.problem(), "") << body;
  return c;
}

// ---------------------------------------------------------------- what is a column

struct found_case {
  const char* body;
  std::size_t dear; ///< columns worth sharing
};
class columns_found : public ::testing::TestWithParam<found_case> {};
TEST_P(columns_found, as_many) {
  EXPECT_EQ(case_of(GetParam().body).dear(), GetParam().dear) << GetParam().body;
}
INSTANTIATE_TEST_SUITE_P(
  on_every_bar, columns_found,
  ::testing::Values(found_case{"plot(ta.sma(close, n))\n", 1}, found_case{"plot(ta.ema(ta.sma(close, 5), n))\n", 2},
                    found_case{"plot(ta.sma(close, n)[1])\n", 1}, found_case{"plot(ta.sma(close[2], n))\n", 1},
                    found_case{"a = ta.sma(close, n)\nplot(ta.rsi(a - a[1], m))\n", 2}, found_case{"[a, b, c] = ta.bb(close, n, x)\nplot(a + b + c)\n", 1},
                    found_case{"f(s, k) => ta.ema(s, k) - s[1]\nplot(f(close, n) + f(high, m))\n", 2},
                    found_case{"plot(ta.wma(2 * ta.wma(close, n / 2) - ta.wma(close, n), math.round(math.sqrt(n))))\n", 3},
                    found_case{"s = input.source(close, \"s\")\nplot(ta.sma(s, n))\n", 1}, found_case{"plot(ta.atr(14) + ta.highest(n))\n", 2},
                    found_case{"plot(ta.sma(close, bar_index % 7 + 1))\n", 1}, found_case{"plot(ta.sma(ta.obv, n) + ta.vwap)\n", 2},
                    found_case{"plot(ta.sma(syminfo.mintick * close, n))\n", 1}, found_case{"plot(math.sum(close > open ? 1 : 0, n))\n", 1}));
INSTANTIATE_TEST_SUITE_P(
  not_shared, columns_found,
  ::testing::Values(found_case{"float a = na\nif close > open\n    a := ta.sma(close, n)\nplot(a)\n", 0},
                    found_case{"a = 0.0\nfor i = 1 to 3\n    a := ta.sma(close, n)\nplot(a)\n", 0},
                    found_case{"a = close > open ? ta.sma(close, n) : ta.ema(close, n)\nplot(a)\n", 0},
                    found_case{"f() =>\n    close > open ? ta.sma(close, n) : 0.0\nplot(f())\n", 0},
                    found_case{"var a = 0.0\na := a + close\nplot(ta.sma(a, n))\n", 0}, found_case{"var a = ta.sma(close, n)\nplot(a)\n", 0},
                    found_case{"varip a = 0.0\na += 1\nplot(ta.sma(a, n))\n", 0}, found_case{"plot(ta.sma(math.random(), n))\n", 0},
                    found_case{"a = request.security(syminfo.tickerid, \"60\", ta.sma(close, n))\nplot(ta.sma(a, n))\n", 0},
                    found_case{"plot(ta.sma(barstate.islast ? 1 : 2, n))\n", 0}, found_case{"plot(ta.sma(last_bar_index, n))\n", 0},
                    found_case{"plot(ta.crossover(close, open) ? 1 : ta.change(close))\n", 0},
                    found_case{"a = array.from(1.0, 2.0)\nplot(ta.sma(a.get(0), n))\n", 0},
                    found_case{"if close > open and ta.sma(close, n) > close\n    log.info(\"up\")\nplot(0)\n", 0},
                    found_case{"plot(ta.sma(str.tonumber(\"2\"), n))\n", 0}, found_case{"plot(ta.sma(time(\"60\"), n))\n", 0},
                    found_case{"plot(ta.pivot_point_levels(\"Traditional\", true).get(0))\n", 0}));

TEST(columns, a_strategys_account_is_no_column) {
  column_case c("//@version=6\nstrategy(\"t\")\nplot(ta.sma(strategy.equity, 5) + ta.sma(strategy.position_size, 5) + ta.sma(strategy.initial_capital, 5))\n", some_bars(20));
  ASSERT_EQ(c.problem(), "");
  EXPECT_EQ(c.dear(), 1u) << "the capital at the beginning stands for the run";
  column_case named("//@version=6\nstrategy(\"t\")\nplot(ta.sma(close, 5))\nlog.info(strategy.position_entry_name)\n", some_bars(20));
  ASSERT_EQ(named.problem(), "");
  EXPECT_EQ(named.dear(), 0u) << "its texts are collected at calls";
}

TEST(columns, the_same_call_with_the_same_numbers_is_one_column) {
  auto c = case_of("plot(ta.sma(close, n))\nplot(ta.sma(close, m))\nplot(ta.sma(open, m))\n");
  auto cache = c.cache();
  c.shared({{"n", "5"}, {"m", "8"}}, cache);
  EXPECT_EQ(cache->count().kept, 3u);
  EXPECT_EQ(c.used({{"n", "8"}, {"m", "5"}}, cache), 2u) << "fast 8 is slow 8; of open there is 8 only";
  EXPECT_EQ(c.shared({{"n", "8"}, {"m", "5"}}, cache), c.plain({{"n", "8"}, {"m", "5"}}));
}

TEST(columns, what_only_feeds_columns_is_left_out) {
  auto c = case_of("a = ta.ema(ta.sma(close, n)[1] * x, m)\nplot(a)\nplot(a[3])\n");
  auto cache = c.cache();
  const input_texts inputs{{"n", "4"}, {"m", "9"}, {"x", "2"}};
  const auto expected = c.plain(inputs);
  EXPECT_EQ(c.shared(inputs, cache), expected);
  EXPECT_EQ(cache->count().kept, 2u);
  EXPECT_EQ(c.shared(inputs, cache), expected);
  const input_texts other{{"n", "4"}, {"m", "9"}, {"x", "3"}}; // the inner one is read, the outer one computed
  EXPECT_EQ(c.shared(other, cache), c.plain(other));
  EXPECT_EQ(cache->count().kept, 3u);
}

// ---------------------------------------------------------------- failures

TEST(columns, a_bad_length_stops_at_the_same_bar_with_the_same_words) {
  for (const char* body : {"plot(ta.sma(close, n))\nplot(ta.wma(close, m))\n", "plot(ta.sma(close, bar_index > 50 ? n : 5))\nplot(ta.wma(close, m))\n",
                           "a = ta.sma(close, n)\nplot(ta.wma(close, m))\n", // nobody reads it, and it stops the script all the same
                           "plot(ta.percentile_linear_interpolation(close, m, n))\nplot(ta.wma(close, m))\n"}) {
    auto c = case_of(body);
    auto cache = c.cache();
    for (const char* n : {"5", "0", "5", "-3", "200", "0"}) {
      const input_texts inputs{{"n", n}, {"m", "6"}};
      EXPECT_EQ(c.shared(inputs, cache), c.plain(inputs)) << body << n;
    }
    EXPECT_FALSE(c.plain({{"n", "-3"}}).failure.empty()) << body;
  }
}

TEST(columns, a_run_that_stops_or_ends_early_leaves_nothing) {
  auto c = case_of("plot(ta.sma(close, n))\nif bar_index == 70 and m == 1\n    runtime.error(\"enough\")\n");
  auto cache = c.cache();
  EXPECT_NE(c.shared({{"m", "1"}}, cache).failure, "");
  EXPECT_EQ(cache->count().kept, 0u);
  EXPECT_EQ(c.used({{"m", "2"}}, cache), 0u);
  EXPECT_EQ(cache->count().kept, 1u);
  EXPECT_EQ(c.shared({{"m", "1"}}, cache), c.plain({{"m", "1"}}));
  run_settings s;
  s.last_bar_index = i64(c.bars().size()) - 1;
  s.columns = {c.cache(), 0, c.bars().size()};
  auto compiled = compile(header + "plot(ta.sma(close, n))\n");
  s.columns.cache = std::make_shared<column_cache>(find_columns(*compiled.code), std::make_shared<column_budget>(1u << 20));
  script half(compiled.code, s);
  for (std::size_t i = 0; i < 60; ++i) ASSERT_FALSE(half.on_bar(c.bars()[i]));
  half.keep_columns();
  EXPECT_EQ(s.columns.cache->count().kept, 0u);
}

TEST(columns, the_budget_of_a_bar_is_as_large_as_without) {
  auto c = case_of("a = 0.0\nfor i = 1 to m\n    a += i\nplot(a + ta.rci(close, n))\n");
  c.steps = 2'000;
  auto cache = c.cache();
  for (const char* m : {"10", "1700", "1900", "10", "1990", "3000"}) // rci takes some 9 steps for each of its values
    for (const char* n : {"10", "20", "30"}) {
      const input_texts inputs{{"n", n}, {"m", m}};
      EXPECT_EQ(c.shared(inputs, cache), c.plain(inputs)) << n << " " << m;
    }
  EXPECT_EQ(cache->count().kept, 3u);
  EXPECT_EQ(c.plain({{"n", "10"}, {"m", "1700"}}).failure, "");
  EXPECT_NE(c.plain({{"n", "30"}, {"m", "1900"}}).failure, "");
}

// ---------------------------------------------------------------- the cache

column_key key(std::uint64_t k) { return {1, k}; }
constexpr column_stretch early{0, 100}, late{50, 150};

TEST(column_cache, a_column_is_computed_by_one_run_at_a_time) {
  column_cache cache(std::make_shared<column_plan>(), std::make_shared<column_budget>(1u << 20));
  EXPECT_EQ(cache.find(early, key(1)), nullptr);
  auto mine = cache.claim(early, key(1), 2, 100);
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(cache.claim(early, key(1), 2, 100), nullptr);
  EXPECT_NE(cache.claim(late, key(1), 2, 100), nullptr) << "another stretch, another column";
  cache.release(early, key(1));
  mine = cache.claim(early, key(1), 2, 100);
  ASSERT_NE(mine, nullptr);
  mine->of(1)[99] = 7;
  cache.publish(early, key(1), mine);
  ASSERT_NE(cache.find(early, key(1)), nullptr);
  EXPECT_EQ(cache.find(early, key(1))->of(1)[99], 7);
  EXPECT_EQ(cache.claim(early, key(1), 2, 100), nullptr);
}

TEST(column_cache, half_is_for_what_comes_back_and_nothing_goes_beyond_the_budget) {
  const auto one = shared_columns::bytes(1, 100);
  auto budget = std::make_shared<column_budget>(8 * one);
  column_cache cache(std::make_shared<column_plan>(), budget);
  const auto keep = [&](const column_stretch& s, std::uint64_t k) {
    auto room = cache.claim(s, key(k), 1, 100);
    if (room != nullptr) cache.publish(s, key(k), room);
    EXPECT_LE(budget->used(), budget->limit());
    return room != nullptr;
  };
  for (std::uint64_t k = 0; k < 4; ++k) EXPECT_TRUE(keep(early, k)) << k;
  for (std::uint64_t k = 4; k < 20; ++k) EXPECT_FALSE(keep(early, k)) << "seen once: " << k;
  for (std::uint64_t k = 4; k < 8; ++k) EXPECT_TRUE(keep(early, k)) << "seen before: " << k;
  for (std::uint64_t k = 8; k < 12; ++k) EXPECT_FALSE(keep(early, k)) << "full: " << k;
  EXPECT_EQ(cache.count().kept, 8u);
  EXPECT_FALSE(keep(late, 1));
  EXPECT_TRUE(keep(late, 1)) << "the stretch that was left gives way";
  EXPECT_EQ(cache.find(early, key(0)), nullptr);
  EXPECT_EQ(cache.count().kept, 1u);
  EXPECT_EQ(budget->used(), one);
}

TEST(column_cache, memory_is_given_back_when_its_last_reader_is_done) {
  auto budget = std::make_shared<column_budget>(1u << 20);
  auto cache = std::make_unique<column_cache>(std::make_shared<column_plan>(), budget);
  cache->publish(early, key(1), cache->claim(early, key(1), 1, 100));
  auto held = cache->find(early, key(1));
  cache.reset();
  EXPECT_EQ(budget->used(), shared_columns::bytes(1, 100));
  held.reset();
  EXPECT_EQ(budget->used(), 0u);
}

TEST(columns, without_room_every_run_computes_its_own) {
  auto c = case_of("plot(ta.sma(close, n) + ta.ema(close, m))\n");
  auto cache = c.cache(shared_columns::bytes(1, c.bars().size()) - 1);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(c.shared({}, cache), c.plain({}));
  EXPECT_EQ(cache->count().kept, 0u);
}

// ---------------------------------------------------------------- several runs of a bar, several threads

TEST(columns, a_bar_that_is_run_again_and_again) {
  auto c = case_of("a = ta.linreg(close, n, 0)\nb = ta.highest(a[1], m)\nvar s = 0.0\ns += a > b ? 1 : 0\nplot(a)\nplot(b - a[2])\nplot(s)\nplot(ta.stdev(b, n))\n");
  auto cache = c.cache();
  const auto expected = c.plain({});
  for (auto mode : {bar_mode::repeated, bar_mode::once, bar_mode::repeated}) {
    EXPECT_EQ(c.plain({}, mode), expected);
    EXPECT_EQ(c.shared({}, cache, mode), expected);
  }
  EXPECT_EQ(cache->count().kept, 3u);
  auto other = c.cache();
  EXPECT_EQ(c.shared({}, other), expected);
  EXPECT_EQ(c.shared({}, other, bar_mode::repeated), expected);
}

TEST(columns, threads_share_one_cache) {
  auto c = case_of("a = ta.wma(close, n)\nb = ta.ema(a, m)\nplot(a)\nplot(b)\nplot(ta.correlation(a, b, n))\n", 400);
  std::vector<input_texts> inputs;
  std::vector<run_facts> expected;
  for (int n = 2; n < 8; ++n)
    for (int m = 2; m < 6; ++m) {
      inputs.push_back({{"n", std::to_string(n)}, {"m", std::to_string(m)}});
      expected.push_back(c.plain(inputs.back()));
    }
  auto cache = c.cache();
  std::vector<std::thread> threads;
  std::vector<std::vector<run_facts>> got(2, std::vector<run_facts>(inputs.size()));
  for (std::size_t t = 0; t < got.size(); ++t)
    threads.emplace_back([&, t] {
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const auto i = t == 0 ? k : inputs.size() - 1 - k;
        got[t][i] = c.shared(inputs[i], cache);
      }
    });
  for (auto& t : threads) t.join();
  for (const auto& list : got)
    for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_EQ(list[i], expected[i]) << i;
  EXPECT_GT(cache->count().found, 0u);
}

} // namespace
} // namespace tt::pine::testing
