#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <random>

/// What must not change what a script shows. Every script of the folders `style` and `scripts` runs twice over the same bars:
/// once with ticks at other prices before the last one of a bar, once with bars behind it, once with bars that come live.
/// Plots (and after ticks drawings) must be the same to the last bit (Pine manual, execution model, "Executions on
/// realtime bars" and "on historical bars").

namespace tt::pine::testing {
namespace {

namespace fs = std::filesystem;

bool has_any(const std::string& source, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return source.find(word) != std::string::npos; });
}
/// What a tick may well leave: varip variables, the next random number, and what depends on the tick being the first.
bool may_remember(const std::string& source) { return has_any(source, {"varip", "math.random", "barstate.isnew", "calc_on_"}); }
/// What may well know how many bars there are.
bool may_know_the_end(const std::string& source) {
  return has_any(source, {"last_bar", "islast", "calc_bars_count", "lookahead_on", "lookahead = true", "security_lower_tf"});
}
/// What may well tell bars of the history from live ones.
bool may_know_live(const std::string& source) {
  return has_any(source, {"barstate.", "request.", "varip", "timenow", "max_bars_back", "math.random", "calc_bars_count", "timeframe = ", "timeframe="});
}

std::vector<std::string> sources() {
  std::vector<std::string> out;
  std::vector<std::string> folders{std::string(TT_SOURCE_DIR) + "/tests/pine/style", std::string(TT_SOURCE_DIR) + "/tests/pine/scripts"};
  if (const char* more = std::getenv("TT_MORE_SCRIPTS")) folders.emplace_back(more); // a folder of scripts from elsewhere
  for (const auto& folder : folders)
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".pine") out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

struct market {
  std::mt19937 random{7};
  std::normal_distribution<double> step{0, 1};
  double price = 100;
  std::int64_t time_ms = 1'600'263'000'000; // a Wednesday, 9:30 in New York
  bar next() {
    bar b;
    b.time_ms = time_ms;
    time_ms += 900'000;
    b.open = price;
    price = std::max(10.0, price + step(random));
    b.close = price;
    b.high = std::max(b.open, b.close) + std::fabs(step(random)) / 3;
    b.low = std::min(b.open, b.close) - std::fabs(step(random)) / 3;
    b.volume = 1000 + std::floor(std::fabs(step(random)) * 100);
    return b;
  }
  /// The bar as it may have stood some time before it closed.
  bar unfinished(const bar& whole) {
    bar b = whole;
    b.close = whole.open + step(random) * 5;
    b.high = std::max(b.open, b.close);
    b.low = std::min(b.open, b.close);
    b.volume = whole.volume / 2;
    return b;
  }
};

run_settings settings_of(std::size_t bars) {
  run_settings s;
  s.chart_timeframe = *timeframe::parse("15");
  s.last_bar_index = static_cast<std::int64_t>(bars) - 1;
  return s;
}

bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (a != a && b != b); }

void expect_same_plots(const script& a, const script& b, std::size_t bar) {
  for (std::size_t k = 0; k < a.code().plots.size(); ++k)
    for (std::size_t part = 0; part < a.code().plots[k].series.size(); ++part)
      ASSERT_TRUE(same(a.plot_value(k, part), b.plot_value(k, part)))
          << "bar " << bar << ", plot " << k << ": " << a.plot_value(k, part) << " or " << b.plot_value(k, part);
}

constexpr std::size_t history = 40, live = 60;

TEST(pine_unchanged, by_ticks) {
  std::size_t compared = 0;
  for (const auto& file : sources()) {
    const auto source = read_file(file);
    if (may_remember(source)) continue;
    const auto compiled = compile(source);
    if (compiled.code == nullptr) continue;
    SCOPED_TRACE(file);
    script plain(compiled.code, settings_of(history + live)), ticked(compiled.code, settings_of(history + live));
    if (plain.problem()) continue;
    market m;
    bool goes_on = true;
    for (std::size_t i = 0; i < history + live && goes_on; ++i) {
      const auto b = m.next();
      bar_flags f;
      f.last = i + 1 >= history;
      f.realtime = i >= history;
      if (!f.realtime) {
        f.last_history = f.last;
        goes_on = !plain.on_bar(b, f);
        ticked.on_bar(b, f);
        continue;
      }
      const auto first = m.unfinished(b), second = m.unfinished(b);
      goes_on = !plain.begin_bar(b, f) && !plain.commit(b, f);
      if (!goes_on) break;
      // a script may well stop at the price of a tick
      if (ticked.begin_bar(first, f) || ticked.update(second, f) || ticked.update(b, f)) break;
      ASSERT_FALSE(ticked.commit(b, f)) << "bar " << i;
      ASSERT_NO_FATAL_FAILURE(expect_same_plots(plain, ticked, i));
      ASSERT_EQ(plain.drawings_json(), ticked.drawings_json()) << "bar " << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000u);
}

TEST(pine_unchanged, by_bars_that_follow) {
  std::size_t compared = 0;
  for (const auto& file : sources()) {
    const auto source = read_file(file);
    if (may_know_the_end(source)) continue;
    const auto compiled = compile(source);
    if (compiled.code == nullptr) continue;
    SCOPED_TRACE(file);
    script few(compiled.code, settings_of(history)), many(compiled.code, settings_of(history + live));
    if (few.problem()) continue;
    market m;
    for (std::size_t i = 0; i < history; ++i) {
      const auto b = m.next();
      bar_flags f;
      f.next_time_ms = m.time_ms;
      const bool stopped = few.on_bar(b, f).has_value();
      ASSERT_EQ(stopped, many.on_bar(b, f).has_value()) << "bar " << i;
      if (stopped) break;
      ASSERT_NO_FATAL_FAILURE(expect_same_plots(few, many, i));
      ++compared;
    }
  }
  EXPECT_GT(compared, 5'000u);
}

TEST(pine_unchanged, by_coming_live) {
  std::size_t compared = 0;
  for (const auto& file : sources()) {
    const auto source = read_file(file);
    if (may_know_live(source)) continue;
    const auto compiled = compile(source);
    if (compiled.code == nullptr) continue;
    SCOPED_TRACE(file);
    script past(compiled.code, settings_of(history + live)), now(compiled.code, settings_of(history + live));
    if (past.problem()) continue;
    market m;
    for (std::size_t i = 0; i < history + live; ++i) {
      const auto b = m.next();
      bar_flags f;
      const bool stopped = past.on_bar(b, f).has_value();
      f.realtime = i >= history;
      if (!f.realtime) {
        ASSERT_EQ(stopped, now.on_bar(b, f).has_value());
      } else {
        ASSERT_EQ(stopped, now.begin_bar(b, f).has_value());
        if (!stopped) {
          ASSERT_FALSE(now.commit(b, f));
        }
      }
      if (stopped) break;
      ASSERT_NO_FATAL_FAILURE(expect_same_plots(past, now, i));
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000u);
}

} // namespace
} // namespace tt::pine::testing
