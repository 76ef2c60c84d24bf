#pragma once

// What the order, account and risk routes speak to. The node plugs in the actors of
// its accounts, tests a script. All members may be called from any thread and return at once.

#include "actors/execution/account_core.hpp"
#include "actors/model/account.hpp"
#include "actors/portfolio/portfolio.hpp"
#include "actors/risk/breakers.hpp"
#include "actors/risk/kill_switch.hpp"
#include "actors/risk/limits.hpp"
#include "gateways/market_port.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tt::gateway {

/// Who asks, as the accounts and the gate see it.
struct trading_caller {
  std::string principal;
  risk::access rank = risk::access::trader;
  /// Whether accounts with real money are out of reach.
  enum class reach : std::uint8_t { all, paper_only, listed };
  reach accounts = reach::paper_only;
  std::vector<account_id> listed = {}; ///< of reach::listed

  /// Nothing: the account is within reach. Errors: refused, field account_id, which the routes answer with 403.
  [[nodiscard]] result<void> reaches(const account_id& account, account_mode mode) const {
    if (accounts == reach::paper_only && mode != account_mode::paper)
      return error{errc::refused, "an account with real money needs an identity that has it in its scope", "account_id"};
    if (accounts == reach::listed && std::ranges::find(listed, account) == listed.end())
      return error{errc::refused, "this identity is bound to other accounts", "account_id"};
    return {};
  }
};

struct account_snapshot {
  account_profile profile;
  account_figures figures;
  account_balances balances;
  enum class state : std::uint8_t { off, on };
  state active = state::on;
  state trading = state::on;
  std::optional<utc_time> updated_at = {};                 ///< market time of the venue's newest word; before the first: the opening
  std::optional<std::chrono::milliseconds> data_age = {};  ///< since that word was heard, by a clock that no replay moves
  std::optional<error> trouble = {}; ///< why nothing of it but its profile can be believed
};

struct position_snapshot {
  account_id account;
  position held;
  std::optional<price> current; ///< nothing: no price known
  std::optional<money> market_value;
  std::optional<money> unrealized;
  std::optional<money> day_pnl;
  std::optional<decimal> weight;
};

/// One record of an order's journal, for people.
struct order_happening {
  std::uint64_t offset = 0; ///< of the record in the account's journal
  utc_time at{};
  std::string what; ///< "created", "approved", "rejected", "execution" … and the events of the state machine
  std::string code, text;
  std::optional<quantity> qty = {};
  std::optional<price> px = {};
};

struct order_snapshot {
  account_id account;
  account_mode mode = account_mode::paper;
  order what;
  std::optional<order_id> parent = {};       ///< the order whose leg it is
  std::vector<order_id> linked = {};         ///< its legs
  std::uint64_t sequence = 0;                ///< where told as news: number of the account's news of orders, from 1, without gaps
  std::vector<order_happening> events = {};  ///< where asked for by its name: oldest first
};

struct execution_snapshot {
  account_id account;
  order_id order; ///< empty: without an order of ours
  order_fill fill;
  std::optional<money> net_value;
  std::uint64_t sequence = 0; ///< number of the account's executions, from 1, without gaps
  // of its order; empty: without one
  strategy_id strategy = {};
  contract_terms contract = {};
  std::string reason = {}; ///< its comment, or the name of the leg
};

/// Which orders. Absent fields match all.
struct order_filter {
  std::optional<account_id> account = {};
  std::optional<std::string> symbol = {};
  std::optional<strategy_id> strategy = {};
  std::optional<order_id> order = {};
  std::optional<order_status> status = {};
  std::optional<utc_time> since = {};
  std::optional<utc_time> until = {};       ///< of executions; earlier than it
  std::optional<std::uint64_t> before = {}; ///< cursor: numbers of orders, or sequence numbers of executions, below it
  std::size_t limit = 50;
};

/// By server id, `client:<id>` or `broker:<id>`.
struct order_name {
  enum class kind : std::uint8_t { server, client, broker };
  kind by = kind::server;
  std::string id;
  std::optional<account_id> account = {};
};

/// An order as a door hands it over.
struct place_order {
  order_request request;
  std::string idempotency_key; ///< "" where neither it nor a client order id was given
  std::chrono::milliseconds wait{250};
};

/// What became of it.
struct placed_order {
  enum class outcome : std::uint8_t {
    placed,   ///< at the venue, or final there
    pending,  ///< going out, or of unknown fate, when the wait was over
    repeated, ///< the same request was there before
    refused,  ///< by the risk gate
  };
  outcome how = outcome::pending;
  order_snapshot order;
};

