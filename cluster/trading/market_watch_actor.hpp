#pragma once

// Brings the market to the accounts of a node. A symbol is watched from the moment
// somebody needs it: its facts and its present market go out first, then every change.
//
// | message | answer |
// | --- | --- |
// | need_atom, std::string symbol | std::string: its ticker, once accounts and brokers were told of it; errors: unknown_symbol,
//   not_available (no rate of its currency), those of the symbol |
// | need_request | none; its `done` is called instead, or without one it is tried until it succeeds |
// | watch_receiver | none; it is told what is known already |

#include "cluster/trading/exchange_rates.hpp"
#include "cluster/trading/market_view.hpp"
#include "gateways/market_port.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace tt::cluster {

using need_atom = caf::atom_constant<caf::atom("need")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;

/// Symbols that one node watches for its accounts; one more is refused.
inline constexpr std::size_t max_watched = 2'000;
/// The account hears of a symbol at most once in this time; what comes between is the newest then. Brokers get every tick.
inline constexpr std::chrono::milliseconds account_update_pause{20};
/// Market time after which the daily figures of a symbol are asked for again.
inline constexpr std::chrono::hours facts_age{12};
/// Daily bars that are asked for: the window of correlations, and the bar that is still forming.
inline constexpr std::uint32_t history_days = 70;

/// An account and its broker; the broker is null where the venue has a market of its own.
struct watch_receiver {
  caf::actor account, broker;
};

/// Told the time of each price, before whoever judges it by the market's clock.
using market_time_listener = std::function<void(utc_time)>;

/// The same as need_atom, for those who are no actors.
struct need_request {
  std::string symbol;
  gateway::reply<void> done; ///< empty: tried again every second until it succeeds
};

/// An answer of the market, brought into the actor. Never leaves the process.
struct watch_task {
  std::shared_ptr<const std::function<void()>> run;
};

struct watched_symbol {
  const instrument* what = nullptr;
  market_picture picture;
  execution::symbol_facts_ptr facts;
  utc_time facts_at{};
  std::vector<gateway::subscription_id> subscriptions;
  std::vector<caf::typed_response_promise<std::string>> waiting;
  enum class state : std::uint8_t { loading, ready } now = state::loading;
  bool is_flush_due = false;  ///< a flush is on its way
  bool has_news = false;      ///< since the account was told
  std::vector<std::string> prices; ///< currencies whose rate this pair tells
};

struct market_watch_state {
  static inline const char* name = "market_watch";

  gateway::market_port* port = nullptr;
  std::shared_ptr<rate_board> rates;
  market_time_listener on_time;
  std::vector<watch_receiver> receivers;
  std::map<std::string, watched_symbol> symbols;
};

/// `port` outlives the actor; `on_time` may be empty.
caf::behavior market_watch_actor(caf::stateful_actor<market_watch_state>* self, gateway::market_port* port, std::shared_ptr<rate_board> rates,
                                 market_time_listener on_time);

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::watch_receiver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::watch_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::need_request)
