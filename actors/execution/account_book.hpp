#pragma once

// The state of one account: a fold over its journal and nothing else. Replaying
// the same records gives the same state, byte for byte.

#include "actors/execution/journal_records.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace tt::execution {

/// A disagreement with the venue about a symbol; lives until it is thawed.
struct freeze {
  quantity ours;
  quantity theirs;
  std::string reason;
  utc_time since{};

  bool operator==(const freeze&) const = default;
};

/// What of a signed position an order of that way would close.
[[nodiscard]] quantity to_close(quantity held, direction way);

/// How far the legs of a group reach.
enum class claim_bound : std::uint8_t {
  owner,   ///< to what its owner holds
  account, ///< a pair of one who holds less than it closes: to what the account holds
};
/// What the legs of a bracket, or of a pair that only closes, protect: what the entry opened, or the pair was placed for, and is still
/// there. What closes have taken off, whoever made them, does not come back with what others buy.
struct claim {
  quantity left;
  claim_bound bound = claim_bound::owner;

  bool operator==(const claim&) const = default;
};

/// Reject code of a leg that we took back ourselves to make room for its sibling or an exit.
inline constexpr const char* linked_code = "LINKED";
/// Whether somebody else than us has cancelled a leg, or it has expired.
[[nodiscard]] bool was_taken_away(const order& leg);

class account_book {
public:
  /// Applies the next record. Errors: corrupt_data for a record that can't follow what was there (then
  /// nothing was changed), out_of_range for figures beyond the range of decimal.
  result<void> apply(const journal_record& record);
  /// The same; takes what it keeps out of the record.
  result<void> apply(journal_record&& record);

  /// The whole state, and back. Errors of from_bytes: corrupt_data, unsupported.
  [[nodiscard]] std::string to_bytes() const;
  static result<account_book> from_bytes(std::string_view bytes);

  [[nodiscard]] bool is_open() const { return opened_; }
  [[nodiscard]] const account_profile& profile() const { return profile_; }
  [[nodiscard]] journal_offset last() const { return last_; }
  /// Offset of the newest execution: what tells a stale snapshot.
  [[nodiscard]] journal_offset last_execution() const { return last_execution_; }
  [[nodiscard]] utc_time last_execution_at() const { return last_execution_at_; }

  /// Null for a number that there is not.
  [[nodiscard]] const order* find(order_number number) const;
  [[nodiscard]] const order* find(const wire_order_id& id) const;
  [[nodiscard]] const order* find(const client_order_id& id) const;
  /// The newest attempt of that cause.
  [[nodiscard]] const order* find(const intent_key& key) const;
  /// By wire id, else by (session, venue order id): never by the venue's id alone.
  [[nodiscard]] const order* find(const order_handle& handle) const;
  /// All orders in the order of their numbers.
  [[nodiscard]] const std::deque<order>& orders() const { return orders_; }
  /// Those that are not final.
  [[nodiscard]] const std::set<order_number>& open_orders() const { return open_; }
  /// Brackets and first orders of OCO pairs whose legs we hold and that are not done, by symbol.
  [[nodiscard]] std::vector<const order*> linked_heads(const std::string& symbol) const;
  /// Whether it is a leg that closes what its bracket, or a pair that only closes, has or protects.
  [[nodiscard]] bool is_protection(const order& what) const;
  /// What the group of that head protects; nothing left: a claim of 0.
  [[nodiscard]] claim claim_of(const order& head) const;
  /// Whether somebody took a leg away, or it expired: one cancels the other. Only a target of a bracket goes alone, where there is a stop.
  [[nodiscard]] bool is_group_ended(const order& head) const;
  [[nodiscard]] order_number next_number() const { return order_number{orders_.size() + 1}; }

  [[nodiscard]] bool has_execution(const execution_id& id) const { return executions_.contains(id); }
  [[nodiscard]] std::size_t executions() const { return executions_.size(); }
  [[nodiscard]] const std::map<std::string, position>& positions() const { return positions_; }
  /// Signed; 0 where nothing is held.
  [[nodiscard]] quantity held(const std::string& symbol) const;
  /// What the executions of one strategy's orders add up to, less what orders without a strategy closed of it (they close what no
  /// strategy holds first); of no strategy: what is left of the account's position.
  [[nodiscard]] quantity held_by(const strategy_id& who, const std::string& symbol) const;
  /// What strategies, and orders without one, hold against a position that an order of that way closes.
  [[nodiscard]] quantity held_against(const std::string& symbol, direction way) const;
  [[nodiscard]] money cash() const { return cash_; }
  [[nodiscard]] const account_balances& balances() const { return balances_; }
  [[nodiscard]] const std::map<std::string, freeze>& frozen() const { return frozen_; }
  /// First proof of absence of an unknown order, if any.
  [[nodiscard]] const absence_seen* absence_of(order_number number) const;
  [[nodiscard]] std::uint64_t unmatched() const { return unmatched_; }
  /// The venue's book was adopted at the first start.
  [[nodiscard]] bool has_external_positions() const;

