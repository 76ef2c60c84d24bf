#include "actors/backtest/job_store.hpp"

#include "actors/storage/lines.hpp"
#include "actors/storage/sqlite_statement.hpp"

#include <algorithm>
#include <filesystem>

namespace tt::backtest {

namespace {

constexpr int schema_version = 1;
/// Wait for another connection that writes, in ms.
constexpr int busy_timeout_ms = 5'000;
constexpr std::int64_t no_time = -1;

constexpr const char* schema = R"sql(
CREATE TABLE jobs(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, state INTEGER NOT NULL,
  owner TEXT NOT NULL, request TEXT NOT NULL, symbols TEXT NOT NULL, symbols_total INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL, error TEXT NOT NULL, diagnostics TEXT NOT NULL,
  trials_done INTEGER NOT NULL, trials_total INTEGER NOT NULL, best TEXT NOT NULL, progress REAL NOT NULL);
CREATE INDEX jobs_by_state ON jobs(state, number);
CREATE TABLE series(job INTEGER NOT NULL, place INTEGER NOT NULL, hash TEXT NOT NULL, bytes INTEGER NOT NULL, bars INTEGER NOT NULL,
  PRIMARY KEY(job, place)) WITHOUT ROWID;
CREATE TABLE extras(job INTEGER NOT NULL, symbol TEXT NOT NULL, frame TEXT NOT NULL, hash TEXT NOT NULL, bytes INTEGER NOT NULL,
  bars INTEGER NOT NULL, PRIMARY KEY(job, symbol, frame)) WITHOUT ROWID;
CREATE TABLE parts(job INTEGER NOT NULL, key INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(job, key));
PRAGMA user_version = 1;
)sql";

constexpr std::string_view columns =
  "number, id, kind, state, owner, symbols, symbols_total, created_ms, started_ms, finished_ms, error, diagnostics, trials_done, "
  "trials_total, best, progress";

std::int64_t to_column(const std::optional<utc_time>& t) { return t ? unix_ms(*t) : no_time; }
std::optional<utc_time> from_column(std::int64_t ms) { return ms == no_time ? std::nullopt : std::optional{from_unix_ms(ms)}; }

} // namespace

/// Bind in order, then step. Columns are read in order too.
class job_store::statement : public sqlite_statement<statement> {
public:
  statement(job_store& store, std::string_view sql) : sqlite_statement(store.db_, sql), store_(store) {}

  using sqlite_statement::number;
  statement& number(std::uint64_t value) { return number(static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX))); }

  /// Whether there is a row to look at.
  bool row() {
    column_ = 0;
    return step() == SQLITE_ROW;
  }
  /// Runs to the end. Errors: io_error.
  result<void> run(std::string_view doing) {
    while (row()) {}
    return done(doing);
  }
  [[nodiscard]] result<void> done(std::string_view doing) const {
    if (code() == SQLITE_DONE) return {};
    return store_.failure(doing);
  }
  [[nodiscard]] bool refused_twin() const { return code() == SQLITE_CONSTRAINT; }

  std::string take_text() {
    const auto* data = sqlite3_column_blob(handle(), column_);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column_++));
    return data == nullptr ? std::string{} : std::string(static_cast<const char*>(data), size);
  }
  std::int64_t take_number() { return sqlite3_column_int64(handle(), column_++); }
  std::uint64_t take_count() { return static_cast<std::uint64_t>(take_number()); }
  double take_real() { return sqlite3_column_double(handle(), column_++); }

private:
  job_store& store_;
  int column_ = 0;
};

error job_store::failure(std::string_view doing) const {
  return {errc::io_error, "the store of jobs can't " + std::string(doing) + ": " + sqlite3_errmsg(db_), "data_dir"};
}

result<void> job_store::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure("be used");
  return {};
}

result<std::unique_ptr<job_store>> job_store::open(const std::string& folder) {
  std::string path = ":memory:";
  if (!folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return error{errc::io_error, "can't make " + folder + ": " + failed.message(), "data_dir"};
    path = (std::filesystem::path(folder) / "jobs.sqlite").string();
  }
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  std::unique_ptr<job_store> out(new job_store(db));
  if (code != SQLITE_OK) return error{errc::io_error, "can't open " + path + ": " + sqlite3_errstr(code), path};
  sqlite3_busy_timeout(db, busy_timeout_ms);
  if (auto made = out->create_schema(); !made) return made.error();
  return out;
}

job_store::~job_store() { sqlite3_close(db_); }

result<void> job_store::create_schema() {
  for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"})
    if (auto done = execute(pragma); !done) return done;
  std::int64_t version = 0;
  {
    statement ask(*this, "PRAGMA user_version");
    if (ask.row()) version = ask.take_number();
  }
  if (version == schema_version) return {};
  if (version != 0) return error{errc::corrupt_data, "jobs.sqlite was written by another version of the program", "data_dir"};
  return transaction([this] { return execute(schema); });
}

result<void> job_store::transaction(const std::function<result<void>()>& work) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = work();
  if (done) done = execute("COMMIT");
  if (!done && sqlite3_get_autocommit(db_) == 0) static_cast<void>(execute("ROLLBACK"));
  return done;
}

