#pragma once

// A job as JSON, in all the places where one is shown.

#include "actors/backtest/job.hpp"
#include "gateways/json/json_writer.hpp"

#include <string>
#include <string_view>

namespace tt::gateway {

/// "backtest_id" or "study_id".
std::string_view id_field(backtest::job_kind kind);
/// A percentage with two digits, rounded down: it never says 100 too early.
decimal shown_progress(double percent);

/// The body of the status routes.
std::string job_status_json(const backtest::job_status& job, json_style style);
/// One entry of a list, as a value.
void write_listed_job(json_writer& out, const backtest::job_status& job);
/// The fields of a progress message, without its type: for sockets and the stream.
void write_progress_fields(json_writer& out, const backtest::job_status& job);
/// {"type":"progress",…}, and {"type":"completed",…} for every final state.
std::string progress_message(const backtest::job_status& job, json_style style);

/// A JSON text in snake_case with plain numbers, in another style. Keys within the objects that clients fill with names
/// of their own (`inputs`, `params`, `parameters`) stay as they are. Text that is no JSON comes back unchanged.
std::string restyle(std::string text, json_style style);

} // namespace tt::gateway
