#include "gateways/webhook/webhook_channel.hpp"

#include "gateways/webhook/webhook_json.hpp"

#include <algorithm>
#include <deque>
#include <memory>

namespace tt::gateway {

namespace {

/// Newest events of a snapshot.
constexpr std::size_t most_shown = 50;

struct channel {
  explicit channel(utc_time started)
      : log(std::make_shared<stream::memory_log>(stream::epoch_of(started), [this](json_writer& out) {
          out.begin_object().key("events").begin_array();
          for (const auto& one : newest) write(out, one);
          out.end_array().end_object();
        })) {}

  void add(const webhook::webhook_news& news, utc_time now) {
    log->append(now, [news](json_writer& out) { write(out, news); }, [&] {
      if (news.what != webhook::webhook_news::kind::event) return;
      const auto same = std::find_if(newest.begin(), newest.end(), [&](const auto& one) { return one.id == news.event.id; });
      if (same != newest.end()) *same = news.event;
      else newest.push_front(news.event);
      if (newest.size() > most_shown) newest.pop_back();
    });
  }

  std::deque<webhook::webhook_event> newest; ///< changed under the log's lock only
  std::shared_ptr<stream::memory_log> log;
};

} // namespace

webhook_channel::webhook_channel(webhook_port& port, stream_service& stream, const std::function<utc_time()>& clock) : port_(port) {
  const auto kept = std::make_shared<channel>(clock());
  stream.add_log(stream::channel::webhooks, {kept, kept->log.get()});
  watched_ = port.watch([kept, clock](const webhook::webhook_news& news) { kept->add(news, clock()); });
}

webhook_channel::~webhook_channel() { port_.unwatch(watched_); }

} // namespace tt::gateway
