#include "gateways/stream/system_channel.hpp"


namespace tt::gateway::stream {

namespace {

void write_feed(json_writer& out, const market::feed_status& feed) {
  out.field("feed", feed.name).field("source", feed.label).field("state", feed.state).field("since", feed.since);
  if (!feed.detail.empty()) out.field("detail", feed.detail);
}

} // namespace

system_channel::system_channel(utc_time started, std::string node)
    : started_(started), node_(std::move(node)), log_(epoch_of(started),
                                                      [this](json_writer& out) { write_state(out); }) {
  log_.append(started, [node_name = node_](json_writer& out) {
    out.begin_object().field("event", "node_started").field("node", node_name).end_object();
  });
}

void system_channel::write_state(json_writer& out) const {
  out.begin_object().field("event", "state").field("node", node_).field("state", state_).field("started_at", started_);
  out.key("feeds").begin_array();
  for (const auto& [name, feed] : feeds_) {
    out.begin_object();
    write_feed(out, feed);
    out.end_object();
  }
  out.end_array().end_object();
}

void system_channel::update_feeds(const std::vector<market::feed_status>& feeds, utc_time now) {
  std::lock_guard guard{update_mutex_};
  for (const auto& feed : feeds) {
    const auto known = feeds_.find(feed.name); // only this function changes the map
    const std::string before = known == feeds_.end() ? "" : known->second.state;
    if (known != feeds_.end() && before == feed.state && known->second.detail == feed.detail) continue;
    log_.append(
      now,
      [feed, before, node_name = node_](json_writer& out) {
        out.begin_object().field("event", "feed_state").field("node", node_name);
        write_feed(out, feed);
        if (!before.empty()) out.field("previous", before);
        out.end_object();
      },
      [&] { feeds_[feed.name] = feed; });
  }
}

void system_channel::node_stopping(utc_time now) {
  log_.append(
    now,
    [node_name = node_](json_writer& out) {
      out.begin_object().field("event", "node_stopping").field("node", node_name).end_object();
    },
    [this] { state_ = "stopping"; });
}

} // namespace tt::gateway::stream
