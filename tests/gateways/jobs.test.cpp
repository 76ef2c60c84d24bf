// The routes of backtests and studies over a scripted port: bodies in, answers out,
// and who is told what is wrong. The service behind the port is tested elsewhere.

#include "gateways/jobs/job_json.hpp"
#include "gateways/jobs/job_metrics.hpp"
#include "tests/gateways/support/http_fixture.hpp"
#include "tests/gateways/support/scripted_jobs.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace tt::gateway::test {
namespace {

using backtest::job_kind;
using backtest::job_state;
using nlohmann::json;

const std::string script = "//@version=5\\nstrategy('two')\\nif close > close[1]\\n    strategy.entry('L', strategy.long)\\n";

std::string body(const std::string& more = "", const std::string& source = script) {
  return R"({"pine_script":")" + source + R"(","symbols":["AAPL","nasdaq:msft"],"timeframes":["1h"],"start_date":"2024-01-01","end_date":"2024-12-31")" + more + "}";
}

struct jobs_test : ::testing::Test {
  jobs_test() { fixture.serve(jobs); }
  answer post(const std::string& target, const std::string& text) { return fixture.send_json("POST", target, text); }
  json field_types(const answer& a) {
    json out = json::object();
    const auto said = a.json();
    for (const auto& one : said["errors"]) out[one["loc"].back().get<std::string>()] = one["type"];
    return out;
  }
  scripted_jobs jobs;
  http_fixture fixture;
};

TEST_F(jobs_test, the_example_of_the_contract_is_queued) {
  const auto done = post("/api/backtest/strategy", body(R"(,"initial_capital":10000.0)"));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json()["backtest_id"], "bt-1");
  EXPECT_EQ(done.json()["status"], "queued");
  EXPECT_TRUE(done.json()["message"].is_string());
  ASSERT_EQ(jobs.submitted.size(), 1U);
  EXPECT_EQ(jobs.submitted[0].owner, "local");
  EXPECT_EQ(jobs.submitted[0].symbols, (std::vector<std::string>{"AAPL", "MSFT"})) << "as the master spells them";
  const auto canonical = json::parse(jobs.submitted[0].request);
  EXPECT_EQ(canonical["start_date"], "2024-01-01");
  EXPECT_EQ(canonical["initial_capital"], 10000);
}

TEST_F(jobs_test, a_script_that_does_not_compile_gets_a_job_unless_strict) {
  const auto text = body("", "test");
  EXPECT_EQ(post("/api/backtest/strategy", text).json()["status"], "queued");
  const auto strict = post("/api/backtest/strategy?strict=1", text);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.json()["error_code"], "script.invalid");
  EXPECT_EQ(strict.json()["errors"][0]["loc"][1], "pine_script");
  EXPECT_EQ(jobs.submitted.size(), 1U);
  EXPECT_EQ(post("/api/backtest/strategy?strict=1", body()).status, 200);
}

TEST_F(jobs_test, every_wrong_field_is_named_at_once) {
  const auto wrong = post("/api/backtest/strategy", R"({"symbols":["AAPL","NOPE"],"timeframes":["1x"],"start_date":"2024-02-30","end_date":"2024-01-01","initial_capital":-1})");
  EXPECT_EQ(wrong.status, 400);
  std::string all;
  const auto said = wrong.json();
  for (const auto& one : said["errors"]) {
    EXPECT_EQ(one["loc"][0], "body");
    all += one["loc"].dump();
  }
  for (const std::string name : {"pine_script", "symbols", "timeframes", "start_date", "initial_capital"})
    EXPECT_NE(all.find(name), std::string::npos) << name << " in " << all;
  EXPECT_TRUE(jobs.submitted.empty());
  EXPECT_EQ(post("/api/backtest/strategy", "{").status, 400);
  EXPECT_EQ(post("/api/backtest/strategy", "[]").status, 400);
  EXPECT_EQ(post("/api/backtest/strategy", "").status, 400);
}

