#pragma once
/// Outgoing notices of a job: templates filled with the values of an event.

#include "actors/model/notice_sender.hpp"
#include "actors/strategy/jobs/job_plan.hpp"
#include "actors/strategy/jobs/portfolio_run.hpp"

namespace tt::strategy {

/// Values by placeholder: numbers stay numbers, texts texts. Parameters are there without being given.
using event_values = std::map<std::string, value>;

/// What an event sends: one notice for each webhook that has a template for it (`entry_long` also raises `entry`, and so on;
/// each webhook is asked once, the most exact name first) and whose condition holds; one that can't be evaluated does not.
/// `live` tells what the names of templates and conditions are worth now; null: nobody knows. Webhooks of legacy files that
/// go to this installation itself are left out: the run's own orders are the signal. Variables are expanded by `lookup` here
/// and nowhere else. What could not be sent, in words without values, is added to `problems`.
std::vector<notice> notices_for(const job_plan& plan, const std::vector<std::string>& events, const event_values& values, const environment_lookup& lookup,
                                const value_source* live = nullptr, std::vector<std::string>* problems = nullptr);

/// What every event of a run knows.
event_values values_of(const job_plan& plan, utc_time slot, const std::string& run_id);
/// The values of a signal, and the names of its event: {"entry_long", "entry", "signal"}.
event_values values_of(const job_plan& plan, const job_signal& signal, utc_time slot, const std::string& run_id);
std::vector<std::string> events_of(const job_signal& signal);
/// The values of one slice of a portfolio's trade.
event_values values_of(const job_plan& plan, const portfolio_trade& trade, std::size_t slice, const portfolio_output& run, utc_time slot, const std::string& run_id);
/// What a run of a portfolio raises before its trades: every list that holds, and the action; with their values.
struct portfolio_event {
  std::vector<std::string> names;
  event_values values;
};
std::vector<portfolio_event> events_of(const job_plan& plan, const portfolio_output& run, utc_time slot, const std::string& run_id);

/// A template as JSON text: a value that is exactly one placeholder keeps its type, others are put into the text. Unknown
/// values are null, or nothing inside of a text.
std::string fill_template(const job_plan& plan, const yaml_node& payload, const event_values& values);

} // namespace tt::strategy
