#include "cluster/jobs/job_command.hpp"

#include "actors/backtest/results.hpp"
#include "actors/strategy/jobs/backtest_plan.hpp"
#include "cluster/backtest_report.hpp"
#include "cluster/commands.hpp"
#include "cluster/jobs/job_files.hpp"
#include "cluster/jobs/job_once.hpp"
#include "cluster/jobs/job_resident.hpp"
#include "cluster/node.hpp"
#include "cluster/pine_files.hpp"
#include "gateways/jobs/limit_profiles.hpp"
#include "gateways/notify/outbound_rules.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace tt::cluster {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::chrono::milliseconds scheduler_look{1'000}, scheduler_step{100}; ///< between looks at folder and schedule

utc_time now() { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }

int fail(const error& e, int code = job_exit::failed) {
  std::fprintf(stderr, "tt job: %s\n", to_string(e).c_str());
  return code;
}

ordered_json finding_json(const strategy::finding& f) {
  return {{"severity", strategy::to_string(f.level)}, {"code", strategy::to_string(f.code)}, {"message", f.message}, {"file", f.file}, {"line", f.line}, {"column", f.column}, {"key", f.key}};
}

void print_findings(const std::vector<strategy::finding>& findings, std::FILE* to) {
  for (const auto& f : findings) std::fprintf(to, "%s\n", strategy::to_string(f).c_str());
}

/// What the settings of a node say about jobs.
struct surroundings {
  settings values;
  std::shared_ptr<const instrument_master> master;
  strategy::job_defaults defaults;
  strategy::check_context context;
};

result<surroundings> look_around(const job_options& o) {
  auto loaded = load_settings(o.place.config_path, o.place.overrides);
  if (!loaded) return loaded.error();
  surroundings out{std::move(loaded->first), nullptr, {}, {}};
  auto master = instrument_master::load(out.values.text("node.instruments"));
  if (!master) return master.error();
  out.master = std::make_shared<const instrument_master>(std::move(*master));
  out.defaults = {out.values.text("market.time_zone"), out.values.text("market.calendar"), process_variable};
  out.context.instruments = out.master.get();
  out.context.environment = process_variable;
  out.context.now = now();
  out.context.profiles = gateway::shipped_limit_profiles();
  auto hosts = gateway::listed_hosts(out.values.list("notices.allow"));
  if (!hosts) return error{hosts.error().code, hosts.error().message, "notices.allow"};
  out.context.allows_host = std::move(*hosts);
  return out;
}

/// What is asked for another moment than now. Errors: invalid_argument naming --at.
result<void> move_to(surroundings& around, const std::string& at) {
  if (at.empty()) return {};
  const auto given = parse_iso8601(at);
  if (!given) return error{given.error().code, given.error().message, "--at"};
  around.context.now = *given;
  return {};
}

/// A file that passes, or the exit code with everything printed.
std::variant<strategy::checked_job, int> load(const job_options& o, const surroundings& around) {
  if (o.files.empty()) return fail({errc::invalid_argument, "needs a file"}, job_exit::invalid);
  const auto text = read_job_file(o.files.front());
  if (!text) return fail(text.error(), job_exit::invalid);
  auto checked = strategy::check_job(*text, o.files.front(), around.defaults, around.context);
  print_findings(checked.findings, stderr);
  if (!checked.plan) return job_exit::invalid;
  return checked;
}

/// The bars that a job's backtest needs, out of a node's data, or why they are not there.
result<std::vector<result<std::shared_ptr<const backtest::bar_set>>>> load_bars(const backtest::backtest_request& r, const strategy::job_plan& plan, backtest::bar_provider& from) {
  auto needs = strategy::series_needs(plan);
  if (!needs) return needs.error();
  std::vector<result<std::shared_ptr<const backtest::bar_set>>> out;
  for (const auto& need : *needs) {
    auto one = r;
    one.symbols = {need.symbol}, one.timeframes = {need.frame};
    one.warmup_bars = static_cast<std::uint32_t>(std::min<std::int64_t>(need.warmup, backtest::limits::warmup_bars));
    out.push_back(from.bars(one, {need.symbol, need.frame}, backtest::bar_provider::inner_bars::none));
  }
  return out;
}

bool lacks_data(const error& e) { return e.code == errc::out_of_range || e.code == errc::not_found || e.code == errc::not_available; }