TEST_F(jobs_test, unknown_symbols_are_a_field_error) {
  const auto wrong = post("/api/backtest/strategy", R"({"pine_script":"x","symbols":["NOPE"],"start_date":"2024-01-01","end_date":"2024-01-02"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("NOPE"), std::string::npos) << wrong.body;
  EXPECT_NE(wrong.json()["errors"].dump().find("symbols"), std::string::npos);
}

TEST_F(jobs_test, field_names_in_either_spelling_and_not_in_both) {
  const auto camel = post("/api/backtest/strategy", R"({"pineScript":"x","symbols":["AAPL"],"startDate":"2024-01-01","endDate":"2024-01-02","inputs":{"fastLength":5,"fast_length":6}})");
  EXPECT_EQ(camel.status, 200) << camel.body;
  const auto inputs = json::parse(jobs.submitted.at(0).request)["inputs"];
  EXPECT_EQ(inputs.size(), 2U) << "names of inputs are the script's own: " << inputs;
  const auto both = post("/api/backtest/strategy", body(R"(,"startDate":"2024-05-05")"));
  EXPECT_EQ(both.status, 400);
  EXPECT_EQ(both.json()["error_code"], "field.conflict");
}

TEST_F(jobs_test, unknown_fields_count_or_are_refused) {
  EXPECT_EQ(post("/api/backtest/strategy", body(R"(,"colour":1)")).status, 200);
  const auto strict = post("/api/backtest/strategy?strict=1", body(R"(,"colour":1)"));
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(field_types(strict)["colour"], "unknown");
}

TEST_F(jobs_test, yaml_jobs_run_like_scripts) {
  const std::string job = R"("schema: 2\nname: n\nschedule: {every: 5m}\njob:\n  type: strategy\n  strategy_id: n\n  parameters: {symbols: [AAPL, MSFT], position_size: 0.1}\n)"
                          R"(  data_sources: [{name: h, kind: bars, resolution: \"5\"}]\n  conditions: {entry_long: [\"close > 1\"]}\n")";
  const std::string dates = R"(,"start_date":"2024-01-02","end_date":"2024-01-03"})";
  EXPECT_EQ(post("/api/backtest/strategy?strict=1", R"({"yaml":)" + job + dates).status, 200); // symbols are the job's own
  const auto wrong = post("/api/backtest/strategy?strict=1", R"({"yaml":"a: b","symbols":["AAPL"])" + dates);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(post("/api/backtest/strategy", R"({"yaml":"a: b","symbols":["AAPL"])" + dates).status, 200); // the job fails, with its findings
}

TEST_F(jobs_test, what_a_yaml_job_would_ignore_is_refused) {
  const std::string job = R"({"yaml":"schema: 2\nname: n\nschedule: {every: 5m}\njob:\n  type: strategy\n  strategy_id: n\n  parameters: {symbols: [AAPL, MSFT], position_size: 0.1}\n)"
                          R"(  data_sources: [{name: h, kind: bars, resolution: \"5\"}]\n  conditions: {entry_long: [\"close > 1\"]}\n")"
                          R"(,"start_date":"2024-01-02","end_date":"2024-01-03")";
  for (const auto& [field, value] : {std::pair{"timeframes", R"(["1h"])"}, std::pair{"magnifier", "true"}, std::pair{"capital_mode", R"("per_run")"},
                                     std::pair{"currency", R"("EUR")"}}) {
    const auto done = post("/api/backtest/strategy", job + ",\"" + field + "\":" + value + "}");
    EXPECT_EQ(done.status, 400) << field;
    EXPECT_EQ(field_types(done)[field], "conflict") << done.body;
  }
  EXPECT_TRUE(jobs.submitted.empty());
  const auto same = post("/api/backtest/strategy", job + R"(,"timeframes":["5m"],"magnifier":false,"capital_mode":"shared","currency":"usd","fill_model":"on_close"})");
  EXPECT_EQ(same.status, 200) << "what is its own anyway is no conflict: " << same.body;
}

TEST_F(jobs_test, yaml_jobs_are_searched_by_their_parameters) {
  const std::string job = R"({"yaml":"schema: 2\nname: n\nschedule: {every: 5m}\njob:\n  type: strategy\n  strategy_id: n\n  parameters: {symbols: [AAPL, MSFT], position_size: 0.1}\n)"
                          R"(  data_sources: [{name: h, kind: bars, resolution: \"5\"}]\n  conditions: {entry_long: [\"close > 1\"]}\n")"
                          R"(,"start_date":"2024-01-02","end_date":"2024-01-03")";
  const std::string sizes = R"(,"parameters":{"position_size":{"min":0.1,"max":0.3,"step":0.1}})";
  const auto done = post("/api/optimize/study?strict=1", job + sizes + "}");
  EXPECT_EQ(done.status, 200) << done.body;
  const auto unknown = post("/api/optimize/study?strict=1", job + R"(,"parameters":{"speed":{"min":1,"max":3}}})");
  EXPECT_EQ(field_types(unknown)["speed"], "unknown") << unknown.body;
  const auto windows = post("/api/optimize/study", job + sizes + R"(,"method":"walk_forward","walk_forward":{"train":"2d","test":"1d"}})");
  EXPECT_EQ(field_types(windows)["method"], "unsupported") << windows.body;
}

