#include "actors/backtest/request.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

/// Every field of the two requests: defaults, rules, and the error that names it.

namespace tt::backtest {
namespace {

using nlohmann::json;

json least() {
  return {{"pine_script", "//@version=6\nstrategy(\"s\")"}, {"symbols", {"AAPL"}}, {"start_date", "2024-01-01"}, {"end_date", "2024-12-31"}};
}
json with(const char* name, json value) {
  auto j = least();
  j[name] = std::move(value);
  return j;
}
json study_body() {
  auto j = least();
  j["parameters"] = {{"fast", {{"type", "int"}, {"min", 5}, {"max", 50}, {"step", 5}}}};
  return j;
}
json study_with(const char* name, json value) {
  auto j = study_body();
  j[name] = std::move(value);
  return j;
}

/// "path:type" of every problem.
template <class T>
std::string problems_of(const parsed<T>& p) {
  std::string out;
  for (const auto& one : p.problems) {
    out += out.empty() ? "" : " ";
    for (std::size_t i = 0; i < one.loc.size(); ++i) out += (i > 0 ? "." : "") + one.loc[i];
    out += ":" + one.type;
    EXPECT_FALSE(one.msg.empty());
  }
  EXPECT_EQ(p.value.has_value(), p.problems.empty());
  return out;
}
std::string backtest_problems(const json& body) { return problems_of(parse_backtest(body)); }
std::string study_problems(const json& body) { return problems_of(parse_study(body)); }

TEST(backtest_request, defaults_are_those_of_the_contract) {
  const auto p = parse_backtest(least());
  ASSERT_TRUE(p.value);
  const auto& r = *p.value;
  EXPECT_EQ(r.timeframes, std::vector{timeframe::minutes(60)});
  EXPECT_FALSE(r.initial_capital || r.commission || r.commission_type || r.slippage || r.slippage_type);
  EXPECT_EQ(r.magnifier, magnifier_use::as_declared);
  EXPECT_EQ(r.session, session_hours::regular);
  EXPECT_EQ(r.capital, capital_mode::per_run);
  EXPECT_EQ(r.rng_key, 0u);
  EXPECT_EQ(r.warmup_bars, 0u);
  EXPECT_EQ(r.start, civil_date::of(2024, 1, 1));
}

TEST(backtest_request, spellings_are_normalised_and_doubles_dropped) {
  auto body = with("symbols", {"aapl", " MSFT", "AAPL", "msft"});
  body["timeframes"] = {"1h", "60", "1D", "d", "1H"};
  body["inputs"] = {{"Length", 14}, {"Factor", 2.5}, {"On", true}, {"Name", "x"}, {"Nothing", nullptr}};
  const auto p = parse_backtest(body);
  ASSERT_TRUE(p.value);
  EXPECT_EQ(p.value->symbols, (std::vector<std::string>{"AAPL", "MSFT"}));
  EXPECT_EQ(p.value->timeframes, (std::vector{timeframe::minutes(60), timeframe::days(1)}));
  EXPECT_EQ(p.value->inputs, (std::map<std::string, std::string>{{"Length", "14"}, {"Factor", "2.5"}, {"On", "true"}, {"Name", "x"}}));
}

TEST(backtest_request, symbols_are_known_by_whoever_is_asked) {
  parse_options o;
  o.resolve = [](std::string_view name) -> std::optional<std::string> {
    if (name == "NASDAQ:AAPL" || name == "AAPL") return "AAPL";
    return std::nullopt;
  };
  const auto p = parse_backtest(with("symbols", {"nasdaq:aapl", "AAPL"}), o);
  ASSERT_TRUE(p.value);
  EXPECT_EQ(p.value->symbols, std::vector<std::string>{"AAPL"});
  EXPECT_EQ(problems_of(parse_backtest(with("symbols", {"AAPL", "NOPE"}), o)), "symbols.1:unknown");
}

TEST(backtest_request, each_bad_field_has_its_error) {
  const std::vector<std::pair<json, std::string>> cases{
    {with("pine_script", nullptr), "pine_script:missing"},
    {with("pine_script", ""), "pine_script:missing"},
    {with("pine_script", 5), "pine_script:type"},
    {with("pine_script", std::string(600'000, 'x')), "pine_script:range"},
    {with("yaml", "a: b"), "yaml:conflict"},
    {with("symbols", nullptr), "symbols:missing"},
    {with("symbols", json::array()), "symbols:range"},
    {with("symbols", "AAPL"), "symbols:type"},
    {with("symbols", {"AAPL", 5}), "symbols.1:type"},
    {with("symbols", {""}), "symbols.0:value"},
    {with("symbols", {"A B"}), "symbols.0:value"},
    {with("timeframes", json::array()), "timeframes:range"},
    {with("timeframes", {"1x"}), "timeframes.0:value"},
    {with("timeframes", {"30s"}), "timeframes.0:unsupported"},
    {with("timeframes", {"1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "10m", "11m"}), "timeframes:range"},
    {with("start_date", nullptr), "start_date:missing"},
    {with("start_date", "2024-02-30"), "start_date:value"},
    {with("start_date", "01/02/2024"), "start_date:value"},
    {with("end_date", "1066-10-14"), "end_date:range"},
    {with("start_date", "2025-01-01"), "start_date:range"},
    {with("initial_capital", 0), "initial_capital:range"},
    {with("initial_capital", -5), "initial_capital:range"},
    {with("initial_capital", "much"), "initial_capital:type"},
    {with("initial_capital", 1e13), "initial_capital:range"},
    {with("commission", -0.1), "commission:range"},
    {with("commission_type", "per_share"), "commission_type:unknown"},
    {with("slippage", -1), "slippage:range"},
    {with("slippage", 101), "slippage:range"},
    {with("slippage_type", 1), "slippage_type:type"},
    {with("slippage_type", "percent"), "slippage:missing"},
    {with("slippage_type", "ticks"), ""},
    {with("inputs", {1}), "inputs:type"},
    {with("inputs", {{"a", {1}}}), "inputs.a:type"},
    {with("magnifier", "yes"), "magnifier:type"},
    {with("fill_model", "magic"), "fill_model:unknown"},
    {with("session", "night"), "session:unknown"},
    {with("data_source", "moon"), "data_source:unknown"},
    {with("currency", "U"), "currency:value"},
    {with("currency", "ZZZ"), "currency:value"},
    {with("currency", "usdt"), ""},
    {with("warmup_bars", -1), "warmup_bars:range"},
    {with("warmup_bars", 2.5), "warmup_bars:type"},
    {with("warmup_bars", 20'000), "warmup_bars:range"},
    {with("rng_key", -1), "rng_key:range"},
    {with("capital_mode", "both"), "capital_mode:unknown"},
  };
  for (const auto& [body, expected] : cases) EXPECT_EQ(backtest_problems(body), expected) << body.dump().substr(0, 200);
  EXPECT_EQ(backtest_problems(json::array()), ":type");
  auto percent = with("commission", 101);
  percent["commission_type"] = "percent";
  EXPECT_EQ(backtest_problems(percent), "commission:range");
  auto ticks = with("slippage", 200);
  ticks["slippage_type"] = "ticks";
  EXPECT_EQ(backtest_problems(ticks), "");
}

TEST(backtest_request, two_hundred_symbols_and_no_more) {
  json list = json::array();
  for (int i = 0; i < 200; ++i) list.push_back("S" + std::to_string(i));
  EXPECT_EQ(backtest_problems(with("symbols", list)), "");
  list.push_back("S0"); // there already, but given
  EXPECT_EQ(backtest_problems(with("symbols", list)), "symbols:range");
  EXPECT_EQ(backtest_problems(with("symbols", json(201, "S0"))), "symbols:range");
  parse_options nobody;
  int asked = 0;
  nobody.resolve = [&](std::string_view) { return ++asked, std::optional<std::string>{}; };
  const auto p = parse_backtest(with("symbols", list), nobody);
  ASSERT_EQ(p.problems.size(), 1u) << "one problem, not one for each unknown name as well";
  EXPECT_EQ(to_string(p.problems[0]), "symbols: must name at most 200 symbols, not 201");
  EXPECT_EQ(asked, 0);
}

TEST(backtest_request, all_problems_are_told_at_once) {
  EXPECT_EQ(backtest_problems({{"symbols", {1}}, {"end_date", "x"}, {"initial_capital", 0}}),
            "pine_script:missing symbols.0:type start_date:missing end_date:value initial_capital:range");
}

TEST(backtest_request, unknown_fields_are_named_but_no_problem) {
  const auto p = parse_backtest(with("colour", "red"));
  EXPECT_TRUE(p.value);
  EXPECT_EQ(p.unknown, std::vector<std::string>{"colour"});
}

TEST(backtest_request, numbers_come_as_texts_too) {
  auto body = with("initial_capital", "25000.50");
  const auto p = parse_backtest(body);
  ASSERT_TRUE(p.value);
  EXPECT_EQ(p.value->initial_capital, 25000.5);
}

TEST(backtest_request, json_and_back_is_the_same_request) {
  auto body = with("symbols", {"b", "a"});
  body.update({{"timeframes", {"1d", "5m"}}, {"initial_capital", 12345.67}, {"commission", 0.1}, {"commission_type", "percent"},
               {"slippage", 2}, {"slippage_type", "ticks"}, {"inputs", {{"a", "1"}}}, {"magnifier", true}, {"fill_model", "on_close"},
               {"session", "extended"}, {"data_source", "sim"}, {"currency", "eur"}, {"warmup_bars", 50}, {"rng_key", 7}});
  const auto first = parse_backtest(body);
  ASSERT_TRUE(first.value);
  const auto text = canonical_text(*first.value);
  const auto second = parse_backtest(json::parse(text));
  ASSERT_TRUE(second.value);
  EXPECT_EQ(*first.value, *second.value);
  EXPECT_EQ(canonical_text(*second.value), text);
  EXPECT_TRUE(second.unknown.empty());
}

TEST(study_request, defaults_are_those_of_the_contract) {
  const auto p = parse_study(study_body());
  ASSERT_TRUE(p.value);
  EXPECT_EQ(p.value->method, search_method::grid);
  EXPECT_EQ(p.value->goal.objective, "sharpe_ratio");
  EXPECT_EQ(p.value->goal.way, direction::maximize);
  EXPECT_EQ(p.value->max_trials, 1'000u);
  EXPECT_EQ(p.value->genetic.population, 50u);
  EXPECT_EQ(p.value->genetic.generations, 20u);
  EXPECT_EQ(p.value->genetic.elite, 2u);
  ASSERT_EQ(p.value->parameters.size(), 1u);
  EXPECT_EQ(p.value->parameters[0].kind, parameter_kind::integer);
}

TEST(study_request, each_bad_field_has_its_error) {
  const auto parameter = [](json one) { return study_with("parameters", {{"p", std::move(one)}}); };
  const std::vector<std::pair<json, std::string>> cases{
    {study_with("parameters", nullptr), "parameters:missing"},
    {study_with("parameters", json::object()), "parameters:range"},
    {study_with("parameters", json::array()), "parameters:type"},
    {parameter(5), "parameters.p:type"},
    {parameter({{"type", "number"}, {"min", 1}, {"max", 2}}), "parameters.p.type:unknown"},
    {parameter({{"type", "int"}, {"min", 1}}), "parameters.p.max:missing"},
    {parameter({{"type", "int"}, {"min", 1.5}, {"max", 3}}), "parameters.p:value"},
    {parameter({{"type", "int"}, {"min", 5}, {"max", 3}}), "parameters.p:value"},
    {parameter({{"type", "float"}, {"min", 0}, {"max", 3}, {"log", true}}), "parameters.p:value"},
    {parameter({{"type", "float"}, {"min", "x"}, {"max", 3}}), "parameters.p.min:type"},
    {parameter({{"type", "float"}, {"min", 0}, {"max", 3}, {"step", -1}}), "parameters.p.step:range"},
    {parameter({{"type", "choice"}}), "parameters.p.values:missing"},
    {parameter({{"type", "choice"}, {"values", json::array()}}), "parameters.p.values:type"},
    {parameter({{"type", "int"}, {"min", 1}, {"max", 3}, {"values", {1, 2}}}), "parameters.p.values:conflict"},
    {study_with("method", "hope"), "method:unknown"},
    {study_with("objective", "sharp"), "objective:value"},
    {study_with("direction", "up"), "direction:unknown"},
    {study_with("constraints", "total_trades > 3"), "constraints:type"},
    {study_with("constraints", {"total_trades > 3", "x > 1"}), "constraints.1:value"},
    {study_with("max_trials", 0), "max_trials:range"},
    {study_with("max_trials", 2'000'000), "max_trials:range"},
    {study_with("sample", 1), "sample:type"},
    {study_with("genetic", {{"population", 1}}), "genetic.population:range"},
    {study_with("genetic", {{"crossover", 2}}), "genetic.crossover:range"},
    {study_with("genetic", {{"population", 10}, {"elite", 10}}), "genetic.elite:range"},
    {study_with("method", "walk_forward"), "walk_forward:missing"},
    {study_with("walk_forward", {{"train", 10}, {"test", 5}}), "walk_forward:conflict"},
  };
  for (const auto& [body, expected] : cases) EXPECT_EQ(study_problems(body), expected) << body.dump();
  auto walking = study_with("method", "walk_forward");
  walking["walk_forward"] = {{"mode", "jumping"}, {"train", "90x"}, {"step", -5}, {"inner", "walk_forward"}};
  EXPECT_EQ(study_problems(walking), "walk_forward.mode:unknown walk_forward.train:value walk_forward.test:missing walk_forward.step:value walk_forward.inner:value");
  walking["walk_forward"] = {{"train", "90d"}, {"test", 500}, {"purge", "5d"}};
  EXPECT_EQ(study_problems(walking), "");
  walking["walk_forward"] = {{"train", "99999999999d"}, {"test", 0}};
  EXPECT_EQ(study_problems(walking), "walk_forward.train:range walk_forward.test:range");
}

TEST(study_request, a_grid_of_ten_millions_is_refused_unless_it_is_sampled) {
  auto body = study_with("parameters", {{"a", {{"type", "int"}, {"min", 1}, {"max", 10'000}}}, {"b", {{"type", "int"}, {"min", 1}, {"max", 1'000}}}});
  const auto p = parse_study(body);
  EXPECT_EQ(problems_of(p), "max_trials:range");
  EXPECT_NE(p.problems[0].msg.find("10000000"), std::string::npos);
  EXPECT_NE(p.problems[0].msg.find("sample"), std::string::npos);
  body["sample"] = true;
  const auto sampled = parse_study(body);
  ASSERT_TRUE(sampled.value);
  auto space = parameter_space::make(sampled.value->parameters);
  auto how = make_search(*sampled.value, *space);
  ASSERT_TRUE(how);
  EXPECT_EQ((*how)->total(), 1'000u);
}

TEST(study_request, genetic_defaults_give_way_to_max_trials_but_asked_values_do_not) {
  auto body = study_with("method", "genetic");
  body["max_trials"] = 200;
  const auto p = parse_study(body);
  ASSERT_TRUE(p.value);
  EXPECT_EQ(p.value->genetic.population, 50u);
  EXPECT_EQ(p.value->genetic.generations, 4u);
  body["genetic"] = {{"population", 50}, {"generations", 20}};
  EXPECT_EQ(study_problems(body), "genetic:range");
}

TEST(study_request, json_and_back_is_the_same_request) {
  auto body = study_body();
  body.update({{"parameters", {{"n", {{"type", "int"}, {"min", 5}, {"max", 50}, {"step", 5}}},
                               {"x", {{"type", "float"}, {"min", 0.1}, {"max", 10}, {"step", 0}, {"log", true}}},
                               {"on", {{"type", "bool"}}},
                               {"mode", {{"type", "choice"}, {"values", {"a", 2, true}}}}}},
               {"method", "walk_forward"}, {"objective", "net_profit - fees"}, {"direction", "minimize"}, {"constraints", {"total_trades >= 1"}},
               {"max_trials", 400}, {"sample", true}, {"genetic", {{"population", 20}, {"generations", 3}}},
               {"walk_forward", {{"mode", "anchored"}, {"train", "90d"}, {"test", 100}, {"embargo", 5}, {"inner", "genetic"}}}});
  const auto first = parse_study(body);
  ASSERT_EQ(problems_of(first), "");
  const auto text = canonical_text(*first.value);
  const auto second = parse_study(json::parse(text));
  ASSERT_TRUE(second.value);
  EXPECT_EQ(canonical_text(*second.value), text);
  EXPECT_TRUE(second.unknown.empty());
  EXPECT_EQ(second.value->walk_forward->plan.train.unit, window_length::unit_t::days);
}

TEST(study_request, the_order_of_parameters_does_not_matter) {
  const auto a = parse_study(json::parse(R"({"pine_script":"x","symbols":["A"],"start_date":"2024-01-01","end_date":"2024-01-02",
    "parameters":{"b":{"min":1,"max":2},"a":{"min":1,"max":3}}})"));
  const auto b = parse_study(json::parse(R"({"parameters":{"a":{"max":3,"min":1},"b":{"max":2,"min":1}},"symbols":["a"],
    "end_date":"2024-01-02","start_date":"2024-01-01","pine_script":"x"})"));
  ASSERT_TRUE(a.value && b.value);
  EXPECT_EQ(canonical_text(*a.value), canonical_text(*b.value));
}

} // namespace
} // namespace tt::backtest
