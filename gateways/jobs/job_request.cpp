#include "gateways/jobs/job_request.hpp"

#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/request.hpp"
#include "actors/backtest/study_plan.hpp"
#include "actors/strategy/jobs/backtest_plan.hpp"
#include "actors/strategy/jobs/job_study.hpp"
#include "gateways/http/message.hpp"
#include "gateways/json/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <type_traits>

namespace tt::gateway {

namespace {

using nlohmann::json;

/// Which names of an object are ours to spell.
enum class names : std::uint8_t { ours, theirs };

/// Field names in snake_case; a field that stands there in both spellings with different values is a problem.
json to_snake(const json& value, names whose, const std::vector<std::string>& at, std::vector<field_error>& problems) {
  if (value.is_array()) {
    json out = json::array();
    for (const auto& item : value) out.push_back(to_snake(item, names::ours, at, problems));
    return out;
  }
  if (!value.is_object()) return value;
  json out = json::object();
  for (const auto& [name, item] : value.items()) {
    const std::string key = whose == names::ours ? to_snake_case(name) : name;
    auto where = at;
    where.push_back(key);
    // inputs{} and parameters{} are keyed by the script's own names
    const bool free = whose == names::ours && (key == "inputs" || key == "parameters");
    auto read = to_snake(item, free ? names::theirs : names::ours, where, problems);
    if (out.contains(key) && out[key] != read) problems.push_back({where, "stands here in two spellings with different values", "conflict"});
    out[key] = std::move(read);
  }
  return out;
}

std::vector<field_error> in_body(const std::vector<backtest::field_problem>& list) {
  std::vector<field_error> out;
  for (const auto& one : list) {
    field_error here{{"body"}, one.msg, one.type};
    here.loc.insert(here.loc.end(), one.loc.begin(), one.loc.end());
    out.push_back(std::move(here));
  }
  return out;
}

api_error refuse_script(const backtest::compiled_script& script) {
  std::vector<field_error> fields;
  for (const auto& one : script.findings)
    if (one.level == backtest::script_finding::level_t::error)
      fields.push_back({{"body", "pine_script", std::to_string(one.line), std::to_string(one.column)}, one.code + ": " + one.message, "script"});
  if (fields.empty()) fields.push_back({{"body", "pine_script"}, "does not compile", "script"});
  auto out = bad_fields(std::move(fields));
  out.code = "script.invalid";
  return out;
}

/// The error's field is `parameters.NAME`, and the name is the script's: it may have dots of its own.
api_error refuse_parameter(const error& wrong) {
  const auto dot = wrong.field.find('.');
  return bad_fields({{{"body", wrong.field.substr(0, dot), wrong.field.substr(dot + 1)}, wrong.message, "unknown"}});
}

api_error refuse_job(const std::vector<strategy::finding>& findings) {
  std::vector<field_error> fields;
  for (const auto& one : findings)
    if (one.level == strategy::severity::error)
      fields.push_back({{"body", "yaml", std::to_string(one.line), std::to_string(one.column)},
                        std::string(strategy::to_string(one.code)) + ": " + (one.key.empty() ? "" : one.key + ": ") + one.message, "script"});
  auto out = bad_fields(std::move(fields));
  out.code = "script.invalid";
  return out;
}

template <class Request>
std::variant<read_submission, api_error> finish(backtest::job_kind kind, backtest::parsed<Request> read, const backtest::backtest_request& (*base)(const Request&),
                                                unknown_fields strictness, const std::string& owner, const instrument_master& master) {
  auto problems = in_body(read.problems);
  if (strictness == unknown_fields::refuse)
    for (const auto& name : read.unknown) problems.push_back({{"body", name}, "is not known here", "unknown"});
  if (!problems.empty()) return bad_fields(std::move(problems));
  if (!read.value) return bad_field("body", "", "can't be read");
  const auto& asked = base(*read.value);
  if (asked.pine_script.empty() && asked.yaml.empty())
    return bad_field("body", "strategy_id", "strategies are not looked up here: give pine_script or yaml", "unsupported");
  if constexpr (std::is_same_v<Request, backtest::study_request>)
    if (!asked.yaml.empty() && read.value->method == backtest::search_method::walk_forward)
      return bad_field("body", "method", "a YAML job is searched over the whole range: grid, random or genetic", "unsupported");
  if (!asked.yaml.empty() && strictness == unknown_fields::refuse) {
    const auto job = strategy::job_of(asked, &master);
    if (!job.plan) return refuse_job(job.findings);
    if constexpr (std::is_same_v<Request, backtest::study_request>)
      if (const auto wrong = strategy::study_problem(*read.value, job.plan->spec)) return refuse_parameter(*wrong);
  }
  if (!asked.pine_script.empty() && strictness == unknown_fields::refuse) {
    const auto script = backtest::compile_strategy(asked.pine_script);
    if (!script.code) return refuse_script(script);
    if constexpr (std::is_same_v<Request, backtest::study_request>)
      if (const auto wrong = backtest::unknown_parameter(*read.value, *script.code)) return refuse_parameter(*wrong);
  }
  read_submission out;
  out.unknown = read.unknown.size();
  out.job.kind = kind;
  out.job.owner = owner;
  out.job.symbols = asked.symbols;
  out.job.request = backtest::canonical_text(*read.value);
  return out;
}

/// The strategy's source and inputs in place of its name.
void take_source(json& body, const strategy_text& named) {
  body[named.kind == strategy_text::language::pine ? "pine_script" : "yaml"] = named.source;
  body["strategy_version"] = named.version;
  if (named.inputs.empty()) return;
  auto& inputs = body["inputs"];
  if (inputs.is_null()) inputs = json::object();
  if (!inputs.is_object()) return; // said by who reads it
  for (const auto& [name, value] : named.inputs)
    if (!inputs.contains(name)) inputs[name] = value;
}

std::vector<std::string> frames_of(const json& list) {
  std::vector<std::string> out;
  for (const auto& one : list) {
    const auto frame = one.is_string() ? timeframe::parse(one.get<std::string>()) : result<timeframe>{error{errc::invalid_argument, ""}};
    if (!frame) return {}; // said by who reads it
    out.push_back(frame->to_string());
  }
  return out;
}

/// What a YAML job has words of its own for, or can't have: it is refused where it asks for something else, not left out.
/// `asked`: the body before complete_request() has put the job's own into it.
std::vector<field_error> unused_by_jobs(const json& asked, const json& body, const instrument_master& master) {
  std::vector<field_error> out;
  const auto refuse = [&](const char* field, std::string why) { out.push_back({{"body", field}, std::move(why), "conflict"}); };
  const auto given = [&](const char* field) {
    const auto at = asked.find(field);
    return at == asked.end() || at->is_null() ? nullptr : &*at;
  };
  if (given("yaml") == nullptr) return out;
  if (const auto* frames = given("timeframes"); frames != nullptr && frames->is_array() && body.contains("timeframes")) {
    const auto wanted = frames_of(*frames), own = frames_of(body["timeframes"]);
    if (!wanted.empty() && !own.empty() && wanted != own) refuse("timeframes", "a YAML job names its own bars: " + own.front());
  }
  if (const auto* magnifier = given("magnifier"); magnifier != nullptr && *magnifier == true)
    refuse("magnifier", "orders of a YAML job fill on the job's own bars");
  if (const auto* mode = given("capital_mode"); mode != nullptr && mode->is_string() && *mode != "shared")
    refuse("capital_mode", "all symbols of a YAML job trade one account: shared");
  if (const auto* currency = given("currency"); currency != nullptr && currency->is_string() && body.contains("symbols") && body["symbols"].is_array())
    for (const auto& name : body["symbols"]) {
      const auto* what = name.is_string() ? master.find(name.get<std::string>()) : nullptr;
      if (what == nullptr || iequals(what->currency, currency->get<std::string>())) continue;
      refuse("currency", "a YAML job's account is kept in the currency of its symbols: " + what->currency);
      break;
    }
  return out;
}

const backtest::backtest_request& itself(const backtest::backtest_request& r) { return r; }
const backtest::backtest_request& base_of(const backtest::study_request& r) { return r.base; }

} // namespace

std::optional<std::pair<std::string, std::uint32_t>> strategy_named_in(const std::string& body) {
  // bodies that bring their source are not read twice for this; quotes inside of one have a backslash
  if (body.find("\"strategy") == std::string::npos || !parse_json(body)) return std::nullopt;
  const auto parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  std::string id;
  std::uint32_t version = 0;
  for (const auto& [name, value] : parsed.items()) {
    const auto key = to_snake_case(name);
    if (key == "pine_script" || key == "yaml") return std::nullopt;
    if (key == "strategy_id" && value.is_string()) id = value.get<std::string>();
    if (key == "strategy_version" && value.is_number_unsigned() && value.get<std::uint64_t>() <= backtest::limits::strategy_versions)
      version = value.get<std::uint32_t>();
  }
  if (id.empty()) return std::nullopt;
  return std::pair{std::move(id), version};
}

std::variant<read_submission, api_error> read_job(backtest::job_kind kind, const std::string& body, const instrument_master& master,
                                                  unknown_fields strictness, const std::string& owner, const strategy_text* named) {
  // depth, size and syntax by the rules of every other body
  if (const auto checked = parse_json(body); !checked) return to_api_error(checked.error(), "body");
  auto parsed = json::parse(body, nullptr, false);
  if (parsed.is_discarded()) return bad_field("body", "", "is not JSON");
  if (!parsed.is_object()) return bad_field("body", "", "must be a JSON object", "type");
  std::vector<field_error> conflicts;
  auto snake = to_snake(parsed, names::ours, {"body"}, conflicts);
  if (!conflicts.empty()) {
    auto out = bad_fields(std::move(conflicts));
    out.code = "field.conflict";
    return out;
  }
  if (named != nullptr) {
    // what strategy_named_in() could not read as a version would have run the newest
    const auto asked = snake.find("strategy_version");
    const bool taken = asked == snake.end() || asked->is_null() || *asked == 0 || (asked->is_number_unsigned() && *asked == named->version);
    if (!taken) return bad_field("body", "strategy_version", "must be a whole number from 1", "type");
    take_source(snake, *named);
  }
  if (named == nullptr && snake.contains("strategy_version") && (snake.contains("pine_script") || snake.contains("yaml")))
    return bad_field("body", "strategy_version", "goes with strategy_id alone", "conflict");
  const auto asked = snake;
  strategy::complete_request(snake);
  if (auto unused = unused_by_jobs(asked, snake, master); !unused.empty()) return bad_fields(std::move(unused));
  backtest::parse_options options;
  options.resolve = [&master](std::string_view name) -> std::optional<std::string> {
    const auto* found = master.find(name);
    return found == nullptr ? std::nullopt : std::optional{found->symbol};
  };
  if (kind == backtest::job_kind::backtest) return finish(kind, backtest::parse_backtest(snake, options), itself, strictness, owner, master);
  return finish(kind, backtest::parse_study(snake, options), base_of, strictness, owner, master);
}

} // namespace tt::gateway
