#pragma once
/// One backtest with given inputs, and its figures by name: what a worker does for a trial. Free of threads: any number
/// of workers may run trials of the same job at once, each on its own.

#include "actors/model/result.hpp"
#include "actors/pine/tester/metrics.hpp"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

/// The figures of a result under the names of the API, in a fixed order. Undefined ones are NaN inside and "nothing"
/// outside.
class figure_set {
public:
  static std::span<const std::string_view> names();
  static bool known(std::string_view name);
  static figure_set of(const pine::tester::report& r);
  std::optional<double> get(std::string_view name) const;
  std::span<const double> values() const { return values_; }
  static constexpr std::size_t count = 31;
  /// From values in the order of names(). Missing ones (of an earlier program) are undefined, further ones are dropped.
  static figure_set from(std::span<const double> values);

private:
  std::array<double, count> values_{};
};

/// What all trials of a study share. Compiled once; bars are read only.
struct trial_job {
  std::shared_ptr<const pine::program> code;
  pine::run_settings settings; ///< inputs here are defaults that the trial's own override
  std::span<const pine::bar> bars;
  pine::tester::account_overrides account;
  double risk_free = 2;
};

struct trial_outcome {
  figure_set figures;
  std::vector<double> daily_equity; ///< at the end of each day, for deflated Sharpe and summed curves
};

/// Runs the strategy over bars [from, to) of the job; bars before `from` are not seen. Errors: an input that the script
/// doesn't have or refuses (invalid_argument, field "inputs"), a runtime failure (refused, with line and bar).
result<trial_outcome> run_trial(const trial_job& job, const std::map<std::string, std::string>& inputs, std::size_t from, std::size_t to);

} // namespace tt::backtest
