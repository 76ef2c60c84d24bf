#include "bus/link/topic_sockets.hpp"

#include "bus/limits.hpp"
#include "bus/link/doorman.hpp"
#include "bus/link/server_socket.hpp"

#include <algorithm>

namespace bus::link {

namespace {

constexpr size_t topics_per_turn = 1024; // topic messages read before others get their turn
constexpr int topic_queue = 100'000;     // messages that libzmq may hold per subscriber; beyond it PUB drops
constexpr int64_t subscription_bytes = 1024; // a topic's 255; must let CURVE's own handshake commands pass

} // namespace

// -- any thread ---------------------------------------------------------------

bool topic_sockets::publish(std::string topic, std::string payload) {
  bool first = false;
  {
    const std::lock_guard guard{mutex_};
    const auto size = topic.size() + payload.size();
    if (queued_bytes_ + size > limits::topic_outbox_bytes) return false;
    first = queue_.empty();
    queued_bytes_ += size;
    queue_.emplace_back(std::move(topic), std::move(payload));
  }
  if (first) signal_.notify();
  return true;
}

// -- sockets ------------------------------------------------------------------

void topic_sockets::open(const std::string& endpoint) {
  open_publisher(endpoint);
  open_subscriber();
}

void topic_sockets::open_publisher(const std::string& endpoint) {
  publisher_ = zmq::socket_t{context_, zmq::socket_type::xpub};
  prepare_server(publisher_, settings_, topics_domain);
  watch_silent_clients(publisher_);
  allow_address(publisher_, endpoint);
  publisher_.set(zmq::sockopt::sndhwm, topic_queue);
  publisher_.set(zmq::sockopt::maxmsgsize, subscription_bytes);
  publisher_.set(zmq::sockopt::xpub_verbose, 1); // a late subscriber is seen even if it is not the first
  monitor_ = monitor{context_, publisher_, visitors::events};
  try {
    publisher_.bind(endpoint);
  } catch (const zmq::error_t&) {
    close_publisher();
    throw;
  }
  endpoint_ = publisher_.get(zmq::sockopt::last_endpoint);
}

void topic_sockets::open_subscriber() {
  subscriber_ = zmq::socket_t{context_, zmq::socket_type::xsub};
  subscriber_.set(zmq::sockopt::linger, 0);
  subscriber_.set(zmq::sockopt::rcvhwm, topic_queue);
  subscriber_.set(zmq::sockopt::sndhwm, topic_queue); // subscriptions beyond it are dropped when a connection is made
  subscriber_.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(limits::wire_frame_bytes));
  subscriber_.set(zmq::sockopt::handshake_ivl, handshake_ms);
  // no heartbeats, see `watch_silent_clients`: a publisher that is lost is disconnected when its control link goes down
  subscriber_.set(zmq::sockopt::reconnect_ivl, 50);
  subscriber_.set(zmq::sockopt::reconnect_ivl_max, 1000);
  if (settings_.security != security::curve) return;
  subscriber_.set(zmq::sockopt::curve_publickey, settings_.key.public_key);
  subscriber_.set(zmq::sockopt::curve_secretkey, settings_.key.secret_key);
}

void topic_sockets::close_publisher() {
  if (!publisher_) return;
  monitor_.stop(publisher_);
  publisher_.close();
}

void topic_sockets::close() {
  close_publisher();
  if (subscriber_) subscriber_.close();
}

// -- subscribing --------------------------------------------------------------

void topic_sockets::follow(const std::string& name, const std::string& endpoint, const std::string& server_key,
                           const std::string& near, const addresses_of& find) {
  if (!subscriber_ || endpoint.empty()) return;
  leave(name);
  auto& s = sources_[name] = source{endpoint, server_key, near, {}};
  go_to(s, find(endpoint));
}

void topic_sockets::addresses_changed(const addresses_of& find) {
  if (!subscriber_) return;
  for (auto& [name, s] : sources_) go_to(s, find(s.endpoint));
}

void topic_sockets::go_to(source& s, const std::vector<std::string>& addresses) {
  if (addresses.empty() || std::find(addresses.begin(), addresses.end(), s.connected) != addresses.end()) return;
  disconnect(s);
  const auto host = s.near.substr(0, s.near.rfind(':') + 1);
  const auto nearest = std::find_if(addresses.begin(), addresses.end(), [&](const auto& a) { return a.starts_with(host); });
  const auto& chosen = host.empty() || nearest == addresses.end() ? addresses.front() : *nearest;
  connect(s, chosen);
}

