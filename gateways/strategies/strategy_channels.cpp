#include "gateways/strategies/strategy_channels.hpp"

#include "gateways/rest/strategy_json.hpp"


namespace tt::gateway {

strategy_channels::strategy_channels(strategies_port& port, stream_service& stream, std::function<utc_time()> clock) : port_(port) {
  const auto epoch = stream::epoch_of(clock());
  const auto log = std::make_shared<stream::memory_log>(epoch, [&records = port.records()](json_writer& out) {
    out.begin_object().key("strategies").begin_array();
    for (const auto& one : records.list()) write(out, one);
    out.end_array().end_object();
  });
  stream.add_log(stream::channel::strategies, log);
  watched_ = port.watch([log, clock](const strategy_news& news) {
    const std::string_view type = news.kind == strategy_news::kind_t::mode ? "strategy_mode_change" : "";
    log->append(clock(), [news](json_writer& out) { write_news(out, news); }, {}, type);
  });
}

strategy_channels::~strategy_channels() { port_.unwatch(watched_); }

} // namespace tt::gateway
