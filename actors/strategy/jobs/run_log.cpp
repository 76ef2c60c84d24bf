#include "actors/strategy/jobs/run_log.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace tt::strategy {

namespace {

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS job_runs (
  run_id TEXT PRIMARY KEY, strategy_id TEXT NOT NULL, content_hash TEXT NOT NULL, slot_ns INTEGER NOT NULL, started_ns INTEGER NOT NULL,
  finished_ns INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL, report TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS job_runs_by_strategy ON job_runs (strategy_id, slot_ns);
CREATE TABLE IF NOT EXISTS job_memory (strategy_id TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS job_switches (
  strategy_id TEXT PRIMARY KEY, state INTEGER NOT NULL, reason TEXT NOT NULL, author TEXT NOT NULL, at_ns INTEGER NOT NULL, content_hash TEXT NOT NULL);
)";

std::int64_t ns(utc_time t) { return t.time_since_epoch().count(); }

} // namespace

std::string_view to_string(job_run_state state) {
  static constexpr std::array<std::string_view, 6> names{"running", "done", "failed", "skipped", "timed_out", "interrupted"};
  return names[static_cast<std::size_t>(state)];
}

namespace {

error told(const error& why) { return {why.code, "the log of job runs: " + why.message, why.field}; }

result<void> told(const result<void>& done) {
  if (!done) return told(done.error());
  return {};
}

} // namespace

result<std::unique_ptr<run_log>> run_log::open(const std::string& path) { return open(sql_place{.name = "jobs", .file = path}); }

result<std::unique_ptr<run_log>> run_log::open(const sql_place& place) {
  auto db = sql_database::open(place);
  if (!db) return told(db.error());
  std::unique_ptr<run_log> out(new run_log(std::move(*db)));
  if (auto made = out->db_->script(schema); !made) return told(made.error());
  sql_statement orphans(*out->db_, "UPDATE job_runs SET state = ? WHERE state = ?");
  auto marked = orphans.number(static_cast<int>(job_run_state::interrupted)).number(static_cast<int>(job_run_state::running)).run();
  if (!marked) return told(marked.error());
  return out;
}

result<bool> run_log::claim(const run_record& r) {
  sql_statement s(*db_, "INSERT INTO job_runs (run_id, strategy_id, content_hash, slot_ns, started_ns, state) VALUES (?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT (run_id) DO NOTHING");
  s.text(r.run_id).text(r.strategy_id).text(r.content_hash).number(ns(r.slot)).number(ns(r.started)).number(static_cast<int>(job_run_state::running));
  if (auto done = s.run(); !done) return told(done.error());
  return s.changes() == 1;
}

result<void> run_log::finish(const std::string& run_id, job_run_state state, utc_time at, const std::string& report) {
  const std::string kept = report.size() <= limits::run_report_bytes ? report : R"({"message":"the report was too long to keep"})";
  sql_statement s(*db_, "UPDATE job_runs SET state = ?, finished_ns = ?, report = ? WHERE run_id = ?");
  return told(s.number(static_cast<int>(state)).number(ns(at)).text(kept).text(run_id).run());
}

result<std::vector<run_record>> run_log::runs(const std::string& strategy_id, std::size_t limit) {
  sql_statement s(*db_, "SELECT run_id, strategy_id, content_hash, slot_ns, started_ns, finished_ns, state, report FROM job_runs WHERE strategy_id = ? "
                        "ORDER BY slot_ns DESC LIMIT ?");
  s.text(strategy_id).number(static_cast<std::int64_t>(limit));
  std::vector<run_record> out;
  while (s.row()) {
    run_record r;
    r.run_id = s.text_at(0), r.strategy_id = s.text_at(1), r.content_hash = s.text_at(2);
    r.slot = utc_time{nanoseconds{s.number_at(3)}}, r.started = utc_time{nanoseconds{s.number_at(4)}};
    if (s.number_at(5) != 0) r.finished = utc_time{nanoseconds{s.number_at(5)}};
    r.state = static_cast<job_run_state>(std::min<std::int64_t>(s.number_at(6), 5)), r.report = s.text_at(7);
    out.push_back(std::move(r));
  }
  if (auto read = s.ended(); !read) return told(read.error());
  return out;
}

result<run_memory> run_log::memory(const std::string& strategy_id) {
  sql_statement s(*db_, "SELECT value FROM job_memory WHERE strategy_id = ?");
  run_memory out;
  if (!s.text(strategy_id).row()) {
    if (auto read = s.ended(); !read) return told(read.error());
    return out;
  }
  const auto parsed = nlohmann::json::parse(s.text_at(0), nullptr, false);
  if (parsed.is_object())
    for (const auto& [symbol, runs] : parsed.items())
      if (runs.is_number_integer()) out.missing_exits[symbol] = runs.get<int>();
  return out;
}

result<void> run_log::keep_memory(const std::string& strategy_id, const run_memory& memory) {
  auto text = nlohmann::json::object();
  for (const auto& [symbol, runs] : memory.missing_exits) text[symbol] = runs;
  sql_statement s(*db_, "INSERT INTO job_memory (strategy_id, value) VALUES (?, ?) ON CONFLICT (strategy_id) DO UPDATE SET value = excluded.value");
  return told(s.text(strategy_id).text(text.dump()).run());
}

result<void> run_log::keep_switch(const job_switch_row& row) {
  sql_statement s(*db_, "INSERT INTO job_switches (strategy_id, state, reason, author, at_ns, content_hash) VALUES (?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT (strategy_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, author = excluded.author, "
                        "at_ns = excluded.at_ns, content_hash = excluded.content_hash");
  s.text(row.strategy_id).number(static_cast<int>(row.state)).text(row.reason).text(row.author).number(ns(row.at)).text(row.content_hash);
  return told(s.run());
}

result<std::vector<job_switch_row>> run_log::switches() {
  sql_statement s(*db_, "SELECT strategy_id, state, reason, author, at_ns, content_hash FROM job_switches ORDER BY strategy_id");
  std::vector<job_switch_row> out;
  while (s.row())
    out.push_back({s.text_at(0), s.number_at(1) == static_cast<int>(job_state::enabled) ? job_state::enabled : job_state::disabled, s.text_at(2), s.text_at(3),
                   utc_time{nanoseconds{s.number_at(4)}}, s.text_at(5)});
  if (auto read = s.ended(); !read) return told(read.error());
  return out;
}

result<void> run_log::prune(utc_time now) {
  sql_statement s(*db_, "DELETE FROM job_runs WHERE slot_ns < ?");
  return told(s.number(ns(now - limits::kept_runs)).run());
}

} // namespace tt::strategy
