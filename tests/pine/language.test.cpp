#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// The language by small scripts: what each logs on five bars with closes 1, 2, 3, 4, 5.

namespace tt::pine::testing {
namespace {

std::vector<bar> five_bars() {
  std::vector<bar> bars;
  for (int i = 1; i <= 5; ++i) bars.push_back({1'700'000'000'000 + i * 3'600'000LL, i - 0.5, i + 1.0, i - 1.0, f64(i), 10.0 * i});
  return bars;
}

struct golden {
  const char* name;
  const char* body;     ///< after the version line and indicator()
  const char* expected; ///< the log, lines separated by |
  int version = 6;
};

void PrintTo(const golden& g, std::ostream* out) { *out << g.name; }

std::string source_of(const golden& g) {
  return "//@version=" + std::to_string(g.version) + "\nindicator(\"t\")\n" + g.body;
}

class language : public ::testing::TestWithParam<golden> {};

TEST_P(language, logs_what_the_manual_says) {
  auto r = run_source(source_of(GetParam()), five_bars());
  EXPECT_EQ(r.error, "");
  std::string got;
  for (const auto& m : r.logs) got += (got.empty() ? "" : "|") + m.text;
  EXPECT_EQ(got, GetParam().expected);
}

const golden goldens[] = {
    {"history", "log.info(\"{0} {1}\", close[1], close[4])\n", "NaN NaN|1 NaN|2 NaN|3 NaN|4 1"},
    {"history_of_expression", "x = (close * 2)[1]\nif barstate.islast\n    log.info(str.tostring(x))\n", "8"},
    {"history_dynamic", "x = close[bar_index]\nif barstate.islast\n    log.info(str.tostring(x))\n", "1"},
    {"var_keeps", "var int n = 0\nn += 1\nif barstate.islast\n    log.info(str.tostring(n))\n", "5"},
    {"reassign", "x = 1\nx := x + bar_index\nlog.info(str.tostring(x))\n", "1|2|3|4|5"},
    {"self_history", "float s = 0.0\ns := nz(s[1]) + close\nif barstate.islast\n    log.info(str.tostring(s))\n", "15"},
    {"if_value", "x = if close > 3\n    \"big\"\nelse if close > 1\n    \"mid\"\nelse\n    \"small\"\nlog.info(x)\n", "small|mid|mid|big|big"},
    {"switch_subject", "x = switch bar_index\n    0 => \"a\"\n    1 => \"b\"\n    => \"c\"\nlog.info(x)\n", "a|b|c|c|c"},
    {"switch_conditions", "x = switch\n    close > 4 => 1\n    close > 2 => 2\n    => 3\nlog.info(str.tostring(x))\n", "3|3|2|2|1"},
    {"for_sum", "if barstate.islast\n    s = 0\n    for i = 1 to 10 by 3\n        s += i\n    log.info(str.tostring(s))\n", "22"},
    {"for_down", "if barstate.islast\n    t = \"\"\n    for i = 3 to 1\n        t += str.tostring(i)\n    log.info(t)\n", "321"},
    {"for_value", "if barstate.islast\n    x = for i = 0 to 3\n        i * 2\n    log.info(str.tostring(x))\n", "6"},
    {"while_break", "if barstate.islast\n    n = 0\n    while true\n        n += 1\n        if n == 4\n            break\n    log.info(str.tostring(n))\n", "4"},
    {"continue", "if barstate.islast\n    n = 0\n    for i = 1 to 6\n        if i % 2 == 0\n            continue\n        n += i\n    log.info(str.tostring(n))\n", "9"},
    {"for_in", "if barstate.islast\n    a = array.from(3, 4, 5)\n    s = 0\n    for [i, v] in a\n        s += i * v\n    for v in a\n        s += v\n    log.info(str.tostring(s))\n", "26"},
    {"for_in_map", "if barstate.islast\n    m = map.new<string, int>()\n    m.put(\"a\", 1)\n    m.put(\"b\", 2)\n    t = \"\"\n    for [k, v] in m\n        t += k + str.tostring(v)\n    log.info(t)\n", "a1b2"},
    {"function", "f(x, y = 2) => x * y\nif barstate.islast\n    log.info(\"{0} {1} {2}\", f(3), f(3, 3), f(y = 5, x = 2))\n", "6 9 10"},
    {"function_block", "f(float x) =>\n    a = x + 1\n    a * 2\nif barstate.islast\n    log.info(str.tostring(f(4)))\n", "10"},
    {"function_tuple", "f(x) => [x, x * 2]\n[a, b] = f(close)\nif barstate.islast\n    log.info(\"{0} {1}\", a, b)\n", "5 10"},
    {"function_state", "count() =>\n    var n = 0\n    n += 1\n    n\na = count()\nb = count() + count()\nif barstate.islast\n    log.info(\"{0} {1}\", a, b)\n", "5 10"},
    {"overload", "f(int x) => \"int\"\nf(string x) => \"string\"\nif barstate.islast\n    log.info(f(1) + f(\"a\"))\n", "intstring"},
    {"method", "method twice(int this) => this * 2\nif barstate.islast\n    x = 4\n    log.info(str.tostring(x.twice()))\n", "8"},
    {"udt", "type point\n    float x = 1.5\n    int n\nif barstate.islast\n    p = point.new(n = 3)\n    q = p.copy()\n    q.x := 7\n    p.n += 1\n    log.info(\"{0} {1} {2} {3}\", p.x, p.n, q.x, q.n)\n", "1.5 4 7 3"},
    {"udt_history", "type box_\n    float v\nb = box_.new(close)\nif barstate.islast\n    log.info(str.tostring((b[2]).v))\n", "3"},
    {"udt_method", "type acc\n    int n = 0\nmethod add(acc this, int k) =>\n    this.n += k\n    this\nvar a = acc.new()\na.add(1).add(2)\nif barstate.islast\n    log.info(str.tostring(a.n))\n", "15"},
    {"enumeration", "enum side\n    buy = \"Buy side\"\n    sell\ns = close > 3 ? side.buy : side.sell\nif barstate.islast\n    log.info(str.tostring(s) + \" \" + str.tostring(side.sell) + \" \" + str.tostring(s == side.buy))\n", "Buy side sell true"},
    {"ternary_chain", "log.info(close > 4 ? \"a\" : close > 2 ? \"b\" : \"c\")\n", "c|c|b|b|a"},
    {"continuation", "x = close +\n     close *\n     2\nif barstate.islast\n    log.info(str.tostring(x))\n", "15"},
    {"commas", "a = 1, b = 2, c = a + b\nif barstate.islast\n    log.info(str.tostring(c))\n", "3"},
    {"lazy_and", "f() =>\n    log.info(\"ran\")\n    true\nx = close > 4 and f()\n", "ran"},
    {"eager_and", "f() =>\n    log.info(\"ran\")\n    true\nx = close > 4 and f()\n", "ran|ran|ran|ran|ran", 5},
    {"division_v6", "if barstate.islast\n    log.info(\"{0} {1}\", 5 / 2, 7 % 3)\n", "2.5 1"},
    {"division_v5", "if barstate.islast\n    log.info(str.tostring(5 / 2) + \" \" + str.tostring(-5 / 2))\n", "2 -2", 5},
    {"tolerant_equal", "if barstate.islast\n    log.info(str.tostring(0.1 + 0.2 == 0.3))\n", "true"},
    {"na_compares_false", "x = close[10]\nif barstate.islast\n    log.info(\"{0} {1} {2}\", x > 1, x == x, na(x))\n", "false false true"},
    {"nz_fixnan", "x = bar_index == 1 ? na : close\nlog.info(\"{0} {1}\", nz(x, -1), fixnan(x))\n", "1 1|-1 1|3 3|4 4|5 5"},
    {"array_slice", "if barstate.islast\n    a = array.from(1, 2, 3, 4)\n    s = a.slice(1, 3)\n    s.push(9)\n    log.info(str.tostring(a) + str.tostring(s))\n", "[1, 2, 3, 9, 4][2, 3, 9]"},
    {"array_negative", "if barstate.islast\n    a = array.from(1, 2, 3)\n    log.info(\"{0}\", a.get(-1))\n", "3"},
    {"matrix", "if barstate.islast\n    m = matrix.new<int>(2, 2, 1)\n    m.set(0, 1, 5)\n    log.info(str.tostring(m))\n", "[1, 5]\n[1, 1]"},
    {"string_functions", "if barstate.islast\n    log.info(str.replace_all(\"a-b-c\", \"-\", \"+\") + str.substring(\"hello\", 1, 3) + str.match(\"ab12c\", \"[0-9]+\"))\n", "a+b+cel12"},
    {"if_without_else_is_na", "x = if close > 4\n    close\nlog.info(str.tostring(na(x)))\n", "true|true|true|true|false"},
    {"local_history", "if bar_index % 2 == 0\n    x = close\n    log.info(str.tostring(x[1]))\n", "NaN|1|3"},
    {"security_same", "x = request.security(syminfo.tickerid, timeframe.period, close + 1)\nif barstate.islast\n    log.info(str.tostring(x))\n", "6"},
    {"security_function", "f(float s) => ta.sma(s, 2)\ng(float s) =>\n    request.security(syminfo.tickerid, \"\", f(s))\nif barstate.islast\n    log.info(\"done\")\nx = g(hl2)\nif barstate.islast\n    log.info(str.tostring(x))\n", "done|4.5"},
    {"security_tuple", "[a, b] = request.security(syminfo.tickerid, timeframe.period, [close, close[1]])\nif barstate.islast\n    log.info(\"{0} {1}\", a, b)\n", "5 4"},
    {"security_variable", "var n = 0\nn += 2\nm = n * 10\nx = request.security(syminfo.tickerid, timeframe.period, m)\nif barstate.islast\n    log.info(str.tostring(x))\n", "100"},
    {"color_fold", "c = color.new(color.red, 50)\nif barstate.islast\n    log.info(\"{0} {1}\", color.t(c), color.r(c))\n", "50 242"},
    {"conditional_state", "if barstate.islast\n    log.info(str.tostring(ta.sma(close, 3)))\n", "NaN"}, // it saw one bar only
    {"input_default", "n = input.int(3, \"Length\")\nm = ta.sma(close, n)\nif barstate.islast\n    log.info(str.tostring(m))\n", "4"},
};
INSTANTIATE_TEST_SUITE_P(pine, language, ::testing::ValuesIn(goldens), [](const auto& named) { return std::string(named.param.name); });

struct refused {
  const char* name;
  const char* body;
  const char* code;
  std::uint32_t line; ///< in the whole script; the body begins at line 3
  int version = 6;
};

class refusals : public ::testing::TestWithParam<refused> {};

TEST_P(refusals, names_the_error_and_its_place) {
  const auto& p = GetParam();
  auto text = source_of({p.name, p.body, "", p.version});
  auto result = compile(text);
  ASSERT_EQ(result.code, nullptr);
  ASSERT_FALSE(result.diags.all().empty());
  const auto& d = result.diags.all().front();
  EXPECT_EQ(d.code, p.code) << render(d, text, "script");
  EXPECT_EQ(d.pos.line, p.line) << render(d, text, "script");
}

const refused refusal_list[] = {
    {"unknown_name", "plot(clos)\n", "PN0220", 3},
    {"unknown_function", "plot(ta.smma(close, 3))\n", "PN0221", 3},
    {"type_of_na", "x = na\nplot(1)\n", "PN0209", 3},
    {"wrong_type", "int x = 1.5\nplot(x)\n", "PN0212", 3},
    {"reassign_type", "x = 1\nx := 1.5\nplot(x)\n", "PN0212", 4},
    {"qualifier", "n = bar_index\nplot(ta.ema(close, n))\n", "PN0241", 4},
    {"argument_type", "plot(ta.sma(\"a\", 3))\n", "PN0240", 3},
    {"order_in_an_indicator", "if close > open\n    strategy.entry(\"a\", strategy.long)\nplot(close)\n", "PN0264", 4},
    {"risk_in_an_indicator", "strategy.risk.max_cons_loss_days(3)\nplot(close)\n", "PN0264", 3},
    {"a_plot_by_condition", "x = close > open ? plot(close) : plot(open)\n", "PN0254", 3},
    {"an_array_of_plots", "a = array.from(plot(close))\n", "PN0240", 3},
    {"text_as_plot_style", "plot(close, style = \"line\")\n", "PN0240", 3},
    {"input_as_plot_style", "s = input.string(\"line\")\nplot(close, style = s)\n", "PN0240", 4},
    {"style_of_something_else", "plot(close, style = hline.style_solid)\n", "PN0240", 3},
    {"text_as_order", "a = array.from(2, 1)\na.sort(\"descending\")\nplot(close)\n", "PN0240", 4},
    {"number_as_display", "plot(close, display = 1)\n", "PN0240", 3},
    {"gaps_for_lookahead", "plot(request.security(\"A\", \"D\", close, lookahead = barmerge.gaps_on))\n", "PN0240", 3},
    {"missing_argument", "plot(ta.sma(close))\n", "PN0240", 3},
    {"unknown_parameter", "plot(ta.sma(close, len = 3))\n", "PN0240", 3},
    {"bool_condition", "if close\n    log.info(\"x\")\n", "PN0227", 3},
    {"bool_na", "bool b = na\nplot(1)\n", "PN0213", 3},
    {"redeclared", "x = 1\nx = 2\nplot(x)\n", "PN0207", 4},
    {"recursion", "f(x) => f(x - 1)\nplot(f(3))\n", "PN0243", 3},
    {"global_in_function", "var x = 0\nf() =>\n    x := 1\nplot(f())\n", "PN0217", 5},
    {"break_outside", "break\nplot(1)\n", "PN0219", 3},
    {"plot_in_if", "if close > 1\n    plot(close)\n", "PN0254", 4},
    {"no_field", "type t\n    int a\nx = t.new()\nplot(x.b)\n", "PN0218", 6},
    {"tuple_size", "[a, b] = ta.macd(close, 1, 2, 3)\nplot(a)\n", "PN0215", 3},
    {"history_literal", "plot(5[1])\n", "PN0224", 3},
    {"negative_history", "plot(close[-1])\n", "PN0225", 3},
    {"syntax_bracket", "plot((close\n", "PN0101", 3},
    {"syntax_indent", "x = 1\n    y = 2\nplot(x)\n", "PN0101", 4},
    {"unclosed_string", "plot(close, \"a)\n", "PN0004", 3},
    {"unknown_type", "foo x = na\nplot(1)\n", "PN0210", 3},
    {"string_plus_number", "plot(1)\nx = \"a\" + 1\n", "PN0226", 4},
    {"branch_types", "x = close > 1 ? 1 : \"a\"\nplot(1)\n", "PN0228", 3},
    {"change_builtin", "close := 1\nplot(1)\n", "PN0216", 3},
    {"const_reassigned", "const int c = 1\nc := 2\nplot(c)\n", "PN0216", 4},
    {"parameter_twice", "f(x, x) => x\nplot(f(1, 2))\n", "PN0207", 3},
    {"tuple_name_twice", "f() => [1, 2]\n[a, a] = f()\nplot(a)\n", "PN0207", 4},
    {"enum_field_twice", "enum e\n    a\n    b\n    a\nplot(1)\n", "PN0203", 6},
    {"function_twice", "f(int x) => x\nf(int y) => y + 1\nplot(f(1))\n", "PN0207", 4},
    {"untyped_receiver", "method m(this) => this\nplot(1)\n", "PN0211", 3},
    {"series_offset", "plot(close, offset = bar_index)\n", "PN0241", 3},
    {"series_offset_of_shape", "plotshape(close > 1, offset = bar_index)\n", "PN0241", 3},
    {"series_offset_of_char", "plotchar(close > 1, offset = bar_index)\n", "PN0241", 3},
    {"series_offset_of_arrow", "plotarrow(close, offset = bar_index)\n", "PN0241", 3},
    {"series_offset_of_background", "bgcolor(color.red, offset = bar_index)\n", "PN0241", 3},
    {"series_offset_of_bars", "barcolor(color.red, offset = bar_index)\n", "PN0241", 3},
    {"series_width", "plot(close, linewidth = bar_index)\n", "PN0241", 3},
    {"uncalled_function", "f(x) => ta.nosuch(x)\nplot(1)\n", "PN0221", 3},
    {"uncalled_variable", "f(x) => x + undefined_thing\nplot(1)\n", "PN0220", 3},
    {"uncalled_method", "method m(float this, y) =>\n    z = this + y\n    zz\nplot(1)\n", "PN0220", 5},
    {"field_default", "type t\n    int a = \"x\"\nplot(1)\n", "PN0212", 4},
    {"default_not_among_options", "s = input.string(\"a\", options = [\"b\", \"c\"])\nplot(1)\n", "PN0253", 3},
    {"number_not_among_options", "n = input.int(1, \"n\", options = [2, 3])\nplot(n)\n", "PN0253", 3},
    {"options_of_two_enums", "enum e\n    a\nenum g\n    b\nv = input.enum(e.a, options = [e.a, g.b])\nplot(1)\n", "PN0253", 7},
    {"mixed_array", "a = array.from(1, \"x\")\nplot(1)\n", "PN0240", 3},
    {"void_argument", "a = array.from(1)\nlog.info(\"{0}\", a.sort())\nplot(1)\n", "PN0240", 4},
    {"export_in_indicator", "export f(int x) => x\nplot(1)\n", "PN0258", 3},
    {"v6_name_in_v5", "plot(ta.rci(close, 3))\n", "PN0221", 3, 5},
};
INSTANTIATE_TEST_SUITE_P(pine, refusals, ::testing::ValuesIn(refusal_list), [](const auto& named) { return std::string(named.param.name); });

TEST(pine, several_errors_in_one_run) {
  auto r = compile("//@version=6\nindicator(\"t\")\nplot(a)\nplot(b)\nint x = \"s\"\n");
  EXPECT_GE(r.diags.all().size(), 3u);
}

/// Version 5 takes a series there, and functions that nothing calls are no errors by themselves.
TEST(pine, what_stays_allowed) {
  for (std::string text : {"//@version=5\nindicator(\"t\")\nplot(close, offset = bar_index, linewidth = bar_index)\n",
                           "//@version=6\nindicator(\"t\")\nplot(close, offset = input.int(1), linewidth = input.int(2))\n",
                           "//@version=6\nindicator(\"t\", timeframe = \"\")\nplot(close)\n",
                           "//@version=6\nindicator(\"t\")\nf(x, n) =>\n    s = 0.0\n    for i = 0 to n\n        s += x[i]\n    [s, x.size()]\ng(x) => request.security(\"\", \"D\", ta.ema(x, 3))\n"
                           "h(float x) => request.security(\"\", \"D\", ta.ema(x, 3))\nplot(close)\n"}) {
    auto r = compile(text);
    EXPECT_NE(r.code, nullptr) << (r.diags.all().empty() ? "" : render(r.diags.all().front(), text, "script"));
  }
}

/// Text of the first finding of a script whose second line that is.
std::string finding_of(const std::string& declaration, const std::string& rest = "plot(close)\n") {
  auto r = compile("//@version=6\n" + declaration + "\n" + rest);
  std::string out;
  for (const auto& d : r.diags.all()) out += (out.empty() ? "" : "|") + d.code + " " + d.message;
  return out;
}

TEST(pine, declarations_have_ranges) {
  for (std::string bad : {"indicator(\"t\", precision = 17)", "indicator(\"t\", max_bars_back = 5001)", "indicator(\"t\", max_bars_back = -1)",
                          "strategy(\"t\", initial_capital = -1)", "strategy(\"t\", pyramiding = -1)", "strategy(\"t\", slippage = -1)",
                          "strategy(\"t\", margin_long = -1)", "strategy(\"t\", commission_value = -0.1)", "strategy(\"t\", initial_capital = 0)",
                          "strategy(\"t\", default_qty_value = -1)", "strategy(\"t\", default_qty_type = \"lots\")", "strategy(\"t\", commission_type = \"money\")",
                          "strategy(\"t\", close_entries_rule = \"LIFO\")", "strategy(\"t\", currency = \"XXXX\")"})
    EXPECT_EQ(finding_of(bad).substr(0, 6), "PN0252") << bad;
  EXPECT_EQ(finding_of("indicator(\"t\", precision = 16, max_bars_back = 5000)"), "");
  EXPECT_EQ(finding_of("strategy(\"t\", initial_capital = 1, pyramiding = 0, slippage = 0, margin_long = 0)"), "");
  EXPECT_EQ(finding_of("strategy(\"t\", currency = currency.EUR, default_qty_type = strategy.cash, commission_type = strategy.commission.cash_per_order, close_entries_rule = \"ANY\")"), "");
  EXPECT_EQ(finding_of("strategy(\"t\", currency = currency.NONE, default_qty_type = strategy.percent_of_equity, commission_type = strategy.commission.percent)"), "");
  EXPECT_EQ(finding_of("indicator()").substr(0, 6), "PN0240");
}

/// What is written counts, not its value.
TEST(pine, an_exit_says_where_to_leave) {
  const std::string wanted = "PN0266 strategy.exit() needs one of profit, limit, loss, stop, or trail_offset with trail_price or trail_points";
  for (std::string bad : {"", ", qty_percent = 50", ", trail_price = 5", ", trail_points = 5", ", trail_offset = 5"})
    EXPECT_EQ(finding_of("strategy(\"t\")", "strategy.exit(\"x\", \"L\"" + bad + ")\n"), wanted) << bad;
  for (std::string good : {", profit = na", ", 1, na, 5", ", limit = close", ", loss = 3", ", stop = low", ", stop = low, trail_price = 5",
                           ", trail_points = 5, trail_offset = 2", ", trail_price = high, trail_offset = 0", ", 1, na, na, na, na, na, 5"})
    EXPECT_EQ(finding_of("strategy(\"t\")", "strategy.exit(\"x\", \"L\"" + good + ")\n"), "") << good;
}

TEST(pine, a_wrong_declaration_is_still_one) {
  EXPECT_EQ(finding_of("indicator(\"t\", foo = 1)"), "PN0240 'indicator' has no parameter named 'foo'");
}

TEST(pine, a_timeframe_of_its_own_leaves_no_room_for_drawings) {
  EXPECT_EQ(finding_of("indicator(\"t\", timeframe = \"D\")"), "");
  EXPECT_EQ(finding_of("indicator(\"t\", timeframe = \"x\")").substr(0, 6), "PN0257");
  EXPECT_EQ(finding_of("indicator(\"t\", timeframe = \"D\")", "plot(close)\nif close > 2\n    label.new(bar_index, 1)\n"),
            "PN0257 label.new() can't be used in a script with a timeframe of its own");
  EXPECT_EQ(finding_of("indicator(\"t\", timeframe = \"D\")", "alert(\"x\")\n").substr(0, 6), "PN0257");
  EXPECT_EQ(finding_of("indicator(\"t\", timeframe = \"D\")", "plot(close, color = color.new(color.red, 50))\na = array.new<float>()\n"), "");
  EXPECT_EQ(finding_of("strategy(\"t\", timeframe = \"D\")").substr(0, 6), "PN0240");
}

TEST(pine, arguments_are_named_in_findings) {
  EXPECT_EQ(finding_of("indicator(\"t\")", "a = array.from(1, \"x\")\n"),
            "PN0240 the argument number 2 doesn't fit the arguments before it, which are int: this is const string");
  EXPECT_EQ(finding_of("indicator(\"t\")", "a = array.from(1)\nlog.info(\"{0}\", a.sort())\n"), "PN0240 the argument number 2 of 'log.info' has no value");
}

TEST(pine, libraries_export_typed_functions) {
  EXPECT_EQ(finding_of("library(\"t\")", "export f(int x) => x\n"), "");
  EXPECT_EQ(finding_of("library(\"t\")", "export f(x) => x\n").substr(0, 6), "PN0258");
  EXPECT_EQ(finding_of("library(\"t\")", "f(int x) => x\n").substr(0, 6), "PN0258");
}

TEST(pine, the_declaration_is_required) {
  auto r = compile("//@version=6\nplot(close)\n");
  ASSERT_FALSE(r.diags.all().empty());
  EXPECT_EQ(r.diags.all().front().code, "PN0202");
}

} // namespace
} // namespace tt::pine::testing
