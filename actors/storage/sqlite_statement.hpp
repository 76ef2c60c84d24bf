#pragma once

// A prepared statement of SQLite. A store derives its own from it, with the words in
// which it tells of a failure and the columns it reads.

#include <sqlite3.h>

#include <cstdint>
#include <string_view>

namespace tt {

/// Values are bound in order, each by a call that can be chained; then step. `Self` is the store's class. After a failed
/// call the others do nothing, and code() says what went wrong.
template <class Self>
class sqlite_statement {
public:
  sqlite_statement(sqlite3* db, std::string_view sql) {
    code_ = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &handle_, nullptr);
  }
  sqlite_statement(const sqlite_statement&) = delete;
  sqlite_statement& operator=(const sqlite_statement&) = delete;

  Self& text(std::string_view value) {
    if (code_ == SQLITE_OK)
      code_ = sqlite3_bind_text64(handle_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return self();
  }
  Self& bytes(std::string_view value) {
    if (code_ == SQLITE_OK)
      code_ = sqlite3_bind_blob64(handle_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT);
    return self();
  }
  Self& number(std::int64_t value) {
    if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(handle_, ++bound_, value);
    return self();
  }
  Self& real(double value) {
    if (code_ == SQLITE_OK) code_ = sqlite3_bind_double(handle_, ++bound_, value);
    return self();
  }

protected:
  ~sqlite_statement() { sqlite3_finalize(handle_); }
  /// Goes on to the next row, if all went well so far. SQLITE_ROW, SQLITE_DONE or what went wrong.
  int step() {
    if (code_ == SQLITE_OK || code_ == SQLITE_ROW) code_ = sqlite3_step(handle_);
    return code_;
  }
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] sqlite3_stmt* handle() const { return handle_; }

private:
  Self& self() { return static_cast<Self&>(*this); }
  sqlite3_stmt* handle_ = nullptr;
  int code_ = SQLITE_OK;
  int bound_ = 0;
};

} // namespace tt
