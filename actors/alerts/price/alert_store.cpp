#include "actors/alerts/price/alert_store.hpp"

#include "actors/alerts/price/alert_codec.hpp"

#include <filesystem>

namespace tt::alerts {

namespace {

constexpr std::string_view schema_version = "1";

constexpr std::string_view schema = R"sql(
CREATE TABLE IF NOT EXISTS alerts(number INTEGER PRIMARY KEY, content TEXT NOT NULL, memory TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS actions(alert INTEGER NOT NULL, trigger_number INTEGER NOT NULL, kind INTEGER NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY(alert, trigger_number, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

class sql_alert_store final : public alert_store {
public:
  explicit sql_alert_store(std::unique_ptr<sql_database> db) : db_(std::move(db)) {}

  result<void> prepare(const std::string& new_tag);
  result<stored_alerts> load() override;
  result<void> commit(const store_changes& changes) override;

private:
  class statement : public sql_statement {
  public:
    statement(sql_alert_store& store, std::string_view sql) : sql_statement(*store.db_, sql) {}
    statement& text(std::string_view value) { return sql_statement::text(value), *this; }
    statement& number(std::uint64_t value) { return sql_statement::number(static_cast<std::int64_t>(value)), *this; }
    result<void> run(std::string_view doing) {
      while (row()) {}
      return done(doing);
    }
    [[nodiscard]] result<void> done(std::string_view doing) const {
      if (auto how = ended(); !how) return told(how.error(), doing);
      return {};
    }
  };

  static error told(const error& why, std::string_view doing) {
    return {why.code, "the store of alerts can't " + std::string(doing) + ": " + why.message, "data_dir"};
  }
  result<void> write(const store_changes& changes);
  result<void> set_meta(std::string_view name, const std::string& value) {
    statement put(*this, "INSERT INTO meta(name, value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value = excluded.value");
    return put.text(name).text(value).run("note " + std::string(name));
  }
  /// Where there is none yet.
  result<void> begin_meta(std::string_view name, std::string_view value) {
    statement put(*this, "INSERT INTO meta(name, value) VALUES(?,?) ON CONFLICT(name) DO NOTHING");
    return put.text(name).text(value).run("begin " + std::string(name));
  }
  result<std::string> meta(std::string_view name) {
    statement ask(*this, "SELECT value FROM meta WHERE name = ?");
    ask.text(name);
    if (ask.row()) return ask.text_at(0);
    if (auto done = ask.done("be read"); !done) return done.error();
    return std::string{};
  }

  std::unique_ptr<sql_database> db_;
};

result<void> sql_alert_store::prepare(const std::string& new_tag) {
  if (auto made = db_->script(schema); !made) return told(made.error(), "be used");
  auto begun = db_->together([&]() -> result<void> {
    for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"tag", new_tag}, {"last_number", "0"}, {"version", schema_version}})
      if (auto done = begin_meta(name, value); !done) return done;
    return {};
  });
  if (!begun) return begun;
  const auto version = meta("version");
  if (!version) return version.error();
  if (*version != schema_version) return error{errc::corrupt_data, "the store of alerts was written by another version of the program", "data_dir"};
  return {};
}

result<stored_alerts> sql_alert_store::load() {
  stored_alerts out;
  auto tag = meta("tag"), last = meta("last_number");
  if (!tag) return tag.error();
  if (!last) return last.error();
  out.tag = *tag;
  out.last_number = std::strtoull(last->c_str(), nullptr, 10);
  statement rows(*this, "SELECT content, memory FROM alerts ORDER BY number");
  while (rows.row()) {
    auto read = decode_alert(rows.bytes_at(0));
    if (!read) return read.error();
    auto memory = decode_memory(rows.bytes_at(1));
    if (!memory) return error{errc::corrupt_data, memory.error().message + " (" + read->id + ")"};
    read->memory = *memory;
    out.last_number = std::max(out.last_number, read->number);
    out.alerts.push_back(std::move(*read));
  }
  if (auto done = rows.done("list its alerts"); !done) return done.error();
  statement open(*this, "SELECT alert, trigger_number, kind, content FROM actions ORDER BY alert, trigger_number, kind");
  while (open.row()) {
    auto read = decode_alert(open.bytes_at(3));
    if (!read) return read.error();
    const action_key key{static_cast<std::uint64_t>(open.number_at(0)), static_cast<std::uint64_t>(open.number_at(1)),
                         open.number_at(2) == 0 ? action_kind::order : action_kind::notice};
    out.open.push_back({key, std::move(*read)});
  }
  if (auto done = open.done("list its actions"); !done) return done.error();
  return out;
}

result<void> sql_alert_store::write(const store_changes& changes) {
  for (const auto& one : changes.written) {
    statement put(*this, "INSERT INTO alerts(number, content, memory) VALUES(?,?,?) ON CONFLICT(number) DO UPDATE SET "
                         "content = excluded.content, memory = excluded.memory");
    if (auto done = put.number(one.number).text(encode_alert(one)).text(encode_memory(one.memory)).run("keep an alert"); !done) return done;
  }
  for (const auto number : changes.removed) {
    statement remove(*this, "DELETE FROM alerts WHERE number = ?");
    if (auto done = remove.number(number).run("remove an alert"); !done) return done;
  }
  for (const auto& one : changes.made) {
    statement put(*this, "INSERT INTO actions(alert, trigger_number, kind, content) VALUES(?,?,?,?) "
                         "ON CONFLICT(alert, trigger_number, kind) DO UPDATE SET content = excluded.content");
    put.number(one.key.alert).number(one.key.trigger).number(static_cast<std::uint64_t>(one.key.kind)).text(encode_alert(one.what));
    if (auto done = put.run("keep an action"); !done) return done;
  }
  for (const auto& key : changes.done) {
    statement remove(*this, "DELETE FROM actions WHERE alert = ? AND trigger_number = ? AND kind = ?");
    if (auto done = remove.number(key.alert).number(key.trigger).number(static_cast<std::uint64_t>(key.kind)).run("end an action"); !done) return done;
  }
  if (changes.last_number == 0) return {};
  return set_meta("last_number", std::to_string(changes.last_number));
}

result<void> sql_alert_store::commit(const store_changes& changes) {
  return db_->together([&] { return write(changes); });
}

} // namespace

result<std::unique_ptr<alert_store>> open_alert_store(const std::string& folder, const std::string& new_tag) {
  std::string path;
  if (!folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return error{errc::io_error, "can't make " + folder + ": " + failed.message(), "data_dir"};
    path = (std::filesystem::path(folder) / "alerts.sqlite").string();
  }
  return open_alert_store(sql_place{.name = "alerts", .file = path}, new_tag);
}

result<std::unique_ptr<alert_store>> open_alert_store(const sql_place& place, const std::string& new_tag) {
  auto db = sql_database::open(place);
  if (!db) return error{db.error().code, "can't open the store of alerts: " + db.error().message, "data_dir"};
  auto out = std::make_unique<sql_alert_store>(std::move(*db));
  if (auto made = out->prepare(new_tag); !made) return made.error();
  return std::unique_ptr<alert_store>(std::move(out));
}

} // namespace tt::alerts
