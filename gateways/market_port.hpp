#pragma once

// Where sockets and actors meet. The HTTP and stream code speaks to this
// interface only; the node plugs in the bridge to the actors, tests plug in a
// scripted market.

#include "actors/market/symbol_types.hpp"
#include "actors/model/instrument.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tt::gateway {

/// Called once, on any thread. The caller posts to its own executor.
template <class T>
using reply = std::function<void(result<T>)>;

/// Called for each update, on any thread, in the symbol's order. The pointer is
/// shared by all receivers.
using update_handler = std::function<void(std::shared_ptr<const market::market_update>)>;

/// Handle of a subscription; 0 is none.
using subscription_id = std::uint64_t;

/// Asynchronous access to market data. All members may be called from any thread
/// and return at once.
class market_port {
public:
  virtual ~market_port() = default;

  /// The instrument master; lives as long as the port.
  [[nodiscard]] virtual const instrument_master& instruments() const = 0;
  /// The market's time: the wall clock, or the replay's clock.
  [[nodiscard]] virtual utc_time market_time() const = 0;

  /// Snapshots in the order asked; symbols are canonical tickers of the master.
  /// Errors: timed_out, not_available.
  virtual void quotes(std::vector<std::string> symbols, reply<std::vector<market::quote_snapshot>> done) = 0;
  /// Errors: unknown_symbol, out_of_range, timed_out, not_available, corrupt_data.
  virtual void history(market::history_request request, reply<market::history_reply> done) = 0;
  /// Newest `limit` (1..1000) prints, newest first.
  virtual void trades(std::string symbol, std::uint32_t limit, reply<std::vector<market::trade_update>> done) = 0;
  /// Health of every feed of the node.
  virtual void feeds(reply<std::vector<market::feed_status>> done) = 0;

  /// Hands out the next `count` events of a stepped feed; gives how many there were.
  /// Errors: not_found (no such feed), conflict (not stepped), not_available, timed_out.
  virtual void step_feed(std::string name, std::uint32_t count, reply<std::uint32_t> done) = 0;

  /// Begins to deliver updates of a topic; the first update is the newest known
  /// state, if any. The symbol must be in the master.
  virtual subscription_id subscribe(market::topic what, update_handler on_update) = 0;
  /// Stops the delivery. A call that already runs on another thread may still finish.
  virtual void unsubscribe(subscription_id id) = 0;
};

} // namespace tt::gateway
