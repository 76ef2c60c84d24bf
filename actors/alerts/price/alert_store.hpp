#pragma once

// What alerts leave behind: one SQLite file (WAL, synchronous = FULL), DATA_DIR/alerts/alerts.sqlite. A trigger stands
// there, with what is to be done about it, before anything is done.

#include "actors/alerts/price/alert.hpp"
#include "actors/storage/sql.hpp"

#include <memory>

struct sqlite3;

namespace tt::alerts {

/// What a trigger brings about outside.
enum class action_kind : std::uint8_t { order, notice };

/// Names one action for ever.
struct action_key {
  std::uint64_t alert = 0;
  std::uint64_t trigger = 0; ///< number of the alert's trigger, 1, 2, 3 …
  action_kind kind = action_kind::order;

  auto operator<=>(const action_key&) const = default;
};

struct alert_action {
  action_key key;
  alert what; ///< as it was when it went off

  bool operator==(const alert_action&) const = default;
};

/// One transaction.
struct store_changes {
  std::vector<alert> written;          ///< new or changed
  std::vector<std::uint64_t> removed;  ///< numbers; their open actions stay
  std::vector<alert_action> made;
  std::vector<action_key> done;
  std::uint64_t last_number = 0;       ///< of all that were ever made

  [[nodiscard]] bool empty() const { return written.empty() && removed.empty() && made.empty() && done.empty(); }
};

/// What a store holds.
struct stored_alerts {
  std::vector<alert> alerts;        ///< by number
  std::vector<alert_action> open;   ///< by key
  std::uint64_t last_number = 0;
  std::string tag;                  ///< of this store, part of its alerts' ids
};

/// Not thread-safe.
class alert_store {
public:
  virtual ~alert_store() = default;
  /// Errors: io_error, corrupt_data (names the alert).
  virtual result<stored_alerts> load() = 0;
  /// All or nothing; on disk when it returns. Errors: io_error.
  virtual result<void> commit(const store_changes& changes) = 0;
};

/// Opens or creates the store; `folder` is made if need be, "" keeps everything in memory. `new_tag` becomes the tag of a
/// new store, so that ids of two stores differ: a random one, since market time comes again in replays. Errors: io_error, corrupt_data (not ours, or newer).
result<std::unique_ptr<alert_store>> open_alert_store(const std::string& folder, const std::string& new_tag);
/// As above, on a server too. Errors besides: conflict (another node has taken over), also of `commit`.
result<std::unique_ptr<alert_store>> open_alert_store(const sql_place& place, const std::string& new_tag);

} // namespace tt::alerts
