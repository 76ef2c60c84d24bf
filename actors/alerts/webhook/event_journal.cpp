#include "actors/alerts/webhook/event_journal.hpp"

#include "actors/storage/lines.hpp"

namespace tt::webhook {

namespace {

constexpr std::string_view schema = R"sql(
CREATE TABLE IF NOT EXISTS webhook_meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhook_profiles(id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhook_events(id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, profile TEXT NOT NULL, client TEXT NOT NULL,
  received_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, form INTEGER NOT NULL, body TEXT NOT NULL, key TEXT NOT NULL,
  key_until_ms INTEGER NOT NULL, identity INTEGER NOT NULL, account TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL,
  action TEXT NOT NULL, verdict INTEGER NOT NULL, reason INTEGER NOT NULL, detail TEXT NOT NULL, hand_over INTEGER NOT NULL, orders TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS webhook_events_by_key ON webhook_events(key, id);
CREATE INDEX IF NOT EXISTS webhook_events_by_profile ON webhook_events(profile, id);
CREATE INDEX IF NOT EXISTS webhook_events_by_verdict ON webhook_events(verdict, id);
CREATE INDEX IF NOT EXISTS webhook_events_by_profile_verdict ON webhook_events(profile, verdict, id);
CREATE INDEX IF NOT EXISTS webhook_events_waiting ON webhook_events(id) WHERE hand_over = 1;
)sql";
// the indexes by verdict: a rare one must not be looked for through the whole journal while posts wait

constexpr std::string_view columns =
  "id, alert, profile, client, received_ms, updated_ms, form, body, key, key_until_ms, identity, account, strategy, symbol, action, verdict, reason, "
  "detail, hand_over, orders";

webhook_event read_event(const sql_statement& row) {
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

class sql_event_journal final : public event_journal {
public:
  sql_event_journal(std::unique_ptr<sql_database> db, std::string where) : db_(std::move(db)), where_(std::move(where)) {}

  result<void> open(const std::string& name) {
    if (auto made = db_->script(schema); !made) return told(made);
    sql_statement insert{*db_, "INSERT INTO webhook_meta(name, value) VALUES('journal', ?) ON CONFLICT(name) DO NOTHING"};
    if (auto done = insert.text(name).run(); !done) return told(done);
    sql_statement query{*db_, "SELECT value FROM webhook_meta WHERE name = 'journal'"};
    if (!query.row()) return missing(query);
    name_ = query.text_at(0);
    sql_statement prune{*db_, "DELETE FROM webhook_events WHERE id < (SELECT max(id) FROM webhook_events) - ? AND hand_over <> 1"};
    return told(prune.number(static_cast<std::int64_t>(max_kept_events)).run());
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  result<std::uint64_t> next() override {
    // the newest is never pruned
    sql_statement query{*db_, "SELECT coalesce(max(id), 0) FROM webhook_events"};
    if (!query.row()) return missing(query);
    return static_cast<std::uint64_t>(query.number_at(0)) + 1;
  }

  result<void> write(const event_batch& batch) override {
    return told(db_->together([&] { return write_inside(batch); }));
  }

  result<std::optional<webhook_event>> find_duplicate(std::string_view key, utc_time now) override {
    sql_statement query{*db_, "SELECT " + std::string(columns) + " FROM webhook_events WHERE key = ? AND key_until_ms >= ? ORDER BY id DESC LIMIT 1"};
    if (query.text(key).number(unix_ms(now)).row()) return std::optional{read_event(query)};
    if (auto read = query.ended(); !read) return told(read.error());
    return std::optional<webhook_event>{};
  }

  result<std::vector<webhook_event>> waiting() override {
    sql_statement query{*db_, "SELECT " + std::string(columns) + " FROM webhook_events WHERE hand_over = 1 ORDER BY id"};
    return read_all(query);
  }

  result<std::vector<webhook_event>> list(const event_filter& filter) override {
    std::string sql = "SELECT " + std::string(columns) + " FROM webhook_events WHERE 1 = 1";
    if (filter.profile) sql += " AND profile = ?";
    if (filter.verdict) sql += " AND verdict = ?";
    if (filter.before) sql += " AND id < ?";
    sql += " ORDER BY id DESC LIMIT ?";
    sql_statement query{*db_, sql};
    if (filter.profile) query.text(*filter.profile);
    if (filter.verdict) query.number(static_cast<std::int64_t>(*filter.verdict));
    if (filter.before) query.number(static_cast<std::int64_t>(*filter.before));
    query.number(static_cast<std::int64_t>(std::min(filter.limit, max_listed_events)));
    return read_all(query);
  }

  result<std::optional<utc_time>> newest_of(std::string_view profile) override {
    sql_statement query{*db_, "SELECT received_ms FROM webhook_events WHERE profile = ? ORDER BY id DESC LIMIT 1"};
    if (query.text(profile).row()) return std::optional{from_unix_ms(query.number_at(0))};
    if (auto read = query.ended(); !read) return told(read.error());
    return std::optional<utc_time>{};
  }

  result<std::vector<webhook_profile>> profiles() override {
    sql_statement query{*db_, "SELECT content FROM webhook_profiles ORDER BY id"};
    std::vector<webhook_profile> out;
    while (query.row()) {
      auto one = read_profile(query.text_at(0));
      if (!one) return one.error();
      out.push_back(std::move(*one));
    }
    if (auto read = query.ended(); !read) return told(read.error());
    return out;
  }

  result<void> put(const webhook_profile& what) override {
    sql_statement insert{*db_, "INSERT INTO webhook_profiles(id, content) VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET content = excluded.content"};
    return told(insert.text(what.id).text(write_profile(what)).run());
  }

  result<void> remove(std::string_view profile) override {
    sql_statement gone{*db_, "DELETE FROM webhook_profiles WHERE id = ?"};
    return told(gone.text(profile).run());
  }

private:
  result<void> write_inside(const event_batch& batch) {
    for (const auto& one : batch.added) {
      sql_statement insert{*db_, "INSERT INTO webhook_events(" + std::string(columns) + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
      insert.number(static_cast<std::int64_t>(one.id)).text(one.alert.str()).text(one.profile).text(one.client).number(unix_ms(one.received_at));
      insert.number(unix_ms(one.updated_at)).number(static_cast<int>(one.form)).text(one.body).text(one.duplicate_key);
      insert.number(unix_ms(one.duplicate_until)).number(static_cast<int>(one.identity)).text(one.account.str()).text(one.strategy.str());
      insert.text(one.symbol).text(one.action).number(static_cast<int>(one.word.verdict)).number(static_cast<int>(one.word.reason));
      insert.text(one.word.detail).number(static_cast<int>(one.hand_over)).text(join_lines(one.orders));
      if (auto done = insert.run(); !done) return done;
    }
    for (const auto& one : batch.changed) {
      sql_statement update{*db_, "UPDATE webhook_events SET updated_ms = ?, verdict = ?, reason = ?, detail = ?, hand_over = ?, orders = ? WHERE id = ?"};
      update.number(unix_ms(one.updated_at)).number(static_cast<int>(one.word.verdict)).number(static_cast<int>(one.word.reason));
      update.text(one.word.detail).number(static_cast<int>(one.hand_over)).text(join_lines(one.orders)).number(static_cast<std::int64_t>(one.id));
      if (auto done = update.run(); !done) return done;
    }
    return {};
  }

  result<std::vector<webhook_event>> read_all(sql_statement& query) const {
    std::vector<webhook_event> out;
    while (query.row()) out.push_back(read_event(query));
    if (auto read = query.ended(); !read) return told(read.error());
    return out;
  }

  [[nodiscard]] error told(const error& why) const { return {why.code, "journal of alerts: " + why.message, where_}; }
  [[nodiscard]] result<void> told(const result<void>& done) const {
    if (!done) return told(done.error());
    return {};
  }
  /// Of a row that must be there.
  [[nodiscard]] error missing(const sql_statement& query) const {
    auto how = query.ended();
    return told(how ? error{errc::corrupt_data, "a row is missing"} : how.error());
  }

  std::unique_ptr<sql_database> db_;
  std::string where_, name_;
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
  // it holds MAC keys
  return open_event_journal(sql_place{.name = "webhooks", .file = path == ":memory:" ? "" : path, .access = file_access::owner_only}, name);
}

result<std::unique_ptr<event_journal>> open_event_journal(const sql_place& place, const std::string& name) {
  auto db = sql_database::open(place);
  if (!db) return error{db.error().code, "can't open the journal of alerts: " + db.error().message, db.error().field};
  auto out = std::make_unique<sql_event_journal>(std::move(*db), place.server ? "DATABASE_URL" : place.file);
  if (auto opened = out->open(name); !opened) return opened.error();
  return std::unique_ptr<event_journal>(std::move(out));
}

} // namespace tt::webhook
