#include "cluster/stops/stop_actor.hpp"

#include "bus/messages.hpp"
#include "gateways/store/durable_file.hpp"

#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace tt::cluster {

namespace {

using stop_pointer = caf::stateful_actor<stop_actor_state>*;
using retry_atom = caf::atom_constant<caf::atom("retry")>;
using probe_atom = caf::atom_constant<caf::atom("probe")>;
using late_atom = caf::atom_constant<caf::atom("late")>;
using gateway::node_stop;

stop_task task_of(std::function<void()> run) { return {std::make_shared<const std::function<void()>>(std::move(run))}; }

/// What can't be written is tried again with the next retry.
void save(stop_pointer self) {
  auto& s = self->state;
  const auto done = gateway::replace_file(s.options->path, to_json(stop_memory{s.board->word(), s.hosts, s.gateways}));
  if (done && !s.unwritten.empty()) spdlog::info("emergency stops are written down again");
  s.unwritten = done ? std::string{} : "can't be written down and would be forgotten by a restart: " + to_string(done.error());
  if (!done) spdlog::error("emergency stops can't be written down: {}", to_string(done.error()));
}

// -- the accounts of this node ------------------------------------------------------

void settle(stop_pointer self) {
  auto& s = self->state;
  if (s.in_flight > 0) return;
  for (auto waiting = std::exchange(s.waiters, {}); auto& run : waiting) run();
  s.cancelled.clear();
}

/// Runs it once the accounts have answered to all that they were told.
void when_settled(stop_pointer self, std::function<void()> run) {
  self->state.waiters.push_back(std::move(run));
  settle(self);
}

/// An answer of the accounts, on any thread, as work of this actor.
template <class T>
gateway::reply<T> inward(stop_pointer self, std::function<void(result<T>)> work) {
  return [to = caf::actor_cast<caf::actor>(self), work = std::move(work)](result<T> got) {
    caf::anon_send(to, task_of([work, got = std::make_shared<result<T>>(std::move(got))] { work(std::move(*got)); }));
  };
}

void answered(stop_pointer self, const std::optional<error>& failed) {
  auto& s = self->state;
  --s.in_flight;
  if (failed) {
    s.trouble = to_string(*failed);
    spdlog::error("an emergency stop or resume is not obeyed by every account here: {}", s.trouble);
  }
  settle(self);
}

void take(stop_pointer self, const standing_stop& what, telling how) {
  auto& s = self->state;
  ++s.in_flight;
  const gateway::stop_request order{what.scope(), what.mode, what.open, what.reason};
  s.options->accounts.take(what.author, order, how, inward<gateway::stopped>(self, [self](result<gateway::stopped> got) {
    auto& now = self->state;
    if (!got) return answered(self, got.error());
    now.epoch = std::max(now.epoch, got->epoch);
    now.elapsed = got->elapsed;
    for (const auto& id : got->cancel_requested) now.cancelled.push_back(id.str());
    answered(self, std::nullopt);
  }));
}

/// Has the accounts resume what was lifted, where nothing at all stands any more.
void lift_here(stop_pointer self) {
  auto& s = self->state;
  auto scopes = s.board->take_lifted();
  scopes.insert(scopes.end(), s.to_lift.begin(), s.to_lift.end());
  s.to_lift.clear();
  if (scopes.empty()) return;
  ++s.in_flight;
  s.options->accounts.lift("cluster", scopes, "resumed at another node", inward<void>(self, [self, scopes](const result<void>& got) {
    if (!got) spdlog::warn("accounts here stay stopped: {}", to_string(got.error()));
    // any other failure is the accounts' own affair: a person resumes them here
    if (!got && got.error().code == errc::not_available) self->state.to_lift = scopes;
    answered(self, std::nullopt);
  }));
}

/// Has the accounts do what changed.
void obey(stop_pointer self, const stop_change& change, telling how = telling::first) {
  auto& s = self->state;
  if (!s.options->accounts.take) return;
  if (!change.fresh.empty()) s.trouble.clear();
  for (const auto& one : change.fresh) take(self, one, how);
  if (change.lifted == stop_change::lift::some && !s.board->is_standing()) lift_here(self);
}

/// Has the accounts do all that stands once more.
void obey_again(stop_pointer self) { obey(self, {self->state.board->word().stops, stop_change::lift::none}, telling::again); }

/// What is to be said of a stop that the accounts here have taken; empty: nothing.
std::string remark(stop_pointer self, const standing_stop* what) {
  const auto& s = self->state;
  const bool is_strange = what && what->what == risk::kill_scope::kind::account && s.options->accounts.has && !s.options->accounts.has(what->name);
  if (!is_strange) return s.unwritten;
  return "has no account " + in_quotes(what->name) + (s.unwritten.empty() ? "" : "; " + s.unwritten);
}

/// What a node ordered last, as far as it stands.
const standing_stop* newest_of(const std::string& node, const stop_word& word) {
  const standing_stop* out = nullptr;
  for (const auto& one : word.stops)
    if (one.version.node == node && (!out || one.version.sequence > out->version.sequence)) out = &one;
  return out;
}

// -- who is cut off -----------------------------------------------------------------

void show_isolation(stop_pointer self) {
  const auto& s = self->state;
  const bool is_held = std::ranges::any_of(s.lost, [&](const auto& one) { return !s.ended.contains(one.first); });
  if (s.options->accounts.isolate) s.options->accounts.isolate(is_held ? risk::on_off::on : risk::on_off::off);
}

/// Where gateways are reached, as far as the bus knows; what was known stays.
void note_addresses(stop_pointer self) {
  auto& s = self->state;
  for (const auto& link : s.options->node->links())
    if (!link.address.empty() && s.gateways.contains(link.peer)) s.addresses.insert_or_assign(link.peer, link.address);
}

/// Asks the machines of lost gateways, round by round, as long as there are any.
void probe(stop_pointer self) {
  auto& s = self->state;
  if (s.lost.empty()) return s.ended.clear();
  if (!s.prober) s.prober = self->spawn<caf::linked + caf::detached>(end_prober);
  note_addresses(self);
  end_question what{++s.rounds, {}};
  for (const auto& [gateway, number] : s.lost)
    if (const auto known = s.addresses.find(gateway); known != s.addresses.end()) what.nodes.insert(*known);
  self->send(s.prober, what);
  self->delayed_send(self, proof_lifetime, late_atom::value, what.round);
}

void say_ended(stop_pointer self, std::set<std::string> ended) {
  auto& s = self->state;
  std::erase_if(ended, [&](const std::string& one) { return !s.lost.contains(one); });
  for (const auto& one : ended)
    if (!s.ended.contains(one)) spdlog::warn("{} has ended, as its machine says: it holds the accounts here back no longer", one);
  for (const auto& one : s.ended)
    if (s.lost.contains(one) && !ended.contains(one)) spdlog::warn("whether {} has ended is not known any more: accounts open nothing until it is back", one);
  s.ended = std::move(ended);
  show_isolation(self);
}

void on_ended(stop_pointer self, const end_answer& what) {
  auto& s = self->state;
  if (what.round != s.rounds) return;
  s.answered = what.round;
  say_ended(self, what.ended);
  self->delayed_send(self, probe_pause, probe_atom::value, what.round);
}

/// The next round, unless a new loss has begun one.
void on_probe(stop_pointer self, std::uint64_t after) {
  if (after == self->state.rounds) probe(self);
}

/// A round without an answer proves nothing.
void on_late(stop_pointer self, std::uint64_t round) {
  if (self->state.answered < round) say_ended(self, {});
}

void found(stop_pointer self, const std::string& peer) {
  if (self->state.lost.erase(peer) == 0) return;
  spdlog::info("emergency stops are compared with {} again{}", peer, self->state.lost.empty() ? ": accounts may open positions" : "");
  show_isolation(self);
}

bool may_be_isolated(stop_pointer self) {
  return self->state.options->accounts.isolate && self->state.options->on_isolation == isolation_policy::block;
}

/// False if it was lost before.
bool lose(stop_pointer self, const std::string& gateway) {
  auto& s = self->state;
  if (!s.lost.try_emplace(gateway, s.losses + 1).second) return false;
  ++s.losses;
  s.ended.erase(gateway); // proven of the process that was there before
  return true;
}

/// What a restart can't know: whether those who may order a stop have done so meanwhile.
void begin_isolated(stop_pointer self) {
  if (!may_be_isolated(self)) return;
  for (const auto& gateway : self->state.gateways) {
    lose(self, gateway);
    spdlog::info("accounts open nothing until emergency stops are compared with {}", gateway);
  }
  show_isolation(self);
  probe(self);
}

void on_peer(stop_pointer self, const bus::peer_event& event) {
  auto& s = self->state;
  if (event.up) return;
  s.owing.erase(event.peer);
  if (event.reason == "left") {
    if (s.hosts.erase(event.peer) + s.gateways.erase(event.peer) > 0) save(self);
    found(self, event.peer);
    return;
  }
  if (!s.gateways.contains(event.peer) || !may_be_isolated(self) || !lose(self, event.peer)) return;
  spdlog::warn("{} is lost, and may order an emergency stop that is not heard here: accounts open nothing until it is back ({})", event.peer, event.reason);
  show_isolation(self);
  probe(self);
}

void note_peer(stop_pointer self, const stop_peer& who) {
  auto& s = self->state;
  const bool is_new_host = who.accounts == hosts_accounts::yes && s.hosts.insert(who.node).second;
  const bool is_new_gateway = who.gateway == takes_stops::yes && s.gateways.insert(who.node).second;
  // one that changed its roles
  const bool was_host = who.accounts == hosts_accounts::no && s.hosts.erase(who.node) > 0;
  const bool was_gateway = who.gateway == takes_stops::no && s.gateways.erase(who.node) > 0;
  if (is_new_host || is_new_gateway || was_host || was_gateway) save(self);
}

// -- words of others ----------------------------------------------------------------

void tell_others(stop_pointer self, const std::string& but);

void fold(stop_pointer self, const stop_peer& from, const stop_word& word) {
  auto& s = self->state;
  note_peer(self, from);
  const auto change = s.board->merge(word);
  if (change.is_news()) {
    obey(self, change); // before the disk: late is worse than lost
    tell_others(self, from.node); // somebody may be linked to this node only
    save(self);
  }
  found(self, from.node);
}

/// Tells one node what is known. `then` may be empty; null where it did not answer.
void tell(stop_pointer self, const std::string& peer, std::function<void(const stop_synced*)> then) {
  auto& s = self->state;
  s.owing.insert(peer);
  self->request(s.others.at(peer), stop_deadline, stop_sync{s.options->self, s.board->word()})
    .then(
      [self, peer, then](const stop_synced& reply) {
        if (reply.taking == stop_taking::taken) self->state.owing.erase(peer);
        fold(self, reply.from, reply.word);
        if (then) then(&reply);
      },
      [self, peer, then](const caf::error&) {
        if (self->state.others.contains(peer)) self->state.owing.insert(peer); // an older word may have been acknowledged meanwhile
        if (then) then(nullptr);
      });
}

void tell_others(stop_pointer self, const std::string& but) {
  for (const auto& [peer, actor] : self->state.others)
    if (peer != but) tell(self, peer, {});
}

caf::result<stop_synced> on_sync(stop_pointer self, const stop_sync& what) {
  auto& s = self->state;
  if (s.waiters.size() >= max_stop_waiters) return make_error(caf::sec::runtime_error, "too many wait for the accounts");
  fold(self, what.from, what.word);
  auto answer = self->make_response_promise<stop_synced>();
  const auto* newest = newest_of(what.from.node, what.word);
  when_settled(self, [self, answer, said = remark(self, newest)]() mutable {
    const auto& now = self->state;
    const auto taking = now.trouble.empty() ? stop_taking::taken : stop_taking::refused;
    answer.deliver(stop_synced{now.options->self, now.board->word(), taking, now.trouble.empty() ? said : now.trouble, now.cancelled});
  });
  return answer;
}

void on_name(stop_pointer self, const bus::name_event& event) {
  if (!event.name.starts_with(stops_prefix)) return;
  auto& s = self->state;
  const auto peer = event.name.substr(stops_prefix.size());
  if (peer == s.options->self.node) return;
  if (!event.actor) {
    s.others.erase(peer);
    return;
  }
  s.others[peer] = event.actor;
  note_addresses(self);
  tell(self, peer, {});
}

/// Who did not acknowledge is told again, accounts that did not obey likewise, and what is not on disk is written.
void retry(stop_pointer self) {
  auto& s = self->state;
  if (!s.unwritten.empty()) save(self);
  for (const auto& peer : std::set<std::string>(s.owing))
    if (s.others.contains(peer)) tell(self, peer, {});
  if (!s.trouble.empty() && s.in_flight == 0) obey_again(self);
  if (!s.to_lift.empty() && s.in_flight == 0 && !s.board->is_standing()) lift_here(self);
  self->delayed_send(self, stop_retry_pause, retry_atom::value);
}

// -- words of this node ---------------------------------------------------------------

/// An answer that is put together from those of all nodes.
struct gathering {
  std::map<std::string, node_stop> nodes; ///< with accounts
  std::set<std::string> open;             ///< of them, that may still answer
  gateway::stopped sum;
  std::function<void(gateway::stopped)> done;

