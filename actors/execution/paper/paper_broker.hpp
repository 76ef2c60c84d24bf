#pragma once

// The paper broker: a venue of our own that fills from the market as it is told of it.
// Pure: requests and market events in, reports out, time as an argument. Never makes a
// price up: no quote, trade or bar, no fill.
//
//   paper_broker venue(settings, session, now);
//   venue.list("AAPL", *instrument);
//   venue.submit(request, now);
//   venue.on_quote("AAPL", quote);                 // at its own time
//   for (auto& report : venue.take(now)) …

#include "actors/execution/broker.hpp"
#include "actors/execution/paper/paper_settings.hpp"
#include "actors/model/instrument.hpp"
#include "actors/model/market_data.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>

namespace tt::execution::paper {

/// What the paper broker can do.
venue_capabilities paper_capabilities();

/// Whether an order with those terms trades now: its session is open.
[[nodiscard]] bool is_in_session(const order_terms& terms, const instrument& what, utc_time now);

class paper_broker {
public:
  /// Orders that may rest at one time; one more is refused.
  static constexpr std::size_t max_open_orders = 10'000;
  /// Closed orders and executions that listings still show.
  static constexpr std::size_t max_history = 100'000;
  /// How often at most it is told where a trailing stop stands.
  static constexpr std::chrono::seconds progress_every{1};

  /// `session` is the epoch under which order ids are given; every start needs another one.
  paper_broker(paper_settings settings, std::string session, utc_time now);

  /// Makes a symbol tradable. The instrument is copied; its calendar must be there. `initial_margin` of one contract where it
  /// is not the instrument's own: buying power of a futures account that holds it is not known without.
  void list(const instrument& what, std::optional<money> initial_margin = {});
  /// Money of the account per unit of a currency. Orders in a currency without a rate are refused.
  void set_rate(std::string_view currency, decimal rate);

  // Requests reach the venue after the latency of the settings; what they cause is among the reports of take().
  void submit(const submit_request& request, utc_time now);
  void cancel(const cancel_request& request, utc_time now);
  void replace(const replace_request& request, utc_time now);
  void lookup(const lookup_request& request, utc_time now);
  void listing(const listing_request& request, utc_time now);

  // The market. Events of one symbol come in the order of time; one of an earlier time is taken at the time that was reached.
  void on_quote(std::string_view symbol, const quote_tick& quote);
  void on_trade(std::string_view symbol, const trade_tick& trade);
  /// A whole bar that ended at `closed_at`, for markets without ticks: its assumed path is walked.
  void on_bar(std::string_view symbol, const bar& what, utc_time closed_at);

  /// Lets time pass to `now` and returns what happened, in order.
  [[nodiscard]] std::vector<venue_report> take(utc_time now);
  /// When something happens next by time alone (latency, a session's end, good till). Nothing: never.
  [[nodiscard]] std::optional<utc_time> next_event() const;

  /// Puts back what the journal knows after a restart: money and positions, and orders that were
  /// open, with what they have executed. Only before the first request.
  void restore(money cash, std::vector<position> positions);
  void restore_order(const submit_request& order, const venue_order_id& id, quantity filled, decimal filled_value, const stop_progress& progress = {});

  [[nodiscard]] const std::string& session() const { return session_; }
  [[nodiscard]] account_balances balances(utc_time now) const;
  [[nodiscard]] const std::map<std::string, position, std::less<>>& positions() const { return positions_; }
  [[nodiscard]] std::size_t open_orders() const { return open_.size(); }

private:
  struct market {
    instrument what;
    std::optional<money> initial_margin;
    std::optional<quote_tick> quote;
    std::optional<trade_tick> trade;
    std::optional<price> mark; ///< last price known
    std::uint64_t events = 0;
  };
  struct paper_order {
    submit_request asked;
    venue_order_id id;
    venue_status status = venue_status::accepted;
    quantity filled;
    decimal filled_value;
    std::string text;
    utc_time at{};                    ///< of the last change
    utc_time placed_at{};             ///< when it reached the venue
    std::uint64_t placed_event = 0;   ///< market events of its symbol before it
    bool is_triggered = false;        ///< a stop that was touched
    bool has_rested = false;          ///< a limit that the market did not meet: it trades at its own price from now on
    std::optional<price> stop;        ///< the level, trailing or not
    stop_progress told;               ///< what was last reported of the stop
    utc_time told_at = utc_time::min();
    std::optional<utc_time> expires;

