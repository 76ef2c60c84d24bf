#pragma once

// The one implementation of leases over SQL; the databases differ only in what
// sql_connection names. Private to cluster/lease.

#include "cluster/lease/lease_store.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

/// The answer to a statement, as text.
struct sql_answer {
  std::vector<std::vector<std::string>> rows;
  std::uint64_t changed = 0;
};

/// Time to live of leases in databases that were made before it was written down: the default of the settings.
inline constexpr std::string_view older_ttl_ns = "3000000000";

using sql_parameters = std::vector<std::string>;

/// One connection to a database. Parameters are $1, $2, … and travel as text.
class sql_connection {
public:
  virtual ~sql_connection() = default;
  /// From here on everything belongs to one call, and has to end within lease_call_limit.
  virtual void new_call() {}
  /// Errors: io_error with the database's words.
  virtual result<sql_answer> query(std::string_view sql, const sql_parameters& parameters) = 0;
  /// A transaction that will write.
  virtual result<void> begin() = 0;
  virtual result<void> commit() = 0;
  virtual void roll_back() = 0;
  /// SQL of the current time in ns since 1970.
  [[nodiscard]] virtual std::string now() const = 0;
  /// What keeps a selected row from being changed until the transaction ends.
  [[nodiscard]] virtual std::string_view lock_row() const = 0;
  /// Statements that make the tables where they are missing.
  [[nodiscard]] virtual std::vector<std::string> schema() const = 0;
};

/// The part of a time to live by which the database's clock may be ahead of ours from one acquisition to the next: together
/// they stay below the margin that a holder keeps. More is a step.
inline constexpr int step_part = 40;

/// Makes the tables and a store on top of the connection. With `own`, a clock that nobody sets, steps of the connection's
/// clock are noticed: see open_postgres_lease_store. Errors: io_error.
result<std::unique_ptr<lease_store>> make_sql_lease_store(std::unique_ptr<sql_connection> connection, lease_clock own = {});

} // namespace tt::cluster
