#pragma once
/// Indicator columns that the trials of a study share on one node (pine/column_cache.hpp). Any number of threads.

#include "actors/backtest/bars.hpp"
#include "actors/pine/column_cache.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tt::backtest {

/// Whether the trials of a study share columns. Results are the same bytes either way.
enum class column_sharing : std::uint8_t { on, off };

/// The caches of one program, one for each bar set.
class study_columns {
public:
  explicit study_columns(const pine::program& code, std::shared_ptr<pine::column_budget> budget = pine::column_budget::of_process());
  /// Null where the program has nothing that is worth sharing.
  std::shared_ptr<pine::column_cache> of(const bar_set& set);

private:
  const std::shared_ptr<const pine::column_plan> plan_;
  const std::shared_ptr<pine::column_budget> budget_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<pine::column_cache>> caches_; ///< by the hash of the bars
};

/// Null with sharing off.
std::shared_ptr<study_columns> make_columns(const pine::program& code, column_sharing sharing);

} // namespace tt::backtest