    [[nodiscard]] bool is_buy() const { return direction_of(asked.terms.side) == direction::buy; }
    [[nodiscard]] quantity rest() const { return asked.terms.qty - filled; }
    [[nodiscard]] order_handle handle(const std::string& session) const { return {asked.wire_id, id, session}; }
  };
  struct action {
    utc_time due;
    venue_request what;
  };
  /// One moment of the market, as orders see it.
  struct glimpse {
    std::optional<price> bid, ask, last;
    std::optional<quantity> bid_size, ask_size, last_size;
    bool is_bar = false;   ///< a point of a bar's path: levels are met exactly, market orders fill there
    bool is_standing = false; ///< what stood when the order came, not a new event
  };
  using order_list = std::map<std::uint64_t, paper_order>; // by number: the order of arrival

  void run_until(utc_time now);
  void do_submit(const submit_request& request, utc_time now);
  void do_cancel(const cancel_request& request, utc_time now);
  void do_replace(const replace_request& request, utc_time now);
  void do_lookup(const lookup_request& request, utc_time now);
  void do_listing(const listing_request& request, utc_time now);
  [[nodiscard]] lookup_answer answer_to(const wire_order_id& wire, const venue_order_id& id, utc_time now);
  [[nodiscard]] result<void> check(const submit_request& request) const;
  [[nodiscard]] std::optional<utc_time> expiry_of(const submit_request& request, const instrument& what, utc_time now) const;
  void expire_due(utc_time now);
  void wake(utc_time now);
  /// When a session begins or ends next; no state of an order changes by its session before.
  [[nodiscard]] utc_time next_turn(utc_time now) const;
  void set_expiry(paper_order& order, std::optional<utc_time> at);

  [[nodiscard]] static glimpse standing(const market& m, utc_time now);
  void match(std::string_view symbol, market& m, glimpse g, utc_time now);
  /// Executes what the glimpse allows of one order, and returns the next one.
  order_list::iterator match_one(order_list::iterator at, market& m, glimpse& g, utc_time now);
  void follow_path(std::string_view symbol, market& m, const trade_tick& trade);
  void walk(std::string_view symbol, market& m, price from, price to, utc_time began, utc_time now);
  static void trail(paper_order& order, const market& m, const glimpse& g);
  /// Where its stop stands.
  [[nodiscard]] static stop_progress progress_of(const paper_order& order);
  void note_progress(std::uint64_t number, const paper_order& order);
  void tell_progress(utc_time now);
  [[nodiscard]] static bool stop_is_touched(const paper_order& order, const market& m, const glimpse& g);
  /// Which of the shown sizes bounds a fill.
  enum class size_of : std::uint8_t { quote, print };
  struct offer {
    price px;
    size_of source = size_of::quote;
  };
  /// At what the glimpse lets the order trade, if it does.
  [[nodiscard]] std::optional<offer> offer_for(const paper_order& order, const market& m, const glimpse& g) const;
  /// How much of the order the shown size lets trade; takes it away from there.
  [[nodiscard]] quantity take_size(const paper_order& order, market& m, glimpse& g, size_of source) const;
  void fill(paper_order& order, market& m, price at, quantity size, liquidity taken, utc_time now);
  [[nodiscard]] execution_fees fees_of(direction way, quantity size, price at, const market& m) const;
  order_list::iterator finish(order_list::iterator at, venue_status status, std::string text, utc_time now);
  void report(const paper_order& order, report_source source = report_source::stream);
  [[nodiscard]] order_report as_report(const paper_order& order, report_source source) const;
  [[nodiscard]] paper_order* find(const wire_order_id& wire, const venue_order_id& id, const std::string& session);
  order_list::iterator find_open(const wire_order_id& wire, const venue_order_id& id, const std::string& session);

  paper_settings settings_;
  std::string session_;
  utc_time now_;
  std::map<std::string, market, std::less<>> markets_;
  std::map<std::string, decimal, std::less<>> rates_;
  money cash_;
  std::map<std::string, position, std::less<>> positions_;
  order_list open_;
  std::multiset<utc_time> expiries_; ///< of the open orders
  std::set<std::uint64_t> moved_;    ///< open orders whose stop stands elsewhere than was told
  utc_time wake_due_ = utc_time::min();
  std::deque<paper_order> closed_;
  std::deque<execution_report> executions_;
  std::map<std::string, std::uint64_t, std::less<>> known_wires_; // wire id → order number: duplicate protection
  std::vector<action> actions_;
  std::vector<venue_report> reports_;
  lease_epoch epoch_ = lease_epoch::none;
  std::uint64_t next_number_ = 1, next_execution_ = 1;
};

} // namespace tt::execution::paper
