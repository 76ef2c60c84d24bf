// This header file defines the doorman: who may connect to this node, and the
// log of those who were turned away. It answers ZAP requests (ZeroMQ RFC 27) from
// the bus thread: libzmq asks before it lets a connection in.
#pragma once

#include "bus/config.hpp"
#include "bus/keys/keys.hpp"
#include "bus/link/monitor.hpp"

#include <zmq.hpp>

#include <chrono>
#include <map>
#include <string>
#include <unordered_map>

namespace bus::link {

/// ZAP domains: which door is asked for.
inline constexpr const char* control_domain = "tt-control"; ///< nodes only
inline constexpr const char* topics_domain = "tt-topics";   ///< nodes and clients

/// Counts and logs refused peers: one line per peer and cause in `log_pause`, with how many were left out. A stranger has as
/// many keys, names and addresses as it likes, so there is a limit for all together too; beyond it refusals are only counted.
class refusal_log {
public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds log_pause{10};
  static constexpr size_t lines_per_pause = 32;

  explicit refusal_log(log_function log) : log_(std::move(log)) {}

  /// `who` is an address or a name, `why` names the key where there is one.
  void refused(const std::string& who, const std::string& why, time_point now);

  uint64_t count() const noexcept { return count_; }
  uint64_t lines() const noexcept { return lines_; }

private:
  struct memory {
    time_point logged;
    uint64_t since = 0;
  };

  bool may_speak(time_point now);
  void make_room();

  log_function log_;
  std::map<std::string, memory> known_; // by peer and cause
  time_point window_{};                 // when the first of `lines_per_pause` was written
  size_t in_window_ = 0;
  uint64_t unnamed_ = 0; // refusals beyond the limit for all, since it was last said
  uint64_t count_ = 0;
  uint64_t lines_ = 0;
};

/// Whether one more connection may come in, by how many came of late and are still there: who shows no key keeps a descriptor
/// for as long as a handshake may take. Which of them have been admitted libzmq does not tell, so all count that long. Pure.
class newcomers {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A number for `gone`; 0: it is one too many, and does not count.
  uint64_t admit(const std::string& host, time_point now);
  void gone(uint64_t number);

private:
  struct arrival {
    time_point at;
    std::string host;
  };
  void forget(std::map<uint64_t, arrival>::iterator which);

  std::map<uint64_t, arrival> recent_; // by number, so oldest first
  std::unordered_map<std::string, size_t> by_host_;
  uint64_t last_ = 0;
};

/// Logs the connections to one server socket whose handshake failed before the doorman was asked: plaintext,
/// a wrong server key, no ZeroMQ at all. Cuts off those that are too many at once.
class visitors {
public:
  /// What the socket's monitor must watch.
  static const int events;

  explicit visitors(std::string door) : door_(std::move(door)) {}

  void read(monitor& m, refusal_log& refusals, std::chrono::steady_clock::time_point now);
  /// The socket was bound, and nobody is connected yet.
  void opened(const std::string& endpoint);

private:
  struct visitor {
    std::string host;
    uint64_t number = 0; // 0: was one too many
  };
  void accepted(int fd, std::chrono::steady_clock::time_point now);
  void disconnected(int fd, refusal_log& refusals, std::chrono::steady_clock::time_point now);

  const std::string door_;
  uint16_t port_ = 0; // 0: not TCP
  newcomers newcomers_;
  std::unordered_map<int, visitor> visitors_; // by descriptor, as long as it is connected
  std::string failure_;                       // of the connection that is about to be closed
};

class doorman {
public:
  /// Binds the ZAP handler. Throws `zmq::error_t` if it cannot: then nothing may be bound.
  doorman(zmq::context_t& context, refusal_log& refusals, keys::allow_list allowed);

  zmq::socket_t& socket() noexcept { return socket_; }

  /// Answers what has been asked.
  void serve(std::chrono::steady_clock::time_point now);

  /// A program outside has taken more than it may. True if it has done so not long ago: then it is not let in for a while.
  bool overdrawn(const std::string& client, std::chrono::steady_clock::time_point now);

  const keys::allow_list& allowed() const noexcept { return allowed_; }
  void allowed(keys::allow_list x);

private:
  /// The status codes of ZAP. After `later` libzmq tries again by itself.
  enum class verdict : uint16_t { welcome = 200, later = 300, never = 400 };

  verdict decide(const std::string& domain, const std::string& address, const std::string& mechanism,
                 const zmq::message_t& credentials, std::string& user,
                 std::chrono::steady_clock::time_point now);

  zmq::socket_t socket_;
  refusal_log& refusals_;
  keys::allow_list allowed_;
  struct overdraft {
    std::chrono::steady_clock::time_point last;
    bool is_shut_out = false;
  };
  std::map<std::string, overdraft> overdrafts_; // by client, of those on the list
  std::map<std::string, std::string> former_; // keys that were taken off the list, and whose they were
};

} // namespace bus::link
