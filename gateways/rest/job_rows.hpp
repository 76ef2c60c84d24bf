#pragma once

// Performance, sets and signals of strategies that keep no run of their own (YAML jobs, webhooks): their trades are folded
// from the executions of their account; signals of jobs are those that the records of their runs tell.

#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// A YAML job, of a file or of the registry, or a webhook's strategy, as its rows need it.
struct job_rows_subject {
  strategy_id id;
  account_id account;
  strategy::strategy_mode mode = strategy::strategy_mode::paper;
  decimal min_win_rate = strategy::strategy_record{}.min_win_rate;
  std::size_t evaluation_period = strategy::strategy_record{}.evaluation_period;
  std::vector<strategy::transition_row> changes = {}; ///< newest first: a set never spans a change of mode
};

/// GET /strategies/{id}/performance. 503 where the node hosts no accounts.
void show_job_performance(services& parts, const context_ptr& call, const responder& answer, job_rows_subject of);
/// GET /strategies/{id}/sets.
void show_job_sets(services& parts, const context_ptr& call, const responder& answer, job_rows_subject of);
/// GET /strategies/{id}/signals. The node must run jobs.
void show_job_signals(services& parts, const context_ptr& call, const responder& answer, const strategy_id& of);

} // namespace tt::gateway
