#include "cluster/pine_command.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/tester/strategy_run.hpp"
#include "cluster/pine_files.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

namespace tt::cluster {

namespace {

namespace fs = std::filesystem;

/// A bar may run this long before the script is stopped, beside the counted steps. Wide, for a busy machine: the steps
/// are what stops an endless loop.
constexpr std::int64_t bar_limit_ns = 2'000'000'000;
/// All bars together may run this long. A run of TradingView ends after 40 seconds; files may hold far more bars than its charts.
constexpr std::int64_t run_limit_ns = 600'000'000'000;
constexpr std::size_t bars_between_progress = 20'000;

int fail(const error& e) {
  std::fprintf(stderr, "tt pine: %s\n", to_string(e).c_str());
  return 2;
}

/// Libraries are user/lib/version.pine below the folder; without one, below the script's own.
pine::compile_options options_for(const std::string& script, const std::string& libraries) {
  pine::compile_options options;
  auto folder = libraries.empty() ? fs::path(script).parent_path() : fs::path(libraries);
  options.library = [folder](const std::string& key) -> std::optional<std::string> {
    auto text = read_text((folder / (key + ".pine")).string());
    return text ? std::optional(*text) : std::nullopt;
  };
  return options;
}

std::string_view level_name(pine::severity level) { return level == pine::severity::error ? "error" : "warning"; }

void print_diagnostics(const pine::diagnostics& found, const std::string& source, const std::string& file) {
  for (const auto& d : found.all()) std::fputs(pine::render(d, source, file).c_str(), stderr);
}

/// One plotted column: which series of which output.
struct column {
  std::string title;
  std::size_t plot, part;
  std::vector<double> values;
};

std::string default_title(pine::plot_kind kind) {
  switch (kind) {
  case pine::plot_kind::shape: return "Shapes";
  case pine::plot_kind::character: return "Chars";
  case pine::plot_kind::arrow: return "Arrows";
  default: return "Plot";
  }
}

std::vector<column> columns_of(const pine::program& code) {
  std::vector<column> out;
  for (std::size_t i = 0; i < code.plots.size(); ++i) {
    const auto& p = code.plots[i];
    if (p.kind > pine::plot_kind::candle) continue;
    const bool prices = p.kind == pine::plot_kind::bar || p.kind == pine::plot_kind::candle;
    const auto title = p.title.empty() ? default_title(p.kind) : p.title;
    for (std::size_t k = 0; k < p.series.size(); ++k) {
      const auto& name = p.series[k].first;
      const bool price = name == "open" || name == "high" || name == "low" || name == "close";
      if (prices ? price : name == "series") out.push_back({prices ? title + ": " + name : title, i, k, {}});
    }
  }
  return out;
}

std::string plot_table(const std::vector<column>& columns, const std::vector<pine::bar>& bars, std::size_t rows) {
  std::string out = "time";
  for (const auto& c : columns) out += "," + csv_cell(c.title);
  out += '\n';
  for (std::size_t b = 0; b < rows; ++b) {
    out += std::to_string(bars[b].time_ms / 1000);
    for (const auto& c : columns) {
      out += ',';
      append_number(out, c.values[b]);
    }
    out += '\n';
  }
  return out;
}

std::string log_table(const std::vector<pine::log_message>& messages) {
  std::string out = "n,message\n";
  std::size_t n = 0;
  for (const auto& m : messages) out += std::to_string(n++) + "," + csv_cell(m.text) + "\n";
  return out;
}

std::string log_lines(const std::vector<pine::log_message>& messages) {
  constexpr std::array<const char*, 3> levels{"info", "warning", "error"};
  std::string out;
  for (const auto& m : messages)
    out += std::to_string(m.time_ms / 1000) + " " + levels[static_cast<std::size_t>(m.level)] + " " + m.text + "\n";
  return out;
}

std::string alert_table(const std::vector<pine::alert_event>& alerts) {
  std::string out = "time,bar,frequency,message\n";
  for (const auto& a : alerts)
    out += std::to_string(a.time_ms / 1000) + "," + std::to_string(a.bar_index) + "," + a.frequency + "," + csv_cell(a.message) + "\n";
  return out;
}

/// Everything a run needs, read from the files.
struct prepared {
  std::string source;
  std::shared_ptr<const pine::program> code;
  pine::run_settings settings;
  pine::memory_source data;
  std::vector<pine::bar> bars, lower_bars;
};

result<pine::timeframe> frame_of(const std::string& text, const std::string& field) {
  if (auto tf = pine::timeframe::parse(text)) return *tf;
  return error{errc::invalid_argument, tt::in_quotes(text) + " isn't a timeframe such as 1, 60, 1D or 1W", field};
}

result<void> add_other(prepared& p, pine::symbol_info symbol, const std::string& tf, const std::string& path, const std::string& field) {
  auto frame = frame_of(tf, field);
  if (!frame) return frame.error();
  auto bars = read_bar_table(path);
  if (!bars) return bars.error();
  p.data.add(std::make_shared<const pine::symbol_info>(std::move(symbol)), *frame, *std::move(bars));
  return {};
}

result<void> add_inputs(prepared& p, const std::vector<std::string>& given) {
  for (const auto& text : given) {
    const auto eq = text.find('=');
    if (eq != std::string::npos && !fs::is_regular_file(text)) {
      p.settings.inputs[text.substr(0, eq)] = text.substr(eq + 1);
      continue;
    }
    auto read = read_inputs(text);
    if (!read) return read.error();
    for (auto& [title, value] : *read) p.settings.inputs[title] = value;
  }
  return {};
}

result<void> add_symbols(prepared& p, const pine_run_options& o) {
  std::string tf = o.timeframe;
  symbol_file facts;
  if (!o.syminfo.empty()) {
    auto read = read_symbol(o.syminfo);
    if (!read) return read.error();
    facts = *std::move(read);
  }
  if (tf.empty()) tf = facts.timeframe.empty() ? "1D" : facts.timeframe;
  auto frame = frame_of(tf, "--timeframe");
  if (!frame) return frame.error();
  p.settings.chart_timeframe = *frame;
  p.settings.symbol = std::make_shared<const pine::symbol_info>(facts.symbol);
  p.settings.inputs = facts.inputs;
  for (const auto& other : facts.others)
    if (auto done = add_other(p, other.symbol, other.timeframe.empty() ? tf : other.timeframe, other.path, o.syminfo); !done) return done.error();
  for (const auto& text : o.bars_for) {
    const auto eq = text.find('=');
    const auto colon = eq == std::string::npos ? eq : text.rfind(':', eq);
    if (colon == std::string::npos || colon == 0) return error{errc::invalid_argument, "expected SYM:TF=FILE, got " + tt::in_quotes(text), "--bars-for"};
    auto symbol = facts.symbol;
    set_ticker(symbol, text.substr(0, colon));
    if (auto done = add_other(p, symbol, text.substr(colon + 1, eq - colon - 1), text.substr(eq + 1), "--bars-for"); !done) return done.error();
  }
  if (facts.lower_bars.empty()) return {};
  auto lower = read_bar_table(facts.lower_bars);
  if (!lower) return lower.error();
  p.lower_bars = *std::move(lower);
  return {};
}

result<void> read_all(prepared& p, const pine_run_options& o) {
  auto bars = read_bar_table(o.bars);
  if (!bars) return bars.error();
  p.bars = *std::move(bars);
  if (auto done = add_symbols(p, o); !done) return done.error();
  if (auto done = add_inputs(p, o.inputs); !done) return done.error();
  if (!o.values.empty())
    if (auto done = read_values(o.values, p.data); !done) return done.error();
  p.data.add(p.settings.symbol, p.settings.chart_timeframe, p.bars);
  p.settings.data = &p.data;
  p.settings.last_bar_index = static_cast<std::int64_t>(p.bars.size()) - 1;
  p.settings.last_bar_time_ms = p.bars.empty() ? 0 : p.bars.back().time_ms;
  p.settings.limit.bar_ns = bar_limit_ns;
  p.settings.limit.run_ns = run_limit_ns;
  p.settings.limit.steps_per_run = pine::limits::run_steps;
  p.settings.limit.clock_ns = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  return {};
}

pine::bar_flags flags_of(const std::vector<pine::bar>& bars, std::size_t b) {
  pine::bar_flags flags;
  flags.last = flags.last_history = b + 1 == bars.size();
  flags.next_time_ms = flags.last ? 0 : bars[b + 1].time_ms;
  return flags;
}

struct outcome {
  std::vector<column> columns;
  std::size_t rows = 0;
  std::optional<pine::runtime_failure> failure;
};

/// An indicator by itself, or a strategy on the broker emulator.
struct running {
  explicit running(const prepared& p) {
    if (p.code->decl.kind != pine::declaration::kind_t::strategy) {
      alone.emplace(p.code, p.settings);
      return;
    }
    pine::tester::tester_options options;
    options.lower_bars = p.lower_bars;
    strategy.emplace(p.code, p.settings, options);
  }
  pine::script& script() { return strategy ? strategy->engine() : *alone; }
  std::optional<pine::runtime_failure> on_bar(const pine::bar& b, const pine::bar_flags& f) { return strategy ? strategy->on_bar(b, f) : alone->on_bar(b, f); }
  std::optional<pine::script> alone;
  std::optional<pine::tester::strategy_run> strategy;
};

/// What the user should know of a run beside its results.
void print_warnings(const pine_run_options& o, const pine::script& script) {
  for (const auto& w : script.warnings()) std::fprintf(stderr, "%s: warning: %s\n", o.script.c_str(), w.c_str());
  if (const auto dropped = script.messages_dropped(); dropped > 0)
    std::fprintf(stderr, "%s: warning: %llu messages of log.* and alert() were not kept: there were too many, or their texts too long\n", o.script.c_str(),
                 static_cast<unsigned long long>(dropped));
}

outcome run_all(running& run, const prepared& p, pine_run_options::progress show) {
  auto& script = run.script();
  outcome out;
  out.columns = columns_of(*p.code);
  for (auto& c : out.columns) c.values.reserve(p.bars.size());
  for (std::size_t b = 0; b < p.bars.size() && !out.failure; ++b) {
    out.failure = run.on_bar(p.bars[b], flags_of(p.bars, b));
    if (out.failure) break;
    for (auto& c : out.columns) c.values.push_back(script.plot_value(c.plot, c.part));
    ++out.rows;
    if (show == pine_run_options::progress::shown && (out.rows % bars_between_progress == 0 || out.rows == p.bars.size()))
      std::fprintf(stderr, "%zu of %zu bars\n", out.rows, p.bars.size());
  }
  return out;
}

/// Text to a file, or to standard output without one.
result<void> deliver(const std::string& path, const std::string& text) {
  if (!path.empty()) return write_text(path, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return error{errc::io_error, "standard output can't be written"};
}

pine_output kind_of(const pine_run_options& o, const prepared& p, const pine::script& script, const outcome& done) {
  if (o.kind != pine_output::automatic) return o.kind;
  if (p.code->decl.kind == pine::declaration::kind_t::strategy) return pine_output::trades;
  return done.columns.empty() && !script.logs().empty() ? pine_output::log : pine_output::plots;
}

result<void> write_all(const pine_run_options& o, const prepared& p, running& run, const outcome& done) {
  const auto& script = run.script();
  switch (kind_of(o, p, script, done)) {
  case pine_output::log:
    if (auto sent = deliver(o.out, log_table(script.logs())); !sent) return sent.error();
    break;
  case pine_output::trades:
    if (!run.strategy) return error{errc::invalid_argument, "only a strategy has trades", "--out-kind"};
    for (const auto& w : run.strategy->warnings()) std::fprintf(stderr, "%s: %s\n", o.script.c_str(), w.c_str());
    if (auto sent = deliver(o.out, pine::tester::trade_table(*run.strategy)); !sent) return sent.error();
    break;
  default:
    if (auto sent = deliver(o.out, plot_table(done.columns, p.bars, done.rows)); !sent) return sent.error();
  }
  if (!o.plots.empty())
    if (auto sent = write_text(o.plots, plot_table(done.columns, p.bars, done.rows)); !sent) return sent.error();
  if (!o.log.empty())
    if (auto sent = write_text(o.log, log_lines(script.logs())); !sent) return sent.error();
  if (!o.alerts.empty())
    if (auto sent = write_text(o.alerts, alert_table(script.alerts())); !sent) return sent.error();
  if (!o.drawings.empty())
    if (auto sent = write_text(o.drawings, script.drawings_json() + "\n"); !sent) return sent.error();
  return {};
}

} // namespace

int run_pine_check(const pine_check_options& o) {
  auto source = read_text(o.script);
  if (!source) return fail(source.error());
  const auto compiled = pine::compile(*source, options_for(o.script, o.libraries));
  if (o.as == pine_check_options::format::text) {
    print_diagnostics(compiled.diags, *source, o.script);
    if (!compiled.diags.has_errors()) std::printf("%s: in order\n", o.script.c_str());
    return compiled.diags.has_errors() ? 1 : 0;
  }
  auto list = nlohmann::json::array();
  for (const auto& d : compiled.diags.all())
    list.push_back({{"severity", level_name(d.level)}, {"code", d.code}, {"message", d.message}, {"line", d.pos.line},
                    {"column", d.pos.column}, {"length", d.pos.length}, {"hint", d.hint}});
  const nlohmann::json all{{"valid", !compiled.diags.has_errors()}, {"diagnostics", list}};
  std::printf("%s\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  return compiled.diags.has_errors() ? 1 : 0;
}

int run_pine(const pine_run_options& o) {
  prepared p;
  auto source = read_text(o.script);
  if (!source) return fail(source.error());
  p.source = *std::move(source);
  auto compiled = pine::compile(p.source, options_for(o.script, o.libraries));
  print_diagnostics(compiled.diags, p.source, o.script);
  if (compiled.code == nullptr) return 1;
  p.code = compiled.code;
  if (auto read = read_all(p, o); !read) return fail(read.error());
  running run(p);
  if (run.script().problem()) {
    std::fprintf(stderr, "%s: %s\n", o.script.c_str(), run.script().problem()->c_str());
    return 1;
  }
  const auto done = run_all(run, p, o.show);
  print_warnings(o, run.script());
  if (auto written = write_all(o, p, run, done); !written) return fail(written.error());
  if (!done.failure) return 0;
  std::fprintf(stderr, "%s:%u: error on bar %lld: %s\n", o.script.c_str(), done.failure->line,
               static_cast<long long>(done.failure->bar_index), done.failure->message.c_str());
  return 1;
}

pine_commands add_pine_commands(CLI::App& app, pine_check_options& check, pine_run_options& run) {
  auto* pine = app.add_subcommand("pine", "Pine Script: check a script, or run it over bars of a CSV");
  pine->require_subcommand(1);
  pine_commands out;
  out.check = pine->add_subcommand("check", "print what is wrong with a script; exit 1 on errors");
  out.check->add_option("script", check.script, "script")->required();
  out.check->add_flag_callback("--json", [&check] { check.as = pine_check_options::format::json; }, "diagnostics as JSON");
  out.check->add_option("--libraries", check.libraries, "folder of imports: user/lib/version.pine; default: the script's");

  out.run = pine->add_subcommand("run", "run a script over the bars of a CSV");
  out.run->add_option("script", run.script, "script")->required();
  out.run->add_option("--bars", run.bars, "CSV with time,open,high,low,close,volume; time in Unix seconds")->required();
  out.run->add_option("--syminfo", run.syminfo, "JSON with the symbol's facts");
  out.run->add_option("--timeframe", run.timeframe, "timeframe of the bars as Pine writes it: 1, 60, 1D");
  out.run->add_option("--inputs", run.inputs, "JSON file with inputs by title, or name=value; may be repeated")->expected(1)->take_all();
  out.run->add_option("--bars-for", run.bars_for, "SYM:TF=FILE, bars for requests; may be repeated")->expected(1)->take_all();
  out.run->add_option("--values", run.values, "CSV kind,key,time,value for request.currency_rate and its like");
  out.run->add_option("--libraries", run.libraries, "folder of imports: user/lib/version.pine; default: the script's");
  out.run->add_option("--out", run.out, "file for the result; default: standard output");
  out.run->add_option("--plots", run.plots, "file for the plot columns, whatever --out holds");
  out.run->add_option("--drawings", run.drawings, "file for lines, labels, boxes, tables as JSON");
  out.run->add_option("--log", run.log, "file for log messages: time, level, text");
  out.run->add_option("--alerts", run.alerts, "file for the texts of alert(): time, bar, frequency, message");
  static const std::map<std::string, pine_output> kinds{{"plots", pine_output::plots}, {"indicator", pine_output::plots},
                                                        {"trades", pine_output::trades}, {"strategy", pine_output::trades},
                                                        {"log", pine_output::log}};
  out.run->add_option("--out-kind", run.kind, "what --out holds: plots, trades or log")->transform(CLI::CheckedTransformer(kinds));
  out.run->add_flag_callback("--progress", [&run] { run.show = pine_run_options::progress::shown; }, "say on standard error how far it is");
  return out;
}

} // namespace tt::cluster
