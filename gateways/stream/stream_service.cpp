#include "gateways/stream/stream_service.hpp"

#include "gateways/json/json_writer.hpp"
#include "gateways/stream/shard.hpp"
#include "gateways/stream/stream_metrics.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/beast/http/write.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace tt::gateway {

namespace net = boost::asio;
namespace http = boost::beast::http;

stream::stream_clock system_stream_clock() {
  return {[] { return std::chrono::steady_clock::now(); },
          [] { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }};
}

namespace {

/// Answers the upgrade request with 503 and closes.
void refuse(boost::beast::tcp_stream&& socket, std::string_view detail, const std::string& request_id, utc_time now) {
  struct refusal {
    boost::beast::tcp_stream socket;
    http::response<http::string_body> response{http::status::service_unavailable, 11};
  };
  json_writer body;
  body.begin_object().field("detail", detail).field("error", "Not available").field("error_code", "not_available");
  body.field("timestamp", now).field("request_id", request_id).key("errors").begin_array().end_array().end_object();
  auto shared = std::make_shared<refusal>(refusal{std::move(socket), {http::status::service_unavailable, 11}});
  shared->response.set(http::field::content_type, "application/json");
  shared->response.set(http::field::retry_after, "5");
  shared->response.set(http::field::connection, "close");
  shared->response.set("X-Request-Id", request_id);
  shared->response.body() = body.take();
  shared->response.prepare_payload();
  shared->socket.expires_after(std::chrono::seconds{5});
  http::async_write(shared->socket, shared->response, [shared](boost::system::error_code, std::size_t) {
    boost::system::error_code ignored;
    shared->socket.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  });
}

} // namespace

struct stream_service::impl : std::enable_shared_from_this<impl> {
  struct place {
    std::weak_ptr<stream::shard> shard;
    net::any_io_executor executor;
  };

  impl(market_port& market, stream_config config, stream::stream_clock clock)
      : common(std::make_shared<stream::service_shared>(market, std::move(config), std::move(clock))) {}

  std::shared_ptr<stream::shard> shard_of(const net::any_io_executor& executor);
  void fan_out(stream::channel what, const std::string& account, const stream::custom_value& event);
  void listen(stream::channel what, const std::string& account, stream::memory_log& log);
  void ask_feeds();
  [[nodiscard]] stream_counters counters() const;

  std::shared_ptr<stream::service_shared> common;
  std::shared_ptr<prometheus::Collectable> metrics; ///< lives as long as the service: the gateway holds it weakly
  mutable std::mutex mutex; ///< guards what follows; never taken on the way of a value
  std::map<const net::execution_context*, place> shards;
  std::vector<std::shared_ptr<stream::shard_tallies>> tallies;
  std::uint64_t refused = 0;
  bool is_stopped = false;
  std::atomic<bool> is_stopping{false};
};

/// The shard of the executor's thread; null when stopping.
std::shared_ptr<stream::shard> stream_service::impl::shard_of(const net::any_io_executor& executor) {
  const net::execution_context* context = &net::query(executor, net::execution::context);
  std::lock_guard guard{mutex};
  if (is_stopped) return nullptr;
  auto& entry = shards[context];
  if (auto known = entry.shard.lock()) return known;
  tallies.push_back(std::make_shared<stream::shard_tallies>());
  auto made = std::make_shared<stream::shard>(executor, common, tallies.back());
  entry = {made, executor};
  // The first shard looks after the feeds for all.
  const bool is_first = tallies.size() == 1;
  made->start(is_first ? std::function<void()>{[self = weak_from_this()] {
    if (auto alive = self.lock()) alive->ask_feeds();
  }}
                       : std::function<void()>{});
  return made;
}

void stream_service::impl::fan_out(stream::channel what, const std::string& account, const stream::custom_value& event) {
  std::lock_guard guard{mutex};
  if (is_stopped) return; // the contexts may be going
  for (auto& [context, one] : shards)
    if (auto alive = one.shard.lock()) // moved: the shard must not die on this thread
      net::post(one.executor, [alive = std::move(alive), what, account, event] { alive->publish_event(what, account, event); });
}

void stream_service::impl::listen(stream::channel what, const std::string& account, stream::memory_log& log) {
  log.set_listener([self = weak_from_this(), what, account](const stream::custom_value& event) {
    if (auto alive = self.lock()) alive->fan_out(what, account, event);
  });
}

void stream_service::impl::ask_feeds() {
  common->market.feeds([self = weak_from_this()](result<std::vector<market::feed_status>> feeds) {
    auto alive = self.lock();
    if (alive && feeds) alive->common->system.update_feeds(*feeds, alive->common->clock.wall());
  });
}

stream_service::stream_service(market_port& market, stream_config config, stream::stream_clock clock)
    : impl_(std::make_shared<impl>(market, std::move(config), std::move(clock))) {
  impl_->listen(stream::channel::system, {}, impl_->common->system.log());
  impl_->metrics = stream::make_metrics([self = std::weak_ptr{impl_}] {
    const auto alive = self.lock();
    return alive ? alive->counters() : stream_counters{};
  });
}

stream_service::~stream_service() { stop(); }

void stream_service::add_log(stream::channel what, std::shared_ptr<stream::memory_log> log) {
  impl_->listen(what, {}, *log);
  impl_->common->logs.insert_or_assign(what, std::move(log));
}

void stream_service::add_account_log(stream::channel what, const std::string& account, std::shared_ptr<stream::memory_log> log) {
  impl_->listen(what, account, *log);
  const std::lock_guard lock(impl_->common->accounts_mutex);
  impl_->common->account_logs.try_emplace({what, account}, std::move(log));
}

void stream_service::accept(boost::beast::tcp_stream&& socket, request&& req, peer_info peer) {
  auto& common = *impl_->common;
  const auto say_no = [&](std::string_view detail) {
    {
      std::lock_guard guard{impl_->mutex};
      ++impl_->refused;
    }
    refuse(std::move(socket), detail, peer.request_id, common.clock.wall());
  };
  if (common.open.fetch_add(1, std::memory_order_relaxed) >= common.config.max_clients) {
    common.open.fetch_sub(1, std::memory_order_relaxed);
    return say_no("the stream serves its largest number of clients (WS_MAX_CLIENTS) already");
  }
  const auto home = impl_->shard_of(socket.get_executor());
  if (!home) {
    common.open.fetch_sub(1, std::memory_order_relaxed);
    return say_no("the server stops");
  }
  home->adopt(std::move(socket), std::move(req), std::move(peer));
}

void stream_service::stop() {
  if (impl_->is_stopping.exchange(true)) return;
  impl_->common->system.node_stopping(impl_->common->clock.wall()); // heard before the close
  std::lock_guard guard{impl_->mutex};
  impl_->is_stopped = true;
  for (auto& [context, one] : impl_->shards)
    if (auto alive = one.shard.lock()) net::post(one.executor, [alive = std::move(alive)] { alive->stop(); });
  impl_->shards.clear();
}

stream_counters stream_service::impl::counters() const {
  stream_counters out;
  std::lock_guard guard{mutex};
  for (const auto& one : tallies) one->add_to(out);
  out.refused = refused;
  return out;
}

stream_counters stream_service::counters() const { return impl_->counters(); }

std::shared_ptr<prometheus::Collectable> stream_service::metrics() const { return impl_->metrics; }

} // namespace tt::gateway
