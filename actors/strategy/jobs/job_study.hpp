#pragma once
/// Studies over the parameters of a YAML job: grid, random and genetic searches, cut and counted as studies of Pine
/// scripts are; only a trial is different. A trial is a backtest of the whole job, all its symbols in one account.

#include "actors/backtest/plans.hpp"
#include "actors/strategy/jobs/job_backtest.hpp"

#include <memory>
#include <optional>

namespace tt::strategy {

/// What of a study can't be done with this job: a name that is no parameter of it (field `parameters.NAME`), or windows
/// of time, which jobs are not cut into (field `method`).
std::optional<error> study_problem(const backtest::study_request& r, const job_spec& spec);

/// The bars that any trial needs: those of the job as it stands, with the longest warm-up that it or the lowest or highest
/// values of all parameters ask for. Errors: those of series_needs().
result<std::vector<job_series_need>> study_needs(const backtest::study_request& r, const job_plan& plan);

/// The series of needs as a job asks its supplier for them.
std::vector<backtest::series_need> supplied(const backtest::backtest_request& r, const std::vector<job_series_need>& needs);

/// The plan of a study over a job that passed validation, and what computes its pieces. A trial whose values the job
/// refuses, or that would read other timeframes than the job as it stands, fails by itself.
backtest::made_plan make_study_plan(const backtest::study_request& r, const job_plan& plan, const backtest::bar_opener& open);
std::shared_ptr<const backtest::shard_runner> make_study_runner(backtest::backtest_request base);

} // namespace tt::strategy
