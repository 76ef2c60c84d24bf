#pragma once

// Everything of an account besides its journal: limits, emergency stop, breakers, gate,
// portfolio. Lives in the step of the account actor (execution::account_access): check,
// reservation and record are one step. Not thread-safe; nothing here blocks.

#include "actors/execution/market_messages.hpp"
#include "actors/execution/messages.hpp"
#include "actors/execution/risk_gate.hpp"
#include "actors/portfolio/portfolio.hpp"
#include "actors/risk/event_text.hpp"
#include "gateways/trading_port.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tt::gateway {

/// What happened to an account, in the order of its journal. Called in the account's thread: must only pass on.
struct desk_listener {
  std::function<void(const order_snapshot&)> on_order = {};
  std::function<void(const execution_snapshot&)> on_execution = {};
  /// Decisions of the gate: "approved", "reduced", "rejected" and the code; seconds that it took.
  std::function<void(const risk_decision&)> on_decision = {};
};

struct desk_settings {
  account_profile profile;
  risk::limit_set limits;
  execution::venue_capabilities can;
  risk::fee_view fees = {};
  std::shared_ptr<const instrument_master> master;
  std::function<std::int64_t()> clock_ns = {};       ///< for the elapsed times of checks
  std::function<std::string()> make_token = {};      ///< unguessable, for resuming
  std::function<void(const execution::account_book&)> restored = {};
  /// Symbols that a position or order needs, after a replay.
  std::function<void(const std::string&)> need = {};
  desk_listener listener = {};
};

/// How the account stands, for health and readiness.
struct desk_health {
  std::string journal = "starting"; ///< "starting", "ok", "failed", "read_only", "taken_over"
  std::uint64_t offset = 0;         ///< of the last durable record
  risk::kill_mode mode = risk::kill_mode::none;
  bool is_reconciled = false;       ///< the venue has answered for everything once
  std::size_t orders_open = 0, orders_unknown = 0;
  std::map<std::string, std::uint64_t> orders; ///< by state
};

class account_desk final : public execution::record_follower {
public:
  using access = execution::account_access;

  explicit account_desk(desk_settings settings);

  // -- what the account actor tells
  void begin() override;
  result<void> on_record(const execution::journal_record& record) override;
  void restored(const execution::account_book& book);
  void on_order(const order& what);
  void on_report(const execution::venue_report& report, utc_time now);
  void on_facts(access& in, const execution::symbol_facts& facts);
  void on_market(access& in, const execution::market_seen& seen);
  void on_step(access& in);
  [[nodiscard]] execution::risk_gate& gate() { return *gate_; }

  // -- questions
  /// Errors: not_available where a held symbol has no price yet.
  [[nodiscard]] result<account_snapshot> account(access& in) const;
  [[nodiscard]] std::vector<position_snapshot> positions() const;
  [[nodiscard]] std::vector<order_snapshot> orders(access& in, const order_filter& filter) const;
  [[nodiscard]] result<order_snapshot> order_of(access& in, const order_name& name) const;
  [[nodiscard]] std::vector<execution_snapshot> executions(access& in, const order_filter& filter) const;
  [[nodiscard]] risk_snapshot risk_state(access& in) const;
  [[nodiscard]] desk_health health(access& in) const;
  [[nodiscard]] result<order_preview> preview(access& in, const trading_caller& who, const order_request& what);

  // -- commands; `done` is called once the record is on disk
  /// `looks_left`: how often the venue is asked for its buying power first, where it has not said it yet.
  void place(access& in, const trading_caller& who, place_order what, reply<placed_order> done, int looks_left = 25);
  void change(access& in, const order_name& name, const order_change& change, reply<order_snapshot> done);
  void cancel(access& in, const trading_caller& who, const order_name& name, reply<cancelled_order> done);
  /// Asks for the cancel of all open orders that the filter matches.
  std::vector<order_id> cancel_all(access& in, const trading_caller& who, const order_filter& filter);
  void close(access& in, const trading_caller& who, close_request what, reply<closed_positions> done);
  void stop(access& in, const trading_caller& who, const stop_request& what, reply<stopped> done);
  [[nodiscard]] result<resume_question> ask_resume(access& in, const trading_caller& who, const std::string& reason);
  void resume(access& in, const trading_caller& who, const std::string& token, reply<std::uint64_t> done);
  void set_limits(access& in, risk::limit_change change, reply<std::uint64_t> done);

private:
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

  [[nodiscard]] order_snapshot snapshot(const order& what) const { return {settings_.profile.id, settings_.profile.mode, what}; }
  [[nodiscard]] execution_snapshot snapshot(access& in, const order_fill& fill) const;
  [[nodiscard]] const order* find(access& in, const order_name& name) const;
  [[nodiscard]] bool matches(const order& what, const order_filter& filter) const;
  void answer_placed(const order& now, placed_order::outcome how, const reply<placed_order>& done) const;
  void wait_for(access& in, const order& placed, std::chrono::milliseconds wait, reply<placed_order> done);
  /// Waits of orders that were just placed: they begin when the commit is over.
  void begin_waits(access& in);
  void place_close(access& in, const trading_caller& who, const position& held, const close_request& what,
                   reply<placed_order> told);
  void finish_closing(access& in, std::shared_ptr<closing> plan);
  void refresh(utc_time now);
  void roll_day(access& in);
  void judge_breakers(access& in);
  void note_risk(access& in, std::string kind, std::string scope, std::string author, std::string reason, std::string body,
                 execution::account_access::done told);
  [[nodiscard]] risk::breaker_inputs breaker_inputs(access& in) const;
  [[nodiscard]] const risk::effective_limits& limits_now() const;

  desk_settings settings_;
  risk::limit_book limits_;
  risk::kill_switch stop_;
  risk::breaker_board breakers_;
  risk::node_rates rates_;
  std::unique_ptr<execution::risk_gate> gate_;
  portfolio::portfolio books_;
  std::vector<order_fill> fills_;                 ///< in the order of the journal
  std::map<std::string, execution::symbol_facts> facts_; ///< as told last
  account_balances balances_;                     ///< as the venue said last, also where nothing changed
  std::optional<utc_time> opened_at_, last_roll_;
  std::optional<utc_time> asked_for_balances_;
  std::multimap<order_number, waiting> waiting_;
  std::vector<late_wait> to_wait_;
  std::uint64_t last_offset_ = 0;
  std::size_t told_fills_ = 0;     ///< of fills_, that the listener knows
  bool is_replaying_ = true;       ///< records of the past are not told
  bool is_reconciled_ = false;
  bool has_point_ = false;         ///< first equity is in the journal
  bool is_marking_ = false;        ///< a record of it is on its way
  std::optional<error> problem_;   ///< why the account can't trade
};

} // namespace tt::gateway
