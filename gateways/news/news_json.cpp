#include "gateways/news/news_json.hpp"

namespace tt::gateway {

void write(json_writer& out, const news_item& item) {
  out.begin_object().field("id", item.id).field("timestamp", unix_seconds(item.at)).field("source", item.source).field("headline", item.headline);
  if (!item.summary.empty()) out.field("summary", item.summary);
  out.field("url", item.url).key("symbols").begin_array();
  for (const auto& one : item.symbols) out.value(one);
  out.end_array().end_object();
}

void write(json_writer& out, const news_feed_state& feed) {
  using state = news_feed_state::state_t;
  out.begin_object().field("name", feed.name);
  out.field("state", feed.state == state::ok ? "ok" : feed.state == state::failed ? "failed" : "waiting");
  if (!feed.detail.empty()) out.field("detail", feed.detail);
  out.field("checked_at", feed.checked_at).end_object();
}

} // namespace tt::gateway