  void take(node_stop what) {
    open.erase(what.node);
    nodes.insert_or_assign(what.node, std::move(what));
  }
  void finish_if_complete() {
    if (open.empty()) finish();
  }
  void finish() {
    if (!done) return;
    for (auto& [name, one] : nodes) sum.nodes.push_back(one);
    std::exchange(done, {})(std::move(sum));
  }
};

/// Tells every node and puts together what they answer, within the deadline.
std::shared_ptr<gathering> gather_answers(stop_pointer self, std::function<void(gateway::stopped)> done) {
  auto& s = self->state;
  auto all = std::make_shared<gathering>();
  all->done = std::move(done);
  for (const auto& host : s.hosts)
    all->nodes[host] = s.others.contains(host) ? node_stop{host, node_stop::taking::waiting, "did not answer in time"}
                                               : node_stop{host, node_stop::taking::waiting, "is not linked"};
  if (s.options->accounts.take) all->open.insert(s.options->self.node);
  for (const auto& [peer, actor] : s.others) {
    if (s.hosts.contains(peer)) all->open.insert(peer);
    tell(self, peer, [all, peer = peer](const stop_synced* reply) {
      if (!reply || !all->done) return;
      if (reply->from.accounts == hosts_accounts::yes)
        all->take({peer, reply->taking == stop_taking::taken ? node_stop::taking::taken : node_stop::taking::refused, reply->detail});
      for (const auto& id : reply->cancelled) all->sum.cancel_requested.emplace_back(id);
      all->finish_if_complete();
    });
  }
  self->delayed_send(self, stop_deadline, task_of([all] { all->finish(); }));
  return all;
}

void order(stop_pointer self, const stop_order& what) {
  auto& s = self->state;
  const auto made = s.board->engage(what.what, what.author, s.options->clock());
  if (!made) return what.done(made.error());
  spdlog::warn("emergency stop: {} of {} {} by {}: {}", risk::to_string(made->mode), risk::to_string(made->what), made->name, made->author, made->reason);
  obey(self, {{*made}, stop_change::lift::none});
  auto all = gather_answers(self, what.done);
  all->sum.mode = made->mode;
  all->sum.epoch = made->version.sequence;
  save(self);
  when_settled(self, [self, all, said = remark(self, &*made)] {
    const auto& now = self->state;
    if (now.options->accounts.take) {
      all->sum.epoch = now.epoch;
      all->sum.elapsed = now.elapsed;
      for (const auto& id : now.cancelled) all->sum.cancel_requested.emplace_back(id);
      if (now.trouble.empty()) all->take({now.options->self.node, node_stop::taking::taken, said});
      else all->take({now.options->self.node, node_stop::taking::refused, now.trouble});
    } else if (!said.empty()) all->take({now.options->self.node, node_stop::taking::taken, said}); // no accounts, but its word may be lost
    all->finish_if_complete();
  });
}

stop_standing standing(stop_pointer self) {
  stop_standing out{self->state.board->standing(), {}};
  for (const auto& [node, number] : self->state.lost) out.lost.push_back({node, number});
  return out;
}

void lift(stop_pointer self, const stop_lift& what) {
  auto& s = self->state;
  if (s.board->is_standing() || !what.seen.stops.empty())
    if (auto lifted = s.board->lift(what.seen.stops); !lifted) return what.done(lifted.error());
  // whoever resumes decides that trade goes on without those who were lost then; who was lost again since, holds it back
  for (const auto& one : what.seen.lost)
    if (const auto known = s.lost.find(one.node); known != s.lost.end() && known->second == one.number) {
      s.lost.erase(known);
      s.gateways.erase(one.node); // given up: no restart waits for it
    }
  show_isolation(self);
  if (what.seen.stops.empty()) {
    if (!what.seen.lost.empty()) save(self);
    return what.done(std::uint64_t{0});
  }
  static_cast<void>(s.board->take_lifted());
  spdlog::warn("emergency stops are lifted by {}: {}", what.author, what.reason);
  save(self); // a stop that comes back after a restart is worse than a late resume
  const auto finish = [done = what.done](const gateway::stopped& all) {
    for (const auto& one : all.nodes)
      if (one.how != node_stop::taking::taken) spdlog::warn("{} has not resumed yet: {}", one.node, one.detail);
    done(std::uint64_t{0});
  };
  auto all = gather_answers(self, finish);
  all->open.erase(s.options->self.node);
  all->finish_if_complete();
}

} // namespace

