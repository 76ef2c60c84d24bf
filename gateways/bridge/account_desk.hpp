#pragma once

// Everything of an account besides its journal: limits, emergency stop, breakers, gate,
// portfolio. Lives in the step of the account actor (execution::account_access): check,
// reservation and record are one step. Not thread-safe; nothing here blocks.

#include "actors/execution/market_messages.hpp"
#include "actors/execution/messages.hpp"
#include "actors/execution/risk_gate.hpp"
#include "actors/model/order_desk.hpp"
#include "actors/portfolio/portfolio.hpp"
#include "actors/risk/breaker_figures.hpp"
#include "actors/risk/event_text.hpp"
#include "actors/risk/flatten.hpp"
#include "gateways/bridge/order_diary.hpp"
#include "gateways/trading_port.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::gateway {

/// What happened to an account, in the order of its journal. Called in the account's thread: must only pass on.
struct desk_listener {
  std::function<void(const order_snapshot&)> on_order = {};
  std::function<void(const execution_snapshot&)> on_execution = {};
  std::function<void(const account_snapshot&)> on_account = {};
  std::function<void(const position_snapshot&)> on_position = {};
  std::function<void(const risk_news&)> on_risk = {};
  /// Decisions of the gate: "approved", "reduced", "rejected" and the code; seconds that it took.
  std::function<void(const risk_decision&)> on_decision = {};
};

/// Rules that one account gives to another: limits and emergency stops.
struct desk_rules {
  std::vector<risk::limit_change> limits;
  std::vector<stop_request> stops;
};

struct desk_settings {
  account_profile profile;
  /// How often the account was started over. Its journals number orders anew, so ids are made of this, too: they never come again.
  std::uint32_t generation = 0;
  risk::limit_set limits;
  execution::venue_capabilities can;
  risk::fee_view fees = {};
  decimal sales_ratio = {}; ///< part of fees.ratio that only sales pay
  decimal leverage{2};      ///< of the venue's buying power, where it lends
  /// Ticks by which a fill is expected to be worse than the market was; below one, one is reckoned with.
  int slippage_ticks = 0;
  std::string benchmark = {};                        ///< symbol whose moves stop entries; empty: none
  /// Whether the market's time is real time, so that clocks of others may be compared with it; empty: it is not.
  std::function<bool()> is_real_time = {};
  std::shared_ptr<const instrument_master> master;
  std::function<std::int64_t()> clock_ns = {};       ///< steady: for elapsed times and what expires; empty: the market's time
  std::function<std::string()> make_token = {};      ///< unguessable, for resuming
  std::shared_ptr<risk::node_rates> rates = {};      ///< that the accounts of a node share; empty: the account has its own
  risk::on_off trading = risk::on_off::on;
  desk_rules rules = {};                             ///< taken over at the start, before the first order
  std::function<void(const execution::account_book&)> restored = {};
  /// Symbols that a position or order needs, after a replay.
  std::function<void(const std::string&)> need = {};
  desk_listener listener = {};
};

/// How the account stands, for health and readiness.
struct desk_health {
  std::string journal = "starting"; ///< "starting", "ok", "failed", "read_only", "taken_over"
  std::string reason = {};          ///< why it is not "ok"
  std::uint64_t offset = 0;         ///< of the last durable record
  risk::kill_mode mode = risk::kill_mode::none;
  bool is_reconciled = false;       ///< the venue has answered for everything once
  std::size_t orders_open = 0, orders_unknown = 0;
  std::size_t differences = 0;      ///< that the newest comparison with the venue found
  std::map<std::string, std::uint64_t> orders; ///< by state
};

/// Emergency stops that an account remembers for charts.
inline constexpr std::size_t most_stops = 500;

class account_desk final : public execution::record_follower {
public:
  using access = execution::account_access;

  explicit account_desk(desk_settings settings);

  // -- what the account actor tells
  void begin() override;
  result<void> on_record(const execution::journal_record& record) override;
  [[nodiscard]] std::string to_bytes() const override;
  result<void> begin_from(std::string_view bytes) override;
  void restored(const execution::account_book& book);
  void on_order(const order& what);
  /// Something that a person should hear of; told to the listener with the next step.
  void on_alert(const execution::alert_effect& what, utc_time now);
  /// `since_asked`: how long ago this node asked for it; nothing where it did not.
  void on_report(const execution::venue_report& report, utc_time now, std::optional<nanoseconds> since_asked = {});
  void on_facts(access& in, const execution::symbol_facts& facts);
  void on_market(access& in, const execution::market_seen& seen);
  void on_step(access& in);
  [[nodiscard]] execution::risk_gate& gate() { return *gate_; }
  [[nodiscard]] const account_profile& profile() const { return settings_.profile; }

