#include "actors/backtest/coordinator_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace tt::backtest {

namespace {

using coordinator_pointer = caf::stateful_actor<coordinator_state>*;

moment now_of(coordinator_pointer self) {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(self->clock().now().time_since_epoch()), self->state.options->clock()};
}

void arm(coordinator_pointer self) {
  auto& s = self->state;
  if (s.core && s.core->wants_ticks() && !std::exchange(s.ticking, true)) self->delayed_send(self, core_tick, tick_atom::value);
}

/// A set of bars as a file of this node.
result<series_ref> keep_bars(bar_folder& folder, const bar_set& bars) {
  const auto bytes = to_bytes(bars);
  auto hash = folder.store(bytes);
  if (!hash) return hash.error();
  return series_ref{std::move(*hash), bytes.size(), bars.bars().size() - bars.warmup()};
}

result<std::shared_ptr<const bar_set>> open_bars(const bar_folder& folder, const series_ref& what) {
  auto file = folder.open(what.hash);
  if (!file) return file.error();
  return bar_set_from_bytes((*file)->bytes());
}

/// Has bars of the supplier kept, then calls one of the two.
template <class Done, class Failed>
void supply(coordinator_pointer self, series_wanted what, Done done, Failed failed) {
  // the supplier always answers: a wait with an end would only ask twice for what is on its way
  self->request(self->state.options->supplier, caf::infinite, std::move(what))
    .then([self, done, failed](const series_loaded& loaded) {
            self->request(self->state.keeper, caf::infinite, loaded).then(done, failed);
          },
          failed);
}

/// Asks for bars; a symbol that can't be reached at the moment is no reason to fail a job.
void load_bars_of(coordinator_pointer self, const load_order& order) {
  const auto done = [self, order](const result<series_ref>& bars) {
    self->state.core->loaded(order.job, order.place, bars, now_of(self));
    arm(self);
  };
  if (!self->state.core->is_open(order.job)) return; // cancelled during the pause
  supply(self, series_wanted{order.what.request, order.what.key, order.what.inner, order.job}, [done](const series_ref& kept) { done(kept); },
         [self, done, order](const caf::error& e) {
           const auto why = from_caf_error(e);
           const bool passing = why.code == errc::not_available || why.code == errc::timed_out;
           if (!passing || order.tries == 0) return done(why);
           auto again = order;
           --again.tries;
           self->delayed_send(self, supply_pause, std::move(again));
         });
}

/// The core's hands.
class effects final : public coordinator_effects {
public:
  explicit effects(coordinator_pointer self) : self_(self) {}

  void introduce(crew_id to, std::uint64_t job, job_kind kind, const std::string& request) override {
    send(to, job_intro{job, kind, request});
  }
  void order(crew_id to, std::uint64_t job, std::uint64_t attempt, const shard& piece, const std::vector<series_ref>& series) override {
    const auto at = self_->state.crews.find(to);
    if (at == self_->state.crews.end()) return;
    self_->request(at->second, order_deadline, shard_order{job, piece.number, attempt, piece.text, series, self_->state.options->bars})
      .then([](bool) {},
            [self = self_, to, job, number = piece.number, attempt](const caf::error& e) {
              // later: if the crew is gone, its down message says so first
              self->delayed_send(self, refusal_pause, order_refused{to, job, number, attempt, from_caf_error(e)});
            });
  }
  void over(crew_id to, std::uint64_t job) override { send(to, job_over{job}); }

  void load(std::uint64_t job, std::size_t place, const series_need& what) override {
    load_bars_of(self_, load_order{job, place, what, supply_tries});
  }

  void unload(std::uint64_t job) override { self_->send(self_->state.options->supplier, series_unwanted{job}); }
  result<std::shared_ptr<const bar_set>> open(const series_ref& what) override {
    return open_bars(*self_->state.bars, what);
  }

  void show(const job_status& status) override {
    auto& s = self_->state;
    for (const auto& reader : s.readers) self_->send(reader, status);
    ++s.news;
    if (s.options->publish) s.options->publish(job_news{s.news, status});
  }
  void warn(const std::string& text) override {
    if (self_->state.options->warn) self_->state.options->warn(text);
  }

private:
  template <class Message>
  void send(crew_id to, Message&& what) {
    if (const auto at = self_->state.crews.find(to); at != self_->state.crews.end()) self_->send(at->second, std::forward<Message>(what));
  }
  coordinator_pointer self_;
};

