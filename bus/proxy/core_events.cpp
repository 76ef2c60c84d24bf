// What the core does in the bus thread: links coming and going, credit, the
// pulse, and the directory of names.
#include "bus/limits.hpp"
#include "bus/messages.hpp"
#include "bus/proxy/core.hpp"
#include "bus/proxy/inbound.hpp"

#include <caf/actor_cast.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <future>

namespace bus::proxy {

namespace {

using pulse_atom = caf::atom_constant<caf::atom("pulse")>;

constexpr std::chrono::seconds housekeeping_pause{2};

} // namespace

// -- links --------------------------------------------------------------------

// If it finds no room, the outbox has the session ended: nobody has to look at the result.
void core::send_vital(route& via, const std::string& frame) {
  via.send(frame, link::lane::vital);
}

void core::peer_up(size_t peer, const link::identity& who, uint64_t generation,
                   std::shared_ptr<link::outbox> out) {
  auto via = std::make_shared<route>(who.name, node_of_bytes(who.node), generation, std::move(out),
                                     request_limits{cfg_.pending_requests, cfg_.request_age, cfg_.request_grace});
  auto& p = peers_[peer];
  p.via = via;
  p.agent = who.agent;
  {
    const std::lock_guard guard{mutex_};
    routes_[via->node()] = via;
    agents_[who.name] = {via->node(), who.agent};
    for (const auto& [name, actor] : names_) send_vital(*via, name_frame(name, actor->aid));
  }
  notify_watchers(caf::make_message(peer_event{who.name, true, {}}));
}

void core::peer_down(size_t peer, link::down_reason reason) {
  const auto i = peers_.find(peer);
  if (i == peers_.end()) return;
  auto p = std::move(i->second);
  peers_.erase(i);
  const auto via = p.via;
  std::vector<std::string> lost_names;
  std::vector<caf::strong_actor_ptr> lost_actors; // released outside the lock
  {
    const std::lock_guard guard{mutex_};
    routes_.erase(via->node());
    agents_.erase(via->peer());
    for (auto entry = directory_.begin(); entry != directory_.end();) {
      if (const auto owner = entry->second.find(via->peer()); owner != entry->second.end()) {
        lost_names.push_back(entry->first);
        lost_actors.push_back(std::move(owner->second));
        entry->second.erase(owner);
      }
      entry = entry->second.empty() ? directory_.erase(entry) : std::next(entry);
    }
  }
  release_targets(p);
  exports_->unwatch(via);
  for (auto& request : via->requests().close())
    if (auto requester = request.requester.lock())
      requester->enqueue(nullptr, request.mid.response_id(),
                         caf::make_message(make_error(errc::peer_down, "lost node " + via->peer())), nullptr);
  proxies_.erase(via->node()); // every monitor and link fires
  notify_watchers(caf::make_message(peer_event{via->peer(), false, std::string{link::name_of(reason)}}));
  for (const auto& name : lost_names) notify_name(name);
}

void core::release_targets(linked_peer& p) {
  for (auto& [id, t] : p.targets) t.gauge->release();
  p.targets.clear();
  p.active.clear();
}

// A peer that keeps to its credit comes nowhere near; one that does not must not fill this node's memory.
bool core::is_too_much(linked_peer& p, size_t bytes, uint32_t messages) {
  const auto [waiting, held] = p.load->now();
  // one frame always finds room where nothing waits, so that none is refused for ever
  if (waiting == 0 || (waiting + messages <= cfg_.held_messages && held + bytes <= cfg_.held_bytes)) return false;
  const auto now = std::chrono::steady_clock::now();
  if (p.excess_logged == link::time_point{} || now - p.excess_logged >= loss_log::log_pause) {
    p.excess_logged = now;
    log(log_level::warning, p.via->peer() + " has " + std::to_string(waiting) + " messages of " + std::to_string(held) +
                                " bytes waiting here; more are refused");
  }
  return true;
}

bool core::messages(size_t peer, std::string_view body, uint32_t count) {
  const auto i = peers_.find(peer);
  if (i == peers_.end()) return true;
  // each message counts with its share of the frame: the sum is exact, and nobody has to measure them
  const auto share = count == 0 ? 0u : static_cast<uint32_t>(std::min<size_t>(body.size() / count + 1, UINT32_MAX));
  inbound in{*this, i->second, share, is_too_much(i->second, body.size(), count)};
  for (uint32_t n = 0; n < count; ++n) {
    size_t used = 0;
    if (!in.dispatch(body, used)) return false;
    body.remove_prefix(used);
  }
  return body.empty();
}

// -- topics -------------------------------------------------------------------

void core::topic_message(std::string_view topic, std::string_view payload) {
  hub_->on_message(topic, payload);
}
void core::topic_wanted(std::string_view prefix, bool wanted, std::string_view client) {
  hub_->on_wanted(prefix, wanted, client);
}
void core::topics_closed() {
  hub_->on_nothing_wanted();
}
link::time_point core::deadline() const {
  return hub_->deadline();
}
void core::snapshot_wanted(std::string_view topic) {
  hub_->on_snapshot_wanted(topic);
}

// -- credit, pulse, housekeeping ----------------------------------------------

void core::report_credit(linked_peer& p, bool all) {
  for (size_t i = 0; i < p.active.size();) {
    auto& t = *p.active[i];
    const auto unreported = t.gauge->unreported();
    if (unreported >= credit_step || (all && unreported > 0))
      send_vital(*p.via, credit_frame(t.id, t.gauge->report()));
    if (all && t.gauge->is_settled()) {
      t.active = false;
      p.active[i] = p.active.back();
      p.active.pop_back();
    } else {
      ++i;
    }
  }
}

void core::check_pulse(link::time_point now) {
  if (cfg_.pulse_limit.count() == 0) return;
  if (pulse_answered_ == pulse_asked_) {
    if (stalled_) {
      stalled_ = false;
      log(log_level::warning, "actors run again: back on the bus");
      transport_->resume_all();
    }
    if (now - pulse_asked_at_ < cfg_.beat_every) return;
    pulse_asked_at_ = now;
    caf::anon_send(pulse_, pulse_atom::value, ++pulse_asked_);
  } else if (!stalled_ && now - pulse_asked_at_ > cfg_.pulse_limit) {
    stalled_ = true;
    ++stalls_;
    log(log_level::error, "actors of this node do not run: off the bus until they do");
    transport_->suspend_all(link::down_reason::own_stall);
  }
}

void core::give_up_requests(route& via, link::time_point now) {
  for (auto& x : via.requests().sweep(now)) {
    ++expired_requests_;
    const auto why = x.is_orphan ? caf::sec::request_receiver_down : caf::sec::request_timeout;
    if (auto requester = x.requester.lock())
      requester->enqueue(nullptr, x.mid.response_id(), caf::make_message(caf::make_error(why)), nullptr);
  }
}

void core::housekeeping(link::time_point now) {
  early_moves_.sweep(now);
  for (auto& [index, p] : peers_) {
    give_up_requests(*p.via, now);
    for (auto i = p.targets.begin(); i != p.targets.end();) {
      auto& t = i->second;
      const bool gone = !t.active && t.actor->get()->getf(caf::abstract_actor::is_terminated_flag);
      if (gone) t.gauge->release();
      i = gone ? p.targets.erase(i) : std::next(i);
    }
  }
}

void core::work(link::time_point now) {
  const bool all = now - last_credit_ >= cfg_.beat_every;
  if (all) last_credit_ = now;
  for (auto& [index, p] : peers_) report_credit(p, all);
  hub_->settle_wanted(now);
  if (!running_) return;
  check_pulse(now);
  if (now - last_housekeeping_ >= housekeeping_pause) {
    last_housekeeping_ = now;
    housekeeping(now);
  }
}

// -- names and watchers (any thread) ------------------------------------------

caf::error core::publish(const std::string& name, const caf::actor& actor) {
  if (!running_) return make_error(errc::stopped);
  if (!actor) return make_error(errc::bad_handle, "cannot publish a null handle");
  if (name.empty() || name.size() > limits::actor_name_bytes)
    return make_error(errc::bad_config, "name: 1 to 255 bytes");
  auto ptr = caf::actor_cast<caf::strong_actor_ptr>(actor);
  if (!is_local(ptr.get())) return make_error(errc::bad_handle, "only actors of this node can be published");
  exports_->add(ptr.get());
  bool is_new = false;
  {
    const std::lock_guard guard{mutex_};
    if (names_.size() >= limits::names) return make_error(errc::limit_reached, "names");
    if (!names_.try_emplace(name, ptr).second) return make_error(errc::name_taken, name);
    // under the lock, so that announcements keep the order of the changes
    for (auto& [node, via] : routes_) send_vital(*via, name_frame(name, ptr->aid));
    is_new = named_.insert(ptr->aid).second;
  }
  notify_name(name);
  // A name ends with its actor. One functor however often it is published: they stay until the actor ends.
  if (is_new)
    ptr->get()->attach_functor(
        [this, alive = std::weak_ptr<export_table>{exports_}, id = ptr->aid](const caf::error&) {
          if (!alive.expired() && running_) withdraw_all(id);
        });
  return {};
}

void core::withdraw_all(caf::actor_id actor) {
  std::vector<std::string> names;
  {
    const std::lock_guard guard{mutex_};
    named_.erase(actor);
    for (const auto& [name, ptr] : names_)
      if (ptr->aid == actor) names.push_back(name);
  }
  for (const auto& name : names) withdraw(name, actor);
}

void core::withdraw(const std::string& name) {
  withdraw(name, caf::invalid_actor_id);
}

// Of an actor that has ended only its own names: meanwhile they may be somebody else's.
void core::withdraw(const std::string& name, caf::actor_id only) {
  caf::strong_actor_ptr gone; // released outside the lock
  {
    const std::lock_guard guard{mutex_};
    const auto i = names_.find(name);
    if (i == names_.end() || (only != caf::invalid_actor_id && i->second->aid != only)) return;
    gone = std::move(i->second);
    names_.erase(i);
    for (auto& [node, via] : routes_) send_vital(*via, name_frame(name, 0));
  }
  notify_name(name);
}

caf::actor core::find(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  if (const auto i = names_.find(name); i != names_.end()) return caf::actor_cast<caf::actor>(i->second);
  const auto i = directory_.find(name);
  // of several nodes with one name all take the same: the first by node name
  return i == directory_.end() ? caf::actor{} : caf::actor_cast<caf::actor>(i->second.begin()->second);
}

caf::actor core::agent(const std::string& peer) {
  if (peer == cfg_.name) return agent_;
  std::pair<caf::node_id, caf::actor_id> where;
  {
    const std::lock_guard guard{mutex_};
    const auto i = agents_.find(peer);
    if (i == agents_.end()) return {};
    where = i->second;
  }
  return caf::actor_cast<caf::actor>(proxies_.get_or_put(where.first, where.second));
}

// What is known is looked up again for each notice: it may have changed by the one before.
void core::watch(const caf::actor& watcher) {
  const std::lock_guard telling{notices_};
  std::vector<std::string> peers;
  std::set<std::string> names;
  {
    const std::lock_guard guard{mutex_};
    watchers_.push_back(caf::actor_cast<caf::weak_actor_ptr>(watcher));
    for (const auto& [node, via] : routes_) peers.push_back(via->peer());
    for (const auto& [name, actor] : names_) names.insert(name);
    for (const auto& [name, actors] : directory_) names.insert(name);
  }
  const auto ptr = caf::actor_cast<caf::strong_actor_ptr>(watcher);
  const auto tell = [&](caf::message what) { ptr->enqueue(nullptr, caf::make_message_id(), std::move(what), nullptr); };
  const auto is_linked = [this](const std::string& peer) {
    const std::lock_guard guard{mutex_};
    return agents_.contains(peer);
  };
  for (const auto& peer : peers)
    if (is_linked(peer)) tell(caf::make_message(peer_event{peer, true, {}}));
  for (const auto& name : names)
    if (auto event = event_of(name); event.actor) tell(caf::make_message(std::move(event)));
}

std::vector<caf::strong_actor_ptr> core::living_watchers() {
  std::vector<caf::strong_actor_ptr> result;
  const std::lock_guard guard{mutex_};
  std::erase_if(watchers_, [&](const auto& weak) {
    auto ptr = weak.lock();
    if (!ptr || ptr->get()->getf(caf::abstract_actor::is_terminated_flag)) return true;
    result.push_back(std::move(ptr));
    return false;
  });
  return result;
}

void core::notify_watchers(const caf::message& what) {
  const std::lock_guard telling{notices_};
  for (auto& ptr : living_watchers()) ptr->enqueue(nullptr, caf::make_message_id(), what, nullptr);
}

name_event core::event_of(const std::string& name) const {
  return {name, find(name)};
}

void core::notify_name(const std::string& name) {
  const std::lock_guard telling{notices_};
  for (auto& ptr : living_watchers())
    ptr->enqueue(nullptr, caf::make_message_id(), caf::make_message(event_of(name)), nullptr);
}

core_report core::report() {
  core_report r;
  r.refused_messages = refused_messages_;
  r.lost_messages = losses_.count();
  r.excess_messages = excess_messages_;
  r.undecodable = undecodable_;
  r.stalls = stalls_;
  r.existing_proxies = *existing_proxies_;
  r.expired_requests = expired_requests_;
  r.exported_actors = exports_->size();
  const std::lock_guard guard{mutex_};
  for (const auto& [node, via] : routes_) {
    r.proxies += proxies_.count_proxies(node);
    r.pending_requests += via->requests().size();
  }
  return r;
}

} // namespace bus::proxy
