#include "actors/execution/journal_end_file.hpp"
#include "actors/execution/journal_store.hpp"

#include <sqlite3.h>

#include <map>

namespace tt::execution {

namespace {

/// Wait for another process that writes, in ms.
constexpr int busy_timeout_ms = 2'000;

constexpr const char* schema[] = {
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = FULL",
  "CREATE TABLE IF NOT EXISTS tt_journal_heads(account TEXT PRIMARY KEY, epoch INTEGER NOT NULL, next INTEGER NOT NULL, chain BLOB NOT NULL) "
  "WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS tt_journal(account TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL, "
  "PRIMARY KEY(account, first))",
  "CREATE TABLE IF NOT EXISTS tt_journal_snapshots(account TEXT NOT NULL, last INTEGER NOT NULL, chain BLOB NOT NULL, hash BLOB NOT NULL, "
  "state BLOB NOT NULL, PRIMARY KEY(account, last))",
};

using statement_ptr = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

/// A prepared statement in use; reset when it is done with.
class bound {
public:
  explicit bound(sqlite3_stmt* statement) : statement_(statement) {}
  ~bound() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  bound(const bound&) = delete;
  bound& operator=(const bound&) = delete;

  bound& text(int at, std::string_view value) {
    sqlite3_bind_text64(statement_, at, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
  }
  bound& blob(int at, std::string_view value) {
    sqlite3_bind_blob64(statement_, at, value.data(), value.size(), SQLITE_STATIC);
    return *this;
  }
  bound& number(int at, std::uint64_t value) {
    sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(value));
    return *this;
  }
  int step() { return sqlite3_step(statement_); }
  [[nodiscard]] std::uint64_t number_at(int column) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column)); }
  [[nodiscard]] std::string_view blob_at(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {data ? data : "", data ? static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)) : 0};
  }

private:
  sqlite3_stmt* statement_;
};

std::string_view view(const chain_hash& hash) { return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()}; }

