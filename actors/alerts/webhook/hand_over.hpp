#pragma once

// Brings durable alerts to the accounts, in journal order per account and symbol:
// one alert of a symbol after the other, different symbols side by side. Knows no
// desk and no thread: it says what is to be asked and is told the answers.
//
//   lanes.add({event, plan, …}, now);
//   for (auto& q : lanes.take_questions()) ...     // ask the desk
//   lanes.on_placed(q.ticket, answer, now);         // whenever it answers
//   for (auto& end : lanes.take_finished()) ...

#include "actors/alerts/webhook/decision.hpp"
#include "actors/alerts/webhook/event.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace tt::webhook {

/// Alerts that may be on their way; further ones are not taken.
inline constexpr std::size_t max_on_the_way = 10'000;
/// Orders of a strategy that are looked through for unsettled ones.
inline constexpr std::size_t max_orders_seen = 200;

/// Wall time, and a clock that never jumps.
struct alert_moment {
  utc_time wall;
  std::chrono::nanoseconds steady{0};
};

/// How long things are tried.
struct hand_over_times {
  /// Longest wait for market orders that came before in the symbol. Then closing alerts and
  /// those that report a position cancel them and wait until they are final, others are refused.
  std::chrono::nanoseconds settle = std::chrono::seconds{10};
  /// Pause before the desk is asked again; doubles up to the last.
  std::chrono::nanoseconds first_pause = std::chrono::milliseconds{20};
  std::chrono::nanoseconds last_pause = std::chrono::seconds{1};
};

struct on_its_way {
  std::uint64_t event = 0;
  std::string profile;
  order_plan plan;
  utc_time deadline; ///< wall time after which no order is made any more
  /// Whether it may have been handed over before a restart.
  enum class history : std::uint8_t { fresh, recovered } past = history::fresh;
  id_origin identity = id_origin::sender; ///< whether the alert had an id of its own
};

struct orders_question {
  signal_scope scope;
  std::size_t limit = max_orders_seen;
};
struct holding_question {
  account_id account;
  strategy_id strategy;
  std::string symbol;
};
struct cancel_question {
  signal_scope scope;
};
struct desk_question {
  std::uint64_t ticket = 0;
  std::variant<orders_question, holding_question, signal_order, cancel_question> what;
};

/// How an alert ended.
struct handed_over {
  std::uint64_t event = 0;
  word_on_alert word;
  std::vector<std::string> orders;
};

class hand_over {
public:
  /// `journal`: name of the journal, part of every key. `standing` may be empty.
  explicit hand_over(std::string journal, standing_lookup standing = {}, hand_over_times times = {})
      : journal_(std::move(journal)), standing_(std::move(standing)), times_(times) {}

  /// Requires size() < max_on_the_way, and events in journal order.
  void add(on_its_way what, alert_moment now);
  [[nodiscard]] std::size_t size() const { return items_.size(); }

  [[nodiscard]] std::vector<desk_question> take_questions() { return std::exchange(questions_, {}); }
  [[nodiscard]] std::vector<handed_over> take_finished() { return std::exchange(finished_, {}); }

  // Answers to questions of that ticket; unknown tickets are ignored.
  void on_orders(std::uint64_t ticket, const result<std::vector<order>>& got, alert_moment now);
  void on_holding(std::uint64_t ticket, const result<strategy_holding>& got, alert_moment now);
  void on_placed(std::uint64_t ticket, const result<signal_outcome>& got, alert_moment now);
  void on_cancelled(std::uint64_t ticket, const result<std::vector<order_id>>& got, alert_moment now);
  /// Tries again what pauses.
  void on_time(alert_moment now);
  /// Whether on_time has something to do.
  [[nodiscard]] bool waits_for_time() const { return !pausing_.empty(); }

private:
  /// clearing: a closing alert cancels the orders that would not end, before it closes what is held; one that reports a position
  /// cancels those that would still change it.
  enum class stage : std::uint8_t { blocked, orders, clearing, holding, placing, cancelling };
  struct item {
    on_its_way what;
    stage now = stage::blocked;
    std::uint64_t ticket = 0;
    std::chrono::nanoseconds pause{0}, resume_at{0};
    std::optional<std::chrono::nanoseconds> settling_since;
    bool cleared = false; ///< the cancel of the orders before it was asked for and taken
    std::set<order_id> taken_back; ///< of a reported position: the resting orders whose cancel was asked for
    legs_made made;
    std::vector<std::string> orders;
    order_decision decision;
    std::size_t next_leg = 0;
  };
  using item_map = std::map<std::uint64_t, item>;

  item* of_ticket(std::uint64_t ticket, stage expected);
  void unblock(const account_id& account, alert_moment now);
  void begin(item& what, alert_moment now);
  /// The refusal of an alert whose strategy is switched off, or may not trade in the account, at this moment.
  [[nodiscard]] std::optional<word_on_alert> switched_off(const order_plan& plan) const;
  void ask(item& what, stage next, std::variant<orders_question, holding_question, signal_order, cancel_question> question);
  void ask_orders(item& what);
  void ask_holding(item& what);
  void take_orders(std::uint64_t ticket, const result<std::vector<order>>& got, alert_moment now);
  /// Whether a reported position has to wait: what is open in the symbol and could lead past it is taken back, one order after the other.
  bool takes_back(item& what, const std::vector<order>& orders, alert_moment now);
  void take_holding(std::uint64_t ticket, const result<strategy_holding>& got, alert_moment now);
  void take_placed(std::uint64_t ticket, const result<signal_outcome>& got, alert_moment now);
  void take_cancelled(std::uint64_t ticket, const result<std::vector<order_id>>& got, alert_moment now);
  void go_on(alert_moment now);
  void act(item& what, const strategy_holding& held);
  void place_next(item& what);
  void pause(item& what, alert_moment now);
  /// Pauses it, or ends it where asking again is of no use.
  void failed(item& what, const error& why, alert_moment now);
  void end(item& what, word_on_alert word);
  void note_made(item& what, const std::vector<order>& orders) const;

  std::string journal_;
  standing_lookup standing_;
  hand_over_times times_;
  item_map items_;
  std::map<account_id, std::set<std::uint64_t>> lanes_; ///< unfinished events of an account
  std::map<account_id, std::map<std::string, std::size_t, std::less<>>> open_; ///< how many of them, by symbol ("": all symbols)
  std::map<std::uint64_t, std::uint64_t> tickets_;      ///< ticket → event
  std::set<std::uint64_t> pausing_;
  std::set<account_id> changed_; ///< accounts where an alert may have become free
  std::uint64_t next_ticket_ = 1;
  std::vector<desk_question> questions_;
  std::vector<handed_over> finished_;
};

} // namespace tt::webhook
