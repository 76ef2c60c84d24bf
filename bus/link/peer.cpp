#include "bus/link/peer.hpp"

#include "bus/limits.hpp"

#include "bus/link/address_book.hpp"
#include "bus/link/server_socket.hpp"

#include <algorithm>

namespace bus::link {

namespace {

constexpr std::chrono::milliseconds dial_pause{50};      // at least so long between two dials
constexpr std::chrono::milliseconds handshake_patience{400}; // since the network let us through
constexpr std::chrono::milliseconds refused_pause{1000}; // after the peer did not admit us
// After a handshake that was broken off, by a node with another key as a rule: doubled each time up to the longest. A link
// that is up dials as often as it may: its time runs out.
constexpr std::chrono::milliseconds first_pause{200}, longest_pause{2500}, pause_while_up{100};
constexpr std::chrono::seconds complaint_pause{10};      // between two log lines about one peer
constexpr size_t copy_below = 1024;                      // smaller bodies are copied into the message
constexpr int send_queue = 2000;                         // frames that libzmq may hold per peer
constexpr int reconnect_ms = 50;
constexpr int reconnect_max_ms = 1000;
constexpr int wire_beat_ms = 500;
constexpr int wire_timeout_ms = 1500;

// A thread that has a peer's mutex must not try it again; only the bus thread can come back to it.
thread_local bool is_bus_thread = false;

void release_body(void*, void* hint) {
  delete static_cast<body_ptr*>(hint);
}

zmq::message_t message_of(const body_ptr& body) {
  if (body->size() < copy_below) return zmq::message_t{body->data(), body->size()};
  // libzmq never writes to the data; its interface is older than const
  return zmq::message_t{const_cast<char*>(body->data()), body->size(), release_body, new body_ptr{body}};
}

constexpr int watched_events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

} // namespace

// What a message may be sent around: a link that is up, with nothing on its way and nothing in its way.
bool peer::is_idle() const {
  return connected_ && !blocked_ && session_.has_room() && session_.frames_in_flight() == 0;
}

class peer::turn {
public:
  explicit turn(peer& owner) : owner_(owner), lock_(owner.mutex_) {}
  ~turn() { owner_.idle_.store(owner_.is_idle(), std::memory_order_relaxed); }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

private:
  peer& owner_;
  const std::lock_guard<std::mutex> lock_;
};

void peer::this_is_the_bus_thread() noexcept {
  is_bus_thread = true;
}

peer::peer(peer_host& host, size_t index, std::string name, uint32_t first_session)
    : host_(host), index_(index), name_(std::move(name)),
      session_(host.settings().session, host.settings().self, first_session, *this),
      outbox_(std::make_shared<outbox>(host.settings().link_bytes, host.client_signal())) {}

peer::~peer() {
  outbox_->close();
  hang_up(std::chrono::milliseconds{0});
}

void peer::endpoint(const std::string& x, origin from) {
  const turn mine{*this};
  if (from == origin::learned && pinned_) return;
  if (from == origin::configured) pinned_ = true;
  if (x == endpoint_) return;
  if (host_.settings().security == security::plain && !is_loopback(x)) {
    complain(name_ + " is said to be at " + x + ": links without keys stay on this machine");
    return;
  }
  endpoint_ = x;
  turned_away_ = 0;
  connect_anew();
}

void peer::open(const std::string& where) {
  const auto& cfg = host_.settings();
  dealer_ = zmq::socket_t{host_.context(), zmq::socket_type::dealer};
  dealer_.set(zmq::sockopt::linger, 0);
  dealer_.set(zmq::sockopt::sndhwm, send_queue);
  dealer_.set(zmq::sockopt::rcvhwm, 0); // see `watch_silent_clients`; what a peer pushes back is refused by `check_silence`
  dealer_.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(limits::answer_bytes));
  dealer_.set(zmq::sockopt::immediate, 1); // nothing waits for a connection that is not there
  dealer_.set(zmq::sockopt::handshake_ivl, handshake_ms);
  dealer_.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  dealer_.set(zmq::sockopt::reconnect_ivl_max, reconnect_max_ms);
  dealer_.set(zmq::sockopt::heartbeat_ivl, wire_beat_ms);
  dealer_.set(zmq::sockopt::heartbeat_timeout, wire_timeout_ms);
  // no heartbeat_ttl: it would give the peer's socket, whose queue has a limit, a timer of that kind
  if (cfg.security == security::curve) {
    dialled_key_ = host_.server_key(name_);
    dealer_.set(zmq::sockopt::curve_serverkey, dialled_key_);
    dealer_.set(zmq::sockopt::curve_publickey, cfg.key.public_key);
    dealer_.set(zmq::sockopt::curve_secretkey, cfg.key.secret_key);
  }
  monitor_ = monitor{host_.context(), dealer_, watched_events};
  allow_address(dealer_, where);
  dealer_.connect(where);
}

