#include "cluster/alerts/alert_actor.hpp"

#include "gateways/alerts/alert_json.hpp"

#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace tt::cluster {

namespace {

using alert_pointer = caf::stateful_actor<alert_actor_state>*;
using alerts::action_kind;
using alerts::alert_action;
using alerts::alert_book;
using alerts::alert_result;

template <class Work>
void post(const caf::actor& me, Work work) {
  caf::anon_send(me, alert_task{std::make_shared<const std::function<void(alert_book&)>>(std::move(work))});
}

// -- what is read -------------------------------------------------------------------

gateway::subscription_id read(alert_pointer self, const market::topic& what) {
  const auto& s = self->state;
  const bool may_drop = what.kind == market::topic_kind::quotes;
  return s.around.market->subscribe(
    what, [me = caf::actor_cast<caf::actor>(self), waiting = s.waiting_quotes, figures = s.around.figures, may_drop](std::shared_ptr<const market::market_update> update) {
      if (may_drop) {
        if (waiting->load(std::memory_order_relaxed) >= max_waiting_quotes) {
          ++figures->dropped_quotes;
          return;
        }
        waiting->fetch_add(1, std::memory_order_relaxed);
      }
      caf::anon_send(me, alert_update{std::move(update)});
    });
}

void ask_history(alert_pointer self);

void follow_topics(alert_pointer self) {
  auto& s = self->state;
  if (s.topics_version == s.around.book->topics_version()) return;
  s.topics_version = s.around.book->topics_version();
  const auto wanted = s.around.book->topics();
  for (auto at = s.reading.begin(); at != s.reading.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    s.around.market->unsubscribe(at->second);
    at = s.reading.erase(at);
  }
  for (const auto& what : wanted)
    if (!s.reading.contains(what)) s.reading.emplace(what, read(self, what));
  ask_history(self);
}

/// What is refused is asked again with the next pulse, not at once.
void ask_history(alert_pointer self) {
  auto& s = self->state;
  for (const auto& wish : s.around.book->take_history_wishes()) {
    market::history_request request;
    request.symbol = wish.symbol;
    request.frame = wish.frame;
    request.to = s.around.market->market_time() + nanoseconds{1};
    request.countback = request.limit = static_cast<std::uint32_t>(wish.bars);
    s.around.market->history(std::move(request), [me = caf::actor_cast<caf::actor>(self), wish, market = s.around.market](const result<market::history_reply>& got) {
      if (!got) {
        spdlog::debug("alerts: no history of {} {} yet: {}", wish.symbol, wish.frame.to_string(), to_string(got.error()));
        return post(me, [wish, market](alert_book& book) { book.on_history(wish.symbol, wish.frame, std::nullopt, market->market_time()); });
      }
      post(me, [wish, market, bars = got->bars, forming = got->last_is_forming](alert_book& book) {
        std::span<const bar> closed{*bars};
        if (forming && !closed.empty()) closed = closed.first(closed.size() - 1);
        book.on_history(wish.symbol, wish.frame, closed, market->market_time());
      });
    });
  }
}

// -- what is done -------------------------------------------------------------------

/// Market time since the trigger of an action; of one that lies in the future (a replay that began anew): the distance.
nanoseconds age_of(alert_pointer self, const alert_action& what) {
  const auto age = self->state.around.market->market_time() - what.what.last_triggered_at.value_or(utc_time{});
  return age < nanoseconds{0} ? -age : age;
}

void end_action(alert_pointer self, const alerts::action_key& key, const std::function<void(alert_result&)>& note) {
  auto& s = self->state;
  s.around.book->finish(key, note, s.around.market->market_time());
}

void end_order(alert_pointer self, const alert_action& what, const char* state, const std::string& id, const std::string& why) {
  if (id.empty() && !why.empty()) {
    spdlog::warn("alert {}: its order of trigger {} was not made ({}): {}", what.what.id, what.key.trigger, state, why);
    ++self->state.around.figures->orders_failed;
  } else ++self->state.around.figures->orders;
  end_action(self, what.key, [&](alert_result& to) {
    to.order_state = state;
    to.order_id = id;
    to.order_error = why;
  });
}

std::optional<signal_order> order_of(const alert_action& action, const std::optional<account_id>& usual) {
  const auto& rule = action.what.rule;
  if (!rule.order) return std::nullopt;
  signal_order out;
  out.key = "alert:" + action.what.id + ":" + std::to_string(action.key.trigger);
  auto& to = out.request;
  to.account = rule.order->account.empty() ? usual.value_or(account_id{}) : rule.order->account;
  to.symbol = rule.symbol;
  to.side = rule.order->side;
  to.size = size_quantity{rule.order->qty};
  to.type = rule.order->type;
  if (to.type == order_type::limit) to.limit_price = rule.order->at;
  if (to.type == order_type::stop) to.stop_price = rule.order->at;
  to.alert = alert_id{action.what.id};
  to.comment = "alert " + action.what.id + ", trigger " + std::to_string(action.key.trigger);
  return out;
}

void place(alert_pointer self, alert_actor_state::waiting_order one);

void on_placed(alert_pointer self, alert_actor_state::waiting_order one, const result<signal_outcome>& got) {
  const auto& what = one.what;
  if (got && got->how == signal_outcome::kind::refused)
    return end_order(self, what, "refused", got->what.id.str(), got->what.reason.empty() ? got->what.reject_code : got->what.reason);
  if (got) return end_order(self, what, "placed", got->what.id.str(), "");
  const bool may_help = got.error().code == errc::not_available || got.error().code == errc::timed_out || got.error().code == errc::limit_exceeded;
  if (!may_help || one.attempts >= max_order_attempts || age_of(self, what) > max_order_age)
    return end_order(self, what, "failed", "", to_string(got.error()));
  one.pulses_left = order_retry_pulses;
  self->state.orders.push_back(std::move(one));
}

void place(alert_pointer self, alert_actor_state::waiting_order one) {
  auto& s = self->state;
  if (!s.around.desk) return end_order(self, one.what, "failed", "", "this node hosts no accounts");
  auto wanted = order_of(one.what, s.around.default_account);
  if (!wanted) return end_order(self, one.what, "failed", "", "the alert names no order");
  ++one.attempts;
  s.around.desk->place(std::move(*wanted), [self, me = caf::actor_cast<caf::actor>(self), one](const result<signal_outcome>& got) {
    post(me, [self, one, got](alert_book&) { on_placed(self, one, got); });
  });
}

void send_notices(alert_pointer self);

void on_sent(alert_pointer self, const alert_action& what, const result<notice_receipt>& got) {
  --self->state.notices_out;
  if (!got && got.error().code == errc::limit_exceeded) {
    self->state.notices.push_back(what); // the next pulse tries again
    return;
  }
  ++(got ? self->state.around.figures->notices : self->state.around.figures->notices_failed);
  if (!got) spdlog::warn("alert {}: its notice of trigger {} was not delivered: {}", what.what.id, what.key.trigger, to_string(got.error()));
  end_action(self, what.key, [&](alert_result& to) {
    if (got) to.notice_status = got->status;
    else to.notice_error = got.error().message;
  });
  send_notices(self);
}

void send_notices(alert_pointer self) {
  auto& s = self->state;
  while (!s.notices.empty() && s.notices_out < max_notices_out) {
    const auto what = std::move(s.notices.front());
    s.notices.pop_front();
    notice out;
    out.url = what.what.rule.notice_url;
    out.headers = {{"X-Alert-Id", what.what.id}, {"X-Alert-Trigger", std::to_string(what.key.trigger)}};
    out.body = gateway::alert_notice_body(what);
    ++s.notices_out;
    s.around.sender->send(std::move(out), [self, me = caf::actor_cast<caf::actor>(self), what](const result<notice_receipt>& got) {
      post(me, [self, what, got](alert_book&) { on_sent(self, what, got); });
    });
  }
}

void act(alert_pointer self, alert_action&& what) {
  if (what.key.kind == action_kind::notice) self->state.notices.push_back(std::move(what));
  else place(self, {std::move(what), 0, 0});
}

/// Actions of a run before this one. What is too old is not done: the market has gone on.
void resume_actions(alert_pointer self) {
  for (auto& what : self->state.around.book->take_open_actions()) {
    const bool is_order = what.key.kind == action_kind::order;
    if (is_order ? age_of(self, what) <= max_order_age : age_of(self, what) <= max_notice_age) {
      act(self, std::move(what));
    } else if (is_order) {
      end_order(self, what, "lapsed", "", "the node was down when it was due; an order that went out just before bears this alert's id");
    } else {
      end_action(self, what.key, [](alert_result& to) { to.notice_error = "the node was down when it was due"; });
    }
  }
  send_notices(self);
}

// -- after each step ----------------------------------------------------------------

enum class depth : std::uint8_t { changes, everything };

/// Commits, and only then tells and does.
void settle(alert_pointer self, depth how) {
  auto& s = self->state;
  auto& book = *s.around.book;
  if (how == depth::everything || book.has_changes()) {
    auto effects = how == depth::everything ? book.flush_all() : book.flush();
    if (!effects) {
      ++s.around.figures->store_failures;
      if (!std::exchange(s.store_failed, true)) spdlog::error("alerts: {}; nothing is done until it works again", to_string(effects.error()));
    } else {
      if (std::exchange(s.store_failed, false)) spdlog::info("alerts: the store works again");
      for (const auto& event : effects->events) {
        if (event.kind == alerts::alert_event_kind::triggered) {
          ++s.around.figures->triggers;
          spdlog::info("alert {} on {} went off (trigger {})", event.what.id, event.what.rule.symbol, event.what.trigger_count);
        }
        s.around.watchers->tell(event);
      }
      for (auto& what : effects->actions) act(self, std::move(what));
      send_notices(self);
      if (!effects->events.empty() || how == depth::everything) {
        const auto counts = book.counts();
        for (std::size_t i = 0; i < counts.size(); ++i) s.around.figures->alerts[i] = counts[i];
      }
    }
  }
  follow_topics(self);
}

void on_pulse(alert_pointer self) {
  auto& s = self->state;
  s.around.book->expire(s.around.market->market_time());
  for (auto& one : std::exchange(s.orders, {})) {
    if (one.pulses_left == 0) place(self, std::move(one));
    else {
      --one.pulses_left;
      s.orders.push_back(std::move(one));
    }
  }
  settle(self, depth::everything);
  ask_history(self);
  self->delayed_send(self, alert_pulse, pulse_atom::value);
}

void on_update(alert_pointer self, const market::market_update& update) {
  auto& s = self->state;
  if (const auto* quote = std::get_if<market::quote_snapshot>(&update)) {
    s.waiting_quotes->fetch_sub(1, std::memory_order_relaxed);
    s.around.book->on_quote(*quote);
  } else if (const auto* series = std::get_if<market::bar_update>(&update)) {
    s.around.book->on_bar(*series, s.around.market->market_time());
  }
  settle(self, depth::changes);
}

void end(alert_pointer self) {
  auto& s = self->state;
  for (const auto& [unused, id] : s.reading) s.around.market->unsubscribe(id);
  s.reading.clear();
  // what this commits is done after the next start
  if (auto flushed = s.around.book->flush_all(); !flushed) spdlog::error("alerts: {}", to_string(flushed.error()));
}

} // namespace

gateway::subscription_id alert_watchers::add(gateway::alert_watcher who) {
  const std::lock_guard lock{mutex_};
  list_.emplace(++last_, std::move(who));
  return last_;
}

void alert_watchers::remove(gateway::subscription_id id) {
  const std::lock_guard lock{mutex_};
  list_.erase(id);
}

void alert_watchers::tell(const alerts::alert_event& event) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [unused, who] : list_) who(event);
}

caf::behavior alert_actor(alert_pointer self, alert_surroundings around) {
  self->state.around = std::move(around);
  self->set_default_handler(caf::drop);
  self->set_exit_handler([self](const caf::exit_msg& why) {
    end(self);
    self->quit(why.reason);
  });
  resume_actions(self);
  settle(self, depth::everything);
  self->delayed_send(self, alert_pulse, pulse_atom::value);
  return {
    [self](const alert_task& task) {
      (*task.run)(*self->state.around.book);
      settle(self, depth::changes);
    },
    [self](const alert_update& update) { on_update(self, *update.what); },
    [self](pulse_atom) { on_pulse(self); },
  };
}

} // namespace tt::cluster
