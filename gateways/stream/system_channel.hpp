#pragma once

// What happens to the node itself, as the lossless channel `system`: start, stop,
// and feeds that change their state.

#include "actors/market/symbol_types.hpp"
#include "gateways/stream/lossless_log.hpp"

#include <map>
#include <string>
#include <vector>

namespace tt::gateway::stream {

/// May be used from any thread.
class system_channel {
public:
  /// Begins with the event node_started. The start's milliseconds are the epoch, so
  /// each start of the process has a later one.
  system_channel(utc_time started, std::string node);

  [[nodiscard]] memory_log& log() { return log_; }
  void set_listener(memory_log::listener on_event) { log_.set_listener(std::move(on_event)); }
  /// Adds a feed_state event for each feed that is new or has changed its state.
  void update_feeds(const std::vector<market::feed_status>& feeds, utc_time now);
  void node_stopping(utc_time now);

private:
  void write_state(json_writer& out) const;

  const utc_time started_;
  const std::string node_;
  std::string state_ = "running";
  std::map<std::string, market::feed_status> feeds_; ///< changed under the log's lock only
  std::mutex update_mutex_;                          ///< one update_feeds at a time
  memory_log log_;
};

} // namespace tt::gateway::stream
