#include "actors/strategy/live/live_run_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace tt::strategy {

namespace {

using run_pointer = caf::stateful_actor<live_run_state>*;
using phase = run_state::phase_t;

constexpr std::chrono::seconds market_deadline{30};
/// Bars of one answer.
constexpr std::uint32_t most_history = 20'000;
/// The market's clock of this node may be behind that of the symbol on another one; the symbol tells nothing of its own future.
/// A run that did not see a bar which it has acted on would not know its own orders.
constexpr std::chrono::hours clock_lag{24};

void fetch(run_pointer self, std::optional<utc_time> from);
void go_over(run_pointer self);
void on_bar(run_pointer self, const market::bar_update& update);
void load(run_pointer self);
void find_symbol(run_pointer self);

/// Bars that came while history was fetched.
void drain(run_pointer self) {
  const auto waiting = std::exchange(self->state.queue, {});
  for (const auto& one : waiting) on_bar(self, one);
}

void fail(run_pointer self, const std::string& why) {
  auto& s = self->state;
  s.phase = phase::failed;
  s.problem = why;
  const auto& o = *s.options;
  static_cast<void>(o.records->set_problem(o.strategy, why));
  if (o.on_problem) o.on_problem(o.strategy, o.what.symbol, why);
}

/// The symbol's actor is away, or not there yet: it is looked for until it comes. The run keeps what it is.
void wait_for_symbol(run_pointer self, const error& why) {
  auto& s = self->state;
  s.problem = "waits for the market of " + s.options->what.symbol + ": " + why.message;
  if (s.symbol) self->demonitor(s.symbol);
  s.symbol = nullptr;
  if (!std::exchange(s.is_search_due, true)) self->delayed_send(self, retry_pause, search_atom::value);
}

bool may_pass(const error& e) { return e.code == errc::not_available || e.code == errc::timed_out; }

void retry_later(run_pointer self) {
  auto& s = self->state;
  if (std::exchange(s.is_retry_due, true)) return;
  self->delayed_send(self, retry_pause, retry_atom::value);
}

signal_scope scope_of(const live_run_state& s) {
  signal_scope out;
  out.account = s.row->account;
  out.strategy = s.options->strategy;
  out.symbol = s.options->what.symbol;
  return out;
}

/// A disabled strategy's signal is refused, whoever was quicker; what closes a position may still go.
bool may_send(const live_run_state& s, const signal_order& what) {
  const auto now = s.options->records->state_of(s.options->strategy);
  return (now && now->is_enabled()) || what.request.effect == position_effect::reduce_only;
}

void place(run_pointer self, signal_order what) {
  auto& s = self->state;
  const auto run = s.row->run;
  if (!may_send(s, what)) {
    const auto refused = std::make_shared<const result<signal_outcome>>(error{errc::refused, "the strategy is disabled", "strategy_id"});
    return self->send(self, desk_answer{what.key, run, refused});
  }
  const auto key = what.key;
  s.options->desk->place(std::move(what), [me = caf::actor_cast<caf::actor>(self), key, run](result<signal_outcome> got) {
    caf::anon_send(me, desk_answer{key, run, std::make_shared<const result<signal_outcome>>(std::move(got))});
  });
}

/// What a stopped run leaves open: the next one takes it over under its entries' ids.
void keep_held(const live_run_state& s) {
  if (s.row && s.runner) static_cast<void>(s.options->records->keep_held(s.options->strategy, s.row->run, s.runner->held()));
}

/// What is drawn, where it is other than what was told last.
std::optional<std::string> new_drawings(live_run_state& s) {
  auto drawn = s.runner->run().engine().drawings_json();
  const auto print = std::hash<std::string>{}(drawn);
  if (std::exchange(s.told_drawings, print) == print) return std::nullopt;
  return drawn;
}

/// Carries out what the last steps of the run ask for: first it is written down.
void perform(run_pointer self) {
  auto& s = self->state;
  if (!s.runner || !s.row) return;
  auto effects = s.runner->take();
  const auto& o = *s.options;
  if (const auto kept = o.records->record(o.strategy, *s.row, effects, o.clock()); !kept) {
    // an order that is not on disk must not go out; the run can't go on, its orders at the venue stay
    s.runner.reset();
    s.has_predecessor = false; // the run is open on disk: the next request resumes it
    s.handed_over.clear();
    return fail(self, to_string(kept.error()));
  }
  for (const auto& id : effects.cancel) {
    auto scope = scope_of(s);
    scope.order = id;
    o.desk->cancel(std::move(scope), [](const result<std::vector<order_id>>&) {});
  }
  for (auto& one : effects.place) place(self, std::move(one));
  if (o.on_signal)
    for (const auto& one : effects.signals) o.on_signal(*s.row, one);
  if (o.on_trade)
    for (const auto& one : effects.trades) o.on_trade(*s.row, one);
  if (o.on_alert)
    for (const auto& one : effects.alerts) o.on_alert(*s.row, one);
  if (o.on_plot && effects.plotted) o.on_plot(*s.row, *effects.plotted, new_drawings(s));
  // a run that ends anyway ends, whatever went wrong in it
  if (s.runner->problem() && (s.phase == phase::running || s.phase == phase::loading)) fail(self, *s.runner->problem());
  if (s.phase == phase::stopped && !effects.events.empty()) keep_held(s);
  if (s.runner->has_open_orders()) retry_later(self);
  if (s.phase == phase::switching && !s.runner->has_open_orders()) go_over(self);
}

// ---------------------------------------------------------------- beginning

run_setup setup_of(const live_run_state& s) {
  run_setup out;
  out.strategy = s.options->strategy;
  out.run = s.row->run;
  out.account = s.row->account;
  out.what = s.options->what;
  out.frame = s.row->frame;
  out.hours = s.current->record.hours;
  out.code = s.current->code;
  out.inputs = s.row->inputs;
  out.data = s.current->data;
  out.trade_from_ms = s.row->trade_from_ms;
  out.held = s.row->held;
  return out;
}

void start_runner(run_pointer self, std::span<const run_event> events) {
  auto& s = self->state;
  s.runner.emplace(setup_of(s), s.history, events);
  s.history.clear();
  if (s.runner->problem()) {
    const auto why = *s.runner->problem();
    return fail(self, why);
  }
  s.phase = phase::running;
  perform(self);
  drain(self);
}

/// A feed that catches up after a restart tells bars that the run has acted on already. Without them it would take them for new ones,
/// and its old orders for its answer to them.
bool is_late(const live_run_state& s, const std::vector<run_event>& events) {
  std::int64_t seen = 0;
  for (const auto& e : events) seen = std::max(seen, e.bar_ms);
  return seen > (s.history.empty() ? 0 : unix_ms(s.history.back().open_time));
}

/// A run that was cut off by a restart goes on where it was. True: there was one, or it is waited for.
bool resume(run_pointer self) {
  auto& s = self->state;
  const auto& o = *s.options;
  if (s.has_predecessor) return false;
  auto open = o.records->open_run(o.strategy, o.what.symbol);
  if (!open) return false;
  const auto& r = s.current->record;
  if (open->version != r.version || open->account != r.state.account || open->mode != r.state.mode || open->inputs != r.inputs || open->frame != r.frame) {
    static_cast<void>(o.records->end_run(o.strategy, open->run, "changed while the node was down", o.clock()));
    return false;
  }
  const auto events = o.records->events(o.strategy, open->run);
  if (!events) return fail(self, to_string(events.error())), true;
  if (is_late(s, *events)) {
    s.problem = "waits for the bars of " + o.what.symbol + " that this run has seen before";
    if (++s.late_tries <= late_history_tries) {
      self->delayed_send(self, retry_pause, history_atom::value);
      return true;
    }
    s.problem.clear();
    static_cast<void>(o.records->end_run(o.strategy, open->run, "the market is behind what this run has seen", o.clock()));
    return false;
  }
  s.problem.clear();
  s.row = std::move(*open);
  start_runner(self, *events);
  return true;
}

/// What the account holds for the strategy decides what a new run begins with; the trades of the run before only say how.
std::vector<held_trade> held_by(const strategy_holding& account, const std::vector<held_trade>& before) {
  decimal sum;
  for (const auto& h : before) sum += h.size;
  if (sum == account.qty.value()) return before;
  if (account.qty.is_zero() || !account.average_price) return {};
  return {{"", account.qty.value(), *account.average_price, {}, unix_ms(account.opened_at)}};
}

void begin_new(run_pointer self, const strategy_holding& holding) {
  auto& s = self->state;
  const auto& o = *s.options;
  const auto& r = s.current->record;
  run_row row;
  row.symbol = o.what.symbol;
  row.version = r.version;
  row.account = r.state.account;
  row.mode = r.state.mode;
  row.frame = r.frame;
  row.inputs = r.inputs;
  row.started_at = o.clock();
  const auto last = s.history.empty() ? 0 : unix_ms(s.history.back().open_time);
  row.warm_up_from_ms = s.history.empty() ? 0 : unix_ms(s.history.front().open_time);
  row.trade_from_ms = last + 1;
  if (!s.has_predecessor)
    if (auto earlier = o.records->last_run(o.strategy, o.what.symbol)) s.handed_over = std::move(earlier->held);
  row.held = held_by(holding, s.handed_over);
  s.handed_over.clear();
  auto begun = o.records->begin_run(o.strategy, std::move(row));
  if (!begun) return fail(self, to_string(begun.error()));
  s.row = std::move(*begun);
  start_runner(self, {});
}

void ask_holding(run_pointer self) {
  auto& s = self->state;
  const auto& o = *s.options;
  const auto& account = s.current->record.state.account;
  if (!s.has_predecessor) { // orders of an earlier life that no run knows
    signal_scope all;
    all.account = account;
    all.strategy = o.strategy;
    all.symbol = o.what.symbol;
    o.desk->cancel(std::move(all), [](const result<std::vector<order_id>>&) {});
  }
  o.desk->holding(account, o.strategy, o.what.symbol, [me = caf::actor_cast<caf::actor>(self)](result<strategy_holding> got) {
    caf::anon_send(me, desk_holding{std::make_shared<const result<strategy_holding>>(std::move(got))});
  });
}

/// `asked` is the actor that answers; the symbol may have another one by now.
void on_history(run_pointer self, const market::history_reply& got, const caf::actor& asked) {
  auto& s = self->state;
  s.is_fetching = false;
  auto bars = *got.bars;
  if (got.last_is_forming && !bars.empty()) bars.pop_back();
  if (s.runner) { // a gap is healed
    s.is_behind = asked != s.symbol;
    for (const auto& b : bars) s.runner->on_bar(b, &b == &bars.back() ? bar_phase::closed : bar_phase::missed);
    perform(self);
    return drain(self);
  }
  if (s.wanted) return load(self); // asked for meanwhile
  if (s.phase != phase::loading) return; // stopped meanwhile
  s.history = std::move(bars);
  if (!resume(self)) ask_holding(self);
}

/// Bars that a run needs: its warm-up, and where it goes on after a restart, everything since it began.
std::uint32_t bars_needed(const live_run_state& s) {
  const auto& o = *s.options;
  const auto open = s.has_predecessor ? std::nullopt : o.records->open_run(o.strategy, o.what.symbol);
  if (!open) return o.warm_up;
  const auto& frame = s.current->record.frame;
  const auto length = frame.is_intraday() ? std::chrono::minutes{frame.count()} : std::chrono::minutes{std::chrono::hours{24}};
  const auto since = std::max<std::int64_t>(0, (o.clock() - from_unix_ms(open->trade_from_ms)) / length);
  return static_cast<std::uint32_t>(std::min<std::int64_t>(o.warm_up + since + 1, most_history));
}

/// Where the warm-up of the run began that goes on after a restart, if it is known.
std::optional<utc_time> first_bar_seen(const live_run_state& s) {
  if (s.has_predecessor) return std::nullopt;
  const auto open = s.options->records->open_run(s.options->strategy, s.options->what.symbol);
  if (!open || open->warm_up_from_ms == 0 || open->frame != s.current->record.frame) return std::nullopt;
  return from_unix_ms(open->warm_up_from_ms);
}

void fetch(run_pointer self, std::optional<utc_time> from) {
  auto& s = self->state;
  if (std::exchange(s.is_fetching, true)) return;
  market::history_request ask;
  ask.symbol = s.options->what.symbol;
  ask.frame = s.current->record.frame;
  ask.hours = s.current->record.hours;
  ask.to = s.options->clock() + (ask.frame.is_intraday() ? nanoseconds{clock_lag} : nanoseconds{1});
  if (from) ask.from = *from;
  else if (const auto first = first_bar_seen(s)) ask.from = first; // the same bars make the same run
  else ask.countback = bars_needed(s);
  ask.limit = most_history;
  self->request(s.symbol, market_deadline, ask)
    .then([self, asked = s.symbol](const market::history_reply& got) { on_history(self, got, asked); },
          [self](const caf::error& e) {
            auto& now = self->state;
            now.is_fetching = false;
            if (now.runner) {
              now.is_behind = true; // the next bar asks again
              return;
            }
            if (now.wanted) return load(self);
            if (now.phase != phase::loading) return;
            const auto why = from_caf_error(e);
            if (may_pass(why)) return wait_for_symbol(self, why);
            fail(self, "no bars: " + to_string(why));
          });
}

void follow_bars(run_pointer self) {
  auto& s = self->state;
  if (s.topic) self->send(s.symbol, market::unsubscribe_atom::value, *s.topic); // of another timeframe
  market::topic t;
  t.kind = market::topic_kind::bars;
  t.symbol = s.options->what.symbol;
  t.frame = s.current->record.frame;
  t.hours = s.current->record.hours;
  s.topic = t;
  s.last_seq.reset();
  s.queue.clear();
  self->send(s.symbol, market::subscribe_atom::value, t);
}

void load(run_pointer self) {
  auto& s = self->state;
  s.current = std::exchange(s.wanted, nullptr);
  s.phase = phase::loading;
  s.problem.clear();
  s.runner.reset();
  s.row.reset();
  s.is_fetching = s.is_behind = false;
  s.late_tries = 0;
  if (!s.symbol) return find_symbol(self);
  follow_bars(self);
  fetch(self, std::nullopt);
}

/// The symbol has this actor now, on this node or another. What was missed meanwhile is fetched from it.
void on_symbol(run_pointer self, const caf::actor& found) {
  auto& s = self->state;
  if (!found || s.symbol == found) return;
  if (s.symbol) self->demonitor(s.symbol);
  s.symbol = found;
  self->monitor(found);
  if (!s.current || s.phase == phase::failed || (!s.runner && s.phase == phase::stopped)) return;
  s.problem.clear();
  follow_bars(self);
  if (!s.runner) return fetch(self, std::nullopt);
  if (!s.runner->last_bar_ms()) return;
  s.is_behind = true;
  fetch(self, from_unix_ms(*s.runner->last_bar_ms()) + nanoseconds{1});
}

void find_symbol(run_pointer self) {
  self->request(self->state.options->directory, market_deadline, market::symbol_atom::value, self->state.options->what.symbol)
    .then([self](const caf::actor& found) { on_symbol(self, found); },
          [self](const caf::error& e) {
            const auto why = from_caf_error(e);
            if (may_pass(why)) wait_for_symbol(self, why);
            else fail(self, to_string(why));
          });
}

/// The run before is over and nothing of it is at the venue.
void go_over(run_pointer self) {
  auto& s = self->state;
  const auto& o = *s.options;
  s.handed_over = s.runner->held();
  s.has_predecessor = true;
  auto why = std::exchange(s.over_because, {});
  if (why.empty()) why = "another version, mode or setting follows";
  static_cast<void>(o.records->end_run(o.strategy, s.row->run, why, o.clock()));
  load(self);
}

// ---------------------------------------------------------------- closed from outside

/// Asks the account what it holds for the strategy. A person, an emergency stop or the venue may have closed what the run believes in.
void compare(run_pointer self) {
  auto& s = self->state;
  if (s.phase != phase::running || !s.runner || !s.row || s.runner->position().size == 0) return s.missing.reset();
  s.options->desk->holding(s.row->account, s.options->strategy, s.options->what.symbol,
                           [me = caf::actor_cast<caf::actor>(self), run = s.row->run](result<strategy_holding> got) {
                             caf::anon_send(me, desk_position{run, std::make_shared<const result<strategy_holding>>(std::move(got))});
                           });
}

/// By a lot at least: a venue may keep a fee of the thing itself.
bool is_less(decimal account, decimal run, decimal lot) {
  return account.is_zero() || account.is_negative() != run.is_negative() || account.abs() + lot <= run.abs();
}

/// Where the account has less for longer than a fill is on its way, another run begins with what is there. No trade is booked:
/// the run did not make that fill, and does not know its price.
void on_position(run_pointer self, const result<strategy_holding>& got) {
  auto& s = self->state;
  if (s.phase != phase::running || !got) return;
  decimal own;
  for (const auto& one : s.runner->held()) own += one.size;
  const auto there = got->qty.value();
  if (own.is_zero() || !is_less(there, own, s.options->what.lot.value())) return s.missing.reset();
  if (const std::pair seen{own, there}; s.missing != seen) {
    s.missing = seen;
    return self->delayed_send(self, outside_pause, compare_atom::value);
  }
  s.missing.reset();
  s.over_because = "the account holds " + there.to_string() + " where the run held " + own.to_string() + ": closed from outside";
  if (!s.wanted) s.wanted = s.current;
  s.phase = phase::switching;
  s.runner->stop(leaving::nothing);
  perform(self);
}

void on_request(run_pointer self, const run_request_ptr& what) {
  auto& s = self->state;
  s.wanted = what;
  if ((s.phase == phase::stopped || s.phase == phase::failed) && s.runner) { // it may still have orders: they are taken back first
    s.phase = phase::switching;
    s.runner->stop(leaving::nothing);
    return perform(self);
  }
  if (!s.runner && !s.is_fetching) return load(self); // a run that is under way goes over at its next bar
}

// ---------------------------------------------------------------- what happens

void on_bar(run_pointer self, const market::bar_update& update) {
  auto& s = self->state;
  if (!s.topic || update.frame != s.topic->frame || update.hours != s.topic->hours) return;
  if (!s.runner || s.is_fetching) {
    if (s.phase == phase::failed && !s.is_fetching) return;
    s.queue.push_back(update);
    if (s.queue.size() > waiting_bars) s.queue.pop_front(); // the gap is seen and healed
    return;
  }
  const bool has_gap = s.is_behind || (s.last_seq && update.seq > *s.last_seq + 1);
  s.last_seq = std::max(s.last_seq.value_or(0), update.seq);
  if (s.phase == phase::stopped || s.phase == phase::switching) return;
  const bool is_closed = update.state == market::bar_state::closed;
  if (s.wanted && is_closed) { // another version runs from this bar on
    s.phase = phase::switching;
    s.runner->stop(leaving::nothing);
    return perform(self);
  }
  if (has_gap && s.runner->last_bar_ms()) {
    s.queue.push_back(update);
    return fetch(self, from_unix_ms(*s.runner->last_bar_ms()) + nanoseconds{1});
  }
  s.runner->on_bar(update.data, is_closed ? bar_phase::closed : bar_phase::forming);
  perform(self);
  if (is_closed && !s.missing) compare(self);
}

void on_order(run_pointer self, const order& what, utc_time at) {
  auto& s = self->state;
  if (!s.runner) return;
  // records may carry the wall clock's time, which a replayed market is far behind
  s.runner->on_order(what, std::min(at, s.options->clock()));
  perform(self);
}

void look(run_pointer self) {
  auto& s = self->state;
  s.is_retry_due = false;
  if (!s.runner || !s.runner->has_open_orders()) return;
  s.runner->retry();
  perform(self);
  if (!s.row) return;
  s.options->desk->orders(scope_of(s), orders_looked_at, [me = caf::actor_cast<caf::actor>(self), run = s.row->run](result<std::vector<order>> got) {
    if (got) caf::anon_send(me, desk_orders{run, std::make_shared<const std::vector<order>>(std::move(*got))});
  });
  retry_later(self);
}

void stop(run_pointer self, const stop_run& why) {
  auto& s = self->state;
  s.wanted.reset();
  if (!s.runner) {
    s.phase = phase::stopped;
    const auto& o = *s.options; // a run of an earlier life must not go on when the strategy is switched on again
    if (const auto open = o.records->open_run(o.strategy, o.what.symbol))
      static_cast<void>(o.records->end_run(o.strategy, open->run, why.reason, o.clock()));
    return;
  }
  if (s.phase == phase::stopped) return;
  s.phase = phase::stopped;
  s.runner->stop(leaving::protection);
  perform(self);
  keep_held(s);
  if (s.row) static_cast<void>(s.options->records->end_run(s.options->strategy, s.row->run, why.reason, s.options->clock()));
}

run_state_ptr state_of(const live_run_state& s) {
  auto out = std::make_shared<run_state>();
  out->strategy = s.options->strategy;
  out->symbol = s.options->what.symbol;
  out->phase = s.phase;
  out->problem = s.problem;
  if (s.row) {
    out->run = s.row->run;
    out->version = s.row->version;
  }
  if (s.runner) {
    out->last_bar_ms = s.runner->last_bar_ms();
    out->position = s.runner->position();
    out->code = s.current->code;
    out->plots.assign(s.runner->plots().begin(), s.runner->plots().end());
    out->drawings_json = s.runner->run().engine().drawings_json();
  }
  return out;
}

} // namespace

