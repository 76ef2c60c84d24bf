#include "tests/pine/case_runner.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

/// The runtime: rolling functions against a plain computation, realtime updates, limits.

namespace tt::pine::testing {
namespace {

/// Bars of a random walk; now and then a missing volume.
std::vector<bar> walk(std::size_t n, unsigned seed = 7) {
  std::mt19937 g(seed);
  std::normal_distribution<double> step(0, 1);
  std::vector<bar> bars;
  double p = 100;
  for (std::size_t i = 0; i < n; ++i) {
    double o = p;
    p = std::max(1.0, p + step(g));
    double hi = std::max(o, p) + std::fabs(step(g)) / 2, lo = std::min(o, p) - std::fabs(step(g)) / 2;
    bars.push_back({1'600'000'000'000 + i64(i) * 60'000, o, hi, lo, p, 100 + std::fabs(step(g)) * 50});
  }
  return bars;
}

std::string script_of(const std::string& body) { return "//@version=6\nindicator(\"t\")\n" + body; }

TEST(pine_runtime, rolling_functions_equal_a_plain_computation) {
  auto bars = walk(400);
  // a source with holes: every seventh value is na
  auto r = run_source(script_of("x = bar_index % 7 == 3 ? na : close\n"
                                "plot(ta.sma(close, 13), \"sma\")\nplot(ta.highest(close, 11), \"hi\")\n"
                                "plot(ta.lowest(low, 9), \"lo\")\nplot(ta.wma(close, 8), \"wma\")\n"
                                "plot(ta.median(close, 10), \"med\")\nplot(ta.stdev(close, 12), \"dev\")\n"
                                "plot(math.sum(x, 5), \"sumna\")\nplot(ta.highestbars(close, 11), \"hb\")\n"
                                "plot(ta.linreg(close, 9, 0), \"lin\")\n"),
                      bars, "1");
  ASSERT_EQ(r.error, "");
  std::vector<double> known;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i % 7 != 3) known.push_back(bars[i].close);
    auto window = [&](std::size_t n) {
      std::vector<double> w;
      for (std::size_t k = 0; k < n; ++k) w.push_back(bars[i - k].close);
      return w;
    };
    auto mean = [](const std::vector<double>& w) {
      double s = 0;
      for (double x : w) s += x;
      return s / f64(w.size());
    };
    if (i >= 20) {
      EXPECT_NEAR(r.columns[0][i], mean(window(13)), 1e-9);
      auto w = window(11);
      EXPECT_EQ(r.columns[1][i], *std::max_element(w.begin(), w.end()));
      EXPECT_EQ(r.columns[7][i], -f64(std::max_element(w.begin(), w.end()) - w.begin()));
      double low = bars[i].low;
      for (std::size_t k = 0; k < 9; ++k) low = std::min(low, bars[i - k].low);
      EXPECT_EQ(r.columns[2][i], low);
      double weighted = 0;
      for (std::size_t k = 0; k < 8; ++k) weighted += bars[i - k].close * f64(8 - k);
      EXPECT_NEAR(r.columns[3][i], weighted / 36, 1e-9);
      auto m = window(10);
      std::sort(m.begin(), m.end());
      EXPECT_NEAR(r.columns[4][i], (m[4] + m[5]) / 2, 1e-12);
      auto v = window(12);
      double var = 0, mu = mean(v);
      for (double x : v) var += (x - mu) * (x - mu);
      EXPECT_NEAR(r.columns[5][i], std::sqrt(var / 12), 1e-6);
      double s = 0;
      for (std::size_t k = 0; k < 5; ++k) s += known[known.size() - 1 - k];
      EXPECT_NEAR(r.columns[6][i], s, 1e-9);
    }
    EXPECT_EQ(std::isnan(r.columns[0][i]), i + 1 < 13) << i;
  }
}

/// A script that keeps every kind of state.
const char* stateful_script = R"(//@version=6
indicator("t")
type node
    float v
    int n = 0
var a = array.new<float>()
var m = map.new<int, float>()
var node last = node.new(0.0)
var int count = 0
count += 1
a.push(close)
if a.size() > 20
    a.shift()
m.put(bar_index % 5, high)
last.v := last.v * 0.5 + close
last.n += 1
if close > open
    label.new(bar_index, high, str.tostring(close))
x = ta.ema(close, 7) + ta.highest(high, 9) - ta.lowest(6)
y = ta.rsi(close, 5) + nz(x[3]) + ta.valuewhen(close > open, close, 1)
plot(x, "x")
plot(y, "y")
plot(a.avg() + a.size(), "a")
plot(m.get(2) + m.size(), "m")
plot(last.v + last.n + (last[0]).n, "u")
plot(count + label.all.size(), "c")
plot(ta.median(close, 5) + ta.sma(volume, 4), "s")
)";

TEST(pine_runtime, a_tick_that_is_taken_back_leaves_no_trace) {
  auto bars = walk(160, 3);
  auto compiled = compile(stateful_script);
  ASSERT_NE(compiled.code, nullptr) << render(compiled.diags.all().front(), stateful_script, "s");
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("1");
  script plain(compiled.code, settings), live(compiled.code, settings);
  std::mt19937 g(5);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    ASSERT_FALSE(plain.on_bar(bars[i]));
    if (i < 60) {
      ASSERT_FALSE(live.on_bar(bars[i]));
    } else {
      auto tick = bars[i];
      tick.close = tick.open * 1.5; // far away, so that a leak would show
      tick.high = tick.close;
      ASSERT_FALSE(live.begin_bar(tick));
      for (unsigned k = 0; k < g() % 3; ++k) {
        tick.close = tick.open * (0.5 + 0.1 * k);
        tick.low = tick.close;
        ASSERT_FALSE(live.update(tick));
      }
      ASSERT_FALSE(live.commit(bars[i]));
    }
    for (std::size_t p = 0; p < plain.code().plots.size(); ++p) {
      double want = plain.plot_value(p, 0), got = live.plot_value(p, 0);
      EXPECT_TRUE(want == got || (std::isnan(want) && std::isnan(got))) << plain.code().plots[p].title << " bar " << i << ": " << want << " " << got;
    }
  }
  EXPECT_EQ(plain.drawings_json(), live.drawings_json());
}

