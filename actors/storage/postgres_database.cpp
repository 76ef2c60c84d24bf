#include "actors/storage/sql_backends.hpp"
#include "actors/storage/sql_text.hpp"

#include <libpq-fe.h>

#include <array>
#include <bit>

namespace tt {

namespace {

/// A server that does not answer may hold nobody up for longer than a lease lives.
constexpr const char* connect_timeout_s = "2";
constexpr const char* unacknowledged_ms = "2000";
/// synchronous_commit whatever the server's default is: a commit is an answer that counts.
constexpr std::string_view session_settings =
  "SET synchronous_commit = on; SET statement_timeout = 5000; SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 5000; "
  "SET client_min_messages = warning; SET search_path = tt_";
/// One maker of tables at a time, whatever they are called.
constexpr const char* lock_of_makers = "SELECT pg_advisory_xact_lock(7823456)";
constexpr const char* fences = "CREATE TABLE IF NOT EXISTS public.tt_fences(lease TEXT PRIMARY KEY, epoch BIGINT NOT NULL)";
constexpr const char* claim = "INSERT INTO public.tt_fences(lease, epoch) VALUES($1, $2) ON CONFLICT(lease) DO UPDATE SET epoch = excluded.epoch "
                              "WHERE public.tt_fences.epoch <= excluded.epoch";
/// Held until the end of the transaction: who claims a higher epoch waits for those who have begun to write.
constexpr const char* check = "SELECT 1 FROM public.tt_fences WHERE lease = $1 AND epoch = $2 FOR SHARE";

using answer_ptr = std::unique_ptr<PGresult, void (*)(PGresult*)>;

/// PostgreSQL's numbers of its types.
enum class type : Oid { bytes = 17, number = 20, real = 701, name = 25 };

std::string big_endian(std::uint64_t value) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(value >> (56 - 8 * i));
  return out;
}
std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t out = !bytes.empty() && static_cast<signed char>(bytes.front()) < 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) out = (out << 8) | static_cast<unsigned char>(c);
  return out;
}

/// Values in the binary format.
struct values {
  std::vector<std::string> bytes;
  std::vector<Oid> types;
  void add(type t, std::string value) {
    types.push_back(static_cast<Oid>(t));
    bytes.push_back(std::move(value));
  }
};

class postgres_database final : public sql_database {
public:
  explicit postgres_database(sql_place place) : place_(std::move(place)) {}
  ~postgres_database() override { PQfinish(db_); }

  /// Connects, makes the schema, claims the fence.
  result<void> open() {
    if (auto connected = connect(); !connected) return connected;
    if (auto begun = send("BEGIN", {}); !begun) return begun.error();
    auto made = make();
    if (!made) {
      abandon();
      return made;
    }
    return commit();
  }

  result<void> script(std::string_view sql) override {
    return together([&]() -> result<void> {
      if (auto locked = send(lock_of_makers, {}); !locked) return locked.error();
      for (const auto& one : split_statements(sql))
        if (auto done = send(postgres_types(one), {}); !done) return done.error();
      return {};
    });
  }

