#include "cluster/backtest_command.hpp"

#include "actors/backtest/local_runner.hpp"
#include "actors/backtest/request_bars.hpp"
#include "cluster/backtest_remote.hpp"
#include "cluster/backtest_report.hpp"
#include "cluster/node.hpp"
#include "cluster/pine_files.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <unistd.h>

namespace tt::cluster {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using backtest::document;

constexpr int exit_wrong = 1, exit_files = 2, exit_cancelled = 130;

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set in a signal handler");

/// Ctrl-C asks the work to stop, once; the second one ends the process as ever.
class interrupt_guard {
public:
  interrupt_guard() {
    stop_asked = false;
    before_ = std::signal(SIGINT, [](int) {
      stop_asked = true;
      std::signal(SIGINT, SIG_DFL);
    });
  }
  ~interrupt_guard() { std::signal(SIGINT, before_); }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

private:
  void (*before_)(int) = nullptr;
};

/// One line on standard error that is written over while it changes.
class progress_line {
public:
  progress_line(backtest_options::progress show)
      : is_terminal_(isatty(STDERR_FILENO) != 0),
        on_(show == backtest_options::progress::shown || (show == backtest_options::progress::automatic && is_terminal_)) {}
  ~progress_line() {
    if (drawn_ && is_terminal_) std::fputs("\r\033[K", stderr);
  }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void show(double percent, const std::string& what) {
    const auto step = static_cast<int>(percent);
    if (!on_ || (drawn_ && step == last_ && what == said_)) return;
    last_ = step;
    said_ = what;
    drawn_ = true;
    constexpr int cells = 30;
    const auto full = static_cast<std::size_t>(step * cells / 100);
    const auto bar = std::string(full, '#') + std::string(static_cast<std::size_t>(cells) - full, '.');
    std::fprintf(stderr, is_terminal_ ? "\r\033[K[%s] %3d %% %s" : "[%s] %3d %% %s\n", bar.c_str(), step, what.c_str());
    std::fflush(stderr);
  }

private:
  bool is_terminal_, on_, drawn_ = false;
  int last_ = -1;
  std::string said_;
};

int fail(const char* command, const error& e) {
  if (backtest::is_cancelled(e)) {
    std::fprintf(stderr, "%s: cancelled\n", command);
    return exit_cancelled;
  }
  std::fprintf(stderr, "%s: %s\n", command, tt::to_string(e).c_str());
  return e.code == errc::io_error || e.code == errc::not_available || e.code == errc::timed_out || e.code == errc::corrupt_data ? exit_files : exit_wrong;
}

/// Fields of the request by the options that fill them.
std::string option_of(const backtest::field_problem& p) {
  static const std::map<std::string, std::string> names{{"symbols", "--symbols"}, {"timeframes", "--timeframe"}, {"start_date", "--from"},
                                                        {"end_date", "--to"}, {"initial_capital", "--capital"}, {"parameters", "--param"},
                                                        {"constraints", "--constraint"}, {"warmup_bars", "--warmup"}, {"fill_model", "--fills"},
                                                        {"walk_forward", "--walk-forward"}, {"inputs", "--inputs"}, {"data_source", "--data"}};
  if (p.loc.empty()) return "request";
  auto it = names.find(p.loc.front());
  std::string out = it != names.end() ? it->second : "--" + p.loc.front();
  if (it == names.end()) std::replace(out.begin(), out.end(), '_', '-');
  for (std::size_t i = 1; i < p.loc.size(); ++i) out += " " + p.loc[i];
  return out;
}

template <class T>
bool told_problems(const char* command, const backtest::parsed<T>& p) {
  for (const auto& one : p.problems) std::fprintf(stderr, "%s: %s: %s\n", command, option_of(one).c_str(), one.msg.c_str());
  return !p.problems.empty();
}

/// "a,b" and several options alike.
std::vector<std::string> split_lists(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const auto& text : given)
    for (std::size_t from = 0; from <= text.size();) {
      const auto to = std::min(text.find(',', from), text.size());
      if (to > from) out.push_back(text.substr(from, to - from));
      from = to + 1;
    }
  return out;
}