bool topic_sockets::is_shared(const source& s) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const auto& other) {
    const auto& x = other.second;
    return &x != &s && x.connected == s.connected && x.server_key == s.server_key;
  });
}

void topic_sockets::connect(source& s, const std::string& address) {
  s.connected = address;
  if (is_shared(s)) return;
  try {
    if (settings_.security == security::curve) subscriber_.set(zmq::sockopt::curve_serverkey, s.server_key);
    allow_address(subscriber_, address);
    subscriber_.connect(address);
  } catch (const zmq::error_t&) {
    // an address that can't be connected to: another one comes with the next look-up, and the other sources go on
    s.connected.clear();
  }
}

void topic_sockets::leave(const std::string& name) {
  const auto i = sources_.find(name);
  if (!subscriber_ || i == sources_.end()) return;
  disconnect(i->second);
  sources_.erase(i);
}

void topic_sockets::disconnect(source& s) {
  if (s.connected.empty()) return;
  if (is_shared(s)) {
    s.connected.clear();
    return;
  }
  // A poll leaves the first part of the next message inside the socket. zmq_disconnect throws the other parts away, and the
  // next receive would abort the process (libzmq issue 2163): what has been begun is read to its end first.
  if (topic_message x; take(x)) held_.push_back(std::move(x));
  zmq_disconnect(subscriber_.handle(), s.connected.c_str());
  const auto address = std::exchange(s.connected, {});
  std::vector<source*> lost_with_it;
  // libzmq ends all connections to an address at once: those of others are made anew, one for each key
  for (auto& [name, other] : sources_)
    if (other.connected == address) {
      other.connected.clear();
      lost_with_it.push_back(&other);
    }
  for (auto* other : lost_with_it) connect(*other, address);
}

void topic_sockets::command(topic_command what, std::string_view topic) {
  if (!subscriber_) return;
  std::string text(1, static_cast<char>(what));
  text.append(topic);
  subscriber_.send(zmq::buffer(text), zmq::send_flags::dontwait);
}

// -- the loop -----------------------------------------------------------------

bool topic_sockets::take(topic_message& x) {
  // Each turn reads a message to its end; those that are not two parts are passed over.
  for (size_t i = 0; i < topics_per_turn; ++i) {
    if (!subscriber_.recv(x.topic, zmq::recv_flags::dontwait)) return false;
    bool more = x.topic.more();
    if (!more || !subscriber_.recv(x.payload, zmq::recv_flags::dontwait)) continue;
    more = x.payload.more();
    if (!more) return true;
    for (zmq::message_t rest; more && subscriber_.recv(rest, zmq::recv_flags::dontwait);) more = rest.more();
  }
  return false;
}

bool topic_sockets::read(transport_client& client) {
  if (publisher_) read_commands(client);
  if (!subscriber_) return false;
  const auto hand_out = [&](const topic_message& x) {
    client.topic_message(x.topic.to_string_view(), x.payload.to_string_view());
  };
  for (const auto& x : std::exchange(held_, {})) hand_out(x);
  topic_message next;
  for (size_t i = 0; i < topics_per_turn; ++i) {
    if (!take(next)) return false;
    hand_out(next);
  }
  return true;
}

void topic_sockets::read_commands(transport_client& client) {
  zmq::message_t m;
  for (size_t i = 0; i < topics_per_turn && publisher_.recv(m, zmq::recv_flags::dontwait); ++i) {
    if (m.size() == 0) continue;
    const auto text = m.to_string_view();
    const auto topic = text.substr(1);
    switch (static_cast<topic_command>(text.front())) {
    case topic_command::subscribe:
      client.topic_wanted(topic, true, client_of_(zmq_msg_gets(m.handle(), "User-Id")));
      break;
    case topic_command::unsubscribe:
      client.topic_wanted(topic, false, {});
      break;
    case topic_command::snapshot:
      client.snapshot_wanted(topic);
      break;
    default:
      break; // a stranger's own
    }
  }
}

void topic_sockets::send() {
  std::vector<std::pair<std::string, std::string>> batch;
  {
    const std::lock_guard guard{mutex_};
    batch.swap(queue_);
    queued_bytes_ = 0;
  }
  if (!publisher_) return;
  for (auto& [topic, payload] : batch) {
    if (!publisher_.send(zmq::buffer(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) continue;
    publisher_.send(zmq::buffer(payload), zmq::send_flags::none);
  }
}

} // namespace bus::link