crew_id crew_of(const coordinator_state& s, const caf::strong_actor_ptr& sender) {
  const auto at = std::ranges::find_if(s.crews, [&](const auto& one) { return caf::actor_cast<caf::strong_actor_ptr>(one.second) == sender; });
  return at == s.crews.end() ? 0 : at->first;
}

void on_hello(coordinator_pointer self, const crew_hello& hello) {
  auto& s = self->state;
  if (!hello.crew || std::ranges::any_of(s.crews, [&](const auto& one) { return one.second == hello.crew; })) return;
  self->monitor(hello.crew);
  const auto id = ++s.last_crew;
  s.crews.emplace(id, hello.crew);
  s.core->crew_joined(id, hello.workers, hello.capacity, now_of(self));
  arm(self);
}

void on_down(coordinator_pointer self, const caf::down_msg& down) {
  auto& s = self->state;
  std::erase_if(s.readers, [&](const caf::actor& one) { return one.address() == down.source; });
  const auto at = std::ranges::find_if(s.crews, [&](const auto& one) { return one.second.address() == down.source; });
  if (at == s.crews.end()) return;
  const auto id = at->first;
  s.crews.erase(at);
  s.core->crew_left(id, now_of(self));
  arm(self);
}

void on_report(coordinator_pointer self, shard_report& report) {
  auto& s = self->state;
  const auto who = crew_of(s, self->current_sender());
  const auto end = report.end == shard_end::computed ? piece_end::computed
                   : report.end == shard_end::failed ? piece_end::failed
                                                     : piece_end::returned;
  const auto outcome = end == piece_end::computed ? result<std::string>(std::move(report.bytes)) : result<std::string>(report.reason);
  s.core->reported(who, report.job, report.shard, report.attempt, end, outcome, now_of(self));
  arm(self);
}

void on_progress(coordinator_pointer self, const shard_progress& progress) {
  auto& s = self->state;
  const auto who = crew_of(s, self->current_sender());
  for (const auto& one : progress.running) s.core->progressed(who, one.job, one.shard, one.bars_done, now_of(self));
  arm(self);
}

extra_found no_extra(error why) { return {{}, std::move(why)}; }

/// Bars that a script asks for while it runs. What was found once stays so for the job, also after a restart.
caf::result<extra_found> on_extra(coordinator_pointer self, const extra_wanted& wanted) {
  auto& s = self->state;
  const auto request = s.core->request_of(wanted.job);
  if (!request) return no_extra({errc::conflict, "the job is over"});
  const auto frame = wanted.frame.to_string();
  if (auto known = s.store->extra(wanted.job, wanted.symbol, frame); known && *known) {
    if ((*known)->hash.empty()) return no_extra({errc::not_found, "there are no bars of " + printable(wanted.symbol)});
    if (s.bars->has((*known)->hash)) return extra_found{std::move(**known), {}};
  }
  auto promise = self->make_response_promise<extra_found>();
  s.core->extra(wanted.job, coordinator_core::extra_wait::begins, now_of(self));
  auto answer = [=](extra_found found) mutable {
    self->state.core->extra(wanted.job, coordinator_core::extra_wait::ends, now_of(self));
    promise.deliver(std::move(found));
  };
  supply(self, series_wanted{request, {wanted.symbol, wanted.frame}, bar_provider::inner_bars::none, wanted.job},
         [=](const series_ref& ref) mutable {
           if (auto kept = self->state.store->keep_extra(wanted.job, wanted.symbol, frame, ref); !kept) return answer(no_extra(kept.error()));
           answer({ref, {}});
         },
         [=](const caf::error& e) mutable {
           auto why = from_caf_error(e);
           if (why.code == errc::not_found || why.code == errc::unknown_symbol)
             static_cast<void>(self->state.store->keep_extra(wanted.job, wanted.symbol, frame, {}));
           answer(no_extra(std::move(why)));
         });
  return promise;
}