/// "90d" stays a text, "90" becomes a number.
json bare_value(const std::string& text) {
  double v = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), v);
  if (r.ec != std::errc{} || r.ptr != text.data() + text.size()) {
    if (text == "true" || text == "false") return text == "true";
    return text;
  }
  if (text.find_first_of(".eE") == std::string::npos && std::fabs(v) < 9e15) return static_cast<std::int64_t>(v);
  return v;
}

result<json> inputs_of(const std::vector<std::string>& given) {
  auto out = json::object();
  for (const auto& text : given) {
    const auto eq = text.find('=');
    if (eq != std::string::npos && !fs::is_regular_file(text)) {
      out[text.substr(0, eq)] = text.substr(eq + 1);
      continue;
    }
    auto read = read_inputs(text);
    if (!read) return read.error();
    for (auto& [title, value] : *read) out[title] = value;
  }
  return out;
}

/// What a command has before anything runs.
struct prepared_job {
  std::string source;
  json body;
  std::optional<file_bars> file;
};

result<prepared_job> prepare_job(const backtest_options& o) {
  prepared_job out;
  auto source = read_text(o.script);
  if (!source) return error{errc::io_error, source.error().message, o.script};
  out.source = *std::move(source);
  auto& b = out.body;
  b["pine_script"] = out.source;
  auto symbols = split_lists(o.symbols), frames = split_lists(o.timeframes);
  auto from = o.from, to = o.to;
  if (!o.place.file.empty() && !o.node.empty()) return error{errc::invalid_argument, "a node runs on its own bars", "--bars"};
  if (!o.place.file.empty()) {
    auto file = file_bars::open(o.place);
    if (!file) return file.error();
    if (file->empty()) return error{errc::invalid_argument, "holds no bars", o.place.file};
    if (symbols.empty()) symbols.push_back(file->ticker());
    if (frames.empty()) frames.push_back(file->timeframe_text().empty() ? "1d" : file->timeframe_text());
    if (symbols.size() != 1 || frames.size() != 1) return error{errc::invalid_argument, "goes with one symbol and one timeframe", "--bars"};
    if (from.empty()) from = file->first_day().to_string();
    if (to.empty()) to = file->last_day().to_string();
    out.file.emplace(*std::move(file));
  }
  if (!symbols.empty()) b["symbols"] = symbols;
  if (!frames.empty()) b["timeframes"] = frames;
  if (!from.empty()) b["start_date"] = from;
  if (!to.empty()) b["end_date"] = to;
  for (const auto& [name, value] : o.fields) b[name] = bare_value(value);
  auto inputs = inputs_of(o.inputs);
  if (!inputs) return inputs.error();
  if (!inputs->empty()) b["inputs"] = *std::move(inputs);
  return out;
}

pine::compile_options libraries_of(const backtest_options& o) {
  pine::compile_options out;
  const auto folder = o.libraries.empty() ? fs::path(o.script).parent_path() : fs::path(o.libraries);
  out.library = [folder](const std::string& key) -> std::optional<std::string> {
    auto text = read_text((folder / (key + ".pine")).string());
    return text ? std::optional(*text) : std::nullopt;
  };
  return out;
}

void print_findings(const std::vector<backtest::script_finding>& findings, const std::string& source, const std::string& file) {
  for (const auto& f : findings) {
    const pine::diagnostic d{f.level == backtest::script_finding::level_t::error ? pine::severity::error : pine::severity::warning, f.code,
                             {f.line, f.column, f.length}, f.message, f.hint};
    std::fputs(pine::render(d, source, file).c_str(), stderr);
  }
}
void print_findings(const document& list, const std::string& file) {
  if (!list.is_array()) return;
  for (const auto& f : list)
    if (f.is_object())
      std::fprintf(stderr, "%s:%d:%d: %s: %s\n", file.c_str(), f.value("line", 0), f.value("column", 0), f.value("severity", "error").c_str(),
                   f.value("message", "").c_str());
}

/// Everything a report is written from.
struct finished_job {
  document results;
  std::string text, html, csv, equity_csv, logs_csv;
};