  // -- questions
  /// Why nothing that is known here can be believed: the journal is not replayed, or is damaged. Nothing: it can.
  [[nodiscard]] std::optional<error> trouble(access& in) const;
  /// Names and reason of desk_health, without its counts.
  [[nodiscard]] std::pair<std::string_view, std::string> journal_state(access& in) const;
  /// Errors: not_available where a held symbol has no price yet.
  [[nodiscard]] result<account_snapshot> account(access& in) const;
  [[nodiscard]] std::vector<position_snapshot> positions() const;
  /// Waits until the journal is replayed. Errors: not_available where that takes longer than max_history_looks pauses.
  void history(access& in, reply<account_history> done, int looks = 0) const;
  /// Errors: not_available while the account starts.
  [[nodiscard]] result<account_performance> performance(access& in, std::size_t points) const;
  [[nodiscard]] std::vector<order_snapshot> orders(access& in, const order_filter& filter) const;
  [[nodiscard]] result<order_snapshot> order_of(access& in, const order_name& name) const;
  [[nodiscard]] std::vector<execution_snapshot> executions(access& in, const order_filter& filter) const;
  [[nodiscard]] risk_snapshot risk_state(access& in) const;
  [[nodiscard]] desk_health health(access& in) const;
  /// Emergency stops and resumes, oldest first, the newest `most_stops`.
  [[nodiscard]] const std::vector<risk::kill_event>& stops() const { return stops_; }
  [[nodiscard]] result<order_preview> preview(access& in, const trading_caller& who, const order_request& what);

  /// Errors: not_available while the account starts.
  [[nodiscard]] result<strategy_holding> holding(access& in, const strategy_id& strategy, const std::string& symbol) const;
  /// Errors: as portfolio::figures.
  [[nodiscard]] result<account_figures> figures(access& in) const { return books_.figures(in.now()); }

  // -- commands; `done` is called once the record is on disk
  void place(access& in, const trading_caller& who, place_order what, reply<placed_order> done);
  /// An order of a maker of signals (actors/model/order_desk.hpp).
  void place_signal(access& in, signal_order what, reply<signal_outcome> done);
  void change(access& in, const order_name& name, const order_change& change, reply<order_snapshot> done);
  void cancel(access& in, const trading_caller& who, const order_name& name, reply<cancelled_order> done);
  /// Asks for the cancel of all open orders that the filter matches.
  /// Errors: as trouble(), where nothing is known that could be cancelled.
  result<std::vector<order_id>> cancel_all(access& in, const trading_caller& who, const order_filter& filter);
  void close(access& in, const trading_caller& who, close_request what, reply<closed_positions> done);
  void close_unknown(access& in, const trading_caller& who, const order_name& name, const std::string& reason, reply<order_snapshot> done);
  void retry(access& in, const trading_caller& who, const order_name& name, std::chrono::milliseconds wait, reply<placed_order> done);
  void accept(access& in, const trading_caller& who, const accept_position& what, reply<accepted_position> done);
  void stop(access& in, const trading_caller& who, const stop_request& what, reply<stopped> done);
  /// `token` where the question is put to several accounts at once; else the account makes one.
  [[nodiscard]] result<resume_question> ask_resume(access& in, const trading_caller& who, const std::string& reason, std::string token = {});
  /// Whether a resume would hold. Errors: conflict, naming what would stop the account again at once; not_available.
  [[nodiscard]] result<void> may_resume(access& in) const;
  void resume(access& in, const trading_caller& who, const std::string& token, reply<std::uint64_t> done);
  /// Whether a stop of elsewhere is told for the first time, or once more: after a restart, or since some account did not obey.
  enum class telling : std::uint8_t { first, again };
  /// A stop that was ordered elsewhere, at least as strict as what holds. Told again where it is in the journal it cancels only
  /// orders older than itself. Waits until the journal is replayed: nothing can be ordered before, and its own stops must come
  /// first. Stops and resumes that wait keep their order.
  void take_stop(access& in, const trading_caller& who, const stop_request& what, telling how, reply<stopped> done);
  /// A resume that an admin confirmed elsewhere, of the stops of these scopes. Lifts nothing where the account is stopped for
  /// anything else. Errors: conflict (another scope is stopped here; a breaker would fire at once), not_available (journal).
  void lift_stops(access& in, const trading_caller& who, const std::vector<risk::kill_scope>& scopes, const std::string& reason, reply<std::uint64_t> done);
  /// Whether this node is cut off from one at which stops are ordered (NODE_ISOLATED).
  void set_isolated(access& in, risk::on_off isolated);
  void set_limits(access& in, risk::limit_change change, reply<std::uint64_t> done);
  /// Switches trading of the account on or off (ACCOUNT_DISABLED); not journalled: the node's list of accounts keeps it.
  void set_trading(access& in, risk::on_off trading);
  /// Limits and stops that are not of this account alone; `own` adds its own limits.
  enum class rules_of : std::uint8_t { everybody, own_too };
  [[nodiscard]] desk_rules rules(rules_of whose) const;
  /// Names of the breakers that have tripped and don't reset themselves: DRAWDOWN.
  [[nodiscard]] std::vector<std::string> lasting_trips() const;
  /// Takes rules over, as the node's word.
  void adopt(access& in, const desk_rules& rules);

private:
  /// The cause as this generation of the account knows it. Errors: invalid_argument where that is too long.
  [[nodiscard]] result<intent_key> in_this_life(access& in, intent_key key) const;
  /// Asks for the cancels and says whose they are. The orders are there.
  std::vector<order_id> cancel_each(access& in, const trading_caller& who, const std::vector<order_number>& numbers);
  std::vector<order_id> cancel_matching(access& in, const trading_caller& who, const order_filter& filter);
  /// The present moment for what lives some seconds of a person's time: no replay of the market makes it pass faster.
  [[nodiscard]] utc_time persons_time(access& in) const;
  struct waiting {
    reply<placed_order> done;
    placed_order::outcome how = placed_order::outcome::placed;
  };
  struct late_wait {
    order_number number = order_number::none;
    std::chrono::milliseconds wait{0};
    reply<placed_order> done;
  };
  struct closing; ///< a flattening under way

