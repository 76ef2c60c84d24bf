#include "gateways/jobs/job_channels.hpp"

#include "gateways/jobs/job_json.hpp"

#include <array>
#include <map>

namespace tt::gateway {

using backtest::job_kind;
using backtest::job_status;

/// One channel: its log, and the jobs that are not finished, for snapshots.
struct job_channels::channel_state {
  channel_state(job_kind k, utc_time started)
      : kind(k), log(std::make_shared<stream::memory_log>(stream::epoch_of(started),
                                                          [this](json_writer& out) { write_state(out); })) {}

  void write_state(json_writer& out) const {
    out.begin_object().key(kind == job_kind::backtest ? "backtests" : "studies").begin_array();
    for (const auto& [id, job] : open) {
      out.begin_object();
      write_progress_fields(out, job);
      out.end_object();
    }
    out.end_array().end_object();
  }

  void add(const job_status& job, utc_time now) {
    log->append(
      now,
      [job](json_writer& out) {
        out.begin_object();
        write_progress_fields(out, job);
        out.end_object();
      },
      [&] {
        if (backtest::is_final(job.state)) open.erase(job.id);
        else open[job.id] = job;
      });
  }

  const job_kind kind;
  std::map<std::string, job_status> open; ///< changed under the log's lock only
  std::shared_ptr<stream::memory_log> log;
};

job_channels::job_channels(jobs_port& jobs, stream_service& stream, std::function<utc_time()> clock) : jobs_(jobs) {
  const auto now = clock();
  const auto backtests = std::make_shared<channel_state>(job_kind::backtest, now);
  const auto studies = std::make_shared<channel_state>(job_kind::study, now);
  // the log stays with the state that writes its snapshots
  stream.add_log(stream::channel::backtest, {backtests, backtests->log.get()});
  stream.add_log(stream::channel::optimize, {studies, studies->log.get()});
  watched_ = jobs.watch([backtests, studies, clock](const job_status& job) {
    (job.kind == job_kind::backtest ? backtests : studies)->add(job, clock());
  });
}

job_channels::~job_channels() { jobs_.unwatch(watched_); }

} // namespace tt::gateway