result<void> put(const std::string& path, const std::string& text) {
  if (path != "-") return write_text(path, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return error{errc::io_error, "standard output can't be written"};
}

result<void> deliver(const finished_job& job, const backtest_outputs& out, const char* csv_name) {
  std::vector<std::pair<std::string, const std::string*>> files;
  const auto json_text = backtest::to_text(job.results) + "\n";
  if (!out.csv.empty()) files.emplace_back(out.csv, &job.csv);
  if (!out.json.empty()) files.emplace_back(out.json, &json_text);
  if (!out.html.empty()) files.emplace_back(out.html, &job.html);
  if (!out.folder.empty()) {
    std::error_code failed;
    fs::create_directories(out.folder, failed);
    if (failed) return error{errc::io_error, "can't be made: " + failed.message(), out.folder};
    const fs::path folder(out.folder);
    files.emplace_back((folder / csv_name).string(), &job.csv);
    files.emplace_back((folder / "results.json").string(), &json_text);
    files.emplace_back((folder / "report.html").string(), &job.html);
    if (!job.equity_csv.empty()) files.emplace_back((folder / "equity.csv").string(), &job.equity_csv);
    if (!job.logs_csv.empty()) files.emplace_back((folder / "logs.csv").string(), &job.logs_csv);
  }
  bool report = true;
  for (const auto& [path, text] : files) {
    report = report && path != "-";
    if (auto done = put(path, *text); !done) return done;
  }
  return report ? put("-", job.text) : result<void>{};
}

report_head head_of(const backtest::compiled_script* script, const backtest_options& o, const json& body) {
  report_head head;
  head.title = script != nullptr && script->code != nullptr && !script->code->decl.title.empty() ? script->code->decl.title : fs::path(o.script).filename().string();
  head.period = body.value("start_date", "") + " to " + body.value("end_date", "");
  return head;
}

std::size_t threads_of(const backtest_options& o) { return o.threads > 0 ? o.threads : std::max(1U, std::thread::hardware_concurrency()); }

/// The provider of a local run, and what further symbols scripts may ask for.
struct local_data {
  std::optional<file_bars> file;
  node_bars node;
  backtest::bar_provider& provider() { return file ? static_cast<backtest::bar_provider&>(*file) : *node.bars; }
};

result<local_data> open_data(const backtest_options& o, std::optional<file_bars> file) {
  local_data out;
  out.file = std::move(file);
  if (out.file) return out;
  auto node = open_node_bars(o.place, std::chrono::system_clock::now());
  if (!node) return node.error();
  out.node = *std::move(node);
  return out;
}

/// Symbols are those of the instrument list, unless a file brings its own.
backtest::parse_options resolver(const local_data& data) {
  backtest::parse_options out;
  if (const auto master = data.node.master)
    out.resolve = [master](std::string_view name) -> std::optional<std::string> {
      const auto* what = master->find(name);
      return what == nullptr ? std::nullopt : std::optional(what->symbol);
    };
  return out;
}

backtest::runner_options runner_of(const backtest_options& o, progress_line& line, backtest::source_maker data) {
  backtest::runner_options out;
  out.threads = threads_of(o);
  out.cancel = &stop_asked;
  out.engine_version = std::string(version());
  out.data = std::move(data);
  out.progress = [&line](const backtest::job_progress& p) {
    auto what = p.stage;
    if (!p.symbol.empty()) what += " " + p.symbol;
    if (p.total > 0) what += ", " + std::to_string(p.done) + " of " + std::to_string(p.total);
    line.show(p.percent, what);
  };
  return out;
}

std::string token() {
  const char* text = std::getenv("TT_TOKEN"); // NOLINT: no other thread is there yet
  return text == nullptr ? "" : text;
}

/// On a node: what it answers, written as a local run's results are.
int run_on_node(const char* command, const backtest_options& o, remote_kind kind, const prepared_job& job) {
  const interrupt_guard interrupts;
  const remote_job remote{o.node, token(), kind, job.body.dump(-1, ' ', false, json::error_handler_t::replace)};
  result<remote_outcome> done = error{};
  {
    progress_line line(o.show);
    done = run_remote(remote, [&](double percent, const std::string& stage, const std::string& count) { line.show(percent, stage + (count.empty() ? "" : ", " + count)); },
                      stop_asked);
  }
  if (!done) return fail(command, done.error());
  if (done->status != "completed") {
    if (done->results.is_object() && done->results.contains("compile_diagnostics")) print_findings(done->results["compile_diagnostics"], o.script);
    const auto runs = done->results.is_object() ? done->results.value("runs", document::array()) : document::array();
    for (const auto& one : runs)
      if (one.contains("error"))
        std::fprintf(stderr, "%s: %s %s: %s\n", command, one.value("symbol", "").c_str(), one.value("timeframe", "").c_str(), one["error"].value("message", "").c_str());
    std::fprintf(stderr, "%s: %s %s%s%s\n", command, done->id.c_str(), done->status.c_str(), done->error_message.empty() ? "" : ": ", done->error_message.c_str());
    return exit_wrong;
  }
  finished_job out;
  const auto head = head_of(nullptr, o, job.body);
  out.results = done->results;
  if (kind == remote_kind::backtest) {
    out.text = backtest_text(out.results, head);
    out.html = backtest_html(out.results, head);
    out.csv = table_csv(out.results.value("trades", document::array()));
    out.equity_csv = table_csv(out.results.value("equity_curve", document::array()));
  } else {
    out.text = study_text(out.results, head);
    out.html = study_html(out.results, head);
    if (!o.out.csv.empty() || !o.out.folder.empty()) {
      if (auto csv = remote_trials_csv(remote, done->id)) {
        out.csv = std::move(*csv);
      } else {
        auto trials = remote_trials(remote, done->id);
        if (!trials) return fail(command, trials.error());
        out.csv = table_csv(*trials);
      }
    }
  }
  if (auto sent = deliver(out, o.out, kind == remote_kind::backtest ? "trades.csv" : "trials.csv"); !sent) return fail(command, sent.error());
  return 0;
}

json parameter_json(const backtest::parameter& p) {
  using backtest::parameter_kind;
  if (p.kind == parameter_kind::boolean) return {{"type", "bool"}};
  if (p.kind == parameter_kind::choice) return {{"type", "choice"}, {"values", p.values}};
  json out{{"type", p.kind == parameter_kind::integer ? "int" : "float"}, {"min", p.min}, {"max", p.max}};
  if (p.step != 0) out["step"] = p.step;
  if (p.scale == backtest::parameter_scale::logarithmic) out["log"] = true;
  return out;
}

result<void> add_study_fields(const optimize_options& o, json& body) {
  for (const auto& text : o.parameters) {
    auto p = backtest::parameter_space::parse(text);
    if (!p) return error{p.error().code, p.error().message, "--param " + text};
    auto& known = body["parameters"];
    if (known.contains(p->name)) return error{errc::invalid_argument, "the parameter \"" + p->name + "\" is there twice", "--param " + text};
    known[p->name] = parameter_json(*p);
  }
  for (const auto& [name, value] : o.fields) body[name] = bare_value(value);
  if (!o.constraints.empty()) body["constraints"] = o.constraints;
  if (o.sample) body["sample"] = true;
  for (const auto& [name, value] : o.genetic) body["genetic"][name] = bare_value(value);
  for (const auto& [name, value] : o.walk_forward) body["walk_forward"][name] = bare_value(value);
  return {};
}

} // namespace