caf::result<job_list> on_list(coordinator_pointer self, const list_request& wanted) {
  const auto state = parse_job_state(wanted.state);
  if (!wanted.state.empty() && !state) return to_caf_error({errc::invalid_argument, "no such state: " + printable(wanted.state), "status"});
  const std::size_t limit = std::clamp<std::size_t>(wanted.limit, 1, limits::listed_jobs);
  auto jobs = self->state.core->list(wanted.kind, state, wanted.before, limit + 1);
  if (!jobs) return to_caf_error(jobs.error());
  job_list out{std::move(*jobs), 0};
  if (out.jobs.size() > limit) {
    out.jobs.resize(limit);
    out.next = out.jobs.back().number;
  }
  return out;
}

caf::result<job_status> on_command(coordinator_pointer self, const job_command& command) {
  auto& core = *self->state.core;
  const auto now = now_of(self);
  auto done = [&] {
    switch (command.op) {
    case job_op::cancel: return core.cancel(command.what.kind, command.what.id, now);
    case job_op::pause: return core.pause(command.what.kind, command.what.id, now);
    case job_op::resume: return core.resume(command.what.kind, command.what.id, now);
    }
    return result<job_status>(error{errc::invalid_argument, "no such command", "op"});
  }();
  arm(self);
  if (!done) return to_caf_error(done.error());
  return std::move(*done);
}

job_figures figures(coordinator_pointer self) {
  auto& core = *self->state.core;
  job_figures out;
  const auto known = core.counts();
  for (const auto kind : job_kinds)
    for (const auto state : job_states) {
      const auto at = known ? known->find({kind, state}) : decltype(known->end()){};
      out.counts.push_back({kind, state, known && at != known->end() ? at->second : 0});
    }
  out.bars_per_second = core.bars_per_second(now_of(self));
  out.workers = core.workers();
  out.nodes = core.crews();
  return out;
}

/// What can be asked for in which state. Errors: conflict.
result<void> may_ask(const job_status& job, document_kind kind) {
  if (job.state == job_state::completed || job.state == job_state::failed) return {};
  if (kind == document_kind::trials && job.kind == job_kind::study && job.state != job_state::queued) return {};
  return error{errc::conflict, std::string(to_string(job.kind)) + " " + job.id + " has no results: it is " + std::string(to_string(job.state)), "id"};
}

/// As much of a job as its documents are written from.
result<job_record> read_record(job_store& store, const std::string& bars_folder, job_kind kind, const std::string& id) {
  auto job = store.load(kind, id);
  if (!job) return job.error();
  auto series = store.series(job->number);
  if (!series) return series.error();
  auto parts = store.parts(job->number);
  if (!parts) return parts.error();
  return job_record{job->id, kind, job->state, std::move(job->request), std::move(*series), std::move(*parts),
                    [bars_folder](const series_ref& what) { return open_bars(bar_folder(bars_folder), what); }};
}

} // namespace

coordinator_state::~coordinator_state() = default;

caf::behavior bar_keeper_actor(caf::event_based_actor*, std::shared_ptr<const coordinator_options> options) {
  return {[folder = std::make_shared<bar_folder>(options->bars_folder)](const series_loaded& loaded) -> caf::result<series_ref> {
    auto kept = keep_bars(*folder, *loaded.bars);
    if (!kept) return to_caf_error(kept.error());
    return std::move(*kept);
  }};
}

caf::behavior documents_actor(caf::stateful_actor<documents_state>* self, std::shared_ptr<const coordinator_options> options) {
  if (auto opened = job_store::open(options->folder)) self->state.store = std::move(*opened);
  self->state.writer = options->make_writer();
  return {
    [self, bars_folder = options->bars_folder](const document_request& wanted, job_status status) -> caf::result<job_document> {
      auto& s = self->state;
      if (!s.store) return to_caf_error({errc::io_error, "the store of jobs can't be opened"});
      auto job = s.store->load(wanted.what.kind, wanted.what.id);
      if (!job) return to_caf_error(job.error());
      auto written = s.writer->write(wanted.what.kind, wanted.what.id, job->state, wanted.query,
                                     [&] { return read_record(*s.store, bars_folder, wanted.what.kind, wanted.what.id); });
      if (!written) return to_caf_error(written.error());
      if (written->text.size() > limits::document_bytes)
        return to_caf_error({errc::limit_exceeded, "the answer has more than " + std::to_string(limits::document_bytes) + " bytes: ask for less", "limit"});
      const bool whole = wanted.query.kind == document_kind::results;
      return job_document{std::move(status), std::move(written->text), whole ? job->request : std::string{},
                          whole ? job->diagnostics : std::string{}, std::move(written->next)};
    },
  };
}

