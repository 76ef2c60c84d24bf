#include "actors/execution/account_actor.hpp"

namespace tt::execution {

namespace {

using self_ptr = caf::stateful_actor<account_state>*;

std::int64_t monotonic_ns(self_ptr self) {
  const auto& given = self->state.options->monotonic_ns;
  return given ? given() : self->clock().now().time_since_epoch().count();
}

/// A message to itself, some time from now.
template <class... Content>
void send_later(self_ptr self, nanoseconds wait, Content&&... what) {
  const auto& given = self->state.options->send_later;
  if (given) given(caf::actor_cast<caf::actor>(self), wait, caf::make_message(std::forward<Content>(what)...));
  else self->delayed_send(self, wait, std::forward<Content>(what)...);
}

write_time now_of(self_ptr self) {
  return {self->state.options->clock(), monotonic_ns(self)};
}

void ask_venue(self_ptr self, venue_request request) {
  self->state.asked.sent(request, monotonic_ns(self));
  self->send(self->state.options->broker, std::make_shared<const venue_request>(std::move(request)));
}

void carry_out(self_ptr self, const std::vector<effect>& effects) {
  const auto& options = *self->state.options;
  for (const auto& e : effects) {
    if (auto request = request_in(e)) ask_venue(self, std::move(*request));
    else if (const auto* alert = std::get_if<alert_effect>(&e)) {
      if (options.on_alert) options.on_alert(*alert);
    } else if (const auto* changed = std::get_if<order_changed>(&e)) {
      const auto* what = self->state.writer->book().find(changed->number);
      if (what && options.on_order) options.on_order(*what);
    }
  }
}

/// Wakes the actor when a timer of the core is due. One wake-up is under way at most per moment.
void set_alarm(self_ptr self) {
  auto& st = self->state;
  const auto due = st.writer->core().next_due();
  if (!due || (st.wakes_at && *st.wakes_at <= *due)) return;
  st.wakes_at = *due;
  const auto wait = std::max(nanoseconds{0}, *due - st.options->clock());
  send_later(self, wait, wake_atom::value);
}

order_answer answer_of(const account_writer& writer, const committed& done) {
  order_answer out;
  if (done.failed) {
    out.refused = error{errc::not_available, "JOURNAL_UNAVAILABLE: " + done.failed->message};
    return out;
  }
  out.what = done.what.answer;
  out.refused = done.what.refused;
  if (const auto* what = writer.book().find(done.what.order)) out.now = *what;
  return out;
}

/// What tasks see of the actor.
class access final : public account_access {
public:
  explicit access(self_ptr self) : self_(self) {}
  [[nodiscard]] const account_book* book() const override { return self_->state.writer ? &self_->state.writer->book() : nullptr; }
  [[nodiscard]] std::optional<error> blocked() const override;
  [[nodiscard]] utc_time now() const override { return self_->state.options->clock(); }
  [[nodiscard]] std::size_t differences() const override { return self_->state.writer ? self_->state.writer->core().differences() : 0; }
  void run(const step& what, done told) override;
  void cancel(order_number number, std::string reason, done told) override;
  void after(std::chrono::milliseconds wait, std::function<void(account_access&)> later) override {
    send_later(self_, wait, std::make_shared<const account_task>(std::move(later)));
  }

private:
  self_ptr self_;
};

void tell_step(self_ptr self) {
  if (!self->state.options->on_step) return;
  access view(self);
  self->state.options->on_step(view);
}

/// What could not be written down is not done, but for its cancels: they open nothing, and what becomes of them is found
/// when the journal is back. True if one went out.
bool cancel_all_the_same(self_ptr self, const std::vector<effect>& effects) {
  bool out = false;
  if (self->state.writer->health() == journal_health::fenced) return out;
  for (const auto& e : effects) {
    auto request = request_in(e);
    const auto* cancel = request ? std::get_if<cancel_request>(&*request) : nullptr;
    if (!cancel || !self->state.writer->book().find(cancel->wire_id)) continue;
    ask_venue(self, std::move(*request));
    out = true;
  }
  return out;
}

void commit(self_ptr self) {
  auto& st = self->state;
  st.commit_is_on_its_way = false;
  auto done = st.writer->commit(now_of(self));
  bool failed = false;
  for (auto& one : done) {
    failed = failed || one.failed;
    if (!one.failed) carry_out(self, one.what.effects);
    else if (cancel_all_the_same(self, one.what.effects)) {
      one.failed.reset(); // as a cancel that comes while the journal is known to be down
      one.what.answer = reply::done;
    }
    if (auto waits = st.told.extract(one.ticket); !waits.empty()) waits.mapped()(answer_of(*st.writer, one));
    const auto promise = st.promised.find(one.ticket);
    if (promise == st.promised.end()) continue;
    promise->second.deliver(answer_of(*st.writer, one));
    st.promised.erase(promise);
  }
  tell_step(self);
  if (!failed) return set_alarm(self);
  if (st.writer->health() == journal_health::fenced) return self->quit(caf::exit_reason::user_shutdown);
  send_later(self, try_again_interval, again_atom::value);
}

/// Keeps an outcome for the next commit. The commit's message stands behind all that has arrived by now, so those share it.
std::uint64_t take(self_ptr self, outcome out, account_access::done told = {}) {
  auto& st = self->state;
  const auto now = now_of(self);
  const auto ticket = st.writer->take(std::move(out), now.monotonic_ns);
  if (told) st.told.emplace(ticket, std::move(told)); // before a commit can answer it
  if (st.writer->is_due(now.monotonic_ns)) {
    commit(self);
  } else if (!st.commit_is_on_its_way) {
    st.commit_is_on_its_way = true;
    self->send(self, commit_atom::value);
  }
  return ticket;
}

/// Why nothing new can be done now.
std::optional<error> blocked(self_ptr self) {
  if (!self->state.writer) return self->state.problem;
  return self->state.writer->blocked();
}

template <class Step>
caf::result<order_answer> request(self_ptr self, Step step) {
  if (auto why = blocked(self)) return order_answer{reply::none, std::nullopt, std::move(why)};
  auto promise = self->make_response_promise<order_answer>();
  auto& st = self->state;
  // the promise must be there before a commit can answer it
  auto out = step(st.writer->core(), st.options->clock());
  const auto now = now_of(self);
  const auto ticket = st.writer->take(std::move(out), now.monotonic_ns);
  st.promised.emplace(ticket, promise);
  if (st.writer->is_due(now.monotonic_ns)) {
    commit(self);
  } else if (!st.commit_is_on_its_way) {
    st.commit_is_on_its_way = true;
    self->send(self, commit_atom::value);
  }
  return promise;
}

/// A cancel while the journal can't be written.
order_answer cancel_in_need(self_ptr self, order_number number) {
  auto& st = self->state;
  if (!st.writer) return {reply::none, std::nullopt, st.problem};
  if (st.writer->health() == journal_health::fenced) return {reply::none, std::nullopt, st.writer->blocked()};
  auto plain = st.writer->cancel_without_journal(number);
  if (!plain) return {reply::none, std::nullopt, plain.error()};
  ask_venue(self, std::move(*plain));
  return {reply::done, *st.writer->book().find(number), std::nullopt};
}

/// A cancel goes out whatever the journal says.
caf::result<order_answer> cancel(self_ptr self, std::uint64_t number, std::string reason) {
  auto& st = self->state;
  if (!st.writer) return order_answer{reply::none, std::nullopt, st.problem};
  if (!st.writer->blocked())
    return request(self, [&](account_core& core, utc_time now) { return core.cancel(order_number{number}, std::move(reason), now); });
  return cancel_in_need(self, order_number{number});
}

std::optional<error> access::blocked() const { return execution::blocked(self_); }

void access::run(const step& what, done told) {
  if (auto why = blocked()) return told({reply::none, std::nullopt, std::move(why)});
  take(self_, what(self_->state.writer->core(), now()), std::move(told));
}

void access::cancel(order_number number, std::string reason, done told) {
  const auto& st = self_->state;
  if (st.writer && !st.writer->blocked())
    return run([&](account_core& core, utc_time at) { return core.cancel(number, reason, at); }, std::move(told));
  told(cancel_in_need(self_, number));
}

void try_again(self_ptr self) {
  auto& st = self->state;
  if (!st.writer) {
    auto store = st.options->open_store();
    auto opened = store ? account_writer::open(*store, st.options->settings, *st.options->gate, now_of(self))
                        : result<std::unique_ptr<account_writer>>(store.error());
    if (!opened) {
      st.problem = opened.error();
      if (opened.error().code == errc::conflict) return self->quit(caf::exit_reason::user_shutdown);
      if (opened.error().code != errc::corrupt_data) send_later(self, try_again_interval, again_atom::value);
      return;
    }
    st.writer = std::move(*opened);
    st.problem.reset();
    carry_out(self, st.writer->started());
    return set_alarm(self);
  }
  if (!st.writer->blocked()) return;
  auto effects = st.writer->try_again(now_of(self));
  if (effects) {
    carry_out(self, *effects);
    return set_alarm(self);
  }
  if (st.writer->health() == journal_health::fenced) return self->quit(caf::exit_reason::user_shutdown);
  if (st.writer->health() != journal_health::damaged) send_later(self, try_again_interval, again_atom::value);
}

void take_report(self_ptr self, const venue_report& report) {
  auto& st = self->state;
  const auto measured = st.asked.answered(report, monotonic_ns(self));
  if (measured && st.options->on_roundtrip) st.options->on_roundtrip(*measured);
  if (blocked(self)) return; // asked for anew when the journal is back
  const auto now = st.options->clock();
  if (st.options->on_report) st.options->on_report(report);
  if (const auto* snapshot = std::get_if<venue_snapshot>(&report)) {
    auto copy = *snapshot;
    copy.received_at = st.writer->book().last();
    take(self, st.writer->core().on_report(copy, now));
  } else take(self, st.writer->core().on_report(report, now));
}

} // namespace

caf::behavior account_actor(caf::stateful_actor<account_state>* self, std::shared_ptr<account_options> options) {
  self->state.options = std::move(options);
  try_again(self);
  tell_step(self);
  send_later(self, busy_listing_interval, look_atom::value);
  return {
    [self](place_atom, const new_order_ptr& what) {
      return request(self, [&](account_core& core, utc_time now) { return core.place(*what, now); });
    },
    [self](cancel_atom, std::uint64_t number, std::string& reason) { return cancel(self, number, std::move(reason)); },
    [self](replace_atom, std::uint64_t number, const terms_change_ptr& change) {
      return request(self, [&](account_core& core, utc_time now) { return core.replace(order_number{number}, *change, now); });
    },
    [self](note_atom, const fact_ptr& fact) {
      return request(self, [&](account_core& core, utc_time now) { return core.note(*fact, now); });
    },
    [self](const venue_report_ptr& report) { take_report(self, *report); },
    [self](price_atom, const market_price& seen) {
      if (!blocked(self)) take(self, self->state.writer->core().on_price(seen.symbol, seen.last, self->state.options->clock()));
    },
    [self](order_atom, std::uint64_t number) -> order_answer {
      if (!self->state.writer) return {reply::none, std::nullopt, self->state.problem};
      const auto* what = self->state.writer->book().find(order_number{number});
      if (!what) return {reply::none, std::nullopt, error{errc::not_found, "no such order", "order_id"}};
      return {reply::unchanged, *what, std::nullopt};
    },
    [self](book_atom) -> book_ptr {
      if (!self->state.writer) return std::make_shared<const account_book>();
      return std::make_shared<const account_book>(self->state.writer->book());
    },
    [self](commit_atom) {
      if (self->state.commit_is_on_its_way) commit(self);
    },
    [self](wake_atom) {
      self->state.wakes_at.reset();
      if (!blocked(self)) take(self, self->state.writer->core().tick(self->state.options->clock()));
    },
    [self](look_atom) {
      const bool busy = self->state.writer && !self->state.writer->book().open_orders().empty();
      if (!blocked(self)) take(self, self->state.writer->core().look(self->state.options->clock()));
      send_later(self, busy ? busy_listing_interval : idle_listing_interval, look_atom::value);
    },
    [self](const symbol_facts_ptr& facts) {
      access view(self);
      if (self->state.options->on_facts) self->state.options->on_facts(view, *facts);
    },
    [self](const market_seen_ptr& seen) {
      access view(self);
      if (self->state.options->on_market) self->state.options->on_market(view, *seen);
      const auto last = seen->market.last;
      if (last && !blocked(self)) take(self, self->state.writer->core().on_price(seen->symbol, *last, self->state.options->clock()));
    },
    [self](const account_task_ptr& task) {
      access view(self);
      (*task)(view);
    },
    [self](again_atom) {
      try_again(self);
      tell_step(self);
    },
  };
}

} // namespace tt::execution