TEST(pine_runtime, varip_survives_a_tick_and_var_does_not) {
  auto compiled = compile("//@version=6\nindicator(\"t\")\nvar int a = 0\nvarip int b = 0\na += 1\nb += 1\nplot(a)\nplot(b)\n");
  ASSERT_NE(compiled.code, nullptr);
  script s(compiled.code, {});
  auto b = walk(3);
  EXPECT_FALSE(s.on_bar(b[0]));
  EXPECT_FALSE(s.begin_bar(b[1]));
  EXPECT_FALSE(s.update(b[1]));
  EXPECT_FALSE(s.update(b[1]));
  EXPECT_EQ(s.plot_value(0, 0), 2);
  EXPECT_EQ(s.plot_value(1, 0), 4);
}

TEST(pine_runtime, inputs_need_no_new_program) {
  auto compiled = compile("//@version=6\nindicator(\"t\")\nn = input.int(3, \"Length\", minval = 1, maxval = 9)\ns = input.source(close, \"Source\")\nplot(ta.sma(s, n))\n");
  ASSERT_NE(compiled.code, nullptr);
  auto bars = walk(9);
  run_settings settings;
  settings.inputs = {{"Length", "1"}, {"Source", "high"}};
  script s(compiled.code, settings);
  for (const auto& b : bars) ASSERT_FALSE(s.on_bar(b));
  EXPECT_EQ(s.plot_value(0, 0), bars.back().high);
  settings.inputs = {{"Length", "10"}};
  EXPECT_TRUE(script(compiled.code, settings).problem().has_value());
  settings.inputs = {{"Width", "1"}};
  EXPECT_TRUE(script(compiled.code, settings).problem().has_value());
}

