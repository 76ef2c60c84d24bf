#include "actors/alerts/webhook/event_journal.hpp"

#include "actors/storage/lines.hpp"
#include "actors/storage/sqlite_statement.hpp"

#include <sys/stat.h>

namespace tt::webhook {

namespace {

constexpr int busy_timeout_ms = 2'000;

constexpr const char* schema[] = {
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = FULL",
  "CREATE TABLE IF NOT EXISTS webhook_meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS webhook_profiles(id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS webhook_events(id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, profile TEXT NOT NULL, client TEXT NOT NULL, "
  "received_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, form INTEGER NOT NULL, body TEXT NOT NULL, key TEXT NOT NULL, "
  "key_until_ms INTEGER NOT NULL, identity INTEGER NOT NULL, account TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL, "
  "action TEXT NOT NULL, verdict INTEGER NOT NULL, reason INTEGER NOT NULL, detail TEXT NOT NULL, hand_over INTEGER NOT NULL, orders TEXT NOT NULL)",
  "CREATE INDEX IF NOT EXISTS webhook_events_by_key ON webhook_events(key, id)",
  "CREATE INDEX IF NOT EXISTS webhook_events_by_profile ON webhook_events(profile, id)",
  // a rare verdict must not be looked for through the whole journal: posts wait meanwhile
  "CREATE INDEX IF NOT EXISTS webhook_events_by_verdict ON webhook_events(verdict, id)",
  "CREATE INDEX IF NOT EXISTS webhook_events_by_profile_verdict ON webhook_events(profile, verdict, id)",
  "CREATE INDEX IF NOT EXISTS webhook_events_waiting ON webhook_events(id) WHERE hand_over = 1",
};

constexpr std::string_view columns =
  "id, alert, profile, client, received_ms, updated_ms, form, body, key, key_until_ms, identity, account, strategy, symbol, action, verdict, reason, "
  "detail, hand_over, orders";

class statement : public sqlite_statement<statement> {
public:
  using sqlite_statement::sqlite_statement;
  using sqlite_statement::step;
  [[nodiscard]] std::int64_t number_at(int column) const { return sqlite3_column_int64(handle(), column); }
  [[nodiscard]] std::string text_at(int column) const {
    const auto* data = sqlite3_column_text(handle(), column);
    return data == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(handle(), column))};
  }
};

webhook_event read_event(const statement& row) {
  webhook_event out;
  out.id = static_cast<std::uint64_t>(row.number_at(0));
  out.alert = alert_id{row.text_at(1)};
  out.profile = row.text_at(2);
  out.client = row.text_at(3);
  out.received_at = from_unix_ms(row.number_at(4));
  out.updated_at = from_unix_ms(row.number_at(5));
  out.form = static_cast<payload_form>(row.number_at(6));
  out.body = row.text_at(7);
  out.duplicate_key = row.text_at(8);
  out.duplicate_until = from_unix_ms(row.number_at(9));
  out.identity = static_cast<id_origin>(row.number_at(10));
  out.account = account_id{row.text_at(11)};
  out.strategy = strategy_id{row.text_at(12)};
  out.symbol = row.text_at(13);
  out.action = row.text_at(14);
  out.word.verdict = static_cast<alert_verdict>(row.number_at(15));
  out.word.reason = static_cast<refusal>(row.number_at(16));
  out.word.detail = row.text_at(17);
  out.hand_over = static_cast<hand_over_state>(row.number_at(18));
  out.orders = split_lines(row.text_at(19));
  return out;
}

class sqlite_event_journal final : public event_journal {
public:
  explicit sqlite_event_journal(std::string path) : path_(std::move(path)) {}
  ~sqlite_event_journal() override { sqlite3_close(db_); }