// -- jobs -------------------------------------------------------------------------

result<std::uint64_t> job_store::add(const stored_job& job) {
  statement insert(*this,
                   "INSERT INTO jobs(id, kind, state, owner, request, symbols, symbols_total, created_ms, started_ms, finished_ms, error, "
                   "diagnostics, trials_done, trials_total, best, progress) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  insert.text(job.id).number(static_cast<std::int64_t>(job.kind)).number(static_cast<std::int64_t>(job.state)).text(job.owner);
  insert.text(job.request).text(join_lines(job.symbols)).number(std::uint64_t{job.symbols_total}).number(unix_ms(job.created));
  insert.number(to_column(job.started)).number(to_column(job.finished)).text(job.error_message).text(job.diagnostics);
  insert.number(job.trials_done).number(job.trials_total).text(job.best).real(job.progress);
  if (auto done = insert.run("add a job"); !done) {
    if (insert.refused_twin()) return error{errc::conflict, "there is a job " + job.id + " already", "id"};
    return done.error();
  }
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(db_));
}

result<void> job_store::update(const stored_job& job) {
  statement change(*this,
                   "UPDATE jobs SET state=?, started_ms=?, finished_ms=?, error=?, diagnostics=?, trials_done=?, trials_total=?, best=?, "
                   "progress=?, symbols_total=? WHERE number=?");
  change.number(static_cast<std::int64_t>(job.state)).number(to_column(job.started)).number(to_column(job.finished));
  change.text(job.error_message).text(job.diagnostics).number(job.trials_done).number(job.trials_total).text(job.best);
  change.real(job.progress).number(std::uint64_t{job.symbols_total}).number(job.number);
  if (auto done = change.run("change a job"); !done) return done;
  if (sqlite3_changes(db_) == 0) return error{errc::not_found, "no job " + job.id, "id"};
  return {};
}

stored_job job_store::read_job(statement& row) const {
  stored_job out;
  out.number = row.take_count();
  out.id = row.take_text();
  out.kind = static_cast<job_kind>(row.take_number());
  out.state = static_cast<job_state>(row.take_number());
  out.owner = row.take_text();
  out.symbols = split_lines(row.take_text());
  out.symbols_total = static_cast<std::uint32_t>(row.take_number());
  out.created = from_unix_ms(row.take_number());
  out.started = from_column(row.take_number());
  out.finished = from_column(row.take_number());
  out.error_message = row.take_text();
  out.diagnostics = row.take_text();
  out.trials_done = row.take_count();
  out.trials_total = row.take_count();
  out.best = row.take_text();
  out.progress = row.take_real();
  return out;
}

result<stored_job> job_store::load(job_kind kind, std::string_view id) {
  statement ask(*this, "SELECT " + std::string(columns) + ", request FROM jobs WHERE id=? AND kind=?");
  ask.text(id).number(static_cast<std::int64_t>(kind));
  if (ask.row()) {
    auto out = read_job(ask);
    out.request = ask.take_text();
    return out;
  }
  if (auto done = ask.done("find a job"); !done) return done.error();
  return error{errc::not_found, "no " + std::string(to_string(kind)) + " " + in_quotes(id), "id"};
}

result<std::vector<stored_job>> job_store::unfinished() {
  statement ask(*this, "SELECT " + std::string(columns) + ", request FROM jobs WHERE state IN (0, 1, 2) ORDER BY number");
  std::vector<stored_job> out;
  while (ask.row()) {
    out.push_back(read_job(ask));
    out.back().request = ask.take_text();
  }
  if (auto done = ask.done("list its jobs"); !done) return done.error();
  return out;
}

result<std::vector<stored_job>> job_store::list(job_kind kind, std::optional<job_state> state, std::uint64_t before, std::size_t limit) {
  std::string sql = "SELECT " + std::string(columns) + " FROM jobs WHERE kind=? AND number<?";
  if (state) sql += " AND state=?";
  sql += " ORDER BY number DESC LIMIT ?";
  statement ask(*this, sql);
  ask.number(static_cast<std::int64_t>(kind)).number(before == 0 ? INT64_MAX : static_cast<std::int64_t>(before));
  if (state) ask.number(static_cast<std::int64_t>(*state));
  ask.number(std::uint64_t{limit});
  std::vector<stored_job> out;
  while (ask.row()) out.push_back(read_job(ask));
  if (auto done = ask.done("list its jobs"); !done) return done.error();
  return out;
}

result<std::map<std::pair<job_kind, job_state>, std::uint64_t>> job_store::counts() {
  statement ask(*this, "SELECT kind, state, COUNT(*) FROM jobs GROUP BY kind, state");
  std::map<std::pair<job_kind, job_state>, std::uint64_t> out;
  while (ask.row()) {
    const auto kind = static_cast<job_kind>(ask.take_number());
    const auto state = static_cast<job_state>(ask.take_number());
    out[{kind, state}] = ask.take_count();
  }
  if (auto done = ask.done("count its jobs"); !done) return done.error();
  return out;
}

