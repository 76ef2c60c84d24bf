#pragma once

// A submission's body on its way to the coordinator: any spelling of field names
// in, the canonical text out, and every problem named at once.

#include "actors/backtest/job.hpp"
#include "actors/model/instrument.hpp"
#include "gateways/http/api_error.hpp"
#include "gateways/http/handler.hpp"

#include <cstddef>
#include <string>
#include <variant>

namespace tt::gateway {

/// What came of a body.
struct read_submission {
  backtest::job_submission job;
  std::size_t unknown = 0; ///< fields that mean nothing; counted, not refused
};

/// Reads the body. Under `refuse` unknown fields are a problem, and a script that does not compile is one too (?strict=1);
/// otherwise such a script is the job's own failure. `owner` is the principal.
std::variant<read_submission, api_error> read_job(backtest::job_kind kind, const std::string& body, const instrument_master& master,
                                                  unknown_fields strictness, const std::string& owner);

} // namespace tt::gateway
