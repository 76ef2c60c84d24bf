#include "cluster/jobs/job_service.hpp"

#include "actors/strategy/jobs/job_notices.hpp"
#include "cluster/jobs/job_preview.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

namespace tt::cluster {

namespace {

namespace fs = std::filesystem;
using strategy::job_run_state;

/// Before the id of a registered strategy, where files have their path.
constexpr std::string_view stored_path = "strategy ";

/// Names, sizes and times of the job files: what tells that something changed.
std::string state_of(const std::string& folder) {
  std::vector<std::string> rows;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const auto extension = at->path().extension();
    if (extension != ".yml" && extension != ".yaml") continue;
    std::error_code gone;
    const auto size = fs::file_size(at->path(), gone);
    const auto time = fs::last_write_time(at->path(), gone).time_since_epoch().count();
    rows.push_back(at->path().string() + "|" + std::to_string(size) + "|" + std::to_string(time));
  }
  std::sort(rows.begin(), rows.end());
  std::string out = failed ? "unreadable" : "";
  for (const auto& row : rows) out += row + "\n";
  return out;
}

job_run_state state_of(job_outcome what) {
  switch (what) {
  case job_outcome::done:
  case job_outcome::refused: return job_run_state::done; // refused orders are an answer
  case job_outcome::no_data: return job_run_state::skipped;
  case job_outcome::timed_out: return job_run_state::timed_out;
  default: return job_run_state::failed;
  }
}

strategy::run_result result_of(job_run_state what) {
  switch (what) {
  case job_run_state::failed: return strategy::run_result::failed;
  case job_run_state::timed_out: return strategy::run_result::timed_out;
  default: return strategy::run_result::done;
  }
}

} // namespace

result<std::unique_ptr<job_service>> job_service::start(job_surroundings around) {
  std::unique_ptr<job_service> out(new job_service(std::move(around)));
  out->around_.world.stopping = out->stopping_;
  auto log = strategy::run_log::open(out->around_.log);
  if (!log) return log.error();
  out->log_ = std::move(*log);
  const auto now = out->around_.world.clock();
  if (auto pruned = out->log_->prune(now); !pruned) spdlog::warn("jobs: {}", to_string(pruned.error()));
  auto switches = out->log_->switches();
  if (!switches) return switches.error();
  out->scheduler_.restore(std::move(*switches));
  out->look_at_folder(now);
  out->thread_ = std::thread([service = out.get()] { service->loop(); });
  return out;
}

job_service::~job_service() { stop(); }

void job_service::stop() {
  stopping_->store(true);
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::map<std::uint64_t, std::thread> workers;
  {
    std::lock_guard lock{mutex_};
    workers.swap(workers_);
  }
  for (auto& [number, worker] : workers) worker.join();
  std::lock_guard lock{mutex_};
  if (log_) take_ended(around_.world.clock());
}

void job_service::loop() {
  auto last_look = std::chrono::steady_clock::now();
  while (!stopping_->load()) {
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, limits::job_tick);
    if (stopping_->load()) return;
    const auto now = around_.world.clock();
    if (const auto t = std::chrono::steady_clock::now(); t - last_look >= limits::job_folder_look) {
      last_look = t;
      ask_profiles();
      look_at_folder(now);
    }
    take_ended(now);
    start_due(now);
  }
}

void job_service::look_at_folder(utc_time now) {
  const bool has_folder = fs::is_directory(around_.folder);
  const auto stored = around_.stored.list ? around_.stored.list() : std::vector<stored_job>{};
  if (!has_folder && stored.empty() && by_path_.empty()) return;
  auto state = has_folder ? state_of(around_.folder) : "";
  for (const auto& one : stored)
    state += one.strategy_id + "|" + std::to_string(one.version) + "|" + one.account + (one.state == strategy::job_state::enabled ? "|on\n" : "|off\n");
  auto context = around_.checks;
  {
    std::lock_guard told{profiles_->mutex};
    if (state == folder_state_ && profiles_->version == profiles_read_) return;
    profiles_read_ = profiles_->version;
    context.by_account = profiles_->told;
  }
  folder_state_ = std::move(state);
  context.instruments = around_.master.get();
  context.environment = around_.defaults.environment;
  context.now = now;
  auto files = has_folder ? read_job_folder(around_.folder, around_.defaults, context) : result<std::vector<job_file>>(std::vector<job_file>{});
  if (!files) return tell("job_error", "", to_string(files.error()), now);
  std::map<std::string, std::shared_ptr<const strategy::job_plan>> next;
  findings_.clear();
  profile_accounts_.clear();
  for (auto& file : *files) {
    take_version(file.path, file.checked, next, now);
    if (file.checked.spec) context.taken_ids.insert(file.checked.spec->strategy_id);
  }
  read_stored(stored, std::move(context), next);
  by_path_ = std::move(next);
  std::vector<std::shared_ptr<const strategy::job_plan>> plans;
  for (const auto& [path, plan] : by_path_) plans.push_back(plan);
  scheduler_.set_jobs(plans, now);
  spdlog::info("jobs: {} of {} files and registered sources are scheduled", plans.size(), findings_.size());
}

