#pragma once
/// The two seams between the service and what it computes: on the coordinator's side a plan, which cuts a job into
/// pieces and counts their results; on the workers' side a runner, which computes one piece.

#include "actors/backtest/bars.hpp"
#include "actors/backtest/job.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::backtest {

/// One symbol and timeframe whose bars a job needs, with what the supplier needs to know to find them.
struct series_need {
  std::shared_ptr<const backtest_request> request;
  pair_key key;
  bar_provider::inner_bars inner = bar_provider::inner_bars::none;
};

/// One piece of work. `text` means something to the runner of the job only.
struct shard {
  std::uint64_t number = 0;          ///< within its job; never used again after a put()
  std::string text;                  ///< any bytes
  std::vector<std::uint32_t> series; ///< indices into job_plan::series()
  std::uint64_t bars = 0;            ///< how many bars it will go over, for progress

  bool operator==(const shard&) const = default;
};

/// What a result leaves in the store, so that a restarted node need not compute it again.
struct kept_part {
  std::uint64_t key = 0; ///< a second part of the same key replaces nothing
  std::string bytes;
};

/// What a job consists of, seen by the coordinator. No threads, no clock. Whatever the order of calls, what it says at
/// the end is the same.
class job_plan {
public:
  virtual ~job_plan() = default;

  /// The bars that are needed before anything can run.
  [[nodiscard]] virtual const std::vector<series_need>& series() const = 0;
  /// They are there, in the order of series(); those that could not be had say why. Gives what must be kept of that (a
  /// pair without bars has failed, and the others run). Errors: then the whole job has.
  virtual result<std::vector<kept_part>> begin(const std::vector<result<series_ref>>& refs) = 0;
  /// The parts of an earlier run, all of them. Errors: corrupt_data when one is not of this job.
  virtual result<void> restore(std::vector<kept_part> parts) = 0;

  /// How many workers there are now. A plan may cut its pieces smaller for more of them; what comes out stays the same.
  virtual void staffed(std::uint64_t workers) { (void)workers; }
  /// The next piece that nobody has; nothing while there is none.
  virtual std::optional<shard> next() = 0;
  /// Nobody works on it any more.
  virtual void give_back(std::uint64_t shard_number) = 0;
  /// A result. Gives what must be kept: nothing when it was counted before. Errors: a result that fails the whole job.
  virtual result<std::vector<kept_part>> put(std::uint64_t shard_number, const result<std::string>& outcome) = 0;
  [[nodiscard]] virtual bool finished() const = 0;
  /// Once finished: why nothing came of it, if nothing did.
  [[nodiscard]] virtual std::optional<error> failure() const = 0;

  /// Bars gone over by counted results, and all of them. The total may grow no more after begin().
  [[nodiscard]] virtual std::uint64_t bars_done() const = 0;
  [[nodiscard]] virtual std::uint64_t bars_total() const = 0;
  /// Fills what the status shows of it: symbols_done, trials, best.
  virtual void describe(job_status& status) const = 0;
};

/// Opens the bars of a reference, where a plan has to look at them.
using bar_opener = std::function<result<std::shared_ptr<const bar_set>>(const series_ref& what)>;

/// What a plan could not be made of: a message, and for a script the compiler's list as JSON.
struct plan_failure {
  error reason;
  std::string diagnostics; ///< JSON array; empty when the script is not to blame
};

/// Makes the plan of a job from its canonical request.
using made_plan = std::variant<std::unique_ptr<job_plan>, plan_failure>;
using plan_maker = std::function<made_plan(job_kind kind, const std::string& request, const bar_opener& open)>;

/// A finished or running job as its documents are written from it.
struct job_record {
  std::string id;
  job_kind kind = job_kind::backtest;
  job_state state = job_state::queued;
  std::string request; ///< canonical
  std::vector<series_ref> series;
  std::vector<kept_part> parts;
  bar_opener open;
};

/// Writes what can be asked of a job. Used by one thread.
class document_writer {
public:
  virtual ~document_writer() = default;
  /// `load` reads the record; it is not called where what was read before still holds. Errors: invalid_argument (an
  /// unknown sort, a bad cursor), unsupported (no such document of this kind), corrupt_data, those of `load`.
  virtual result<document_text> write(job_kind kind, std::string_view id, job_state state, const document_query& query,
                                      const std::function<result<job_record>()>& load) = 0;
};
using document_writer_maker = std::function<std::unique_ptr<document_writer>()>;

/// What a running piece of work shares with those who wait for it.
struct run_control {
  std::atomic<bool> cancelled{false};
  std::atomic<std::uint64_t> bars_done{0};
};

/// Finds bars that a script asks for while it runs (request.security): another symbol, another timeframe. May wait.
/// Errors: there are none.
using extra_bars = std::function<result<std::shared_ptr<const bar_set>>(const pair_key& key)>;

/// Computes pieces of one job; shared by all threads of a node.
class shard_runner {
public:
  virtual ~shard_runner() = default;
  /// Bytes of the result: a pure function of request, shard and bars. Must look at `control.cancelled` often enough to
  /// end within half a second. Errors: what the job's result should say failed; conflict when it was cancelled.
  [[nodiscard]] virtual result<std::string> run(std::string_view shard_text, std::span<const std::shared_ptr<const bar_set>> bars,
                                                const extra_bars& extra, run_control& control) const = 0;
};

/// Makes the runner of a job on a worker's node.
using runner_maker = std::function<result<std::shared_ptr<const shard_runner>>(job_kind kind, const std::string& request)>;

} // namespace tt::backtest
