#include "actors/execution/journal_store.hpp"

#include "actors/storage/postgres_link.hpp"

#include <cstring>

namespace tt::execution {

namespace {

/// synchronous_commit is set here, whatever the server's default is: a commit is an answer that counts.
constexpr const char* session_settings = "SET synchronous_commit = on; SET statement_timeout = 2500; "
                                         "SET idle_in_transaction_session_timeout = 5000; SET client_min_messages = warning";
constexpr const char* schema[] = {
  "CREATE TABLE IF NOT EXISTS tt_journal_heads(account TEXT PRIMARY KEY, epoch BIGINT NOT NULL, next BIGINT NOT NULL, chain BYTEA NOT NULL)",
  "CREATE TABLE IF NOT EXISTS tt_journal(account TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, bytes BYTEA NOT NULL, "
  "PRIMARY KEY(account, first))",
  "CREATE TABLE IF NOT EXISTS tt_journal_snapshots(account TEXT NOT NULL, last BIGINT NOT NULL, chain BYTEA NOT NULL, hash BYTEA NOT NULL, "
  "state BYTEA NOT NULL, PRIMARY KEY(account, last))",
};
/// "unique_violation" and the like when two nodes make the tables at once.
constexpr std::string_view duplicate_codes[] = {"23505", "42P07", "42710"};
/// Rows fetched at once while a journal is read.
constexpr const char* fetch_batches = "FETCH 1000 FROM tt_reading";

std::string_view view(const chain_hash& hash) { return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()}; }

/// Values of a statement, one after the other.
class parameters {
public:
  parameters& text(std::string_view value) { return values_.raw(std::string(value)), *this; }
  parameters& blob(std::string_view value) { return values_.raw(std::string(value)), *this; }
  parameters& number(std::uint64_t value) { return values_.number(value), *this; }
  [[nodiscard]] const postgres_values& values() const { return values_; }

private:
  postgres_values values_;
};

std::string_view cell(const PGresult* answer, int row, int column) {
  return {PQgetvalue(answer, row, column), static_cast<std::size_t>(PQgetlength(answer, row, column))};
}
std::uint64_t number(std::string_view big) { return static_cast<std::uint64_t>(postgres_number(big)); }
bool read_hash(std::string_view bytes, chain_hash& out) {
  if (bytes.size() != out.bytes.size()) return false;
  std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
  return true;
}

std::string snapshot_hash(const journal_snapshot& s) {
  return std::string(view(hash_of(std::to_string(raw(s.last)) + ':' + std::string(view(s.chain)) + s.state)));
}

class postgres_journal final : public journal_store {
public:
  explicit postgres_journal(std::string url) : link_({std::move(url), "TraderTerminal journal", session_settings}) {}

  result<void> open() {
    if (auto connected = link_.connect(); !connected) return named(connected.error());
    for (const char* sql : schema)
      if (auto made = plain(sql); !made) return made;
    return {};
  }

  result<void> reopen() override { return open(); }

  result<journal_head> claim(const account_id& account, lease_epoch epoch) override {
    // the row must be there before it can be locked
    if (auto made = run("INSERT INTO tt_journal_heads(account, epoch, next, chain) VALUES($1, 0, 1, $2) ON CONFLICT DO NOTHING",
                        parameters{}.text(account.str()).blob(view(chain_hash{})));
        !made)
      return made.error();
    journal_head claimed;
    auto done = transaction([&]() -> result<void> {
      auto found = stored_head(account, " FOR UPDATE");
      if (!found) return found.error();
      if (found->epoch > epoch) return old_epoch(epoch, found->epoch);
      found->epoch = epoch;
      claimed = *found;
      return write_head(account, claimed);
    });
    if (!done) return done.error();
    return claimed;
  }

  result<journal_head> head(const account_id& account) override { return stored_head(account, ""); }

  result<void> append(const account_id& account, const journal_batch& batch) override {
    return transaction([&]() -> result<void> {
      auto found = stored_head(account, " FOR UPDATE");
      if (!found) return found.error();
      if (found->epoch != batch.epoch) return old_epoch(batch.epoch, found->epoch);
      if (found->next != batch.first || found->chain != batch.before)
        return error{errc::conflict, "the journal has grown by somebody else", "offset"};
      auto inserted = run("INSERT INTO tt_journal(account, first, last, bytes) VALUES($1, $2, $3, $4)",
                          parameters{}.text(account.str()).number(raw(batch.first)).number(raw(batch.next()) - 1).blob(batch.bytes));
      if (!inserted) return inserted.error();
      return write_head(account, {batch.epoch, batch.next(), batch.after});
    });
  }

  result<void> read(const account_id& account, journal_offset from, const batch_visitor& visit) override {
    return transaction([&]() -> result<void> {
      auto declared = run("DECLARE tt_reading NO SCROLL CURSOR FOR SELECT first, bytes FROM tt_journal WHERE account = $1 AND first >= "
                          "(SELECT coalesce(max(first), 0) FROM tt_journal WHERE account = $1 AND first <= $2) ORDER BY first",
                          parameters{}.text(account.str()).number(raw(from)));
      if (!declared) return declared.error();
      for (;;) {
        auto rows = run(fetch_batches, {});
        if (!rows) return rows.error();
        const int count = PQntuples(rows->get());
        for (int i = 0; i < count; ++i)
          if (auto done = visit(journal_offset{number(cell(rows->get(), i, 0))}, cell(rows->get(), i, 1)); !done) return done;
        if (count == 0) return {};
      }
    });
  }

