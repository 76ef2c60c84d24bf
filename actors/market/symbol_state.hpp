#pragma once

// Everything one symbol knows: last quote, figures of the day, bars under way,
// recent prints. Pure: ticks and times go in, updates come out; the symbol actor
// only carries them. Not thread-safe: one owner.

#include "actors/market/bar_builder.hpp"
#include "actors/market/feed_source.hpp"
#include "actors/market/history.hpp"
#include "actors/market/live_minutes.hpp"
#include "actors/market/symbol_types.hpp"
#include "actors/model/instrument.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::market {

/// Prints kept for late joiners and `/trades`.
inline constexpr std::size_t max_recent_trades = 1000;
/// Prints kept while somebody follows them: a follower on another node who has lost some asks for them when it notices,
/// which is as late as it is behind. Beyond it the loss can't be made good, and shows in the prints' numbers.
inline constexpr std::size_t max_followed_trades = 10'000;
/// Wall time without a word of the feed after which a symbol is stale.
inline constexpr nanoseconds stale_after = std::chrono::milliseconds{1'500};

/// How updates and prints are numbered when a feed begins.
enum class numbering : std::uint8_t {
  on,   ///< behind what was there: another feed, or another run of it
  anew, ///< as when the same feed began here before: its past comes once more, and every print has the number that it had
};

/// What a symbol is asked to keep up to date, besides its snapshot.
enum class interest : std::uint8_t { none, wanted };

class symbol_state {
public:
  /// `keep_minutes`: of the minutes it builds, at least so many are kept for charts.
  symbol_state(std::shared_ptr<const instrument> what, std::vector<std::shared_ptr<const history_source>> histories,
               std::size_t keep_minutes = max_live_bars);

  // -- the feed's side --

  /// A feed begins at market time `start`; figures of the day up to then come
  /// from history. May be called again (another run of a replay).
  void begin(const std::string& label, utc_time start, utc_time wall, numbering how = numbering::on);
  /// The feed ended or failed: nothing here is fresh any more.
  void end(std::vector<market_update>& out);
  /// Ticks in time order, then the time up to which the feed is complete. Ticks
  /// older than that time are counted and left out.
  void apply(const std::vector<tick>& ticks, utc_time watermark, utc_time wall, std::vector<market_update>& out);
  /// Marks the symbol stale when the feed has been silent too long.
  void check_freshness(utc_time wall, std::vector<market_update>& out);

  // -- the readers' side --

  [[nodiscard]] quote_snapshot snapshot() const;
  /// Newest first.
  [[nodiscard]] std::vector<trade_update> recent_trades(std::size_t limit) const;
  /// Those numbered `first` and higher that are kept, newest first; all of them if it has not come that far (it counts anew).
  [[nodiscard]] std::vector<trade_update> trades_since(std::uint64_t first) const;
  /// Errors: those of history_source; out_of_range for a bad range.
  [[nodiscard]] result<history_reply> history(const history_request& request) const;
  /// Begins to emit updates of a topic; returns its newest state, if there is one.
  std::optional<market_update> open(const topic& what);
  void close(const topic& what);
  /// Minute bars closed since the last call, oldest first, for the bar store.
  std::vector<bar> take_closed_minutes();
  /// Minutes built since the feed began that are no longer kept.
  [[nodiscard]] std::uint64_t dropped_minutes() const;

  [[nodiscard]] const instrument& what() const { return *what_; }
  [[nodiscard]] utc_time market_time() const { return market_time_; }
  [[nodiscard]] std::uint64_t late_ticks() const { return late_ticks_; }
  [[nodiscard]] std::uint64_t ticks() const { return seq_; }

private:
  /// A bar series that somebody listens to.
  struct open_series {
    bar_builder builder;
    std::uint64_t seq = 0;
    bool touched = false; ///< changed since the last forming update
  };
  using series_key = std::pair<timeframe, session_hours>;

  void on_tick(const tick& t, std::vector<market_update>& out);
  void on_price(const tick& t);
  void on_day(const bar_step& step);
  void advance(utc_time t, std::vector<market_update>& out);
  void enter_day(utc_time t);
  void prime_day(utc_time t);
  void emit_closed(const series_key& key, open_series& series, const std::optional<bar>& closed, std::vector<market_update>& out);
  void emit_forming(std::vector<market_update>& out);
  bar_update make_update(const series_key& key, open_series& series, const bar& data, bar_state state);
  [[nodiscard]] std::optional<bar> under_way(timeframe frame, session_hours hours) const;

  std::shared_ptr<const instrument> what_;
  std::shared_ptr<live_minutes> live_;
  history_book book_;

  quote_snapshot quote_; ///< without the day figures, which `day_` holds
  std::optional<trading_day> today_; ///< the trading day whose figures are shown
  bar_builder minutes_;
  bar_builder day_;
  std::optional<bar> day_bar_; ///< regular hours of `today_`, as far as they have come
  std::map<series_key, open_series> series_;
  std::deque<trade_update> trades_;

  interest quotes_ = interest::none;
  interest prints_ = interest::none;
  bool quote_touched_ = false;
  utc_time market_time_{};
  utc_time next_state_change_{}; ///< market time at which quote_.market has to be looked up again
  utc_time heard_{};             ///< wall time of the feed's last word
  std::uint64_t seq_ = 0;
  std::uint64_t trade_seq_ = 0;
  std::uint64_t first_seq_ = 0, first_trade_seq_ = 0; ///< what they were when the feed of that label began
  std::uint64_t late_ticks_ = 0;
  bool running_ = false;
};

} // namespace tt::market
