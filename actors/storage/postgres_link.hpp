#pragma once

// One connection to PostgreSQL on which no call waits for longer than a limit, whatever the server does: one that is frozen
// or unreachable must not hold up the threads that ask it. For the stores that stand on it.

#include "actors/model/result.hpp"

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tt {

/// An answer of the server.
using postgres_answer = std::unique_ptr<PGresult, void (*)(PGresult*)>;

/// Values of a statement in the binary format.
struct postgres_values {
  std::vector<std::string> bytes;
  std::vector<Oid> types; ///< empty: the server infers them

  /// Big-endian, as int8.
  void number(std::uint64_t value, Oid type = 0);
  void raw(std::string value, Oid type = 0);
};

/// 2, 4 or 8 bytes of a binary answer, with their sign.
std::int64_t postgres_number(std::string_view bytes);

struct postgres_link_options {
  std::string url;      ///< postgresql://…
  std::string shown;    ///< application_name: who asks
  std::string settings; ///< SET statements of each new connection
  /// Longest wait for the server at one step: a connection, an answer. More than its own statement_timeout, so that what it can
  /// end itself costs no connection.
  std::chrono::milliseconds silence{3'000};
};

class postgres_link {
public:
  explicit postgres_link(postgres_link_options options) : options_(std::move(options)) {}
  ~postgres_link() { PQfinish(db_); }
  postgres_link(const postgres_link&) = delete;
  postgres_link& operator=(const postgres_link&) = delete;

  /// Gives up the connection that there is, and makes a new one. Errors: io_error.
  result<void> connect();
  [[nodiscard]] bool is_connected() const { return db_ != nullptr && PQstatus(db_) == CONNECTION_OK; }
  /// Whether the server has a transaction of this connection open.
  [[nodiscard]] bool is_in_transaction() const { return is_connected() && PQtransactionStatus(db_) != PQTRANS_IDLE; }
  /// One statement. Errors: io_error; after one by silence the connection is gone, and nobody knows whether the statement has worked.
  result<postgres_answer> query(const std::string& sql, const postgres_values& values = {});
  /// SQLSTATE of the last failure; empty where it was none of the server's.
  [[nodiscard]] const std::string& state() const { return state_; }

private:
  /// False: nothing came for as long as the limit is.
  [[nodiscard]] bool wait_for(short events) const;
  result<postgres_answer> last_answer();
  [[nodiscard]] error failure() const;
  error silence();

  postgres_link_options options_;
  PGconn* db_ = nullptr;
  std::string state_;
};

} // namespace tt
