#include "gateways/news/news_channel.hpp"

#include "gateways/news/news_json.hpp"
#include "gateways/stream/lossless_log.hpp"

#include <deque>
#include <memory>

namespace tt::gateway {

namespace {

/// Headlines that a snapshot shows; the rest is at /api/v1/news.
constexpr std::size_t most_recent = 50;

struct channel_state {
  explicit channel_state(utc_time started)
    : log(std::make_shared<stream::memory_log>(stream::epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("news").begin_array();
        for (const auto& one : recent) write(out, one);
        out.end_array().end_object();
      })) {}

  void add(const news_item& item, utc_time now) {
    log->append(now, [item](json_writer& out) { write(out, item); }, [&] {
      recent.push_front(item);
      if (recent.size() > most_recent) recent.pop_back();
    });
  }

  std::deque<news_item> recent; ///< newest first; changed under the log's lock only
  std::shared_ptr<stream::memory_log> log;
};

} // namespace

news_channel::news_channel(news_store& store, stream_service& stream, std::function<utc_time()> clock) : store_(store) {
  const auto state = std::make_shared<channel_state>(clock());
  stream.add_log(stream::channel::news, {state, state->log.get()});
  // what came before: a gateway that begins anew shows it, too
  store.watch([state, clock](const news_item& item) { state->add(item, clock()); }, most_recent,
              [&](const std::vector<news_item>& known) { state->recent.assign(known.begin(), known.end()); });
}

news_channel::~news_channel() { store_.unwatch(); }

} // namespace tt::gateway
