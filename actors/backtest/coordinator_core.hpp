#pragma once
/// The coordinator without its actor: which jobs wait, which run, who computes what, and what is written down before
/// anybody hears of it. Time is an argument; everything that leaves goes through `coordinator_effects`.
///
///   queued ──► running ──► completed | failed | cancelled
///                 ▲  ▼
///                paused (studies)
///
/// A piece of work is handed to one crew at a time. It comes back as a result, as "could not be tried", or not at all
/// when its crew is lost; then it is handed out again. A result counts once, whoever sends it.

#include "actors/backtest/job.hpp"
#include "actors/backtest/job_plan.hpp"
#include "actors/backtest/job_store.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::backtest {

/// When something happens: a steady time for waiting and speed, a wall time for people.
struct moment {
  std::chrono::nanoseconds steady{0};
  utc_time wall{};
};

struct coordinator_limits {
  std::size_t max_running = 5;           ///< BACKTEST_MAX_CONCURRENT
  std::chrono::seconds timeout{300};     ///< BACKTEST_TIMEOUT_S: without progress a running job fails
  std::chrono::milliseconds show_every{100}; ///< least time between two shows of one job's progress
  std::size_t queued = limits::queued_jobs;
  std::size_t running_per_principal = limits::running_per_principal;
  std::size_t kept_jobs = limits::kept_jobs;
  double kept_progress = 1; ///< percent by which a progress rises before it is written down
};

/// Names a crew for as long as it is there.
using crew_id = std::uint64_t;

/// How a piece of work ended, for the core; as in messages.hpp.
enum class piece_end : std::uint8_t { computed, failed, returned };

class coordinator_effects {
public:
  virtual ~coordinator_effects() = default;
  virtual void introduce(crew_id to, std::uint64_t job, job_kind kind, const std::string& request) = 0;
  virtual void order(crew_id to, std::uint64_t job, std::uint64_t attempt, const shard& piece, const std::vector<series_ref>& series) = 0;
  virtual void over(crew_id to, std::uint64_t job) = 0;
  /// Asks for bars; coordinator_core::loaded follows, later.
  virtual void load(std::uint64_t job, std::size_t place, const series_need& what) = 0;
  /// The job is over: what was asked by load() and did not come needs not come any more.
  virtual void unload(std::uint64_t job) = 0;
  /// The bars of a reference. Errors: they are not there any more.
  virtual result<std::shared_ptr<const bar_set>> open(const series_ref& what) = 0;
  /// Something of the job has changed.
  virtual void show(const job_status& status) = 0;
  /// For the log.
  virtual void warn(const std::string& text) = 0;
};

class coordinator_core {
public:
  /// `make_id` gives an id that was never given before. Store and effects outlive the core.
  coordinator_core(job_store& store, coordinator_effects& effects, plan_maker make_plan, std::function<std::string(job_kind)> make_id,
                   coordinator_limits limits = {});

  /// Takes up what an earlier run has left unfinished. Errors: io_error.
  result<void> recover(moment now);

  // -- clients ---------------------------------------------------------------------

  /// On disk when it returns. Errors: limit_exceeded (too many wait), io_error, invalid_argument (request too large).
  result<job_status> submit(job_kind kind, const std::string& owner, const std::string& request, const std::vector<std::string>& symbols,
                            moment now);
  /// Errors: not_found, io_error.
  result<job_status> status(job_kind kind, std::string_view id);
  result<std::vector<job_status>> list(job_kind kind, std::optional<job_state> state, std::uint64_t before, std::size_t limit);
  /// Jobs that are not final, in the order of submission.
  [[nodiscard]] std::vector<job_status> open_jobs() const;
  /// Errors: not_found, conflict (finished already; not a study; not paused), io_error.
  result<job_status> cancel(job_kind kind, std::string_view id, moment now);
  result<job_status> pause(job_kind kind, std::string_view id, moment now);
  result<job_status> resume(job_kind kind, std::string_view id, moment now);

  // -- crews -----------------------------------------------------------------------

  /// At most `capacity` pieces are with it at once.
  void crew_joined(crew_id who, std::uint32_t workers, std::uint32_t capacity, moment now);
  void crew_left(crew_id who, moment now);
  void progressed(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t bars_done, moment now);
  /// The crew did not take an order: it must be told of the job again.
  void refused(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t attempt, const error& why, moment now);
  /// `attempt` is that of the order; a report of an order that was given up since counts like any other result.
  void reported(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t attempt, piece_end end, const result<std::string>& outcome,
                moment now);

