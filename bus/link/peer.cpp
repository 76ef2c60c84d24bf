#include "bus/link/peer.hpp"

#include <algorithm>

namespace bus::link {

namespace {

constexpr std::chrono::milliseconds dial_pause{50};      // at least so long between two dials
constexpr std::chrono::milliseconds refused_pause{1000}; // after the peer did not admit us
constexpr std::chrono::seconds complaint_pause{10};      // between two log lines about one peer
constexpr size_t copy_below = 1024;                      // smaller bodies are copied into the message
constexpr int send_queue = 2000;                         // frames that libzmq may hold per peer
constexpr int handshake_ms = 2000;
constexpr int reconnect_ms = 50;
constexpr int reconnect_max_ms = 1000;
constexpr int wire_beat_ms = 500;
constexpr int wire_timeout_ms = 1500;

void release_body(void*, void* hint) {
  delete static_cast<body_ptr*>(hint);
}

zmq::message_t message_of(const body_ptr& body) {
  if (body->size() < copy_below) return zmq::message_t{body->data(), body->size()};
  // libzmq never writes to the data; its interface is older than const
  return zmq::message_t{const_cast<char*>(body->data()), body->size(), release_body, new body_ptr{body}};
}

constexpr int watched_events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

} // namespace

peer::peer(peer_host& host, size_t index, std::string name, uint32_t first_session)
    : host_(host), index_(index), name_(std::move(name)),
      session_(host.settings().session, host.settings().self, first_session, *this),
      outbox_(std::make_shared<outbox>(host.settings().link_bytes, host.client_signal())) {}

peer::~peer() {
  hang_up(std::chrono::milliseconds{0});
}

void peer::endpoint(const std::string& x, origin from) {
  if (from == origin::learned && pinned_) return;
  if (from == origin::configured) pinned_ = true;
  if (x == endpoint_) return;
  endpoint_ = x;
  dial();
}

void peer::open() {
  const auto& cfg = host_.settings();
  dealer_ = zmq::socket_t{host_.context(), zmq::socket_type::dealer};
  dealer_.set(zmq::sockopt::linger, 0);
  dealer_.set(zmq::sockopt::sndhwm, send_queue);
  dealer_.set(zmq::sockopt::immediate, 1); // nothing waits for a connection that is not there
  dealer_.set(zmq::sockopt::handshake_ivl, handshake_ms);
  dealer_.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  dealer_.set(zmq::sockopt::reconnect_ivl_max, reconnect_max_ms);
  dealer_.set(zmq::sockopt::heartbeat_ivl, wire_beat_ms);
  dealer_.set(zmq::sockopt::heartbeat_timeout, wire_timeout_ms);
  dealer_.set(zmq::sockopt::heartbeat_ttl, wire_timeout_ms);
  if (cfg.security == security::curve) {
    dealer_.set(zmq::sockopt::curve_serverkey, host_.server_key(name_));
    dealer_.set(zmq::sockopt::curve_publickey, cfg.key.public_key);
    dealer_.set(zmq::sockopt::curve_secretkey, cfg.key.secret_key);
  }
  monitor_ = monitor{host_.context(), dealer_, watched_events};
  dealer_.connect(endpoint_);
}

void peer::dial() {
  const auto now = host_.now();
  next_dial_ = time_point::max();
  hang_up(std::chrono::milliseconds{0});
  if (endpoint_.empty() || session_.is_suspended()) return;
  if (host_.settings().security == security::curve && host_.server_key(name_).empty()) {
    host_.log(log_level::warning, "cannot connect to " + name_ + ": no key for it on the allow list");
    return;
  }
  dialled_ = now;
  try {
    open();
  } catch (const zmq::error_t& e) {
    host_.log(log_level::error, "cannot connect to " + name_ + " at " + endpoint_ + ": " + e.what());
    dial_at(now + refused_pause);
  }
}

void peer::dial_at(time_point t) {
  next_dial_ = std::min(next_dial_, std::max(t, dialled_ + dial_pause));
}

void peer::hang_up(std::chrono::milliseconds linger) {
  connected_ = blocked_ = false;
  host_.sockets_changed();
  if (!dealer_) return;
  dealer_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
  monitor_.stop(dealer_);
  dealer_.close();
}

void peer::pump(time_point now) {
  chunk c;
  while (session_.has_room() && outbox_->take(c))
    session_.push(std::make_shared<const std::string>(std::move(c.bytes)), c.messages, now);
}

void peer::unblock(time_point now) {
  blocked_ = false;
  host_.sockets_changed();
  session_.flush(now);
}

void peer::read_monitor(time_point now) {
  monitor_event e;
  while (monitor_.next(e)) {
    if (e.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      connected_ = true;
      session_.on_connected(now);
      continue;
    }
    connected_ = false;
    if (e.what == ZMQ_EVENT_DISCONNECTED) {
      dial_at(now);
      return;
    }
    if (now - last_complaint_ >= complaint_pause) {
      last_complaint_ = now;
      host_.log(log_level::warning,
                "connection to " + name_ + " at " + endpoint_ + ": " + describe_failure(e));
    }
    // libzmq does not try again after these two
    if (e.what != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) dial_at(now + refused_pause);
  }
}

void peer::receive(const header& h, std::string_view body, time_point now) {
  session_.on_header(h, body, now);
  if (broken_) session_.break_off(now);
  broken_ = false;
}

void peer::tick(time_point now) {
  if (next_dial_ <= now) dial();
  if (session_.deadline() <= now) session_.tick(now);
}

time_point peer::deadline() const {
  return std::min(next_dial_, session_.deadline());
}

link_report peer::report(time_point now) const {
  link_report r;
  r.peer = name_;
  r.endpoint = endpoint_;
  r.up = session_.is_up();
  if (session_.last_heard() != time_point{})
    r.since_heard = std::chrono::duration_cast<std::chrono::milliseconds>(now - session_.last_heard());
  r.statistics = session_.statistics();
  r.frames_in_flight = session_.frames_in_flight();
  r.bytes_waiting = outbox_->bytes();
  return r;
}

// -- session_output -----------------------------------------------------------

bool peer::transmit(const std::string& head, const body_ptr& body) {
  if (!connected_ || blocked_) return false;
  zmq::message_t first{head.data(), head.size()};
  const auto flags = zmq::send_flags::dontwait;
  if (!dealer_.send(first, body ? flags | zmq::send_flags::sndmore : flags)) {
    blocked_ = true;
    host_.sockets_changed();
    return false;
  }
  if (body) {
    auto second = message_of(body);
    dealer_.send(second, zmq::send_flags::none); // never blocks: the first part has been taken
  }
  return true;
}

void peer::redial() {
  dial_at(host_.now());
}

void peer::deliver(std::string_view body, uint32_t messages) {
  if (broken_ || host_.client().messages(index_, body, messages)) return;
  broken_ = true; // the session must not be ended inside its own delivery
  host_.log(log_level::error, "malformed frame from " + name_);
}

void peer::up(const identity& who) {
  linked_ = who;
  broken_ = false;
  const auto generation = host_.next_generation();
  outbox_->open(generation);
  host_.log(log_level::info, "link to " + name_ + " is up");
  host_.topics_connect(linked_);
  host_.client().peer_up(index_, linked_, generation, outbox_);
}

void peer::down(down_reason reason) {
  outbox_->close();
  host_.log(log_level::warning, "link to " + name_ + " is down: " + std::string{name_of(reason)});
  host_.topics_disconnect(linked_);
  host_.client().peer_down(index_, reason);
}

} // namespace bus::link
