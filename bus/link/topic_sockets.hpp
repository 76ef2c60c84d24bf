// This header file defines the sockets of the data plane: an XPUB that others subscribe to, an XSUB that
// reads what they publish, and the queue between whoever publishes and the bus thread. Private to `bus/link`.
#pragma once

#include "bus/link/monitor.hpp"
#include "bus/link/transport.hpp"
#include "bus/link/wake.hpp"

#include <zmq.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bus::link {

/// What a node asks of those who publish: the first byte of a message from XSUB to XPUB.
enum class topic_command : char { unsubscribe = 0, subscribe = 1, snapshot = 2 };

class topic_sockets {
public:
  /// The name of a program outside by its public key, which may be null; empty for others.
  using client_name = std::function<std::string(const char* key)>;

  /// `settings` outlives the sockets.
  topic_sockets(zmq::context_t& context, const transport_settings& settings, wake_signal& signal, client_name client_of)
      : context_(context), settings_(settings), signal_(signal), client_of_(std::move(client_of)) {}

  /// Any thread: queues a message for remote subscribers; false if the queue is full.
  bool publish(std::string topic, std::string payload);

  // -- bus thread, but for the first `open` -----------------------------------

  /// Binds XPUB and makes XSUB. Throws `zmq::error_t`.
  void open(const std::string& endpoint);
  /// Binds XPUB anew, where it was before. Throws `zmq::error_t`.
  void open_again() { open_publisher(endpoint_); }
  void close_publisher();
  void close();

  bool is_publishing() const { return static_cast<bool>(publisher_); }
  /// What was bound; empty without a data plane.
  const std::string& endpoint() const noexcept { return endpoint_; }

  /// The numeric endpoints of an endpoint, as far as they are known.
  using addresses_of = std::function<std::vector<std::string>(const std::string& endpoint)>;

  /// Reads what node `name` publishes at an endpoint; `server_key` counts with CURVE. Of several addresses that with the host
  /// of `near` is taken; without any it waits for `addresses_changed`. Two nodes may have one endpoint for a while: that
  /// of a node that is lost goes to another one before the loss is noticed. Throws `zmq::error_t`.
  void follow(const std::string& name, const std::string& endpoint, const std::string& server_key, const std::string& near,
              const addresses_of& find);
  /// Goes where the endpoints are now. Throws `zmq::error_t`.
  void addresses_changed(const addresses_of& find);
  void leave(const std::string& name);

  void command(topic_command what, std::string_view topic);

  /// Hands out what has come in; true if there may be more.
  bool read(transport_client& client);
  /// True if `read` has something to hand out though nothing comes in.
  bool holds_messages() const noexcept { return !held_.empty(); }
  /// Sends what has been published.
  void send();

  zmq::socket_t& publisher() noexcept { return publisher_; }
  monitor& publisher_monitor() noexcept { return monitor_; }
  zmq::socket_t& subscriber() noexcept { return subscriber_; }

private:
  struct source {
    std::string endpoint;
    std::string server_key;
    std::string near;
    std::string connected; // numeric; empty while that is not known
  };
  struct topic_message {
    zmq::message_t topic;
    zmq::message_t payload;
  };
  /// Whether another source reads over the same connection.
  bool is_shared(const source& s) const;
  void connect(source& s, const std::string& address);
  void disconnect(source& s);
  /// The next message that is one; false if there is none now.
  bool take(topic_message& x);
  void go_to(source& s, const std::vector<std::string>& addresses);

  void open_publisher(const std::string& endpoint);
  void open_subscriber();
  void read_commands(transport_client& client);

  zmq::context_t& context_;
  const transport_settings& settings_;
  wake_signal& signal_;
  const client_name client_of_;
  zmq::socket_t publisher_;
  monitor monitor_;
  std::string endpoint_;
  zmq::socket_t subscriber_;
  std::map<std::string, source> sources_; // by node
  std::vector<topic_message> held_;       // taken before a disconnect, at most one for each

  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> queue_;
  size_t queued_bytes_ = 0;
};

} // namespace bus::link
