#pragma once

// What the strategy routes and the stream's channel speak to. The node plugs in its strategies, tests what they like.

#include "actors/strategy/live/messages.hpp"
#include "actors/strategy/live/registry.hpp"
#include "gateways/market_port.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tt::gateway {

/// Runs, signals, transitions and the like that are read at once at most.
inline constexpr std::size_t most_strategy_rows = 10'000;

/// Something that happened to a strategy, for the stream.
struct strategy_news {
  enum class kind_t : std::uint8_t { state, mode, signal, trade, alert, plot } kind = kind_t::state;
  strategy_id strategy;
  std::string symbol;
  std::uint64_t run = 0;
  std::optional<strategy::strategy_record> record;    ///< of state and mode; nothing: it was removed
  std::optional<strategy::transition_row> transition; ///< likewise
  std::optional<strategy::signal_row> signal;
  std::optional<strategy::closed_trade> trade;
  std::optional<strategy::raised_alert> alert;
  std::optional<strategy::plot_row> plot;
  std::optional<std::string> drawings; ///< of plot, as JSON: what is drawn, where it has changed
};
/// Called on any thread; must only pass on.
using strategy_watcher = std::function<void(const strategy_news&)>;

class strategies_port {
public:
  virtual ~strategies_port() = default;

  /// Thread-safe; changes and rows wait for the disk, so they belong into post().
  [[nodiscard]] virtual strategy::registry& records() = 0;
  /// Work that must not wait for others of its kind for long: changes and rows are quick, compiling and previews are not.
  enum class work : std::uint8_t { quick, heavy };
  enum class posted : std::uint8_t { yes, full };
  virtual posted post(work kind, std::function<void()> task) = 0;
  /// How the runs of a strategy stand, or of all. Runs that do not answer within a second are left out.
  virtual void states(std::optional<strategy_id> of, reply<std::vector<strategy::run_state_ptr>> done) = 0;
  /// Whether orders with real money may leave this node at all (ENABLE_REAL_TRADING).
  enum class real_trading : std::uint8_t { off, on };
  [[nodiscard]] virtual real_trading real() const = 0;

  virtual subscription_id watch(strategy_watcher told) = 0;
  /// A call that already runs on another thread may still finish.
  virtual void unwatch(subscription_id id) = 0;
};

} // namespace tt::gateway