  // -- the rest ----------------------------------------------------------------------

  /// The answer to coordinator_effects::load.
  void loaded(std::uint64_t job, std::size_t place, const result<series_ref>& bars, moment now);
  /// A running job waits for bars that its scripts ask for, or waits no more; meanwhile it can't be late.
  enum class extra_wait : std::uint8_t { begins, ends };
  void extra(std::uint64_t job, extra_wait what, moment now);
  /// Whether a job waits or runs.
  [[nodiscard]] bool is_open(std::uint64_t job) const { return jobs_.contains(job); }
  /// The request by which the bars are found that a running job's scripts ask for, one and the same each time; null when there
  /// is none.
  [[nodiscard]] std::shared_ptr<const backtest_request> request_of(std::uint64_t job);
  /// Call about every 100 ms while wants_ticks().
  void tick(moment now);
  [[nodiscard]] bool wants_ticks() const { return !running_.empty() || !dirty_.empty(); }
  [[nodiscard]] double bars_per_second(moment now) const;
  [[nodiscard]] std::uint64_t workers() const;
  [[nodiscard]] std::size_t crews() const { return crews_.size(); }
  result<std::map<std::pair<job_kind, job_state>, std::uint64_t>> counts() { return store_.counts(); }

private:
  struct handed_piece {
    shard piece;
    crew_id to = 0;
    std::uint64_t attempt = 0;
    std::uint64_t bars_done = 0;
  };
  struct troubles {
    std::uint32_t lost = 0, returned = 0;
  };
  /// A job that is not final.
  struct entry {
    stored_job job;
    job_status shown;
    std::unique_ptr<job_plan> plan; ///< from the start on
    std::vector<series_ref> refs;
    std::vector<result<series_ref>> loading;
    std::size_t waiting_series = 0;
    std::size_t waiting_extras = 0; ///< questions of its scripts
    std::shared_ptr<const backtest_request> asks_by; ///< null: none of them has asked yet
    bool begun = false;             ///< bars are there, pieces can be handed out
    std::map<std::uint64_t, handed_piece> handed;
    std::map<std::uint64_t, troubles> trouble;
    std::set<crew_id> knows;        ///< crews that have had the introduction
    std::uint64_t kept_bytes = 0;
    std::uint64_t best_bars = 0;    ///< for a progress that never falls
    double kept_progress = 0;       ///< what a restart would begin with
    std::chrono::nanoseconds last_progress{0};
    std::chrono::nanoseconds last_shown{-1'000'000'000};
  };
  struct crew {
    std::uint32_t workers = 0, capacity = 0, with_it = 0;
  };
  struct speed_sample {
    std::chrono::nanoseconds at;
    std::uint64_t bars;
  };

  entry* find(job_kind kind, std::string_view id);
  entry* find(std::uint64_t number);
  /// The entry, or the error that says why not.
  result<entry*> open_entry(job_kind kind, std::string_view id, std::string_view doing);
  static job_status status_of(const stored_job& job);
  void start_next(moment now);
  void start(entry& e, moment now);
  void load_series(entry& e, moment now);
  void begin(entry& e, const std::vector<result<series_ref>>& bars, moment now);
  result<void> restore(entry& e);
  void complete(entry& e, moment now);
  void finish(std::uint64_t number, job_state state, std::string message, moment now, std::string diagnostics = {});
  void hand_out(moment now);
  bool hand_one(entry& e, moment now);
  void take_back(entry& e, std::uint64_t piece);
  /// Counts again how far it is; note_progress also shows it.
  void count_progress(entry& e, moment now);
  void note_progress(entry& e, moment now);
  void changed(entry& e, moment now);
  void show(entry& e, moment now);
  void keep_progress(entry& e);
  void count_bars(std::uint64_t bars, moment now);
  [[nodiscard]] std::size_t running_of(const std::string& owner) const;

  job_store& store_;
  coordinator_effects& effects_;
  plan_maker make_plan_;
  std::function<std::string(job_kind)> make_id_;
  coordinator_limits limits_;
  std::map<std::uint64_t, entry> jobs_; ///< by number, those not final
  std::deque<std::uint64_t> queue_;
  std::vector<std::uint64_t> running_;  ///< the one that is served next stands first
  std::map<crew_id, crew> crews_;
  std::set<std::uint64_t> dirty_;
  std::deque<speed_sample> speed_;
  std::uint64_t last_attempt_ = 0;
  enum class starter : std::uint8_t { idle, busy } starting_ = starter::idle; ///< start_next() does not call itself
};

} // namespace tt::backtest
