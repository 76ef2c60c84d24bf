#pragma once
// Job files for tests: the shipped ones, and a small one whose parts a test replaces.

#include "actors/strategy/jobs/job_plan.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tt::strategy {

inline const instrument_master& shipped_instruments() {
  static const auto master = *instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  return master;
}

inline check_context test_context() {
  check_context c;
  c.instruments = &shipped_instruments();
  c.now = *parse_iso8601("2026-01-02T00:00:00Z");
  return c;
}

inline std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline std::string shown(const std::vector<finding>& findings) {
  std::string out;
  for (const auto& f : findings) out += to_string(f) + "\n";
  return out;
}

/// The code of each finding, warnings with a "w" in front. What this build does not act on is left out: the shipped jobs
/// have such keys, and a test of its own.
inline std::string codes(const std::vector<finding>& findings) {
  std::string out;
  for (const auto& f : findings)
    if (f.code != finding_code::not_applied)
    out += (out.empty() ? "" : " ") + std::string(f.level == severity::warning ? "w:" : "") + std::string(to_string(f.code));
  return out;
}

inline std::shared_ptr<const job_plan> plan_of(const std::string& text, const check_context& context = test_context()) {
  auto checked = check_job(text, "test.yml", {}, context);
  EXPECT_TRUE(checked.plan) << shown(checked.findings);
  return checked.plan;
}

inline std::shared_ptr<const job_plan> shipped_plan(const std::string& name) {
  auto checked = check_job(file_text(TT_SOURCE_DIR "/config/strategies/" + name + ".yml"), name + ".yml", {}, test_context());
  EXPECT_TRUE(checked.plan) << shown(checked.findings);
  EXPECT_EQ(codes(checked.findings), "") << shown(checked.findings);
  return checked.plan;
}

/// A job that passes. Tests put other text in the place of one of its lines.
inline const std::string small_job = R"yaml(schema: 2
name: small
schedule: {every: 5m, align: bar_close, session: regular}
job:
  type: strategy
  strategy_id: small_v1
  parameters: {symbols: [AAPL, MSFT], position_size: 0.1, stop_loss: 0.03, take_profit: 0.06, max_positions: 2}
  data_sources: [{name: history, kind: bars, resolution: "5", lookback_periods: 60}]
  conditions:
    entry_long: ["close > sma(3)"]
    exit_long: ["close < sma(3)"]
)yaml";

inline std::string with(std::string text, const std::string& line, const std::string& instead) {
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), instead);
}

} // namespace tt::strategy