caf::behavior stop_actor(stop_pointer self, std::shared_ptr<stop_options> options) {
  auto& s = self->state;
  s.options = std::move(options);
  s.board.emplace(s.options->self.node, s.options->known.word);
  s.hosts = s.options->known.hosts;
  s.hosts.erase(s.options->self.node);
  s.gateways = s.options->known.gateways;
  s.gateways.erase(s.options->self.node);
  begin_isolated(self);
  self->set_default_handler(caf::drop);
  // what was in force before a restart is in force again, also where a journal did not get to know it
  obey_again(self);
  s.options->node->watch(caf::actor_cast<caf::actor>(self));
  self->delayed_send(self, stop_retry_pause, retry_atom::value);
  return {
    [self](const bus::peer_event& event) { on_peer(self, event); },
    [self](const bus::name_event& event) { on_name(self, event); },
    [self](const stop_sync& what) { return on_sync(self, what); },
    [self](const stop_order& what) { order(self, what); },
    [self](const stop_question& what) { what.done(standing(self)); },
    [self](const stop_lift& what) { lift(self, what); },
    [self](obey_atom) { obey_again(self); },
    [](const stop_task& task) { (*task.run)(); },
    [self](const end_answer& what) { on_ended(self, what); },
    [self](probe_atom, std::uint64_t after) { on_probe(self, after); },
    [self](late_atom, std::uint64_t round) { on_late(self, round); },
    [self](retry_atom) { retry(self); },
  };
}

} // namespace tt::cluster
