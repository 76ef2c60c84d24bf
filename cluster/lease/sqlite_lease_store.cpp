#include "cluster/lease/sql_lease_store.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace tt::cluster {

namespace {

/// Wait for another process that writes, in ms.
constexpr int busy_timeout_ms = 2'000;

class sqlite_connection final : public sql_connection {
public:
  sqlite_connection(sqlite3* db, lease_clock clock) : db_(db), clock_(std::move(clock)) {}
  ~sqlite_connection() override { sqlite3_close(db_); }
  sqlite_connection(const sqlite_connection&) = delete;
  sqlite_connection& operator=(const sqlite_connection&) = delete;

  result<sql_answer> query(std::string_view sql, const sql_parameters& parameters) override {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK) return failure();
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const int at = sqlite3_bind_parameter_index(raw, ("$" + std::to_string(i + 1)).c_str());
      if (at == 0) continue;
      const auto& text = parameters[i];
      if (sqlite3_bind_text64(raw, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) return failure();
    }
    sql_answer out;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) out.rows.push_back(row_of(raw));
    if (code != SQLITE_DONE) return failure();
    out.changed = static_cast<std::uint64_t>(sqlite3_changes64(db_));
    return out;
  }

  result<void> begin() override { return plain("BEGIN IMMEDIATE"); }
  result<void> commit() override {
    auto done = plain("COMMIT");
    if (!done) roll_back();
    return done;
  }
  void roll_back() override {
    // already rolled back after some failures: then there is nothing to do
    if (sqlite3_get_autocommit(db_) == 0) static_cast<void>(plain("ROLLBACK"));
  }
  [[nodiscard]] std::string now() const override { return std::to_string(clock_().time_since_epoch().count()); }
  [[nodiscard]] std::string_view lock_row() const override { return ""; } // BEGIN IMMEDIATE locks all
  [[nodiscard]] std::vector<std::string> schema() const override {
    return {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
            "CREATE TABLE IF NOT EXISTS tt_leases(name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL, "
            "expires_ns BIGINT NOT NULL, ttl_ns BIGINT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS tt_acts(id INTEGER PRIMARY KEY AUTOINCREMENT, lease TEXT NOT NULL, epoch BIGINT NOT NULL, "
            "what TEXT NOT NULL)",
            "CREATE INDEX IF NOT EXISTS tt_acts_by_lease ON tt_acts(lease, id)",
            // by whatever clock it was written: from here on ours counts
            "UPDATE tt_leases SET expires_ns = " + now() + " + ttl_ns WHERE holder <> ''"};
  }

  /// A table that was made before times to live were written down gets a column for them.
  result<void> upgrade() {
    auto columns = query("SELECT name FROM pragma_table_info('tt_leases')", {});
    if (!columns) return columns.error();
    const auto is_ttl = [](const auto& row) { return row.at(0) == "ttl_ns"; };
    if (columns->rows.empty() || std::ranges::any_of(columns->rows, is_ttl)) return {};
    return plain("ALTER TABLE tt_leases ADD COLUMN ttl_ns BIGINT NOT NULL DEFAULT " + std::string(older_ttl_ns));
  }

private:
  static std::vector<std::string> row_of(sqlite3_stmt* statement) {
    std::vector<std::string> out;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* data = sqlite3_column_text(statement, i);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
      out.emplace_back(data ? reinterpret_cast<const char*>(data) : "", data ? size : 0);
    }
    return out;
  }

  result<void> plain(std::string_view sql) {
    auto done = query(sql, {});
    if (!done) return done.error();
    return {};
  }

  [[nodiscard]] error failure() const { return {errc::io_error, std::string("lease store: ") + sqlite3_errmsg(db_)}; }

  sqlite3* db_;
  lease_clock clock_;
};

} // namespace

result<std::unique_ptr<lease_store>> open_sqlite_lease_store(const std::string& path, lease_clock clock, lease_clock own) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  auto connection = std::make_unique<sqlite_connection>(db, clock ? std::move(clock) : lease_clock{boot_time});
  if (code != SQLITE_OK) return error{errc::io_error, "can't open " + path + ": " + sqlite3_errstr(code), path};
  sqlite3_busy_timeout(db, busy_timeout_ms);
  if (auto upgraded = connection->upgrade(); !upgraded) return upgraded.error();
  return make_sql_lease_store(std::move(connection), std::move(own));
}

} // namespace tt::cluster