bool read_hash(std::string_view bytes, chain_hash& out) {
  if (bytes.size() != out.bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
  return true;
}

std::string snapshot_hash(const journal_snapshot& s) {
  return std::string(view(hash_of(std::to_string(raw(s.last)) + ':' + std::string(view(s.chain)) + s.state)));
}

class sqlite_journal final : public journal_store {
public:
  explicit sqlite_journal(std::string path) : path_(std::move(path)) {}
  ~sqlite_journal() override { close(); }

  result<void> open() {
    const int code = sqlite3_open_v2(path_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
      const error failed{errc::io_error, "can't open the journal: " + std::string(sqlite3_errstr(code)), path_};
      close();
      return failed;
    }
    sqlite3_busy_timeout(db_, busy_timeout_ms);
    for (const char* sql : schema)
      if (auto done = plain(sql); !done) return done;
    return {};
  }

  result<void> reopen() override {
    close();
    return open();
  }

  result<journal_head> claim(const account_id& account, lease_epoch epoch) override {
    if (auto begun = plain("BEGIN IMMEDIATE"); !begun) return begun.error();
    auto claimed = claim_inside(account, epoch);
    if (!claimed) return roll_back(), claimed;
    if (auto done = commit(); !done) return done.error();
    return claimed;
  }

  result<journal_head> head(const account_id& account) override {
    auto found = stored_head(account);
    if (!found) return found;
    if (auto fine = end_of(account).check(*found); !fine) return fine.error();
    return found;
  }

  result<void> append(const account_id& account, const journal_batch& batch) override {
    if (auto begun = plain("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = append_inside(account, batch);
    if (!done) return roll_back(), done;
    if (done = commit(); !done) return done;
    end_of(account).write({batch.epoch, batch.next(), batch.after});
    return {};
  }

  result<void> read(const account_id& account, journal_offset from, const batch_visitor& visit) override {
    auto statement = prepare("SELECT first, bytes FROM tt_journal WHERE account = ?1 AND first >= "
                             "(SELECT coalesce(max(first), 0) FROM tt_journal WHERE account = ?1 AND first <= ?2) ORDER BY first");
    if (!statement) return statement.error();
    bound query{*statement};
    query.text(1, account.str()).number(2, raw(from));
    int code = SQLITE_ROW;
    while ((code = query.step()) == SQLITE_ROW)
      if (auto done = visit(journal_offset{query.number_at(0)}, query.blob_at(1)); !done) return done;
    if (code != SQLITE_DONE) return failure();
    return {};
  }

  result<void> put_snapshot(const account_id& account, lease_epoch epoch, const journal_snapshot& snapshot) override {
    if (auto begun = plain("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = put_inside(account, epoch, snapshot);
    if (!done) return roll_back(), done;
    return commit();
  }

  result<std::optional<journal_snapshot>> newest_snapshot(const account_id& account) override {
    auto statement = prepare("SELECT last, chain, hash, state FROM tt_journal_snapshots WHERE account = ?1 ORDER BY last DESC");
    if (!statement) return statement.error();
    bound query{*statement};
    query.text(1, account.str());
    int code = SQLITE_ROW;
    while ((code = query.step()) == SQLITE_ROW) {
      journal_snapshot out{journal_offset{query.number_at(0)}, {}, std::string(query.blob_at(3))};
      if (read_hash(query.blob_at(1), out.chain) && snapshot_hash(out) == query.blob_at(2)) return std::optional(std::move(out));
    }
    if (code != SQLITE_DONE) return failure();
    return std::optional<journal_snapshot>{};
  }

private:
  result<journal_head> stored_head(const account_id& account) {
    auto statement = prepare("SELECT epoch, next, chain FROM tt_journal_heads WHERE account = ?1");
    if (!statement) return statement.error();
    bound query{*statement};
    query.text(1, account.str());
    const int code = query.step();
    if (code == SQLITE_DONE) return journal_head{};
    if (code != SQLITE_ROW) return failure();
    journal_head out{lease_epoch{query.number_at(0)}, journal_offset{query.number_at(1)}, {}};
    if (!read_hash(query.blob_at(2), out.chain)) return error{errc::corrupt_data, "the head of the journal is damaged", "head"};
    return out;
  }

  result<journal_head> claim_inside(const account_id& account, lease_epoch epoch) {
    auto found = head(account);
    if (!found) return found;
    if (found->epoch > epoch) return old_epoch(epoch, found->epoch);
    found->epoch = epoch;
    if (auto written = write_head(account, *found); !written) return written.error();
    return found;
  }

  result<void> append_inside(const account_id& account, const journal_batch& batch) {
    auto found = stored_head(account);
    if (!found) return found.error();
    if (found->epoch != batch.epoch) return old_epoch(batch.epoch, found->epoch);
    if (found->next != batch.first || found->chain != batch.before)
      return error{errc::conflict, "the journal has grown by somebody else", "offset"};
    auto statement = prepare("INSERT INTO tt_journal(account, first, last, bytes) VALUES(?1, ?2, ?3, ?4)");
    if (!statement) return statement.error();
    bound insert{*statement};
    insert.text(1, account.str()).number(2, raw(batch.first)).number(3, raw(batch.next()) - 1).blob(4, batch.bytes);
    if (insert.step() != SQLITE_DONE) return failure();
    return write_head(account, {batch.epoch, batch.next(), batch.after});
  }

  result<void> put_inside(const account_id& account, lease_epoch epoch, const journal_snapshot& snapshot) {
    auto found = stored_head(account);
    if (!found) return found.error();
    if (found->epoch != epoch) return old_epoch(epoch, found->epoch);
    auto statement = prepare("INSERT OR REPLACE INTO tt_journal_snapshots(account, last, chain, hash, state) VALUES(?1, ?2, ?3, ?4, ?5)");
    if (!statement) return statement.error();
    const auto hash = snapshot_hash(snapshot);
    {
      bound insert{*statement};
      insert.text(1, account.str()).number(2, raw(snapshot.last)).blob(3, view(snapshot.chain)).blob(4, hash).blob(5, snapshot.state);
      if (insert.step() != SQLITE_DONE) return failure();
    }
    auto cleaner = prepare("DELETE FROM tt_journal_snapshots WHERE account = ?1 AND last NOT IN "
                           "(SELECT last FROM tt_journal_snapshots WHERE account = ?1 ORDER BY last DESC LIMIT 2)");
    if (!cleaner) return cleaner.error();
    bound remove{*cleaner};
    remove.text(1, account.str());
    if (remove.step() != SQLITE_DONE) return failure();
    return {};
  }

  result<void> write_head(const account_id& account, const journal_head& head) {
    auto statement = prepare("INSERT OR REPLACE INTO tt_journal_heads(account, epoch, next, chain) VALUES(?1, ?2, ?3, ?4)");
    if (!statement) return statement.error();
    bound update{*statement};
    update.text(1, account.str()).number(2, raw(head.epoch)).number(3, raw(head.next)).blob(4, view(head.chain));
    if (update.step() != SQLITE_DONE) return failure();
    return {};
  }

  static error old_epoch(lease_epoch mine, lease_epoch newest) {
    return {errc::conflict, "epoch " + std::to_string(raw(mine)) + " may not write any more: " + std::to_string(raw(newest)) + " has taken over",
            "epoch"};
  }

  journal_end_file& end_of(const account_id& account) {
    auto& file = ends_[account];
    if (!file) {
      const bool on_disk = !path_.empty() && path_ != ":memory:";
      file = std::make_unique<journal_end_file>(on_disk ? path_ + "-" + hash_of(account.str()).to_hex().substr(0, 16) + ".end" : std::string());
    }
    return *file;
  }

  /// Prepared once per connection.
  result<sqlite3_stmt*> prepare(const char* sql) {
    if (!db_) return error{errc::io_error, "the journal is closed"};
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      sqlite3_stmt* made = nullptr;
      if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK) return failure();
      found = statements_.emplace(sql, statement_ptr{made, sqlite3_finalize}).first;
    }
    return found->second.get();
  }

  result<void> plain(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    bound run{*statement};
    int code = SQLITE_ROW;
    while ((code = run.step()) == SQLITE_ROW) {}
    if (code != SQLITE_DONE) return failure();
    return {};
  }

  result<void> commit() {
    auto done = plain("COMMIT");
    if (!done) roll_back();
    return done;
  }
  void roll_back() {
    if (db_ && sqlite3_get_autocommit(db_) == 0) static_cast<void>(plain("ROLLBACK"));
  }

  void close() {
    statements_.clear();
    sqlite3_close(db_);
    db_ = nullptr;
  }

  [[nodiscard]] error failure() const {
    const int code = sqlite3_errcode(db_);
    const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return {damaged ? errc::corrupt_data : errc::io_error, std::string("journal: ") + sqlite3_errmsg(db_), path_};
  }

  std::string path_;
  sqlite3* db_ = nullptr;
  std::map<std::string, statement_ptr, std::less<>> statements_;
  std::map<account_id, std::unique_ptr<journal_end_file>> ends_;
};

} // namespace

result<std::unique_ptr<journal_store>> open_sqlite_journal(const std::string& path) {
  auto store = std::make_unique<sqlite_journal>(path);
  if (auto opened = store->open(); !opened) return opened.error();
  return std::unique_ptr<journal_store>(std::move(store));
}

} // namespace tt::execution
