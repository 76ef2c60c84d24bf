#pragma once
/// YAML jobs in the backtest service: the plan and the runner of a request that gives `yaml`. Requests with Pine source
/// go to the plans of the backtest room unchanged.

#include "actors/backtest/plans.hpp"
#include "actors/strategy/jobs/job_backtest.hpp"

#include <nlohmann/json_fwd.hpp>

namespace tt::strategy {

/// As backtest::make_plan, and for jobs one piece of work with all symbols: they share one account. Studies: job_study.hpp. A job that does not
/// pass validation gives a plan_failure with its findings as `compile_diagnostics`.
backtest::made_plan make_plan(backtest::job_kind kind, const std::string& request, const backtest::bar_opener& open);
result<std::shared_ptr<const backtest::shard_runner>> make_runner(backtest::job_kind kind, const std::string& request);

/// The job of a request: its `inputs` are values of parameters, its `symbols` the job's. The findings say what is wrong.
checked_job job_of(const backtest::backtest_request& r, const instrument_master* master = nullptr);

/// Fills what the job itself says into a request's body before it is parsed: `symbols` where absent, and `timeframes`,
/// which are those of the job's bars. Leaves the body alone where the job can't be read.
void complete_request(nlohmann::json& body);

/// How a job runs as a backtest: money and fees of the request over the defaults.
job_backtest_input input_for(const backtest::backtest_request& r, std::shared_ptr<const job_plan> plan);

/// The job of a request over the bars of its needs (series_needs, in their order), as the service does it: a strategy goes
/// without the symbols that have none, whose outcomes say so; a portfolio needs all of its targets. Errors: those of
/// run_job_backtest; that of a missing series where nothing is left to run.
result<job_backtest_output> run_with(const backtest::backtest_request& r, const instrument_master* master,
                                     const std::vector<result<std::shared_ptr<const backtest::bar_set>>>& bars, const backtest::run_watch& watch = {});

/// Findings as the rows of `compile_diagnostics`.
std::vector<backtest::script_finding> as_script_findings(const std::vector<finding>& findings);

} // namespace tt::strategy
