#include "actors/storage/sql_backends.hpp"
#include "actors/storage/sql_text.hpp"

#include "actors/storage/postgres_link.hpp"

#include <array>
#include <bit>

namespace tt {

namespace {

/// synchronous_commit whatever the server's default is: a commit is an answer that counts. The server ends what waits for a
/// lock, or works too long, before it is given up here.
constexpr std::string_view session_settings =
  "SET synchronous_commit = on; SET statement_timeout = 2500; SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 5000; "
  "SET client_min_messages = warning; SET search_path = tt_";
/// One maker of tables at a time, whatever they are called.
constexpr const char* lock_of_makers = "SELECT pg_advisory_xact_lock(7823456)";
constexpr const char* fences = "CREATE TABLE IF NOT EXISTS public.tt_fences(lease TEXT PRIMARY KEY, epoch BIGINT NOT NULL)";
constexpr const char* claim = "INSERT INTO public.tt_fences(lease, epoch) VALUES($1, $2) ON CONFLICT(lease) DO UPDATE SET epoch = excluded.epoch "
                              "WHERE public.tt_fences.epoch <= excluded.epoch";
/// Held until the end of the transaction: who claims a higher epoch waits for those who have begun to write.
constexpr const char* check = "SELECT 1 FROM public.tt_fences WHERE lease = $1 AND epoch = $2 FOR SHARE";

/// PostgreSQL's numbers of its types.
constexpr Oid bytes_type = 17, number_type = 20, real_type = 701, text_type = 25;

class postgres_database final : public sql_database {
public:
  explicit postgres_database(sql_place place)
    : place_(std::move(place)),
      link_({place_.server->url, "TraderTerminal " + place_.name, std::string(session_settings) + place_.name}) {}

  /// Connects, makes the schema, claims the fence.
  result<void> open() {
    if (auto connected = link_.connect(); !connected) return connected;
    if (auto begun = link_.query("BEGIN"); !begun) return begun.error();
    auto made = make();
    if (!made) {
      abandon();
      return made;
    }
    return commit();
  }

  result<void> script(std::string_view sql) override {
    return together([&]() -> result<void> {
      if (auto locked = link_.query(lock_of_makers); !locked) return locked.error();
      for (const auto& one : split_statements(sql))
        if (auto done = link_.query(postgres_types(one)); !done) return done.error();
      return {};
    });
  }

  /// Executes one statement; a write outside of `together` is a transaction of its own. Errors: io_error, conflict.
  result<postgres_answer> execute(const std::string& sql, const postgres_values& given) {
    if (is_open_ || is_query(sql)) {
      if (auto ready = reconnect(); !ready) return ready.error();
      return link_.query(sql, given);
    }
    postgres_answer out{nullptr, PQclear};
    auto done = together([&]() -> result<void> {
      auto got = link_.query(sql, given);
      if (!got) return got.error();
      out = std::move(*got);
      return {};
    });
    if (!done) return done.error();
    return out;
  }

protected:
  result<void> begin() override {
    if (auto ready = reconnect(); !ready) return ready;
    if (auto begun = link_.query("BEGIN"); !begun) return begun.error();
    is_open_ = true;
    auto mine = fenced();
    if (!mine) abandon();
    return mine;
  }
  result<void> commit() override {
    auto done = link_.query("COMMIT");
    is_open_ = false;
    if (!done) return done.error();
    // of a transaction that failed earlier it answers "ROLLBACK", as a success
    if (std::string_view(PQcmdStatus(done->get())) != "COMMIT") return error{errc::io_error, "the transaction was rolled back", place_.name};
    return {};
  }
  void abandon() override {
    is_open_ = false;
    if (link_.is_in_transaction()) static_cast<void>(link_.query("ROLLBACK"));
  }

private:
  std::unique_ptr<sql_cursor> prepare(std::string_view sql) override;
  [[nodiscard]] const sql_fence& fence() const { return place_.server->fence; }

  /// What a transaction has lost, it has lost.
  result<void> reconnect() {
    if (is_open_ || link_.is_connected()) return {};
    return link_.connect();
  }

  result<void> make() {
    for (const auto& sql : {std::string(lock_of_makers), "CREATE SCHEMA IF NOT EXISTS tt_" + place_.name, std::string(fences)})
      if (auto done = link_.query(sql); !done) return done.error();
    if (fence().epoch == 0) return {};
    auto claimed = link_.query(claim, fence_values());
    if (!claimed) return claimed.error();
    if (std::string_view(PQcmdTuples(claimed->get())) == "0") return taken_over();
    return {};
  }
  /// Whether this node still has the lease, by the database.
  result<void> fenced() {
    if (fence().epoch == 0) return {};
    auto mine = link_.query(check, fence_values());
    if (!mine) return mine.error();
    if (PQntuples(mine->get()) == 0) return taken_over();
    return {};
  }
  [[nodiscard]] postgres_values fence_values() const {
    postgres_values out;
    out.raw(fence().lease, text_type);
    out.number(fence().epoch, number_type);
    return out;
  }
  [[nodiscard]] error taken_over() const {
    return {errc::conflict, "epoch " + std::to_string(fence().epoch) + " of " + fence().lease + " may not write any more: another node has taken over", "epoch"};
  }

  sql_place place_;
  postgres_link link_;
  bool is_open_ = false; ///< a transaction
};

class postgres_cursor final : public sql_cursor {
public:
  postgres_cursor(postgres_database& db, std::string_view sql) : db_(db), sql_(postgres_places(sql)) {}

  void text(std::string_view value) override { values_.raw(std::string(value), bytes_type); }
  void bytes(std::string_view value) override { values_.raw(std::string(value), bytes_type); }
  void number(std::int64_t value) override { values_.number(static_cast<std::uint64_t>(value), number_type); }
  void real(double value) override { values_.number(std::bit_cast<std::uint64_t>(value), real_type); }

  step next() override {
    if (failed_) return step::failed;
    if (!rows_) {
      auto got = db_.execute(sql_, values_);
      if (!got) {
        failed_ = got.error();
        return step::failed;
      }
      rows_ = std::move(*got);
      changes_ = std::atoll(PQcmdTuples(rows_.get()));
    }
    return ++row_ < PQntuples(rows_.get()) ? step::row : step::end;
  }

  [[nodiscard]] std::string_view bytes_at(int column) const override {
    return {PQgetvalue(rows_.get(), row_, column), static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column))};
  }
  [[nodiscard]] std::int64_t number_at(int column) const override { return postgres_number(bytes_at(column)); }
  [[nodiscard]] double real_at(int column) const override { return std::bit_cast<double>(postgres_number(bytes_at(column))); }
  [[nodiscard]] std::int64_t changes() const override { return changes_; }
  [[nodiscard]] error why() const override { return failed_.value_or(error{errc::io_error, "nothing went wrong"}); }

private:
  postgres_database& db_;
  std::string sql_;
  postgres_values values_;
  postgres_answer rows_{nullptr, PQclear};
  std::optional<error> failed_;
  int row_ = -1;
  std::int64_t changes_ = 0;
};

std::unique_ptr<sql_cursor> postgres_database::prepare(std::string_view sql) { return std::make_unique<postgres_cursor>(*this, sql); }

} // namespace

result<std::unique_ptr<sql_database>> open_postgres_database(const sql_place& place) {
  auto out = std::make_unique<postgres_database>(place);
  if (auto opened = out->open(); !opened) return opened.error();
  return std::unique_ptr<sql_database>(std::move(out));
}

} // namespace tt