void peer::dial() {
  const turn mine{*this};
  turned_away_ = 0;
  connect_anew();
}

void peer::connect_anew() {
  const auto now = host_.now();
  next_dial_ = time_point::max();
  close(std::chrono::milliseconds{0});
  if (endpoint_.empty() || session_.is_suspended()) return;
  if (!is_admitted()) {
    complain("cannot connect to " + name_ + ": no key for it on the allow list");
    return;
  }
  dialled_ = now;
  const auto addresses = host_.addresses_of(endpoint_);
  if (addresses.empty()) { // the session has it tried again, and `addresses_changed` at once
    dialled_endpoint_.clear();
    if (!parts_of(endpoint_).ok) complain("cannot connect to " + name_ + ": not an address: " + endpoint_);
    return;
  }
  dialled_endpoint_ = addresses[dials_++ % addresses.size()];
  if (host_.is_own(endpoint_) || host_.is_own(dialled_endpoint_)) {
    complain(name_ + " is said to be at " + endpoint_ + ", where this node itself is");
    return; // it may be elsewhere by the next time that the session asks
  }
  try {
    open(dialled_endpoint_);
  } catch (const zmq::error_t& e) {
    host_.log(log_level::error, "cannot connect to " + name_ + " at " + endpoint_ + ": " + e.what());
    dial_at(now + refused_pause);
  }
}

void peer::addresses_changed() {
  const turn mine{*this};
  if (endpoint_.empty() || connected_ || session_.is_suspended()) return;
  const auto addresses = host_.addresses_of(endpoint_);
  if (addresses.empty() || std::find(addresses.begin(), addresses.end(), dialled_endpoint_) != addresses.end()) return;
  dials_ = 0;
  connect_anew();
}

bool peer::is_admitted() const {
  return host_.settings().security != security::curve || !host_.server_key(name_).empty();
}

void peer::complain(const std::string& text) {
  const auto now = host_.now();
  if (now - last_complaint_ < complaint_pause) return;
  last_complaint_ = now;
  host_.log(log_level::warning, text);
}

void peer::dial_at(time_point t) {
  next_dial_ = std::min(next_dial_, std::max(t, dialled_ + dial_pause));
}

void peer::hang_up(std::chrono::milliseconds linger) {
  const turn mine{*this};
  close(linger);
}

void peer::close(std::chrono::milliseconds linger) {
  connected_ = blocked_ = false;
  reached_ = {};
  host_.sockets_changed();
  if (!dealer_) return;
  dealer_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
  monitor_.stop(dealer_);
  dealer_.close();
}

// Chunks are taken with the mutex held: a message that comes meanwhile cannot be sent around them.
void peer::pump(time_point now) {
  const turn mine{*this};
  if (outbox_->overrun()) {
    host_.log(log_level::error, name_ + " is so far behind that a notice for it found no room");
    session_.break_off(now);
    return;
  }
  chunk c;
  while (session_.has_room() && outbox_->take(c))
    session_.push(std::make_shared<const std::string>(std::move(c.bytes)), c.messages, now);
}

bool peer::connected() const {
  const std::lock_guard guard{mutex_};
  return connected_;
}

bool peer::blocked() const {
  const std::lock_guard guard{mutex_};
  return blocked_ && connected_;
}

bool peer::is_forgettable() const {
  const std::lock_guard guard{mutex_};
  return !pinned_ && !session_.is_up();
}

uint32_t peer::session_number() const {
  const std::lock_guard guard{mutex_};
  return session_.number();
}

void peer::suspend(down_reason reason, time_point now) {
  const turn mine{*this};
  session_.suspend(reason, now);
}

void peer::resume(time_point now) {
  const turn mine{*this};
  session_.resume(now);
}

void peer::break_off(time_point now) {
  const turn mine{*this};
  session_.break_off(now);
}

bool peer::send_directly(std::string_view message) {
  if (is_bus_thread || !idle_.load(std::memory_order_relaxed)) return false;
  const std::unique_lock lock{mutex_, std::try_to_lock};
  if (!lock.owns_lock() || !is_idle()) return false;
  idle_.store(false, std::memory_order_relaxed);
  session_.push(std::make_shared<const std::string>(message), 1, std::chrono::steady_clock::now());
  return true;
}

