#pragma once
/// Columns that the runs of a study share: computed by the first run that needs one, read by those that follow.
///
///   auto plan = find_columns(*code);                        // once per program
///   auto cache = std::make_shared<column_cache>(plan, column_budget::of_process());  // once per bar set
///   settings.columns = cache;                               // of every run, with the stretch of bars it goes over
///   ... script.on_bar() over all bars ...
///   script.keep_columns();                                  // after the last bar
///
/// A cache belongs to one program over one set of bars: symbol, timeframe and everything else that a built-in looks at
/// are the same for all its runs, and stand in no key.

#include "actors/pine/column_plan.hpp"
#include "actors/pine/limits.hpp"

#include <atomic>
#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tt::pine {

/// Counts the memory of columns. Any number of threads may use one.
class column_budget {
public:
  explicit column_budget(std::size_t bytes) : limit_(bytes) {}
  /// Takes so many bytes; false when there are not so many left.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }
  /// The one that everything in this process shares: limits::column_bytes.
  static const std::shared_ptr<column_budget>& of_process();

private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// What one call gave on every bar of a stretch, a column for each of its results. Filled by one run, and not changed
/// once it is in a cache.
class shared_columns {
public:
  /// Takes its memory from the budget, which gets it back at its end. Null when there is not so much left.
  static std::shared_ptr<shared_columns> make(std::shared_ptr<column_budget> from, std::size_t results, std::size_t bars);
  ~shared_columns();
  shared_columns(const shared_columns&) = delete;
  shared_columns& operator=(const shared_columns&) = delete;

  static std::size_t bytes(std::size_t results, std::size_t bars) { return results * bars * sizeof(double); }
  double* of(std::size_t result) { return values_.get() + result * bars_; }
  const double* of(std::size_t result) const { return values_.get() + result * bars_; }
  std::size_t bars() const { return bars_; }
  /// Most steps of a bar's budget that computing it, and what it is made of, has taken.
  std::uint64_t work = 0;

private:
  shared_columns(std::shared_ptr<column_budget> from, std::unique_ptr<double[]> values, std::size_t results, std::size_t bars)
      : from_(std::move(from)), values_(std::move(values)), results_(results), bars_(bars) {}
  std::shared_ptr<column_budget> from_;
  std::unique_ptr<double[]> values_;
  std::size_t results_, bars_;
};

/// The bars of a run among those of its set: [from, to).
struct column_stretch {
  std::size_t from = 0, to = 0;
  auto operator<=>(const column_stretch&) const = default;
};

/// The form of a column_node, then the bits of its numbers.
using column_key = std::vector<std::uint64_t>;

/// Thread-safe. What it holds changes how fast a run is and nothing else.
///
/// While half of the budget is free, the first run that computes a column keeps it. The other half is for columns that
/// were asked for before: numbers that a search draws once and never again must not take the place of those that come
/// back. When the budget is used up, columns of the stretch that was left longest ago (an earlier walk-forward window)
/// go; those of the run's own stretch stay, and what is new is not kept.
class column_cache {
public:
  column_cache(std::shared_ptr<const column_plan> plan, std::shared_ptr<column_budget> budget)
      : plan_(std::move(plan)), budget_(std::move(budget)) {}

  const column_plan& plan() const { return *plan_; }
  /// Null when nobody has kept it yet.
  std::shared_ptr<const shared_columns> find(const column_stretch& stretch, const column_key& key);
  /// Room for a column that was not found, to be filled by this run and given to publish(), or to release() when the run
  /// comes to nothing. Null: compute it and keep nothing (another run is at it, or there is no room).
  std::shared_ptr<shared_columns> claim(const column_stretch& stretch, const column_key& key, std::size_t results, std::size_t bars);
  void publish(const column_stretch& stretch, const column_key& key, std::shared_ptr<const shared_columns> columns);
  void release(const column_stretch& stretch, const column_key& key);

  /// Columns kept so far that are still here, and how often one was found.
  struct counts {
    std::size_t kept = 0, found = 0;
  };
  counts count() const;

private:
  struct entry {
    std::shared_ptr<const shared_columns> columns;
    bool claimed = false;
    std::uint32_t asked = 0;
  };
  struct stretch_columns {
    std::map<column_key, entry> entries;
    std::uint64_t used_at = 0;
  };
  stretch_columns& at(const column_stretch& stretch);
  /// Drops the columns of the stretch left longest ago, if it is not this one.
  bool drop_oldest(const column_stretch& but);

  const std::shared_ptr<const column_plan> plan_;
  const std::shared_ptr<column_budget> budget_;
  mutable std::mutex mutex_;
  std::map<column_stretch, stretch_columns> stretches_;
  std::uint64_t uses_ = 0;
  std::size_t keys_ = 0, found_ = 0;
};

} // namespace tt::pine
