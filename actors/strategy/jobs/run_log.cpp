#include "actors/strategy/jobs/run_log.hpp"

#include "actors/storage/sqlite_statement.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace tt::strategy {

namespace {

class statement : public sqlite_statement<statement> {
public:
  statement(sqlite3* db, std::string_view sql) : sqlite_statement(db, sql) {}
  int go() { return step(); }
  [[nodiscard]] std::string column_text(int i) const {
    const auto* text = sqlite3_column_text(handle(), i);
    return text ? std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(handle(), i))) : std::string();
  }
  [[nodiscard]] std::int64_t column_number(int i) const { return sqlite3_column_int64(handle(), i); }
};

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS job_runs (
  run_id TEXT PRIMARY KEY, strategy_id TEXT NOT NULL, content_hash TEXT NOT NULL, slot_ns INTEGER NOT NULL, started_ns INTEGER NOT NULL,
  finished_ns INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL, report TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS job_runs_by_strategy ON job_runs (strategy_id, slot_ns);
CREATE TABLE IF NOT EXISTS job_memory (strategy_id TEXT PRIMARY KEY, value TEXT NOT NULL);
)";

std::int64_t ns(utc_time t) { return t.time_since_epoch().count(); }

} // namespace

std::string_view to_string(job_run_state state) {
  static constexpr std::array<std::string_view, 6> names{"running", "done", "failed", "skipped", "timed_out", "interrupted"};
  return names[static_cast<std::size_t>(state)];
}

run_log::~run_log() { sqlite3_close(db_); }

error run_log::failure() const { return {errc::io_error, std::string("the log of job runs: ") + sqlite3_errmsg(db_), "job_runs"}; }

result<void> run_log::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

result<std::unique_ptr<run_log>> run_log::open(const std::string& path) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<run_log> out(new run_log(db));
  if (code != SQLITE_OK) return error{errc::io_error, db ? sqlite3_errmsg(db) : "can't be opened", path};
  sqlite3_busy_timeout(db, 5'000);
  for (const char* sql : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", schema})
    if (auto done = out->run(sql); !done) return done.error();
  statement orphans(db, "UPDATE job_runs SET state = ? WHERE state = ?");
  if (orphans.number(static_cast<int>(job_run_state::interrupted)).number(static_cast<int>(job_run_state::running)).go() != SQLITE_DONE) return out->failure();
  return out;
}

result<bool> run_log::claim(const run_record& r) {
  statement s(db_, "INSERT OR IGNORE INTO job_runs (run_id, strategy_id, content_hash, slot_ns, started_ns, state) VALUES (?, ?, ?, ?, ?, ?)");
  if (s.text(r.run_id).text(r.strategy_id).text(r.content_hash).number(ns(r.slot)).number(ns(r.started)).number(static_cast<int>(job_run_state::running)).go() != SQLITE_DONE)
    return failure();
  return sqlite3_changes(db_) == 1;
}

result<void> run_log::finish(const std::string& run_id, job_run_state state, utc_time at, const std::string& report) {
  const std::string kept = report.size() <= limits::run_report_bytes ? report : R"({"message":"the report was too long to keep"})";
  statement s(db_, "UPDATE job_runs SET state = ?, finished_ns = ?, report = ? WHERE run_id = ?");
  if (s.number(static_cast<int>(state)).number(ns(at)).text(kept).text(run_id).go() != SQLITE_DONE) return failure();
  return {};
}

result<std::vector<run_record>> run_log::runs(const std::string& strategy_id, std::size_t limit) {
  statement s(db_, "SELECT run_id, strategy_id, content_hash, slot_ns, started_ns, finished_ns, state, report FROM job_runs WHERE strategy_id = ? ORDER BY slot_ns DESC LIMIT ?");
  s.text(strategy_id).number(static_cast<std::int64_t>(limit));
  std::vector<run_record> out;
  int code = 0;
  while ((code = s.go()) == SQLITE_ROW) {
    run_record r;
    r.run_id = s.column_text(0), r.strategy_id = s.column_text(1), r.content_hash = s.column_text(2);
    r.slot = utc_time{nanoseconds{s.column_number(3)}}, r.started = utc_time{nanoseconds{s.column_number(4)}};
    if (s.column_number(5) != 0) r.finished = utc_time{nanoseconds{s.column_number(5)}};
    r.state = static_cast<job_run_state>(std::min<std::int64_t>(s.column_number(6), 5)), r.report = s.column_text(7);
    out.push_back(std::move(r));
  }
  if (code != SQLITE_DONE) return failure();
  return out;
}

result<run_memory> run_log::memory(const std::string& strategy_id) {
  statement s(db_, "SELECT value FROM job_memory WHERE strategy_id = ?");
  const int code = s.text(strategy_id).go();
  run_memory out;
  if (code == SQLITE_DONE) return out;
  if (code != SQLITE_ROW) return failure();
  const auto parsed = nlohmann::json::parse(s.column_text(0), nullptr, false);
  if (parsed.is_object())
    for (const auto& [symbol, runs] : parsed.items())
      if (runs.is_number_integer()) out.missing_exits[symbol] = runs.get<int>();
  return out;
}

result<void> run_log::keep_memory(const std::string& strategy_id, const run_memory& memory) {
  auto text = nlohmann::json::object();
  for (const auto& [symbol, runs] : memory.missing_exits) text[symbol] = runs;
  statement s(db_, "INSERT INTO job_memory (strategy_id, value) VALUES (?, ?) ON CONFLICT (strategy_id) DO UPDATE SET value = excluded.value");
  if (s.text(strategy_id).text(text.dump()).go() != SQLITE_DONE) return failure();
  return {};
}

result<void> run_log::prune(utc_time now) {
  statement s(db_, "DELETE FROM job_runs WHERE slot_ns < ?");
  if (s.number(ns(now - limits::kept_runs)).go() != SQLITE_DONE) return failure();
  return {};
}

} // namespace tt::strategy
