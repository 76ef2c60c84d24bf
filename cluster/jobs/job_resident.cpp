#include "cluster/jobs/job_resident.hpp"

#include "cluster/jobs/job_files.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

namespace tt::cluster {

namespace {

/// A slot that has been run by somebody else, or that the node refuses for good, is no failed run.
strategy::run_result result_of(int code) {
  if (code == job_exit::timed_out) return strategy::run_result::timed_out;
  return code == job_exit::failed || code == job_exit::unreachable ? strategy::run_result::failed : strategy::run_result::done;
}

class resident {
public:
  resident(const std::string& folder, const strategy::job_defaults& defaults, strategy::check_context context, const resident_world& world)
    : folder_(folder), defaults_(defaults), context_(std::move(context)), world_(world) {}
  ~resident() {
    for (auto& [id, thread] : running_) thread.join();
  }

  result<void> run() {
    do {
      const auto now = world_.clock();
      if (auto read = look(now); !read) return read;
      take_ended(now);
      for (const auto& due : scheduler_.due(now)) begin(due);
    } while (world_.wait(under_way()));
    return {};
  }

private:
  struct ended {
    std::string strategy_id;
    utc_time slot{};
    int code = 0;
  };

  result<void> look(utc_time now) {
    context_.now = now;
    auto files = read_job_folder(folder_, defaults_, context_);
    if (!files) return files.error();
    std::vector<std::shared_ptr<const strategy::job_plan>> plans;
    std::map<std::string, std::string> wrong;
    for (const auto& file : *files) {
      if (file.checked.plan) plans.push_back(file.checked.plan);
      else wrong[file.path] = file.checked.findings.empty() ? "can't be read" : strategy::to_string(file.checked.findings.front());
    }
    for (const auto& [path, why] : wrong)
      if (told_[path] != why) std::fprintf(stderr, "tt scheduler: %s\n", why.c_str());
    told_ = std::move(wrong);
    scheduler_.set_jobs(plans, now);
    return {};
  }

  void begin(const strategy::due_firing& due) {
    if (due.skip) {
      std::fprintf(stderr, "tt scheduler: %s skips its slot %s: %s\n", due.strategy_id.c_str(), to_iso8601(due.slot).c_str(), std::string(strategy::to_string(*due.skip)).c_str());
      return;
    }
    if (const auto before = running_.find(due.strategy_id); before != running_.end()) { // it has ended: a job never overlaps itself
      before->second.join();
      running_.erase(before);
    }
    running_[due.strategy_id] = std::thread([this, due, plan = scheduler_.plan_of(due.strategy_id)] {
      const int code = world_.run(*plan, due.slot);
      const std::lock_guard lock{mutex_};
      ended_.push_back({due.strategy_id, due.slot, code});
    });
  }

  [[nodiscard]] std::size_t under_way() const {
    const auto jobs = scheduler_.jobs();
    return static_cast<std::size_t>(std::count_if(jobs.begin(), jobs.end(), [](const auto& job) { return job.running.has_value(); }));
  }

  void take_ended(utc_time now) {
    const std::lock_guard lock{mutex_};
    for (const auto& one : std::exchange(ended_, {}))
      if (scheduler_.finished(one.strategy_id, one.slot, result_of(one.code), now))
        std::fprintf(stderr, "tt scheduler: %s is disabled after failed runs, until the scheduler is started again\n", one.strategy_id.c_str());
  }

  std::string folder_;
  strategy::job_defaults defaults_;
  strategy::check_context context_;
  const resident_world& world_;
  strategy::job_scheduler scheduler_;
  std::map<std::string, std::string> told_; ///< what is wrong with a file
  std::mutex mutex_;                        ///< of ended_
  std::vector<ended> ended_;
  std::map<std::string, std::thread> running_; ///< last: its threads use what stands above
};

} // namespace

result<void> keep_schedule(const std::string& folder, const strategy::job_defaults& defaults, const strategy::check_context& context, const resident_world& world) {
  return resident(folder, defaults, context, world).run();
}

} // namespace tt::cluster
