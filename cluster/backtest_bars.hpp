#pragma once

// The bars that `tt backtest` runs on: those of a node's data folder with its simulated markets, or of a CSV.

#include "actors/backtest/bars.hpp"

#include <map>
#include <memory>
#include <string>

namespace tt::cluster {

/// Where bars come from.
struct bar_place {
  std::string file;        ///< a CSV; "" for the data folder
  std::string syminfo;     ///< facts of the CSV's symbol
  std::string config_path; ///< of the node whose data these are
  std::map<std::string, std::string> overrides;
};

/// A CSV as the bars of a request's one symbol and timeframe, and longer ones of that symbol made of them. Dates are those
/// of the symbol's time zone.
class file_bars final : public backtest::bar_provider {
public:
  /// Errors: those of reading the files.
  static result<file_bars> open(const bar_place& place);
  result<std::shared_ptr<const backtest::bar_set>> bars(const backtest::backtest_request& r, const backtest::pair_key& key, inner_bars inner) override;
  /// Trading days of the first and the last bar. Requires bars.
  civil_date first_day() const;
  civil_date last_day() const;
  bool empty() const { return bars_.empty(); }
  /// What a `--syminfo` file says of the timeframe; "" when nothing.
  const std::string& timeframe_text() const { return timeframe_; }
  const std::string& ticker() const { return info_->ticker; }

private:
  std::int64_t day_of(std::int64_t time_ms) const;
  /// All bars of the file up to the request's end, joined to longer ones.
  std::vector<pine::bar> longer_bars(const backtest::backtest_request& r, timeframe frame) const;
  std::shared_ptr<const pine::symbol_info> info_;
  std::string timeframe_;
  std::vector<pine::bar> bars_, lower_;
};

/// The data of a node: instruments, stored bars, simulated markets as its feeds make them, known until now.
struct node_bars {
  std::shared_ptr<const instrument_master> master;
  std::unique_ptr<backtest::history_bars> bars;
};
/// Reads the node's configuration as `tt node` does. May run beside it. Errors name the setting or the file.
result<node_bars> open_node_bars(const bar_place& place, utc_time now);

} // namespace tt::cluster
