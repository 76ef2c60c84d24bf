#include "gateways/alerts/alert_channel.hpp"

#include "gateways/alerts/alert_json.hpp"
#include "gateways/stream/lossless_log.hpp"

#include <memory>

namespace tt::gateway {

namespace {

/// Triggered alerts and notices that a snapshot shows.
constexpr std::size_t most_recent = 50;

/// What a newcomer gets: the newest triggers. The list itself is at /api/v1/alerts.
struct channel_state {
  explicit channel_state(utc_time started)
    : log(std::make_shared<stream::memory_log>(stream::epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("alerts").begin_array();
        for (const auto& one : recent) write(out, one);
        out.end_array().end_object();
      })) {}

  void add(const alerts::alert_event& event, utc_time now) {
    log->append(now, [event](json_writer& out) { write(out, event); }, [&] {
      if (event.kind != alerts::alert_event_kind::triggered && event.kind != alerts::alert_event_kind::notice) return;
      recent.push_back(event);
      if (recent.size() > most_recent) recent.pop_front();
    });
  }

  std::deque<alerts::alert_event> recent; ///< oldest first; changed under the log's lock only
  std::shared_ptr<stream::memory_log> log;
};

} // namespace

alert_channel::alert_channel(alerts_port& port, stream_service& stream, std::function<utc_time()> clock) : port_(port) {
  const auto state = std::make_shared<channel_state>(clock());
  stream.add_log(stream::channel::alerts, {state, state->log.get()});
  watched_ = port.watch([state, clock](const alerts::alert_event& event) { state->add(event, clock()); });
}

alert_channel::~alert_channel() { port_.unwatch(watched_); }

} // namespace tt::gateway