void job_service::take_version(const std::string& path, const strategy::checked_job& checked, std::map<std::string, std::shared_ptr<const strategy::job_plan>>& next, utc_time now) {
  findings_[path] = checked.findings;
  if (checked.spec && !checked.spec->limit_profile.empty()) profile_accounts_.insert(checked.spec->account);
  if (checked.plan) {
    next[path] = checked.plan;
    return;
  }
  std::string why;
  for (const auto& f : checked.findings)
    if (f.level == strategy::severity::error && why.empty()) why = to_string(f);
  const auto old = by_path_.find(path);
  tell("job_error", checked.spec ? checked.spec->strategy_id : "", why + (old != by_path_.end() ? "; the version before goes on" : ""), now);
  if (old != by_path_.end()) next[path] = old->second;
}

void job_service::read_stored(const std::vector<stored_job>& list, strategy::check_context context, std::map<std::string, std::shared_ptr<const strategy::job_plan>>& next) {
  const auto now = context.now;
  for (const auto& one : list) {
    const auto path = std::string(stored_path) + one.strategy_id;
    const auto source = around_.stored.source(one.strategy_id);
    if (!source) {
      tell("job_error", one.strategy_id, to_string(source.error()), now);
      continue;
    }
    auto checked = strategy::check_job(*source, path, around_.defaults, context);
    if (checked.spec) context.taken_ids.insert(checked.spec->strategy_id);
    take_version(path, checked, next, now);
    const auto found = next.find(path);
    if (found == next.end()) continue;
    auto own = std::make_shared<strategy::job_plan>(*found->second); // switch and account are the registry's
    own->spec.state = one.state;
    if (!one.account.empty()) own->spec.account = one.account;
    found->second = std::move(own);
  }
}

bool job_service::is_stored(const std::string& strategy_id) const { return by_path_.contains(std::string(stored_path) + strategy_id); }

void job_service::ask_profiles() {
  if (!around_.world.profiles) return;
  for (const auto& account : profile_accounts_)
    around_.world.profiles(account_id{account}, [board = profiles_, account](result<strategy::account_profiles> got) {
      if (!got) return; // it starts, or is gone: asked again at the next look
      std::lock_guard lock{board->mutex};
      const auto known = board->told.find(account);
      if (known != board->told.end() && known->second == *got) return;
      board->told[account] = std::move(*got);
      ++board->version;
    });
}

result<bool> job_service::claim(const strategy::job_plan& plan, utc_time slot, utc_time now) {
  strategy::run_record r;
  r.run_id = strategy::run_id_of(plan.spec.strategy_id, slot);
  r.strategy_id = plan.spec.strategy_id, r.content_hash = plan.spec.content_hash;
  r.slot = slot, r.started = now;
  return log_->claim(r);
}

void job_service::start_due(utc_time now) {
  for (const auto& due : scheduler_.due(now)) {
    if (due.skip) {
      spdlog::info("jobs: {} skips its slot {}: {}", due.strategy_id, to_iso8601(due.slot), strategy::to_string(*due.skip));
      continue;
    }
    if (busy_.contains(due.strategy_id)) { // a run that somebody asked for is under way
      spdlog::info("jobs: {} skips its slot {}: {}", due.strategy_id, to_iso8601(due.slot), strategy::to_string(strategy::skip_reason::overlap));
      (void)scheduler_.finished(due.strategy_id, due.slot, strategy::run_result::done, now);
      continue;
    }
    auto plan = scheduler_.plan_of(due.strategy_id);
    if (due.attempt == 0) {
      const auto mine = claim(*plan, due.slot, now);
      if (!mine) {
        tell("job_error", due.strategy_id, to_string(mine.error()), now);
        // a slot that is not claimed must not run, and a retry would not claim it
        (void)scheduler_.finished(due.strategy_id, due.slot, strategy::run_result::done, now);
        continue;
      }
      if (!*mine) { // somebody else ran it
        (void)scheduler_.finished(due.strategy_id, due.slot, strategy::run_result::done, now);
        continue;
      }
    }
    begin(std::move(plan), due.slot, {});
  }
}

