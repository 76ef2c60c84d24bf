#pragma once

// A submission's body on its way to the coordinator: any spelling of field names
// in, the canonical text out, and every problem named at once.

#include "actors/backtest/job.hpp"
#include "actors/model/instrument.hpp"
#include "gateways/http/api_error.hpp"
#include "gateways/http/handler.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tt::gateway {

/// What came of a body.
struct read_submission {
  backtest::job_submission job;
  std::size_t unknown = 0; ///< fields that mean nothing; counted, not refused
};

/// A registered strategy that a body names instead of a source.
struct strategy_text {
  std::uint32_t version = 0;
  enum class language : std::uint8_t { pine, yaml } kind = language::pine;
  std::string source;
  std::map<std::string, std::string> inputs; ///< of the newest version; those of the body win
};

/// Which strategy, and which version of it, a body wants to be looked up; version 0 is the newest. Nothing where the body
/// brings its source along, or can't be read: read_job() says what is wrong with it.
std::optional<std::pair<std::string, std::uint32_t>> strategy_named_in(const std::string& body);

/// Reads the body. Under `refuse` unknown fields are a problem, and a script that does not compile is one too (?strict=1);
/// otherwise such a script is the job's own failure. `owner` is the principal. `named` is what strategy_named_in() asked for.
std::variant<read_submission, api_error> read_job(backtest::job_kind kind, const std::string& body, const instrument_master& master,
                                                  unknown_fields strictness, const std::string& owner, const strategy_text* named = nullptr);

} // namespace tt::gateway
