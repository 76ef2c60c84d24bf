// This header file defines how a subscriber wants the messages of a topic.
#pragma once

#include <cstdint>

namespace bus {

enum class delivery : uint8_t {
  /// The newest only. At most one message per topic waits in the mailbox, and when it is handled it is the
  /// newest
  /// there is, however slow the subscriber: for quotes and states.
  latest,
  /// All of them, in order, with a `topic_gap` where some are missing: for trades and bars.
  every
};

} // namespace bus