  [[nodiscard]] order_snapshot snapshot(const order& what) const;
  /// The API's name of an order; nothing where its record is not on disk yet.
  [[nodiscard]] std::optional<order_id> id_of(order_number number) const;
  [[nodiscard]] execution_snapshot snapshot(access& in, const order_fill& fill) const;
  [[nodiscard]] const order* find(access& in, const order_name& name) const;
  [[nodiscard]] bool matches(const order& what, const order_filter& filter) const;
  static constexpr int max_history_looks = 12'000;
  /// Between two looks whether the journal is replayed.
  static constexpr std::chrono::milliseconds history_pause{50};
  [[nodiscard]] account_history history_now(access& in) const;
  /// How often the venue is asked for its buying power before the first order, where it has not said it yet.
  static constexpr int first_looks = 25;
  /// Goes on once orders can be taken, with the contract of the symbol; or with why none can.
  void when_ready(access& in, std::string symbol, int looks_left, std::function<void(access&, const result<const instrument*>&)> go);
  void answer_placed(const order& now, placed_order::outcome how, const reply<placed_order>& done) const;
  /// Answers now or when the wait is over.
  [[nodiscard]] execution::account_access::done when_placed(std::chrono::milliseconds wait, reply<placed_order> done);
  void submit(access& in, const execution::new_order& wanted, execution::order_sender sender, std::chrono::milliseconds wait, reply<placed_order> done);
  void wait_for(access& in, const order& placed, std::chrono::milliseconds wait, reply<placed_order> done);
  /// Waits of orders that were just placed: they begin when the commit is over.
  void begin_waits(access& in);
  void place_close(access& in, const trading_caller& who, const position& held, const close_request& what,
                   reply<placed_order> told);
  void cancel_for(access& in, closing& plan);
  void finish_closing(access& in, std::shared_ptr<closing> plan);
  /// The buying power that the account shows once this many have filled at this price; nothing where it is not known.
  [[nodiscard]] std::optional<money> buying_power_after(const order_request& asked, const instrument& contract, quantity size, price at, money costs) const;
  /// Figures of a preview: of what would be sent, or of what was asked where nothing would. Errors: out_of_range.
  result<void> reckon(const order_request& asked, const instrument& contract, const risk::decision& verdict, order_preview& out) const;
  void refresh(utc_time now);
  /// The US rule of day trades for a paper account that is to be bound by it: our venue, so we count.
  std::optional<risk::day_trade_rule> day_trade_rule_at(utc_time now);
  void refresh_strategies();
  /// Makes a strategy known to the gate before its first order.
  void know(const strategy_id& strategy);
  /// Losing trades in a row since the day began or a person armed the breaker again; of the account where the name is empty.
  [[nodiscard]] int loss_streak(const std::string& strategy) const;
  void follow_streaks(const execution::journal_record& record);
  /// Limits, stops and breakers.
  result<void> fold_risk(const execution::risk_noted& noted, utc_time at);
  template <class Archive>
  void archive(Archive& a);
  void forgive_losses(const std::string& strategy);
  [[nodiscard]] std::uint32_t losses_of(const std::string& strategy) const;
  void rearm_breakers(access& in, const trading_caller& who, const std::string& reason);
  /// What a person decides about: the losses in a row begin anew with a re-arm, so they don't hold it back.
  [[nodiscard]] risk::breaker_inputs rearm_inputs(access& in) const;
  void count_sent(const execution::order_decided& decided);
  /// Remembers what the market shows when an order that takes its price from it goes out.
  void expect_fill(order_number number, const order& what);
  void judge_fill(const order_fill& fill);
  void add_strategy_figures(risk::breaker_inputs& out, utc_time now) const;
  void add_market_figures(risk::breaker_inputs& out, utc_time now) const;
  void hear_market(const execution::market_seen& seen, utc_time now);
  void tell_news(access& in);
  void tell_figures(access& in);
  void tell_risk(const execution::risk_noted& noted, utc_time at);
  void tell_alarms(access& in);
  /// Runs it once the journal is replayed or can't be, after all that came before.
  void when_replayed(access& in, std::function<void(access&)> work);
  void look_again(access& in, int looks);
  void run_early(access& in);
  void obey_stop(access& in, const trading_caller& who, stop_request what, telling how, reply<stopped> done);
  void obey_lift(access& in, const trading_caller& who, const std::vector<risk::kill_scope>& scopes, const std::string& reason, reply<std::uint64_t> done);
  /// Orders that were there when the scope was stopped last; not the flattening's own.
  [[nodiscard]] std::vector<order_number> older_orders(access& in, const risk::kill_scope& scope) const;
  std::vector<order_id> cancel_older(access& in, const trading_caller& who, const risk::kill_scope& scope);
  /// Those of them that the stops in force cancel and that have not ended.
  [[nodiscard]] std::vector<order_number> uncancelled(access& in) const;
  /// Asks again for the cancels of stops until every order has ended (a journal that failed has forgotten them).
  void follow_cancels(access& in);
  /// An event that is in the journal.
  result<void> fold_stop(const risk::kill_event& event);
  void follow_flattening(const risk::kill_event& event);
  void remember_stop(const risk::kill_event& event);
  /// An event that is about to be written.
  void hold_stop(const risk::kill_event& event);
  void write_lost_stops(access& in);
  void write_stop(access& in, const risk::kill_event& event, execution::account_access::done told);
  /// Lifted when it is on disk.
  void write_resume(access& in, const risk::kill_event& event, reply<std::uint64_t> done);
  /// Carries on with every flattening under way.
  void drive_flattening(access& in);
  void flatten_scope(access& in, const risk::kill_scope& scope, risk::flatten_plan& plan);
  void place_flat(access& in, const risk::kill_scope& scope, const risk::close_action& what);
  [[nodiscard]] risk::flatten_view flatten_view_of(access& in, const risk::kill_scope& scope) const;
  /// Whose the position is, where one strategy holds all of it.
  [[nodiscard]] strategy_id sole_holder(const execution::account_book& book, const std::string& symbol, quantity held) const;
  void stop_at_loss(access& in);
  void roll_day(access& in);
  void begin_day(access& in);
  void judge_breakers(access& in);
  void note_risk(access& in, std::string kind, std::string scope, std::string author, std::string reason, std::string body,
                 execution::account_access::done told);
  [[nodiscard]] risk::breaker_inputs breaker_inputs(access& in) const;
  /// Strategies that have traded, sent an order, or are held back by a breaker.
  [[nodiscard]] std::set<std::string> known_strategies() const;
  [[nodiscard]] const risk::effective_limits& limits_now() const;

