#pragma once

// What the gate reads: cached state, kept up to date by the single writer of the
// account. A figure that is absent is absent: no check takes it for zero.

#include "actors/model/instrument.hpp"
#include "actors/model/order.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::risk {

enum class on_off : std::uint8_t { off, on };

/// What a principal or webhook profile may do. The default may everything.
struct grant {
  std::vector<std::string> accounts = {}; ///< empty: all
  std::vector<std::string> symbols = {};  ///< empty: all
  std::optional<direction> only_side = {};
  std::optional<quantity> max_quantity = {};
};

/// Whether an alert or webhook may trade by itself.
enum class execution_right : std::uint8_t { granted, missing };
/// Whether a webhook's alert carried an id of its own.
enum class alert_identity : std::uint8_t { given, derived };

/// Whether a protective leg has the prices that were judged with its entry.
enum class leg_prices : std::uint8_t { as_settled, moved };

/// One order as it reaches the gate. Refers to the request: lives no longer than it.
struct order_view {
  const order_request* asked = nullptr; ///< never null
  const intent_key* key = nullptr;      ///< never null
  order_number number = order_number::none; ///< under which the reservation is kept
  order_number group = order_number::none;  ///< bracket or OCO it belongs to; its siblings count once
  std::uint8_t attempt = 0; ///< 0 first; higher only after the one before is proven absent
  order_origin origin = order_origin::manual;
  std::string_view principal = {};      ///< who or what sent it: user, profile, strategy
  const grant* may = nullptr;           ///< null: no right at all
  execution_right execute = execution_right::granted;
  alert_identity identity = alert_identity::given;
  std::optional<utc_time> signal_at = {};         ///< when its cause happened
  leg_prices legs = leg_prices::as_settled;
  quantity executed = {}; ///< of a change: what is executed already; `asked` has the new total
  std::optional<quantity> reported_position = {}; ///< signed position that the sender believes in
};

/// How account figures arrive, which decides how old they may be.
enum class state_feed : std::uint8_t { streamed, polled };
/// Whether the venue's buying power is already less by our working orders.
enum class working_in_buying_power : std::uint8_t { not_counted, counted_when_acknowledged };
enum class margin_call_state : std::uint8_t { none, called };

/// The US rule of day trades, where the venue says that it binds the account.
struct day_trade_rule {
  int day_trades = 0;                       ///< in the last 5 sessions
  std::optional<int> most = {};             ///< the venue's number; the limit set's otherwise
  std::optional<money> equity_floor = {};   ///< likewise
};

/// What trading costs: per order, per unit, and as a part of the value.
struct fee_view {
  money per_order = {};
  money per_unit = {};
  decimal ratio = {};
};

struct account_view {
  account_id id;
  account_type type = account_type::margin;
  account_mode mode = account_mode::paper;
  on_off trading = on_off::on;
  std::optional<money> equity = {};
  std::optional<money> cash = {};         ///< may be negative
  std::optional<money> settled_cash = {};
  std::optional<money> buying_power = {}; ///< the venue's own field
  working_in_buying_power counts_working = working_in_buying_power::not_counted;
  std::optional<money> start_of_day_equity = {};
  money day_flows = {};                        ///< external cash flows since the start of the day
  std::optional<money> peak_equity = {};
  std::optional<money> maintenance_margin = {};
  margin_call_state margin_call = margin_call_state::none;
  std::optional<day_trade_rule> day_trades = {};
  int consecutive_losses = 0;
  fee_view fees = {};
  state_feed feed = state_feed::streamed;
  utc_time state_at{};          ///< when these figures held
  std::uint64_t state_offset = 0; ///< journal offset of them
};

/// Whether a contract can be traded at all.
enum class listing : std::uint8_t { tradable, halted, delisted, expired };
/// Whether 30 daily returns are known. `missing`: they should be, and are not.
enum class history_state : std::uint8_t { missing, too_short, known };

struct instrument_view {
  const instrument* what = nullptr; ///< null: does not resolve
  listing state = listing::tradable;
  std::optional<utc_time> last_trade = {};
  std::optional<utc_time> first_notice = {};
  std::optional<money> min_notional = {};   ///< in the contract's currency
  std::optional<money> initial_margin = {}; ///< per contract, in the contract's currency; required where margined
  decimal fx{1};                            ///< account money per unit of the contract's currency
  decimal delta{1};                         ///< of an option
  std::string issuer = {};                  ///< same for all share classes and options; "" = the symbol itself
  std::string sector = {};                  ///< "" = none known: counts in no sector
  on_off broad_index = on_off::off;         ///< fund of a broad index: exempt from the sector limit
  history_state history = history_state::missing;
  std::optional<decimal> volatility = {};   ///< realised, yearly, of 30 days
};

struct market_view {
  std::optional<price> last = {};
  std::optional<price> bid = {};
  std::optional<price> ask = {};
  utc_time last_at{};
  utc_time quote_at{};
};

/// Whether reconciliation disagrees with the venue about a symbol.
enum class agreement : std::uint8_t { agreed, frozen };

struct strategy_view {
  on_off enabled = on_off::on;
  on_off shorts = on_off::on;
  std::vector<std::string> symbols = {}; ///< empty: any
  money day_pnl = {};
  int consecutive_losses = 0;
  std::uint32_t orders = 0;                    ///< sent so far
  std::optional<quantity> median_order = {};   ///< of them
};

/// Bit per enumerator, for capability tables.
template <class Enum>
constexpr std::uint32_t bit(Enum e) { return std::uint32_t{1} << static_cast<unsigned>(e); }

struct venue_view {
  enum class session : std::uint8_t { down, maintenance, synced };
  session state = session::down;
  std::uint32_t types = 0;   ///< bits of order_type, emulated ones included
  std::uint32_t lives = 0;   ///< bits of time_in_force
  on_off extended_hours = on_off::off;
  on_off rests_while_closed = on_off::off; ///< takes orders for the next session
};

struct node_view {
  on_off real_trading = on_off::off;   ///< ENABLE_REAL_TRADING
  on_off execution_leader = on_off::off;
  on_off journal = on_off::off;        ///< last fsync good and disk reserve there
  on_off isolated = on_off::off;       ///< an emergency stop may have been ordered where this node can't hear it
};

/// One order that may still trade.
struct working_order {
  order_number number = order_number::none;
  order_number group = order_number::none;
  direction way = direction::buy;
  order_type type = order_type::market;
  quantity remaining = {};
  price valued = {};       ///< what a unit is reckoned at: its limit, or reference and buffer
  std::optional<price> limit_price = {};
  money unit_cost = {};    ///< buying power that one opening unit holds, fees included
  money order_fee = {};    ///< fixed fee that it holds until it is final
  std::string strategy = {};
  on_off acknowledged = on_off::off;
  on_off external = on_off::off; ///< found at the venue, not ours
};

/// Everything about one symbol.
struct symbol_view {
  instrument_view instrument = {};
  market_view market = {};
  quantity position = {}; ///< signed
  agreement reconciled = agreement::agreed;
  std::vector<working_order> working = {};
};

} // namespace tt::risk
