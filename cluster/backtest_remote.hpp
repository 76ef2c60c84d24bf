#pragma once

// A backtest or study run by a node: submitted, watched and fetched over the HTTP API.

#include "actors/backtest/results.hpp"

#include <atomic>
#include <functional>
#include <string>

namespace tt::cluster {

enum class remote_kind : std::uint8_t { backtest, study };

struct remote_job {
  std::string node;  ///< "http://host:port"
  std::string token; ///< bearer, "" for none
  remote_kind kind = remote_kind::backtest;
  std::string body;  ///< of the request
};

/// Called with percent, stage and a count such as "12 of 80 trials".
using remote_progress = std::function<void(double percent, const std::string& stage, const std::string& count)>;

/// What a job ended with.
struct remote_outcome {
  std::string id, status; ///< completed, failed, cancelled
  std::string error_message;
  backtest::document results;
};

/// Submits, asks for the state until the job has ended, and fetches its results. When `cancel` goes up the job is
/// cancelled on the node; the error is then backtest::is_cancelled(). Errors: what the node answers, with its sentence;
/// not_available and timed_out when it doesn't.
result<remote_outcome> run_remote(const remote_job& job, const remote_progress& tell, const std::atomic<bool>& cancel);

/// Every trial of a study as CSV, as the node writes it.
result<std::string> remote_trials_csv(const remote_job& job, const std::string& id);
/// Likewise as rows, page by page: of a study that is too large for one answer.
result<backtest::document> remote_trials(const remote_job& job, const std::string& id);

} // namespace tt::cluster