void peer::unblock(time_point now) {
  const turn mine{*this};
  blocked_ = false;
  host_.sockets_changed();
  session_.flush(now);
}

void peer::read_monitor(time_point now) {
  const turn mine{*this};
  monitor_event e;
  while (monitor_.next(e)) {
    if (e.what == ZMQ_EVENT_CONNECTED) {
      reached_ = now;
      continue;
    }
    if (e.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      connected_ = true;
      turned_away_ = 0;
      dials_ = dials_ > 0 ? dials_ - 1 : 0; // this address works
      session_.on_connected(now);
      continue;
    }
    connected_ = false;
    reached_ = {};
    if (e.what == ZMQ_EVENT_DISCONNECTED) {
      dial_at(now);
      return;
    }
    complain("connection to " + name_ + " at " + endpoint_ + ": " + describe_failure(e));
    if (e.what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
      turned_away(now);
      return;
    }
    dial_at(now + refused_pause); // libzmq itself does not try again
  }
}

// libzmq would try again every 50 ms for ever: who answers has another key, because the address is another node's now.
void peer::turned_away(time_point now) {
  close(std::chrono::milliseconds{0});
  if (session_.is_up()) {
    dial_at(now + pause_while_up);
    return;
  }
  const auto pause = std::min<duration>(first_pause * (1u << std::min(turned_away_, 10u)), longest_pause);
  ++turned_away_;
  next_dial_ = now + pause;
}

bool peer::backs_off() const {
  return turned_away_ > 0 && !dealer_ && next_dial_ != time_point::max();
}

void peer::receive(const header& h, std::string_view body, time_point now) {
  const turn mine{*this};
  if (backs_off()) dial_at(dialled_ + refused_pause); // it lives, and may be there again
  session_.on_header(h, body, now);
  if (broken_) session_.break_off(now);
  broken_ = false;
}

// A DEALER only sends. Whoever pushes something back would fill this node's memory.
void peer::check_silence(time_point now) {
  zmq::message_t m;
  if (!dealer_ || !connected_ || blocked_ || !dealer_.recv(m, zmq::recv_flags::dontwait)) return;
  complain(name_ + " sends where it may only listen");
  session_.break_off(now);
  close(std::chrono::milliseconds{0});
  dial_at(now + refused_pause);
}

void peer::tick(time_point now) {
  const turn mine{*this};
  if (next_dial_ <= now) connect_anew();
  if (session_.deadline() > now) return;
  check_silence(now);
  session_.tick(now);
}

time_point peer::deadline() const {
  const std::lock_guard guard{mutex_};
  return std::min(next_dial_, session_.deadline());
}

link_report peer::report(time_point now) const {
  const std::lock_guard guard{mutex_};
  link_report r;
  r.peer = name_;
  r.endpoint = endpoint_;
  r.address = dialled_endpoint_;
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
    if (!is_bus_thread) host_.client_signal().notify(); // somebody must wait until there is room
    return false;
  }
  if (body) {
    auto second = message_of(body);
    dealer_.send(second, zmq::send_flags::none); // never blocks: the first part has been taken
  }
  return true;
}

// A handshake that has begun gets its time, on a machine that is busy or a network that is slow: begun anew each
// time that the session asks, it would never end.
void peer::redial() {
  const auto now = host_.now();
  const auto patience = std::max<duration>(handshake_patience, 8 * session_.least_round_trip());
  if (!connected_ && reached_ != time_point{} && now - reached_ < patience) return;
  if (!session_.is_up() && backs_off()) return;
  if (is_admitted()) dial_at(now); // otherwise a new allow list does it
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
  outbox_->open(generation, this);
  host_.log(log_level::info, "link to " + name_ + " is up");
  host_.topics_connect(linked_, dialled_endpoint_);
  host_.client().peer_up(index_, linked_, generation, outbox_);
}

void peer::rival(const identity& who) {
  complain("two nodes call themselves " + name_ + ": the one at " + linked_.control_endpoint + " stays linked, the one at " +
           who.control_endpoint + " is not let in");
}

void peer::down(down_reason reason) {
  outbox_->close();
  host_.log(log_level::warning, "link to " + name_ + " is down: " + std::string{name_of(reason)});
  host_.topics_disconnect(linked_);
  host_.client().peer_down(index_, reason);
}

} // namespace bus::link
