#pragma once

// The decisions of one account, as pure as the book: what comes in (a request, a
// venue's report, a price, the time) gives records for the journal and things to do
// once those are on disk. No I/O, no clock, no threads: the actor around it has those.
//
//   auto out = core.place(order, now);        // records are already in core.book()
//   journal.append(out.records);              // durable ...
//   for (auto& e : out.effects) carry_out(e); // ... and only now does anything leave

#include "actors/execution/account_book.hpp"
#include "actors/execution/send_command.hpp"

#include <functional>
#include <memory>
#include <span>

namespace tt::execution {

/// The gate's answer: what is journalled, and what permits the send.
struct gate_word {
  risk_decision decision;
  std::optional<risk::approval> proof;
};

/// The risk gate as the core sees it. One per account, called within the step: check and reservation are one.
class order_gate {
public:
  virtual ~order_gate() = default;
  /// Checks the order as it is about to go out and reserves what it needs. No proof: not sent.
  virtual gate_word check(const order& what, const account_book& book, utc_time now) = 0;
  /// What check() would decide if the orders `without` were taken back first. Reserves and remembers nothing.
  virtual risk_decision foresee(const order& what, std::span<const order_number> without, const account_book& book, utc_time now) = 0;
  /// The same for a live order that shall have `wanted`.
  virtual gate_word check_change(const order& what, const order_terms& wanted, const account_book& book, utc_time now) = 0;
  /// Every change of an order, so that reservations follow.
  virtual void on_order(const order& after) = 0;
  /// Every execution, after it was booked.
  virtual void on_fill(const order& after, const order_fill& fill) = 0;
  /// A symbol was frozen (only closing orders) or, with null, thawed.
  virtual void on_freeze(const std::string& symbol, const freeze* now) { static_cast<void>(symbol), static_cast<void>(now); }
  /// A position that no execution made: adopted from the venue, or accepted by a person.
  virtual void on_position(const std::string& symbol, quantity held) { static_cast<void>(symbol), static_cast<void>(held); }
};

/// Turns a word into a refusal by one more check.
void refuse_for(risk_decision& word, check_outcome why);

/// An order that came through a door: well-formed (check_request) and resolved to one instrument.
struct new_order {
  order_request request;
  intent_key key;
  order_origin origin = order_origin::manual;
  std::string symbol; ///< ticker of the master
  contract_terms contract;
};

/// What a replace changes; absent fields stay.
struct terms_change {
  std::optional<quantity> qty;
  std::optional<price> limit_price;
  std::optional<price> stop_price;
  std::optional<price> trail_offset;
  std::optional<decimal> trail_percent;
  std::optional<time_in_force> tif;
  std::optional<std::uint32_t> if_version;
};

enum class severity : std::uint8_t { notice, warning, alarm };
struct alert_effect {
  severity level = severity::notice;
  std::string code; ///< "UNMATCHED_REPORT", "UNKNOWN_ORDER", "UNPROTECTED" …
  order_number order = order_number::none;
  std::string symbol;
  std::string text;
};
struct order_changed {
  order_number number = order_number::none;
};
/// Carried out in order, after the records of the outcome are durable. Cancels may also go out while the journal can't be written.
using effect = std::variant<std::shared_ptr<const send_command>, std::shared_ptr<const change_command>, cancel_request, lookup_request,
                            listing_request, alert_effect, order_changed>;
/// The request to a venue that an effect is, if it is one.
std::optional<venue_request> request_in(const effect& e);

/// What became of a request.
enum class reply : std::uint8_t {
  none,      ///< nobody asked
  done,      ///< accepted; `order` says which
  repeated,  ///< the same request was there before: `order` is that one, nothing was done
  unchanged, ///< nothing to do (cancel of a final order)
};
struct outcome {
  std::vector<journal_record> records;
  std::vector<effect> effects;
  reply answer = reply::none;
  order_number order = order_number::none;
  std::optional<error> refused; ///< why nothing was done
};

struct core_timings {
  std::chrono::milliseconds market_deadline{5'000};   ///< send deadline of a market order
  std::chrono::milliseconds other_deadline{60'000};   ///< of all others
  std::chrono::milliseconds answer_deadline{10'000};  ///< without any answer of the adapter a send is in doubt
  std::chrono::milliseconds lookup_every{2'000};      ///< of unknown orders and open changes
  std::chrono::milliseconds unknown_alarm{60'000};
  std::chrono::milliseconds cancel_again{5'000};
  std::chrono::milliseconds exit_alarm{2'000};        ///< an exit that waits for its own protection
  std::chrono::milliseconds target_patience{2'000};   ///< a target leg stays out so long after its price was left
  std::chrono::milliseconds leg_again{2'000};         ///< before the gate is asked again about a leg that it would refuse
  std::chrono::milliseconds resize_again{2'000};      ///< before a leg is resized again after a refusal; doubles with each
  std::chrono::milliseconds execution_overlap{60'000}; ///< a listing goes back behind the one before by so much: what a venue lists late
  std::chrono::milliseconds listing_pause{100}; ///< least time between two listings that the core asks for
};

struct core_settings {
  lease_epoch epoch = lease_epoch::none;
  std::string node;
  venue_capabilities can;
  core_timings timings;
  /// Money of the account per unit of a currency; nothing: not known now.
  std::function<std::optional<decimal>(const std::string& currency)> fx;
  /// The contract of a symbol that the venue speaks of; nothing: not in the master.
  std::function<std::optional<contract_terms>(const std::string& symbol)> contract;
  /// Whether an order with those terms can trade now: whether its session is open. Without it: always.
  std::function<bool(const std::string& symbol, const order_terms& terms, utc_time now)> is_open;
};

class account_core {
public:
  /// Legs that a group may send before its target waits for good and the stop stays out; legs that it may send at all, and failures
  /// of a leg at the venue, before we give up and alarm.
  static constexpr std::size_t max_swaps = 200, max_generations = 1'000, max_leg_failures = 6;
  /// How often a leg at the venue is asked to take one and the same new quantity, before we give up and alarm.
  static constexpr std::uint32_t max_resizes = 6;
  /// Groups of one symbol whose legs wait until what they protect is a position of the account again; more: the oldest end.
  static constexpr std::size_t max_sleeping = 32;

  account_core(account_book book, core_settings settings, order_gate& gate);

  /// After replay: marks the start, puts what was going out in doubt, asks the venue about it.
  outcome start(utc_time now);
  /// Errors in `refused`: conflict (key or client id used with other content), unsupported (capabilities), invalid_argument.
  /// A rejection by the gate is no error: the order is there, in `risk_rejected`.
  outcome place(const new_order& wanted, utc_time now);
  /// The next attempt of an order that never reached the venue or was refused there before any fill. Errors: conflict, not_found.
  outcome retry(order_number number, utc_time now);
  outcome cancel(order_number number, std::string reason, utc_time now);
  /// Errors: not_found, conflict (not open, or another version), unsupported, invalid_argument, refused (by the gate).
  outcome replace(order_number number, const terms_change& change, utc_time now);
  outcome on_report(const venue_report& report, utc_time now);
  /// A price of a symbol in which legs are held.
  outcome on_price(const std::string& symbol, price last, utc_time now);
  /// Fires what is due.
  outcome tick(utc_time now);
  /// Asks the venue for everything it has: regularly, and on doubt.
  outcome look(utc_time now);
  /// A person closes an order of unknown fate. Errors: not_found, conflict.
  outcome close_unknown(order_number number, const std::string& author, const std::string& reason, utc_time now);
  /// A person accepts the venue's position of a frozen symbol. Errors: not_found.
  outcome accept_position(const std::string& symbol, const contract_terms& contract, price average, const std::string& author,
                          const std::string& reason, utc_time now);
  /// What place() would do with an order besides asking the gate.
  struct forecast {
    std::vector<order_number> taken_back;  ///< own protection that makes room for an exit
    std::optional<check_outcome> no_room;  ///< why a bracket would be refused for its legs' sake
  };
  [[nodiscard]] forecast look_ahead(const order_request& asked, utc_time now);
  /// A fact that needs no decision: opening of the account, cash flow, balances, marks, risk note, outside cause.
  /// Errors: invalid_argument for any other, those of the book.
  outcome note(journal_fact fact, utc_time now);

  [[nodiscard]] const account_book& book() const { return book_; }
  /// When tick() has something to do next.
  [[nodiscard]] std::optional<utc_time> next_due() const;
  /// How many differences the newest comparison with the venue found. 0 before the first.
  [[nodiscard]] std::size_t differences() const { return differences_; }

private:
  class turn;
  friend class turn;
  struct timer {
    order_state state = order_state::created; ///< dies with it
    utc_time due{};
    utc_time since{};
    std::uint32_t tries = 0;
    std::optional<utc_time> retry_at;
    bool alarmed = false;
  };

  account_book book_;
  core_settings settings_;
  order_gate& gate_;
  std::size_t differences_ = 0;
  std::map<order_number, timer> timers_;
  std::map<order_number, std::shared_ptr<const send_command>> going_out_; ///< of orders in `submitting`
  std::map<std::string, std::set<order_number>> groups_;                 ///< heads of held brackets and OCO pairs
  std::map<std::string, price> last_price_;
  std::map<order_number, utc_time> target_out_; ///< since when a target leg is out
  /// A leg at the venue that has to take another quantity. Dies with its quantity being right, or with the leg.
  struct resizing {
    enum class party : std::uint8_t { gate, venue };
    quantity to;
    std::uint32_t tries = 0;
    utc_time again_at{};
    party refused_by = party::gate; ///< the newest time
    bool is_told = false;     ///< that it was refused
    bool is_given_up = false;
  };
  std::map<order_number, resizing> resizes_;
  /// A group of which the gate would refuse a leg: it is asked again, and what is out stays out.
  struct held_leg {
    std::string code; ///< of the refusal, as it was told
    utc_time again_at{};
  };
  std::map<order_number, held_leg> held_legs_; ///< by head
  /// An exit that waits for its own protection.
  struct waiting_exit {
    quantity closing;             ///< of it, when it was placed
    quantity sized;               ///< by the gate, then
    quantity protected_meanwhile; ///< what legs of its strategy have closed since (of any, where it has none)
  };
  std::map<order_number, waiting_exit> exits_;
  std::set<order_number> asleep_; ///< heads whose legs wait until what they protect is a position of the account again
  std::uint64_t listings_ = 0;
  std::optional<utc_time> compared_at_; ///< by the venue's clock: all that it had executed until then is booked
  std::optional<utc_time> listed_at_;   ///< when the newest listing was asked for
  std::optional<utc_time> listing_due_; ///< another is wanted, and may go out then
};

} // namespace tt::execution

template <>
struct tt::names_of<tt::execution::severity> {
  static constexpr std::array<std::string_view, 3> value{"notice", "warning", "alarm"};
};
