#pragma once

// What happens to the accounts, as the lossless stream channels `orders`, `executions`,
// `account`, `positions` and `risk`.

#include "gateways/stream/stream_service.hpp"
#include "gateways/trading_port.hpp"

#include <memory>

namespace tt::gateway {

/// `orders` and `executions` are numbered by the journals: after a restart the numbers go on where they stood, so a client resumes
/// over it. Their first numbers are known once every account has told its history; what happens until then waits. The other
/// channels tell states; their numbers begin anew with the process.
/// Where a client's numbers are void (`gap`: too old, or several accounts traded before a restart, whose order among each other nobody knows
/// any more), the snapshot holds what it has missed: the newest 500 executions, the newest 200 orders that have ended (`ended`), and all that are open.
/// Who is bound to accounts hears each of them in a topic of its own, numbered by its own journal.
class trading_channels {
public:
  /// Adds the channels to the stream; before its first connection. `port` must outlive the object.
  trading_channels(trading_port& port, stream_service& stream, std::function<utc_time()> clock);
  ~trading_channels();
  trading_channels(const trading_channels&) = delete;
  trading_channels& operator=(const trading_channels&) = delete;

private:
  struct numbered;
  struct states;
  struct views;
  trading_port& port_;
  subscription_id watched_ = 0;
};

} // namespace tt::gateway
