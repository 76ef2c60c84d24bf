#include "actors/alerts/webhook/webhook_actor.hpp"

#include <caf/send.hpp>

#include <utility>

namespace tt::webhook {

namespace {

using self_ptr = caf::stateful_actor<webhook_state>*;

/// Pause between looks at what pauses, and at what is expected.
constexpr std::chrono::milliseconds short_look{20}, long_look{1'000};
/// Notes about what ended wait so long for company in a commit.
constexpr std::chrono::milliseconds note_pause{5};
/// And so long after a commit that failed.
constexpr std::chrono::milliseconds failure_pause{500};

alert_moment now_of(self_ptr self) { return {self->state.options->clock(), self->clock().now().time_since_epoch()}; }

void pump(self_ptr self);

/// An answer of the desk, brought back into the actor.
template <class T, class Take>
order_desk::reply<T> in_actor(self_ptr self, Take take) {
  return [me = caf::actor_cast<caf::actor>(self), take](result<T> got) {
    auto kept = std::make_shared<const result<T>>(std::move(got));
    caf::anon_send(me, std::make_shared<const receiver_task>([take, kept](receiver& core, alert_moment now) { take(core.lanes(), *kept, now); }));
  };
}

void ask(self_ptr self, desk_question question) {
  const auto ticket = question.ticket;
  auto* desk = self->state.options->desk.get();
  const error nobody{errc::not_available, "this node hosts no accounts"};
  auto orders = in_actor<std::vector<order>>(self, [ticket](hand_over& to, const auto& got, alert_moment now) { to.on_orders(ticket, got, now); });
  auto holding = in_actor<strategy_holding>(self, [ticket](hand_over& to, const auto& got, alert_moment now) { to.on_holding(ticket, got, now); });
  auto placed = in_actor<signal_outcome>(self, [ticket](hand_over& to, const auto& got, alert_moment now) { to.on_placed(ticket, got, now); });
  auto cancelled = in_actor<std::vector<order_id>>(self, [ticket](hand_over& to, const auto& got, alert_moment now) { to.on_cancelled(ticket, got, now); });
  if (auto* list = std::get_if<orders_question>(&question.what)) {
    if (desk == nullptr) orders(nobody);
    else desk->orders(std::move(list->scope), list->limit, std::move(orders));
  } else if (auto* of = std::get_if<holding_question>(&question.what)) {
    if (desk == nullptr) holding(nobody);
    else desk->holding(std::move(of->account), std::move(of->strategy), std::move(of->symbol), std::move(holding));
  } else if (auto* wanted = std::get_if<signal_order>(&question.what)) {
    if (desk == nullptr) placed(nobody);
    else desk->place(std::move(*wanted), std::move(placed));
  } else if (auto* away = std::get_if<cancel_question>(&question.what)) {
    if (desk == nullptr) cancelled(nobody);
    else desk->cancel(std::move(away->scope), std::move(cancelled));
  }
}

void set_alarms(self_ptr self) {
  auto& st = self->state;
  if (st.core->has_waiting() && st.commit == webhook_state::alarm::none) {
    st.commit = webhook_state::alarm::set;
    // who waits for an answer is served when the mailbox has been looked through once
    if (!st.waiting.empty()) self->send(self, commit_atom::value, ++st.commits);
    else self->delayed_send(self, st.core->last_failure() ? failure_pause : note_pause, commit_atom::value, ++st.commits);
  }
  const bool hurry = st.core->lanes().waits_for_time();
  if (!st.look || (hurry && *st.look != short_look)) {
    st.look = hurry ? short_look : long_look;
    self->delayed_send(self, *st.look, look_atom::value, ++st.looks);
  }
}

void pump(self_ptr self) {
  auto& st = self->state;
  st.core->collect(now_of(self));
  for (auto& question : st.core->lanes().take_questions()) ask(self, std::move(question));
  for (const auto& news : st.core->take_news())
    if (st.options->on_news) st.options->on_news(news);
  set_alarms(self);
}

void commit(self_ptr self) {
  auto& st = self->state;
  for (auto& [ticket, answer] : st.core->commit(now_of(self))) {
    auto found = st.waiting.extract(ticket);
    if (!found.empty()) found.mapped()(std::move(answer));
  }
  const auto& failure = st.core->last_failure();
  const auto before = std::exchange(st.disk, failure ? webhook_state::journal_state::failing : webhook_state::journal_state::fine);
  if (before == st.disk) return; // said already
  if (failure && st.options->on_failure) st.options->on_failure(*failure);
  if (!failure && st.options->on_recovery) st.options->on_recovery();
}

void receive(self_ptr self, const post_request& request) {
  auto& st = self->state;
  if (st.core->is_full()) commit(self);
  const auto now = now_of(self);
  auto got = request.paper ? st.core->receive_on_paper(request.post.body, request.post.client, *request.paper, now)
                           : st.core->receive(request.post, now);
  if (!got.answer) {
    st.waiting[got.ticket] = request.done;
    // a commit of notes alone may be far off
    if (st.commit == webhook_state::alarm::set && st.waiting.size() == 1) self->send(self, commit_atom::value, ++st.commits);
    return;
  }
  if (got.answer->kind == answer_kind::unauthenticated && st.core->last_fault() && st.options->on_fault)
    st.options->on_fault(*st.core->last_fault(), request.post.client);
  request.done(std::move(*got.answer));
}

} // namespace

caf::behavior webhook_actor(self_ptr self, std::shared_ptr<const webhook_options> options) {
  self->state.options = std::move(options);
  const auto& with = *self->state.options;
  auto opened = receiver::open(*with.journal, *with.master, with.standing, with.settings, now_of(self));
  if (!opened) {
    if (with.on_failure) with.on_failure(opened.error());
    const auto why = std::make_shared<const std::string>(to_string(opened.error()));
    return {[self, why](const post_request_ptr& request) {
              request->done({answer_kind::unavailable, "the journal of alerts can't be read", {}, std::nullopt, self->state.options->clock()});
            },
            [](const receiver_task_ptr&) {}, [](commit_atom, std::uint64_t) {}, [](look_atom, std::uint64_t) {}};
  }
  self->state.core = std::move(*opened);
  self->set_exit_handler([self](const caf::exit_msg& why) {
    // what ended is noted, or the next start would take it up again; posts that this makes durable are handed over then
    self->state.core->collect(now_of(self));
    commit(self);
    self->quit(why.reason);
  });
  pump(self);
  return {
    [self](const post_request_ptr& request) {
      receive(self, *request);
      pump(self);
    },
    [self](const receiver_task_ptr& task) {
      (*task)(*self->state.core, now_of(self));
      pump(self);
    },
    [self](commit_atom, std::uint64_t which) {
      if (which != self->state.commits) return; // an earlier one was set since
      self->state.commit = webhook_state::alarm::none;
      commit(self);
      pump(self);
    },
    [self](look_atom, std::uint64_t which) {
      if (which != self->state.looks) return; // a quicker one was set since
      self->state.look.reset();
      self->state.core->on_time(now_of(self));
      pump(self);
    },
  };
}

} // namespace tt::webhook
