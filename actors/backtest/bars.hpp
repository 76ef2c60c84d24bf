#pragma once
/// The bars of a run: what one symbol and timeframe bring along, under a hash, so that they can travel once and be shared
/// by every run that needs them. Immutable once made; any number of threads may read one.

#include "actors/backtest/request.hpp"
#include "actors/market/feed_source.hpp"
#include "actors/market/history_layers.hpp"
#include "actors/model/instrument.hpp"
#include "actors/pine/settings.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t bars_per_pair = 20'000'000; ///< over it a pair is refused: narrow the dates
inline constexpr std::size_t series_without_past = 10;   ///< named in the warnings of a run; further ones are not
} // namespace limits

/// One symbol on one timeframe.
struct pair_key {
  std::string symbol;
  timeframe frame;

  auto operator<=>(const pair_key&) const = default;
  bool operator==(const pair_key&) const = default;
};
std::string to_string(const pair_key& k); ///< "AAPL 1h"

/// Every pair of a request in the order in which results are put together: by symbol, then from short to long bars. The
/// order of the request changes nothing.
std::vector<pair_key> pairs_of(const backtest_request& r);

/// Bars of one pair as the Pine runtime takes them.
class bar_set {
public:
  /// `bars` ascend in time; the first `warmup` of them lie before the range. Sorts nothing, checks the order.
  /// Errors: out_of_range (too many, warmup above their number), invalid_argument (not ascending).
  static result<std::shared_ptr<const bar_set>> make(pair_key key, std::shared_ptr<const pine::symbol_info> info,
                                                     std::vector<pine::bar> bars, std::size_t warmup,
                                                     std::vector<pine::bar> lower = {});

  const pair_key& key() const { return key_; }
  const std::shared_ptr<const pine::symbol_info>& info() const { return data_.info; }
  /// What request.security() of the chart's own symbol sees.
  const pine::symbol_data& data() const { return data_; }
  const std::vector<pine::bar>& bars() const { return data_.bars; }
  const std::vector<pine::bar>& lower() const { return lower_; }
  std::size_t warmup() const { return warmup_; }
  /// Trading day (days since 1970) of a bar, and whether it is that day's last one here.
  std::int32_t day(std::size_t i) const { return days_[i]; }
  /// First bar at or after a time.
  std::size_t lower_bound(std::int64_t time_ms) const;
  /// 32 hex digits over everything above: equal sets, equal hashes.
  const std::string& hash() const { return hash_; }

private:
  bar_set() = default;
  pair_key key_;
  pine::symbol_data data_;
  std::vector<pine::bar> lower_;
  std::size_t warmup_ = 0;
  std::vector<std::int32_t> days_;
  std::string hash_;
};

/// Where the request.*() of one run find their data.
class run_source : public pine::data_source {
public:
  /// The longer series that the run has asked for and of which nothing lies before its range, in the order of their names:
  /// "TEST:A 1D". What is computed on them begins with the range.
  [[nodiscard]] const std::set<std::string>& without_past() const { return without_past_; }

protected:
  void note_without_past(const std::string& symbol, const pine::timeframe& tf);

private:
  std::set<std::string> without_past_;
};
/// Makes one for a run over that set, which outlives it.
using source_maker = std::function<std::unique_ptr<run_source>(const bar_set& own)>;

/// What request.*() sees of a set by itself: its own bars, without a copy, and longer ones made of them. The set must
/// outlive it. For one run.
std::unique_ptr<run_source> source_of(const bar_set& own);

/// A set as bytes that mean the same on every machine, and back; the hash is checked.
/// Errors: corrupt_data; unsupported for a format of a later program.
std::string to_bytes(const bar_set& set);
result<std::shared_ptr<const bar_set>> bar_set_from_bytes(std::string_view bytes);

/// An instrument's facts as syminfo.* shows them, for charts of those hours.
pine::symbol_info symbol_facts(const instrument& what, session_hours hours);
/// Bars of the market as Pine sees them. Days and longer carry the opening of their first session instead of 00:00 UTC,
/// so that their exchange-time fields name the right day.
std::vector<pine::bar> to_pine(std::span<const bar> bars, const instrument& what, timeframe frame, session_hours hours);

/// Gives the bars of pairs. May block and read files; called from one thread at a time.
class bar_provider {
public:
  virtual ~bar_provider() = default;
  /// All bars of the request's dates with `warmup_bars` before them (fewer when there are fewer), and shorter ones where
  /// `magnified`. Errors: unknown_symbol; not_found (no bars in that range); those of the sources.
  enum class inner_bars : std::uint8_t { none, wanted };
  virtual result<std::shared_ptr<const bar_set>> bars(const backtest_request& r, const pair_key& key, inner_bars inner) = 0;
};

/// What a series of a pair is made of, one piece of bars after the other.
struct series_piece {
  enum class purpose : std::uint8_t { range, warmup, inner } what = purpose::range;
  timeframe frame;
  market::bar_window window;
};
/// Errors: not_found (no trading day in the range).
result<std::vector<series_piece>> pieces_of(const backtest_request& r, const pair_key& key, bar_provider::inner_bars inner, const instrument& what);
/// The bars of each piece, in their order, as one set. Errors: not_found (none in the range); those of bar_set::make.
result<std::shared_ptr<const bar_set>> join_pieces(const backtest_request& r, const pair_key& key, const instrument& what,
                                                   std::span<const series_piece> pieces, std::vector<std::vector<bar>> bars);

/// Gives the newest `window.count` bars whose stamps lie in [window.from, window.to), ascending, none that is still under way.
using bar_fetch = std::function<result<std::vector<bar>>(const instrument& what, timeframe frame, session_hours hours, const market::bar_window& window)>;
/// The bars of one pair of a request, fetched piece by piece. Errors: as bar_provider::bars.
result<std::shared_ptr<const bar_set>> load_bars(const backtest_request& r, const pair_key& key, bar_provider::inner_bars inner, const instrument& what,
                                                 const bar_fetch& fetch);

/// Bars out of the sources that a node's history is made of: the same layers, the same rules.
class history_bars final : public bar_provider {
public:
  /// In the order in which they are believed; stored ones before simulated ones.
  struct sources {
    std::vector<std::shared_ptr<const market::history_source>> stored, simulated;
  };
  /// `known_until`: no bar that ends later.
  history_bars(std::shared_ptr<const instrument_master> master, sources from, utc_time known_until)
      : master_(std::move(master)), sources_(std::move(from)), known_until_(known_until) {}
  result<std::shared_ptr<const bar_set>> bars(const backtest_request& r, const pair_key& key, inner_bars inner) override;

private:
  std::shared_ptr<const instrument_master> master_;
  sources sources_;
  utc_time known_until_;
};

} // namespace tt::backtest