int run_backtest(const backtest_options& o) {
  constexpr const char* command = "tt backtest";
  auto job = prepare_job(o);
  if (!job) return fail(command, job.error());
  if (!o.node.empty()) return run_on_node(command, o, remote_kind::backtest, *job);
  auto data = open_data(o, std::move(job->file));
  if (!data) return fail(command, data.error());
  const auto asked = backtest::parse_backtest(job->body, resolver(*data));
  if (told_problems(command, asked)) return exit_wrong;
  const auto script = backtest::compile_strategy(job->source, libraries_of(o));
  print_findings(script.findings, job->source, o.script);
  if (script.code == nullptr) return exit_wrong;
  const interrupt_guard interrupts;
  backtest::request_bars further(*asked.value, data->provider());
  result<backtest::job_results> done = error{};
  {
    progress_line line(o.show);
    done = backtest::run_backtest(*asked.value, script, data->provider(), runner_of(o, line, further.source()));
  }
  if (!done) return fail(command, done.error());
  finished_job out;
  const auto head = head_of(&script, o, job->body);
  out.results = done->results();
  out.text = backtest_text(out.results, head);
  out.html = backtest_html(out.results, head);
  out.csv = done->trades_csv();
  out.equity_csv = done->equity_csv();
  out.logs_csv = done->logs_csv();
  if (auto sent = deliver(out, o.out, "trades.csv"); !sent) return fail(command, sent.error());
  if (done->failure()) return fail(command, *done->failure());
  return 0;
}

