#pragma once

// A database of a store: a file of SQLite on a node that stands alone, PostgreSQL where several nodes may take over from
// each other. A store writes one SQL for both; sql_text.hpp says what that may hold.
//
//   auto db = *sql_database::open({.name = "diary", .file = folder + "/diary.sqlite"});
//   db->script("CREATE TABLE IF NOT EXISTS lines(number INTEGER PRIMARY KEY, line TEXT NOT NULL)");
//   db->together([&] { return sql_statement(*db, "INSERT INTO lines(number, line) VALUES(?, ?)").number(1).text("rain").run(); });

#include "actors/model/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// Who may write: the holder of a lease. A store that was opened under an epoch refuses its writers once a higher one has
/// been claimed, in the transaction of the write.
struct sql_fence {
  std::string lease;       ///< "execution"
  std::uint64_t epoch = 0; ///< of the grant; 0: writes are not fenced (a tool while nothing runs)

  bool operator==(const sql_fence&) const = default;
};

/// A database of several nodes.
struct sql_server {
  std::string url; ///< postgresql://…
  sql_fence fence;

  bool operator==(const sql_server&) const = default;
};

enum class file_access : std::uint8_t { usual, owner_only };

/// Where a store lives.
struct sql_place {
  std::string name; ///< of the store: a schema of the server ("tt_" before it); lower-case letters and '_'
  std::string file; ///< SQLite; empty: in memory
  std::optional<sql_server> server = std::nullopt; ///< instead of the file
  file_access access = file_access::usual;
};

/// Another connection that writes is waited for, in ms.
inline constexpr int sql_busy_timeout_ms = 5'000;

class sql_statement;

class sql_database {
public:
  /// Opens or makes it; with a server, claims its fence. Errors: io_error, corrupt_data (no database), conflict (a higher
  /// epoch has claimed it).
  static result<std::unique_ptr<sql_database>> open(const sql_place& place);
  virtual ~sql_database() = default;
  sql_database(const sql_database&) = delete;
  sql_database& operator=(const sql_database&) = delete;

  /// Statements without values, divided by ';': the tables of a store. All of them or none. Errors: as sql_statement::run.
  virtual result<void> script(std::string_view sql) = 0;

  /// All that `work` writes, or nothing. Errors: those of `work`; io_error, conflict (a higher epoch has taken over).
  /// After an io_error of the end itself nobody knows whether it is in.
  template <class Work>
  result<void> together(Work work) {
    if (auto begun = begin(); !begun) return begun;
    if (auto done = work(); !done) {
      abandon();
      return done;
    }
    return commit();
  }

protected:
  sql_database() = default;
  virtual result<void> begin() = 0;
  virtual result<void> commit() = 0;
  virtual void abandon() = 0;

private:
  friend class sql_statement;
  friend class sql_cursor;
  virtual std::unique_ptr<class sql_cursor> prepare(std::string_view sql) = 0;
};

/// What a back end does for a statement. Only for those who write one.
class sql_cursor {
public:
  virtual ~sql_cursor() = default;
  enum class step : std::uint8_t { row, end, failed };
  virtual void text(std::string_view value) = 0;
  virtual void bytes(std::string_view value) = 0;
  virtual void number(std::int64_t value) = 0;
  virtual void real(double value) = 0;
  virtual step next() = 0;
  [[nodiscard]] virtual std::string_view bytes_at(int column) const = 0;
  [[nodiscard]] virtual std::int64_t number_at(int column) const = 0;
  [[nodiscard]] virtual double real_at(int column) const = 0;
  [[nodiscard]] virtual std::int64_t changes() const = 0;
  [[nodiscard]] virtual error why() const = 0;
};

/// One statement. Values are bound in order, by calls that can be chained; then row() or run(). After a failure the other
/// calls do nothing, and ended() says what went wrong.
class sql_statement {
public:
  /// `?` is the next value, `?1` the first one again.
  sql_statement(sql_database& db, std::string_view sql) : cursor_(db.prepare(sql)) {}

  /// Any bytes, also those of no text.
  sql_statement& text(std::string_view value) { return cursor_->text(value), *this; }
  sql_statement& bytes(std::string_view value) { return cursor_->bytes(value), *this; }
  sql_statement& number(std::int64_t value) { return cursor_->number(value), *this; }
  sql_statement& real(double value) { return cursor_->real(value), *this; }

  /// Goes on to the next row; false at the end and after a failure.
  bool row() { return (last_ = cursor_->next()) == sql_cursor::step::row; }
  /// To the end. Errors: io_error, corrupt_data (the file is damaged), conflict (a higher epoch has taken over).
  result<void> run() {
    while (row()) {}
    return ended();
  }
  /// How the last row() or run() ended. Errors: as run.
  [[nodiscard]] result<void> ended() const {
    if (last_ == sql_cursor::step::failed) return cursor_->why();
    return {};
  }
  /// Rows that it wrote or deleted.
  [[nodiscard]] std::int64_t changes() const { return cursor_->changes(); }

  // Of the row, from column 0; NULL is empty or 0.
  [[nodiscard]] std::string text_at(int column) const { return std::string(cursor_->bytes_at(column)); }
  [[nodiscard]] std::string_view bytes_at(int column) const { return cursor_->bytes_at(column); }
  [[nodiscard]] std::int64_t number_at(int column) const { return cursor_->number_at(column); }
  [[nodiscard]] double real_at(int column) const { return cursor_->real_at(column); }

private:
  std::unique_ptr<sql_cursor> cursor_;
  sql_cursor::step last_ = sql_cursor::step::end;
};

} // namespace tt
