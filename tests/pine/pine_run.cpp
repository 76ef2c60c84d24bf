/// pine_run SCRIPT --bars BARS.csv [--syminfo CASE.json] [--timeframe TF] [--input NAME=VALUE]...
///          [--bars-for SYM:TF=FILE]... [--libraries FOLDER] [--out OUT.csv] [--drawings OUT.json]
///          [--out-kind plots|log]
/// pine_run --list-builtins     name TAB f|v|c of every built-in
/// The conformance kit's command:
///   compare.py --cmd 'pine_run {script} --bars {bars} --syminfo {case} --out {out} --kind {kind}'

#include "tests/pine/case_runner.hpp"

#include "actors/pine/registry.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  using namespace tt::pine::testing;
  case_options o;
  std::string out, drawings, plots, kind = "plots";
  for (int i = 1; i < argc; ++i) {
    std::string_view a = argv[i];
    auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    auto pair = [&](std::map<std::string, std::string>& to) {
      auto v = value();
      auto eq = v.find('=');
      to[v.substr(0, eq)] = eq == std::string::npos ? "" : v.substr(eq + 1);
    };
    if (a == "--list-builtins") {
      for (const auto& [name, what] : tt::pine::registry::get().listing()) std::cout << name << '\t' << what << '\n';
      return 0;
    }
    if (a == "--bars") o.bars = value();
    else if (a == "--syminfo") o.syminfo = value();
    else if (a == "--timeframe") o.timeframe = value();
    else if (a == "--input") pair(o.inputs);
    else if (a == "--bars-for") pair(o.other_bars);
    else if (a == "--libraries") o.library_folder = value();
    else if (a == "--out") out = value();
    else if (a == "--drawings") drawings = value();
    else if (a == "--plots") plots = value();
    else if (a == "--out-kind" || a == "--kind") kind = value();
    else if (a.substr(0, 2) == "--") {
      std::cerr << "unknown option " << a << '\n';
      return 2;
    } else o.script = a;
  }
  if (o.script.empty() || o.bars.empty()) {
    std::cerr << "usage: pine_run SCRIPT --bars BARS.csv [--syminfo CASE.json] [--out OUT.csv] [--out-kind plots|log]\n";
    return 2;
  }
  auto r = run_case(o);
  if (kind == "strategy" || kind == "trades") {
    if (!plots.empty()) std::ofstream(plots) << plots_csv(r);
  }
  auto text = kind == "log" ? log_csv(r) : kind == "strategy" || kind == "trades" ? r.trades : plots_csv(r);
  if (out.empty()) std::cout << text;
  else std::ofstream(out) << text;
  if (!drawings.empty()) std::ofstream(drawings) << r.drawings;
  if (r.error.empty()) return 0;
  std::cerr << r.error << '\n';
  return 1;
}
