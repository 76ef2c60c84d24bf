#include "cluster/lease/sql_lease_store.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

namespace tt::cluster {

namespace {

/// The server ends a statement itself a little before we give it up, so that one that waits for a lock costs no connection.
constexpr std::string_view statement_limits = "SET statement_timeout = 800; SET idle_in_transaction_session_timeout = 5000; "
                                              "SET client_min_messages = warning";
/// The kernel gives up a connection on which nothing is acknowledged.
constexpr const char* unacknowledged_ms = "2000";
/// "unique_violation" and the like when two nodes make the tables at once.
constexpr std::string_view duplicate_codes[] = {"23505", "42P07", "42710"};

/// Class "operator intervention: shutdown" of SQLSTATE.
constexpr std::string_view shutdown_codes = "57P";

using answer_ptr = std::unique_ptr<PGresult, void (*)(PGresult*)>;

class postgres_connection final : public sql_connection {
public:
  postgres_connection(std::string url, lease_clock clock) : url_(std::move(url)), clock_(std::move(clock)) {}
  ~postgres_connection() override { PQfinish(db_); }
  postgres_connection(const postgres_connection&) = delete;
  postgres_connection& operator=(const postgres_connection&) = delete;

  void new_call() override { deadline_ = steady::now() + lease_call_limit; }

  /// Connects where the connection is missing or broken.
  result<void> connect() {
    if (db_ && PQstatus(db_) == CONNECTION_OK && !broken_) return {};
    if (in_transaction_) return error{errc::io_error, "lease store: the connection broke within a transaction"};
    PQfinish(db_);
    broken_ = false;
    const char* keys[] = {"dbname", "tcp_user_timeout", "application_name", nullptr};
    const char* values[] = {url_.c_str(), unacknowledged_ms, "TraderTerminal", nullptr};
    db_ = PQconnectStartParams(keys, values, 1);
    if (!db_ || PQstatus(db_) == CONNECTION_BAD) return failure();
    for (auto step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK; step = PQconnectPoll(db_)) {
      if (step == PGRES_POLLING_FAILED) return failure();
      if (!wait_for(step == PGRES_POLLING_READING ? POLLIN : POLLOUT)) return silence();
    }
    if (PQsetnonblocking(db_, 1) != 0 || PQsendQuery(db_, std::string(statement_limits).c_str()) == 0) return failure();
    auto set = last_answer();
    if (!set) return set.error();
    if (PQresultStatus(set->get()) != PGRES_COMMAND_OK) return failure();
    return {};
  }

  result<sql_answer> query(std::string_view sql, const sql_parameters& parameters) override {
    if (auto connected = connect(); !connected) return connected.error();
    std::vector<const char*> values;
    for (const auto& text : parameters) values.push_back(text.c_str());
    broken_ = PQsendQueryParams(db_, std::string(sql).c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0) == 0;
    if (broken_) return failure();
    const auto answered = last_answer();
    if (!answered) return answered.error();
    const auto& answer = *answered;
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      const char* code = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
      broken_ = code == nullptr || std::string_view(code).starts_with(shutdown_codes);
      if (code && sql.starts_with("CREATE"))
        for (const auto duplicate : duplicate_codes)
          if (duplicate == code) return sql_answer{};
      return failure();
    }
    sql_answer out;
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
      auto& cells = out.rows.emplace_back();
      for (int column = 0; column < PQnfields(answer.get()); ++column)
        cells.emplace_back(PQgetvalue(answer.get(), row, column), static_cast<std::size_t>(PQgetlength(answer.get(), row, column)));
    }
    const std::string_view changed = PQcmdTuples(answer.get());
    std::from_chars(changed.data(), changed.data() + changed.size(), out.changed);
    return out;
  }

