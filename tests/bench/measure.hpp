#pragma once

// What the benchmarks that print their own figures share: percentiles, and the
// JSON that report.py reads.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tt::bench {

using steady = std::chrono::steady_clock;

/// Nanoseconds of the steady clock: the stamp that generated ticks carry.
inline std::int64_t steady_ns() { return steady::now().time_since_epoch().count(); }

inline double seconds_since(steady::time_point begin) { return std::chrono::duration<double>(steady::now() - begin).count(); }

/// Durations of one kind, in nanoseconds.
class samples {
public:
  void add(std::int64_t ns) { values_.push_back(ns); }
  void reserve(std::size_t n) { values_.reserve(n); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

  /// The p-quantile (0..1, nearest rank) in milliseconds; 0 without samples.
  [[nodiscard]] double quantile_ms(double p) const {
    if (values_.empty()) return 0;
    auto copy = values_;
    const auto rank = std::min(copy.size() - 1, static_cast<std::size_t>(p * static_cast<double>(copy.size())));
    std::nth_element(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(rank), copy.end());
    return static_cast<double>(copy[rank]) / 1e6;
  }

private:
  std::vector<std::int64_t> values_;
};

/// The figures and checks of one run. A figure is named by an id that report.py
/// knows ("replay.ticks_per_s"); its unit stands there.
class record {
public:
  void figure(const std::string& id, double value) {
    figures_.emplace_back(id, value);
    std::fprintf(stderr, "  %-38s %14.3f\n", id.c_str(), value);
  }
  void quantiles(const std::string& id, const samples& of) {
    figure(id + ".p50_ms", of.quantile_ms(0.50));
    figure(id + ".p99_ms", of.quantile_ms(0.99));
    figure(id + ".p999_ms", of.quantile_ms(0.999));
    figure(id + ".count", static_cast<double>(of.size()));
  }
  /// Something that must hold for the figures to mean anything.
  void check(const std::string& id, bool holds, const std::string& detail) {
    checks_.push_back({id, holds, detail});
    std::fprintf(stderr, "  %-38s %s: %s\n", id.c_str(), holds ? "holds" : "FAILS", detail.c_str());
  }
  [[nodiscard]] bool all_hold() const {
    return std::ranges::all_of(checks_, [](const auto& one) { return one.holds; });
  }

  /// {"figures":{id:value},"checks":[{"id","holds","detail"}]}; ids and details
  /// hold nothing that JSON would have to escape.
  [[nodiscard]] std::string to_json() const {
    std::string out = "{\"figures\":{";
    char number[40];
    for (const auto& [id, value] : figures_) {
      std::snprintf(number, sizeof number, "%.6g", value);
      out += (out.back() == '{' ? "\"" : ",\"") + id + "\":" + number;
    }
    out += "},\"checks\":[";
    for (const auto& one : checks_)
      out += std::string(out.back() == '[' ? "" : ",") + "{\"id\":\"" + one.id + "\",\"holds\":" + (one.holds ? "true" : "false")
             + ",\"detail\":\"" + one.detail + "\"}";
    return out + "]}\n";
  }

private:
  struct outcome {
    std::string id;
    bool holds;
    std::string detail;
  };
  std::vector<std::pair<std::string, double>> figures_;
  std::vector<outcome> checks_;
};

/// What a program that prints its own figures may be told.
struct options {
  bool quick = false;
  std::string json; ///< file for the figures; empty: standard output
  std::string only; ///< name of the one part that is run; empty: all
};

/// Ends the process where a word is none that it knows.
inline options read_options(int argc, char** argv) {
  options out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") out.quick = true;
    else if (word == "--json" && i + 1 < argc) out.json = argv[++i];
    else if (word == "--only" && i + 1 < argc) out.only = argv[++i];
    else {
      std::fprintf(stderr, "benchmark: unknown option %s\n", word.c_str());
      std::exit(1);
    }
  }
  return out;
}

/// Writes the figures where they are wanted; gives the exit code.
inline int finish(const record& of, const options& how) {
  if (how.json.empty()) std::fputs(of.to_json().c_str(), stdout);
  else std::ofstream(how.json) << of.to_json();
  return of.all_hold() ? 0 : 1;
}

} // namespace tt::bench
