#pragma once

// What the routes of backtests and of studies have in common.

#include "gateways/jobs_port.hpp"
#include "gateways/rest/services.hpp"

#include <string_view>

namespace tt::gateway {

/// JSON escapes may double a script; the rest of the body is small.
inline constexpr std::size_t job_body_limit = 2 * 512 * 1024 + 64 * 1024;

/// A handler of a job route that works while backtests are switched on and a
/// coordinator can be asked: 403 feature.disabled, 503 otherwise.
template <class Work>
handler job_handler_of(services& parts, Work work) {
  return [p = &parts, work](const context_ptr& call, const responder& answer) {
    if (p->config.backtesting == feature::disabled)
      return answer(make_error(403, "feature.disabled", "backtests are switched off on this node (ENABLE_BACKTESTING)"));
    if (p->jobs == nullptr) return answer(not_available("backtests: this node has no way to a coordinator"));
    work(*p, call, answer);
  };
}

void submit_job(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind);
void show_job(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind);
void list_jobs(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind);
void command_job(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind, backtest::job_op op);
void show_results(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind);
/// A page of trades, logs, trials or the equity curve, under its own name.
void show_rows(services& parts, const context_ptr& call, const responder& answer, backtest::job_kind kind, backtest::document_kind what,
               std::string_view name);

} // namespace tt::gateway
