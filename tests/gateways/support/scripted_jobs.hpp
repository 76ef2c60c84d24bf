#pragma once

// A jobs_port that holds jobs in a map and answers at once. Tests change the jobs
// and read what was asked.

#include "gateways/jobs_port.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tt::gateway::test {

class scripted_jobs final : public jobs_port {
public:
  /// Replaces a job and tells the watchers.
  void set(backtest::job_status job) {
    std::vector<job_handler> all;
    {
      const std::lock_guard lock(mutex_);
      jobs_[{job.kind, job.id}] = job;
      for (const auto& [id, one] : watchers_) all.push_back(one);
    }
    for (const auto& one : all) one(job);
  }
  static backtest::job_status running(backtest::job_kind kind, std::string id, double progress) {
    backtest::job_status out;
    out.id = std::move(id);
    out.kind = kind;
    out.state = backtest::job_state::running;
    out.stage = "running";
    out.progress = progress;
    out.symbols = {"AAPL", "MSFT"};
    out.symbols_total = 2;
    out.created = from_unix_ms(1'768'487'700'123);
    out.started = out.created;
    return out;
  }

  void submit(backtest::job_submission job, reply<backtest::job_status> done) override {
    backtest::job_status made;
    {
      const std::lock_guard lock(mutex_);
      if (refuse_submissions) {
        const auto why = *refuse_submissions;
        return done(why);
      }
      submitted.push_back(job);
      made = running(job.kind, (job.kind == backtest::job_kind::backtest ? "bt-" : "st-") + std::to_string(submitted.size()), 0);
      made.state = backtest::job_state::queued;
      made.symbols = job.symbols;
      made.number = submitted.size();
      jobs_[{made.kind, made.id}] = made;
    }
    done(made);
  }
  void status(backtest::job_name what, reply<backtest::job_status> done) override { done(find(what)); }
  void command(backtest::job_command what, reply<backtest::job_status> done) override {
    auto found = find(what.what);
    if (found && backtest::is_final(found->state)) return done(error{errc::conflict, "it is finished already", "id"});
    if (found) found->state = what.op == backtest::job_op::cancel ? backtest::job_state::cancelled : what.op == backtest::job_op::pause ? backtest::job_state::paused : backtest::job_state::running;
    commands.push_back(what);
    done(found);
  }
  void list(backtest::list_request what, reply<backtest::job_list> done) override {
    lists.push_back(what);
    backtest::job_list out;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, job] : jobs_)
      if (name.first == what.kind) out.jobs.push_back(job);
    out.next = next_page;
    done(out);
  }
  void document(backtest::document_request what, reply<backtest::job_document> done) override {
    documents.push_back(what);
    auto found = find(what.what);
    if (!found) return done(found.error());
    if (found->state == backtest::job_state::queued || found->state == backtest::job_state::running)
      return done(error{errc::conflict, "not finished", "id"});
    if (document_error) return done(*document_error);
    auto out = answer;
    out.status = *found;
    done(out);
  }
  [[nodiscard]] backtest::job_figures figures() override { return shown_figures; }
  subscription_id watch(job_handler on_change) override {
    const std::lock_guard lock(mutex_);
    watchers_.emplace(++last_, std::move(on_change));
    return last_;
  }
  void unwatch(subscription_id id) override {
    const std::lock_guard lock(mutex_);
    watchers_.erase(id);
  }

  std::optional<error> refuse_submissions, document_error;
  std::vector<backtest::job_submission> submitted;
  std::vector<backtest::job_command> commands;
  std::vector<backtest::list_request> lists;
  std::vector<backtest::document_request> documents;
  backtest::job_document answer;
  backtest::job_figures shown_figures;
  std::uint64_t next_page = 0;

private:
  result<backtest::job_status> find(const backtest::job_name& what) {
    const std::lock_guard lock(mutex_);
    const auto at = jobs_.find({what.kind, what.id});
    if (at == jobs_.end()) return error{errc::not_found, "no such job " + what.id, "id"};
    return at->second;
  }

  std::mutex mutex_;
  std::map<std::pair<backtest::job_kind, std::string>, backtest::job_status> jobs_;
  std::map<subscription_id, job_handler> watchers_;
  subscription_id last_ = 0;
};

} // namespace tt::gateway::test
