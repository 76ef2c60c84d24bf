#include "actors/storage/sql_backends.hpp"

#include "actors/storage/sqlite_statement.hpp"

#include <sys/stat.h>

namespace tt {

namespace {

class sqlite_database final : public sql_database {
public:
  explicit sqlite_database(sql_place place) : place_(std::move(place)) {}
  ~sqlite_database() override { sqlite3_close(db_); }

  result<void> open() {
    const char* path = place_.file.empty() ? ":memory:" : place_.file.c_str();
    const int code = sqlite3_open_v2(path, &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
    if (code != SQLITE_OK) return error{errc::io_error, std::string("can't open it: ") + sqlite3_errstr(code), path};
    if (place_.access == file_access::owner_only && !place_.file.empty()) ::chmod(path, S_IRUSR | S_IWUSR);
    sqlite3_busy_timeout(db_, sql_busy_timeout_ms);
    for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"})
      if (auto done = execute(pragma); !done) return done;
    return {};
  }

  result<void> script(std::string_view sql) override {
    return together([&] { return execute(std::string(sql).c_str()); });
  }

  [[nodiscard]] error failure() const {
    const int code = db_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db_);
    const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return {damaged ? errc::corrupt_data : errc::io_error, db_ == nullptr ? "no memory" : sqlite3_errmsg(db_), place_.file};
  }
  [[nodiscard]] sqlite3* handle() const { return db_; }

protected:
  result<void> begin() override { return execute("BEGIN IMMEDIATE"); }
  result<void> commit() override {
    auto done = execute("COMMIT");
    if (!done) abandon();
    return done;
  }
  void abandon() override {
    if (sqlite3_get_autocommit(db_) == 0) static_cast<void>(execute("ROLLBACK"));
  }

private:
  std::unique_ptr<sql_cursor> prepare(std::string_view sql) override;
  result<void> execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
    return {};
  }

  sql_place place_;
  sqlite3* db_ = nullptr;
};

class sqlite_cursor final : public sql_cursor {
public:
  sqlite_cursor(const sqlite_database& db, std::string_view sql) : db_(db), statement_(db.handle(), sql) {}

  void text(std::string_view value) override { statement_.text(value); }
  void bytes(std::string_view value) override { statement_.bytes(value); }
  void number(std::int64_t value) override { statement_.number(value); }
  void real(double value) override { statement_.real(value); }
  step next() override {
    const int code = statement_.go();
    if (code == SQLITE_ROW) return step::row;
    return code == SQLITE_DONE ? step::end : step::failed;
  }
  [[nodiscard]] std::string_view bytes_at(int column) const override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.row_handle(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.row_handle(), column));
    return data == nullptr ? std::string_view{} : std::string_view{data, size};
  }
  [[nodiscard]] std::int64_t number_at(int column) const override { return sqlite3_column_int64(statement_.row_handle(), column); }
  [[nodiscard]] double real_at(int column) const override { return sqlite3_column_double(statement_.row_handle(), column); }
  [[nodiscard]] std::int64_t changes() const override { return sqlite3_changes(db_.handle()); }
  [[nodiscard]] error why() const override { return db_.failure(); }

private:
  class statement : public sqlite_statement<statement> {
  public:
    using sqlite_statement::sqlite_statement;
    int go() { return step(); }
    [[nodiscard]] sqlite3_stmt* row_handle() const { return handle(); }
  };
  const sqlite_database& db_;
  statement statement_;
};

std::unique_ptr<sql_cursor> sqlite_database::prepare(std::string_view sql) { return std::make_unique<sqlite_cursor>(*this, sql); }

} // namespace

result<std::unique_ptr<sql_database>> open_sqlite_database(const sql_place& place) {
  auto out = std::make_unique<sqlite_database>(place);
  if (auto opened = out->open(); !opened) return opened.error();
  return std::unique_ptr<sql_database>(std::move(out));
}

} // namespace tt
