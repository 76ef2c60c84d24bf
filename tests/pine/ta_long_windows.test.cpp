#include "tests/pine/case_runner.hpp"
#include "tests/pine/ta_sample.hpp"

#include "actors/pine/lib/ta_rank.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>

/// Long windows slide or lie in a tree, where short ones are summed or looked through anew: the same values come out,
/// whatever passes through the window, however long the run, and after every realtime update.

namespace tt::pine::testing {
namespace {

/// What has a form of its own for long windows.
const std::array long_forms{"ta.wma(x, N)", "ta.hma(x, N)", "ta.cog(close, N)", "ta.linreg(x, N, 0)", "ta.linreg(close, N, 2)", "ta.dev(close, N)",
                            "ta.cci(close, N + 1)", "ta.median(x, N)", "ta.mode(math.round(x), N)", "ta.percentrank(close, N)",
                            "ta.percentile_linear_interpolation(close, N, 37)", "ta.percentile_nearest_rank(close, N, 63)"};

std::string script_of(const std::string& length) {
  std::string text = "//@version=6\nindicator(\"t\")\nx = open\n";
  for (std::string expression : long_forms) {
    for (auto at = expression.find('N'); at != std::string::npos; at = expression.find('N', at + 1)) expression.replace(at, 1, length);
    text += "plot(" + expression + ")\n";
  }
  return text;
}
const ta_case& case_of(std::string_view expression) {
  const auto& all = ta_cases();
  return *std::find_if(all.begin(), all.end(), [&](const ta_case& c) { return c.expression == expression; });
}

class ta_long_window : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ta_long_window, equals_what_is_computed_from_scratch) {
  auto n = GetParam();
  auto s = make_sample(static_cast<unsigned>(n), n + 400);
  auto r = run_source(script_of(std::to_string(n)), s.bars, "20");
  ASSERT_EQ(r.error, "");
  for (std::size_t k = 0; k < long_forms.size(); ++k) {
    const auto& c = case_of(long_forms[k]);
    auto want = c.reference(s.m, n);
    for (std::size_t i = 0; i < s.bars.size(); ++i)
      ASSERT_PRED3(near, r.columns[k][i], want[i], c.tolerance) << c.expression << ", N = " << n << ", bar " << i;
  }
}
INSTANTIATE_TEST_SUITE_P(pine, ta_long_window, ::testing::Values(63u, 64u, 65u, 66u, 255u, 257u, 700u, 1025u));

std::vector<bar> bars_of(const std::vector<double>& values) {
  std::vector<bar> bars;
  for (std::size_t i = 0; i < values.size(); ++i)
    bars.push_back({1'700'006'400'000 + i64(i) * 1'200'000, values[i], values[i], values[i], values[i], 1});
  return bars;
}
std::vector<double> walk(std::size_t n, unsigned seed) {
  std::mt19937 g(seed);
  std::normal_distribution<double> step(0, 1);
  std::vector<double> v;
  double p = 1000;
  for (std::size_t i = 0; i < n; ++i) v.push_back(p += step(g));
  return v;
}
/// Weighted mean, the end of the line and the mean distance of the n values up to place i, from scratch.
struct plain {
  double wma = 0, line = 0, dev = 0;
};
plain from_scratch(const std::vector<double>& v, std::size_t i, std::size_t n) {
  long double weighted = 0, sum = 0, far = 0, len = static_cast<long double>(n);
  for (std::size_t k = 0; k < n; ++k) {
    weighted += static_cast<long double>(n - k) * static_cast<long double>(v[i - k]);
    sum += static_cast<long double>(v[i - k]);
  }
  for (std::size_t k = 0; k < n; ++k) far += std::fabs(static_cast<long double>(v[i - k]) - sum / len);
  auto slope = 6 * (2 * weighted - (len + 1) * sum) / (len * (len * len - 1));
  return {static_cast<double>(weighted / (len * (len + 1) / 2)), static_cast<double>(sum / len + slope * (len - 1) / 2), static_cast<double>(far / len)};
}

/// Beyond longest_moved values sorted windows are trees as well.
TEST(pine_ta_long_windows, the_longest_windows_are_in_order_too) {
  constexpr std::size_t n = 4200;
  auto v = walk(n + 300, 13);
  for (auto& x : v) x = std::round(x * 4) / 4; // with many ties
  v[n - 50] = na_value; // and once no value
  auto r = run_source("//@version=6\nindicator(\"t\")\nplot(ta.median(close, 4200))\nplot(ta.percentile_nearest_rank(nz(close, 1000), 4200, 30))\n"
                      "plot(ta.percentile_linear_interpolation(nz(close, 1000), 4200, 71))\nplot(ta.percentile_nearest_rank(close, 4200, 20))\n", bars_of(v), "20");
  ASSERT_EQ(r.error, "");
  for (std::size_t i = n; i < v.size(); i += 23) {
    std::vector<double> known, filled;
    for (std::size_t k = 0; k <= i; ++k)
      if (!is_na(v[k])) known.push_back(v[k]);
    known.erase(known.begin(), known.end() - n);
    for (std::size_t k = i + 1 - n; k <= i; ++k) filled.push_back(is_na(v[k]) ? 1000 : v[k]);
    std::sort(known.begin(), known.end());
    std::sort(filled.begin(), filled.end());
    ASSERT_EQ(r.columns[0][i], (known[n / 2 - 1] + known[n / 2]) / 2) << i;
    ASSERT_EQ(r.columns[1][i], filled[n * 30 / 100 - 1]) << i;
    ASSERT_NEAR(r.columns[2][i], filled[2981] * 0.5 + filled[2982] * 0.5, 0.2501) << i; // between two places: near enough, ties apart
    ASSERT_FALSE(is_na(r.columns[3][i])) << i;
  }
}
TEST(pine_ta_long_windows, no_error_grows_with_the_run) {
  auto v = walk(60'000, 7);
  auto r = run_source("//@version=6\nindicator(\"t\")\nplot(ta.wma(close, 100))\nplot(ta.linreg(close, 100, 0))\nplot(ta.dev(close, 300))\n", bars_of(v), "20");
  ASSERT_EQ(r.error, "");
  for (std::size_t i = 1000; i < v.size(); i += 997) {
    auto want = from_scratch(v, i, 100);
    EXPECT_PRED3(near, r.columns[0][i], want.wma, 1e-15) << i;
    EXPECT_PRED3(near, r.columns[1][i], want.line, 1e-15) << i;
    EXPECT_PRED3(near, r.columns[2][i], from_scratch(v, i, 300).dev, 1e-11) << i; // as good as the mean of ta.sma
  }
}
TEST(pine_ta_long_windows, what_a_huge_value_pushed_out_comes_back) {
  for (double huge : {1e20, 1e200, 1.7e308}) {
    auto v = walk(900, 3);
    v[400] = huge;
    v[403] = -huge;
    auto r = run_source("//@version=6\nindicator(\"t\")\nplot(ta.wma(close, 100))\nplot(ta.linreg(close, 100, 0))\nplot(ta.cog(close, 100))\n", bars_of(v), "20");
    ASSERT_EQ(r.error, "");
    for (std::size_t i = 503; i < v.size(); ++i) {
      auto want = from_scratch(v, i, 100);
      ASSERT_PRED3(near, r.columns[0][i], want.wma, 1e-13) << huge << ' ' << i;
      ASSERT_PRED3(near, r.columns[1][i], want.line, 1e-13) << huge << ' ' << i;
      ASSERT_FALSE(std::isnan(r.columns[2][i]));
    }
  }
}
TEST(pine_ta_long_windows, a_length_that_moves_finds_its_window) {
  auto v = walk(1500, 11);
  auto lengths = std::function([](std::size_t i) { return 100 + i * 7 % 13 + (i % 50 == 0 ? 150 : 0) + (i % 90 == 1 ? 0 : 20); });
  auto r = run_source("//@version=6\nindicator(\"t\")\nn = 100 + bar_index * 7 % 13 + (bar_index % 50 == 0 ? 150 : 0) + (bar_index % 90 == 1 ? 0 : 20)\n"
                      "plot(ta.wma(close, n))\nplot(ta.linreg(close, n, 0))\nplot(ta.dev(close, n * 3))\n", bars_of(v), "20");
  ASSERT_EQ(r.error, "");
  for (std::size_t i = 900; i < v.size(); ++i) {
    auto want = from_scratch(v, i, lengths(i));
    ASSERT_PRED3(near, r.columns[0][i], want.wma, 1e-13) << i;
    ASSERT_PRED3(near, r.columns[1][i], want.line, 1e-13) << i;
    ASSERT_PRED3(near, r.columns[2][i], from_scratch(v, i, lengths(i) * 3).dev, 1e-11) << i;
  }
}
TEST(pine_ta_long_windows, infinite_values_come_and_go) {
  auto v = walk(400, 5);
  v[150] = std::numeric_limits<double>::infinity();
  auto r = run_source("//@version=6\nindicator(\"t\")\nplot(ta.wma(close, 100))\nplot(ta.linreg(close, 100, 0))\n"
                      "plot(ta.wma(close, 100) > 1e300 ? 1 : 0)\n", bars_of(v), "20");
  ASSERT_EQ(r.error, "");
  EXPECT_TRUE(std::isnan(r.columns[0][200])) << "a plot shows no infinity";
  EXPECT_EQ(r.columns[2][200], 1);
  EXPECT_TRUE(std::isnan(r.columns[1][200]));
  EXPECT_PRED3(near, r.columns[0][250], from_scratch(v, 250, 100).wma, 1e-13);
  EXPECT_PRED3(near, r.columns[1][250], from_scratch(v, 250, 100).line, 1e-13);
}

TEST(pine_ta_long_windows, a_bar_computed_again_and_again_is_a_bar_seen_once) {
  for (const char* n : {"70", "300"}) {
    auto s = make_sample(21, 700);
    auto compiled = compile(script_of(n));
    ASSERT_NE(compiled.code, nullptr);
    run_settings settings;
    settings.chart_timeframe = *timeframe::parse("20");
    script plain_run(compiled.code, settings), live(compiled.code, settings);
    for (std::size_t i = 0; i < s.bars.size(); ++i) {
      ASSERT_FALSE(plain_run.on_bar(s.bars[i]));
      auto tick = s.bars[i];
      tick.close *= 1.3;
      tick.open = i % 2 == 0 ? tick.close : na_value;
      ASSERT_FALSE(live.begin_bar(tick));
      tick.close = tick.low = tick.open = s.bars[i].low * 0.8;
      for (auto k = i % 3; k > 0; --k) ASSERT_FALSE(live.update(tick));
      ASSERT_FALSE(live.commit(s.bars[i]));
      for (std::size_t k = 0; k < long_forms.size(); ++k)
        ASSERT_PRED3(near, live.plot_value(k, 0), plain_run.plot_value(k, 0), 0.0) << long_forms[k] << ", N = " << n << ", bar " << i;
    }
  }
}
TEST(pine_ta_long_windows, a_second_call_on_a_bar_replaces_the_first) {
  auto v = walk(900, 9);
  auto text = std::string("//@version=6\nindicator(\"t\")\n");
  for (std::string f : {"wma(y, 100)", "linreg(y, 100, 0)", "dev(y, 300)", "percentrank(y, 300)", "median(y, 5000)"})
    text += "once_" + f.substr(0, 3) + "(y) => ta." + f + "\nfloat v_" + f.substr(0, 3) + " = na\nfor i = 0 to bar_index % 3\n    v_" + f.substr(0, 3) + " := once_" +
            f.substr(0, 3) + "(i == bar_index % 3 ? close : close * 3)\nplot(v_" + f.substr(0, 3) + " - once_" + f.substr(0, 3) + "(close))\n";
  auto r = run_source(text, bars_of(v), "20");
  ASSERT_EQ(r.error, "");
  for (const auto& c : r.columns)
    for (double d : c) ASSERT_TRUE(std::isnan(d) || std::fabs(d) < 1e-9) << d;
}

// ---------------------------------------------------------------- the tree itself

template <order_extra Extra>
struct tree_in_memory {
  std::vector<double> cells;
  order_tree<Extra> tree;
  explicit tree_in_memory(std::size_t n) : cells(order_tree<Extra>::cells_for(n)) { tree.attach(cells.data()); }
};

TEST(pine_order_tree, a_sequence_is_a_vector) {
  tree_in_memory<order_extra::unknowns> t(600);
  std::vector<double> v;
  std::mt19937 g(1);
  for (int step = 0; step < 20'000; ++step) {
    bool grows = v.size() < 2 || (v.size() < 600 && g() % 100 < (step / 3000 % 2 == 0 ? 60 : 40));
    if (grows) {
      auto at = g() % (v.size() + 1);
      double x = g() % 5 == 0 ? na_value : static_cast<double>(g() % 100);
      t.tree.insert_at(at, x);
      v.insert(v.begin() + static_cast<std::ptrdiff_t>(at), x);
    } else {
      auto at = g() % v.size();
      t.tree.erase_at(at);
      v.erase(v.begin() + static_cast<std::ptrdiff_t>(at));
    }
    ASSERT_EQ(t.tree.size(), v.size());
    auto known = std::count_if(v.begin(), v.end(), [](double x) { return !is_na(x); });
    ASSERT_EQ(t.tree.unknowns(), v.size() - static_cast<std::size_t>(known));
    auto k = g() % v.size();
    ASSERT_PRED3(near, t.tree[k], v[k], 0.0);
    if (t.tree.unknowns() > 0) {
      auto first = std::find_if(v.begin(), v.end(), [](double x) { return is_na(x); }) - v.begin();
      ASSERT_EQ(t.tree.first_unknown(), static_cast<std::size_t>(first));
    }
    auto is = [x = static_cast<double>(g() % 100)](double y) { return y == x; };
    auto last = std::find_if(v.rbegin(), v.rend(), is);
    ASSERT_EQ(t.tree.last_where(is), last == v.rend() ? v.size() : static_cast<std::size_t>(v.rend() - last) - 1);
  }
}
TEST(pine_order_tree, ascending_values_do_not_make_it_a_list) {
  // recursion over a path of this many nodes would be noticed
  constexpr std::size_t n = 100'000;
  tree_in_memory<order_extra::sums> t(n + 1);
  for (std::size_t k = 0; k < n; ++k) t.tree.add(static_cast<double>(k));
  for (std::size_t k = 0; k < n; ++k) {
    t.tree.add(static_cast<double>(n + k));
    t.tree.remove(static_cast<double>(k));
  }
  EXPECT_EQ(t.tree.size(), n);
  EXPECT_EQ(t.tree[0], static_cast<double>(n));
  EXPECT_EQ(t.tree.sum().value(), static_cast<double>(n) * static_cast<double>(n) + static_cast<double>(n) * static_cast<double>(n - 1) / 2);
}
TEST(pine_order_tree, sums_and_modes_are_those_of_the_values) {
  tree_in_memory<order_extra::sums> sums(300);
  tree_in_memory<order_extra::modes> modes(300);
  std::vector<double> v;
  std::mt19937 g(4);
  for (int step = 0; step < 6'000; ++step) {
    if (v.size() < 300 && (v.empty() || g() % 2 == 0)) {
      v.push_back(static_cast<double>(g() % 40) / 8);
      sums.tree.add(v.back());
      modes.tree.add(v.back());
    } else {
      std::swap(v[g() % v.size()], v.back());
      sums.tree.remove(v.back());
      modes.tree.remove(v.back());
      v.pop_back();
    }
    double limit = static_cast<double>(g() % 40) / 8, sum = 0, best = 0;
    std::size_t count = 0, most = 0;
    std::map<double, std::size_t> often;
    for (double x : v) {
      if (x <= limit) {
        ++count;
        sum += x;
      }
      ++often[x];
    }
    for (auto [x, k] : often)
      if (k > most) {
        most = k;
        best = x;
      }
    auto front = sums.tree.front_where([limit](double x) { return x <= limit; });
    ASSERT_EQ(front.count, count);
    ASSERT_EQ(front.sum.value(), sum);
    if (!v.empty()) { ASSERT_EQ(modes.tree.mode(), best); }
  }
}
TEST(pine_order_tree, ranks_are_the_same_in_both_forms) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::vector<std::unique_ptr<double[]>> memory;
    auto take = [&](std::uint64_t cells) {
      memory.push_back(std::make_unique<double[]>(cells));
      return memory.back().get();
    };
    rank_list shorter, longer;
    shorter.prepare(200, take);
    longer.prepare(5000, take); // beyond longest_moved: a tree
    std::vector<double> window;
    std::mt19937 g(seed);
    for (int step = 0; step < 4'000; ++step) {
      double x = seed > 3 && g() % 7 == 0 ? na_value : static_cast<double>(g() % 50);
      window.push_back(x);
      ASSERT_EQ(shorter.place_for(x), longer.place_for(x));
      auto at = shorter.place_for(x);
      shorter.insert(at, x);
      longer.insert(at, x);
      if (window.size() > 100 + g() % 80) {
        ASSERT_EQ(shorter.place_of(window.front()), longer.place_of(window.front())) << step;
        auto out = shorter.place_of(window.front());
        shorter.erase(out);
        longer.erase(out);
        window.erase(window.begin());
      }
      ASSERT_EQ(shorter.size(), longer.size());
      auto k = g() % shorter.size();
      ASSERT_PRED3(near, shorter[k], longer[k], 0.0);
    }
  }
}

} // namespace
} // namespace tt::pine::testing