  desk_settings settings_;
  risk::limit_book limits_;
  risk::kill_switch stop_;
  risk::breaker_board breakers_;
  std::shared_ptr<risk::node_rates> rates_;
  std::unique_ptr<execution::risk_gate> gate_;
  portfolio::portfolio books_;
  order_diary diary_;
  std::map<risk::kill_scope, risk::flatten_plan> flattening_;
  /// Orders of a strategy that passed the gate.
  struct sent_orders {
    std::uint32_t count = 0;
    std::deque<quantity> newest; ///< at most median_of

    template <class Archive>
    friend void fields(Archive& a, sent_orders& x) {
      a(x.count);
      archive_list(a, x.newest);
    }
  };
  /// A record of limits, stops and breakers: a snapshot keeps them all, and they are folded again.
  struct noted_risk {
    execution::risk_noted what;
    utc_time at{};

    template <class Archive>
    friend void fields(Archive& a, noted_risk& x) {
      a(x.what, x.at);
    }
  };
  static constexpr std::size_t median_of = 101;
  std::map<std::string, sent_orders> sent_;
  std::map<order_number, order> undecided_; ///< orders of strategies, before the gate
  /// What an order of a strategy was expected to fill at. Not journalled: an average begins anew with the process, the trip of
  /// the breaker does not.
  struct expected_fill {
    std::string strategy;
    price px;
    decimal modelled; ///< slippage, in price
  };
  static constexpr std::size_t max_expected = 10'000; ///< the oldest are forgotten
  std::map<order_number, expected_fill> expected_;
  std::map<std::string, risk::fill_quality> quality_; ///< by strategy
  mutable risk::move_window benchmark_moves_;
  risk::clock_watch clocks_;
  std::map<std::string, std::uint32_t> forgiven_; ///< losses in a row that no longer count, by strategy; "" for the account
  /// A question about breakers alone, where nothing is stopped.
  struct rearm_question {
    std::string token, reason;
    utc_time expires{};
  };
  std::optional<rearm_question> rearming_;
  std::map<std::string, position_snapshot> told_positions_;
  std::vector<order_fill> fills_;                 ///< in the order of the journal
  struct counted_day_trades {
    std::size_t fills = 0;
    civil_date date;
    int count = 0;
  };
  std::optional<counted_day_trades> day_trades_;  ///< the newest count: it changes with a fill and with the date
  std::vector<order_id> ids_;                     ///< of orders, by number from 1
  std::vector<noted_risk> noted_;                 ///< in the order of the journal
  std::deque<account_alarm> alarms_;              ///< oldest first, the newest most_alarms
  std::deque<std::pair<execution::alert_effect, utc_time>> untold_alarms_; ///< likewise
  bool cancels_are_due_ = false;                  ///< another look at the cancels of stops is on its way
  std::map<std::string, execution::symbol_facts> facts_; ///< as told last
  account_balances balances_;                     ///< as the venue said last, also where nothing changed
  std::int64_t balances_heard_ns_ = 0;            ///< by the clock of the settings
  std::optional<utc_time> opened_at_, last_roll_;
  std::optional<utc_time> asked_for_balances_;
  std::multimap<order_number, waiting> waiting_;
  std::vector<late_wait> to_wait_;
  std::uint64_t last_offset_ = 0;
  std::size_t told_fills_ = 0;     ///< of fills_, that the listener knows
  std::uint64_t told_news_ = 0;    ///< of the diary, likewise
  std::uint64_t told_offset_ = 0;  ///< of the figures that were told
  std::int64_t told_figures_ns_ = 0;
  std::uint64_t strategies_offset_ = 0; ///< of the figures of strategies that the gate has
  bool has_rules_ = false;         ///< those of the settings are taken over
  bool has_started_ = false;       ///< the first replay is over
  std::vector<risk::kill_event> stops_; ///< and resumes, oldest first
  std::map<risk::kill_scope, risk::kill_event> engaged_; ///< the newest stop of each scope, also one that the journal could not take
  std::deque<std::function<void(access&)>> early_; ///< stops and resumes that wait for the journal
  bool is_flattening_ = false;     ///< within drive_flattening
  bool flatten_is_due_ = false;    ///< another look is on its way
  bool is_replaying_ = true;       ///< records of the past are not told
  bool is_reconciled_ = false;
  risk::on_off trading_ = risk::on_off::on;
  bool has_point_ = false;         ///< first equity is in the journal
  bool day_began_ = false;         ///< and its breakers are not reset yet
  bool is_marking_ = false;        ///< a record of it is on its way
  std::optional<error> problem_;   ///< why the account can't trade
};

} // namespace tt::gateway
