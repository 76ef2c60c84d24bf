#include "tests/pine/case_runner.hpp"

#include "actors/pine/tester/strategy_run.hpp"
#include "actors/pine/util.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tt::pine::testing {

namespace fs = std::filesystem;
using nlohmann::json;

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string shared_folder() {
  if (const char* env = std::getenv("TT_SHARED"); env != nullptr && fs::exists(env)) return env;
  auto beside = fs::path(TT_SOURCE_DIR) / ".." / "shared";
  return fs::exists(beside) ? beside.string() : "";
}

std::vector<bar> read_bars(const std::string& file) {
  auto text = read_file(file);
  if (text.compare(0, 4, "time") != 0) {
    auto path = text.substr(0, text.find_first_of("\r\n"));
    auto target = fs::path(file).parent_path() / path;
    if (!path.empty() && fs::exists(target)) return read_bars(target.string());
  }
  std::vector<bar> bars;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    double v[6] = {0, na_value, na_value, na_value, na_value, na_value};
    const char* p = line.data();
    const char* end = p + line.size();
    for (double& x : v) {
      auto r = std::from_chars(p, end, x);
      p = r.ptr;
      while (p < end && *p != ',') ++p;
      if (p < end) ++p;
    }
    bars.push_back({static_cast<std::int64_t>(v[0]) * 1000, v[1], v[2], v[3], v[4], v[5]});
  }
  return bars;
}