TEST_F(jobs_test, what_cannot_run_here_is_said) {
  const auto unknown = post("/api/backtest/strategy", R"({"strategy_id":"a","symbols":["AAPL"],"start_date":"2024-01-01","end_date":"2024-01-02"})");
  EXPECT_EQ(unknown.status, 503) << "there are no strategies here to look it up in";
  const auto two = post("/api/backtest/strategy", body(R"(,"strategy_id":"a")"));
  EXPECT_EQ(field_types(two)["strategy_id"], "conflict");
  const auto claimed = post("/api/backtest/strategy", body(R"(,"strategy_id":"a","strategyVersion":3)"));
  EXPECT_EQ(field_types(claimed)["strategy_version"], "conflict") << "which source a version has is not the client's to say";
  jobs.refuse_submissions = error{errc::limit_exceeded, "1000 jobs wait already", "queue"};
  EXPECT_EQ(post("/api/backtest/strategy", body()).status, 429);
  jobs.refuse_submissions = error{errc::not_available, "no coordinator"};
  EXPECT_EQ(post("/api/backtest/strategy", body()).status, 503);
}

TEST_F(jobs_test, submission_has_its_own_rate_class) {
  const auto done = post("/api/backtest/strategy", body());
  EXPECT_EQ(done.header("X-RateLimit-Limit"), "60");
}

TEST_F(jobs_test, an_idempotency_key_makes_one_job) {
  call_options options;
  options.headers.set("Idempotency-Key", "k1");
  const auto first = fixture.send_json("POST", "/api/backtest/strategy", body(), options);
  const auto again = fixture.send_json("POST", "/api/backtest/strategy", body(), options);
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(again.header("Idempotent-Replay"), "true");
  EXPECT_EQ(jobs.submitted.size(), 1U);
}

TEST_F(jobs_test, status_by_the_schema_in_both_cases) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-9", 33.339);
  jobs.set(job);
  const auto now = fixture.get("/api/backtest/bt-9/status");
  EXPECT_EQ(now.status, 200);
  EXPECT_EQ(schema_violation(fixture.get("/openapi.json").json(), "BacktestStatus", now.json()), "");
  EXPECT_NE(now.body.find(R"("progress":33.33)"), std::string::npos) << "rounded down: " << now.body;
  EXPECT_EQ(now.json()["created_at"], "2026-01-15T14:35:00.123Z");
  EXPECT_EQ(fixture.get("/api/backtest/bt-9/status?case=camel").json()["backtestId"], "bt-9");
  EXPECT_EQ(fixture.get("/api/backtest/nope/status").status, 404);
  EXPECT_EQ(fixture.get("/api/optimize/bt-9/status").status, 404) << "a backtest is no study";
}

TEST_F(jobs_test, results_wait_for_the_end) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 50);
  jobs.set(job);
  const auto early = fixture.get("/api/backtest/bt-1/results");
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(early.json()["error_code"], "job.state");
  job.state = job_state::completed;
  jobs.set(job);
  jobs.answer.text = R"({"total_return":0.125,"runs":[],"params":{"fast_length":5.5}})";
  jobs.answer.request = R"({"pine_script":"x","inputs":{"my_input":1}})";
  const auto done = fixture.get("/api/backtest/bt-1/results");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.body, R"({"backtest_id":"bt-1","status":"completed","request":{"pine_script":"x","inputs":{"my_input":1}},"results":{"total_return":0.125,"runs":[],"params":{"fast_length":5.5}}})");
  const auto camel = fixture.get("/api/backtest/bt-1/results?case=camel&numbers=string");
  EXPECT_EQ(camel.body, R"({"backtestId":"bt-1","status":"completed","request":{"pineScript":"x","inputs":{"my_input":1}},"results":{"totalReturn":"0.125","runs":[],"params":{"fast_length":"5.5"}}})");
}