struct order_preview {
  risk_decision decision; ///< with every check
  std::optional<price> price_used;
  std::optional<money> notional;
  std::optional<money> fees;
  std::optional<money> buying_power_after;
};

struct order_change {
  std::optional<quantity> qty = {};
  std::optional<price> limit_price = {};
  std::optional<price> stop_price = {};
  std::optional<price> trail_offset = {};
  std::optional<decimal> trail_percent = {};
  std::optional<time_in_force> tif = {};
  std::optional<std::uint32_t> if_version = {};
};

struct cancelled_order {
  enum class outcome : std::uint8_t { requested, already_final };
  outcome how = outcome::requested;
  order_snapshot order;
};

/// A person's word on a symbol on which we and the venue disagree: the venue is right.
struct accept_position {
  std::optional<account_id> account = {};
  std::string symbol;
  std::optional<price> average = {}; ///< needed where the venue holds anything: what it is reckoned to have cost
  std::string reason;
};
struct accepted_position {
  account_id account;
  std::string symbol;
  quantity before, now;
  price average;
};

struct close_request {
  std::optional<account_id> account = {};
  std::optional<std::string> symbol = {}; ///< nothing: everything
  std::optional<quantity> qty = {};       ///< nothing: all of it
  order_type type = order_type::market;
  std::optional<price> limit_price = {};
  std::string reason = {};
};
struct closed_positions {
  std::vector<order_snapshot> orders;
  std::vector<order_id> cancelled;
};

/// One line of GET /api/v1/risk.
struct limit_reading {
  risk::check_code code = risk::check_code::internal;
  std::string name;  ///< of the limit: "daily_loss"
  risk::limit_scope scope = risk::limit_scope::global;
  std::optional<decimal> limit;    ///< nothing: off
  std::optional<decimal> measured; ///< nothing: `why_not` says why
  risk::limit_unit unit = risk::limit_unit::none;
  std::string subject = {};        ///< the symbol or strategy that is furthest, where the limit is of each
  std::string why_not = {};
};
/// A stop of one scope that is in force.
struct scoped_stop {
  risk::kill_scope scope;
  risk::kill_mode mode = risk::kill_mode::halt;
};
/// A symbol on which we and the venue disagree: only closing orders until both agree or a person decides.
struct frozen_symbol {
  std::string symbol;
  quantity ours, theirs;
  std::string reason;
  utc_time since{};
};
/// Something that a person should hear of.
struct account_alarm {
  utc_time at{};
  execution::severity level = execution::severity::alarm;
  std::string code; ///< "UNKNOWN_ORDER", "UNPROTECTED", "POSITION_DIFFERS" …
  order_id order;   ///< empty: of none
  std::string symbol, text;
};
/// A named set of limits of an account, and the scopes to which an admin has given it.
struct profile_reading {
  std::string name;
  risk::limit_set limits;
  std::vector<risk::scope_key> assigned_to;
};
struct risk_snapshot {
  risk::kill_mode mode = risk::kill_mode::none;
  std::uint64_t epoch = 0;
  std::uint64_t limits_version = 0;
  std::vector<limit_reading> limits;
  std::vector<risk::breaker_reading> breakers;
  std::vector<scoped_stop> stops = {};     ///< all that are in force, of any scope
  std::vector<order_id> unconfirmed = {};  ///< orders that a stop cancels and that have not ended yet
  std::vector<frozen_symbol> frozen = {};
  std::vector<account_alarm> alarms = {};  ///< since the start of the node, newest first, at most most_alarms
  std::vector<profile_reading> profiles = {}; ///< by name
};

struct stop_request {
  risk::kill_scope scope;
  risk::kill_mode mode = risk::kill_mode::halt;
  enum class open_orders : std::uint8_t { keep, cancel };
  open_orders open = open_orders::cancel;
  std::string reason;
};
/// What became of a stop on one node of a cluster.
struct node_stop {
  std::string node;
  enum class taking : std::uint8_t {
    taken,   ///< its accounts are stopped
    refused, ///< it can't; `detail` says why
    waiting, ///< it did not answer in time; it is told until it does
  };
  taking how = taking::waiting;
  std::string detail = {};
};
struct stopped {
  std::uint64_t epoch = 0;
  risk::kill_mode mode = risk::kill_mode::halt;
  std::vector<order_id> cancel_requested;
  std::chrono::milliseconds elapsed{0};
  std::vector<node_stop> nodes = {}; ///< with accounts, by name; empty where the node stands alone
};
struct resume_question {
  std::string token;
  std::chrono::seconds expires_in{60};
  std::vector<std::string> blocking;
  /// What the answer would do; an account that nobody stopped may still have breakers to arm again.
  enum class subject : std::uint8_t { stop, breakers } lifts = subject::stop;
};