  result<void> open(const std::string& name) {
    const int code = sqlite3_open_v2(path_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) return error{errc::io_error, "can't open the journal of alerts: " + std::string(sqlite3_errstr(code)), path_};
    if (path_ != ":memory:") ::chmod(path_.c_str(), S_IRUSR | S_IWUSR); // it holds MAC keys
    sqlite3_busy_timeout(db_, busy_timeout_ms);
    for (const char* sql : schema)
      if (auto done = run(sql); !done) return done;
    {
      statement insert{db_, "INSERT OR IGNORE INTO webhook_meta(name, value) VALUES('journal', ?)"};
      if (insert.text(name).step() != SQLITE_DONE) return failure();
    }
    statement query{db_, "SELECT value FROM webhook_meta WHERE name = 'journal'"};
    if (query.step() != SQLITE_ROW) return failure();
    name_ = query.text_at(0);
    statement prune{db_, "DELETE FROM webhook_events WHERE id < (SELECT max(id) FROM webhook_events) - ? AND hand_over <> 1"};
    if (prune.number(static_cast<std::int64_t>(max_kept_events)).step() != SQLITE_DONE) return failure();
    return {};
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  result<std::uint64_t> next() override {
    statement query{db_, "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'webhook_events'), 0)"};
    if (query.step() != SQLITE_ROW) return failure();
    return static_cast<std::uint64_t>(query.number_at(0)) + 1;
  }

  result<void> write(const event_batch& batch) override {
    if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = write_inside(batch);
    if (done) done = run("COMMIT");
    if (!done && sqlite3_get_autocommit(db_) == 0) static_cast<void>(run("ROLLBACK"));
    return done;
  }

  result<std::optional<webhook_event>> find_duplicate(std::string_view key, utc_time now) override {
    statement query{db_, "SELECT " + std::string(columns) + " FROM webhook_events WHERE key = ? AND key_until_ms >= ? ORDER BY id DESC LIMIT 1"};
    query.text(key).number(unix_ms(now));
    const int code = query.step();
    if (code == SQLITE_DONE) return std::optional<webhook_event>{};
    if (code != SQLITE_ROW) return failure();
    return std::optional{read_event(query)};
  }

  result<std::vector<webhook_event>> waiting() override {
    statement query{db_, "SELECT " + std::string(columns) + " FROM webhook_events WHERE hand_over = 1 ORDER BY id"};
    return read_all(query);
  }

  result<std::vector<webhook_event>> list(const event_filter& filter) override {
    std::string sql = "SELECT " + std::string(columns) + " FROM webhook_events WHERE 1";
    if (filter.profile) sql += " AND profile = ?";
    if (filter.verdict) sql += " AND verdict = ?";
    if (filter.before) sql += " AND id < ?";
    sql += " ORDER BY id DESC LIMIT ?";
    statement query{db_, sql};
    if (filter.profile) query.text(*filter.profile);
    if (filter.verdict) query.number(static_cast<std::int64_t>(*filter.verdict));
    if (filter.before) query.number(static_cast<std::int64_t>(*filter.before));
    query.number(static_cast<std::int64_t>(std::min(filter.limit, max_listed_events)));
    return read_all(query);
  }

  result<std::optional<utc_time>> newest_of(std::string_view profile) override {
    statement query{db_, "SELECT received_ms FROM webhook_events WHERE profile = ? ORDER BY id DESC LIMIT 1"};
    const int code = query.text(profile).step();
    if (code == SQLITE_DONE) return std::optional<utc_time>{};
    if (code != SQLITE_ROW) return failure();
    return std::optional{from_unix_ms(query.number_at(0))};
  }

  result<std::vector<webhook_profile>> profiles() override {
    statement query{db_, "SELECT content FROM webhook_profiles ORDER BY id"};
    std::vector<webhook_profile> out;
    int code = SQLITE_ROW;
    while ((code = query.step()) == SQLITE_ROW) {
      auto one = read_profile(query.text_at(0));
      if (!one) return one.error();
      out.push_back(std::move(*one));
    }
    if (code != SQLITE_DONE) return failure();
    return out;
  }

  result<void> put(const webhook_profile& what) override {
    statement insert{db_, "INSERT OR REPLACE INTO webhook_profiles(id, content) VALUES(?, ?)"};
    if (insert.text(what.id).text(write_profile(what)).step() != SQLITE_DONE) return failure();
    return {};
  }

  result<void> remove(std::string_view profile) override {
    statement gone{db_, "DELETE FROM webhook_profiles WHERE id = ?"};
    if (gone.text(profile).step() != SQLITE_DONE) return failure();
    return {};
  }

private:
  result<void> write_inside(const event_batch& batch) {
    for (const auto& one : batch.added) {
      statement insert{db_, "INSERT INTO webhook_events(" + std::string(columns) + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
      insert.number(static_cast<std::int64_t>(one.id)).text(one.alert.str()).text(one.profile).text(one.client).number(unix_ms(one.received_at));
      insert.number(unix_ms(one.updated_at)).number(static_cast<int>(one.form)).text(one.body).text(one.duplicate_key);
      insert.number(unix_ms(one.duplicate_until)).number(static_cast<int>(one.identity)).text(one.account.str()).text(one.strategy.str());
      insert.text(one.symbol).text(one.action).number(static_cast<int>(one.word.verdict)).number(static_cast<int>(one.word.reason));
      insert.text(one.word.detail).number(static_cast<int>(one.hand_over)).text(join_lines(one.orders));
      if (insert.step() != SQLITE_DONE) return failure();
    }
    for (const auto& one : batch.changed) {
      statement update{db_, "UPDATE webhook_events SET updated_ms = ?, verdict = ?, reason = ?, detail = ?, hand_over = ?, orders = ? WHERE id = ?"};
      update.number(unix_ms(one.updated_at)).number(static_cast<int>(one.word.verdict)).number(static_cast<int>(one.word.reason));
      update.text(one.word.detail).number(static_cast<int>(one.hand_over)).text(join_lines(one.orders)).number(static_cast<std::int64_t>(one.id));
      if (update.step() != SQLITE_DONE) return failure();
    }
    return {};
  }

  result<std::vector<webhook_event>> read_all(statement& query) const {
    std::vector<webhook_event> out;
    int code = SQLITE_ROW;
    while ((code = query.step()) == SQLITE_ROW) out.push_back(read_event(query));
    if (code != SQLITE_DONE) return failure();
    return out;
  }

  result<void> run(const char* sql) {
    statement one{db_, sql};
    int code = SQLITE_ROW;
    while ((code = one.step()) == SQLITE_ROW) {}
    if (code != SQLITE_DONE) return failure();
    return {};
  }

  [[nodiscard]] error failure() const {
    const int code = sqlite3_errcode(db_);
    const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return {damaged ? errc::corrupt_data : errc::io_error, std::string("journal of alerts: ") + sqlite3_errmsg(db_), path_};
  }

  std::string path_, name_;
  sqlite3* db_ = nullptr;
};

} // namespace

alert_id make_alert_id(utc_time received_at, std::uint64_t event) {
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's
  const auto base32 = [&](std::uint64_t number, int width) {
    std::string out(static_cast<std::size_t>(width), '0');
    for (auto at = out.rbegin(); at != out.rend(); ++at, number >>= 5U) *at = digits[number & 31U];
    return out;
  };
  return alert_id{"wa-" + base32(static_cast<std::uint64_t>(unix_ms(received_at)), 10) + base32(event, 8)};
}

result<std::unique_ptr<event_journal>> open_event_journal(const std::string& path, const std::string& name) {
  auto out = std::make_unique<sqlite_event_journal>(path);
  if (auto opened = out->open(name); !opened) return opened.error();
  return std::unique_ptr<event_journal>(std::move(out));
}

} // namespace tt::webhook
