#pragma once

// All alerts of a node: takes commands and what the market says, keeps the store up
// to date, and hands out what is to be done once it is on disk. Not thread-safe.
//
//   auto book = alert_book::open(store, master, {}, now);
//   book->create(draft, "local", now);
//   book->on_quote(quote, now);
//   auto effects = book->flush();     // commits; then publish, place orders, send notices

#include "actors/alerts/price/alert_store.hpp"
#include "actors/alerts/price/symbol_watch.hpp"
#include "actors/market/symbol_types.hpp"
#include "actors/model/notice_board.hpp"

#include <set>

namespace tt::alerts {

/// Alerts of a node that are active or paused; one more is refused.
inline constexpr std::size_t max_alerts = 50'000;
/// Finished alerts and notices that are kept; the oldest go first.
inline constexpr std::size_t max_finished = 10'000;
/// Symbols with active alerts.
inline constexpr std::size_t max_symbols = 2'000;
/// Actions that wait for a store that can't write; with so many, the market is not looked at.
inline constexpr std::size_t max_unsaved = 10'000;

/// What happened to an alert.
enum class alert_event_kind : std::uint8_t { created, changed, triggered, paused, resumed, expired, cancelled, deleted, notice, acted };
} // namespace tt::alerts
template <>
struct tt::names_of<tt::alerts::alert_event_kind> {
  static constexpr std::array<std::string_view, 10> value{"created", "changed",   "triggered", "paused", "resumed",
                                                          "expired", "cancelled", "deleted",   "notice", "acted"};
};
namespace tt::alerts {

struct alert_event {
  alert_event_kind kind = alert_event_kind::created;
  alert what;
};

/// What is to be done, now that it is on disk. In order.
struct alert_effects {
  std::vector<alert_event> events;
  std::vector<alert_action> actions;
};

struct alert_filter {
  std::optional<alert_status> status = {};
  std::optional<std::string> symbol = {};   ///< ticker
  std::optional<std::string> strategy = {}; ///< of notices
  std::optional<alert_kind> kind = {};
  std::uint64_t before = 0; ///< numbers below it; 0: all
  std::size_t limit = 200;
};

/// Bars that a condition wants to have seen.
struct history_wish {
  std::string symbol;
  timeframe frame;
  std::size_t bars = 0;
};

/// Which way a person turns an alert.
enum class alert_switch : std::uint8_t { pause, resume };

class alert_book {
public:
  /// Loads what the store holds. `store` and `instruments` outlive the book. Without `make_custom` the condition custom
  /// is refused. Errors: those of the store.
  static result<alert_book> open(alert_store& store, const instrument_master& instruments, custom_maker make_custom, utc_time now);
  alert_book(alert_book&&) noexcept = default;
  alert_book& operator=(alert_book&&) noexcept = default;

  /// Makes an alert; on disk when it returns. Errors: those of make_rule, conflict (the client's id is there), limit_exceeded,
  /// io_error.
  result<alert> create(const alert_draft& draft, const std::string& owner, utc_time now);
  /// Keeps a notice. Errors: invalid_argument, io_error.
  result<alert> create_notice(board_notice what, const std::string& owner, utc_time now);
  /// Errors: not_found, conflict (a notice, a cancelled alert), those of make_rule, io_error.
  result<alert> change(std::string_view id, const alert_draft& draft, utc_time now);
  /// Errors: not_found, conflict (a state that can't be turned so), io_error.
  result<alert> turn(std::string_view id, alert_switch way, utc_time now);
  /// Gives what was removed. Errors: not_found, io_error.
  result<alert> remove(std::string_view id);
  /// Errors: not_found.
  [[nodiscard]] result<alert> find(std::string_view id) const;
  /// Newest first.
  [[nodiscard]] std::vector<alert> list(const alert_filter& which) const;

  void on_quote(const market::quote_snapshot& quote);
  /// `now` is the market's time.
  void on_bar(const market::bar_update& update, utc_time now);
  /// The answer to a wish; nothing: there was none, it is wished again.
  void on_history(const std::string& symbol, timeframe frame, std::optional<std::span<const bar>> closed, utc_time now);
  /// Ends what is over at `now`.
  void expire(utc_time now);

  /// An action came to its end: `note` writes down how.
  void finish(const action_key& key, const std::function<void(alert_result&)>& note, utc_time now);

  /// Commits what the market and finish() changed. Errors: io_error: nothing is lost, nothing may be done, try again.
  result<alert_effects> flush();
  /// As flush, with the sides of levels that alerts remember; they are lost otherwise, which can only cost a crossing
  /// that happens while the node is down.
  result<alert_effects> flush_all();
  [[nodiscard]] bool has_changes() const { return !dirty_.empty() || !made_.empty() || !done_.empty() || !events_.empty(); }

  /// Actions that were open when the book was opened; once.
  std::vector<alert_action> take_open_actions() { return std::exchange(open_, {}); }
  /// What the book wants to be told; changes with topics_version().
  [[nodiscard]] std::set<market::topic> topics() const;
  [[nodiscard]] std::uint64_t topics_version() const { return topics_version_; }
  std::vector<history_wish> take_history_wishes();

  /// Alerts by status, notices left out; for gauges.
  [[nodiscard]] std::array<std::size_t, enum_count<alert_status>> counts() const;

private:
  alert_book(alert_store& store, const instrument_master& instruments, custom_maker make_custom)
    : store_(&store), instruments_(&instruments), make_custom_(std::move(make_custom)) {}

  void load(stored_alerts&& stored, utc_time now);
  result<alert*> locate(std::string_view id);
  /// Errors: invalid_argument (expression), limit_exceeded (symbols).
  result<std::shared_ptr<custom_condition>> check_watch(const alert& what) const;
  void attach(alert& what, utc_time now, std::shared_ptr<custom_condition> custom);
  void detach(alert& what);
  /// Commits `after` and puts it in the place of `before`.
  result<alert> replace(alert& before, alert after, alert_event_kind kind, utc_time now);
  result<alert> insert(alert made, alert_event_kind kind, utc_time now);
  void prune();
  void take(evaluation& seen);
  void note_event(alert_event_kind kind, const alert& what) { events_.push_back({kind, what}); }
  [[nodiscard]] std::string id_of(std::uint64_t number) const { return "al-" + tag_ + "-" + std::to_string(number); }

  alert_store* store_;
  const instrument_master* instruments_;
  custom_maker make_custom_;
  std::string tag_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, alert> alerts_;
  std::map<std::string, std::uint64_t, std::less<>> by_id_, by_client_id_;
  std::set<std::uint64_t> finished_; ///< those that prune() may remove
  std::map<std::string, symbol_watch> watches_;
  std::set<std::pair<utc_time, std::uint64_t>> expiries_; ///< of active and paused alerts
  std::uint64_t topics_version_ = 0;

  std::set<std::uint64_t> dirty_, remembered_;
  std::vector<std::uint64_t> removed_;
  std::vector<alert_action> made_, open_;
  std::vector<action_key> done_;
  std::vector<alert_event> events_;
};

} // namespace tt::alerts
