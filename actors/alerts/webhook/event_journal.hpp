#pragma once

// Where profiles and received alerts are kept. An alert is durable when `write`
// returned, and not a moment earlier. Not thread-safe: one owner.

#include "actors/alerts/webhook/event.hpp"
#include "actors/storage/sql.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::webhook {

/// Events that are kept; older ones go when the journal is opened.
inline constexpr std::uint64_t max_kept_events = 1'000'000;
/// Most events of one answer.
inline constexpr std::size_t max_listed_events = 500;

/// Which events, newest first. Absent fields match all.
struct event_filter {
  std::optional<std::string> profile = {};
  std::optional<alert_verdict> verdict = {};
  std::optional<std::uint64_t> before = {}; ///< ids below it
  std::size_t limit = 50;
};

/// What is written in one transaction.
struct event_batch {
  std::vector<webhook_event> added;   ///< ids rise without a gap
  std::vector<webhook_event> changed; ///< word, hand-over, orders
  [[nodiscard]] bool empty() const { return added.empty() && changed.empty(); }
};

class event_journal {
public:
  virtual ~event_journal() = default;

  /// A random name that tells this journal from every other one; 16 hex digits.
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Id of the event to come.
  virtual result<std::uint64_t> next() = 0;
  /// On disk when it returns. Errors: io_error; then nothing of the batch is in, or it is not certain: next() says so.
  virtual result<void> write(const event_batch& batch) = 0;
  /// The newest event of that key that still counts at `now`. Errors: io_error.
  virtual result<std::optional<webhook_event>> find_duplicate(std::string_view key, utc_time now) = 0;
  /// Events that were journalled and not handed over, oldest first.
  virtual result<std::vector<webhook_event>> waiting() = 0;
  virtual result<std::vector<webhook_event>> list(const event_filter& filter) = 0;
  /// When the newest event of a profile came; nothing: none.
  virtual result<std::optional<utc_time>> newest_of(std::string_view profile) = 0;

  virtual result<std::vector<webhook_profile>> profiles() = 0;
  virtual result<void> put(const webhook_profile& what) = 0;
  virtual result<void> remove(std::string_view profile) = 0;
};

/// SQLite file (made when missing, readable by its owner only), WAL, synchronous=FULL; ":memory:" for tests. `name` is used
/// where the journal is new. Errors: io_error, corrupt_data.
result<std::unique_ptr<event_journal>> open_event_journal(const std::string& path, const std::string& name);
/// As above, on a server too. Errors besides: conflict (another node has taken over), also of what writes.
result<std::unique_ptr<event_journal>> open_event_journal(const sql_place& place, const std::string& name);

} // namespace tt::webhook
