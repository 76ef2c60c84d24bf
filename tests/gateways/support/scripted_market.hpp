#pragma once

// A market_port whose every answer the test writes down beforehand. Nothing
// happens by itself: time stands still until set, replies come at once on the
// caller's thread unless they are held back, and updates flow when published.
// All members may be called from any thread.

#include "gateways/market_port.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

namespace tt::gateway::test {

/// What a scripted failure applies to.
enum class operation : std::uint8_t { quotes, history, trades, feeds };

class scripted_market final : public market_port {
public:
  /// The test universe: AAPL, MSFT (NASDAQ), SPY (ARCX), ES1! (CME), EURUSD (FX), BTCUSD
  /// (COINBASE). The clock stands at 2026-01-15T14:35:00Z, a Thursday, five
  /// minutes after the opening in New York.
  scripted_market();
  explicit scripted_market(instrument_master instruments);

  // -- the script ------------------------------------------------------------

  void set_time(utc_time now);
  /// Replaces what quotes() answers for quote.symbol; doesn't publish.
  void set_quote(market::quote_snapshot quote);
  /// A fresh quote with bid, ask and last, good enough for most tests.
  static market::quote_snapshot make_quote(std::string symbol, std::string_view last, utc_time ts);
  /// The whole series that history() cuts from, oldest first.
  void set_bars(std::string symbol, timeframe frame, session_hours hours, std::vector<bar> bars,
                market::bar_state last = market::bar_state::closed);
  /// `count` one-minute-grid bars from `first`, `step` apart; bar i opens at 100 + i/100.
  static std::vector<bar> make_bars(utc_time first, nanoseconds step, std::size_t count);
  /// Appends a print to the tape.
  void add_trade(market::trade_update trade);
  void set_feeds(std::vector<market::feed_status> feeds);
  /// Answers of that kind are this error until cleared with std::nullopt.
  void fail(operation what, std::optional<error> reason);

  /// Replies wait from now on, until release_replies().
  void hold_replies();
  /// Runs the held replies on this thread, in order, and stops holding.
  void release_replies();
  [[nodiscard]] std::size_t held_replies() const;

  /// Delivers an update to the subscribers of its topic on this thread, in the
  /// order of their ids, and makes it the newest known state of the topic.
  void publish(market::market_update update);

  [[nodiscard]] std::size_t subscriptions() const;
  /// Topics subscribed at this moment, sorted, each once.
  [[nodiscard]] std::vector<market::topic> topics() const;
  /// Every history request so far.
  [[nodiscard]] std::vector<market::history_request> history_requests() const;

  // -- market_port -----------------------------------------------------------

  [[nodiscard]] const instrument_master& instruments() const override { return instruments_; }
  [[nodiscard]] utc_time market_time() const override;
  void quotes(std::vector<std::string> symbols, reply<std::vector<market::quote_snapshot>> done) override;
  void history(market::history_request request, reply<market::history_reply> done) override;
  void trades(std::string symbol, std::uint32_t limit, reply<std::vector<market::trade_update>> done) override;
  void feeds(reply<std::vector<market::feed_status>> done) override;
  /// Answers `count` for a feed of set_feeds; not_found for another.
  void step_feed(std::string name, std::uint32_t count, reply<std::uint32_t> done) override;
  subscription_id subscribe(market::topic what, update_handler on_update) override;
  void unsubscribe(subscription_id id) override;

private:
  using series_key = std::tuple<std::string, timeframe, session_hours>;
  struct series {
    std::vector<bar> bars;
    market::bar_state last = market::bar_state::closed;
  };
  struct subscriber {
    market::topic what;
    update_handler on_update;
  };

  void answer(std::function<void()> job);
  [[nodiscard]] result<market::history_reply> cut(const market::history_request& request) const;
  [[nodiscard]] std::optional<error> failure(operation what) const;

  const instrument_master instruments_;
  mutable std::mutex mutex_;
  utc_time now_;
  std::map<std::string, market::quote_snapshot> quotes_;
  std::map<series_key, series> series_;
  std::map<std::string, std::vector<market::trade_update>> tape_;
  std::vector<market::feed_status> feeds_;
  std::map<operation, error> failures_;
  std::optional<std::deque<std::function<void()>>> held_;
  std::map<subscription_id, subscriber> subscribers_;
  std::map<market::topic, std::shared_ptr<const market::market_update>> newest_;
  subscription_id next_id_ = 1;
  std::vector<market::history_request> requests_;
};

} // namespace tt::gateway::test