int run_optimize(const optimize_options& options) {
  constexpr const char* command = "tt optimize";
  const auto& o = options.base;
  auto job = prepare_job(o);
  if (!job) return fail(command, job.error());
  if (auto added = add_study_fields(options, job->body); !added) return fail(command, added.error());
  if (!o.node.empty()) return run_on_node(command, o, remote_kind::study, *job);
  auto data = open_data(o, std::move(job->file));
  if (!data) return fail(command, data.error());
  const auto asked = backtest::parse_study(job->body, resolver(*data));
  if (told_problems(command, asked)) return exit_wrong;
  const auto script = backtest::compile_strategy(job->source, libraries_of(o));
  print_findings(script.findings, job->source, o.script);
  if (script.code == nullptr) return exit_wrong;
  const interrupt_guard interrupts;
  backtest::request_bars further(asked.value->base, data->provider());
  result<backtest::study_ledger> done = error{};
  {
    progress_line line(o.show);
    done = backtest::run_study(*asked.value, script, data->provider(), runner_of(o, line, further.source()));
  }
  if (!done) return fail(command, done.error());
  finished_job out;
  const auto head = head_of(&script, o, job->body);
  out.results = done->results({std::string(version()), script.findings});
  out.text = study_text(out.results, head);
  out.html = study_html(out.results, head);
  out.csv = done->trials_csv();
  if (auto sent = deliver(out, o.out, "trials.csv"); !sent) return fail(command, sent.error());
  return done->best_so_far().is_null() ? exit_wrong : 0;
}

// ---------------------------------------------------------------- the command line

namespace {

using field_map = std::map<std::string, std::string>;

CLI::Option* add_field(CLI::App& app, field_map& fields, const std::string& flag, const std::string& name, const std::string& meaning) {
  return app.add_option_function<std::string>(flag, [&fields, name](const std::string& text) { fields[name] = text; }, meaning);
}

void add_common(CLI::App& app, backtest_options& o) {
  app.add_option("script", o.script, "Pine strategy")->required();
  app.add_option("--symbols,-s", o.symbols, "symbols, separated by commas or given several times")->take_all();
  app.add_option("--timeframe,-t", o.timeframes, "timeframes: 1m 5m 1h 1d …; default 1h")->take_all();
  app.add_option("--from", o.from, "first day, YYYY-MM-DD");
  app.add_option("--to", o.to, "last day, YYYY-MM-DD");
  add_field(app, o.fields, "--capital", "initial_capital", "starting money of each run; default: the script's, else 10000");
  add_field(app, o.fields, "--capital-mode", "capital_mode", "per_run: each symbol and timeframe has its own money; shared: one account for all");
  add_field(app, o.fields, "--commission", "commission", "fee; default: the script's, else 0.01 an order");
  add_field(app, o.fields, "--commission-type", "commission_type", "cash_per_order, percent or cash_per_contract");
  add_field(app, o.fields, "--slippage", "slippage", "slippage of market and stop fills; default: the script's, else 0");
  add_field(app, o.fields, "--slippage-type", "slippage_type", "percent (of the price) or ticks");
  add_field(app, o.fields, "--currency", "currency", "currency of the account");
  add_field(app, o.fields, "--session", "session", "regular or extended hours");
  add_field(app, o.fields, "--warmup", "warmup_bars", "bars before the first day, and before each window of a walk-forward, that the script sees");
  add_field(app, o.fields, "--fills", "fill_model", "when market orders fill: as_declared, next_bar or on_close");
  add_field(app, o.fields, "--data", "data_source", "auto, store or sim");
  add_field(app, o.fields, "--rng-key", "rng_key", "key of everything random");
  app.add_flag_callback("--magnifier", [&o] { o.fields["magnifier"] = "true"; }, "fill orders inside of the bars, by shorter ones");
  app.add_option("--inputs,-i", o.inputs, "JSON file with inputs by title, or name=value; may be repeated")->expected(1)->take_all();
  app.add_option("--libraries", o.libraries, "folder of imports: user/lib/version.pine; default: the script's");
  app.add_option("--bars", o.place.file, "CSV with time,open,high,low,close,volume instead of the data folder");
  app.add_option("--syminfo", o.place.syminfo, "JSON with facts of the CSV's symbol");
  app.add_option("--config,-c", o.place.config_path, "the node's YAML file")->check(CLI::ExistingFile);
  app.add_option_function<std::string>("--data-dir", [&o](const std::string& text) { o.place.overrides["node.data_dir"] = text; }, "the node's data folder");
  app.add_option("--node", o.node, "address of a gateway, http://host:port: its cluster does the work; TT_TOKEN holds the token");
  app.add_option("--threads", o.threads, "threads; default: one per core")->check(CLI::Range(1, 256));
  app.add_option("--csv", o.out.csv, "file for the table of trades, or of trials; - for standard output");
  app.add_option("--json", o.out.json, "file for the results as the API gives them");
  app.add_option("--html", o.out.html, "file for the report as one page");
  app.add_option("--out-dir", o.out.folder, "folder for all of them");
  app.add_flag_callback("--progress", [&o] { o.show = backtest_options::progress::shown; }, "show progress, also where standard error is no terminal");
  app.add_flag_callback("--quiet", [&o] { o.show = backtest_options::progress::quiet; }, "show no progress");
}

} // namespace

