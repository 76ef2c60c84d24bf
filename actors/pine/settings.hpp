#pragma once
/// What a run needs from outside and what it gives back: symbol facts, data for requests, inputs, limits,
/// logs, alerts, order commands. Plain values and two abstract interfaces; no clock, no files.

#include "actors/pine/bar.hpp"
#include "actors/pine/calendar.hpp"
#include "actors/pine/order_command.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::pine {

/// Facts about a symbol, as syminfo.* shows them.
struct symbol_info {
  std::string prefix = "LOCAL", ticker = "SYM", description, type = "stock", currency = "USD", basecurrency;
  std::string timezone = "Etc/UTC", session = "24x7", volumetype = "base", country, sector, industry, root, isin;
  /// The regular hours, where `session` has the extended ones around them, too; "" where the bars are of the regular hours only.
  std::string regular_session;
  double mintick = 0.01, pricescale = 100, minmove = 1, pointvalue = 1, mincontract = 1;
  /// Facts with no column above, by their syminfo name: "employees", "target_price_average", ...
  std::map<std::string, double> numbers;
  std::string tickerid() const { return prefix.empty() ? ticker : prefix + ":" + ticker; }
};

/// Bars of one symbol and timeframe, oldest first.
struct symbol_data {
  std::shared_ptr<const symbol_info> info;
  timeframe tf;
  std::vector<bar> bars;
  bool derived = false; ///< made of the bars of a shorter timeframe
};

/// Where request.*() finds data. Pure: the same question gives the same answer during a run.
class data_source {
public:
  virtual ~data_source() = default;
  /// Bars of the symbol ("PREFIX:TICKER") on the timeframe, or null when there are none.
  virtual const symbol_data* bars(const std::string& symbol, const timeframe& tf) = 0;
  /// Whether the symbol is known at all, on any timeframe.
  virtual std::shared_ptr<const symbol_info> info(const std::string& symbol) = 0;
  /// A value from data the user supplied: kind "currency_rate", "dividends", "earnings", "splits", "economic",
  /// "financial", "seed"; `key` is what the call asked for. Nothing when there is none.
  virtual std::optional<double> value(const std::string& kind, const std::string& key, std::int64_t time_ms) {
    (void)kind, (void)key, (void)time_ms;
    return std::nullopt;
  }
  /// When that value came to be, so that requests with gaps can show it once. Nothing when it isn't known.
  virtual std::optional<std::int64_t> value_time(const std::string& kind, const std::string& key, std::int64_t time_ms) {
    (void)kind, (void)key, (void)time_ms;
    return std::nullopt;
  }
};

/// The value of an input.
struct input_value {
  bool given = false;
  double number = 0;
  std::string text;
};

enum class log_level : std::uint8_t { info, warning, error };
struct log_message {
  std::int64_t time_ms = 0;
  std::int64_t bar_index = 0;
  log_level level = log_level::info;
  std::string text;
};
struct alert_event {
  std::int64_t time_ms = 0;
  std::int64_t bar_index = 0;
  std::string message, frequency;
};

/// The account as the script reads it (strategy.position_size and friends). Filled by the broker emulator
/// before each execution; order of the names below.
struct strategy_view {
  enum field : std::uint32_t {
    avg_losing_trade, avg_losing_trade_percent, avg_trade, avg_trade_percent, avg_winning_trade,
    avg_winning_trade_percent, closedtrades, closedtrades_first_index, equity, eventrades, grossloss,
    grossloss_percent, grossprofit, grossprofit_percent, losstrades, margin_liquidation_price,
    max_contracts_held_all, max_contracts_held_long, max_contracts_held_short, max_drawdown, max_drawdown_percent,
    max_runup, max_runup_percent, netprofit, netprofit_percent, openprofit, openprofit_percent, opentrades,
    opentrades_capital_held, position_avg_price, position_size, wintrades, count_
  };
  static const std::array<const char*, count_>& names();
  std::array<double, count_> values{};
  std::optional<std::string> position_entry_name; ///< none while flat
};

/// What strategy.closedtrades.* and strategy.opentrades.* can ask of one trade.
enum class trade_field : std::uint8_t {
  commission, entry_bar_index, entry_price, entry_time, max_drawdown, max_drawdown_percent, max_runup,
  max_runup_percent, profit, profit_percent, size, exit_bar_index, exit_price, exit_time,
  entry_comment, entry_id, exit_comment, exit_id
};
enum class trade_list : std::uint8_t { closed, open };

/// Facts about single trades, for strategy.closedtrades.* and strategy.opentrades.*.
class trade_source {
public:
  virtual ~trade_source() = default;
  /// Of trade number `trade`, from 0 in the order of closing or opening. NaN when there is no such trade.
  virtual double number(trade_list list, trade_field field, std::int64_t trade) const = 0;
  /// The same for the last four fields; nothing when there is no such trade.
  virtual std::optional<std::string> text(trade_list list, trade_field field, std::int64_t trade) const = 0;
  /// Contracts of an entry without quantity that would fill at that price.
  virtual double default_entry_qty(double price) const = 0;
};

/// How much a script may do before it is stopped. Steps are loop rounds and elements handled by built-ins.
struct budget {
  std::uint64_t steps_per_bar = 50'000'000;
  std::size_t heap_bytes = 256u << 20;
  /// Longest time a bar may take, in nanoseconds; needs `clock_ns`.
  std::int64_t bar_ns = 500'000'000;
  /// The same for all bars of a run together. 0: no end, for scripts that run live. limits::run_steps is meant for runs
  /// over a history.
  std::uint64_t steps_per_run = 0;
  std::int64_t run_ns = 0;
  /// Asked now and then inside loops. Empty: only steps are counted (deterministic).
  std::function<std::int64_t()> clock_ns;
};

class column_cache;

/// Where a run over complete bars finds columns that others have computed, and leaves its own (column_cache.hpp).
struct column_use {
  std::shared_ptr<column_cache> cache; ///< of the script's program and the run's bars; null: nothing is shared
  std::size_t from = 0, to = 0;        ///< the run's bars among those of the set; run_settings::last_bar_index must say how many
};

struct run_settings {
  std::shared_ptr<const symbol_info> symbol = std::make_shared<symbol_info>();
  timeframe chart_timeframe;
  std::map<std::string, std::string> inputs; ///< by the names of input_names.hpp; values as text
  data_source* data = nullptr;
  const strategy_view* account = nullptr;
  const trade_source* trades = nullptr;
  budget limit;
  std::int64_t last_bar_index = -1;  ///< of the history to come; -1 when not known
  std::int64_t last_bar_time_ms = 0;
  std::int64_t now_ms = 0;           ///< timenow; 0: the closing time of the last bar
  std::uint64_t random_seed = 1;     ///< of math.random() without a seed
  column_use columns = {};
};

/// What kind of execution this is, for barstate.*.
struct bar_flags {
  bool last = false;       ///< last bar of the data known now
  bool realtime = false;
  bool fresh = true;       ///< first execution of this bar
  bool confirmed = true;   ///< the bar is complete
  bool last_history = false;
  bool closing = false;    ///< the last execution of a bar that had others before it
  bool historical = false; ///< begin_bar() and update() of a complete bar: calc_on_order_fills runs it several times
  std::int64_t next_time_ms = 0; ///< opening time of the next bar when known, else 0
};

} // namespace tt::pine
