#include "gateways/store/document_store.hpp"

#include "actors/storage/lines.hpp"
#include "actors/storage/sqlite_statement.hpp"

#include <array>

namespace tt::gateway {

namespace {

constexpr int schema_version = 1;

constexpr const char* schema = R"sql(
CREATE TABLE chart_layouts(
  id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL,
  name TEXT NOT NULL, symbol TEXT NOT NULL, resolution TEXT NOT NULL, content TEXT NOT NULL, timestamp INTEGER NOT NULL);
CREATE INDEX chart_layouts_by_owner ON chart_layouts(owner, client, user);
CREATE TABLE chart_templates(
  owner TEXT NOT NULL, kind INTEGER NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL, tool TEXT NOT NULL,
  name TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY(owner, kind, client, user, tool, name)) WITHOUT ROWID;
CREATE TABLE documents(
  owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  content TEXT NOT NULL, PRIMARY KEY(owner, kind, name)) WITHOUT ROWID;
CREATE TABLE watchlists(id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, name TEXT NOT NULL, symbols TEXT NOT NULL);
CREATE INDEX watchlists_by_owner ON watchlists(owner);
CREATE TABLE visitors(owner TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE answers(
  owner TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
  body BLOB NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY(owner, key));
CREATE INDEX answers_by_age ON answers(created_ms);
PRAGMA user_version = 1;
)sql";

error not_found(std::string what) { return {errc::not_found, std::move(what)}; }

error full(std::string_view what, std::int64_t limit) {
  return {errc::limit_exceeded, "at most " + std::to_string(limit) + " " + std::string{what} + " can be kept; remove one first"};
}

} // namespace

/// Bind in order, then step.
class document_store::statement : public sqlite_statement<statement> {
public:
  statement(document_store& store, std::string_view sql) : sqlite_statement(store.db_, sql), store_(store) {}

  statement& bucket(const chart_bucket& where) { return text(where.owner).text(where.client).text(where.user); }

  /// Whether there is a row to look at.
  result<bool> row() {
    const int code = step();
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return store_.failure("query");
  }
  /// Runs a statement that gives no rows.
  result<void> run() {
    auto stepped = row();
    if (!stepped) return std::move(stepped).error();
    return {};
  }
  [[nodiscard]] std::string text_at(int column) const {
    const auto* data = sqlite3_column_text(handle(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column));
    return data == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(data), size};
  }
  [[nodiscard]] std::int64_t number_at(int column) const { return sqlite3_column_int64(handle(), column); }

private:
  document_store& store_;
};

error document_store::failure(std::string_view doing) const {
  return {errc::io_error, "database (" + std::string{doing} + "): " + sqlite3_errmsg(db_)};
}

result<void> document_store::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure("execute");
  return {};
}

result<std::unique_ptr<document_store>> document_store::open(const std::string& folder) {
  const std::string path = folder.empty() ? ":memory:" : folder + "/gateway.sqlite";
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  std::unique_ptr<document_store> out{new document_store{db}};
  if (code != SQLITE_OK) return error{errc::io_error, "can't open " + path + ": " + sqlite3_errmsg(db), "DATA_DIR"};
  sqlite3_busy_timeout(db, 2000);
  if (auto made = out->create_schema(); !made)
    return error{made.error().code, path + ": " + made.error().message, "DATA_DIR"};
  return out;
}

document_store::~document_store() { sqlite3_close_v2(db_); }

