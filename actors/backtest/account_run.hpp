#pragma once
/// `capital_mode: shared`: all pairs of a job trade one account. Their bars are walked in one order of time, each pair with
/// a run of its own, and what sizes and admits orders is the equity of the account. A pure function of its job, like
/// run_pair().
///
/// The order: a bar's turn comes when it ends, for that is when its script runs; bars that end together come in the order
/// of the pairs. On its bar a pair sees what the others had made and bound at their last close.
///
///   account = initial_capital + made by this pair (realised and open) + made by the others
///   free    = account - margin that positions of the others bind (quantity x last close x point value x ratio)
///
/// percent_of_equity sizes from `account`, margin checks and margin calls look at `free`.

#include "actors/backtest/pair_run.hpp"

#include <vector>

namespace tt::backtest {

struct account_job {
  std::vector<pair_job> pairs; ///< of one program, in the order of pairs_of()
  /// Of a run that goes on from another: the account's falls up to its beginning, and what that one had made.
  std::optional<fall_record> falls_before = {};
  double made_before = 0;
};

/// The outcomes of all pairs, in their order: each one's own trades, and a curve of the capital and what it alone made. The
/// account's curve is the capital and what all have made (combined_curve). One pair alone: as run_pair, to the byte.
/// Errors: those of run_pair, naming the pair. An account can't go on without one of its pairs, so one error ends all.
/// invalid_argument "currency" when pairs would keep it in different currencies, or no rates convert them.
result<std::vector<pair_outcome>> run_account(const account_job& job, const run_watch& watch = {});

} // namespace tt::backtest