void job_service::begin(std::shared_ptr<const strategy::job_plan> plan, utc_time slot, gateway::reply<std::string> done) {
  job_run_order order{plan, slot, {}, job_run_order::sending::send};
  if (auto memory = log_->memory(plan->spec.strategy_id)) order.memory = std::move(*memory);
  auto& off = off_[plan->spec.strategy_id];
  if (!off) off = std::make_shared<std::atomic<bool>>(false);
  order.switched_off = off;
  busy_.insert(plan->spec.strategy_id);
  const auto number = next_worker_++;
  workers_[number] = std::thread([this, number, order = std::move(order), done = std::move(done)]() mutable {
    const auto begun = std::chrono::steady_clock::now();
    ended_run end;
    end.strategy_id = order.plan->spec.strategy_id, end.slot = order.slot, end.plan = order.plan, end.done = std::move(done);
    end.run_id = strategy::run_id_of(end.strategy_id, end.slot);
    end.report = run_job(around_.world, order);
    end.took = std::chrono::steady_clock::now() - begun;
    std::lock_guard lock{mutex_};
    ended_.push_back(std::move(end));
    workers_done_.push_back(number);
    wake_.notify_all();
  });
}

void job_service::take_ended(utc_time now) {
  for (const auto number : std::exchange(workers_done_, {}))
    if (auto worker = workers_.extract(number)) worker.mapped().join(); // it has ended or is about to
  while (!ended_.empty()) {
    auto run = std::move(ended_.front());
    ended_.pop_front();
    busy_.erase(run.strategy_id);
    const auto state = state_of(run.report.outcome);
    if (auto kept = log_->finish(run.run_id, state, now, run.report.json); !kept) tell("job_error", run.strategy_id, to_string(kept.error()), now);
    if (state == job_run_state::done)
      if (auto kept = log_->keep_memory(run.strategy_id, run.report.memory); !kept) tell("job_error", run.strategy_id, to_string(kept.error()), now);
    const bool failed = state == job_run_state::failed || state == job_run_state::timed_out;
    if (failed) tell("job_error", run.strategy_id, run.report.error_message, now);
    for (const auto& text : run.report.notices) tell("job_notice", run.strategy_id, text, now);
    if (run.took > limits::slow_run && run.plan->spec.type == strategy::job_type::strategy)
      tell("job_slow", run.strategy_id, "a run took longer than " + std::to_string(limits::slow_run.count()) + " s", now);
    auto& last = outcomes_[run.strategy_id];
    last.push_back(failed);
    if (last.size() > limits::error_rate_runs) last.pop_front();
    if (last.size() == limits::error_rate_runs && static_cast<std::size_t>(std::count(last.begin(), last.end(), true)) * 10 > last.size())
      tell("job_error_rate", run.strategy_id, "more than 10 % of the last runs failed", now);
    if (scheduler_.finished(run.strategy_id, run.slot, result_of(state), now)) {
      tell("job_disabled", run.strategy_id, "disabled after failed runs; it goes on when it is switched on", now);
      if (const auto row = scheduler_.switch_of(run.strategy_id)) {
        if (auto kept = keep_switch(*row); !kept) tell("job_error", run.strategy_id, to_string(kept.error()), now);
        raise_disabled(*run.plan, *row);
      }
    }
    send_webhooks(run);
    if (run.done) run.done(std::move(run.report.json));
  }
}

void job_service::raise(const strategy::job_plan& plan, const std::vector<std::string>& events, const strategy::event_values& values) {
  if (plan.spec.webhooks.empty()) return;
  std::vector<std::string> problems;
  send(plan.spec.strategy_id, strategy::notices_for(plan, events, values, around_.defaults.environment, nullptr, &problems));
  for (const auto& one : problems) spdlog::error("jobs: {}: {}", plan.spec.strategy_id, one);
}