TEST_F(jobs_test, a_failed_job_shows_what_the_compiler_said) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 0);
  job.state = job_state::failed;
  job.error_message = "the script does not compile";
  jobs.set(job);
  jobs.answer.text = R"({"total_return":null})";
  jobs.answer.request = "{}";
  jobs.answer.diagnostics = R"([{"severity":"error","code":"PN0101","message":"m","line":1,"column":1}])";
  const auto done = fixture.get("/api/backtest/bt-1/results");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.json()["compile_diagnostics"][0]["code"], "PN0101");
  EXPECT_EQ(done.json()["error_message"], "the script does not compile");
}

TEST_F(jobs_test, pages_and_csv) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 100);
  job.state = job_state::completed;
  jobs.set(job);
  jobs.answer.text = R"([{"symbol":"AAPL"}])";
  jobs.answer.next = "1";
  const auto page = fixture.get("/api/backtest/bt-1/trades?limit=1&cursor=abc");
  EXPECT_EQ(page.body, R"({"backtest_id":"bt-1","trades":[{"symbol":"AAPL"}],"next_cursor":"1"})");
  EXPECT_EQ(jobs.documents.back().query.limit, 1U);
  EXPECT_EQ(jobs.documents.back().query.cursor, "abc");
  jobs.answer.next.clear();
  EXPECT_TRUE(fixture.get("/api/backtest/bt-1/logs").json()["next_cursor"].is_null());
  EXPECT_TRUE(fixture.get("/api/backtest/bt-1/equity?max_points=50").json().contains("equity_curve"));
  EXPECT_EQ(jobs.documents.back().query.max_points, 50U);
  jobs.answer.text = "date,equity\n2024-01-02,1\n";
  const auto csv = fixture.get("/api/backtest/bt-1/equity?format=csv");
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_EQ(csv.body, jobs.answer.text);
  EXPECT_EQ(jobs.documents.back().query.form, backtest::document_form::csv);
  for (const std::string bad : {"trades?limit=0", "trades?limit=x", "equity?max_points=1", "logs?format=xml"})
    EXPECT_EQ(fixture.get("/api/backtest/bt-1/" + bad).status, 400) << bad;
  jobs.document_error = error{errc::invalid_argument, "no such cursor", "cursor"};
  EXPECT_EQ(fixture.get("/api/backtest/bt-1/trades?cursor=zz").json()["errors"][0]["loc"][1], "cursor");
}

TEST_F(jobs_test, lists_are_paged_and_filtered) {
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 1));
  jobs.set(scripted_jobs::running(job_kind::study, "st-1", 1));
  jobs.next_page = 17;
  const auto list = fixture.get("/api/backtest");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(schema_violation(fixture.get("/openapi.json").json(), "Backtests", list.json()), "");
  EXPECT_EQ(list.json()["next_cursor"], "17");
  EXPECT_EQ(jobs.lists.back().limit, 20U);
  EXPECT_EQ(fixture.get("/api/backtest/?limit=5&status=running&cursor=17").status, 200);
  EXPECT_EQ(jobs.lists.back().limit, 5U);
  EXPECT_EQ(jobs.lists.back().state, "running");
  EXPECT_EQ(jobs.lists.back().before, 17U);
  for (const std::string bad : {"limit=0", "limit=1000", "status=odd", "cursor=x", "cursor=0"})
    EXPECT_EQ(fixture.get("/api/backtest?" + bad).status, 400) << bad;
  EXPECT_EQ(fixture.get("/api/optimize").json()["studies"][0]["study_id"], "st-1");
}

TEST_F(jobs_test, cancel_pause_resume) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 1);
  jobs.set(job);
  const auto gone = fixture.call("DELETE", "/api/backtest/bt-1");
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.json()["status"], "cancelled");
  EXPECT_TRUE(gone.json()["message"].is_string());
  job.state = job_state::completed;
  jobs.set(job);
  EXPECT_EQ(fixture.call("DELETE", "/api/backtest/bt-1").status, 409);
  EXPECT_EQ(fixture.call("DELETE", "/api/backtest/bt-2").status, 404);
  jobs.set(scripted_jobs::running(job_kind::study, "st-1", 1));
  EXPECT_EQ(post("/api/optimize/st-1/pause", "").json()["status"], "paused");
  EXPECT_EQ(post("/api/optimize/st-1/resume", "").json()["status"], "running");
  EXPECT_EQ(jobs.commands.back().op, backtest::job_op::resume);
}

