#include "bus/topics/hub.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"
#include "bus/topics/subscription.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/make_message.hpp>

#include <algorithm>
#include <utility>

namespace bus::topics {

namespace {

constexpr size_t publishers_per_topic = 8;          // epochs remembered for gap detection
constexpr std::chrono::seconds refusal_pause{10};   // between two words about clients that want too much
constexpr size_t few_prefixes = 8;                  // compared one by one

template <class Prefixes>
bool has_prefix_of(std::string_view name, const Prefixes& prefixes) {
  if (prefixes.size() <= few_prefixes)
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& x) {
      if constexpr (requires { x.first; })
        return name.starts_with(x.first);
      else
        return name.starts_with(x);
    });
  for (size_t n = 0; n <= name.size(); ++n)
    if (prefixes.contains(name.substr(0, n))) return true;
  return false;
}

} // namespace

// -- publishing ---------------------------------------------------------------

bool hub::is_wanted(std::string_view topic) const {
  return all_wanted_ || has_prefix_of(topic, wanted_);
}

local_topic_ptr hub::topic(std::string_view name) {
  {
    const std::shared_lock guard{topics_mutex_};
    if (const auto i = topics_.find(name); i != topics_.end()) return i->second;
  }
  if (name.empty() || name.size() > limits::topic_bytes) return nullptr;
  const std::unique_lock guard{topics_mutex_};
  if (const auto i = topics_.find(name); i != topics_.end()) return i->second;
  if (topics_.size() >= limits::topics) return nullptr;
  auto t = std::make_shared<local_topic>(std::string{name});
  t->wanted = is_wanted(name);
  topics_.emplace(t->name, t);
  return t;
}

// Requires the topic's mutex.
void hub::send(local_topic& t) {
  std::string payload;
  // a subscriber's libzmq breaks the connection over a longer one, and for good
  if (write_payload(payload, {node_name_, epoch_, t.seq}, t.last, encode_) || payload.size() > limits::message_bytes ||
      !transport_->publish(t.name, std::move(payload)))
    ++refused_;
  else
    ++sent_;
}

void hub::publish(local_topic& t, caf::message content) {
  ++published_;
  const std::lock_guard guard{t.mutex};
  ++t.seq;
  // looked up under the topic's mutex: a subscriber that comes meanwhile finds either this message or the
  // last
  for (const auto& s : subscribers_of(t.name)) s->deliver_own(t.seq, content);
  t.last = std::move(content);
  if (t.wanted) send(t);
}

// -- what remote subscribers want -----------------------------------------------

// A prefix that came and went since the last settling has not changed.
void hub::note_change(std::string_view prefix) {
  if (const auto i = changed_.find(prefix); i != changed_.end())
    changed_.erase(i);
  else
    changed_.emplace(prefix);
}

void hub::refuse(std::string_view client) {
  if (!refusal_ || (refusal_told_ != link::time_point{} && now_ - refusal_told_ < refusal_pause)) return;
  refusal_told_ = now_;
  refusal_(std::string{client} + " wants more topics than a program outside may: new ones are ignored");
}

// Requires the mutex. Whether the prefix, which is new, is remembered.
bool hub::admit(std::string_view prefix, std::string_view client) {
  if (!client.empty()) {
    auto& own = of_client_.try_emplace(std::string{client}).first->second;
    if (own >= limits::wanted_prefixes_per_client || of_clients_ >= limits::wanted_prefixes_of_clients) {
      refuse(client);
      return false;
    }
    ++own;
    ++of_clients_;
  } else if (wanted_.size() - of_clients_ >= limits::wanted_prefixes) {
    // until all are gone: what found no room cannot be told from what has gone
    all_wanted_ = true;
    changed_.emplace();
    return true;
  }
  wanted_.emplace(prefix, client);
  note_change(prefix);
  return true;
}

// Requires the mutex.
void hub::drop_wanted(std::string_view prefix) {
  const auto i = wanted_.find(prefix);
  if (i == wanted_.end()) return;
  if (const auto owner = of_client_.find(i->second); owner != of_client_.end()) {
    --of_clients_;
    if (--owner->second == 0) of_client_.erase(owner);
  }
  wanted_.erase(i);
  note_change(prefix);
}