/// Alarms that an account remembers.
inline constexpr std::size_t most_alarms = 100;

/// A change of what an account may do: emergency stop, limits, breakers. Or an alarm.
struct risk_news {
  account_id account;
  std::string what; ///< "kill_switch", "limits", "breaker", "alarm"
  risk::kill_mode mode = risk::kill_mode::none; ///< of the account, after it
  std::uint64_t epoch = 0;          ///< of the emergency stop
  std::uint64_t limits_version = 0;
  std::string code;                 ///< of a breaker: "DAILY_LOSS"
  bool is_tripped = false;          ///< of a breaker
  std::string scope, name;          ///< "account", "strategy", "symbol", "global" and its name
  std::string author, reason; ///< of an alarm: its text
  utc_time at{};
  execution::severity level = execution::severity::notice; ///< of an alarm
  order_id order = {};                                     ///< likewise
};

/// Told after each change, on any thread, in the order of the account's journal; must only pass on.
struct trading_watcher {
  std::function<void(const order_snapshot&)> on_order = {};
  std::function<void(const execution_snapshot&)> on_execution = {};
  /// Figures that moved: after each trade, and now and then with the market.
  std::function<void(const account_snapshot&)> on_account = {};
  /// A position that changed; quantity 0: it is closed.
  std::function<void(const position_snapshot&)> on_position = {};
  std::function<void(const risk_news&)> on_risk = {};
};

/// What an account had told until now: where its numbers stand, and the newest of its news.
struct account_history {
  account_id account;
  account_mode mode = account_mode::paper;
  utc_time opened_at{}; ///< of its journal
  std::uint64_t orders = 0, executions = 0; ///< sequence numbers of the newest news
  std::vector<order_snapshot> order_news = {}; ///< oldest first, the newest has the number above; each with the order as it was then
  std::vector<execution_snapshot> execution_news = {}; ///< likewise
  std::vector<order_snapshot> open_orders = {};
  std::optional<account_snapshot> figures = {}; ///< nothing where a held symbol has no price yet
  std::vector<position_snapshot> positions = {};
  risk::kill_mode kill = risk::kill_mode::none;
};

/// What health and metrics show of the accounts of a node, all together.
struct trading_health {
  std::string journal = "starting"; ///< "starting", "ok", "failed", "read_only", "taken_over": the worst of the accounts
  std::string reason = {};          ///< why it is not "ok", with the account
  std::uint64_t offset = 0;         ///< of the last durable record, of the default account
  risk::kill_mode mode = risk::kill_mode::none; ///< the severest
  bool is_ready = false;            ///< every journal is replayed and can be written, every venue has answered for everything once
  std::size_t orders_open = 0, orders_unknown = 0;
  std::map<std::string, std::uint64_t> orders; ///< by state
  std::map<account_id, std::size_t> differences; ///< that the newest comparison with the venue found
  std::uint64_t epoch = 0; ///< the highest under which a journal is written here
  std::optional<double> fsync_p99_us, risk_p99_us; ///< of the newest; nothing: none measured yet
};

/// How an account has done since its journal began.
struct account_performance {
  account_id account;
  portfolio::trade_statistics trades; ///< closed round trips, fees in
  std::vector<portfolio::equity_point> curve; ///< the newest of the asked number, oldest first
  std::vector<portfolio::day_result> days;
  decimal max_drawdown;               ///< 0..1, of the curve
  money fees, realized;
};

/// Stops and resumes trading: on this node, or in the whole cluster.
class stop_port {
public:
  virtual ~stop_port() = default;

  /// Errors: not_found (no such account), conflict (a milder mode than what stands), invalid_argument.
  virtual void stop(const trading_caller& who, stop_request what, reply<stopped> done) = 0;
  /// Errors: conflict (nothing is stopped), refused (no admin), invalid_argument.
  virtual void ask_resume(const trading_caller& who, std::string reason, reply<resume_question> done) = 0;
  /// Gives the new epoch. Errors: refused (token), conflict (a breaker would fire at once).
  virtual void resume(const trading_caller& who, std::string token, reply<std::uint64_t> done) = 0;
};

class trading_port : public stop_port {
public:

  /// As the newest answer to ask_health said.
  [[nodiscard]] virtual trading_health health() { return {}; }
  /// Asks the accounts; answers with what is known where they take longer than a second (a slow disk).
  virtual void ask_health(std::function<void(const trading_health&)> done) { done(health()); }
  /// Begins to tell of changes. What was before must be asked for.
  virtual subscription_id watch(trading_watcher who) { return static_cast<void>(who), 0; }
  /// A call that already runs on another thread may still finish.
  virtual void unwatch(subscription_id id) { static_cast<void>(id); }

  /// Of every account, taken in the account's own step: what comes after it is told to the watchers. Errors: not_available.
  virtual void history(reply<std::vector<account_history>> done) { done(std::vector<account_history>{}); }

  /// The account of orders that name none. Errors: not_found.
  [[nodiscard]] virtual result<account_id> default_account() const = 0;

  // An account whose journal is not replayed, or is damaged, answers no question with what it has of it: not_available, field
  // "journal" where it is damaged.
  /// All that the caller reaches; one that can't be believed has its `trouble`.
  virtual void accounts(const trading_caller& who, reply<std::vector<account_snapshot>> done) = 0;
  virtual void positions(const trading_caller& who, std::optional<account_id> of, reply<std::vector<position_snapshot>> done) = 0;
  /// Newest first. Errors: not_found for an unknown account.
  virtual void orders(const trading_caller& who, order_filter filter, reply<std::vector<order_snapshot>> done) = 0;
  virtual void order_of(const trading_caller& who, order_name name, reply<order_snapshot> done) = 0;
  /// Newest first, each with its sequence number.
  virtual void executions(const trading_caller& who, order_filter filter, reply<std::vector<execution_snapshot>> done) = 0;

  /// A rejection by the gate is an answer, not an error. Errors: conflict (id used with other content),
  /// not_available (journal, venue), refused (scope), invalid_argument.
  virtual void place(const trading_caller& who, place_order what, reply<placed_order> done) = 0;
  virtual void preview(const trading_caller& who, order_request what, reply<order_preview> done) = 0;
  /// Errors: not_found, conflict (version, not open), refused (by the gate).
  virtual void change(const trading_caller& who, order_name name, order_change change, reply<order_snapshot> done) = 0;
  virtual void cancel(const trading_caller& who, order_name name, reply<cancelled_order> done) = 0;
  /// Ids of the orders whose cancel was asked for.
  virtual void cancel_all(const trading_caller& who, order_filter filter, reply<std::vector<order_id>> done) = 0;
  virtual void close(const trading_caller& who, close_request what, reply<closed_positions> done) = 0;

  // what only a person may decide
  /// Ends an order of unknown fate. Errors: not_found, conflict (its fate is known), invalid_argument (reason).
  virtual void close_unknown(const trading_caller& who, order_name name, std::string reason, reply<order_snapshot> done) {
    static_cast<void>(who), static_cast<void>(name), static_cast<void>(reason);
    done(error{errc::unsupported, "this port closes no orders of unknown fate"});
  }
  /// The next attempt of an order that never reached the venue, or was refused there, and never traded. Errors: not_found, conflict.
  virtual void retry(const trading_caller& who, order_name name, std::chrono::milliseconds wait, reply<placed_order> done) {
    static_cast<void>(who), static_cast<void>(name), static_cast<void>(wait);
    done(error{errc::unsupported, "this port tries no order again"});
  }
  /// Errors: not_found (no disagreement), invalid_argument (average, reason), not_available (no exchange rate).
  virtual void accept(const trading_caller& who, accept_position what, reply<accepted_position> done) {
    static_cast<void>(who), static_cast<void>(what);
    done(error{errc::unsupported, "this port accepts no positions"});
  }

  /// At most `points` of the curve. Errors: not_found.
  virtual void performance(const trading_caller& who, std::optional<account_id> of, std::size_t points, reply<account_performance> done) {
    static_cast<void>(who), static_cast<void>(of), static_cast<void>(points);
    done(error{errc::unsupported, "this port keeps no performance"});
  }

  virtual void risk_state(const trading_caller& who, std::optional<account_id> of, reply<risk_snapshot> done) = 0;
  /// Errors: as risk::limit_book::propose. Gives the new version.
  /// Emergency stops and resumes, oldest first; the newest of each account, each once.
  virtual void stops(const trading_caller& who, reply<std::vector<risk::kill_event>> done) { static_cast<void>(who), done(std::vector<risk::kill_event>{}); }
  virtual void set_limits(const trading_caller& who, risk::limit_change change, reply<std::uint64_t> done) = 0;
};

} // namespace tt::gateway

template <>
struct tt::names_of<tt::gateway::node_stop::taking> {
  static constexpr std::array<std::string_view, 3> value{"taken", "refused", "waiting"};
};