json field_value(const std::string& text) {
  const auto parsed = json::parse(text, nullptr, false);
  return parsed.is_number() || parsed.is_boolean() ? parsed : json(text);
}

} // namespace

int run_job_validate(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  bool broken = false;
  auto all = ordered_json::array();
  for (const auto& path : o.files) {
    std::vector<strategy::finding> findings;
    if (const auto text = read_job_file(path)) {
      auto checked = strategy::check_job(*text, path, around->defaults, around->context);
      if (checked.spec) around->context.taken_ids.insert(checked.spec->strategy_id);
      broken = broken || checked.has_errors();
      findings = std::move(checked.findings);
      if (o.form == job_output::text && !checked.has_errors())
        std::printf("%s: %s, %s, %zu symbols, %zu warnings\n", path.c_str(), checked.spec->strategy_id.c_str(),
                    checked.spec->type == strategy::job_type::strategy ? "strategy" : "portfolio", checked.spec->symbols().size(), findings.size());
    } else {
      broken = true;
      findings.push_back({strategy::severity::error, strategy::finding_code::yaml_syntax, text.error().message, path, 0, 0, ""});
    }
    if (o.form == job_output::text) print_findings(findings, stdout);
    for (const auto& f : findings) all.push_back(finding_json(f));
  }
  if (o.form == job_output::json) std::printf("%s\n", all.dump(2).c_str());
  return broken ? job_exit::invalid : job_exit::done;
}

int run_job_list(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  const auto folder = around->values.text("trading.strategies_dir");
  const auto files = read_job_folder(folder, around->defaults, around->context);
  if (!files) return fail(files.error());
  auto all = ordered_json::array();
  for (const auto& file : *files) {
    const auto& spec = file.checked.spec;
    const auto next = file.checked.plan ? file.checked.plan->when->next_after(around->context.now) : std::nullopt;
    const std::string state = !file.checked.plan ? "invalid" : spec->state == strategy::job_state::enabled ? "enabled" : "disabled";
    const std::string name = std::filesystem::path(file.path).filename().string();
    if (o.form == job_output::json)
      all.push_back({{"file", file.path}, {"strategy_id", spec ? spec->strategy_id : ""}, {"state", state}, {"account", spec ? spec->account : ""},
                     {"next", next ? ordered_json(to_iso8601(next->slot)) : ordered_json(nullptr)}});
    else
      std::printf("%-32s %-24s %-9s %-18s %s\n", name.c_str(), spec ? spec->strategy_id.c_str() : "-", state.c_str(), spec ? spec->account.c_str() : "-",
                  next ? to_iso8601(next->slot).c_str() : "-");
    if (!file.checked.plan) print_findings(file.checked.findings, stderr);
  }
  if (o.form == job_output::json) std::printf("%s\n", all.dump(2).c_str());
  return job_exit::done;
}

int run_job_next(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  if (const auto moved = move_to(*around, o.at); !moved) return fail(moved.error(), job_exit::invalid);
  auto t = around->context.now;
  auto loaded = load(o, *around);
  if (const auto* code = std::get_if<int>(&loaded)) return *code;
  const auto& when = *std::get<strategy::checked_job>(loaded).plan->when;
  auto all = ordered_json::array();
  for (int i = 0; i < o.count; ++i) {
    const auto f = when.next_after(t);
    if (!f) break;
    t = f->slot;
    const auto note = strategy::session_note(when.calendar(), t);
    if (o.form == job_output::json) all.push_back({{"slot", to_iso8601(t)}, {"local", when.zone().to_iso8601(t)}, {"starts", to_iso8601(f->starts)}, {"session", note}});
    else std::printf("%s  %s  %s\n", to_iso8601(t).c_str(), when.zone().to_iso8601(t).c_str(), note.c_str());
  }
  if (o.form == job_output::json) std::printf("%s\n", all.dump(2).c_str());
  return job_exit::done;
}

