#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

/// Idioms of published scripts: what each logs on the last of five bars with closes 1, 2, 3, 4, 5.

namespace tt::pine::testing {
namespace {

struct idiom {
  const char* name;
  const char* body;
  const char* expected; ///< lines separated by |
  int version = 6;
};

void PrintTo(const idiom& i, std::ostream* out) { *out << i.name; }

std::vector<bar> five_bars() {
  std::vector<bar> bars;
  for (int i = 1; i <= 5; ++i) bars.push_back({1'700'000'000'000 + i * 3'600'000LL, i - 0.5, i + 1.0, i - 1.0, double(i), 10.0 * i});
  return bars;
}

class idioms : public ::testing::TestWithParam<idiom> {};

TEST_P(idioms, work) {
  const auto& p = GetParam();
  const auto r = run_source("//@version=" + std::to_string(p.version) + "\nindicator(\"t\", max_labels_count = 500)\n" + p.body, five_bars());
  EXPECT_EQ(r.error, "");
  std::string got;
  for (const auto& m : r.logs)
    if (m.bar_index == 4) got += (got.empty() ? "" : "|") + m.text;
  EXPECT_EQ(got, p.expected);
}

const idiom list[] = {
    {"one_label", "l = label.new(bar_index, high, str.tostring(close))\nlabel.delete(l[1])\nlog.info(str.tostring(label.all.size()))\n", "1"},
    {"variable_named_label", "var label label = na\nlabel.delete(label)\nlabel := label.new(bar_index, high, \"x\")\nlabel.set_text(label, \"y\")\nlog.info(label.get_text(label) + label.get_text())\n", "yy"},
    {"variable_named_line", "line = line.new(0, 1, bar_index, 2)\nline.set_y2(line, 9)\nlog.info(str.tostring(line.get_y2(line)))\n", "9"},
    {"variable_named_text", "text = \"a\"\nlog.info(text + text.align_left)\n", "aleft"},
    {"argument_named_type", "ma(source, type) => type == \"a\" ? source : -source\nlog.info(str.tostring(ma(close, type = \"b\")))\n", "-5"},
    {"variable_named_type", "type = \"x\"\ntype := type + \"y\"\nlog.info(type)\n", "xy"},
    {"constant_in_var", "var string GROUP = \"g\"\nn = input.int(3, \"n\", group = GROUP)\nlog.info(str.tostring(n))\n", "3"},
    {"tuple_of_if", "[a, b] = if close > 4\n    [1, 2]\nelse\n    [3, 4]\nlog.info(\"{0} {1}\", a, b)\n", "1 2"},
    {"tuple_of_switch", "[a, b] = switch\n    close > 9 => [1, \"x\"]\n    => [2, \"y\"]\nlog.info(\"{0} {1}\", a, b)\n", "2 y"},
    {"while_value", "i = 0\nx = while i < 3\n    i += 1\n    i * 10\nlog.info(str.tostring(x))\n", "30"},
    {"rows_of_a_matrix", "m = matrix.new<float>(2, 2, 3.0)\ns = 0.0\nfor [i, row] in m\n    s += row.sum() * (i + 1)\nlog.info(str.tostring(s))\n", "18"},
    {"mixed_array", "a = array.from(1, 2.5, 3)\nlog.info(str.tostring(a.avg()))\n", "2.1666666667"},
    {"field_of_a_call", "type p\n    float v = 0\na = array.from(p.new(1), p.new(2))\na.get(1).v := 7\na.first().v += 2\nlog.info(\"{0} {1}\", a.get(0).v, a.last().v)\n", "3 7"},
    {"nested_fields", "type inner\n    int n = 1\ntype outer\n    inner i\no = outer.new(inner.new())\no.i.n := 5\nq = o.copy()\nq.i.n += 1\nlog.info(str.tostring(o.i.n))\n", "6"},
    {"field_defaults_are_evaluated_at_new", "type p\n    int at = bar_index\nlog.info(str.tostring(p.new().at))\n", "4"},
    {"enum_keys", "enum e\n    a\n    b\nm = map.new<e, int>()\nm.put(e.b, 4)\nx = switch e.b\n    e.a => 1\n    e.b => m.get(e.b)\nlog.info(str.tostring(x))\n", "4"},
    {"history_of_calls", "f() => close * 2\nlog.info(\"{0} {1} {2}\", f()[1], ta.sma(close, 2)[1], (close > 4)[1])\n", "8 3.5 false"},
    {"history_of_a_bool_before_the_first_bar", "log.info(str.tostring((close > 0)[bar_index + 1 > 5 ? 0 : 9]))\n", "false"},
    {"const_int_division_v5", "a = 5\nb = 2\nlog.info(\"{0} {1} {2}\", a / b, bar_index / 3, 7 / 2.0)\n", "2 1.333 3.5", 5},
    {"casts", "log.info(\"{0} {1} {2} {3}\", int(3.7), int(-3.7), float(2), math.round(2.5))\n", "3 -3 2 3"},
    {"remainder_of_negatives", "log.info(\"{0} {1}\", -7 % 3, 7 % -3)\n", "-1 1"},
    {"number_conditions_v5", "x = ta.pivothigh(high, 1, 1)\nbool b = bar_index\nlog.info(\"{0} {1} {2}\", x ? 1 : 0, b, not bar_index)\n", "0 true false", 5},
    {"na_bool_v5", "bool b = na\nlog.info(\"{0} {1}\", na(b), b ? 1 : 2)\n", "true 2", 5},
    {"comments_between_blocks", "x = 0\nif close > 4\n    x := 1\n// left margin\n        // right margin\n    x += 1\n//#region\nlog.info(str.tostring(x))\n//#endregion\n", "2"},
    {"tabs_and_returns", "x = 0\r\nif close > 4\r\n\tx := 1\r\n\tif close > 3\r\n\t\tx := 2\r\nlog.info(str.tostring(x))\r\n", "2"},
    {"brackets_continue_anywhere", "x = math.max(\n    1,\n    math.min(\n        9, 7\n    )\n)\nlog.info(str.tostring(x))\n", "7"},
    {"operators_continue", "x = close > 4 and\n     close < 9\n     ? 1\n     : 2\nlog.info(str.tostring(x))\n", "1"},
    {"ternary_over_lines", "x = close > 9 ? \"a\" :\n  close > 4 ? \"b\" :\n  \"c\"\nlog.info(x)\n", "b"},
    {"semantic_overloads", "f(int a) => \"i\"\nf(float a) => \"f\"\nf(string a, int b = 2) => \"s\" + str.tostring(b)\nlog.info(f(1) + f(1.5) + f(\"x\") + f(\"x\", 3))\n", "ifs2s3"},
    {"method_on_builtin_types", "method plus(float this, float x) => this + x\nmethod twice(string this) => this + this\nlog.info(close.plus(1).plus(2) > 7 ? \"ab\".twice() : \"\")\n", "abab"},
    {"method_chain_on_arrays", "method push2(array<float> this, float x) =>\n    this.push(x)\n    this\na = array.new<float>()\nlog.info(str.tostring(a.push2(1).push2(2).sum()))\n", "3"},
    {"state_in_functions", "counter(string tag) =>\n    var n = 0\n    var log_ = array.new<string>()\n    n += 1\n    log_.push(tag)\n    [n, log_.size()]\n[a, b] = counter(\"x\")\n[c, d] = counter(\"y\")\nif bar_index % 2 == 0\n    [e, f] = counter(\"z\")\n    log.info(\"{0} {1} {2} {3} {4} {5}\", a, b, c, d, e, f)\n", "5 5 5 5 3 3"},
    {"loops_share_one_state", "s = 0.0\nfor i = 1 to 3\n    s += ta.cum(1)\nlog.info(str.tostring(s))\n", "15"},
    {"inner_functions_read_globals", "k = close * 2\nf(x) => x + k\ng(x) => f(x) * 2\nlog.info(str.tostring(g(1)))\n", "22"},
    {"break_out_of_the_inner_loop", "n = 0\nfor i = 0 to 4\n    for j = 0 to 4\n        if j > i\n            break\n        n += 1\nlog.info(str.tostring(n))\n", "15"},
    {"loop_end_moves_in_v6", "a = array.from(1)\nn = 0\nfor i = 0 to a.size() - 1\n    if a.size() < 4\n        a.push(1)\n    n += 1\nlog.info(str.tostring(n))\n", "4"},
    {"loop_end_stands_in_v5", "a = array.from(1)\nn = 0\nfor i = 0 to a.size() - 1\n    if a.size() < 4\n        a.push(1)\n    n += 1\nlog.info(str.tostring(n))\n", "1", 5},
    {"walk_while_removing", "a = array.from(1, 2, 3, 4)\nfor i = a.size() - 1 to 0\n    if a.get(i) % 2 == 0\n        a.remove(i)\nlog.info(str.tostring(a))\n", "[1, 3]"},
    {"last_expression_of_nested_if", "f(x) =>\n    if x > 1\n        if x > 3\n            \"big\"\n        else\n            \"mid\"\n    else\n        \"small\"\nlog.info(f(close) + f(2) + f(0))\n", "bigmidsmall"},
    {"switch_without_default", "x = switch 7\n    1 => 5\nlog.info(str.tostring(na(x)))\n", "true"},
    {"quotes_and_escapes", "log.info('it\\'s' + \" \\\"q\\\" \" + 'a\"b' + \"\\\\n\")\n", "it's \"q\" a\"b\\n"},
    {"unicode", "s = \"añ↑\"\nlog.info(s + str.tostring(str.length(s)))\n", "añ↑3"},
    {"colors", "c = color.new(#ff8000, 50)\nlog.info(\"{0} {1} {2} {3}\", color.r(c), color.g(c), color.t(c), color.b(#00000080))\n", "255 128 50 0"},
    {"time_parts", "t = timestamp(\"UTC\", 2024, 2, 29, 12, 30)\nlog.info(str.format(\"{0,date,yyyy-MM-dd HH:mm}\", t) + \" \" + str.tostring(dayofweek(t, \"UTC\") == dayofweek.thursday))\n", "2024-02-29 12:30 true"},
    {"request_in_a_function", "f(tf) => request.security(syminfo.tickerid, tf, close[1])\nlog.info(str.tostring(f(timeframe.period)))\n", "4"},
    {"request_history", "x = request.security(syminfo.tickerid, timeframe.period, close)[2]\nlog.info(str.tostring(x))\n", "3"},
    {"request_in_a_loop_v6", "s = 0.0\nfor tf in array.from(\"60\", \"120\")\n    s += nz(request.security(syminfo.tickerid, tf, bar_index))\nlog.info(str.tostring(s > 0))\n", "true"},
    {"request_of_objects", "type p\n    float v\nf() => p.new(close)\nx = request.security(syminfo.tickerid, timeframe.period, f())\nlog.info(str.tostring(x.v))\n", "5"},
    {"change_of_bool", "log.info(str.tostring(ta.change(close > 4)))\n", "true"},
    {"variadic_keeps_int", "int x = math.max(1, 2, 3)\nlog.info(str.tostring(x))\n", "3"},
    {"inputs_of_all_kinds", "a = input(3, \"A\")\nb = input(1.5, \"B\")\nc = input(true, \"C\")\nd = input(\"x\", \"D\")\ne = input(close, \"E\")\nf = input(color.red, \"F\")\ng = input(title = \"G\", defval = 7)\nh = input.symbol(\"\", \"H\")\ni = input.session(\"0900-1600\", \"I\")\nlog.info(\"{0} {1} {2} {3} {4} {5}\", a, b, c, d, e, g)\n", "3 1.5 true x 5 7"},
    {"several_names_on_a_line", "var a = 0, var b = 1.0\na += 1, b *= 2\nlog.info(\"{0} {1}\", a, b)\n", "5 32"},
    {"max_bars_back", "max_bars_back(close, 100)\nx = close[bar_index]\nlog.info(str.tostring(x))\n", "1"},
    {"dynamic_offsets", "n = ta.barssince(close == 2)\nlog.info(str.tostring(close[n]) + str.tostring(high[nz(n) + 1]))\n", "22"},
    {"self_reference_v5", "x = 0.0\nx := na(x[1]) ? close : x[1] * 0.5 + close\ny = 0\ny := nz(y[1]) + 1\nlog.info(\"{0} {1}\", x, y)\n", "8.062 5", 5},
    {"lines_of_objects_in_maps", "type z\n    box b\n    array<line> ls\nvar m = map.new<string, z>()\nm.put(\"k\", z.new(box.new(0, 1, 2, 3), array.new<line>()))\nzz = m.get(\"k\")\nzz.ls.push(line.new(0, 0, 1, 1))\nlog.info(\"{0} {1}\", m.get(\"k\").ls.size(), zz.b.get_top())\n", "1 1"},
    {"sort_indices_and_slices", "a = array.from(3, 1, 2)\ni = a.sort_indices()\nlog.info(str.tostring(i) + str.tostring(a.slice(0, 2)) + str.tostring(array.copy(a).size()))\n", "[1, 2, 0][3, 1]3"},
    {"split_and_join", "p = str.split(\"a,b,c\", \",\")\nlog.info(array.join(p, \"-\") + str.tostring(p.includes(\"b\")))\n", "a-b-ctrue"},
    {"exit_from_while_true", "n = 0\nwhile true\n    n += 1\n    if n >= 10\n        break\nlog.info(str.tostring(n))\n", "10"},
};
INSTANTIATE_TEST_SUITE_P(pine, idioms, ::testing::ValuesIn(list), [](const auto& named) { return std::string(named.param.name); });

struct old_idiom {
  const char* name;
  const char* body;
  const char* hint;
};

TEST(pine_hints, names_of_older_versions_are_explained) {
  const old_idiom cases[] = {
      {"sma", "x = sma(close, 3)\n", "ta.sma()"},
      {"study", "study(\"x\")\n", "indicator()"},
      {"security", "x = security(syminfo.tickerid, \"D\", close)\n", "request.security()"},
      {"tostring", "x = tostring(1)\n", "str.tostring()"},
      {"abs", "x = abs(-1)\n", "math.abs()"},
      {"color", "plot(close, color = red)\n", "color.red"},
      {"iff", "x = iff(close > 1, 1, 2)\n", "?:"},
      {"input_type", "x = input(type = input.integer, defval = 3)\n", "input.int()"},
      {"transp", "plot(close, transp = 50)\n", "color.new"},
      {"linebr", "plot(close, style = linebr)\n", "plot.style_linebr"},
      {"tr", "x = tr\n", "ta.tr"},
  };
  for (const auto& c : cases) {
    const auto r = compile(std::string("//@version=6\nindicator(\"t\")\n") + c.body);
    ASSERT_EQ(r.code, nullptr) << c.name;
    bool found = false;
    for (const auto& d : r.diags.all()) found = found || d.hint.find(c.hint) != std::string::npos;
    EXPECT_TRUE(found) << c.name << ": " << r.diags.all().front().message << " / " << r.diags.all().front().hint;
  }
}

} // namespace
} // namespace tt::pine::testing
