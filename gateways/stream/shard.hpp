#pragma once

// Everything of the stream that lives on one I/O thread: a hub, its market source
// and its connections. Shards share nothing but the market and the logs.

#include "gateways/http/upgrade_handler.hpp"
#include "gateways/stream/hub.hpp"
#include "gateways/stream/market_source.hpp"
#include "gateways/stream/system_channel.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace tt::gateway::stream {

class connection;

/// What all shards of a service share.
struct service_shared {
  service_shared(market_port& port, stream_config settings, stream_clock clocks)
      : config(std::move(settings)), clock(std::move(clocks)), market(port), system(clock.wall(), config.node) {}

  stream_config config;
  stream_clock clock;
  market_port& market;
  system_channel system;
  /// Logs of further lossless channels; complete before the first connection.
  std::map<channel, std::shared_ptr<memory_log>> logs;
  /// Those of single accounts; more come as accounts begin, and none goes.
  std::mutex accounts_mutex;
  std::map<std::pair<channel, std::string>, std::shared_ptr<memory_log>> account_logs; ///< guarded by accounts_mutex
  std::atomic<std::uint64_t> next_id{1};
  /// Connections accepted and not ended, all shards.
  std::atomic<std::size_t> open{0};
};

/// The part of the stream on one thread. Kept alive by its own pending timer and its connections, so that everything
/// bound to the I/O context dies with it. All members but the constructor's
/// arguments belong to its thread.
class shard : public std::enable_shared_from_this<shard> {
public:
  shard(boost::asio::any_io_executor executor, std::shared_ptr<service_shared> common, std::shared_ptr<shard_tallies> tallies);
  ~shard();

  /// Starts the clock; `every_status` runs each status_every as long as the shard lives.
  void start(std::function<void()> every_status);
  /// Takes over a connection; it speaks from the handshake on.
  void adopt(boost::beast::tcp_stream&& socket, upgrade_handler::request&& request, peer_info peer);
  /// Closes every connection with 1001 and ends with the last of them.
  void stop();
  /// How long a peer has to answer our close frame.
  [[nodiscard]] std::chrono::milliseconds close_limit() const {
    return is_stopping_ ? common_->config.stop_close_limit : common_->config.close_limit;
  }
  /// An event of a lossless channel.
  void publish_event(channel what, const std::string& account, const custom_value& event);

  // -- for connections --------------------------------------------------------------

  /// Calls connection::on_wake at `when`; replaces the earlier wish.
  void wake_at(connection& who, mono_time when);
  void remove(connection& who);
  [[nodiscard]] service_shared& common() { return *common_; }
  [[nodiscard]] hub& home() { return hub_; }
  [[nodiscard]] shard_tallies& tallies() { return *tallies_; }
  [[nodiscard]] moment now() const { return common_->clock.now(); }
  /// Room to compose frames in, between two calls of one connection.
  [[nodiscard]] std::string& scratch() { return scratch_; }

private:
  void arm();
  void on_timer();
  void flush_touched();
  void end_if_done();

  boost::asio::any_io_executor executor_;
  std::shared_ptr<service_shared> common_;
  std::shared_ptr<shard_tallies> tallies_;
  market_source source_;
  hub hub_;
  boost::asio::steady_timer timer_;
  mono_time armed_for_ = mono_time::max();
  mono_time next_status_{};
  std::function<void()> every_status_;
  std::unordered_map<std::uint64_t, std::shared_ptr<connection>> connections_;
  std::set<std::pair<mono_time, connection*>> wakes_;
  std::string scratch_;
  bool is_stopping_ = false;
};

} // namespace tt::gateway::stream