result<void> document_store::create_schema() {
  if (auto done = execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;"); !done)
    return error{errc::corrupt_data, done.error().message};
  std::int64_t found = 0;
  {
    statement version{*this, "PRAGMA user_version"};
    auto has = version.row();
    if (!has) return error{errc::corrupt_data, has.error().message};
    found = version.number_at(0);
  }
  if (found == schema_version) return {};
  if (found != 0) return error{errc::corrupt_data, "written by another version (schema " + std::to_string(found) + ")"};
  if (auto done = execute("BEGIN IMMEDIATE"); !done) return done;
  if (auto done = execute(schema); !done) {
    (void)execute("ROLLBACK");
    return done;
  }
  return execute("COMMIT");
}

result<std::int64_t> document_store::count(std::string_view sql, std::string_view owner, std::string_view kind) {
  statement query{*this, sql};
  query.text(owner);
  if (!kind.empty()) query.text(kind);
  auto has = query.row();
  if (!has) return std::move(has).error();
  return query.number_at(0);
}

// -- charts

result<std::vector<chart_layout>> document_store::list_charts(const chart_bucket& where) {
  statement query{*this, "SELECT id, name, symbol, resolution, timestamp FROM chart_layouts "
                         "WHERE owner = ? AND client = ? AND user = ? ORDER BY timestamp DESC, id DESC"};
  query.bucket(where);
  std::vector<chart_layout> out;
  for (;;) {
    auto has = query.row();
    if (!has) return std::move(has).error();
    if (!*has) return out;
    out.push_back({query.number_at(0), query.text_at(1), query.text_at(2), query.text_at(3), query.number_at(4), {}});
  }
}

result<chart_layout> document_store::load_chart(const chart_bucket& where, std::int64_t id) {
  statement query{*this, "SELECT id, name, symbol, resolution, timestamp, content FROM chart_layouts "
                         "WHERE owner = ? AND client = ? AND user = ? AND id = ?"};
  query.bucket(where).number(id);
  auto has = query.row();
  if (!has) return std::move(has).error();
  if (!*has) return not_found("no saved chart " + std::to_string(id));
  return chart_layout{query.number_at(0), query.text_at(1), query.text_at(2), query.text_at(3), query.number_at(4), query.text_at(5)};
}

result<std::int64_t> document_store::save_chart(const chart_bucket& where, const chart_layout& chart) {
  if (chart.id != 0) {
    statement update{*this, "UPDATE chart_layouts SET name = ?, symbol = ?, resolution = ?, content = ?, timestamp = ? "
                            "WHERE owner = ? AND client = ? AND user = ? AND id = ?"};
    update.text(chart.name).text(chart.symbol).text(chart.resolution).text(chart.content).number(chart.timestamp);
    if (auto done = update.bucket(where).number(chart.id).run(); !done) return done.error();
    if (sqlite3_changes(db_) == 0) return not_found("no saved chart " + std::to_string(chart.id));
    return chart.id;
  }
  auto kept = count("SELECT count(*) FROM chart_layouts WHERE owner = ?", where.owner, "");
  if (!kept) return kept;
  if (*kept >= max_layouts_per_owner) return full("charts", max_layouts_per_owner);
  statement insert{*this, "INSERT INTO chart_layouts(owner, client, user, name, symbol, resolution, content, timestamp) "
                          "VALUES(?,?,?,?,?,?,?,?)"};
  insert.bucket(where).text(chart.name).text(chart.symbol).text(chart.resolution).text(chart.content).number(chart.timestamp);
  if (auto done = insert.run(); !done) return done.error();
  return sqlite3_last_insert_rowid(db_);
}

result<void> document_store::remove_chart(const chart_bucket& where, std::int64_t id) {
  statement remove{*this, "DELETE FROM chart_layouts WHERE owner = ? AND client = ? AND user = ? AND id = ?"};
  if (auto done = remove.bucket(where).number(id).run(); !done) return done;
  if (sqlite3_changes(db_) == 0) return not_found("no saved chart " + std::to_string(id));
  return {};
}

result<std::vector<std::string>> document_store::list_templates(const chart_bucket& where, template_kind kind, std::string_view tool) {
  statement query{*this, "SELECT name FROM chart_templates WHERE owner = ? AND client = ? AND user = ? AND kind = ? AND tool = ? ORDER BY name"};
  query.bucket(where).number(static_cast<std::int64_t>(kind)).text(tool);
  std::vector<std::string> out;
  for (;;) {
    auto has = query.row();
    if (!has) return std::move(has).error();
    if (!*has) return out;
    out.push_back(query.text_at(0));
  }
}

result<std::string> document_store::load_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name) {
  statement query{*this, "SELECT content FROM chart_templates WHERE owner = ? AND client = ? AND user = ? AND kind = ? AND tool = ? AND name = ?"};
  query.bucket(where).number(static_cast<std::int64_t>(kind)).text(tool).text(name);
  auto has = query.row();
  if (!has) return std::move(has).error();
  if (!*has) return not_found("no template \"" + std::string{name} + "\"");
  return query.text_at(0);
}