  result<void> begin() override {
    auto begun = plain("BEGIN");
    in_transaction_ = static_cast<bool>(begun);
    return begun;
  }
  result<void> commit() override {
    auto done = plain("COMMIT");
    in_transaction_ = false;
    if (!done && db_) PQfinish(std::exchange(db_, nullptr)); // in doubt: the server decides alone
    return done;
  }
  void roll_back() override {
    in_transaction_ = false;
    if (db_ && PQstatus(db_) == CONNECTION_OK && PQtransactionStatus(db_) != PQTRANS_IDLE) static_cast<void>(plain("ROLLBACK"));
  }
  [[nodiscard]] std::string now() const override {
    if (!clock_) return "CAST(extract(epoch FROM clock_timestamp()) * 1000000000 AS BIGINT)";
    return "CAST(" + std::to_string(clock_().time_since_epoch().count()) + " AS BIGINT)";
  }
  // an acquisition waits for the row until the guarded write has been committed
  [[nodiscard]] std::string_view lock_row() const override { return " FOR SHARE"; }
  [[nodiscard]] std::vector<std::string> schema() const override {
    return {"CREATE TABLE IF NOT EXISTS tt_leases(name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL, "
            "expires_ns BIGINT NOT NULL, ttl_ns BIGINT NOT NULL)",
            // asked first, for ALTER TABLE waits for everybody who uses the table, even where the column is there
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'tt_leases'::regclass AND attname = 'ttl_ns') THEN "
            "ALTER TABLE tt_leases ADD COLUMN IF NOT EXISTS ttl_ns BIGINT NOT NULL DEFAULT "
              + std::string(older_ttl_ns) + "; END IF; END $$",
            "CREATE TABLE IF NOT EXISTS tt_acts(id BIGSERIAL PRIMARY KEY, lease TEXT NOT NULL, epoch BIGINT NOT NULL, what TEXT NOT NULL)",
            "CREATE INDEX IF NOT EXISTS tt_acts_by_lease ON tt_acts(lease, id)"};
  }

private:
  using steady = std::chrono::steady_clock;

  /// False: the time of this call is up.
  [[nodiscard]] bool wait_for(short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady::now()).count();
      if (left <= 0) return false;
      pollfd at{PQsocket(db_), events, 0};
      const int ready = poll(&at, 1, static_cast<int>(left));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  /// What has been sent goes out, and its results come in: the first failure among them, or the last one.
  result<answer_ptr> last_answer() {
    for (int unsent = 1; (unsent = PQflush(db_)) != 0;) {
      if (unsent < 0) return breakage();
      if (!wait_for(POLLIN | POLLOUT)) return silence();
      if (PQconsumeInput(db_) == 0) return breakage();
    }
    answer_ptr out{nullptr, PQclear};
    for (;;) {
      while (PQisBusy(db_) != 0) {
        if (!wait_for(POLLIN)) return silence();
        if (PQconsumeInput(db_) == 0) return breakage();
      }
      answer_ptr next{PQgetResult(db_), PQclear};
      if (!next) break;
      if (!out || PQresultStatus(out.get()) != PGRES_FATAL_ERROR) out = std::move(next);
    }
    if (!out) return breakage();
    return result<answer_ptr>(std::move(out));
  }

  error breakage() {
    broken_ = true;
    return failure();
  }

  /// The server owes an answer, which would be taken for that to the next question: this connection is of no more use.
  /// No PQcancel: it connects anew and waits without a limit; the server's own limit ends the statement.
  error silence() {
    PQfinish(std::exchange(db_, nullptr));
    return {errc::io_error, "lease store: the database has not answered within " + std::to_string(lease_call_limit.count()) + " ms"};
  }

  result<void> plain(std::string_view sql) {
    auto done = query(sql, {});
    if (!done) return done.error();
    return {};
  }

  [[nodiscard]] error failure() const {
    std::string text = db_ ? PQerrorMessage(db_) : "no memory";
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (auto& c : text)
      if (c == '\n') c = ' ';
    return {errc::io_error, "lease store: " + text};
  }

  std::string url_;
  lease_clock clock_;
  PGconn* db_ = nullptr;
  bool in_transaction_ = false;
  bool broken_ = false; ///< the server said goodbye
  steady::time_point deadline_{};
};

} // namespace

result<std::unique_ptr<lease_store>> open_postgres_lease_store(const std::string& url, lease_clock clock, lease_clock own) {
  if (!clock && !own) own = boot_time; // a database's clock can be set
  auto connection = std::make_unique<postgres_connection>(url, std::move(clock));
  connection->new_call();
  if (auto connected = connection->connect(); !connected) return connected.error();
  return make_sql_lease_store(std::move(connection), std::move(own));
}

} // namespace tt::cluster
