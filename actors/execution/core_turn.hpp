#pragma once

// One step of an account_core: gathers records and effects. Private to the room.

#include "actors/execution/account_core.hpp"

namespace tt::execution {

class account_core::turn {
public:
  turn(account_core& core, utc_time now) : core_(core), now_(now) {}

  // core_turn.cpp
  /// Appends a record and applies it. Errors: those of the book; then there is no record.
  result<void> record(journal_fact fact);
  void add(effect what) { out_.effects.push_back(std::move(what)); }
  void alert(severity level, std::string code, const order* what, std::string text);
  /// Moves an order by the table; false where there is no arrow (recorded, alarmed, asked).
  bool move(order_number number, order_event event, order_handle handle = {}, std::string text = {}, std::string code = {},
            report_source source = report_source::stream);
  void unmatched(const order* what, const order_handle& handle, std::string text, report_source source);
  void lookup(const order& what);
  void list();
  outcome finish();
  outcome refuse(error why);

  // account_core.cpp
  std::optional<error> make_order(const new_order& wanted, int attempt, order_number& made);
  void make_leg(const order& head, const std::string& name, const order_terms& terms, int generation);
  /// Asks the gate and sends, or ends the order with the gate's word. `qty` replaces the quantity where given.
  /// `why` is the code of that cut, for the decision.
  void release(order_number number, std::optional<quantity> qty, const char* why = "");
  /// The gate would not pass it: it ends here, and what protects the position stays where it is.
  void turn_away(order_number number, risk_decision word);
  /// Sends an order that was just made, or lets it wait until the own protection of what it closes is confirmed back.
  void send_or_wait(order_number made);
  /// Refuses a pair of which the gate would not let a leg out.
  void admit_pair(order_number head);
  void ask_cancel(order_number number, const std::string& reason, const std::string& code);
  std::optional<error> ask_replace(order_number number, order_terms wanted);
  void send_cancel(const order& what);

  // core_reports.cpp
  void on(const submit_answer& report);
  void on(const cancel_answer& report);
  void on(const replace_answer& report);
  void on(const order_report& report);
  void on(const execution_report& report);
  void on(const correction_report& report);
  void on(const lookup_answer& report);
  void on(const venue_snapshot& report);
  void on(const session_report& report);
  void on(const account_balances& report);
  void take_status(const order& what, const order_report& report);
  void derive_execution(const order& what, const order_report& report);
  void take_progress(const order& what, const order_report& report);
  /// Other prices of a leg that waits here; judged as if it went out now, and again when it does.
  std::optional<error> change_waiting(order_number number, const order_terms& wanted);
  void resolve_replace(const order& what, const order_report& shown);
  bool book_execution(const order& what, order_fill fill);

  // core_links.cpp
  struct slot;
  struct group;
  void tend(order_number head);
  void resize(order_number leg, quantity to);
  void forget_group(const order& head);
  void put_to_sleep(const group& g);
  /// Why the legs of a bracket would have no room; nothing: they have, or it is none.
  [[nodiscard]] std::optional<check_outcome> lack_of_room(const order& what) const;
  /// What the gate would say of a leg of the group now.
  risk_decision foresee_leg(const order& leg, const group& g);
  void drop_ended(group& g) const;
  bool waits_after_refusal(const group& g);
  void trim_reduce_only(const std::string& symbol);
  /// Whether the gate would pass the leg of that slot now, with what is out of its group taken back. Asked at most every `leg_again`.
  bool may_go(const group& g, const slot& s);
  /// Gives the legs that wait here the size that is left for them. True: one was changed, and the group is to be looked at again.
  bool size_waiting(const group& g);
  [[nodiscard]] group group_of(const order& head) const;
  [[nodiscard]] quantity share_of(const group& g) const;
  [[nodiscard]] static const slot& resting_slot(const group& g);
  [[nodiscard]] const slot* wanted_slot(const group& g) const;

  // core_exits.cpp
  void release_exits(const std::string& symbol);
  void release_exit(order_number number);
  /// What an exit that waits was to close, and what was closed meanwhile.
  [[nodiscard]] waiting_exit what_waits(const order& what) const;
  /// What an exit that is out, or waits, may still close.
  [[nodiscard]] quantity rest_of_exit(const order& what) const;
  struct working_exit {
    order_number number;
    strategy_id strategy;
    quantity rest;
  };
  [[nodiscard]] std::vector<working_exit> exits_of(const std::string& symbol, direction way) const;
  /// Whether legs of that owner are taken off while those work.
  [[nodiscard]] static bool gives_way(const strategy_id& owner, const std::vector<working_exit>& exits);
  /// Legs that are out and have to go, or to be made smaller, before that exit may come.
  [[nodiscard]] std::vector<order_number> in_the_way_of(const order& what) const;
  /// The same of any order.
  [[nodiscard]] std::vector<order_number> taken_back_for(const order& what) const;
  /// Protection closed so much while exits wait for it.
  void note_protective_fill(const order& leg, quantity qty);
  /// What of an order closes, as the position stands.
  [[nodiscard]] quantity closing_part_of(const order& what) const;
  [[nodiscard]] bool has_exit(const std::string& symbol) const;
  /// Protective legs of the symbol that may be at the venue.
  [[nodiscard]] std::vector<order_number> protection_of(const std::string& symbol) const;
  /// Whether the order closes a position as soon as it comes: what protects that is taken back first.
  [[nodiscard]] bool closes_at_once(const order& what) const;

  // core_timers.cpp
  void arm(const order& what);
  /// When a leg that is live wants to be looked at again: the patience with a target, a resize. Nothing: never.
  [[nodiscard]] std::optional<utc_time> leg_due(const order& leg) const;
  void watch_leg(const order& leg);
  void fire(order_number number);

  [[nodiscard]] const account_book& book() const { return core_.book_; }
  [[nodiscard]] const core_settings& settings() const { return core_.settings_; }
  [[nodiscard]] const account_id& account() const { return core_.book_.profile().id; }
  outcome& out() { return out_; }

  account_core& core_;
  utc_time now_;

  /// Only closing orders in a symbol while one of its orders is of unknown fate for long, or since a restart.
  void freeze_for_doubt(const order& what);

private:
  void settle();
  void thaw_resolved();

  outcome out_;
  order_number deciding_ = order_number::none; ///< being judged: whether it closes at once the market says
  std::set<order_number> touched_;
  std::set<std::string> symbols_;
  friend class account_core;
};

/// Whether the market is where the order wants it: a limit is met, a stop is reached.
bool is_touched(const order_terms& terms, price last);
/// Whether a venue can be asked to change an order in that state.
[[nodiscard]] constexpr bool can_be_replaced(order_state state) {
  return state == order_state::accepted || state == order_state::working || state == order_state::partially_filled;
}

/// What the gate refuses, with the figures of the check; its field is the code.
error refusal_of(const risk_decision& word);

/// Code of an exit that was cut by what its own protection had closed before it was back.
inline constexpr const char* protection_filled = "PROTECTION_FILLED";
/// Code of an exit that was cut to what there is to close.
inline constexpr const char* only_closes = "REDUCE_ONLY_EXCESS";

/// Reason of a freeze that the core itself sets and lifts.
inline constexpr const char* fate_unknown = "an order is of unknown fate";

} // namespace tt::execution