void hub::on_wanted(std::string_view prefix, bool wanted, std::string_view client) {
  if (prefix.size() > limits::topic_bytes) { // no topic is that long
    if (wanted) note_stray(prefix, client);
    return;
  }
  const std::unique_lock guard{topics_mutex_};
  if (!wanted) {
    drop_wanted(prefix);
    return;
  }
  const auto known = wanted_.find(prefix);
  const bool is_taken = known != wanted_.end() || admit(prefix, client);
  if (!is_taken || (known != wanted_.end() && known->second != client)) note_stray(prefix, client);
  if (is_taken) {
    // beyond the limit the late subscriber gets the next message, not the last
    if (asked_.size() < limits::wanted_prefixes) asked_.emplace(prefix);
  }
}

// What has gone again is not always told: the socket says so of the last subscriber only. So this counts too much, and what
// is done at the limit does no harm to a program that has done nothing but come back often.
void hub::note_stray(std::string_view prefix, std::string_view client) {
  if (client.empty()) return;
  auto& s = strays_.try_emplace(std::string{client}).first->second;
  s.bytes += prefix.size();
  if (++s.prefixes <= limits::stray_prefixes_per_client && s.bytes <= limits::stray_bytes_per_client) return;
  s = {};
  if (overdrawn_) overdrawn_(std::string{client});
}

void hub::on_nothing_wanted() {
  const std::unique_lock guard{topics_mutex_};
  while (!wanted_.empty()) drop_wanted(std::string{wanted_.begin()->first});
  if (std::exchange(all_wanted_, false)) changed_.emplace();
  asked_.clear();
  snapshots_.clear();
  strays_.clear();
}

void hub::on_snapshot_wanted(std::string_view topic) {
  if (topic.size() <= limits::topic_bytes && snapshots_.size() < limits::topics) snapshots_.emplace(topic);
}

link::time_point hub::deadline() const {
  const bool due = !changed_.empty() || !asked_.empty() || !snapshots_.empty();
  return due ? settled_ + settle_pause : link::time_point::max();
}

void hub::settle_wanted(link::time_point now) {
  now_ = now;
  if (deadline() > now) return;
  settled_ = now;
  const auto changed = std::exchange(changed_, {});
  const auto asked = std::exchange(asked_, {});
  const auto snapshots = std::exchange(snapshots_, {});
  struct task {
    local_topic_ptr topic;
    bool wanted = false;
    bool snapshot = false;
  };
  std::vector<task> tasks;
  {
    const std::unique_lock guard{topics_mutex_};
    for (const auto& [name, t] : topics_) {
      const bool snapshot = has_prefix_of(name, asked) || snapshots.contains(name);
      if (snapshot || has_prefix_of(name, changed)) tasks.push_back({t, is_wanted(name), snapshot});
    }
    if (!changed.empty()) tell_watchers();
  }
  for (const auto& x : tasks) {
    auto& t = *x.topic;
    const std::lock_guard guard{t.mutex};
    t.wanted = x.wanted;
    // for the late subscriber, or him who lost something; others drop it by its number
    if (x.snapshot && t.seq > 0) send(t);
  }
}

// Requires the mutex.
void hub::tell_watchers() {
  std::erase_if(wanted_watchers_, [&](auto& w) {
    const auto watcher = w.actor.lock();
    if (watcher && !std::exchange(w.told, true))
      watcher->enqueue(nullptr, caf::make_message_id(), caf::make_message(wanted_atom::value), nullptr);
    return !watcher;
  });
}

void hub::watch_wanted(const caf::actor& watcher) {
  const std::unique_lock guard{topics_mutex_};
  wanted_watchers_.push_back({caf::actor_cast<caf::weak_actor_ptr>(watcher), watcher.id(), false});
  tell_watchers();
}

std::vector<std::string> hub::wanted(const caf::actor& watcher) {
  const std::unique_lock guard{topics_mutex_};
  for (auto& w : wanted_watchers_)
    if (w.id == watcher.id()) w.told = false;
  std::vector<std::string> result;
  if (all_wanted_) result.emplace_back();
  for (const auto& [prefix, client] : wanted_) result.push_back(prefix);
  return result;
}

// -- subscribing --------------------------------------------------------------

std::vector<subscription_ptr> hub::subscribers_of(std::string_view topic) const {
  const std::shared_lock guard{followed_mutex_};
  const auto i = followed_.find(topic);
  return i == followed_.end() ? std::vector<subscription_ptr>{} : i->second.subscribers;
}

