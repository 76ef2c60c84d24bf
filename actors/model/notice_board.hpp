#pragma once

// Where parts of the node leave words for people: what a script's alert() said, an
// error of a job. Notices are kept and shown among the alerts; they trigger nothing.

#include "actors/model/time.hpp"

#include <string>

namespace tt {

struct board_notice {
  std::string type;     ///< one word: "pine_alert", "job_error"; 1 to 64 bytes
  std::string strategy; ///< strategy or job id; may be empty; at most 64 bytes
  std::string message;  ///< 1 to 2,000 bytes; more is cut off
  std::string symbol = {}; ///< ticker, where it is about one
  utc_time at{};        ///< when it was raised; 0: now
};

/// May be called from any thread; returns at once.
class notice_board {
public:
  virtual ~notice_board() = default;
  /// Keeps a notice. A board that is full or can't write logs the notice instead.
  virtual void post(board_notice what) = 0;
};

} // namespace tt
