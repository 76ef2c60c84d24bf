#pragma once

// What other routes use of those of YAML jobs.

#include "gateways/json/json_reader.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// The findings of a source of kind yaml, in the shape of every other kind.
http_response check_job_source(const context_ptr& call, const std::string& source, const instrument_master& master, utc_time now);
/// POST /strategies/preview for a source of kind yaml. The node must run jobs.
void preview_job_source(services& parts, const context_ptr& call, const responder& answer, job_preview_call ask);
/// 422 with its findings where a source can't be the job of that strategy; nothing: it can.
std::optional<http_response> refuse_job_source(const context_ptr& call, const std::string& source, const std::string& strategy_id, const instrument_master& master, utc_time now);

// Handlers of the job named in the path; the node must run jobs.
void run_job(services& parts, const context_ptr& call, const responder& answer);
void show_job_runs(services& parts, const context_ptr& call, const responder& answer);

/// What a route of section 8 asks of one strategy.
enum class strategy_question : std::uint8_t { show, enable, disable, run_now, runs, signals, transitions, sets, performance, plots, other };
/// A job of a file, seen as a strategy of kind yaml. Nothing: there is none of that id.
std::optional<job_file_view> file_job(services& parts, const std::string& strategy_id);
void write_as_strategy(json_writer& out, const job_file_view& job);
void answer_file_job(services& parts, const context_ptr& call, const responder& answer, const job_file_view& job, strategy_question what);

} // namespace tt::gateway
