#pragma once
/// Which job runs when: overlap, missed firings, retries, failures in a row. Pure; told the time, asked what is due.

#include "actors/strategy/jobs/job_plan.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t running_jobs = 5;  ///< at once; a further one waits for its turn
inline constexpr int failed_runs_in_row = 3;    ///< then the job is disabled with a notice
inline constexpr double retry_factor = 2.0;     ///< each wait is so much longer than the one before
inline constexpr std::chrono::seconds longest_retry_delay{300};
inline constexpr std::chrono::seconds late_firing{60};        ///< later than that a firing was missed
inline constexpr std::chrono::minutes after_open{5};    ///< when the orders of a firing outside of the session go out
inline constexpr std::chrono::minutes misfire_grace{15};      ///< in which a portfolio job still runs
} // namespace limits

enum class skip_reason : std::uint8_t { overlap, busy, missed };
std::string_view to_string(skip_reason why);

/// A firing whose moment has come.
struct due_firing {
  std::string strategy_id;
  utc_time slot{};
  int attempt = 0;                  ///< 0 first; rises with every retry of the slot
  std::optional<skip_reason> skip;  ///< set: it does not run, and this is why
  bool operator==(const due_firing&) const = default;
};

/// What a person, or the third failed run, has said about a job. It outlasts restarts and edits of the file.
struct job_switch_row {
  std::string strategy_id;
  job_state state = job_state::enabled;
  std::string reason, author;
  utc_time at{};
  std::string content_hash; ///< of the file's version at that time: `enabled` overrules `enabled: false` of this version alone
  bool operator==(const job_switch_row&) const = default;
};

enum class run_result : std::uint8_t {
  done,
  failed,
  timed_out, ///< a failure that is not retried: the run sends nothing more
};

struct job_status {
  std::string strategy_id;
  std::shared_ptr<const job_plan> plan;
  job_state state = job_state::enabled;
  std::optional<utc_time> next;     ///< slot
  std::optional<utc_time> running;  ///< slot of the run under way
  int failures_in_row = 0;
  std::optional<job_switch_row> switched; ///< nothing: the file alone decides
  std::uint64_t runs = 0, failed = 0, skipped_overlap = 0, skipped_busy = 0, skipped_missed = 0;
};

class job_scheduler {
public:
  /// The jobs from now on. A job whose content is the same goes on as it is; a changed one keeps its counters and its
  /// running run; one that is gone is forgotten (its running run ends by itself). What was switched off stays off,
  /// whatever its file says; `enabled: false` of a newer version switches off.
  void set_jobs(const std::vector<std::shared_ptr<const job_plan>>& plans, utc_time now);
  /// What starts or is skipped now. What is returned without `skip` counts as running until finished().
  std::vector<due_firing> due(utc_time now);
  /// The end of a run. True: this failure was one too many and the job is disabled now.
  bool finished(const std::string& strategy_id, utc_time slot, run_result how, utc_time now);
  /// The switches of earlier starts, before the first set_jobs().
  void restore(std::vector<job_switch_row> switches);
  /// Switches a job; what is to be kept of it. Errors: not_found.
  result<job_switch_row> set_state(const std::string& strategy_id, job_state state, utc_time now, std::string reason = {}, std::string author = {});
  /// Of a job whose state is kept elsewhere: what was switched is forgotten, the job stays as it is until its plan changes.
  void forget_switch(const std::string& strategy_id);
  /// The switch of a job, also of one that is not there now.
  [[nodiscard]] std::optional<job_switch_row> switch_of(const std::string& strategy_id) const;
  /// When due() has something to say next, at the latest; nothing: never.
  [[nodiscard]] std::optional<utc_time> next_wake() const;
  [[nodiscard]] std::vector<job_status> jobs() const;
  [[nodiscard]] std::shared_ptr<const job_plan> plan_of(const std::string& strategy_id) const;

private:
  struct entry {
    job_status status;
    std::optional<firing> next;
    std::optional<std::pair<utc_time, utc_time>> retry; ///< slot and when
    int attempt = 0;                                    ///< of the run under way
  };
  void plan_next(entry& e, utc_time after) const;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] job_state state_for(const job_plan& plan) const;
  std::map<std::string, entry> jobs_;
  std::map<std::string, job_switch_row> switches_;
};

/// Run id: hash of strategy id and slot, 32 hex digits. Who runs a slot, and how often it is tried, changes nothing.
std::string run_id_of(std::string_view strategy_id, utc_time slot);

} // namespace tt::strategy