TEST(pine_runtime, order_calls_become_commands) {
  auto compiled = compile("//@version=6\nstrategy(\"t\")\nif bar_index == 1\n    strategy.entry(\"L\", strategy.long, qty = 2, limit = close - 1)\n    strategy.exit(\"X\", \"L\", stop = 5, comment_loss = \"sl\")\n    strategy.close(\"L\")\nplot(strategy.position_size)\n");
  ASSERT_NE(compiled.code, nullptr);
  run_settings settings;
  strategy_view account;
  account.values[strategy_view::position_size] = 7;
  settings.account = &account;
  script s(compiled.code, settings);
  auto bars = walk(2);
  EXPECT_FALSE(s.on_bar(bars[0]));
  EXPECT_TRUE(s.take_orders().empty());
  EXPECT_FALSE(s.on_bar(bars[1]));
  auto orders = s.take_orders();
  ASSERT_EQ(orders.size(), 3u);
  EXPECT_EQ(orders[0].kind, order_command::kind_t::entry);
  EXPECT_EQ(s.texts().text(orders[0].id), "L");
  EXPECT_EQ(orders[0].side, trade_side::long_);
  EXPECT_EQ(orders[0].qty, 2);
  EXPECT_EQ(orders[0].limit, bars[1].close - 1);
  EXPECT_EQ(s.texts().text(orders[1].from_entry), "L");
  EXPECT_EQ(orders[1].stop, 5);
  EXPECT_EQ(s.texts().text(orders[1].comment_loss), "sl");
  EXPECT_EQ(orders[2].kind, order_command::kind_t::close);
  EXPECT_EQ(s.plot_value(0, 0), 7);
}

TEST(pine_runtime, request_on_a_longer_timeframe) {
  std::vector<bar> bars;
  for (int i = 0; i < 12; ++i) bars.push_back({1'599'955'200'000 + i * 1'200'000LL, 1.0, 2.0, 0.5, f64(i), 1}); // 20 minutes
  auto body = [](const char* more) { return script_of(std::string("plot(request.security(syminfo.tickerid, \"60\", close") + more + "))\n"); };
  auto off = run_source(body(""), bars, "20"), on = run_source(body(", lookahead = barmerge.lookahead_on"), bars, "20");
  auto gaps = run_source(body(", gaps = barmerge.gaps_on"), bars, "20");
  ASSERT_EQ(off.error + on.error + gaps.error, "");
  auto text = [](const case_result& r) {
    std::string s;
    for (double v : r.columns[0]) s += std::isnan(v) ? "-," : std::to_string(static_cast<int>(v)) + ",";
    return s;
  };
  EXPECT_EQ(text(off), "-,-,2,2,2,5,5,5,8,8,8,11,");
  EXPECT_EQ(text(on), "2,2,2,5,5,5,8,8,8,11,11,11,");
  EXPECT_EQ(text(gaps), "-,-,2,-,-,5,-,-,8,-,-,11,");
}

// ---------------------------------------------------------------- hostile scripts

class hostile : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(hostile, stops_with_an_error) {
  run_settings settings;
  settings.limit.steps_per_bar = 2'000'000;
  settings.limit.heap_bytes = 32u << 20;
  auto r = run_source(script_of(GetParam().second), walk(3), "1", settings);
  EXPECT_NE(r.error, "");
}
INSTANTIATE_TEST_SUITE_P(
    pine, hostile,
    ::testing::Values(std::pair{"endless", "while true\n    x = 1\n"}, std::pair{"endless_for", "for i = 0 to 1e12\n    x = 1\n"},
                      std::pair{"giant_array", "a = array.new<float>(1000000000, 0.0)\n"},
                      std::pair{"growing_array", "var a = array.new<float>()\nwhile true\n    a.push(1)\n"},
                      std::pair{"growing_text", "s = \"x\"\nwhile true\n    s += s\n"},
                      std::pair{"many_arrays", "var a = array.new<chart.point>()\nwhile true\n    a.push(chart.point.now(1))\n"},
                      std::pair{"giant_matrix", "m = matrix.new<float>(100000, 100000, 0.0)\n"},
                      std::pair{"long_length", "plot(ta.sma(close, 1000000000))\n"},
                      std::pair{"bad_regex", "x = str.match(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\", \"(a+)+$\")\n"},
                      std::pair{"null_object", "type t\n    int a\nt x = na\nplot(x.a)\n"}),
    [](const auto& named) { return std::string(named.param.first); });

/// A line left of the first one, at a depth that no block has, was taken for the margin: what came at column 1 read
/// before the list of open blocks.
TEST(pine_hostile, lines_left_of_the_first) {
  auto c = compile("\t\t\t\tx = 1\n\ty = 2\nplot(y)\n");
  EXPECT_EQ(c.code, nullptr);
  auto d = compile("\n\t\t\tx\n\t\ty\nz\n\tw\nv\n");
  EXPECT_EQ(d.code, nullptr);
}

