#include "bus/link/doorman.hpp"

#include "bus/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace bus::link {

namespace {

// Where the other end of a descriptor of this process is; for the log.
std::string host_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[64];
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, nullptr, 0,
                    NI_NUMERICHOST) != 0)
    return "a peer that is gone";
  return host;
}

uint16_t port_of(const sockaddr_storage& x) {
  if (x.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(x).sin_port);
  return x.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(x).sin6_port) : uint16_t{0};
}

// The descriptor is libzmq's, which may have closed it by now, so that it is somebody else's: it is shut down only if it still
// is a connection to this listener's port. What could slip in between the two calls is another one of those, which comes again.
void cut_off(int fd, uint16_t own_port) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0 || port_of(own) != own_port || own_port == 0) return;
  ::shutdown(fd, SHUT_RDWR);
}

} // namespace

const int visitors::events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                             ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

void newcomers::forget(std::map<uint64_t, arrival>::iterator which) {
  if (const auto i = by_host_.find(which->second.host); i != by_host_.end() && --i->second == 0) by_host_.erase(i);
  recent_.erase(which);
}

uint64_t newcomers::admit(const std::string& host, time_point now) {
  while (!recent_.empty() && now - recent_.begin()->second.at >= std::chrono::milliseconds{limits::fresh_ms}) forget(recent_.begin());
  const auto known = by_host_.find(host);
  if (recent_.size() >= limits::fresh_connections || (known != by_host_.end() && known->second >= limits::fresh_per_host)) return 0;
  ++by_host_[host];
  recent_.emplace(++last_, arrival{now, host});
  return last_;
}

void newcomers::gone(uint64_t number) {
  if (const auto i = recent_.find(number); i != recent_.end()) forget(i);
}

void visitors::opened(const std::string& endpoint) {
  port_ = 0;
  const auto digits = endpoint.substr(endpoint.rfind(':') + 1);
  if (endpoint.starts_with("tcp://")) std::from_chars(digits.data(), digits.data() + digits.size(), port_);
  newcomers_ = {};
  visitors_.clear();
  failure_.clear();
}

void visitors::accepted(int fd, std::chrono::steady_clock::time_point now) {
  if (visitors_.size() >= limits::refused_peers) visitors_.clear();
  auto& v = visitors_[fd] = visitor{host_of(fd), 0};
  v.number = newcomers_.admit(v.host, now);
  if (v.number == 0) cut_off(fd, port_);
}

// A failed handshake is followed by the disconnect of its descriptor, whose address was taken when it came.
void visitors::disconnected(int fd, refusal_log& refusals, std::chrono::steady_clock::time_point now) {
  const auto i = visitors_.find(fd);
  if (i != visitors_.end() && i->second.number == 0)
    refusals.refused(i->second.host, door_ + ": too many new connections at once", now);
  else if (!failure_.empty())
    refusals.refused(i == visitors_.end() ? "a peer" : i->second.host, door_ + ": " + failure_, now);
  failure_.clear();
  if (i == visitors_.end()) return;
  newcomers_.gone(i->second.number);
  visitors_.erase(i);
}

void visitors::read(monitor& m, refusal_log& refusals, std::chrono::steady_clock::time_point now) {
  monitor_event e;
  while (m.next(e)) {
    switch (e.what) {
    case ZMQ_EVENT_ACCEPTED:
      accepted(static_cast<int>(e.value), now);
      break;
    case ZMQ_EVENT_DISCONNECTED:
      disconnected(static_cast<int>(e.value), refusals, now);
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      break; // the doorman has logged it, with the key
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      // both sides see a wrong mechanism; the other one may have been quicker to hang up
      failure_ = e.value == EPIPE || e.value == ECONNRESET ? "hung up in the handshake: plaintext, or leaving"
                                                           : describe_failure(e);
      break;
    default:
      failure_ = describe_failure(e);
    }
  }
}

void refusal_log::refused(const std::string& who, const std::string& why, time_point now) {
  ++count_;
  auto i = known_.find(who + ' ' + why);
  if (i != known_.end() && now - i->second.logged < log_pause) {
    ++i->second.since;
    return;
  }
  if (!may_speak(now)) {
    ++unnamed_;
    return;
  }
  if (i == known_.end()) {
    make_room();
    i = known_.try_emplace(who + ' ' + why).first;
  }
  auto& m = i->second;
  auto line = "refused " + who + ": " + why;
  if (m.since > 0) line += " (and " + std::to_string(m.since) + " times since the last line)";
  m = {now, 0};
  ++lines_;
  if (log_) log_(log_level::warning, line);
}

