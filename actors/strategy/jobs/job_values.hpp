#pragma once
/// What the names of a job are worth at one moment for one symbol: the bridge from a run's inputs to its expressions.

#include "actors/strategy/jobs/job_run.hpp"

#include <array>

namespace tt::strategy {

/// The account, the clock and the strategy as a whole; the same for every symbol of a run.
struct run_moment {
  std::array<value, moment_names> figures; ///< those that do not depend on the symbol; others missing
};
run_moment moment_of(const job_plan& plan, const run_input& in);

/// For one symbol. Must not outlive its arguments.
class job_values : public value_source {
public:
  job_values(const job_plan& plan, const run_input& in, const run_moment& common, const symbol_input& symbol);
  value at(std::uint32_t handle, std::size_t back) const override;
  /// `open_positions` changes while entries are made.
  void set_open_positions(std::int64_t count) { open_positions_ = count; }
  /// The price that decides: the last trade, else the close of the last bar; nothing without either.
  [[nodiscard]] std::optional<double> price() const { return price_; }
  [[nodiscard]] value figure(moment_name what) const;

private:
  [[nodiscard]] value of_position(moment_name what) const;
  const job_plan& plan_;
  const run_input& in_;
  const run_moment& common_;
  const symbol_input& symbol_;
  std::vector<std::size_t> counts_; ///< complete bars by source
  std::size_t daily_count_ = 0;
  std::optional<double> price_;
  std::int64_t open_positions_ = 0;
};

} // namespace tt::strategy