caf::behavior live_run_actor(run_pointer self, std::shared_ptr<const live_run_options> options) {
  self->state.options = std::move(options);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& s = self->state;
    if (s.symbol && s.symbol.address() == down.source) wait_for_symbol(self, {errc::not_available, "its actor is gone"});
  });
  return {
    [self](const run_request_ptr& what) { on_request(self, what); },
    [self](const stop_run& why) {
      stop(self, why);
      if (why.then == stop_run::then_t::quit) self->quit();
    },
    [self](const market::update_batch& batch) {
      for (const auto& one : batch.updates)
        if (const auto* update = std::get_if<market::bar_update>(&one)) on_bar(self, *update);
    },
    [self](const order_seen_ptr& seen) {
      const auto& row = self->state.row;
      if (row && seen->account == row->account) on_order(self, seen->what, seen->at);
    },
    [self](const desk_answer& answer) {
      auto& s = self->state;
      if (!s.runner || !s.row || s.row->run != answer.run) return;
      s.runner->on_placed(answer.key, *answer.outcome, s.options->clock());
      perform(self);
    },
    [self](const desk_orders& got) {
      auto& s = self->state;
      if (!s.row || s.row->run != got.run) return;
      for (const auto& one : *got.orders) on_order(self, one, one.filled_at.value_or(one.updated_at));
    },
    [self](const desk_holding& got) {
      auto& s = self->state;
      if (s.runner || s.phase != phase::loading || s.is_fetching) return; // else of a request that was overtaken
      if (!*got.held) return fail(self, to_string(got.held->error()));
      begin_new(self, **got.held);
    },
    [self](const desk_position& got) {
      auto& s = self->state;
      if (s.runner && s.row && s.row->run == got.run) on_position(self, *got.held);
    },
    [self](compare_atom) { compare(self); },
    [self](history_atom) {
      const auto& s = self->state;
      if (!s.runner && s.phase == phase::loading && s.symbol) fetch(self, std::nullopt);
    },
    [self](retry_atom) { look(self); },
    [self](search_atom) {
      self->state.is_search_due = false;
      if (!self->state.symbol) find_symbol(self);
    },
    [self](const market::symbol_moved& moved) {
      if (moved.symbol == self->state.options->what.symbol) on_symbol(self, moved.now);
    },
    [self](state_atom) { return state_of(self->state); },
  };
}

} // namespace tt::strategy