result<void> document_store::save_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name,
                                           std::string_view content) {
  const auto kind_text = std::to_string(static_cast<int>(kind));
  auto kept = count("SELECT count(*) FROM chart_templates WHERE owner = ? AND kind = CAST(? AS INTEGER)", where.owner, kind_text);
  if (!kept) return kept.error();
  if (*kept >= max_templates_per_owner && !load_template(where, kind, tool, name)) return full("templates", max_templates_per_owner);
  statement insert{*this, "INSERT OR REPLACE INTO chart_templates(owner, client, user, kind, tool, name, content) VALUES(?,?,?,?,?,?,?)"};
  return insert.bucket(where).number(static_cast<std::int64_t>(kind)).text(tool).text(name).text(content).run();
}

result<void> document_store::remove_template(const chart_bucket& where, template_kind kind, std::string_view tool, std::string_view name) {
  statement remove{*this, "DELETE FROM chart_templates WHERE owner = ? AND client = ? AND user = ? AND kind = ? AND tool = ? AND name = ?"};
  if (auto done = remove.bucket(where).number(static_cast<std::int64_t>(kind)).text(tool).text(name).run(); !done) return done;
  if (sqlite3_changes(db_) == 0) return not_found("no template \"" + std::string{name} + "\"");
  return {};
}

// -- documents

result<versioned_document> document_store::load_document(std::string_view owner, std::string_view kind, std::string_view name) {
  statement query{*this, "SELECT version, content FROM documents WHERE owner = ? AND kind = ? AND name = ?"};
  query.text(owner).text(kind).text(name);
  auto has = query.row();
  if (!has) return std::move(has).error();
  if (!*has) return not_found("no " + std::string{kind} + " \"" + std::string{name} + "\"");
  return versioned_document{query.number_at(0), query.text_at(1)};
}

result<std::int64_t> document_store::save_document(std::string_view owner, std::string_view kind, std::string_view name,
                                                   std::string_view content, std::optional<std::int64_t> expected, utc_time now) {
  auto stored = load_document(owner, kind, name);
  if (!stored && stored.error().code != errc::not_found) return stored.error();
  const std::int64_t version = stored ? stored->version : 0;
  if (expected && *expected != version)
    return error{errc::conflict, version == 0 ? "there is no such " + std::string{kind} + " yet"
                                              : "the stored version is " + std::to_string(version)};
  if (version == 0) {
    auto kept = count("SELECT count(*) FROM documents WHERE owner = ? AND kind = ?", owner, kind);
    if (!kept) return kept;
    if (*kept >= max_documents_per_owner) return full("documents", max_documents_per_owner);
  }
  statement write{*this, "INSERT OR REPLACE INTO documents(owner, kind, name, version, updated_ms, content) VALUES(?,?,?,?,?,?)"};
  if (auto done = write.text(owner).text(kind).text(name).number(version + 1).number(unix_ms(now)).text(content).run(); !done)
    return done.error();
  return version + 1;
}

// -- watchlists

result<void> document_store::first_visit(std::string_view owner) {
  auto known = count("SELECT count(*) FROM visitors WHERE owner = ?", owner, "");
  if (!known) return known.error();
  if (*known > 0) return {};
  statement mark{*this, "INSERT INTO visitors(owner) VALUES(?)"};
  if (auto done = mark.text(owner).run(); !done) return done;
  auto added = add_watchlist(owner, {0, "Index futures", {"MNQ1!", "ES1!", "NQ1!", "RTY1!", "YM1!"}});
  if (!added) return added.error();
  return {};
}