int run_job_backtest(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  if (o.files.empty()) return fail({errc::invalid_argument, "needs a file"}, job_exit::invalid);
  const auto text = read_job_file(o.files.front());
  if (!text) return fail(text.error(), job_exit::invalid);
  json body{{"yaml", *text}, {"start_date", o.from}, {"end_date", o.to}};
  for (const auto& [name, value] : o.fields) body[name] = field_value(value);
  for (const auto& pair : o.parameters) {
    const auto eq = pair.find('=');
    if (eq == std::string::npos) return fail({errc::invalid_argument, "is not name=value", "--param " + pair}, job_exit::invalid);
    body["inputs"][pair.substr(0, eq)] = pair.substr(eq + 1);
  }
  strategy::complete_request(body);
  const auto first_check = strategy::check_job(*text, o.files.front(), around->defaults, around->context);
  print_findings(first_check.findings, stderr);
  if (!first_check.plan) return job_exit::invalid;
  const auto asked = backtest::parse_backtest(body);
  for (const auto& p : asked.problems) std::fprintf(stderr, "tt job backtest: %s\n", backtest::to_string(p).c_str());
  if (!asked.value) return job_exit::invalid;
  auto checked = strategy::job_of(*asked.value, around->master.get());
  if (!checked.plan) {
    print_findings(checked.findings, stderr);
    return job_exit::invalid;
  }
  auto data = open_node_bars(o.place, now());
  if (!data) return fail(data.error());
  auto bars = load_bars(*asked.value, *checked.plan, *data->bars);
  if (!bars) return fail(bars.error());
  auto done = strategy::run_with(*asked.value, around->master.get(), *bars);
  if (!done) return fail(done.error(), lacks_data(done.error()) ? job_exit::no_data : job_exit::failed);
  for (const auto& one : done->outcomes)
    if (one.failure) std::fprintf(stderr, "tt job backtest: %s is left out: %s\n", one.key.symbol.c_str(), to_string(*one.failure).c_str());
  const auto runs = done->runs, signals = done->signals;
  auto results = backtest::job_results::combine(*asked.value, std::move(done->outcomes), {std::string(version()), strategy::as_script_findings(checked.findings)});
  if (!results) return fail(results.error());
  const auto document = results->results();
  if (!o.csv.empty() && o.csv != "-") {
    if (auto written = write_text(o.csv, results->trades_csv()); !written) return fail(written.error());
  }
  if (o.csv == "-") std::printf("%s", results->trades_csv().c_str());
  else if (o.form == job_output::json) std::printf("%s\n", backtest::to_text(document).c_str());
  else
    std::printf("%sruns of the job: %llu, signals: %llu\n", backtest_text(document, {checked.plan->spec.name, o.from + " to " + o.to}).c_str(),
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(signals));
  return job_exit::done;
}

int run_job_once(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  if (const auto moved = move_to(*around, o.at); !moved) return fail(moved.error(), job_exit::invalid);
  const auto at = around->context.now;
  auto loaded = load(o, *around);
  if (const auto* code = std::get_if<int>(&loaded)) return *code;
  const auto& plan = *std::get<strategy::checked_job>(loaded).plan;
  const auto slot = strategy::slot_containing(plan, at, o.session == job_session_mode::ignore ? strategy::slot_session::ignore : strategy::slot_session::respect);
  if (!slot) {
    std::fprintf(stderr, "tt job run: no slot of %s contains %s: %s\n", plan.spec.name.c_str(), to_iso8601(at).c_str(), strategy::session_note(plan.when->calendar(), at).c_str());
    return job_exit::closed_or_done;
  }
  if (o.orders == job_orders_mode::send) return run_once_on_node(o, plan, *slot);
  return run_once_dry(o, plan, *slot, *around->master);
}

namespace {

std::atomic<bool> scheduler_ends{false};
void end_scheduler(int) { scheduler_ends.store(true); }

} // namespace

int run_job_scheduler(const job_options& o) {
  auto around = look_around(o);
  if (!around) return fail(around.error());
  std::signal(SIGINT, end_scheduler);
  std::signal(SIGTERM, end_scheduler);
  resident_world world;
  world.clock = now;
  world.run = [&o](const strategy::job_plan& plan, utc_time slot) { return run_once_on_node(o, plan, slot); };
  world.wait = [](std::size_t) {
    for (auto left = scheduler_look; left.count() > 0 && !scheduler_ends.load(); left -= scheduler_step) std::this_thread::sleep_for(scheduler_step);
    return !scheduler_ends.load();
  };
  const auto folder = around->values.text("trading.strategies_dir");
  if (auto kept = keep_schedule(folder, around->defaults, around->context, world); !kept) return fail(kept.error());
  return job_exit::done;
}

