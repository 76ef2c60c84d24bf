#pragma once

// The jobs of a node: reads the folder, keeps the schedule, runs what is due, remembers what ran.

#include "actors/model/notice_board.hpp"
#include "actors/model/notice_sender.hpp"
#include "actors/strategy/jobs/job_notices.hpp"
#include "actors/strategy/jobs/scheduler.hpp"
#include "cluster/jobs/job_files.hpp"
#include "cluster/jobs/job_runner.hpp"
#include "gateways/job_files_port.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace tt::cluster {

namespace limits {
inline constexpr std::chrono::milliseconds job_tick{250};    ///< how often the schedule is looked at
inline constexpr std::chrono::seconds job_folder_look{2};    ///< how often the folder is
inline constexpr std::chrono::seconds slow_run{30};          ///< a longer run raises a notice
inline constexpr std::size_t notices_per_hour = 50;          ///< further ones are counted only
inline constexpr std::size_t job_previews{2};                ///< at once; a further one is refused
inline constexpr std::size_t error_rate_runs = 20;           ///< runs over which failures are counted; over 10 %: a notice
} // namespace limits

/// A registered strategy of kind yaml: its source is a job. Switch and account are the registry's.
struct stored_job {
  std::string strategy_id;
  std::uint32_t version = 0;
  std::string account;
  strategy::job_state state = strategy::job_state::disabled;
};
/// Where they are kept. Members are called on the service's threads; all empty: there are none.
struct stored_jobs {
  std::function<std::vector<stored_job>()> list = {};
  std::function<result<std::string>(const std::string& strategy_id)> source = {};
  std::function<result<void>(const std::string& strategy_id, strategy::job_state to, const std::string& reason, const std::string& author)> switch_to = {};
};

struct job_surroundings {
  job_world world;                 ///< `stopping` is set by the service
  std::string folder;              ///< of job files; need not exist
  sql_place log;                   ///< of runs
  strategy::job_defaults defaults;
  strategy::check_context checks = {}; ///< profiles, hosts; instruments, environment and time are the service's own
  std::shared_ptr<const instrument_master> master;
  stored_jobs stored = {};
  std::shared_ptr<notice_board> board = {};   ///< null: notices go to the log alone
  std::shared_ptr<notice_sender> sender = {}; ///< null: webhooks are not sent, and the log says so
};

/// Owns one thread for the schedule and one for each run under way.
class job_service final : public gateway::job_files_port {
public:
  /// Errors: io_error (log of runs).
  static result<std::unique_ptr<job_service>> start(job_surroundings around);
  ~job_service() override;
  job_service(const job_service&) = delete;
  job_service& operator=(const job_service&) = delete;

  /// Ends the schedule, asks runs to stop and waits for them.
  void stop();

  // -- gateway::job_files_port
  std::vector<gateway::job_file_view> jobs() override;
  void run(gateway::job_run_call call, gateway::reply<std::string> done) override;
  void runs(std::string strategy_id, std::size_t limit, gateway::reply<std::vector<gateway::job_run_view>> done) override;
  result<void> switch_job(gateway::job_switch_call call) override;
  void preview(gateway::job_preview_call call, gateway::reply<gateway::job_preview_view> done) override;

private:
  struct ended_run {
    std::string strategy_id, run_id;
    utc_time slot{};
    job_run_report report;
    std::chrono::steady_clock::duration took{};
    std::shared_ptr<const strategy::job_plan> plan;
    gateway::reply<std::string> done; ///< of a run that somebody asked for
  };

  explicit job_service(job_surroundings around) : around_(std::move(around)) {}
  void loop();
  void look_at_folder(utc_time now);
  /// The plans of registered strategies, by a path of their own. `context` knows the ids of the files.
  void read_stored(const std::vector<stored_job>& list, strategy::check_context context, std::map<std::string, std::shared_ptr<const strategy::job_plan>>& next);
  /// Takes the newest version of a file or says why the one before goes on.
  void take_version(const std::string& path, const strategy::checked_job& checked, std::map<std::string, std::shared_ptr<const strategy::job_plan>>& next, utc_time now);
  [[nodiscard]] bool is_stored(const std::string& strategy_id) const;
  /// Asks the accounts of jobs that name a limit profile who has been given one; a new answer has the folder read again.
  void ask_profiles();
  void start_due(utc_time now);
  void begin(std::shared_ptr<const strategy::job_plan> plan, utc_time slot, gateway::reply<std::string> done);
  void take_ended(utc_time now);
  void tell(const std::string& type, const std::string& strategy, const std::string& message, utc_time now);
  void send_webhooks(ended_run& run);
  void raise(const strategy::job_plan& plan, const std::vector<std::string>& events, const strategy::event_values& values);
  void raise_disabled(const strategy::job_plan& plan, const strategy::job_switch_row& why);
  void send(const std::string& strategy_id, std::vector<notice> all);
  result<void> keep_switch(const strategy::job_switch_row& row);
  result<bool> claim(const strategy::job_plan& plan, utc_time slot, utc_time now);

  /// What accounts have told of their profiles; their answers may come after the service has ended.
  struct profile_board {
    std::mutex mutex;
    std::map<std::string, strategy::account_profiles> told;
    std::uint64_t version = 0;
  };

  job_surroundings around_;
  std::shared_ptr<profile_board> profiles_ = std::make_shared<profile_board>();
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_; ///< of everything below
  std::condition_variable wake_;
  strategy::job_scheduler scheduler_;
  std::unique_ptr<strategy::run_log> log_;
  std::map<std::string, std::shared_ptr<const strategy::job_plan>> by_path_; ///< newest version that passed
  std::map<std::string, std::vector<strategy::finding>> findings_;           ///< by path, of the newest version
  std::string folder_state_;
  std::set<std::string> profile_accounts_; ///< of all sources that name a limit profile, also of one that nobody knows yet
  std::uint64_t profiles_read_ = 0; ///< version of the board at the newest look
  std::map<std::string, std::shared_ptr<std::atomic<bool>>> off_; ///< by strategy: what its runs under way look at
  std::deque<ended_run> ended_;
  std::map<std::uint64_t, std::thread> workers_;
  std::vector<std::uint64_t> workers_done_;
  std::set<std::string> busy_; ///< strategies with a run under way, scheduled or asked for
  std::uint64_t next_worker_ = 0;
  std::size_t previews_ = 0; ///< under way
  std::deque<utc_time> told_;              ///< notices of the last hour
  std::map<std::string, utc_time> told_texts_;
  std::map<std::string, std::deque<bool>> outcomes_; ///< of the last runs: failed or not
  std::thread thread_;
};

} // namespace tt::cluster