result<std::vector<watchlist>> document_store::watchlists(std::string_view owner) {
  if (auto done = first_visit(owner); !done) return done.error();
  statement query{*this, "SELECT id, name, symbols FROM watchlists WHERE owner = ? ORDER BY id"};
  query.text(owner);
  std::vector<watchlist> out;
  for (;;) {
    auto has = query.row();
    if (!has) return std::move(has).error();
    if (!*has) return out;
    out.push_back({query.number_at(0), query.text_at(1), split_lines(query.text_at(2))});
  }
}

result<watchlist> document_store::load_watchlist(std::string_view owner, std::int64_t id) {
  auto lists = watchlists(owner);
  if (!lists) return lists.error();
  for (auto& one : *lists)
    if (one.id == id) return std::move(one);
  return not_found("no watchlist " + std::to_string(id));
}

result<std::int64_t> document_store::add_watchlist(std::string_view owner, const watchlist& list) {
  auto kept = count("SELECT count(*) FROM watchlists WHERE owner = ?", owner, "");
  if (!kept) return kept;
  if (*kept >= max_watchlists_per_owner) return full("watchlists", max_watchlists_per_owner);
  statement insert{*this, "INSERT INTO watchlists(owner, name, symbols) VALUES(?,?,?)"};
  if (auto done = insert.text(owner).text(list.name).text(join_lines(list.symbols)).run(); !done) return done.error();
  return sqlite3_last_insert_rowid(db_);
}

result<void> document_store::replace_watchlist(std::string_view owner, const watchlist& list) {
  statement update{*this, "UPDATE watchlists SET name = ?, symbols = ? WHERE owner = ? AND id = ?"};
  if (auto done = update.text(list.name).text(join_lines(list.symbols)).text(owner).number(list.id).run(); !done) return done;
  if (sqlite3_changes(db_) == 0) return not_found("no watchlist " + std::to_string(list.id));
  return {};
}

result<void> document_store::remove_watchlist(std::string_view owner, std::int64_t id) {
  statement remove{*this, "DELETE FROM watchlists WHERE owner = ? AND id = ?"};
  if (auto done = remove.text(owner).number(id).run(); !done) return done;
  if (sqlite3_changes(db_) == 0) return not_found("no watchlist " + std::to_string(id));
  return {};
}

// -- remembered answers

result<std::optional<kept_answer>> document_store::find_answer(std::string_view owner, std::string_view key, utc_time not_before) {
  statement query{*this, "SELECT digest, status, headers, body FROM answers WHERE owner = ? AND key = ? AND created_ms >= ?"};
  query.text(owner).text(key).number(unix_ms(not_before));
  auto has = query.row();
  if (!has) return std::move(has).error();
  if (!*has) return std::optional<kept_answer>{};
  return std::optional{kept_answer{query.text_at(0), static_cast<int>(query.number_at(1)), query.text_at(2), query.text_at(3)}};
}

result<void> document_store::keep_answer(std::string_view owner, std::string_view key, const kept_answer& answer, utc_time now) {
  statement insert{*this, "INSERT OR REPLACE INTO answers(owner, key, digest, status, headers, body, created_ms) VALUES(?,?,?,?,?,?,?)"};
  return insert.text(owner).text(key).text(answer.digest).number(answer.status).text(answer.headers).text(answer.body).number(unix_ms(now)).run();
}

result<void> document_store::forget_answers(utc_time not_before) {
  statement old{*this, "DELETE FROM answers WHERE created_ms < ?"};
  if (auto done = old.number(unix_ms(not_before)).run(); !done) return done;
  statement many{*this, "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY created_ms DESC LIMIT -1 OFFSET ?)"};
  return many.number(max_answers).run();
}

} // namespace tt::gateway
