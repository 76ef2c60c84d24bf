#pragma once
/// Which points an optimisation tries. Each method hands out trials by number and is told the results in any order;
/// what trial n is depends on space, method, key and n alone (for the genetic method also on the results of complete
/// earlier generations), never on which worker was faster.

#include "actors/backtest/parameters.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace tt::backtest {

enum class direction : std::uint8_t { maximize, minimize };

struct genetic_options {
  std::uint32_t population = 50, generations = 20, elite = 2;
  double crossover = 0.8, mutation = 0.1;
};

/// The score of a trial: nothing when its objective is undefined or a constraint failed.
struct trial_score {
  std::uint64_t trial = 0;
  std::optional<double> objective;
};

class search {
public:
  virtual ~search() = default;
  /// Trials in all.
  virtual std::uint64_t total() const = 0;
  /// Trials [0, ready()) can be handed out now; the rest wait for results.
  virtual std::uint64_t ready() const = 0;
  /// trial < ready().
  virtual point at(std::uint64_t trial) const = 0;
  /// A result, at most once per trial; further ones are ignored.
  virtual void tell(const trial_score& s) = 0;
};

namespace limits {
inline constexpr std::uint64_t trials = 1'000'000; ///< of one study
} // namespace limits

/// All points of the grid. An error when there are more than `max_trials`.
result<std::unique_ptr<search>> grid_search(const parameter_space& space, std::uint64_t max_trials);
/// `trials` points drawn at random (a grid that is too large, sampled, is this too).
result<std::unique_ptr<search>> random_search(const parameter_space& space, std::uint64_t key, std::uint64_t trials);
/// Tournaments of two, uniform crossover, mutation to a random level; the best `elite` go on unchanged. A generation
/// begins when the one before is complete.
result<std::unique_ptr<search>> genetic_search(const parameter_space& space, std::uint64_t key, const genetic_options& options, direction way);

} // namespace tt::backtest
