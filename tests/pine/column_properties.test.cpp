#include "tests/pine/case_runner.hpp"
#include "tests/pine/column_case.hpp"
#include "tests/pine/ta_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

/// A run with shared columns is a run without, to the last bit: over every function of ta, over the scripts of this
/// folder and of the conformance kit, and over generated ones, with inputs in any order.

namespace tt::pine::testing {
namespace {

namespace fs = std::filesystem;

std::vector<bar> sample_bars(std::size_t n, unsigned seed) { return make_sample(seed, n).bars; } // open has holes

// ---------------------------------------------------------------- every function

TEST(column_properties, every_function_of_ta) {
  const auto& cases = ta_cases();
  for (std::size_t first = 0; first < cases.size(); first += 15) {
    std::string text = "//@version=6\nindicator(\"t\")\nN = input.int(5, \"N\")\nx = open\nvar float start = 100.0\nopen1 = nz(close[1], start)\n"
                       "[bb_mid, bb_high, bb_low] = ta.bb(close, N, 2)\n[kc_mid, kc_high, kc_low] = ta.kc(close, N, 1.5)\n"
                       "[macd_line, macd_signal, macd_hist] = ta.macd(close, N, N + 7, N + 2)\n[di_plus, di_minus, adx] = ta.dmi(N, N)\n"
                       "[st_value, st_direction] = ta.supertrend(2.5, N)\n";
    for (std::size_t k = first; k < std::min(first + 15, cases.size()); ++k) {
      const std::string e = cases[k].expression;
      text += "v" + std::to_string(k) + " = " + e + "\nplot(v" + std::to_string(k) + ")\nplot(v" + std::to_string(k) + "[2])\nplot(ta.sma(v" +
              std::to_string(k) + ", 3))\n";
    }
    column_case c(text, sample_bars(140, 2));
    ASSERT_EQ(c.problem(), "");
    auto cache = c.cache();
    for (const char* n : {"5", "2", "70", "5", "1", "2", "70", "0"}) {
      const input_texts inputs{{"N", n}};
      const auto expected = c.plain(inputs);
      ASSERT_EQ(c.shared(inputs, cache), expected) << "from case " << first << ", N = " << n;
      ASSERT_EQ(c.shared(inputs, cache, bar_mode::repeated), c.plain(inputs, bar_mode::repeated)) << "from case " << first << ", N = " << n;
    }
    EXPECT_GT(cache->count().found, 0u);
  }
}

// ---------------------------------------------------------------- scripts that are there

void check_script(const std::string& name, const std::string& source, std::size_t bars) {
  memory_source others;
  column_case c(source, sample_bars(bars, 4));
  if (!c.problem().empty()) return; // of the compiler's own tests
  others.add(c.symbol, *timeframe::parse("20"), c.bars());
  c.data = &others;
  c.steps = 200'000;
  auto cache = c.cache();
  const auto expected = c.plain({});
  for (int k = 0; k < 3; ++k) ASSERT_EQ(c.shared({}, cache), expected) << name;
  // another value of every number of the script, then the first ones again
  input_texts moved;
  for (const auto& in : c.code().inputs)
    if (in.kind == input_kind::integer && in.number_options.empty() && (!in.has_max || in.number + 1 <= in.maxval))
      moved[in.title.empty() ? in.name : in.title] = std::to_string(static_cast<long long>(in.number) + 1);
  ASSERT_EQ(c.shared(moved, cache), c.plain(moved)) << name;
  ASSERT_EQ(c.shared({}, cache), expected) << name;
}

std::vector<std::string> scripts_under(const std::string& folder) {
  std::vector<std::string> out;
  if (!fs::exists(folder)) return out;
  for (const auto& e : fs::recursive_directory_iterator(folder))
    if (e.path().extension() == ".pine") out.push_back(e.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(column_properties, scripts_of_this_folder) {
  for (const char* folder : {"/tests/pine/scripts", "/tests/pine/style"})
    for (const auto& file : scripts_under(std::string(TT_SOURCE_DIR) + folder)) check_script(file, read_file(file), 90);
}

TEST(column_properties, scripts_of_the_kit) {
  const auto folder = shared_folder();
  if (folder.empty()) GTEST_SKIP() << "no kit beside the checkout";
  for (const auto& file : scripts_under(folder + "/pine-kit")) check_script(file, read_file(file), 300);
}

// ---------------------------------------------------------------- generated scripts

/// Statements at random over numbers that were declared before.
class script_maker {
public:
  explicit script_maker(unsigned seed) : draw_(seed) {}

  std::string make() {
    std::string out = "//@version=6\nindicator(\"t\")\ni1 = input.int(3, \"i1\")\ni2 = input.int(7, \"i2\")\nf1 = input.float(0.5, \"f1\")\n"
                      "s1 = input.source(close, \"s1\")\nsmooth(v, k) => ta.ema(v, k) - nz(v[1])\npeak(v, k) =>\n    var float top = na\n"
                      "    h = ta.highest(v, k)\n    if h > nz(top)\n        top := h\n    top - h\n";
    names_ = {"open", "high", "close", "volume", "hl2", "s1", "f1", "bar_index", "math.pi"};
    const auto given = names_.size();
    for (int k = 0; k < 22; ++k) out += statement("v" + std::to_string(k));
    for (std::size_t k = given; k < names_.size() && k < given + 55; ++k) out += "plot(" + names_[k] + ")\n";
    return out;
  }
  input_texts inputs() {
    input_texts out{{"i1", std::to_string(1 + draw_() % 4)}, {"i2", std::to_string(draw_() % 12 == 0 ? 0 : 4 + draw_() % 3)}};
    if (draw_() % 2 == 0) out["f1"] = draw_() % 2 == 0 ? "0.25" : "2";
    if (draw_() % 3 == 0) out["s1"] = draw_() % 2 == 0 ? "high" : "hlc3";
    return out;
  }

private:
  std::string name() { return names_[draw_() % names_.size()]; }
  std::string length() {
    static const std::vector<std::string> list{"i1", "i2", "5", "i1 + i2", "i2 / 2", "math.max(i1, 2)", "80", "i2 * 10"};
    return list[draw_() % list.size()];
  }
  std::string any_length() { return draw_() % 6 == 0 ? "bar_index % 5 + " + std::string(draw_() % 5 == 0 ? "0" : "1") : length(); }
  std::string call() {
    const auto a = name(), b = name(), n = length(), any = any_length();
    switch (draw_() % 22) {
    case 0: return "ta.sma(" + a + ", " + any + ")";
    case 1: return "ta.ema(" + a + ", " + n + ")";
    case 2: return "ta.rsi(" + a + ", " + n + ")";
    case 3: return "ta.wma(" + a + ", " + any + ")";
    case 4: return "ta.hma(" + a + ", " + n + ")";
    case 5: return "ta.highest(" + a + ", " + any + ")";
    case 6: return "ta.lowest(" + n + ")";
    case 7: return "ta.stdev(" + a + ", " + any + ")";
    case 8: return "ta.linreg(" + a + ", " + any + ", 0)";
    case 9: return "ta.correlation(" + a + ", " + b + ", " + any + ")";
    case 10: return "ta.percentile_nearest_rank(" + a + ", " + any + ", 40)";
    case 11: return "ta.atr(" + n + ")";
    case 12: return "ta.change(" + a + ", " + any + ")";
    case 13: return "ta.cum(" + a + ")";
    case 14: return "(ta.crossover(" + a + ", " + b + ") ? 1 : 0)";
    case 15: return "nz(" + a + ", " + b + ")";
    case 16: return "ta.valuewhen(" + a + " > " + b + ", " + a + ", 1)";
    case 17: return "math.sum(" + a + ", " + any + ")";
    case 18: return "ta.median(" + a + ", " + any + ")";
    case 19: return "fixnan(" + a + ")";
    case 20: return "ta.mfi(" + a + ", " + any + ")";
    default: return "math.avg(" + a + ", " + b + ", " + name() + ")";
    }
  }
  std::string statement(const std::string& v) {
    const auto a = name(), b = name();
    std::string out;
    switch (draw_() % 17) {
    case 0: out = "float " + v + " = na\nif " + a + " > " + b + "\n    " + v + " := " + call() + "\n"; break;
    case 1: out = v + " = " + a + " > " + b + " ? " + call() + " : " + b + "\n"; break;
    case 2: out = "var float " + v + " = 0.0\n" + v + " := nz(" + v + ") * 0.5 + nz(" + a + ")\n"; break;
    case 3: out = "float " + v + " = 0.0\nfor k = 1 to 3\n    " + v + " += nz(" + call() + ") / k\n"; break;
    case 4: out = v + " = smooth(" + a + ", " + length() + ")\n"; break;
    case 5: out = v + " = peak(" + a + ", " + length() + ")\n"; break;
    case 6: out = v + " = " + (a.starts_with("math") ? "close" : a) + "[" + std::to_string(draw_() % 4) + "]\n"; break;
    case 7: out = v + " = " + (a.starts_with("math") ? "close" : a) + "[bar_index % 4]\n"; break;
    case 8: out = v + " = " + a + (draw_() % 2 == 0 ? " * " : " - ") + b + "\n"; break;
    case 9: out = "[" + v + ", " + v + "b, " + v + "c] = ta.bb(" + a + ", " + length() + ", f1)\n"; names_.push_back(v + "c"); break;
    case 10: out = v + " = " + call() + "[" + std::to_string(1 + draw_() % 3) + "]\n"; break;
    case 11: out = "var " + v + " = " + call() + "\n"; break;
    case 12: out = v + " = math.abs(" + call() + ") + (" + a + " >= " + b + " ? 1 : f1)\n"; break;
    default: out = v + " = " + call() + "\n"; break;
    }
    names_.push_back(v);
    return out;
  }

  std::mt19937 draw_;
  std::vector<std::string> names_;
};

class generated : public ::testing::TestWithParam<unsigned> {};
TEST_P(generated, in_any_order_of_inputs) {
  std::size_t found = 0, compiled = 0;
  for (unsigned k = 0; k < 12; ++k) {
    script_maker maker(GetParam() * 1000 + k);
    const auto source = maker.make();
    column_case c(source, sample_bars(150, GetParam() + k));
    ASSERT_EQ(c.problem(), "") << source;
    ++compiled;
    auto cache = c.cache(k % 4 == 0 ? 40 * shared_columns::bytes(1, 150) : 1u << 24); // now and then too small
    std::vector<input_texts> runs;
    for (int n = 0; n < 7; ++n) runs.push_back(maker.inputs());
    for (int n = 0; n < 10; ++n) runs.push_back(runs[(GetParam() + k + 3u * static_cast<unsigned>(n)) % 7]);
    for (const auto& inputs : runs) {
      const auto mode = (found + runs.size()) % 3 == 0 ? bar_mode::repeated : bar_mode::once;
      ASSERT_EQ(c.shared(inputs, cache, mode), c.plain(inputs, mode)) << source;
    }
    found += cache->count().found;
  }
  EXPECT_GT(found, 100u);
  EXPECT_EQ(compiled, 12u);
}
INSTANTIATE_TEST_SUITE_P(column_properties, generated, ::testing::Range(1u, 13u));

} // namespace
} // namespace tt::pine::testing