namespace {

std::shared_ptr<symbol_info> symbol_of(const json& c, const std::string& id) {
  auto s = std::make_shared<symbol_info>();
  auto colon = id.find(':');
  s->prefix = colon == std::string::npos ? "" : id.substr(0, colon);
  s->ticker = colon == std::string::npos ? id : id.substr(colon + 1);
  auto text = [&](const char* key, std::string& to) {
    if (c.contains(key) && c[key].is_string()) to = c[key].get<std::string>();
  };
  auto number = [&](const char* key, double& to) {
    if (c.contains(key) && c[key].is_number()) to = c[key].get<double>();
  };
  text("type", s->type);
  text("currency", s->currency);
  text("basecurrency", s->basecurrency);
  text("timezone", s->timezone);
  text("session", s->session);
  text("volumetype", s->volumetype);
  text("description", s->description);
  number("mintick", s->mintick);
  number("pricescale", s->pricescale);
  number("minmove", s->minmove);
  number("pointvalue", s->pointvalue);
  number("mincontract", s->mincontract);
  return s;
}

case_result run_bars(const std::string& source, const std::string& name, std::vector<bar> bars, run_settings settings,
                     const std::string& library_folder, const std::vector<bar>& lower_bars = {}) {
  case_result r;
  r.bars = std::move(bars);
  compile_options options;
  options.library = [&](const std::string& key) -> std::optional<std::string> {
    auto path = fs::path(library_folder) / (key + ".pine");
    if (library_folder.empty() || !fs::exists(path)) return std::nullopt;
    return read_file(path.string());
  };
  auto compiled = compile(source, options);
  if (compiled.code == nullptr) {
    for (const auto& d : compiled.diags.all()) r.error += render(d, source, name);
    if (r.error.empty()) r.error = "doesn't compile";
    return r;
  }
  memory_source own;
  if (settings.data == nullptr) {
    own.add(settings.symbol, settings.chart_timeframe, r.bars);
    settings.data = &own;
  }
  settings.last_bar_index = static_cast<std::int64_t>(r.bars.size()) - 1;
  settings.last_bar_time_ms = r.bars.empty() ? 0 : r.bars.back().time_ms;
  // whoever gives an account of its own wants no broker beside it
  const bool has_account = settings.account != nullptr || settings.trades != nullptr;
  bool trades = compiled.code->decl.kind == declaration::kind_t::strategy && !has_account;
  std::optional<tester::strategy_run> run;
  std::optional<script> alone;
  tester::tester_options tester;
  tester.lower_bars = lower_bars;
  if (trades) run.emplace(compiled.code, settings, tester);
  else alone.emplace(compiled.code, settings);
  script& s = trades ? run->engine() : *alone;
  if (s.problem()) {
    r.error = *s.problem();
    return r;
  }
  std::vector<std::pair<std::size_t, std::size_t>> where;
  const auto& plots = s.code().plots;
  for (std::size_t i = 0; i < plots.size(); ++i) {
    if (plots[i].kind > plot_kind::candle) continue;
    for (std::size_t k = 0; k < plots[i].series.size(); ++k) {
      const auto& part = plots[i].series[k].first;
      bool prices = plots[i].kind == plot_kind::bar || plots[i].kind == plot_kind::candle;
      if (part != "series" && !(prices && (part == "open" || part == "high" || part == "low" || part == "close"))) continue;
      auto title = plots[i].title.empty() ? "Plot" : plots[i].title;
      r.titles.push_back(prices ? title + ": " + part : title);
      where.emplace_back(i, k);
    }
  }
  r.columns.resize(r.titles.size());
  for (std::size_t b = 0; b < r.bars.size(); ++b) {
    bar_flags flags;
    flags.last = b + 1 == r.bars.size();
    flags.last_history = flags.last;
    flags.next_time_ms = flags.last ? 0 : r.bars[b + 1].time_ms;
    if (auto failed = trades ? run->on_bar(r.bars[b], flags) : s.on_bar(r.bars[b], flags)) {
      r.error = name + ":" + std::to_string(failed->line) + ": bar " + std::to_string(failed->bar_index) + ": " + failed->message;
      break;
    }
    for (std::size_t k = 0; k < where.size(); ++k) r.columns[k].push_back(s.plot_value(where[k].first, where[k].second));
  }
  r.logs = s.logs();
  r.alerts = s.alerts();
  r.drawings = s.drawings_json();
  if (trades) r.trades = tester::trade_table(*run);
  return r;
}

std::string in_quotes(const std::string& s) {
  if (s.find_first_of(",\"\n") == std::string::npos) return s;
  std::string out = "\"";
  for (char c : s) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

} // namespace

case_result run_case(const case_options& o) {
  run_settings settings;
  memory_source source;
  auto tf = o.timeframe;
  auto bars = read_bars(o.bars);
  std::vector<bar> lower;
  if (!o.syminfo.empty()) {
    auto c = json::parse(read_file(o.syminfo), nullptr, false);
    if (c.is_discarded()) {
      case_result bad;
      bad.error = o.syminfo + " isn't JSON";
      return bad;
    }
    settings.symbol = symbol_of(c, c.value("symbol", std::string("SYM")));
    if (tf.empty()) tf = c.value("timeframe", std::string("1D"));
    if (c.contains("sub_bars"))
      lower = read_bars((fs::path(o.syminfo).parent_path() / c["sub_bars"].value("file", std::string())).string());
    if (c.contains("inputs"))
      for (const auto& [title, v] : c["inputs"].items()) settings.inputs[title] = v.is_string() ? v.get<std::string>() : v.dump();
    if (c.contains("extra_symbols"))
      for (const auto& [id, e] : c["extra_symbols"].items()) {
        auto merged = c;
        merged.update(e);
        auto file = fs::path(o.syminfo).parent_path() / e.value("file", std::string());
        source.add(symbol_of(merged, id), *timeframe::parse(e.value("timeframe", tf)), read_bars(file.string()));
      }
  }
  settings.chart_timeframe = timeframe::parse(tf.empty() ? "1D" : tf).value_or(timeframe{});
  for (const auto& [k, v] : o.inputs) settings.inputs[k] = v;
  for (const auto& [id, file] : o.other_bars) {
    auto colon = id.rfind(':');
    auto info = std::make_shared<symbol_info>(*settings.symbol);
    auto symbol = id.substr(0, colon);
    auto split = symbol.find(':');
    info->prefix = split == std::string::npos ? "" : symbol.substr(0, split);
    info->ticker = split == std::string::npos ? symbol : symbol.substr(split + 1);
    source.add(info, timeframe::parse(id.substr(colon + 1)).value_or(settings.chart_timeframe), read_bars(file));
  }
  source.add(settings.symbol, settings.chart_timeframe, bars);
  settings.data = &source;
  return run_bars(read_file(o.script), o.script, std::move(bars), std::move(settings), o.library_folder, lower);
}

case_result run_source(const std::string& text, const std::vector<bar>& bars, const std::string& tf, run_settings settings) {
  settings.chart_timeframe = *timeframe::parse(tf);
  return run_bars(text, "script", bars, std::move(settings), std::string(TT_SOURCE_DIR) + "/tests/pine/library");
}

std::string plots_csv(const case_result& r) {
  std::string out = "time";
  for (const auto& t : r.titles) out += "," + in_quotes(t);
  out += "\n";
  auto rows = r.columns.empty() ? r.bars.size() : r.columns[0].size();
  for (std::size_t b = 0; b < rows; ++b) {
    out += std::to_string(r.bars[b].time_ms / 1000);
    for (const auto& c : r.columns) {
      out += ',';
      if (std::isnan(c[b])) continue;
      char buffer[40];
      auto end = std::to_chars(buffer, buffer + sizeof buffer, c[b]).ptr;
      out.append(buffer, end);
    }
    out += '\n';
  }
  return out;
}

std::string log_csv(const case_result& r) {
  std::string out = "n,message\n";
  std::size_t n = 0;
  for (const auto& m : r.logs) out += std::to_string(n++) + "," + in_quotes(m.text) + "\n";
  return out;
}

} // namespace tt::pine::testing
