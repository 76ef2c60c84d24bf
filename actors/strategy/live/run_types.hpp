#pragma once

// The plain values of one live run: what it is made of, what it writes down, what it asks for.

#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"
#include "actors/model/order_desk.hpp"
#include "actors/pine/program.hpp"
#include "actors/pine/settings.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t open_orders = 500;        ///< of one run at the venue; a further one stops the run
inline constexpr std::size_t orders_per_bar = 1'000;   ///< sent during one bar; a further one stops the run
inline constexpr std::size_t early_reports = 1'000;    ///< of orders whose own answer has not come yet
inline constexpr std::size_t plot_rows = 20'000;       ///< kept for charts; older ones are dropped
inline constexpr std::size_t streamed_drawings = 32 * 1024; ///< bytes of drawings that are told with a bar; charts fetch larger ones
inline constexpr std::size_t key_name_bytes = 40;      ///< of an order's id, within its key: a key has at most 200 bytes
inline constexpr std::size_t order_comment_bytes = 200;
inline constexpr std::int64_t market_order_wait_ms = 5'000;  ///< that a market order may wait for an account that can't take it
inline constexpr std::int64_t resting_order_wait_ms = 60'000; ///< likewise, every other order
} // namespace limits

/// A trade that was open when the run began: of the version before, or found in the account.
struct held_trade {
  std::string entry_id;
  decimal size; ///< signed
  price at;
  money fee;
  std::int64_t time_ms = 0;

  bool operator==(const held_trade&) const = default;
};

/// What a run is made of. The same setup, bars and events always make the same state.
struct run_setup {
  strategy_id strategy;
  std::uint64_t run = 0; ///< number of the run, unique for the strategy for ever; part of every order's key
  account_id account;
  instrument what;
  timeframe frame;
  session_hours hours = session_hours::regular;
  std::shared_ptr<const pine::program> code;
  std::map<std::string, std::string> inputs;
  std::shared_ptr<pine::data_source> data; ///< for request.*(); may be null
  /// Bars that open earlier are seen by the script, but make no orders.
  std::int64_t trade_from_ms = 0;
  std::vector<held_trade> held;
};

/// Something that happened to a run between two bars, in the order in which it was written down. With the bars, the
/// events are the run: after a restart they are told again at their places.
struct run_event {
  enum class kind_t : std::uint8_t {
    sent, ///< an order goes out; written before it is
    fill, ///< an execution was booked
    done, ///< the order is final
    lost, ///< final before it was executed, without us having asked: refused, expired, cancelled by somebody
  } kind = kind_t::sent;
  std::uint64_t seq = 0;      ///< 1, 2, 3 …
  std::int64_t bar_ms = 0;    ///< opening of the last complete bar that the script had run on
  std::string key;            ///< of the order
  // of sent: the order as the run sees it
  std::uint64_t slot = 0;
  std::uint8_t order_kind = 0;
  std::string id, signal, comment;
  std::string limit, stop, trail; ///< decimals; "" without
  decimal qty;                ///< signed, of sent; > 0, of fill
  // of fill
  price px;
  money fee;
  std::int64_t at_ms = 0;

  bool operator==(const run_event&) const = default;
};

/// A row of GET /strategies/{id}/signals: an order that the strategy asked for, and what became of it.
struct signal_row {
  std::int64_t at_ms = 0;
  std::string symbol, action, order_id, key; ///< action: "buy", "sell", "cancel"; order_id: the script's
  decimal qty;
  std::string type, price;
  std::string outcome, reason;               ///< "sent", "filled", "refused", "expired", "cancelled"

  bool operator==(const signal_row&) const = default;
};

/// A closed round trip, from real executions.
struct closed_trade {
  std::uint64_t run = 0;
  std::string symbol;
  enum class side_t : std::uint8_t { long_side, short_side } side = side_t::long_side;
  std::string entry_id, exit_id;
  std::int64_t entry_ms = 0, exit_ms = 0; ///< opening times of the bars of the fills
  double entry_price = 0, exit_price = 0, qty = 0, profit = 0, fees = 0;

  bool operator==(const closed_trade&) const = default;
};

/// alert(), alertcondition() or the alert_message of a filled order.
struct raised_alert {
  std::int64_t at_ms = 0;
  enum class source_t : std::uint8_t { call, condition, order } source = source_t::call;
  std::string title, message;

  bool operator==(const raised_alert&) const = default;
};

/// One bar of the plot columns, as a chart draws them.
struct plot_row {
  std::int64_t time_ms = 0;
  std::vector<double> values; ///< in the order of columns_of(code); NaN: nothing there
  std::int64_t bar_index = 0; ///< the script's number of the bar, which its drawings count in
};

/// What a step of a run asks for. Events must be on disk before orders and cancels go out.
struct run_effects {
  std::vector<run_event> events;
  std::vector<signal_order> place;
  std::vector<order_id> cancel;
  std::vector<signal_row> signals;
  std::vector<closed_trade> trades;
  std::vector<raised_alert> alerts;
  std::vector<std::string> logs;
  std::optional<plot_row> plotted; ///< of the bar that has just closed
};

} // namespace tt::strategy