void job_service::send_webhooks(ended_run& run) {
  send(run.strategy_id, std::move(run.report.webhooks));
  auto values = strategy::values_of(*run.plan, run.slot, run.run_id);
  if (!run.report.error_message.empty()) {
    values["error_message"] = values["reason"] = strategy::value::of(run.report.error_message);
    values["event"] = strategy::value::of("error");
    raise(*run.plan, {"error"}, values);
  }
  values["event"] = strategy::value::of("run");
  values["reason"] = strategy::value::of(std::string(to_string(run.report.outcome)));
  raise(*run.plan, {"run"}, values);
}

void job_service::raise_disabled(const strategy::job_plan& plan, const strategy::job_switch_row& why) {
  auto values = strategy::values_of(plan, why.at, "");
  values["event"] = strategy::value::of("disabled"), values["reason"] = strategy::value::of(why.reason.empty() ? "switched off by " + why.author : why.reason);
  raise(plan, {"disabled"}, values);
}

void job_service::send(const std::string& strategy_id, std::vector<notice> all) {
  if (all.empty()) return;
  if (!around_.sender) return spdlog::warn("jobs: {} has {} notices, and this node sends none", strategy_id, all.size());
  for (auto& n : all)
    around_.sender->send(std::move(n), [id = strategy_id](const result<notice_receipt>& done) {
      if (!done) spdlog::warn("jobs: a notice of {} did not arrive: {}", id, done.error().message); // never the address: it may hold a secret
    });
}

void job_service::tell(const std::string& type, const std::string& strategy, const std::string& message, utc_time now) {
  spdlog::warn("jobs: {} {}: {}", type, strategy, message);
  if (!around_.board) return;
  while (!told_.empty() && now - told_.front() > std::chrono::hours{1}) told_.pop_front();
  std::erase_if(told_texts_, [&](const auto& t) { return now - t.second > std::chrono::hours{1}; });
  if (told_.size() >= limits::notices_per_hour || !told_texts_.emplace(type + strategy + message, now).second) return;
  told_.push_back(now);
  board_notice n;
  n.type = type, n.strategy = strategy, n.message = message.empty() ? type : message, n.at = now;
  around_.board->post(std::move(n));
}

// ---------------------------------------------------------------- gateway::job_files_port

std::vector<gateway::job_file_view> job_service::jobs() {
  std::lock_guard lock{mutex_};
  std::map<std::string, strategy::job_status> states;
  for (auto& s : scheduler_.jobs()) states.emplace(s.strategy_id, std::move(s));
  std::vector<gateway::job_file_view> out;
  for (const auto& [path, findings] : findings_) {
    gateway::job_file_view v;
    if (path.starts_with(stored_path)) v.origin = gateway::job_file_view::home::registry, v.strategy_id = path.substr(stored_path.size());
    else v.file = fs::path(path).filename().string();
    for (const auto& f : findings) v.findings.push_back(strategy::to_string(f));
    const auto plan = by_path_.find(path);
    if (plan == by_path_.end()) {
      v.state = "invalid";
    } else {
      const auto& spec = plan->second->spec;
      v.strategy_id = spec.strategy_id, v.name = spec.name, v.account = spec.account;
      v.type = spec.type == strategy::job_type::strategy ? "strategy" : "portfolio_management";
      v.symbols = spec.symbols();
      const auto& s = states[spec.strategy_id];
      v.state = s.state == strategy::job_state::enabled ? "enabled" : "disabled";
      if (s.switched) v.switched = gateway::job_switch_view{s.switched->reason, s.switched->author, s.switched->at};
      v.next = s.next, v.running = s.running, v.runs = s.runs, v.failed = s.failed, v.skipped = s.skipped_overlap + s.skipped_busy + s.skipped_missed;
    }
    out.push_back(std::move(v));
  }
  return out;
}