std::optional<int> run_job_command(const job_commands& c, const job_options& o) {
  if (*c.validate) return run_job_validate(o);
  if (*c.list) return run_job_list(o);
  if (*c.next) return run_job_next(o);
  if (*c.backtest) return run_job_backtest(o);
  if (*c.run) return run_job_once(o);
  if (*c.scheduler) return run_job_scheduler(o);
  return std::nullopt;
}

job_commands add_job_commands(CLI::App& app, job_options& o) {
  auto* job = app.add_subcommand("job", "YAML jobs: check, list, next firings, backtest, run once");
  job->require_subcommand(1);
  job_commands c;
  const auto common = [&o](CLI::App& command) {
    command.add_option("--config,-c", o.place.config_path, "YAML file with the node's settings")->check(CLI::ExistingFile);
    command.add_option_function<std::string>("--data-dir", [&o](const std::string& text) { o.place.overrides["node.data_dir"] = text; }, "folder of the node's data");
    command.add_flag_callback("--json", [&o] { o.form = job_output::json; }, "answer in JSON");
  };
  const auto file = [&o](CLI::App& command) { command.add_option("file", o.files, "job file")->required()->expected(1); };
  c.validate = job->add_subcommand("validate", "check files; exit code 2 when one has an error");
  c.validate->add_option("files", o.files, "job files")->required();
  common(*c.validate);
  c.list = job->add_subcommand("list", "the jobs of the strategies folder, with state and next firing");
  c.list->add_option_function<std::string>("--jobs", [&o](const std::string& text) { o.place.overrides["trading.strategies_dir"] = text; }, "folder of job files");
  common(*c.list);
  c.next = job->add_subcommand("next", "the next firings of a job");
  file(*c.next);
  c.next->add_option("-n,--count", o.count, "how many")->check(CLI::Range(1, 10'000));
  c.next->add_option("--at", o.at, "count from this moment (ISO-8601) instead of now");
  common(*c.next);
  c.backtest = job->add_subcommand("backtest", "run a job over history");
  file(*c.backtest);
  c.backtest->add_option("--from", o.from, "first trading day, YYYY-MM-DD")->required();
  c.backtest->add_option("--to", o.to, "last trading day, YYYY-MM-DD")->required();
  for (const auto& [flag, field, meaning] : {std::tuple{"--capital", "initial_capital", "money at the beginning"}, std::tuple{"--commission", "commission", "fee, see --commission-type"},
                                             std::tuple{"--commission-type", "commission_type", "cash_per_order, percent or cash_per_contract"}, std::tuple{"--slippage", "slippage", "against market orders"},
                                             std::tuple{"--slippage-type", "slippage_type", "percent or ticks"}})
    c.backtest->add_option_function<std::string>(flag, [&o, name = std::string(field)](const std::string& text) { o.fields[name] = text; }, meaning);
  c.backtest->add_option("--param", o.parameters, "name=value of a parameter, instead of the file's");
  c.backtest->add_option("--csv", o.csv, "trades as CSV; - is standard output");
  common(*c.backtest);
  c.run = job->add_subcommand("run", "evaluate one slot now; exit code 8: the node has no such job, or another version of its file");
  file(*c.run);
  c.run->add_flag_callback("--once", [] {}, "the slot that contains the time, and no more (it is all that this command does)");
  c.run->add_option("--at", o.at, "a moment inside of the slot (ISO-8601) instead of now");
  c.run->add_flag_callback("--dry-run", [&o] { o.orders = job_orders_mode::dry_run; }, "send no order");
  c.run->add_option("--equity", o.equity, "equity of the account that a dry run assumes");
  c.run->add_option("--account", o.account, "account, instead of the file's");
  c.run->add_option("--url,-u", o.url, "node that evaluates and sends");
  c.run->add_flag_callback("--ignore-session", [&o] { o.session = job_session_mode::ignore; }, "evaluate at the given time though no slot contains it");
  common(*c.run);
  c.scheduler = app.add_subcommand("scheduler", "keep the schedule of a folder of jobs; a node runs the slots (it keeps that of its own folder by itself)");
  c.scheduler->add_option_function<std::string>("--jobs", [&o](const std::string& text) { o.place.overrides["trading.strategies_dir"] = text; }, "folder of job files");
  c.scheduler->add_option("--url,-u", o.url, "node that evaluates and sends");
  common(*c.scheduler);
  return c;
}

} // namespace tt::cluster