  result<void> put_snapshot(const account_id& account, lease_epoch epoch, const journal_snapshot& snapshot) override {
    return transaction([&]() -> result<void> {
      auto found = stored_head(account, " FOR UPDATE");
      if (!found) return found.error();
      if (found->epoch != epoch) return old_epoch(epoch, found->epoch);
      auto put = run("INSERT INTO tt_journal_snapshots(account, last, chain, hash, state) VALUES($1, $2, $3, $4, $5) ON CONFLICT(account, last) "
                     "DO UPDATE SET chain = excluded.chain, hash = excluded.hash, state = excluded.state",
                     parameters{}
                       .text(account.str())
                       .number(raw(snapshot.last))
                       .blob(view(snapshot.chain))
                       .blob(snapshot_hash(snapshot))
                       .blob(snapshot.state));
      if (!put) return put.error();
      auto cleaned = run("DELETE FROM tt_journal_snapshots WHERE account = $1 AND last NOT IN "
                         "(SELECT last FROM tt_journal_snapshots WHERE account = $1 ORDER BY last DESC LIMIT 2)",
                         parameters{}.text(account.str()));
      if (!cleaned) return cleaned.error();
      return {};
    });
  }

  result<std::optional<journal_snapshot>> newest_snapshot(const account_id& account) override {
    auto rows = run("SELECT last, chain, hash, state FROM tt_journal_snapshots WHERE account = $1 ORDER BY last DESC",
                    parameters{}.text(account.str()));
    if (!rows) return rows.error();
    for (int i = 0; i < PQntuples(rows->get()); ++i) {
      journal_snapshot out{journal_offset{number(cell(rows->get(), i, 0))}, {}, std::string(cell(rows->get(), i, 3))};
      if (read_hash(cell(rows->get(), i, 1), out.chain) && snapshot_hash(out) == cell(rows->get(), i, 2)) return std::optional(std::move(out));
    }
    return std::optional<journal_snapshot>{};
  }

  result<void> set_aside(const account_id& account, lease_epoch epoch, const account_id& as) {
    return transaction([&]() -> result<void> {
      auto found = stored_head(account, " FOR UPDATE");
      if (!found) return found.error();
      if (found->epoch > epoch) return old_epoch(epoch, found->epoch);
      for (const auto* table : {"tt_journal_heads", "tt_journal", "tt_journal_snapshots"})
        if (auto moved = run(std::string("UPDATE ") + table + " SET account = $2 WHERE account = $1", parameters{}.text(account.str()).text(as.str())); !moved)
          return moved.error();
      return {};
    });
  }

private:
  result<journal_head> stored_head(const account_id& account, const char* lock) {
    auto rows = run("SELECT epoch, next, chain FROM tt_journal_heads WHERE account = $1" + std::string(lock), parameters{}.text(account.str()));
    if (!rows) return rows.error();
    if (PQntuples(rows->get()) == 0) return journal_head{};
    journal_head out{lease_epoch{number(cell(rows->get(), 0, 0))}, journal_offset{number(cell(rows->get(), 0, 1))}, {}};
    if (!read_hash(cell(rows->get(), 0, 2), out.chain)) return error{errc::corrupt_data, "the head of the journal is damaged", "head"};
    return out;
  }

  result<void> write_head(const account_id& account, const journal_head& head) {
    auto done = run("UPDATE tt_journal_heads SET epoch = $2, next = $3, chain = $4 WHERE account = $1",
                    parameters{}.text(account.str()).number(raw(head.epoch)).number(raw(head.next)).blob(view(head.chain)));
    if (!done) return done.error();
    return {};
  }

  template <class Work>
  result<void> transaction(Work work) {
    if (auto begun = plain("BEGIN"); !begun) return begun;
    if (auto done = work(); !done) {
      if (link_.is_in_transaction()) static_cast<void>(plain("ROLLBACK"));
      return done;
    }
    return plain("COMMIT");
  }

  result<void> plain(const char* sql) {
    auto done = run(sql, {});
    if (!done) return done.error();
    return {};
  }

  result<postgres_answer> run(const std::string& sql, const parameters& given) {
    auto answer = link_.query(sql, given.values());
    if (answer) {
      // COMMIT of a transaction that failed earlier answers "ROLLBACK", as a success
      if (sql == "COMMIT" && std::string_view(PQcmdStatus(answer->get())) != "COMMIT")
        return error{errc::io_error, "journal: the transaction was rolled back"};
      return answer;
    }
    if (sql.starts_with("CREATE"))
      for (const auto duplicate : duplicate_codes)
        if (duplicate == link_.state()) return postgres_answer{nullptr, PQclear};
    return named(answer.error());
  }

  static error old_epoch(lease_epoch mine, lease_epoch newest) {
    return {errc::conflict, "epoch " + std::to_string(raw(mine)) + " may not write any more: " + std::to_string(raw(newest)) + " has taken over",
            "epoch"};
  }

  static error named(const error& why) { return {why.code, "journal: " + why.message}; }

  postgres_link link_;
};

} // namespace

result<std::unique_ptr<journal_store>> open_postgres_journal(const std::string& url) {
  auto store = std::make_unique<postgres_journal>(url);
  if (auto opened = store->open(); !opened) return opened.error();
  return std::unique_ptr<journal_store>(std::move(store));
}

result<void> set_postgres_journal_aside(const std::string& url, const account_id& account, lease_epoch epoch, const account_id& as) {
  postgres_journal store(url);
  if (auto opened = store.open(); !opened) return opened;
  return store.set_aside(account, epoch, as);
}

} // namespace tt::execution
