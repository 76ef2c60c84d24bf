// The language of conditions: grammar, types, missing values, windows, limits.
#include "actors/strategy/expression/expression.hpp"
#include "tests/strategy/named_values.hpp"

#include <gtest/gtest.h>

namespace tt::strategy {
namespace {

named_values world() {
  named_values w;
  w.with("close", {10, 11, 12, 11, 13}).with("high", {11, 12, 13, 12, 14}).with("low", {9, 10, 11, 10, 12});
  w.with("a", {1, 2, 3, 4, 5}).with("b", {3, 3, 3, 3, 3}).with("hourly.rsi", {55}).with("sma(20)", {12.5}).with("my quotes.close", {99});
  w.with_value("trend", value::of("uptrend")).with_value("half_day", value::of(false)).with_value("unknown", value::missing());
  w.parameter("limit", value::of(0.05)).parameter("short", value::of(true)).parameter("n", value::of(3.0)).parameter("list", value::missing());
  return w;
}

std::string give(const std::string& text) {
  auto w = world();
  auto outcome = read_expression(text, w);
  if (auto* problem = std::get_if<expression_problem>(&outcome))
    return std::string(to_string(problem->code)) + "@" + std::to_string(problem->position);
  return to_string(evaluate(std::get<expression>(outcome), w));
}

struct sample {
  const char* text;
  const char* gives;
};

class expression_table : public testing::TestWithParam<sample> {};
TEST_P(expression_table, gives) { EXPECT_EQ(give(GetParam().text), GetParam().gives) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(arithmetic, expression_table, testing::Values(
  sample{"1 + 2 * 3", "7"}, sample{"(1 + 2) * 3", "9"}, sample{"10 - 4 - 3", "3"}, sample{"2 / 4 / 2", "0.25"}, sample{"-2 * -3", "6"},
  sample{"- -2", "2"}, sample{"+4", "4"}, sample{"7 % 4", "3"}, sample{"7%4", "3"}, sample{"-7 % 4", "-3"}, sample{".5 + 1e1", "10.5"},
  sample{"5%", "0.05"}, sample{"5% + 1", "1.05"}, sample{"50% * 4", "2"}, sample{"(5%)", "0.05"}, sample{"1 / 0", "missing"},
  sample{"1 % 0", "missing"}, sample{"sqrt(-1)", "missing"}, sample{"log(0)", "missing"}, sample{"1e308 * 10", "missing"},
  sample{"abs(-3)", "3"}, sample{"min(3, 1, 2)", "1"}, sample{"max(3, 1)", "3"}, sample{"floor(-1.5)", "-2"}, sample{"ceil(1.2)", "2"},
  sample{"round(2.5)", "3"}, sample{"round(-2.5)", "-2"}, sample{"sqrt(9)", "3"}, sample{"log(1)", "0"}));

INSTANTIATE_TEST_SUITE_P(logic, expression_table, testing::Values(
  sample{"1 < 2", "true"}, sample{"2 <= 2", "true"}, sample{"2 > 2", "false"}, sample{"2 >= 3", "false"}, sample{"2 == 2", "true"}, sample{"2 != 2", "false"},
  sample{"true or false and false", "true"}, sample{"(true or false) and false", "false"}, sample{"not true or true", "true"},
  sample{"not (true or true)", "false"}, sample{"!false && !false", "true"}, sample{"1 < 2 || 1 > 2", "true"}, sample{"not 1 > 2", "true"},
  sample{"trend == 'uptrend'", "true"}, sample{"trend != \"uptrend\"", "false"}, sample{"trend in ('sideways', 'uptrend')", "true"},
  sample{"not trend in ('sideways')", "true"}, sample{"a in (1, 5)", "true"}, sample{"a in (1, 2)", "false"}, sample{"half_day == false", "true"},
  sample{"{short} and a > {limit}", "true"}, sample{"a > -{limit}", "true"}, sample{"a * {n}", "15"}));

INSTANTIATE_TEST_SUITE_P(missing, expression_table, testing::Values(
  sample{"unknown", "missing"}, sample{"unknown + 1", "missing"}, sample{"unknown < 1", "missing"}, sample{"unknown == unknown", "missing"},
  sample{"unknown in (1)", "missing"}, sample{"a in (unknown, 5)", "true"}, sample{"a in (unknown, 4)", "missing"}, sample{"not unknown > 1", "missing"},
  sample{"nz(unknown, 7)", "7"}, sample{"nz(a, 7)", "5"}, sample{"nz(trend, 'none')", "'uptrend'"}, sample{"-unknown", "missing"}, sample{"min(unknown, 1)", "missing"},
  sample{"unknown > 1 or true", "true"}, sample{"unknown > 1 and false", "false"}, sample{"true and unknown > 1", "missing"}, sample{"unknown > 1 or false", "missing"}));

INSTANTIATE_TEST_SUITE_P(windows, expression_table, testing::Values(
  sample{"highest(high, 3)", "14"}, sample{"highest(high, 3, 1)", "13"}, sample{"lowest(low, 2, 1)", "10"}, sample{"highest(high, 5)", "14"},
  sample{"highest(high, 6)", "missing"}, sample{"highest(high, 5, 1)", "missing"}, sample{"close > highest(high, {n}, 1)", "false"},
  sample{"change(close, 4)", "0.30000000000000004"}, sample{"change(close, 5)", "missing"}, sample{"crossover(a, b)", "false"}, sample{"crossunder(b, a)", "false"},
  sample{"crossover(a + 2, b + 4)", "false"}, sample{"crossover(a, b + 1)", "true"}, sample{"crossunder(b + 1, a)", "true"}, sample{"count(a > 2, 4)", "3"},
  sample{"count(a > 2, 6)", "missing"}, sample{"stdev(a, 5)", "1.4142135623730951"}, sample{"zscore(a, 5)", "1.414213562373095"}, sample{"zscore(b, 3)", "missing"},
  sample{"highest(close - low, 2)", "1"}, sample{"highest(unknown, 2)", "missing"}, sample{"highest(high, 1 + 2)", "14"}));

INSTANTIATE_TEST_SUITE_P(names, expression_table, testing::Values(
  sample{"hourly.rsi", "55"}, sample{"sma(20)", "12.5"}, sample{"src(\"my quotes\").close", "99"}, sample{"src('my quotes').close > close", "true"}));

INSTANTIATE_TEST_SUITE_P(problems, expression_table, testing::Values(
  sample{"", "EXPR_SYNTAX@0"}, sample{"1 +", "EXPR_SYNTAX@3"}, sample{"1 2", "EXPR_SYNTAX@2"}, sample{"(1", "EXPR_SYNTAX@2"}, sample{"1)", "EXPR_SYNTAX@1"},
  sample{"a = 1", "EXPR_SYNTAX@2"}, sample{"'open", "EXPR_SYNTAX@0"}, sample{"{limit", "EXPR_SYNTAX@0"}, sample{"{}", "EXPR_SYNTAX@0"}, sample{"a < 1 < 2", "EXPR_SYNTAX@6"},
  sample{"a # 1", "EXPR_SYNTAX@2"}, sample{"12abc", "EXPR_SYNTAX@2"}, sample{"1.2.3", "EXPR_SYNTAX@3"}, sample{"a.", "EXPR_SYNTAX@2"}, sample{"src(a).b", "EXPR_SYNTAX@4"},
  sample{"1e999", "EXPR_SYNTAX@0"}, sample{"a in 5", "EXPR_SYNTAX@5"}, sample{"min(1,)", "EXPR_SYNTAX@6"}, sample{"a and", "EXPR_TYPE@0"},
  sample{"clsoe > 1", "EXPR_UNKNOWN_NAME@0"}, sample{"1 + clsoe", "EXPR_UNKNOWN_NAME@4"}, sample{"daily.close", "EXPR_UNKNOWN_NAME@0"}, sample{"highst(high, 3)", "EXPR_UNKNOWN_NAME@0"},
  sample{"sma(30) > 1", "EXPR_UNKNOWN_NAME@0"}, sample{"{limits} > 1", "PARAM_UNKNOWN@0"}, sample{"a > {nope}", "PARAM_UNKNOWN@4"}, sample{"{list} > 1", "EXPR_TYPE@0"},
  sample{"trend > 1", "EXPR_TYPE@0"}, sample{"trend == 1", "EXPR_TYPE@6"}, sample{"a == true", "EXPR_TYPE@2"}, sample{"'a' < 'b'", "EXPR_TYPE@0"}, sample{"a and true", "EXPR_TYPE@0"},
  sample{"true and a", "EXPR_TYPE@9"}, sample{"not a", "EXPR_TYPE@4"}, sample{"true + 1", "EXPR_TYPE@0"}, sample{"-true", "EXPR_TYPE@1"}, sample{"a in (1, 'x')", "EXPR_TYPE@2"},
  sample{"count(a, 3)", "EXPR_TYPE@6"}, sample{"highest(high)", "EXPR_TYPE@0"}, sample{"highest(high, 0)", "EXPR_TYPE@14"}, sample{"highest(high, 2.5)", "EXPR_TYPE@14"},
  sample{"highest(high, a)", "EXPR_TYPE@14"}, sample{"highest(high, 5001)", "EXPR_TYPE@14"}, sample{"highest(high, 1, -1)", "EXPR_TYPE@17"}, sample{"min(1)", "EXPR_TYPE@0"},
  sample{"abs(1, 2)", "EXPR_TYPE@0"}, sample{"nz(a, 'x')", "EXPR_TYPE@0"}, sample{"highest(trend, 2)", "EXPR_TYPE@8"}));

TEST(expression, suggests_the_name_that_was_meant) {
  auto w = world();
  EXPECT_EQ(parse_expression("clsoe > 1", w).error().message, "there is no name \"clsoe\"; did you mean \"close\"? (column 1)");
  EXPECT_EQ(parse_expression("highst(high, 3)", w).error().field, "EXPR_UNKNOWN_NAME");
}

TEST(expression, limits_are_problems_not_crashes) {
  EXPECT_EQ(give(std::string(2'001, ' ')), "EXPR_SYNTAX@2000");
  EXPECT_EQ(give(std::string(51, '(') + "1" + std::string(51, ')')), "EXPR_SYNTAX@50");
  EXPECT_EQ(give(std::string(40, '(') + "1" + std::string(40, ')')), "1");
  EXPECT_EQ(give(std::string(1'000, '-') + "1").substr(0, 11), "EXPR_SYNTAX");
  std::string sum = "1";
  for (int i = 0; i < 99; ++i) sum += "+1";
  EXPECT_EQ(give(sum), "100"); // 199 parts
  EXPECT_EQ(give(sum + "+1").substr(0, 11), "EXPR_SYNTAX");
  EXPECT_EQ(give("highest(highest(close, 5000), 5000)"), "EXPR_SYNTAX@0"); // 25 million steps
}

TEST(expression, knows_how_many_bars_it_looks_back) {
  auto w = world();
  EXPECT_EQ(parse_expression("close > 1", w)->look_back(), 0u);
  EXPECT_EQ(parse_expression("highest(high, 20, 1)", w)->look_back(), 20u);
  EXPECT_EQ(parse_expression("change(close, 12)", w)->look_back(), 12u);
  EXPECT_EQ(parse_expression("crossover(highest(high, 3), b)", w)->look_back(), 3u);
}

TEST(expression, looks_from_a_bar_in_the_past) {
  auto w = world();
  EXPECT_EQ(to_string(evaluate(*parse_expression("close", w), w, 2)), "12");
  EXPECT_EQ(to_string(evaluate(*parse_expression("highest(close, 2)", w), w, 3)), "11");
}

TEST(expression, explains_itself_by_the_values_of_its_names) {
  auto w = world();
  const auto parsed = parse_expression("hourly.rsi > 50 and close > sma(20) and close < 100 and unknown > 1", w);
  std::string seen;
  for (const auto& [name, now] : values_in(*parsed, w)) seen += name + "=" + to_string(now) + " ";
  EXPECT_EQ(seen, "hourly.rsi=55 close=13 sma(20)=12.5 unknown=missing ");
}

} // namespace
} // namespace tt::strategy