/// Long work inside one built-in ends at the bar's time too: the clock here makes a step at each look.
TEST(pine_hostile, long_algebra_looks_at_the_clock) {
  for (std::string what : {"m.eigenvalues()", "m.eigenvectors()", "m.pinv()"}) {
    run_settings settings;
    settings.limit.steps_per_bar = std::uint64_t{1} << 62;
    settings.limit.bar_ns = 20;
    int looks = 0;
    settings.limit.clock_ns = [&looks] { return std::int64_t{++looks}; };
    auto r = run_source(script_of("m = matrix.new<float>(120, 120, 0.0)\nfor i = 0 to 119\n    for j = 0 to 119\n        m.set(i, j, (i * 7 + j * 13) % 17 - (i < j ? 3 : 0))\nx = " +
                                  what + "\n"),
                        walk(1), "1", settings);
    EXPECT_NE(r.error, "") << what;
    EXPECT_LE(looks, 22) << what;
  }
}

/// A bar of nothing but heavy built-ins hears of a stop as well: at most one of them goes on behind the look that says so.
TEST(pine_hostile, heavy_built_ins_look_at_the_clock) {
  for (std::string what : {"a.sort()", "a.reverse()", "a.sum()", "m.mult(m)"}) {
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += what + "\n";
    run_settings settings;
    settings.limit.steps_per_bar = std::uint64_t{1} << 62;
    settings.limit.bar_ns = 0;
    int looks = 0;
    settings.limit.clock_ns = [&looks] { return std::int64_t{++looks}; };
    auto r = run_source(script_of("var a = array.new<float>(60000, 1.0)\nvar m = matrix.new<float>(60, 60, 1.0)\n" + lines + "runtime.error(\"too late\")\n"),
                        walk(1), "1", settings);
    EXPECT_NE(r.error.find("takes too long"), std::string::npos) << what << ": " << r.error;
    EXPECT_EQ(looks, 2) << what << ": the first sets the time, the second finds it past";
  }
}

/// Built-ins that handle much count it: a hundred calls of each are too much for 10,000 steps, of small ones not.
TEST(pine_hostile, built_ins_count_what_they_handle) {
  const std::string big = "s = str.repeat(\"a\", 40000)\nvar a = array.new<float>(20000, 1.0)\n", small = "s = \"a\"\nvar a = array.new<float>(2, 1.0)\n";
  auto run = [](const std::string& before, const std::string& what) {
    run_settings settings;
    settings.limit.steps_per_bar = 100'000;
    return run_source(script_of(before + "for i = 0 to 99\n    " + what + "\n"), walk(1), "1", settings).error;
  };
  for (std::string what : {"str.replace_all(s, \"a\", \"b\")", "str.replace(s, \"b\", \"c\")", "str.length(s)", "str.contains(s, \"b\")", "str.pos(s, \"b\")", "str.upper(s)",
                           "str.split(s, \"b\")", "str.trim(s)", "str.tonumber(s)", "str.substring(s, 1, 2)", "str.format(\"{0}\", s)", "log.info(s)", "log.info(\"{0}\", s)", "alert(s)",
                           "label.new(0, 1, s)", "box.new(0, 1, 1, 0, text = s)", "str.match(s, \"b\")", "a.covariance(a)", "a.percentrank(1)", "a.abs()", "a.sum()", "a.median()",
                           "a.stdev()", "a.join(s)", "a.every()", "a.some()", "str.tostring(a)"}) {
    EXPECT_NE(run(big, what), "") << what;
    EXPECT_EQ(run(small, what), "") << what;
  }
}

TEST(pine_hostile, rci_counts_its_window) {
  run_settings settings;
  settings.limit.steps_per_bar = 20'000;
  EXPECT_NE(run_source(script_of("for i = 0 to 99\n    ta.rci(close, 50)\n"), walk(60), "1", settings).error, "");
}

