#pragma once
/// An optimisation as a ledger of trials: hands out what is to be run, takes results in any order and more than once,
/// and gives the same table whatever the number of workers. No threads, no clock: the actor around it has those.

#include "actors/backtest/expression.hpp"
#include "actors/backtest/search.hpp"
#include "actors/backtest/figures.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tt::backtest {

struct study_goal {
  std::string objective = "sharpe_ratio";
  direction way = direction::maximize;
  std::vector<std::string> constraints = {}; ///< each must be true
};

/// What came out of one trial.
struct trial_row {
  std::uint64_t trial = 0;
  point at;
  std::optional<double> objective; ///< nothing: undefined, failed, or a constraint is not met
  std::vector<double> figures;     ///< in the order of figure_set::names(); empty when the trial failed
  std::string failure;             ///< why, if it failed
};

class study {
public:
  static result<study> make(parameter_space space, std::unique_ptr<search> how, study_goal goal);

  const parameter_space& space() const { return space_; }
  std::uint64_t total() const { return search_->total(); }
  std::uint64_t done() const { return done_; }
  /// Trials [0, ready()) can be run now; the rest wait for results.
  std::uint64_t ready() const { return search_->ready(); }
  bool finished() const { return done_ == total(); }

  /// Up to `most` trials that nobody has yet, lowest numbers first. They are out until put() or give_back().
  std::vector<std::uint64_t> take(std::size_t most);
  /// How many take() could give at most.
  std::uint64_t free() const { return search_->ready() - done_ - out_.size(); }
  /// A worker is gone: its trials can be taken again.
  void give_back(const std::vector<std::uint64_t>& trials);
  point at(std::uint64_t trial) const { return search_->at(trial); }

  /// The result of a trial. A second one for the same trial changes nothing. Returns the row as it stands.
  const trial_row& put(std::uint64_t trial, const result<figure_set>& outcome);
  /// A row from the log of an earlier run. False when it does not belong to this study.
  bool restore(const trial_row& row);

  /// Rows of finished trials by number. The same bytes for any number of workers.
  const std::vector<std::optional<trial_row>>& rows() const { return rows_; }
  /// The best `most` rows with an objective, best first; equal objectives by trial number, equal points once.
  std::vector<const trial_row*> best(std::size_t most) const;
  /// The best row so far, null when there is none. O(1).
  const trial_row* top() const { return top_ ? &*rows_[*top_] : nullptr; }
  /// Objectives of the points one level away from this one, as far as they have been tried.
  std::vector<double> neighbours(const trial_row& row) const;

private:
  study(parameter_space s, std::unique_ptr<search> how) : space_(std::move(s)), search_(std::move(how)) {}
  void accept(trial_row row);
  bool better(double a, double b) const { return way_ == direction::maximize ? a > b : a < b; }
  parameter_space space_;
  std::unique_ptr<search> search_;
  direction way_ = direction::maximize;
  std::optional<expression> objective_;
  std::vector<expression> constraints_;
  std::vector<std::optional<trial_row>> rows_;
  std::set<std::uint64_t> out_;
  std::uint64_t first_free_ = 0, done_ = 0;
  std::optional<std::uint64_t> top_;
};

/// One line of the study's log, and back. Numbers keep all their digits.
std::string to_line(const trial_row& row);
result<trial_row> from_line(std::string_view line);

} // namespace tt::backtest