// -- what they run over, and what came out ------------------------------------------

result<void> job_store::keep_series(std::uint64_t number, const std::vector<series_ref>& refs) {
  return transaction([&]() -> result<void> {
    if (auto done = statement(*this, "DELETE FROM series WHERE job=?").number(number).run("forget bars"); !done) return done;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      statement insert(*this, "INSERT INTO series(job, place, hash, bytes, bars) VALUES(?,?,?,?,?)");
      insert.number(number).number(std::uint64_t{i}).text(refs[i].hash).number(refs[i].bytes).number(refs[i].bars);
      if (auto done = insert.run("keep bars"); !done) return done;
    }
    return {};
  });
}

result<std::vector<series_ref>> job_store::series(std::uint64_t number) {
  statement ask(*this, "SELECT hash, bytes, bars FROM series WHERE job=? ORDER BY place");
  ask.number(number);
  std::vector<series_ref> out;
  while (ask.row()) {
    series_ref ref;
    ref.hash = ask.take_text();
    ref.bytes = ask.take_count();
    ref.bars = ask.take_count();
    out.push_back(std::move(ref));
  }
  if (auto done = ask.done("list bars"); !done) return done.error();
  return out;
}

result<std::optional<series_ref>> job_store::extra(std::uint64_t number, const std::string& symbol, const std::string& frame) {
  statement ask(*this, "SELECT hash, bytes, bars FROM extras WHERE job=? AND symbol=? AND frame=?");
  ask.number(number).text(symbol).text(frame);
  if (ask.row()) {
    series_ref ref;
    ref.hash = ask.take_text();
    ref.bytes = ask.take_count();
    ref.bars = ask.take_count();
    return std::optional{std::move(ref)};
  }
  if (auto done = ask.done("find bars"); !done) return done.error();
  return std::optional<series_ref>{};
}

result<void> job_store::keep_extra(std::uint64_t number, const std::string& symbol, const std::string& frame, const series_ref& what) {
  statement insert(*this, "INSERT OR IGNORE INTO extras(job, symbol, frame, hash, bytes, bars) VALUES(?,?,?,?,?,?)");
  insert.number(number).text(symbol).text(frame).text(what.hash).number(what.bytes).number(what.bars);
  return insert.run("keep bars");
}

result<void> job_store::keep_progress(std::uint64_t number, double progress) {
  return statement(*this, "UPDATE jobs SET progress=MAX(progress, ?) WHERE number=?").real(progress).number(number).run("keep how far a job is");
}

result<void> job_store::keep_parts(std::uint64_t number, const std::vector<kept_part>& parts, double progress) {
  if (parts.empty()) return {};
  return transaction([&]() -> result<void> {
    for (const auto& part : parts) {
      statement insert(*this, "INSERT OR IGNORE INTO parts(job, key, bytes) VALUES(?,?,?)");
      insert.number(number).number(part.key).bytes(part.bytes);
      if (auto done = insert.run("keep a result"); !done) return done;
    }
    return keep_progress(number, progress);
  });
}

result<std::vector<kept_part>> job_store::parts(std::uint64_t number, std::uint64_t from, std::size_t limit) {
  statement ask(*this, "SELECT key, bytes FROM parts WHERE job=? AND key>=? ORDER BY key LIMIT ?");
  ask.number(number).number(from).number(std::uint64_t{limit});
  std::vector<kept_part> out;
  while (ask.row()) {
    const auto key = ask.take_count();
    out.push_back({key, ask.take_text()});
  }
  if (auto done = ask.done("list results"); !done) return done.error();
  return out;
}

result<std::uint64_t> job_store::parts_bytes(std::uint64_t number) {
  statement ask(*this, "SELECT COALESCE(SUM(LENGTH(bytes)), 0) FROM parts WHERE job=?");
  ask.number(number);
  std::uint64_t out = 0;
  if (ask.row()) out = ask.take_count();
  while (ask.row()) {}
  if (auto done = ask.done("measure results"); !done) return done.error();
  return out;
}

result<std::uint64_t> job_store::prune(std::size_t keep) {
  std::vector<std::int64_t> old;
  {
    statement ask(*this, "SELECT number FROM jobs WHERE state >= 3 ORDER BY number DESC LIMIT -1 OFFSET ?");
    ask.number(std::uint64_t{keep});
    while (ask.row()) old.push_back(ask.take_number());
    if (auto done = ask.done("list old jobs"); !done) return done.error();
  }
  if (old.empty()) return std::uint64_t{0};
  auto done = transaction([&]() -> result<void> {
    for (const auto number : old)
      for (const char* sql : {"DELETE FROM parts WHERE job=?", "DELETE FROM series WHERE job=?", "DELETE FROM extras WHERE job=?", "DELETE FROM jobs WHERE number=?"})
        if (auto gone = statement(*this, sql).number(number).run("delete old jobs"); !gone) return gone;
    return {};
  });
  if (!done) return done.error();
  return std::uint64_t{old.size()};
}

} // namespace tt::backtest
