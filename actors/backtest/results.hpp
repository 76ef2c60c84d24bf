#pragma once
/// Outcomes of pairs put together: the results document of a backtest, its pages and its CSV tables (http-api.md,
/// section 11). The same bytes for any order in which outcomes arrive and in which the request names its symbols.

#include "actors/backtest/pair_run.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t result_trades = 10'000; ///< in the document itself; /trades has them all, page by page
inline constexpr std::size_t page_rows = 1'000;      ///< of one page, whatever `limit` says
inline constexpr std::size_t default_page_rows = 100;
inline constexpr std::size_t least_points = 4;       ///< of a down-sampled curve
} // namespace limits

/// Fields keep the order in which they are set. Integers are integers; every other number is a finite double of at most
/// twelve significant digits; what is undefined is null.
using document = nlohmann::ordered_json;

/// A number as documents hold it; null when there is none or it isn't finite.
document figure_document(std::optional<double> v);
/// The document as text: numbers in plain decimal notation, never with an exponent.
std::string to_text(const document& d);

/// Facts that no outcome holds.
struct result_facts {
  std::string engine_version; ///< of the program that ran it
  std::vector<script_finding> findings;
};

/// One point of a curve that is shown.
struct shown_point {
  std::int64_t at = 0; ///< as curve_point::at
  double equity = 0;
};
/// At most `max_points` of them (4 at least): the first, the last, the highest, the lowest, and of equal stretches between
/// the lowest and the highest of each. 0: all.
std::vector<shown_point> downsample(const std::vector<shown_point>& curve, std::size_t max_points);

/// A page of rows and how to get the next one.
struct result_page {
  document rows = document::array();
  std::optional<std::string> next_cursor;
};

class job_results {
public:
  /// Needs one outcome for each pair of the request (a second one of the same pair changes nothing).
  /// Errors: not_found naming the pair that is missing; internal when money does not add up.
  static result<job_results> combine(const backtest_request& r, std::vector<pair_outcome> outcomes, result_facts facts);

  /// The object under `results`.
  document results() const;
  /// Figures and at most so many points of the curve: what a study shows of its best.
  document brief(std::size_t max_points) const;
  /// Headline figures by the API's names, for objectives and tables.
  const figure_set& figures() const { return total_; }
  /// Why nothing came of it: set when every pair failed, naming the first.
  const std::optional<error>& failure() const { return failure_; }

  /// Closed trades by exit, entry, symbol, timeframe. `cursor` is a next_cursor. Errors: invalid_argument "cursor".
  result<result_page> trades(std::size_t limit, std::string_view cursor = {}) const;
  /// Points of the curve, down-sampled first; limit 0: all from the cursor on.
  result<result_page> equity_rows(std::size_t max_points, std::size_t limit, std::string_view cursor = {}) const;
  result<result_page> logs(std::size_t limit, std::string_view cursor = {}) const;
  document equity(std::size_t max_points = 0) const;
  std::string trades_csv() const;
  std::string equity_csv(std::size_t max_points = 0) const;
  std::string logs_csv() const;

  double initial() const { return initial_; }
  double final_equity() const { return final_; }
  curve_step step() const { return step_; }
  const std::vector<shown_point>& curve() const { return curve_; }
  const std::vector<pair_outcome>& outcomes() const { return outcomes_; }
  std::size_t trade_count() const { return order_.size(); }
  const trade_record& trade(std::size_t i) const;
  const pair_key& trade_pair(std::size_t i) const { return outcomes_[order_[i].pair].key; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  document assumptions() const;

private:
  struct trade_place {
    std::uint32_t pair = 0, index = 0;
  };
  std::vector<pair_outcome> outcomes_; ///< by key
  std::vector<figure_set> single_;
  result_facts facts_;
  curve_step step_ = curve_step::day;
  std::vector<shown_point> curve_;
  std::vector<trade_place> order_;
  figure_set total_;
  double initial_ = 0, final_ = 0, open_pnl_ = 0;
  std::string data_hash_;
  std::optional<error> failure_;
  std::vector<std::string> warnings_;
  capital_mode capital_ = capital_mode::per_run;
  session_hours session_ = session_hours::regular;
};

/// The headline figures and `metrics` of a set, as in results() and in each of its runs.
document to_document(const figure_set& f);
/// How the outcomes of a request add up. Those of a YAML job stand on parts of its one capital, so they add up like
/// capitals of their own.
capital_mode summed_as(const backtest_request& r);
/// The capital behind several outcomes: that of each added up, or that of the one account which all of them trade.
double combined_capital(const std::vector<pair_outcome>& outcomes, capital_mode mode);
/// The figures of several outcomes together: curves summed, trades together. Ratios that need one symbol's price (beta,
/// alpha) are undefined for more than one. buy_hold_return: of equal parts of the capital in each. Failed outcomes are left out.
figure_set combined_figures(const std::vector<pair_outcome>& outcomes, capital_mode mode);
/// The curve behind them: combined_capital() and what all pairs have made. A pair has made nothing before its first point,
/// and what it had at its last behind that.
std::vector<shown_point> combined_curve(const std::vector<pair_outcome>& outcomes, capital_mode mode);

/// `results` of a job whose script does not compile: figures null, lists empty, the findings.
document results_without_run(const std::vector<script_finding>& findings);
/// `compile_diagnostics`.
document to_document(const std::vector<script_finding>& findings);
/// "2024-01-31" of a day, or the moment of a bar in ISO-8601.
std::string date_text(std::int64_t at, curve_step step);

} // namespace tt::backtest