bool refusal_log::may_speak(time_point now) {
  if (window_ == time_point{} || now - window_ >= log_pause) {
    window_ = now;
    in_window_ = 0;
    if (const auto unnamed = std::exchange(unnamed_, 0); unnamed > 0 && log_)
      log_(log_level::warning, "refused " + std::to_string(unnamed) + " times more than can be named");
  }
  return in_window_++ < lines_per_pause;
}

void refusal_log::make_room() {
  if (known_.size() < limits::refused_peers) return;
  const auto oldest = std::min_element(known_.begin(), known_.end(),
                                       [](const auto& a, const auto& b) { return a.second.logged < b.second.logged; });
  unnamed_ += oldest->second.since;
  known_.erase(oldest);
}

// Whoever was let in once is worth his name when he knocks again.
void doorman::allowed(keys::allow_list x) {
  for (const auto& [key, entry] : allowed_.entries())
    if (!x.find_key(key) && former_.size() < limits::refused_peers) former_[key] = entry.name;
  std::erase_if(former_, [&](const auto& f) { return x.find_key(f.first) != nullptr; });
  std::erase_if(overdrafts_, [&](const auto& o) { return x.find_name(o.first) == nullptr; });
  allowed_ = std::move(x);
}

doorman::doorman(zmq::context_t& context, refusal_log& refusals, keys::allow_list allowed)
    : socket_(context, zmq::socket_type::rep), refusals_(refusals), allowed_(std::move(allowed)) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
}

bool doorman::overdrawn(const std::string& client, std::chrono::steady_clock::time_point now) {
  const auto [i, is_first] = overdrafts_.try_emplace(client);
  i->second.is_shut_out = !is_first && now - i->second.last < std::chrono::seconds{limits::shut_out_seconds};
  i->second.last = now;
  return i->second.is_shut_out;
}

doorman::verdict doorman::decide(const std::string& domain, const std::string& address, const std::string& mechanism,
                     const zmq::message_t& credentials, std::string& user,
                     std::chrono::steady_clock::time_point now) {
  if (mechanism != "CURVE" || credentials.size() != 32) {
    refusals_.refused(address, "mechanism " + mechanism + ", want CURVE", now);
    return verdict::never;
  }
  char key[41];
  zmq_z85_encode(key, credentials.data<uint8_t>(), 32);
  const auto* entry = allowed_.find_key(key);
  if (!entry) {
    const auto former = former_.find(key);
    const auto whose = former == former_.end() ? std::string{} : " any more, it was that of " + former->second;
    refusals_.refused(address, std::string{"key "} + key + " is not on the allow list" + whose, now);
    return verdict::never;
  }
  if (const auto i = overdrafts_.find(entry->name); i != overdrafts_.end() && entry->what == keys::kind::client && i->second.is_shut_out &&
                                                    now - i->second.last < std::chrono::seconds{limits::shut_out_seconds}) {
    refusals_.refused(address, entry->name + " wanted too many topics and has to wait", now);
    return verdict::later;
  }
  if (domain == topics_domain || (domain == control_domain && entry->what == keys::kind::node)) {
    user = entry->public_key;
    return verdict::welcome;
  }
  refusals_.refused(address, entry->name + " may not enter " + domain, now);
  return verdict::never;
}

void doorman::serve(std::chrono::steady_clock::time_point now) {
  for (;;) {
    std::vector<zmq::message_t> request;
    for (bool more = true; more;) {
      zmq::message_t part;
      if (!socket_.recv(part, zmq::recv_flags::dontwait)) return;
      more = part.more();
      request.push_back(std::move(part));
    }
    std::string user;
    auto answer = verdict::never;
    if (request.size() >= 7 && request[0].to_string_view() == "1.0")
      answer = decide(request[2].to_string(), request[3].to_string(), request[5].to_string(), request[6], user,
                  now);
    const auto more = zmq::send_flags::sndmore;
    socket_.send(zmq::str_buffer("1.0"), more);
    if (request.size() > 1)
      socket_.send(request[1], more);
    else
      socket_.send(zmq::message_t{}, more);
    socket_.send(zmq::buffer(std::to_string(static_cast<uint16_t>(answer))), more);
    socket_.send(answer == verdict::welcome ? zmq::str_buffer("") : zmq::str_buffer("no"), more);
    socket_.send(zmq::buffer(user), more);
    socket_.send(zmq::message_t{}, zmq::send_flags::none);
  }
}

} // namespace bus::link
