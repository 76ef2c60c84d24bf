#include "actors/backtest/job.hpp"

namespace tt::backtest {

std::string_view to_string(job_kind kind) noexcept { return kind == job_kind::backtest ? "backtest" : "study"; }

std::string_view to_string(job_state state) noexcept {
  switch (state) {
  case job_state::queued: return "queued";
  case job_state::running: return "running";
  case job_state::paused: return "paused";
  case job_state::completed: return "completed";
  case job_state::failed: return "failed";
  case job_state::cancelled: return "cancelled";
  }
  return "unknown";
}

std::optional<job_state> parse_job_state(std::string_view text) noexcept {
  for (const auto s : job_states)
    if (to_string(s) == text) return s;
  return std::nullopt;
}

} // namespace tt::backtest