backtest_commands add_backtest_commands(CLI::App& app, backtest_options& backtest, optimize_options& optimize) {
  backtest_commands out;
  out.backtest = app.add_subcommand("backtest", "run a strategy over past bars and report how it did");
  add_common(*out.backtest, backtest);
  out.optimize = app.add_subcommand("optimize", "search a strategy's parameters");
  auto& o = optimize;
  add_common(*out.optimize, o.base);
  out.optimize->add_option("--param,-p", o.parameters, "NAME=MIN:MAX[:STEP][:log] or NAME=A|B|C; may be repeated")->expected(1)->take_all()->required();
  add_field(*out.optimize, o.fields, "--method", "method", "grid, random, genetic or walk_forward");
  add_field(*out.optimize, o.fields, "--objective", "objective", "a figure, or arithmetic over figures; default sharpe_ratio");
  add_field(*out.optimize, o.fields, "--direction", "direction", "maximize or minimize");
  add_field(*out.optimize, o.fields, "--max-trials", "max_trials", "most trials of a search; default 1000");
  out.optimize->add_option("--constraint", o.constraints, "such as \"total_trades >= 30\"; may be repeated")->expected(1)->take_all();
  out.optimize->add_flag("--sample", o.sample, "draw --max-trials points of a grid that is larger");
  add_field(*out.optimize, o.genetic, "--population", "population", "genetic: points of a generation");
  add_field(*out.optimize, o.genetic, "--generations", "generations", "genetic: generations");
  add_field(*out.optimize, o.genetic, "--crossover", "crossover", "genetic: share of children with two parents");
  add_field(*out.optimize, o.genetic, "--mutation", "mutation", "genetic: share of values drawn anew");
  add_field(*out.optimize, o.genetic, "--elite", "elite", "genetic: best points that go on unchanged");
  add_field(*out.optimize, o.walk_forward, "--train", "train", "walk_forward: length to optimise on, 90d or bars");
  add_field(*out.optimize, o.walk_forward, "--test", "test", "walk_forward: length to trade behind it");
  add_field(*out.optimize, o.walk_forward, "--step", "step", "walk_forward: from one test to the next; default: the test");
  add_field(*out.optimize, o.walk_forward, "--purge", "purge", "walk_forward: left out between both");
  add_field(*out.optimize, o.walk_forward, "--embargo", "embargo", "walk_forward: left out of later trains behind a test");
  add_field(*out.optimize, o.walk_forward, "--inner", "inner", "walk_forward: grid, random or genetic");
  add_field(*out.optimize, o.walk_forward, "--window-mode", "mode", "walk_forward: rolling or anchored");
  return out;
}

} // namespace tt::cluster
