#pragma once

// Leases with fencing epochs: who may act as the one and only of something. A
// holder that was asleep while its lease ran out and was given on still believes
// that it holds it; therefore every act is checked at the store, in the
// transaction of the write that the act is, against the newest epoch.
//
//   auto store = *open_sqlite_lease_store(path, clock);
//   auto mine = store->acquire("account/paper-1", "alpha:3f", 3s);
//   ... store->guarded("account/paper-1", mine->epoch, [&](lease_transaction& tx) {
//         return tx.execute("INSERT INTO journal(event) VALUES($1)", {event}); });
//
// Stores are not thread-safe: one owner each (see lease_actor). Several stores,
// in several processes, may share one database.

#include "actors/model/result.hpp"
#include "cluster/messages.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

/// Longest name of a lease or holder, longest text of an act, in bytes.
inline constexpr std::size_t max_lease_name = 255, max_act_bytes = 64 * 1024;

/// Writes within the transaction of a guarded act.
class lease_transaction {
public:
  virtual ~lease_transaction() = default;
  /// Runs one statement with text parameters $1, $2, …; gives the number of rows
  /// it changed. Errors: io_error with the database's words; then the whole
  /// transaction is undone.
  virtual result<std::uint64_t> execute(std::string_view sql, const std::vector<std::string>& parameters) = 0;
};

/// Every call of a store in a database server ends within it, `guarded` with its work, whatever the server does: below the
/// time to live of a lease, and short enough for a node to stop within two seconds. Only a name that has to be looked up in
/// the network may take longer: give the server by its address, or in the hosts file.
inline constexpr std::chrono::milliseconds lease_call_limit{1'000};

using guarded_work = std::function<result<void>(lease_transaction&)>;

class lease_store {
public:
  virtual ~lease_store() = default;

  /// Grants a lease that nobody holds, that has run out, or that `holder` has
  /// already; always with an epoch higher than all before. None is held longer than its
  /// time to live from the first question on, even if the store's clock was set back.
  /// Errors: conflict (somebody holds it; says who), invalid_argument, io_error.
  virtual result<lease_grant> acquire(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl) = 0;
  /// Grants it whoever holds it: for those who know by other means that he is gone. Errors: as acquire, but for conflict.
  virtual result<lease_grant> seize(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl) = 0;
  /// Prolongs it. A lease that ran out but was given to nobody else is prolonged too.
  /// Errors: conflict (the epoch is not the newest any more), io_error.
  virtual result<lease_grant> renew(const std::string& name, std::uint64_t epoch, std::chrono::milliseconds ttl) = 0;
  /// Lets it go, so that others need not wait. Errors: as renew.
  virtual result<void> release(const std::string& name, std::uint64_t epoch) = 0;
  /// Checks the epoch and does `work` in one transaction: all of it or nothing.
  /// Errors: conflict (an old epoch; `work` is not called), those of `work`, io_error.
  virtual result<void> guarded(const std::string& name, std::uint64_t epoch, const guarded_work& work) = 0;

  /// Writes an act down under its epoch; gives its number, which grows from act to act.
  /// Errors: as guarded, invalid_argument.
  virtual result<std::uint64_t> act(const lease_act& what) = 0;
  /// What was written down about a lease, oldest first, at most `limit` acts.
  virtual result<std::vector<lease_act>> acts(const std::string& name, std::size_t limit) = 0;
};

/// The time of a store, where it is not the database's own. Only differences count.
using lease_clock = std::function<utc_time()>;

/// The time since the machine was started, with that in which it was suspended, where the system tells (Linux); else the
/// process's steady clock. Nobody can set it. What leases are counted by: to everybody else a machine that sleeps is one
/// that does not renew.
utc_time boot_time();

/// SQLite file (":memory:" for tests), made when missing. With an empty clock `boot_time` counts: whoever sets
/// the system's clock, forward or back, must not end a lease or make it last. What such a clock has written means nothing to
/// the next process, so a lease that is found held in the file is held for its time to live from the opening on.
/// Errors: io_error.
result<std::unique_ptr<lease_store>> open_sqlite_lease_store(const std::string& path, lease_clock clock = {}, lease_clock own = {});

/// PostgreSQL at a postgresql:// URL; reconnects by itself. With an empty clock the
/// database's clock counts, which all nodes share. It may be set forward while a lease is held: `own` (`boot_time`
/// where both are empty) is compared with it at each acquisition; after a step, and after the opening, a lease that has
/// run out is given on only when its time to live has passed by `own` as well. What is left is a step within an acquisition
/// itself; there the epochs hold. Errors: io_error (no connection,
/// tables can't be made).
result<std::unique_ptr<lease_store>> open_postgres_lease_store(const std::string& url, lease_clock clock = {}, lease_clock own = {});

/// Errors: invalid_argument for a name or time to live that no store takes.
result<void> check_lease(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl);

} // namespace tt::cluster
