#include "gateways/stream/hub.hpp"

#include "gateways/stream/session.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway::stream {

void hub::enter(session& who) { sessions_.emplace(who.id(), &who); }

void hub::exit(session& who) {
  sessions_.erase(who.id());
  std::erase(touched_, &who);
}

void hub::touch(session& who) {
  if (std::exchange(who.is_touched, true)) return;
  touched_.push_back(&who);
}

std::vector<session*> hub::take_touched() {
  for (session* one : touched_) one->is_touched = false;
  return std::exchange(touched_, {});
}

void hub::join(session& who, slot& where) {
  auto& entry = topics_[*where.key];
  const bool fresh = !entry;
  if (fresh) {
    entry = std::make_shared<hub_topic>();
    entry->key = std::make_shared<const topic_key>(*where.key);
    tallies_.topics.add();
  }
  const auto topic = entry; // the calls below may change the map
  topic->receivers.push_back({&who, &where});
  touch(who);
  if (where.kind == delivery::lossless) return; // the session reads the log itself
  if (fresh) {
    source_.open(topic);
    if (!topic->newest && fetches_.try_emplace(*topic->key).second) source_.fetch(*topic->key);
  } else if (topic->newest) {
    static_cast<void>(who.offer(where, topic->newest, source_.now())); // touched already
  } else if (topic->state == hub_topic::knowledge::answered) {
    who.say_waiting(where, source_.now());
  }
}

void hub::leave(session& who, slot& where) {
  const auto found = topics_.find(*where.key);
  if (found == topics_.end()) return;
  const auto topic = found->second;
  std::erase_if(topic->receivers, [&](const auto& one) { return one.who == &who && one.where == &where; });
  if (!topic->receivers.empty()) return;
  topics_.erase(found);
  tallies_.topics.subtract();
  if (where.kind != delivery::lossless) source_.close(topic);
}

value_ptr hub::newest(const topic_key& key) const {
  const auto found = topics_.find(key);
  return found == topics_.end() ? nullptr : found->second->newest;
}

void hub::fetch_once(session& who, const topic_key& key) {
  const auto [waiting, fresh] = fetches_.try_emplace(key);
  auto& ids = waiting->second;
  if (std::find(ids.begin(), ids.end(), who.id()) == ids.end()) ids.push_back(who.id());
  if (fresh) source_.fetch(key);
}

void hub::publish(hub_topic& topic, payload content, moment at) {
  // A subscription begins with the newest known state, which a fetch may have brought before.
  if (topic.newest && same_content(topic.newest->content(), content)) return;
  topic.newest = std::make_shared<const topic_value>(topic.key, std::move(content), at);
  for (const auto& one : topic.receivers) {
    if (one.who->offer(*one.where, topic.newest, at) == attention::needed) touch(*one.who);
  }
}

void hub::publish_event(channel what, const std::string& account, const custom_value& event, moment at) {
  const auto found = topics_.find({what, account, {}, {}});
  if (found == topics_.end()) return;
  const auto topic = found->second;
  const auto value = std::make_shared<const topic_value>(topic->key, event, at);
  for (const auto& one : topic->receivers) {
    one.who->deliver_event(*one.where, value, at);
    touch(*one.who);
  }
}

void hub::tell_waiting(hub_topic& topic) {
  const moment now = source_.now();
  for (const auto& one : topic.receivers) {
    if (one.where->snapshot == snapshot_debt::paid) continue;
    one.who->say_waiting(*one.where, now);
    touch(*one.who);
  }
}

void hub::on_fetched(const topic_key& key, std::optional<payload> content) {
  auto node = fetches_.extract(key);
  const std::vector<std::uint64_t> once = node ? std::move(node.mapped()) : std::vector<std::uint64_t>{};
  const moment now = source_.now();
  const moment arrival{now.mono, source_.market_time()};
  value_ptr value;
  const auto found = topics_.find(key);
  if (found != topics_.end()) {
    const auto topic = found->second;
    topic->state = hub_topic::knowledge::answered;
    if (!topic->newest && content) publish(*topic, *content, arrival);
    else if (!topic->newest) tell_waiting(*topic);
    value = topic->newest;
  }
  if (!value && content)
    value = std::make_shared<const topic_value>(std::make_shared<const topic_key>(key), std::move(*content), arrival);
  for (const std::uint64_t id : once) {
    const auto who = sessions_.find(id);
    if (who == sessions_.end()) continue;
    who->second->answer_snapshot(key, value, now);
    touch(*who->second);
  }
}

} // namespace tt::gateway::stream
