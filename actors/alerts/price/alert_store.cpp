#include "actors/alerts/price/alert_store.hpp"

#include "actors/alerts/price/alert_codec.hpp"
#include "actors/storage/sqlite_statement.hpp"

#include <filesystem>

namespace tt::alerts {

namespace {

constexpr int schema_version = 1;
/// Wait for another connection that writes, in ms.
constexpr int busy_timeout_ms = 5'000;

constexpr const char* schema = R"sql(
CREATE TABLE alerts(number INTEGER PRIMARY KEY, content TEXT NOT NULL, memory TEXT NOT NULL);
CREATE TABLE actions(alert INTEGER NOT NULL, trigger_number INTEGER NOT NULL, kind INTEGER NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY(alert, trigger_number, kind)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
)sql";

class sqlite_alert_store final : public alert_store {
public:
  explicit sqlite_alert_store(sqlite3* db) : db_(db) {}
  ~sqlite_alert_store() override { sqlite3_close(db_); }

  result<void> prepare(const std::string& new_tag);
  result<stored_alerts> load() override;
  result<void> commit(const store_changes& changes) override;

private:
  class statement : public sqlite_statement<statement> {
  public:
    statement(sqlite_alert_store& store, std::string_view sql) : sqlite_statement(store.db_, sql), store_(store) {}
    using sqlite_statement::number;
    statement& number(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
    bool row() { return step() == SQLITE_ROW; }
    result<void> run(std::string_view doing) {
      while (row()) {}
      return done(doing);
    }
    [[nodiscard]] result<void> done(std::string_view doing) const {
      if (code() == SQLITE_DONE) return {};
      return store_.failure(doing);
    }
    [[nodiscard]] std::string_view text_at(int column) const {
      const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle(), column));
      return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(handle(), column))};
    }
    [[nodiscard]] std::int64_t number_at(int column) const { return sqlite3_column_int64(handle(), column); }

  private:
    sqlite_alert_store& store_;
  };

  error failure(std::string_view doing) const {
    return {errc::io_error, "the store of alerts can't " + std::string(doing) + ": " + sqlite3_errmsg(db_), "data_dir"};
  }
  result<void> execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure("be used");
    return {};
  }
  result<void> create(const std::string& tag);
  result<void> write(const store_changes& changes);
  result<void> set_meta(std::string_view name, const std::string& value) {
    statement put(*this, "INSERT OR REPLACE INTO meta(name, value) VALUES(?,?)");
    return put.text(name).text(value).run("note " + std::string(name));
  }
  result<std::string> meta(std::string_view name) {
    statement ask(*this, "SELECT value FROM meta WHERE name = ?");
    ask.text(name);
    if (ask.row()) return std::string(ask.text_at(0));
    if (auto done = ask.done("be read"); !done) return done.error();
    return std::string{};
  }

  sqlite3* db_;
};

result<void> sqlite_alert_store::create(const std::string& tag) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = execute(schema);
  if (done) done = set_meta("tag", tag);
  if (done) done = set_meta("last_number", "0");
  if (done) return execute("COMMIT");
  static_cast<void>(execute("ROLLBACK"));
  return done;
}

result<void> sqlite_alert_store::prepare(const std::string& new_tag) {
  for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"})
    if (auto done = execute(pragma); !done) return error{errc::corrupt_data, done.error().message, done.error().field};
  std::int64_t version = 0;
  {
    statement ask(*this, "PRAGMA user_version");
    if (!ask.row()) return failure("tell its version");
    version = ask.number_at(0);
  }
  if (version == schema_version) return {};
  if (version != 0) return error{errc::corrupt_data, "alerts.sqlite was written by another version of the program", "data_dir"};
  return create(new_tag);
}

result<stored_alerts> sqlite_alert_store::load() {
  stored_alerts out;
  auto tag = meta("tag"), last = meta("last_number");
  if (!tag) return tag.error();
  if (!last) return last.error();
  out.tag = *tag;
  out.last_number = std::strtoull(last->c_str(), nullptr, 10);
  statement rows(*this, "SELECT content, memory FROM alerts ORDER BY number");
  while (rows.row()) {
    auto read = decode_alert(rows.text_at(0));
    if (!read) return read.error();
    auto memory = decode_memory(rows.text_at(1));
    if (!memory) return error{errc::corrupt_data, memory.error().message + " (" + read->id + ")"};
    read->memory = *memory;
    out.last_number = std::max(out.last_number, read->number);
    out.alerts.push_back(std::move(*read));
  }
  if (auto done = rows.done("list its alerts"); !done) return done.error();
  statement open(*this, "SELECT alert, trigger_number, kind, content FROM actions ORDER BY alert, trigger_number, kind");
  while (open.row()) {
    auto read = decode_alert(open.text_at(3));
    if (!read) return read.error();
    const action_key key{static_cast<std::uint64_t>(open.number_at(0)), static_cast<std::uint64_t>(open.number_at(1)),
                         open.number_at(2) == 0 ? action_kind::order : action_kind::notice};
    out.open.push_back({key, std::move(*read)});
  }
  if (auto done = open.done("list its actions"); !done) return done.error();
  return out;
}

result<void> sqlite_alert_store::write(const store_changes& changes) {
  for (const auto& one : changes.written) {
    statement put(*this, "INSERT OR REPLACE INTO alerts(number, content, memory) VALUES(?,?,?)");
    if (auto done = put.number(one.number).text(encode_alert(one)).text(encode_memory(one.memory)).run("keep an alert"); !done) return done;
  }
  for (const auto number : changes.removed) {
    statement remove(*this, "DELETE FROM alerts WHERE number = ?");
    if (auto done = remove.number(number).run("remove an alert"); !done) return done;
  }
  for (const auto& one : changes.made) {
    statement put(*this, "INSERT OR REPLACE INTO actions(alert, trigger_number, kind, content) VALUES(?,?,?,?)");
    put.number(one.key.alert).number(one.key.trigger).number(static_cast<std::int64_t>(one.key.kind)).text(encode_alert(one.what));
    if (auto done = put.run("keep an action"); !done) return done;
  }
  for (const auto& key : changes.done) {
    statement remove(*this, "DELETE FROM actions WHERE alert = ? AND trigger_number = ? AND kind = ?");
    if (auto done = remove.number(key.alert).number(key.trigger).number(static_cast<std::int64_t>(key.kind)).run("end an action"); !done) return done;
  }
  if (changes.last_number == 0) return {};
  return set_meta("last_number", std::to_string(changes.last_number));
}

result<void> sqlite_alert_store::commit(const store_changes& changes) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = write(changes);
  if (done) done = execute("COMMIT");
  if (!done && sqlite3_get_autocommit(db_) == 0) static_cast<void>(execute("ROLLBACK"));
  return done;
}

} // namespace

result<std::unique_ptr<alert_store>> open_alert_store(const std::string& folder, const std::string& new_tag) {
  std::string path = ":memory:";
  if (!folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return error{errc::io_error, "can't make " + folder + ": " + failed.message(), "data_dir"};
    path = (std::filesystem::path(folder) / "alerts.sqlite").string();
  }
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  auto out = std::make_unique<sqlite_alert_store>(db);
  if (code != SQLITE_OK) return error{errc::io_error, "can't open " + path + ": " + sqlite3_errstr(code), "data_dir"};
  sqlite3_busy_timeout(db, busy_timeout_ms);
  if (auto made = out->prepare(new_tag); !made) return made.error();
  return std::unique_ptr<alert_store>(std::move(out));
}

} // namespace tt::alerts