/// Each access of a slice goes through the arrays that it is a part of.
TEST(pine_hostile, slices_of_slices_have_an_end) {
  const std::string body = "a = array.new<float>(9, 1.0)\nfor i = 1 to ";
  auto deep = [&](const char* n) { return run_source(script_of(body + n + "\n    a := a.slice(0, 5)\nplot(a.get(4))\n"), walk(1), "1").error; };
  EXPECT_NE(deep("101").find("nested 100 deep"), std::string::npos);
  EXPECT_EQ(deep("100"), "");
}

/// One call that would go on for ever ends at the bar's time.
TEST(pine_hostile, a_long_match_looks_at_the_clock) {
  run_settings settings;
  settings.limit.steps_per_bar = std::uint64_t{1} << 62;
  settings.limit.bar_ns = 20;
  int looks = 0;
  settings.limit.clock_ns = [&looks] { return std::int64_t{++looks}; };
  auto r = run_source(script_of("x = str.match(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\", \"(a+)+$\")\n"), walk(1), "1", settings);
  EXPECT_NE(r.error, "");
  EXPECT_LE(looks, 22);
}

TEST(pine_hostile, drawings_count_the_search_for_the_oldest) {
  run_settings settings;
  settings.limit.steps_per_bar = 100'000;
  EXPECT_NE(run_source("//@version=6\nindicator(\"t\", max_labels_count = 500)\nfor i = 0 to 4000\n    label.new(i, 1)\n", walk(1), "1", settings).error, "");
}

TEST(pine_runtime, messages_are_kept_up_to_a_size) {
  for (std::string what : {"log.info(s)", "alert(s)"}) {
    auto compiled = compile(script_of("s = str.repeat(\"a\", 40000)\nfor i = 0 to 2999\n    " + what + "\n"));
    ASSERT_NE(compiled.code, nullptr);
    script s(compiled.code, {});
    ASSERT_FALSE(s.on_bar(walk(1)[0]));
    auto kept = s.logs().size() + s.alerts().size();
    EXPECT_LE(kept * 40'000, limits::message_bytes);
    EXPECT_GT(kept, 1000u);
    EXPECT_EQ(kept + s.messages_dropped(), 3000u);
  }
}

TEST(pine_hostile, deep_nesting_and_long_lines_are_refused) {
  EXPECT_EQ(compile(script_of("x = " + std::string(100'000, '(') + "1\n")).code, nullptr);
  EXPECT_EQ(compile(script_of("x = " + std::string(100'000, '-') + "1\n")).code, nullptr);
  std::string sum = "x = 1";
  for (int i = 0; i < 50'000; ++i) sum += "+1";
  (void)compile(script_of(sum + "\nplot(x)\n")); // a long line by itself is no error, it must only end
  std::string calls = "f0(x) => x + close[1]\n";
  for (int i = 1; i < 40; ++i) calls += "f" + std::to_string(i) + "(x) => f" + std::to_string(i - 1) + "(x) + f" + std::to_string(i - 1) + "(x)\n";
  EXPECT_EQ(compile(script_of(calls + "plot(f39(1))\n")).code, nullptr);
}

TEST(pine_registry, signatures_are_sound_and_cover_the_language) {
  auto list = registry::get().listing();
  EXPECT_GT(list.size(), 800u);
}

/// Every alert message is another one: the pool that keeps each text once would grow for ever.
TEST(pine_runtime, texts_of_orders_are_bounded) {
  auto compiled = compile("//@version=6\nstrategy(\"t\")\nlong_text = str.repeat(\"x\", 4000)\nfor i = 1 to 500\n"
                          "    strategy.entry(\"same id\", strategy.long, alert_message = long_text + str.tostring(bar_index * 1000 + i))\n");
  ASSERT_NE(compiled.code, nullptr);
  run_settings settings;
  settings.limit.bar_ns = 0;
  script s(compiled.code, settings);
  std::optional<runtime_failure> failed;
  std::size_t ran = 0;
  for (const auto& b : walk(200)) {
    failed = s.on_bar(b);
    s.clear_orders();
    if (failed) break;
    ++ran;
  }
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "strategy.entry(): the texts of all orders (ids, comments, alert messages) take more than 128 MiB");
  EXPECT_EQ(ran, limits::order_text_bytes / ((4000 + 4 + 96) * 500)) << "no earlier and no later";
  EXPECT_LE(s.texts().bytes(), limits::order_text_bytes + 5'000);
}

} // namespace
} // namespace tt::pine::testing
