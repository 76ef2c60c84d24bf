#include "actors/backtest/coordinator_core.hpp"

#include "actors/backtest/request_bars.hpp"

#include <algorithm>
#include <utility>

namespace tt::backtest {

namespace {

constexpr std::chrono::seconds speed_window{10};

std::string joined(const error& e) { return to_string(e); }

} // namespace

coordinator_core::coordinator_core(job_store& store, coordinator_effects& effects, plan_maker make_plan,
                                   std::function<std::string(job_kind)> make_id, coordinator_limits limits)
    : store_(store), effects_(effects), make_plan_(std::move(make_plan)), make_id_(std::move(make_id)), limits_(limits) {}

job_status coordinator_core::status_of(const stored_job& job) {
  job_status out;
  out.id = job.id;
  out.kind = job.kind;
  out.state = job.state;
  out.progress = job.state == job_state::completed ? 100 : job.progress;
  out.stage = std::string(to_string(job.state));
  out.symbols = job.symbols;
  out.symbols_total = job.symbols_total;
  out.symbols_done = job.state == job_state::completed ? job.symbols_total : 0;
  out.owner = job.owner;
  out.created = job.created;
  out.started = job.started;
  out.finished = job.finished;
  out.error_message = job.error_message;
  out.trials_done = job.trials_done;
  out.trials_total = job.trials_total;
  out.best = job.best;
  out.number = job.number;
  return out;
}

result<void> coordinator_core::recover(moment now) {
  auto left = store_.unfinished();
  if (!left) return left.error();
  for (auto& job : *left) {
    const auto number = job.number;
    entry e;
    e.shown = status_of(job);
    e.kept_progress = job.progress;
    e.job = std::move(job);
    // what ran goes on first: it was submitted first, too
    if (e.job.state == job_state::running) e.job.state = e.shown.state = job_state::queued;
    if (e.job.state == job_state::queued) queue_.push_back(number);
    jobs_.emplace(number, std::move(e));
  }
  start_next(now);
  return {};
}

// -- finding ------------------------------------------------------------------------

coordinator_core::entry* coordinator_core::find(job_kind kind, std::string_view id) {
  const auto at = std::ranges::find_if(jobs_, [&](const auto& one) { return one.second.job.kind == kind && one.second.job.id == id; });
  return at == jobs_.end() ? nullptr : &at->second;
}

coordinator_core::entry* coordinator_core::find(std::uint64_t number) {
  const auto at = jobs_.find(number);
  return at == jobs_.end() ? nullptr : &at->second;
}

result<coordinator_core::entry*> coordinator_core::open_entry(job_kind kind, std::string_view id, std::string_view doing) {
  if (auto* e = find(kind, id)) return e;
  auto stored = store_.load(kind, id);
  if (!stored) return stored.error();
  return error{errc::conflict, std::string(to_string(kind)) + " " + stored->id + " can't be " + std::string(doing) + ": it is " +
                                 std::string(to_string(stored->state)) + " already", "id"};
}

result<job_status> coordinator_core::status(job_kind kind, std::string_view id) {
  if (const auto* e = find(kind, id)) return e->shown;
  auto stored = store_.load(kind, id);
  if (!stored) return stored.error();
  return status_of(*stored);
}

result<std::vector<job_status>> coordinator_core::list(job_kind kind, std::optional<job_state> state, std::uint64_t before,
                                                       std::size_t limit) {
  auto stored = store_.list(kind, state, before, std::min(limit, limits::listed_jobs));
  if (!stored) return stored.error();
  std::vector<job_status> out;
  for (const auto& job : *stored) {
    const auto* e = find(job.number);
    out.push_back(e ? e->shown : status_of(job));
  }
  return out;
}

std::vector<job_status> coordinator_core::open_jobs() const {
  std::vector<job_status> out;
  for (const auto& [number, e] : jobs_) out.push_back(e.shown);
  return out;
}

// -- submission and commands ----------------------------------------------------------

result<job_status> coordinator_core::submit(job_kind kind, const std::string& owner, const std::string& request,
                                            const std::vector<std::string>& symbols, moment now) {
  if (request.size() > limits::request_bytes)
    return error{errc::invalid_argument, "the request may have at most " + std::to_string(limits::request_bytes) + " bytes", "body"};
  if (queue_.size() >= limits_.queued)
    return error{errc::limit_exceeded, std::to_string(queue_.size()) + " jobs wait already; try again when some have run", "queue"};
  entry e;
  auto& job = e.job;
  job.id = make_id_(kind);
  job.kind = kind;
  job.owner = owner;
  job.request = request;
  job.symbols = symbols;
  job.symbols_total = static_cast<std::uint32_t>(symbols.size());
  job.created = from_unix_ms(unix_ms(now.wall)); // as it is stored
  auto number = store_.add(job);
  if (!number) return number.error();
  job.number = *number;
  e.shown = status_of(job);
  const auto answer = e.shown; // "queued", whatever happens next
  const auto at = jobs_.emplace(job.number, std::move(e)).first;
  queue_.push_back(at->first);
  changed(at->second, now);
  start_next(now);
  return answer;
}

result<job_status> coordinator_core::cancel(job_kind kind, std::string_view id, moment now) {
  auto e = open_entry(kind, id, "cancelled");
  if (!e) return e.error();
  const auto number = (*e)->job.number;
  auto before = (*e)->job;
  before.state = job_state::cancelled;
  before.finished = now.wall;
  // written down before anybody is told; a cancelled job must not come back after a power cut
  if (auto kept = store_.update(before); !kept) return kept.error();
  finish(number, job_state::cancelled, "", now);
  auto stored = store_.load(kind, id);
  if (!stored) return stored.error();
  return status_of(*stored);
}

result<job_status> coordinator_core::pause(job_kind kind, std::string_view id, moment now) {
  auto found = open_entry(kind, id, "paused");
  if (!found) return found.error();
  auto& e = **found;
  if (kind != job_kind::study) return error{errc::conflict, "only studies can be paused", "id"};
  if (e.job.state == job_state::paused) return error{errc::conflict, "study " + e.job.id + " is paused already", "id"};
  auto changed_job = e.job;
  changed_job.state = job_state::paused;
  changed_job.progress = e.shown.progress;
  if (auto kept = store_.update(changed_job); !kept) return kept.error();
  e.job = changed_job;
  e.shown.state = job_state::paused;
  e.shown.stage = "paused";
  std::erase(queue_, e.job.number);
  std::erase(running_, e.job.number);
  changed(e, now);
  const auto answer = e.shown;
  start_next(now);
  return answer;
}

result<job_status> coordinator_core::resume(job_kind kind, std::string_view id, moment now) {
  auto found = open_entry(kind, id, "resumed");
  if (!found) return found.error();
  auto& e = **found;
  if (e.job.state != job_state::paused)
    return error{errc::conflict, std::string(to_string(kind)) + " " + e.job.id + " is " + std::string(to_string(e.job.state)) + ", not paused", "id"};
  auto changed_job = e.job;
  changed_job.state = job_state::queued;
  if (auto kept = store_.update(changed_job); !kept) return kept.error();
  e.job = changed_job;
  e.shown.state = job_state::queued;
  e.shown.stage = "queued";
  queue_.push_front(e.job.number);
  changed(e, now);
  const auto number = e.job.number;
  start_next(now);
  if (auto* still = find(number)) return still->shown;
  return status(kind, id);
}

// -- the life of a job -----------------------------------------------------------------

std::size_t coordinator_core::running_of(const std::string& owner) const {
  return static_cast<std::size_t>(std::ranges::count_if(running_, [&](std::uint64_t n) { return jobs_.at(n).job.owner == owner; }));
}

void coordinator_core::start_next(moment now) {
  if (starting_ == starter::busy) return; // a job that fails at its start: the loop below goes on
  starting_ = starter::busy;
  while (running_.size() < limits_.max_running) {
    const auto next = std::ranges::find_if(
      queue_, [&](std::uint64_t n) { return running_of(jobs_.at(n).job.owner) < limits_.running_per_principal; });
    if (next == queue_.end()) break;
    const auto number = *next;
    queue_.erase(next);
    running_.push_back(number);
    start(jobs_.at(number), now);
  }
  starting_ = starter::idle;
  hand_out(now);
}

void coordinator_core::start(entry& e, moment now) {
  e.job.state = e.shown.state = job_state::running;
  if (!e.job.started) e.job.started = e.shown.started = from_unix_ms(unix_ms(now.wall));
  e.last_progress = now.steady;
  e.shown.stage = "compiling";
  const auto number = e.job.number;
  if (auto kept = store_.update(e.job); !kept) return finish(number, job_state::failed, joined(kept.error()), now);
  changed(e, now);
  if (e.begun) { // it was paused
    e.shown.stage = "running";
    if (e.plan->finished()) complete(e, now);
    return;
  }
  if (e.waiting_series > 0) return; // paused while its bars were loaded, which goes on
  auto made = make_plan_(e.job.kind, e.job.request, [this](const series_ref& what) { return effects_.open(what); });
  if (auto* failed = std::get_if<plan_failure>(&made)) return finish(number, job_state::failed, joined(failed->reason), now, failed->diagnostics);
  e.plan = std::move(std::get<std::unique_ptr<job_plan>>(made));
  e.shown.stage = "loading bars";
  load_series(e, now);
}

void coordinator_core::load_series(entry& e, moment now) {
  const auto& needs = e.plan->series();
  const auto number = e.job.number;
  auto known = store_.series(number);
  if (!known) return finish(number, job_state::failed, joined(known.error()), now);
  // the bars of an earlier run, so that all parts of one job are computed from the same ones
  const auto is_there = [&](const series_ref& r) { return r.hash.empty() || effects_.open(r).has_value(); };
  if (known->size() == needs.size() && std::ranges::all_of(*known, is_there)) {
    std::vector<result<series_ref>> bars;
    for (auto& ref : *known) {
      if (ref.hash.empty()) bars.emplace_back(error{errc::not_found, "there were no bars when the job began", "symbols"});
      else bars.emplace_back(std::move(ref));
    }
    return begin(e, bars, now);
  }
  e.loading.assign(needs.size(), error{errc::internal, "not loaded"});
  e.waiting_series = needs.size();
  if (needs.empty()) return begin(e, {}, now);
  for (std::size_t i = 0; i < needs.size(); ++i) {
    effects_.load(number, i, needs[i]);
    if (find(number) == nullptr) return; // the answer came at once, and was an error
  }
}

void coordinator_core::loaded(std::uint64_t job, std::size_t place, const result<series_ref>& bars, moment now) {
  auto* e = find(job);
  if (e == nullptr || e->begun || place >= e->loading.size() || e->waiting_series == 0) return;
  e->loading[place] = bars;
  e->last_progress = now.steady;
  if (--e->waiting_series > 0) return;
  std::vector<series_ref> refs;
  for (const auto& one : e->loading) refs.push_back(one ? *one : series_ref{});
  if (auto kept = store_.keep_series(job, refs); !kept) return finish(job, job_state::failed, joined(kept.error()), now);
  begin(*e, std::exchange(e->loading, {}), now);
  hand_out(now);
}

void coordinator_core::extra(std::uint64_t job, extra_wait what, moment now) {
  auto* e = find(job);
  if (e == nullptr) return;
  e->last_progress = now.steady;
  if (what == extra_wait::begins) ++e->waiting_extras;
  else if (e->waiting_extras > 0) --e->waiting_extras;
}

std::shared_ptr<const backtest_request> coordinator_core::request_of(std::uint64_t job) {
  auto* e = find(job);
  if (e == nullptr || !e->plan || e->plan->series().empty()) return nullptr;
  if (e->asks_by == nullptr) e->asks_by = std::make_shared<const backtest_request>(with_past(*e->plan->series().front().request));
  return e->asks_by;
}

result<void> coordinator_core::restore(entry& e) {
  auto parts = store_.parts(e.job.number);
  if (!parts) return parts.error();
  for (const auto& part : *parts) e.kept_bytes += part.bytes.size();
  return e.plan->restore(std::move(*parts));
}

void coordinator_core::begin(entry& e, const std::vector<result<series_ref>>& bars, moment now) {
  const auto number = e.job.number;
  e.refs.clear();
  for (const auto& one : bars) e.refs.push_back(one ? *one : series_ref{});
  auto begun = e.plan->begin(bars);
  if (!begun) return finish(number, job_state::failed, begun.error().message, now);
  if (auto kept = store_.keep_parts(number, *begun); !kept) return finish(number, job_state::failed, joined(kept.error()), now);
  if (auto restored = restore(e); !restored) return finish(number, job_state::failed, joined(restored.error()), now);
  e.begun = true;
  if (e.shown.state == job_state::running) e.shown.stage = "running";
  note_progress(e, now);
  if (e.plan->finished()) complete(e, now);
}

void coordinator_core::complete(entry& e, moment now) {
  const auto why = e.plan->failure();
  finish(e.job.number, why ? job_state::failed : job_state::completed, why ? why->message : "", now);
}

void coordinator_core::finish(std::uint64_t number, job_state state, std::string message, moment now, std::string diagnostics) {
  auto* e = find(number);
  if (e == nullptr) return;
  for (const auto& [piece, handed] : e->handed)
    if (const auto at = crews_.find(handed.to); at != crews_.end()) --at->second.with_it;
  for (const auto who : e->knows)
    if (crews_.contains(who)) effects_.over(who, number);
  effects_.unload(number);
  auto& job = e->job;
  if (e->plan && e->begun) e->plan->describe(e->shown);
  job.state = e->shown.state = state;
  job.finished = e->shown.finished = from_unix_ms(unix_ms(now.wall));
  job.error_message = e->shown.error_message = std::move(message);
  job.diagnostics = std::move(diagnostics);
  job.trials_done = e->shown.trials_done;
  job.trials_total = e->shown.trials_total;
  job.best = e->shown.best;
  if (state == job_state::completed) e->shown.progress = 100;
  job.progress = e->shown.progress;
  e->shown.stage = std::string(to_string(state));
  if (auto kept = store_.update(job); !kept) effects_.warn("the end of job " + job.id + " could not be written: " + kept.error().message);
  effects_.show(e->shown);
  std::erase(queue_, number);
  std::erase(running_, number);
  dirty_.erase(number);
  jobs_.erase(number);
  if (auto pruned = store_.prune(limits_.kept_jobs); !pruned) effects_.warn(pruned.error().message);
  start_next(now);
}

// -- pieces -----------------------------------------------------------------------------

void coordinator_core::hand_out(moment now) {
  // one piece of each running job in turn, so that a long study does not starve a short backtest
  std::size_t without = 0;
  while (without < running_.size()) {
    const auto number = running_.front();
    std::rotate(running_.begin(), running_.begin() + 1, running_.end());
    auto* e = find(number);
    without = e != nullptr && e->begun && hand_one(*e, now) ? 0 : without + 1;
  }
}

bool coordinator_core::hand_one(entry& e, moment) {
  // the crew with the most room, counted in parts of its capacity
  crew_id to = 0;
  double most = 0;
  for (const auto& [id, one] : crews_) {
    if (one.with_it >= one.capacity) continue;
    const double room = static_cast<double>(one.capacity - one.with_it) / one.capacity;
    if (room > most) most = room, to = id;
  }
  if (to == 0) return false;
  e.plan->staffed(workers());
  auto piece = e.plan->next();
  if (!piece) return false;
  const auto attempt = ++last_attempt_;
  if (e.knows.insert(to).second) effects_.introduce(to, e.job.number, e.job.kind, e.job.request);
  std::vector<series_ref> series;
  for (const auto place : piece->series) series.push_back(e.refs.at(place));
  effects_.order(to, e.job.number, attempt, *piece, series);
  ++crews_.at(to).with_it;
  const auto number = piece->number;
  e.handed.insert_or_assign(number, handed_piece{std::move(*piece), to, attempt, 0});
  return true;
}

void coordinator_core::take_back(entry& e, std::uint64_t piece) {
  const auto at = e.handed.find(piece);
  if (at == e.handed.end()) return;
  if (const auto who = crews_.find(at->second.to); who != crews_.end()) --who->second.with_it;
  e.handed.erase(at);
}

void coordinator_core::crew_joined(crew_id who, std::uint32_t workers, std::uint32_t capacity, moment now) {
  crews_[who] = {workers, std::max<std::uint32_t>(1, capacity), 0};
  // a job that found nobody begins to wait now
  for (const auto number : running_) jobs_.at(number).last_progress = now.steady;
  hand_out(now);
}

void coordinator_core::crew_left(crew_id who, moment now) {
  if (crews_.erase(who) == 0) return;
  std::vector<std::pair<std::uint64_t, std::string>> hopeless;
  for (auto& [number, e] : jobs_) {
    e.knows.erase(who);
    std::vector<std::uint64_t> lost;
    for (const auto& [piece, handed] : e.handed)
      if (handed.to == who) lost.push_back(piece);
    for (const auto piece : lost) {
      e.handed.erase(piece);
      e.plan->give_back(piece);
      if (++e.trouble[piece].lost >= limits::lost_shards) {
        hopeless.emplace_back(number, "a part of it was lost with its worker " + std::to_string(limits::lost_shards) + " times");
        break;
      }
    }
  }
  for (auto& [number, why] : hopeless) finish(number, job_state::failed, why, now);
  hand_out(now);
}

void coordinator_core::progressed(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t bars_done, moment now) {
  auto* e = find(job);
  if (e == nullptr) return;
  const auto at = e->handed.find(piece);
  if (at == e->handed.end() || at->second.to != who || bars_done <= at->second.bars_done) return;
  bars_done = std::min(bars_done, at->second.piece.bars);
  if (bars_done > at->second.bars_done) count_bars(bars_done - at->second.bars_done, now);
  at->second.bars_done = bars_done;
  e->last_progress = now.steady; // a piece that was lost and is gone over again moves as well
  note_progress(*e, now);
}

void coordinator_core::refused(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t attempt, const error& why, moment now) {
  auto* e = find(job);
  if (e == nullptr) return;
  e->knows.erase(who);
  reported(who, job, piece, attempt, piece_end::returned, why, now);
}

void coordinator_core::reported(crew_id who, std::uint64_t job, std::uint64_t piece, std::uint64_t attempt, piece_end end,
                                const result<std::string>& outcome, moment now) {
  auto* e = find(job);
  if (e == nullptr || !e->begun) return; // finished or cancelled meanwhile
  const auto at = e->handed.find(piece);
  const bool current = at != e->handed.end() && at->second.to == who && at->second.attempt == attempt;
  if (end == piece_end::returned) {
    if (!current) return;
    take_back(*e, piece);
    e->plan->give_back(piece);
    const std::string why = outcome ? "" : to_string(outcome.error());
    if (++e->trouble[piece].returned >= limits::returned_shards)
      return finish(job, job_state::failed, "a part of it could not be computed: " + why, now);
    effects_.warn("a part of job " + e->job.id + " is handed out again: " + why);
    return hand_out(now);
  }
  if (at != e->handed.end()) {
    if (at->second.piece.bars > at->second.bars_done) count_bars(at->second.piece.bars - at->second.bars_done, now);
    take_back(*e, piece); // whoever else has it: its result will be a second one
  }
  if (outcome && outcome->size() > limits::outcome_bytes)
    return finish(job, job_state::failed, "a result has more than " + std::to_string(limits::outcome_bytes) + " bytes: ask for a shorter range", now);
  auto parts = e->plan->put(piece, outcome);
  if (!parts) return finish(job, job_state::failed, parts.error().message, now);
  for (const auto& part : *parts) e->kept_bytes += part.bytes.size();
  if (e->kept_bytes > limits::job_bytes)
    return finish(job, job_state::failed, "its results have more than " + std::to_string(limits::job_bytes) + " bytes: ask for less", now);
  count_progress(*e, now);
  if (auto kept = store_.keep_parts(job, *parts, e->shown.progress); !kept) return finish(job, job_state::failed, joined(kept.error()), now);
  changed(*e, now);
  e->last_progress = now.steady;
  if (e->plan->finished()) return complete(*e, now);
  hand_out(now);
}

// -- progress and time ------------------------------------------------------------------

void coordinator_core::count_progress(entry& e, moment now) {
  auto bars = e.plan->bars_done();
  for (const auto& [piece, handed] : e.handed) bars += handed.bars_done;
  const auto total = e.plan->bars_total();
  bars = std::min(bars, total);
  if (bars > e.best_bars) {
    e.best_bars = bars;
    e.last_progress = now.steady;
  }
  const double share = total == 0 ? 0 : 100.0 * static_cast<double>(e.best_bars) / static_cast<double>(total);
  e.job.progress = e.shown.progress = std::max(e.shown.progress, share);
  e.plan->describe(e.shown);
}

void coordinator_core::note_progress(entry& e, moment now) {
  count_progress(e, now);
  changed(e, now);
}

void coordinator_core::changed(entry& e, moment now) {
  if (now.steady - e.last_shown >= limits_.show_every) show(e, now);
  else dirty_.insert(e.job.number);
}

/// What clients have seen must not be taken back by a restart, though the work itself may have to be done again: written
/// down whenever it has risen enough.
void coordinator_core::keep_progress(entry& e) {
  if (!e.begun || e.shown.progress < e.kept_progress + limits_.kept_progress) return;
  e.kept_progress = e.shown.progress;
  if (auto kept = store_.keep_progress(e.job.number, e.shown.progress); !kept)
    effects_.warn("how far job " + e.job.id + " is could not be written: " + kept.error().message);
}

void coordinator_core::show(entry& e, moment now) {
  dirty_.erase(e.job.number);
  e.last_shown = now.steady;
  keep_progress(e);
  effects_.show(e.shown);
}

void coordinator_core::tick(moment now) {
  const auto waiting = dirty_;
  for (const auto number : waiting)
    if (auto* e = find(number); e != nullptr && now.steady - e->last_shown >= limits_.show_every) show(*e, now);
  std::vector<std::uint64_t> late;
  for (const auto number : running_) {
    const auto& e = jobs_.at(number);
    if (e.waiting_series > 0 || e.waiting_extras > 0) continue; // whoever gives the bars has deadlines of his own, and others ask him too
    if (now.steady - e.last_progress >= limits_.timeout) late.push_back(number);
  }
  for (const auto number : late) {
    const std::string why = "no progress for " + std::to_string(limits_.timeout.count()) + " s";
    finish(number, job_state::failed, crews_.empty() ? why + ": no node with workers (role backtest) is there" : why, now);
  }
}

void coordinator_core::count_bars(std::uint64_t bars, moment now) {
  speed_.push_back({now.steady, bars});
  while (speed_.front().at < now.steady - speed_window) speed_.pop_front();
}

double coordinator_core::bars_per_second(moment now) const {
  std::uint64_t sum = 0;
  for (const auto& one : speed_)
    if (one.at >= now.steady - speed_window) sum += one.bars;
  return static_cast<double>(sum) / static_cast<double>(speed_window.count());
}

std::uint64_t coordinator_core::workers() const {
  std::uint64_t out = 0;
  for (const auto& [id, one] : crews_) out += one.workers;
  return out;
}

} // namespace tt::backtest