void job_service::run(gateway::job_run_call call, gateway::reply<std::string> done) {
  std::unique_lock lock{mutex_};
  const auto refuse = [&](error e) {
    lock.unlock();
    done(std::move(e));
  };
  if (stopping_->load()) return refuse({errc::not_available, "the node stops"});
  auto plan = scheduler_.plan_of(call.strategy_id);
  if (!plan) { // perhaps it has come a moment ago
    look_at_folder(around_.world.clock());
    plan = scheduler_.plan_of(call.strategy_id);
  }
  if (!plan) return refuse({errc::not_found, "there is no job " + tt::in_quotes(call.strategy_id), "strategy_id"});
  if (!call.content_hash.empty() && call.content_hash != plan->spec.content_hash)
    return refuse({errc::not_found, "this node has another version of the job " + tt::in_quotes(call.strategy_id), "content_hash"});
  if (workers_.size() - previews_ >= strategy::limits::running_jobs) return refuse({errc::limit_exceeded, "too many jobs run; try again"});
  if (busy_.contains(call.strategy_id)) return refuse({errc::conflict, "the job is running", "strategy_id"});
  const auto now = around_.world.clock();
  const auto slot = strategy::slot_containing(*plan, call.slot.value_or(now),
                                              call.hours == gateway::job_run_call::session::ignore ? strategy::slot_session::ignore : strategy::slot_session::respect);
  if (!slot) return refuse({errc::conflict, "no slot contains that time: " + strategy::session_note(plan->when->calendar(), call.slot.value_or(now)), "slot"});
  if (*slot > now) return refuse({errc::conflict, "that slot lies in the future", "slot"});
  const auto mine = claim(*plan, *slot, now);
  if (!mine) return refuse(mine.error());
  if (!*mine) return refuse({errc::conflict, "that slot has been run", "slot"});
  if (!call.account_id.empty()) {
    auto other = std::make_shared<strategy::job_plan>(*plan);
    other->spec.account = call.account_id;
    plan = std::move(other);
  }
  begin(std::move(plan), *slot, std::move(done));
}

void job_service::preview(gateway::job_preview_call call, gateway::reply<gateway::job_preview_view> done) {
  std::unique_lock lock{mutex_};
  const auto refuse = [&](error e) {
    lock.unlock();
    done(std::move(e));
  };
  if (stopping_->load()) return refuse({errc::not_available, "the node stops"});
  if (previews_ >= limits::job_previews) return refuse({errc::limit_exceeded, "too many previews run; try again"});
  auto context = around_.checks;
  context.instruments = around_.master.get();
  auto defaults = around_.defaults;
  // a preview sends no notices, and an editor does not learn which variables are set
  context.environment = defaults.environment = [](std::string_view) { return std::optional<std::string>(""); };
  context.now = around_.world.clock();
  ++previews_;
  const auto number = next_worker_++;
  workers_[number] = std::thread([this, number, call = std::move(call), context = std::move(context), defaults = std::move(defaults), done = std::move(done)] {
    auto out = preview_job(around_.world, call, defaults, context);
    {
      const std::lock_guard ending{mutex_};
      --previews_;
      workers_done_.push_back(number);
    }
    done(std::move(out));
  });
}

void job_service::runs(std::string strategy_id, std::size_t limit, gateway::reply<std::vector<gateway::job_run_view>> done) {
  result<std::vector<strategy::run_record>> found = error{};
  {
    std::lock_guard lock{mutex_};
    found = log_->runs(strategy_id, std::min<std::size_t>(limit, 1'000));
  }
  if (!found) return done(found.error());
  std::vector<gateway::job_run_view> out;
  for (auto& r : *found) out.push_back({r.run_id, std::string(strategy::to_string(r.state)), r.content_hash, r.slot, r.started, r.finished, std::move(r.report)});
  done(std::move(out));
}

/// That of a registered strategy is the registry's.
result<void> job_service::keep_switch(const strategy::job_switch_row& row) {
  if (!is_stored(row.strategy_id)) return log_->keep_switch(row);
  scheduler_.forget_switch(row.strategy_id);
  return around_.stored.switch_to(row.strategy_id, row.state, row.reason, row.author);
}

result<void> job_service::switch_job(gateway::job_switch_call call) {
  std::lock_guard lock{mutex_};
  const auto plan = scheduler_.plan_of(call.strategy_id);
  if (!plan) return error{errc::not_found, "there is no job " + tt::in_quotes(call.strategy_id), "strategy_id"};
  const auto to = call.to == gateway::job_switch::enable ? strategy::job_state::enabled : strategy::job_state::disabled;
  auto& off = off_[call.strategy_id];
  if (!off) off = std::make_shared<std::atomic<bool>>(false);
  if (to == strategy::job_state::disabled) off->store(true); // a run under way sends nothing more, whatever the disk says
  const auto row = scheduler_.set_state(call.strategy_id, to, around_.world.clock(), call.reason, call.author);
  if (!row) return row.error();
  if (auto kept = keep_switch(*row); !kept) return kept;
  if (to == strategy::job_state::enabled) off->store(false);
  else raise_disabled(*plan, *row);
  return {};
}

} // namespace tt::cluster
