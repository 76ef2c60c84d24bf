#include "bus/topics/hub.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"
#include "bus/topics/subscription.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/make_message.hpp>

#include <algorithm>

namespace bus::topics {

namespace {

constexpr size_t publishers_per_topic = 8; // epochs remembered for gap detection

} // namespace

// -- publishing ---------------------------------------------------------------

bool hub::is_wanted(std::string_view topic) const {
  if (all_wanted_) return true;
  for (size_t n = 0; n <= topic.size(); ++n)
    if (wanted_.contains(topic.substr(0, n))) return true;
  return false;
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
  if (write_payload(payload, {node_name_, epoch_, t.seq}, t.last, encode_) ||
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

// Requires the mutex. True: watchers have not heard of it.
bool hub::note_wanted(std::string_view prefix, bool wanted) {
  if (all_wanted_) return false; // for good: what found no room cannot be told from what has gone
  if (!wanted) {
    const auto i = wanted_.find(prefix);
    if (i == wanted_.end()) return false;
    wanted_.erase(i);
    return true;
  }
  if (wanted_.contains(prefix)) return false;
  if (wanted_.size() >= limits::wanted_prefixes)
    all_wanted_ = true;
  else
    wanted_.emplace(prefix);
  return true;
}

void hub::on_wanted(std::string_view prefix, bool wanted) {
  std::vector<local_topic_ptr> touched;
  std::vector<bool> now_wanted;
  bool is_news = false;
  {
    const std::unique_lock guard{topics_mutex_};
    is_news = note_wanted(prefix, wanted);
    for (const auto& [name, t] : topics_) {
      if (!name.starts_with(prefix)) continue;
      touched.push_back(t);
      now_wanted.push_back(wanted || is_wanted(name));
    }
  }
  for (size_t i = 0; i < touched.size(); ++i) {
    auto& t = *touched[i];
    const std::lock_guard guard{t.mutex};
    t.wanted = now_wanted[i];
    if (wanted && t.seq > 0) send(t); // the late subscriber's snapshot; others drop it by its number
  }
  if (!is_news) return;
  const auto news =
      caf::make_message(wanted_event{all_wanted_ ? std::string{} : std::string{prefix}, wanted});
  std::erase_if(wanted_watchers_, [&](const auto& weak) {
    const auto watcher = weak.lock();
    if (watcher) watcher->enqueue(nullptr, caf::make_message_id(), news, nullptr);
    return !watcher;
  });
}

void hub::watch_wanted(const caf::actor& watcher) {
  const auto ptr = caf::actor_cast<caf::strong_actor_ptr>(watcher);
  wanted_watchers_.push_back(caf::actor_cast<caf::weak_actor_ptr>(watcher));
  const auto tell = [&](const std::string& prefix) {
    ptr->enqueue(nullptr, caf::make_message_id(), caf::make_message(wanted_event{prefix, true}), nullptr);
  };
  const std::shared_lock guard{topics_mutex_};
  if (all_wanted_) tell({});
  for (const auto& prefix : wanted_) tell(prefix);
}

void hub::on_snapshot_wanted(std::string_view topic) {
  local_topic_ptr t;
  {
    const std::shared_lock guard{topics_mutex_};
    if (const auto i = topics_.find(topic); i != topics_.end()) t = i->second;
  }
  if (!t) return;
  const std::lock_guard guard{t->mutex};
  if (t->seq > 0) send(*t);
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
