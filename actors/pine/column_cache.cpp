#include "actors/pine/column_cache.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace tt::pine {

bool column_budget::take(std::size_t bytes) {
  auto now = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || now > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed));
  return true;
}

const std::shared_ptr<column_budget>& column_budget::of_process() {
  static const auto budget = std::make_shared<column_budget>(limits::column_bytes);
  return budget;
}

std::shared_ptr<shared_columns> shared_columns::make(std::shared_ptr<column_budget> from, std::size_t results, std::size_t bars) {
  if (!from->take(bytes(results, bars))) return nullptr;
  std::unique_ptr<double[]> values(new (std::nothrow) double[results * bars]); // filled bar by bar, so not cleared
  if (values == nullptr) {
    from->give_back(bytes(results, bars));
    return nullptr;
  }
  return std::shared_ptr<shared_columns>(new shared_columns(std::move(from), std::move(values), results, bars));
}
shared_columns::~shared_columns() { from_->give_back(bytes(results_, bars_)); }

column_cache::stretch_columns& column_cache::at(const column_stretch& stretch) {
  auto& s = stretches_[stretch];
  s.used_at = ++uses_;
  return s;
}

std::shared_ptr<const shared_columns> column_cache::find(const column_stretch& stretch, const column_key& key) {
  const std::lock_guard lock(mutex_);
  auto& entries = at(stretch).entries;
  const auto it = entries.find(key);
  if (it == entries.end() || it->second.columns == nullptr) return nullptr;
  ++found_;
  return it->second.columns;
}

std::shared_ptr<shared_columns> column_cache::claim(const column_stretch& stretch, const column_key& key, std::size_t results, std::size_t bars) {
  const auto bytes = shared_columns::bytes(results, bars);
  const std::lock_guard lock(mutex_);
  auto& entries = at(stretch).entries;
  auto it = entries.find(key);
  if (it == entries.end()) {
    while (keys_ >= limits::column_keys && drop_oldest(stretch)) {}
    if (keys_ >= limits::column_keys) return nullptr;
    it = entries.try_emplace(key).first;
    ++keys_;
  }
  auto& e = it->second;
  if (e.claimed || e.columns != nullptr) return nullptr;
  const bool early = budget_->used() + bytes <= budget_->limit() / 2;
  if (++e.asked < 2 && !early) return nullptr;
  auto room = shared_columns::make(budget_, results, bars);
  while (room == nullptr && drop_oldest(stretch)) room = shared_columns::make(budget_, results, bars);
  e.claimed = room != nullptr;
  return room;
}

void column_cache::publish(const column_stretch& stretch, const column_key& key, std::shared_ptr<const shared_columns> columns) {
  const std::lock_guard lock(mutex_);
  const auto s = stretches_.find(stretch);
  if (s == stretches_.end()) return; // dropped meanwhile
  const auto it = s->second.entries.find(key);
  if (it == s->second.entries.end()) return;
  it->second.claimed = false;
  it->second.columns = std::move(columns);
}

void column_cache::release(const column_stretch& stretch, const column_key& key) {
  const std::lock_guard lock(mutex_);
  const auto s = stretches_.find(stretch);
  if (s == stretches_.end()) return;
  if (const auto it = s->second.entries.find(key); it != s->second.entries.end()) it->second.claimed = false;
}

bool column_cache::drop_oldest(const column_stretch& but) {
  auto oldest = stretches_.end();
  for (auto it = stretches_.begin(); it != stretches_.end(); ++it)
    if (it->first != but && (oldest == stretches_.end() || it->second.used_at < oldest->second.used_at)) oldest = it;
  if (oldest == stretches_.end()) return false;
  keys_ -= oldest->second.entries.size();
  stretches_.erase(oldest);
  return true;
}

column_cache::counts column_cache::count() const {
  const std::lock_guard lock(mutex_);
  counts out{0, found_};
  for (const auto& [_, s] : stretches_)
    out.kept += static_cast<std::size_t>(std::count_if(s.entries.begin(), s.entries.end(), [](const auto& e) { return e.second.columns != nullptr; }));
  return out;
}

} // namespace tt::pine
