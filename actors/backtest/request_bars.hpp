#pragma once
/// Bars of further symbols and timeframes for request.*(): asked of a provider when a script first wants them, kept for
/// all runs of a job. Thread-safe, as long as nobody else asks the same provider meanwhile.

#include "actors/backtest/bars.hpp"

#include <functional>
#include <map>
#include <mutex>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t requested_series = 500; ///< of one job; a further one has no data, which the script is told
} // namespace limits

class request_bars {
public:
  /// `r` and `provider` must outlive it.
  request_bars(const backtest_request& r, bar_provider& provider) : request_(r), provider_(provider) {}
  /// The bars under a name as scripts write it; null where there are none.
  std::shared_ptr<const bar_set> find(const std::string& symbol, const pine::timeframe& tf);
  /// What a pair_job takes. Must not outlive this.
  std::function<std::unique_ptr<pine::data_source>(const bar_set& own)> source();

private:
  const backtest_request& request_;
  bar_provider& provider_;
  std::mutex mutex_; ///< guards what follows, and the provider
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const bar_set>> known_; ///< null: there are none
};

} // namespace tt::backtest
