#include "gateways/bridge/actor_jobs_port.hpp"

#include "gateways/bridge/bridge_end.hpp"

#include "actors/backtest/messages.hpp"
#include "actors/market/caf_error.hpp"
#include "gateways/bridge/job_follower.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace tt::gateway {

using namespace backtest;

/// What the port and its actor share.
struct actor_jobs_port::shared {
  std::mutex mutex;
  std::map<subscription_id, std::shared_ptr<const job_handler>> watchers;
  subscription_id last_id = 0;
  job_figures figures;

  void tell(const job_status& status) {
    std::vector<std::shared_ptr<const job_handler>> all;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [id, one] : watchers) all.push_back(one);
    }
    for (const auto& one : all) (*one)(status);
  }
};

namespace {

struct jobs_bridge_state {
  static inline const char* name = "jobs_bridge";
  std::function<caf::actor()> find;
  std::function<void(const job_status&)> tell;
  std::function<void(job_figures)> keep_figures;
  jobs_plane join;
  caf::actor coordinator;
  bool looking = false; ///< a tick is on its way
  std::optional<job_follower> follower; ///< once a coordinator on another node was found
  bool watching = false;                ///< its silence
};

using jobs_pointer = caf::stateful_actor<jobs_bridge_state>*;

/// A piece of work for the bridge. Never leaves the process.
struct jobs_task {
  std::shared_ptr<const std::function<void(jobs_pointer)>> run;
};

void look_later(jobs_pointer self) {
  if (!std::exchange(self->state.looking, true)) self->delayed_send(self, find_coordinator_every, tick_atom::value);
}

/// A coordinator of this node sends its news itself.
void subscribe(jobs_pointer self) {
  self->request(self->state.coordinator, jobs_deadline, subscribe_atom::value)
    .then(
      [self](const job_list& open) {
        for (const auto& job : open.jobs) self->state.tell(job);
      },
      [](const caf::error&) {}); // its end is told, too
}

void ask_for_board(jobs_pointer self);

void on_need(jobs_pointer self, job_follower::need what) {
  if (what == job_follower::need::board) ask_for_board(self);
}

void on_board(jobs_pointer self, const job_board& board) {
  std::vector<job_name> ended;
  const auto next = self->state.follower->on_board(board, ended);
  for (auto& job : ended)
    self->request(self->state.coordinator, jobs_deadline, status_atom::value, std::move(job))
      .then([self](const job_status& status) { self->state.tell(status); }, [](const caf::error&) {}); // it was deleted
  on_need(self, next);
}

void ask_for_board(jobs_pointer self) {
  auto& s = self->state;
  s.follower->asking();
  self->request(s.coordinator, jobs_deadline, board_atom::value)
    .then(
      [self, whom = s.coordinator](const job_board& board) {
        if (self->state.coordinator == whom) on_board(self, board);
      },
      [self, whom = s.coordinator](const caf::error&) {
        if (self->state.coordinator == whom) self->delayed_send(self, find_coordinator_every, board_atom::value);
      });
}

void watch_silence(jobs_pointer self) {
  if (!std::exchange(self->state.watching, true)) self->delayed_send(self, jobs_silence, figures_atom::value);
}

/// What one of another node publishes is followed.
void follow(jobs_pointer self) {
  auto& s = self->state;
  if (!s.follower) {
    s.follower.emplace(s.tell);
    s.join(caf::actor_cast<caf::actor>(self));
    watch_silence(self);
  }
  ask_for_board(self);
}

void look(jobs_pointer self) {
  auto& s = self->state;
  if (s.coordinator) return;
  s.coordinator = s.find();
  if (!s.coordinator) return look_later(self);
  self->monitor(s.coordinator);
  if (s.join && s.coordinator->node() != self->node()) follow(self);
  else subscribe(self);
  self->request(s.coordinator, jobs_deadline, figures_atom::value)
    .then([self](job_figures& now) { self->state.keep_figures(std::move(now)); }, [](const caf::error&) {});
}

error nobody() { return {errc::not_available, "no node of the cluster coordinates backtests at the moment; try again"}; }

/// Asks the coordinator; the answer or the error goes to `done`.
template <class Answer, class... Question>
void ask(jobs_pointer self, const reply<Answer>& done, Question... question) {
  look(self);
  if (!self->state.coordinator) return done(nobody());
  self->request(self->state.coordinator, jobs_deadline, std::move(question)...)
    .then([done](Answer& answer) { done(std::move(answer)); }, [done](const caf::error& e) { done(from_caf_error(e)); });
}

caf::behavior jobs_bridge(jobs_pointer self, std::function<caf::actor()> find, std::function<void(const job_status&)> tell,
                          std::function<void(job_figures)> keep, jobs_plane join) {
  self->state.find = std::move(find);
  self->state.join = std::move(join);
  self->state.tell = std::move(tell);
  self->state.keep_figures = std::move(keep);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) {
    if (!self->state.coordinator || self->state.coordinator.address() != down.source) return;
    self->state.coordinator = nullptr;
    if (self->state.follower) self->state.follower->asking(); // its successor is, as soon as it is found
    look_later(self);
  });
  look(self);
  return {
    [self](const jobs_task& task) { (*task.run)(self); },
    [self](const job_status& status) { self->state.tell(status); },
    [self](const job_news& news) {
      if (self->state.follower) on_need(self, self->state.follower->on_news(news));
    },
    [self](board_atom) {
      if (self->state.follower && self->state.coordinator) ask_for_board(self);
    },
    [self](figures_atom) {
      auto& s = self->state;
      s.watching = false;
      watch_silence(self);
      if (s.coordinator) on_need(self, s.follower->on_pause());
    },
    [self](tick_atom) {
      self->state.looking = false;
      look(self);
    },
  };
}