  /// Part of an order's quantity that closes the position, after own working orders on that side
  /// (section 3.1; siblings of one bracket count once).
  [[nodiscard]] quantity closable(const std::string& symbol, direction way) const;

private:
  // account_apply.cpp
  result<void> on(const account_opened& fact, const journal_record& record);
  result<void> on(const node_started& fact, const journal_record& record);
  result<void> on(const order_intent& fact, const journal_record& record);
  result<void> on(const order_decided& fact, const journal_record& record);
  result<void> on(const order_moved& fact, const journal_record& record);
  result<void> on(const execution_booked& fact, const journal_record& record);
  result<void> on(const execution_corrected& fact, const journal_record& record);
  result<void> on(const report_unmatched& fact, const journal_record& record);
  result<void> on(const venue_id_learned& fact, const journal_record& record);
  result<void> on(const legs_linked& fact, const journal_record& record);
  result<void> on(const order_adopted& fact, const journal_record& record);
  result<void> on(const absence_seen& fact, const journal_record& record);
  result<void> on(const stop_progressed& fact, const journal_record& record);
  result<void> on(const terms_changed& fact, const journal_record& record);
  result<void> on(const change_decided& fact, const journal_record& record);
  result<void> on(const symbol_frozen& fact, const journal_record& record);
  result<void> on(const symbol_thawed& fact, const journal_record& record);
  result<void> on(const position_adjusted& fact, const journal_record& record);
  result<void> on(const cash_flowed& fact, const journal_record& record);
  result<void> on(const balances_reported& fact, const journal_record& record);
  result<void> on(const account_marked& fact, const journal_record& record);
  result<void> on(const risk_noted& fact, const journal_record& record);
  result<void> on(const cause_received& fact, const journal_record& record);

  result<void> check_turn(const journal_record& record) const;
  result<void> enter(order what, const journal_record& record);
  result<void> decide(order_decided fact, const journal_record& record);
  order* get(order_number number);
  void learn(order& what, const order_handle& handle);
  void set_state(order& what, order_state state, utc_time at);
  /// One that has ended is not open any more.
  void forget_final(const order& what);
  [[nodiscard]] position position_of(const std::string& symbol, const contract_terms& contract) const;

  template <class A>
  void archive(A& a);
  void index(const order& what);
  [[nodiscard]] decimal held_by_strategies(const std::string& symbol) const;
  /// `before`: the account's position, signed, before the change.
  void book_for_strategy(const strategy_id& who, const std::string& symbol, decimal before, decimal change);
  // account_claims.cpp
  /// Strategies' shares and claims after the account's position has changed by an order's execution.
  void book_for_owner(const order& what, decimal before, decimal change);
  void open_claim(const order& head);
  void move_claim(const order& what, decimal change);
  void cut_claims(const std::string& symbol);

  bool opened_ = false;
  account_profile profile_;
  journal_offset last_ = journal_offset::none;
  journal_offset last_execution_ = journal_offset::none;
  utc_time last_execution_at_{};
  std::deque<order> orders_;
  std::set<order_number> open_;
  std::map<std::string, position> positions_;
  money cash_;
  account_balances balances_;
  std::map<std::string, freeze> frozen_;
  std::map<order_number, absence_seen> absences_;
  std::unordered_map<execution_id, booked_execution> executions_;
  std::uint64_t unmatched_ = 0;
  std::map<std::string, std::map<strategy_id, quantity>> by_strategy_; ///< symbol → strategy → held
  std::map<std::string, std::map<order_number, claim>> claims_; ///< symbol → head → what is left of it
  // rebuilt, not written
  std::unordered_map<wire_order_id, order_number> by_wire_;
  std::unordered_map<client_order_id, order_number> by_client_; ///< where it is not the wire id
  std::unordered_map<intent_key, order_number> by_key_;
  std::unordered_map<std::string, order_number> by_venue_; ///< session, NUL, id
};

} // namespace tt::execution

template <>
struct tt::names_of<tt::execution::claim_bound> {
  static constexpr std::array<std::string_view, 2> value{"owner", "account"};
};