  /// Executes one statement; a write outside of `together` is a transaction of its own. Errors: io_error, conflict.
  result<answer_ptr> execute(const std::string& sql, const values& given) {
    if (is_open_ || is_query(sql)) {
      if (auto ready = reconnect(); !ready) return ready.error();
      return send(sql, given);
    }
    answer_ptr out{nullptr, PQclear};
    auto done = together([&]() -> result<void> {
      auto got = send(sql, given);
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
    if (auto begun = send("BEGIN", {}); !begun) return begun.error();
    is_open_ = true;
    auto mine = fenced();
    if (!mine) abandon();
    return mine;
  }
  result<void> commit() override {
    auto done = send("COMMIT", {});
    is_open_ = false;
    if (!done) return done.error();
    // of a transaction that failed earlier it answers "ROLLBACK", as a success
    if (std::string_view(PQcmdStatus(done->get())) != "COMMIT") return error{errc::io_error, "the transaction was rolled back", place_.name};
    return {};
  }
  void abandon() override {
    is_open_ = false;
    if (PQtransactionStatus(db_) != PQTRANS_IDLE) static_cast<void>(send("ROLLBACK", {}));
  }

private:
  std::unique_ptr<sql_cursor> prepare(std::string_view sql) override;
  [[nodiscard]] const sql_fence& fence() const { return place_.server->fence; }

  result<void> connect() {
    const char* keys[] = {"dbname", "connect_timeout", "tcp_user_timeout", "application_name", nullptr};
    const auto shown = "TraderTerminal " + place_.name;
    const char* settings[] = {place_.server->url.c_str(), connect_timeout_s, unacknowledged_ms, shown.c_str(), nullptr};
    PQfinish(db_);
    db_ = PQconnectdbParams(keys, settings, 1);
    if (PQstatus(db_) != CONNECTION_OK) return failure();
    const answer_ptr set{PQexec(db_, (std::string(session_settings) + place_.name).c_str()), PQclear};
    if (PQresultStatus(set.get()) != PGRES_COMMAND_OK) return failure();
    return {};
  }
  result<void> reconnect() {
    if (PQstatus(db_) == CONNECTION_OK || is_open_) return {}; // what a transaction has lost, it has lost
    return connect();
  }

  result<void> make() {
    for (const auto& sql : {std::string(lock_of_makers), "CREATE SCHEMA IF NOT EXISTS tt_" + place_.name, std::string(fences)})
      if (auto done = send(sql, {}); !done) return done.error();
    if (fence().epoch == 0) return {};
    auto claimed = send(claim, fence_values());
    if (!claimed) return claimed.error();
    if (std::string_view(PQcmdTuples(claimed->get())) == "0") return taken_over();
    return {};
  }
  /// Whether this node still has the lease, by the database.
  result<void> fenced() {
    if (fence().epoch == 0) return {};
    auto mine = send(check, fence_values());
    if (!mine) return mine.error();
    if (PQntuples(mine->get()) == 0) return taken_over();
    return {};
  }
  [[nodiscard]] values fence_values() const {
    values out;
    out.add(type::name, fence().lease);
    out.add(type::number, big_endian(fence().epoch));
    return out;
  }
  [[nodiscard]] error taken_over() const {
    return {errc::conflict, "epoch " + std::to_string(fence().epoch) + " of " + fence().lease + " may not write any more: another node has taken over", "epoch"};
  }

  result<answer_ptr> send(const std::string& sql, const values& given) {
    std::vector<const char*> data;
    std::vector<int> lengths, formats(given.bytes.size(), 1);
    for (const auto& one : given.bytes) data.push_back(one.data()), lengths.push_back(static_cast<int>(one.size()));
    answer_ptr answer{PQexecParams(db_, sql.c_str(), static_cast<int>(given.bytes.size()), given.types.data(), data.data(), lengths.data(), formats.data(), 1),
                      PQclear};
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return answer;
    return failure();
  }

  [[nodiscard]] error failure() const {
    std::string text = db_ ? PQerrorMessage(db_) : "no memory";
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (auto& c : text)
      if (c == '\n') c = ' ';
    return {errc::io_error, text, "DATABASE_URL"};
  }

  sql_place place_;
  PGconn* db_ = nullptr;
  bool is_open_ = false; ///< a transaction
};

class postgres_cursor final : public sql_cursor {
public:
  postgres_cursor(postgres_database& db, std::string_view sql) : db_(db), sql_(postgres_places(sql)) {}

  void text(std::string_view value) override { values_.add(type::bytes, std::string(value)); }
  void bytes(std::string_view value) override { values_.add(type::bytes, std::string(value)); }
  void number(std::int64_t value) override { values_.add(type::number, big_endian(static_cast<std::uint64_t>(value))); }
  void real(double value) override { values_.add(type::real, big_endian(std::bit_cast<std::uint64_t>(value))); }

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
  [[nodiscard]] std::int64_t number_at(int column) const override { return static_cast<std::int64_t>(from_big_endian(bytes_at(column))); }
  [[nodiscard]] double real_at(int column) const override { return std::bit_cast<double>(from_big_endian(bytes_at(column))); }
  [[nodiscard]] std::int64_t changes() const override { return changes_; }
  [[nodiscard]] error why() const override { return failed_.value_or(error{errc::io_error, "nothing went wrong"}); }

private:
  postgres_database& db_;
  std::string sql_;
  values values_;
  answer_ptr rows_{nullptr, PQclear};
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
