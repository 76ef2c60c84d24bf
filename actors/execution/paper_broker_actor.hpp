#pragma once

// The paper broker as an actor: requests of its account in, reports out, filled by
// the ticks it is told of. Keeps nothing on disk: what it knew is in the account's
// journal, and is put back by paper_memory.
//
// | message | answer |
// | --- | --- |
// | paper_memory_ptr | none; what the journal knows, before the first request; later ones are ignored |
// | venue_request_ptr | none; reports follow as venue_report_ptr to the sender |
// | market_ticks_ptr | none |
// | currency_rate | none |

#include "actors/execution/account_book.hpp"
#include "actors/execution/market_messages.hpp"
#include "actors/execution/messages.hpp"
#include "actors/execution/paper/paper_broker.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::execution {

/// What a paper broker knew before a restart.
struct paper_memory {
  struct resting {
    submit_request asked;
    quantity filled;
    decimal filled_value;
    stop_progress progress;
  };
  money cash;
  std::vector<position> positions;
  std::vector<resting> orders;
};
using paper_memory_ptr = std::shared_ptr<const paper_memory>;

/// The part of a book that its paper broker must remember: an order that the broker had accepted is there again, one
/// of unknown fate is not: the broker's answer then says so.
paper_memory memory_of(const account_book& book);

struct paper_broker_options {
  paper::paper_settings settings;
  /// Under which order ids are given; another one at every start.
  std::string session;
  /// Contracts that can be traded.
  std::shared_ptr<const instrument_master> master;
  /// Initial margin of one contract, by symbol.
  std::map<std::string, money> margins = {};
  /// The market's time.
  std::function<utc_time()> clock;
};

struct paper_broker_state {
  static inline const char* name = "paper_broker";

  std::shared_ptr<const paper_broker_options> options;
  std::optional<paper::paper_broker> venue;
  caf::actor account; ///< who asked last
  bool has_begun = false; ///< a request came: memory comes too late from here on
  std::optional<utc_time> wakes_at;
};

caf::behavior paper_broker_actor(caf::stateful_actor<paper_broker_state>* self, std::shared_ptr<const paper_broker_options> options);

} // namespace tt::execution

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::paper_memory_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::currency_rate)
