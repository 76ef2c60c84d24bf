#pragma once
/// Bars of further symbols and timeframes for request.*(), and rates between currencies: asked of a provider when a script
/// or its account first wants them, kept for all runs of a job. Thread-safe, as long as nobody else asks the same provider
/// meanwhile.

#include "actors/backtest/bars.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t requested_series = 500; ///< of one job; a further one has no data, which the script is told
/// Bars before the range that a series which scripts ask for brings along, where there are so many: as far back as a
/// script can look (pine::limits::history).
inline constexpr std::uint32_t requested_past = 10'000;
inline constexpr std::size_t currency_pairs = 64;    ///< that rates are looked for, of one job
inline constexpr std::size_t shortest_pair = 6, longest_pair = 16; ///< letters and digits of two currencies, as EURUSD
} // namespace limits

/// The request by which a series is found that the scripts of a job ask for: what request.*() computes has a past of its
/// own, whatever the chart begins with (manual: other timeframes and data; a context has its own bars).
backtest_request with_past(backtest_request r);

/// What one unit of a currency was worth in another, from the daily bars of a pair of currencies.
///
/// The rate at a time is the close of the last daily bar that had ended by then, as the platform converts (manual:
/// currency conversion: the rate of the day before). Before the first one has ended, what that one opened at.
class rate_series {
public:
  /// The set's symbol is quoted in the currency that rates are in; `inverse`: in the one that they are of.
  enum class direction_t : std::uint8_t { as_quoted, inverse };
  rate_series(const bar_set& pair, direction_t way);
  /// Nothing without bars, or where the price is not above zero.
  [[nodiscard]] std::optional<double> at(std::int64_t time_ms) const;

private:
  std::vector<std::int64_t> ends_;  ///< of the bars, rising
  std::vector<double> rates_;       ///< after each of them
  std::optional<double> first_;     ///< before the first end
};

class request_bars {
public:
  /// `provider` must outlive it.
  request_bars(const backtest_request& r, bar_provider& provider) : request_(with_past(r)), provider_(provider) {}
  /// The bars under a name as scripts write it; null where there are none.
  std::shared_ptr<const bar_set> find(const std::string& symbol, const pine::timeframe& tf);
  /// The rate of a pair of currencies ("EURUSD": dollars for a euro) at a time: from the symbol of that name, else from its
  /// inverse ("USDEUR"), else both by way of the dollar. Nothing where the bars know neither.
  std::optional<double> rate(const std::string& pair, std::int64_t time_ms);
  /// Rates that are multiplied; empty: there are none. It stays where it is as long as this.
  using rate_chain = std::vector<std::shared_ptr<const rate_series>>;
  const rate_chain& rates(const std::string& pair);
  static std::optional<double> rate_at(const rate_chain& rates, std::int64_t time_ms);
  /// What a pair_job takes. Must not outlive this.
  source_maker source();

private:
  std::shared_ptr<const bar_set> find_frame(const std::string& symbol, timeframe frame);
  std::shared_ptr<const rate_series> direct(const std::string& from, const std::string& to);
  rate_chain chain(const std::string& pair);

  const backtest_request request_;
  bar_provider& provider_;
  std::mutex mutex_; ///< guards what follows, and the provider
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const bar_set>> known_; ///< null: there are none
  std::map<std::string, rate_chain> rates_;
};

} // namespace tt::backtest
