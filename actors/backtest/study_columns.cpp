#include "actors/backtest/study_columns.hpp"

#include <utility>

namespace tt::backtest {

study_columns::study_columns(const pine::program& code, std::shared_ptr<pine::column_budget> budget)
    : plan_(pine::find_columns(code)), budget_(std::move(budget)) {}

std::shared_ptr<pine::column_cache> study_columns::of(const bar_set& set) {
  if (!plan_->any()) return nullptr;
  const std::lock_guard lock(mutex_);
  auto& cache = caches_[set.hash()];
  if (cache == nullptr) cache = std::make_shared<pine::column_cache>(plan_, budget_);
  return cache;
}

std::shared_ptr<study_columns> make_columns(const pine::program& code, column_sharing sharing) {
  return sharing == column_sharing::on ? std::make_shared<study_columns>(code) : nullptr;
}

} // namespace tt::backtest