template <class Work>
void post(const caf::actor& bridge, Work work) {
  caf::anon_send(bridge, jobs_task{std::make_shared<const std::function<void(jobs_pointer)>>(std::move(work))});
}

} // namespace
} // namespace tt::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::gateway::jobs_task)

namespace tt::gateway {

actor_jobs_port::actor_jobs_port(caf::actor_system& system, std::function<caf::actor()> find, jobs_plane join) : shared_(std::make_shared<shared>()) {
  bridge_ = system.spawn(
    jobs_bridge, std::move(find), [s = shared_](const job_status& status) { s->tell(status); },
    [s = shared_](job_figures now) {
      const std::lock_guard lock(s->mutex);
      s->figures = std::move(now);
    },
    std::move(join));
}

void actor_jobs_port::end() { end_bridge(bridge_); }

actor_jobs_port::~actor_jobs_port() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->watchers.clear();
  }
  caf::anon_send_exit(bridge_, caf::exit_reason::user_shutdown);
}

void actor_jobs_port::submit(job_submission job, reply<job_status> done) {
  post(bridge_, [job = std::move(job), done = std::move(done)](jobs_pointer self) { ask<job_status>(self, done, job); });
}

void actor_jobs_port::status(job_name what, reply<job_status> done) {
  post(bridge_, [what = std::move(what), done = std::move(done)](jobs_pointer self) {
    ask<job_status>(self, done, status_atom::value, what);
  });
}

void actor_jobs_port::command(job_command what, reply<job_status> done) {
  post(bridge_, [what = std::move(what), done = std::move(done)](jobs_pointer self) { ask<job_status>(self, done, what); });
}

void actor_jobs_port::list(list_request what, reply<job_list> done) {
  post(bridge_, [what = std::move(what), done = std::move(done)](jobs_pointer self) { ask<job_list>(self, done, what); });
}

void actor_jobs_port::document(document_request what, reply<job_document> done) {
  post(bridge_, [what = std::move(what), done = std::move(done)](jobs_pointer self) { ask<job_document>(self, done, what); });
}

job_figures actor_jobs_port::figures() {
  post(bridge_, [s = shared_](jobs_pointer self) {
    ask<job_figures>(
      self,
      [s](result<job_figures> now) {
        const std::lock_guard lock(s->mutex);
        s->figures = now ? std::move(*now) : job_figures{};
      },
      figures_atom::value);
  });
  const std::lock_guard lock(shared_->mutex);
  return shared_->figures;
}

subscription_id actor_jobs_port::watch(job_handler on_change) {
  const std::lock_guard lock(shared_->mutex);
  shared_->watchers.emplace(++shared_->last_id, std::make_shared<const job_handler>(std::move(on_change)));
  return shared_->last_id;
}

void actor_jobs_port::unwatch(subscription_id id) {
  const std::lock_guard lock(shared_->mutex);
  shared_->watchers.erase(id);
}

} // namespace tt::gateway