bool hub::subscribe(std::string_view topic, const caf::actor& subscriber, delivery how) {
  if (topic.empty() || topic.size() > limits::topic_bytes || !subscriber) return false;
  const auto id = subscriber.id();
  auto s = std::make_shared<subscription>(std::string{topic},
                                          caf::actor_cast<caf::weak_actor_ptr>(subscriber), id, how, decode_);
  bool first = false;
  bool is_new = false;
  {
    const std::unique_lock guard{followed_mutex_};
    is_new = subscribers_.insert(id).second;
    auto& f = followed_[std::string{topic}];
    std::erase_if(f.subscribers, [&](const auto& x) { return x->actor_id() == id; });
    first = f.subscribers.empty();
    f.subscribers.push_back(s);
    // under the lock, so that nothing newer overtakes it
    if (f.last) s->deliver(f.last);
  }
  local_topic_ptr own;
  {
    const std::shared_lock guard{topics_mutex_};
    if (const auto i = topics_.find(topic); i != topics_.end()) own = i->second;
  }
  if (own) {
    const std::lock_guard guard{own->mutex};
    if (own->seq > 0) s->deliver_own(own->seq, own->last);
  }
  if (first) transport_->post([t = transport_, name = std::string{topic}] { t->subscribe(name); });
  // once per actor, however often it changes what it follows: functors stay until it ends
  if (is_new)
    caf::actor_cast<caf::abstract_actor*>(subscriber)
        ->attach_functor([self = weak_from_this(), id](const caf::error&) {
          if (auto h = self.lock()) h->forget(id);
        });
  return true;
}

void hub::unsubscribe(std::string_view topic, const caf::actor& subscriber) {
  remove(topic, subscriber.id());
}

void hub::remove(std::string_view topic, caf::actor_id subscriber) {
  std::vector<subscription_ptr> gone; // released outside the lock
  bool last = false;
  {
    const std::unique_lock guard{followed_mutex_};
    const auto i = followed_.find(topic);
    if (i == followed_.end()) return;
    auto& list = i->second.subscribers;
    const auto tail =
        std::remove_if(list.begin(), list.end(), [&](const auto& x) { return x->actor_id() == subscriber; });
    gone.assign(tail, list.end());
    list.erase(tail, list.end());
    last = list.empty() && !gone.empty();
    if (list.empty()) followed_.erase(i);
  }
  if (last) transport_->post([t = transport_, name = std::string{topic}] { t->unsubscribe(name); });
}

void hub::forget(caf::actor_id subscriber) {
  std::vector<std::string> topics;
  {
    const std::unique_lock guard{followed_mutex_};
    subscribers_.erase(subscriber);
    for (const auto& [topic, f] : followed_)
      if (std::any_of(f.subscribers.begin(), f.subscribers.end(),
                      [&](const auto& s) { return s->actor_id() == subscriber; }))
        topics.push_back(topic);
  }
  for (const auto& topic : topics) remove(topic, subscriber);
}

void hub::request_snapshot(std::string_view topic) {
  transport_->post([t = transport_, name = std::string{topic}] { t->request_snapshot(name); });
}

void hub::on_message(std::string_view topic, std::string_view payload) {
  payload_header h;
  if (!read_header(payload, h)) {
    ++malformed_;
    return;
  }
  ++received_;
  std::vector<subscription_ptr> subscribers;
  uint64_t expected = 0;
  bool restarted = false;
  auto kept = std::make_shared<const std::string>(payload);
  {
    const std::unique_lock guard{followed_mutex_};
    const auto i = followed_.find(topic);
    if (i == followed_.end()) return; // a prefix of a topic that is followed
    auto& f = i->second;
    const auto last = f.last_seq.find(h.epoch);
    if (last == f.last_seq.end()) {
      restarted = !f.last_seq.empty();
      if (f.last_seq.size() >= publishers_per_topic) f.last_seq.clear();
      f.last_seq.emplace(h.epoch, h.seq);
    } else {
      if (h.seq <= last->second) return; // a snapshot for somebody else
      if (h.seq != last->second + 1) expected = last->second + 1;
      last->second = h.seq;
    }
    f.last = kept;
    subscribers = f.subscribers;
  }
  if (expected != 0 || restarted) {
    ++gaps_;
    for (const auto& s : subscribers) s->gap(expected, restarted ? 0 : h.seq);
  }
  for (const auto& s : subscribers) s->deliver(kept);
}

hub_report hub::report() const {
  return {published_, sent_, refused_, received_, gaps_, malformed_};
}

} // namespace bus::topics
