#include "gateways/trading/trading_channels.hpp"

#include "gateways/rest/order_json.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace tt::gateway {

namespace {

/// Newest orders that are looked through for open ones at the start.
constexpr std::size_t most_restored = 500;

std::uint64_t epoch_of(utc_time started) { return static_cast<std::uint64_t>(std::max<std::int64_t>(1, unix_ms(started))); }

/// Orders and what is open of them, for snapshots.
struct order_channel {
  explicit order_channel(utc_time started)
    : log(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("orders").begin_array();
        for (const auto& [id, one] : open) write(out, one);
        out.end_array().end_object();
      })) {}

  void add(const order_snapshot& what, utc_time now) {
    log->append(now, [what](json_writer& out) { write(out, what); }, [&] {
      if (is_final(what.what.state)) open.erase(what.what.id.str());
      else open.insert_or_assign(what.what.id.str(), what);
    });
  }

  std::map<std::string, order_snapshot> open; ///< changed under the log's lock only
  std::shared_ptr<stream::memory_log> log;
};

} // namespace

trading_channels::trading_channels(trading_port& port, stream_service& stream, std::function<utc_time()> clock) : port_(port) {
  const auto now = clock();
  const auto orders = std::make_shared<order_channel>(now);
  const auto executions = std::make_shared<stream::memory_log>(epoch_of(now), [](json_writer& out) {
    out.begin_object().key("executions").begin_array().end_array().end_object();
  });
  stream.add_log(stream::channel::orders, {orders, orders->log.get()});
  stream.add_log(stream::channel::executions, executions);
  trading_watcher told;
  told.on_order = [orders, clock](const order_snapshot& what) {
    if (what.mode == account_mode::paper) orders->add(what, clock());
  };
  told.on_execution = [executions, clock](const execution_snapshot& what) {
    executions->append(clock(), [what](json_writer& out) { write(out, what); });
  };
  watched_ = port.watch(std::move(told));
  // orders that were open before: told in the account's own step, so nothing newer comes before them
  order_filter all;
  all.limit = most_restored;
  port.orders({.principal = "stream"}, std::move(all), [orders, clock](const result<std::vector<order_snapshot>>& got) {
    if (!got) return;
    for (auto one = got->rbegin(); one != got->rend(); ++one)
      if (!is_final(one->what.state) && one->mode == account_mode::paper) orders->add(*one, clock());
  });
}

trading_channels::~trading_channels() { port_.unwatch(watched_); }

} // namespace tt::gateway