TEST_F(jobs_test, a_study_is_read_with_all_that_varies) {
  const auto done = post("/api/optimize/study", body(R"(,"parameters":{"Fast Length":{"type":"int","min":5,"max":20,"step":5}},"maxTrials":10)"));
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json()["study_id"], "st-1");
  EXPECT_NE(jobs.submitted.at(0).request.find("Fast Length"), std::string::npos);
  const auto wrong = post("/api/optimize/study", body());
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("parameters"), std::string::npos);
  auto job = scripted_jobs::running(job_kind::study, "st-1", 10);
  job.trials_done = 1;
  job.trials_total = 4;
  job.best = R"({"params":{"fast_length":5},"objective":1.5})";
  jobs.set(job);
  const auto status = fixture.get("/api/optimize/st-1/status?case=camel").json();
  EXPECT_EQ(status["trialsDone"], 1);
  EXPECT_EQ(status["best"]["params"]["fast_length"], 5);
  EXPECT_EQ(schema_violation(fixture.get("/openapi.json").json(), "StudyStatus", fixture.get("/api/optimize/st-1/status").json()), "");
}

TEST_F(jobs_test, fixed_segments_win_over_ids) {
  http_request request;
  ASSERT_TRUE(request.set_target("/api/backtest/strategy"));
  EXPECT_EQ(fixture.table().find(verb::post, request.segments).found->pattern, "/api/backtest/strategy");
  EXPECT_EQ(fixture.get("/api/backtest/strategy").status, 405) << "an id is only deleted under that path";
}

TEST(jobs_off, routes_say_that_backtests_are_switched_off) {
  gateway_config config;
  config.backtesting = feature::disabled;
  http_fixture fixture{config};
  for (const std::string path : {"/api/backtest", "/api/backtest/bt-1/status", "/api/optimize", "/api/optimize/st-1/results"}) {
    const auto refused = fixture.get(path);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_EQ(refused.json()["error_code"], "feature.disabled");
  }
  EXPECT_EQ(fixture.send_json("POST", "/api/backtest/strategy", body()).json()["error_code"], "feature.disabled");
}

TEST(job_json, progress_messages) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 99.999);
  EXPECT_EQ(progress_message(job, {}), R"({"type":"progress","backtest_id":"bt-1","status":"running","progress":99.99,"stage":"running"})");
  job.state = job_state::completed;
  job.stage = "completed";
  job.progress = 100;
  job.symbol = "MSFT";
  EXPECT_EQ(progress_message(job, {}),
            R"({"type":"completed","backtest_id":"bt-1","status":"completed","progress":100,"stage":"completed","symbol":"MSFT","error_message":null})");
}

TEST(job_json, restyle_leaves_numbers_exact_and_what_is_no_json_alone) {
  EXPECT_EQ(restyle(R"({"a_b":0.1000000000000000055,"c_d":[{"e_f":-1e3}]})", {number_style::plain, field_case::camel}),
            R"({"aB":0.1000000000000000055,"cD":[{"eF":-1e3}]})");
  EXPECT_EQ(restyle("no json", {number_style::string, field_case::camel}), "no json");
}

TEST(job_metrics, figures_by_kind_and_state) {
  scripted_jobs jobs;
  jobs.shown_figures.counts = {{job_kind::study, job_state::running, 3}};
  jobs.shown_figures.bars_per_second = 12.5;
  const auto metrics = make_job_metrics(jobs);
  bool found = false;
  for (const auto& family : metrics->Collect()) {
    if (family.name == "tt_backtest_bars_per_second") {
      EXPECT_EQ(family.metric.at(0).gauge.value, 12.5);
    }
    if (family.name != "tt_jobs") continue;
    found = true;
    EXPECT_EQ(family.metric.at(0).gauge.value, 3);
    EXPECT_EQ(family.metric.at(0).label.at(0).value, "study");
    EXPECT_EQ(family.metric.at(0).label.at(1).value, "running");
  }
  EXPECT_TRUE(found);
}

} // namespace
} // namespace tt::gateway::test