caf::behavior coordinator_actor(coordinator_pointer self, std::shared_ptr<const coordinator_options> options) {
  auto& s = self->state;
  s.options = std::move(options);
  s.bars = std::make_unique<bar_folder>(s.options->bars_folder);
  const auto fail = [&](const error& e) -> caf::behavior {
    if (s.options->warn) s.options->warn("backtests are not available: " + to_string(e));
    self->quit(to_caf_error(e));
    return {};
  };
  if (auto ready = s.bars->make(); !ready) return fail(ready.error());
  auto opened = job_store::open(s.options->folder);
  if (!opened) return fail(opened.error());
  s.store = std::move(*opened);
  s.effects = std::make_unique<effects>(self);
  s.core = std::make_unique<coordinator_core>(*s.store, *s.effects, s.options->make_plan, s.options->make_id, s.options->limits);
  s.keeper = self->spawn<caf::detached + caf::linked>(bar_keeper_actor, s.options);
  s.documents = self->spawn<caf::detached + caf::linked>(documents_actor, s.options);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->set_default_handler(caf::drop); // what the bus gives back undelivered: the down message follows
  if (auto recovered = s.core->recover(now_of(self)); !recovered) return fail(recovered.error());
  arm(self);
  return {
    [self](const job_submission& job) -> caf::result<job_status> {
      auto done = self->state.core->submit(job.kind, job.owner, job.request, job.symbols, now_of(self));
      arm(self);
      if (!done) return to_caf_error(done.error());
      return std::move(*done);
    },
    [self](status_atom, const job_name& what) -> caf::result<job_status> {
      auto found = self->state.core->status(what.kind, what.id);
      if (!found) return to_caf_error(found.error());
      return std::move(*found);
    },
    [self](const job_command& command) { return on_command(self, command); },
    [self](const list_request& wanted) { return on_list(self, wanted); },
    [self](const document_request& wanted) -> caf::result<job_document> {
      auto found = self->state.core->status(wanted.what.kind, wanted.what.id);
      if (!found) return to_caf_error(found.error());
      if (auto may = may_ask(*found, wanted.query.kind); !may) return to_caf_error(may.error());
      auto promise = self->make_response_promise<job_document>();
      promise.delegate(self->state.documents, wanted, std::move(*found));
      return promise;
    },
    [self](figures_atom) { return figures(self); },
    [self](subscribe_atom) {
      const auto reader = caf::actor_cast<caf::actor>(self->current_sender());
      auto& readers = self->state.readers;
      if (reader && std::ranges::find(readers, reader) == readers.end()) {
        self->monitor(reader);
        readers.push_back(reader);
      }
      return job_list{self->state.core->open_jobs(), 0};
    },
    [self](board_atom) { return job_board{self->state.news, self->state.core->open_jobs()}; },
    [self](const extra_wanted& wanted) { return on_extra(self, wanted); },
    [self](const crew_hello& hello) { on_hello(self, hello); },
    [self](const shard_progress& progress) { on_progress(self, progress); },
    [self](shard_report& report) {
      on_report(self, report);
      return true;
    },
    [self](const load_order& again) { load_bars_of(self, again); },
    [self](const order_refused& no) {
      if (!self->state.crews.contains(no.by)) return;
      self->state.core->refused(no.by, no.job, no.piece, no.attempt, no.why, now_of(self));
      arm(self);
    },
    [self](tick_atom) {
      self->state.ticking = false;
      self->state.core->tick(now_of(self));
      arm(self);
    },
  };
}

} // namespace tt::backtest
