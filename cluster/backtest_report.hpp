#pragma once

// Results of backtests and studies for people: a table of text, and one page of HTML that needs nothing else. Both are
// made from the results document of the API, so they look the same whoever did the work.

#include "actors/backtest/results.hpp"

#include <string>

namespace tt::cluster {

/// What stands above a report.
struct report_head {
  std::string title;  ///< the strategy
  std::string period; ///< "2024-01-01 to 2024-12-31"
};

std::string backtest_text(const backtest::document& results, const report_head& head);
std::string study_text(const backtest::document& results, const report_head& head);
/// Self-contained: styles and drawings are inside, there are no scripts and no addresses.
std::string backtest_html(const backtest::document& results, const report_head& head);
std::string study_html(const backtest::document& results, const report_head& head);

/// Returns of calendar months, and of their years, out of a curve of the document.
struct month_return {
  int year = 0, month = 0; ///< month 0: the whole year
  double value = 0;        ///< a fraction
};
std::vector<month_return> monthly_returns(const backtest::document& equity_curve, double initial);

/// Rows of objects as CSV, nested ones by their inner names: for tables that come from a node.
std::string table_csv(const backtest::document& rows);

} // namespace tt::cluster
