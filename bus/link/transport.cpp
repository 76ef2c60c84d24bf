#include "bus/link/transport.hpp"

#include "bus/link/address_book.hpp"
#include "bus/link/doorman.hpp"
#include "bus/link/peer_table.hpp"
#include "bus/link/server_socket.hpp"
#include "bus/link/topic_sockets.hpp"

#include <atomic>
#include <mutex>
#include <pthread.h>
#include <random>
#include <thread>

namespace bus::link {

namespace {

constexpr size_t frames_per_turn = 256; // control frames read before others get their turn
constexpr std::chrono::milliseconds bye_linger{200};
// Between two tries to listen again: libzmq lets go of the old listener within a moment, another program may keep the port for long.
constexpr std::chrono::milliseconds first_reopen_pause{1}, longest_reopen_pause{250};
constexpr std::chrono::seconds reopen_patience{1};    // until a port that is taken is worth a word
constexpr std::chrono::seconds reopen_log_pause{30};  // between two words about it

std::string advertised(const std::string& bound, const std::string& host) {
  if (host.empty() || !bound.starts_with("tcp://")) return bound;
  return "tcp://" + host + bound.substr(bound.rfind(':'));
}

} // namespace

class transport::impl final : public peer_host {
public:
  impl(transport_settings cfg, transport_client& client)
      : cfg_(std::move(cfg)), client_(client), signal_(wake_signal::immortal()), refusals_(cfg_.log),
        book_(cfg_.lookup ? cfg_.lookup : system_lookup, [this_signal = &signal_] { this_signal->notify(); }, cfg_.log),
        peers_(*this, std::random_device{}()) {}

  ~impl() override { stop(); }

  // -- life -------------------------------------------------------------------

  outcome<done> start() {
    try {
      if (cfg_.security == security::curve) doorman_.emplace(context_, refusals_, cfg_.allowed);
      open_router(cfg_.listen);
      if (!cfg_.listen_topics.empty()) topics_.open(cfg_.listen_topics);
      topics_visitors_.opened(topics_.endpoint());
    } catch (const zmq::error_t& e) {
      const auto where = !router_bound_ ? cfg_.listen : cfg_.listen_topics;
      close_servers();
      doorman_.reset();
      return problem{errc::socket_failed, where + ": " + e.what()};
    }
    cfg_.self.control_endpoint = advertised(router_endpoint_, cfg_.advertise);
    cfg_.self.topics_endpoint =
        topics_.is_publishing() ? advertised(topics_.endpoint(), cfg_.advertise) : std::string{};
    running_ = true;
    thread_ = std::thread{[this] { run(); }};
    pthread_setname_np(thread_.native_handle(), "tt-bus");
    return done{};
  }

  void stop() {
    if (!thread_.joinable()) return;
    running_ = false;
    signal_.notify();
    thread_.join();
    const std::lock_guard guard{tasks_mutex_};
    tasks_.clear();
    accepting_ = false;
  }

  void post(std::function<void()> task) {
    {
      const std::lock_guard guard{tasks_mutex_};
      if (!accepting_) return;
      tasks_.push_back(std::move(task));
    }
    signal_.notify();
  }

  bool publish(std::string topic, std::string payload) {
    return topics_.publish(std::move(topic), std::move(payload));
  }

  // -- bus thread: peers ------------------------------------------------------

  outcome<done> connect(const std::string& name, const std::string& endpoint, origin from) {
    if (name == cfg_.self.name) return problem{errc::bad_config, "a node does not connect to itself"};
    auto* p = peer_named(name);
    if (!p) return problem{errc::limit_reached, "more than " + std::to_string(limits::peers) + " peers"};
    // A peer that can be reached may not be moved by hearsay that may be old.
    if (from == origin::configured || !p->connected()) p->endpoint(endpoint, from);
    return done{};
  }

  void suspend_all(down_reason reason) {
    suspended_ = true;
    for (const auto& p : peers_.all()) p->suspend(reason, now_);
  }

  void resume_all() {
    suspended_ = false;
    for (const auto& p : peers_.all()) {
      p->resume(now_);
      if (!p->dealer()) p->dial();
    }
  }

  void replace_allowed(keys::allow_list x) {
    if (!doorman_) return;
    bool revoked = false;
    for (const auto& [key, entry] : doorman_->allowed().entries()) {
      const auto* left = x.find_key(key);
      if (!left || left->name != entry.name || left->what != entry.what) revoked = true;
    }
    doorman_->allowed(std::move(x));
    for (const auto& name : names_of_peers()) apply_allowed(name);
    if (revoked) reopen_servers();
  }

  // Comes from within the reading of the socket that is to be closed.
  void overdrawn(const std::string& client) {
    if (doorman_ && doorman_->overdrawn(client, now_)) refusals_.refused(client, "wants too many topics, again: not let in for a while", now_);
    else refusals_.refused(client, "wants too many topics: all begin anew", now_);
    renews_publisher_ = true;
  }

  std::vector<link_report> report() const {
    std::vector<link_report> result;
    for (const auto& p : peers_.all()) result.push_back(p->report(now_));
    return result;
  }

  // -- bus thread: topics -----------------------------------------------------

  void command(topic_command what, std::string_view topic) { topics_.command(what, topic); }

  // -- peer_host --------------------------------------------------------------

  time_point now() const override { return now_; }
  zmq::context_t& context() override { return context_; }
  const transport_settings& settings() const override { return cfg_; }
  uint64_t next_generation() override { return ++generation_; }
  transport_client& client() override { return client_; }
  wake_signal& client_signal() override { return signal_; }
  void sockets_changed() override { items_stale_ = true; }

  void log(log_level level, const std::string& text) override {
    if (cfg_.log) cfg_.log(level, text);
  }

  std::string server_key(const std::string& name) const override {
    if (!doorman_) return {};
    const auto* entry = doorman_->allowed().find_name(name);
    return entry && entry->what == keys::kind::node ? entry->public_key : std::string{};
  }

  std::vector<std::string> addresses_of(const std::string& endpoint) override { return book_.find(endpoint, now_); }

  // Of a node that listens at all addresses those of the loopback are its own for certain; others may be.
  bool is_own(const std::string& endpoint) const override {
    if (endpoint == router_endpoint_ || endpoint == cfg_.self.control_endpoint) return true;
    const auto port = router_endpoint_.rfind(':') + 1;
    const bool is_everywhere = router_endpoint_.starts_with("tcp://0.0.0.0:") || router_endpoint_.starts_with("tcp://[::]:");
    return is_everywhere && is_loopback(endpoint) && endpoint.substr(endpoint.rfind(':') + 1) == router_endpoint_.substr(port);
  }

  void topics_connect(const identity& who, const std::string& near) override {
    try {
      topics_.follow(who.name, who.topics_endpoint, server_key(who.name), near, find_addresses_);
    } catch (const zmq::error_t& e) {
      log(log_level::error, "topics of " + who.name + " at " + who.topics_endpoint + ": " + e.what());
    }
  }

  void topics_disconnect(const identity& who) override { topics_.leave(who.name); }

  const identity& self() const { return cfg_.self; }
  wake_signal& signal() { return signal_; }
  uint64_t refused() const { return refusals_.count(); }

private:
  std::vector<std::string> names_of_peers() const {
    std::vector<std::string> names;
    for (const auto& p : peers_.all()) names.push_back(p->name());
    return names;
  }

  // What a new allow list means for a peer: cut off, another key, or admitted again.
  void apply_allowed(const std::string& name) {
    auto* p = peers_.find(name);
    const auto key = server_key(name);
    if (!key.empty() && p->dealer() && p->dialled_key() == key) return;
    if (p->dealer()) {
      log(log_level::warning,
          name + (key.empty() ? " is not on the allow list any more" : " has another key now"));
      p->break_off(now_);
      p->hang_up(std::chrono::milliseconds{0});
    }
    if (!key.empty() && !suspended_)
      p->dial();
    else if (key.empty())
      peers_.forget(name);
  }

  // The name of a program outside; empty for a node, or without keys.
  std::string client_name(const char* key) const {
    const auto* entry = key && doorman_ ? doorman_->allowed().find_key(key) : nullptr;
    return entry && entry->what == keys::kind::client ? entry->name : std::string{};
  }

  // -- sockets ----------------------------------------------------------------

  void open_router(const std::string& endpoint) {
    router_bound_ = false;
    router_ = zmq::socket_t{context_, zmq::socket_type::router};
    prepare_server(router_, cfg_, control_domain);
    router_.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(limits::wire_frame_bytes));
    router_.set(zmq::sockopt::rcvhwm, limits::receive_queue);
    allow_address(router_, endpoint);
    router_monitor_ = monitor{context_, router_, visitors::events};
    try {
      router_.bind(endpoint);
    } catch (const zmq::error_t&) {
      close_router();
      throw;
    }
    router_bound_ = true;
    router_endpoint_ = router_.get(zmq::sockopt::last_endpoint);
    control_visitors_.opened(router_endpoint_);
    items_stale_ = true;
  }

  void close_router() {
    if (!router_) return;
    router_monitor_.stop(router_);
    router_.close();
    items_stale_ = true;
  }

  void close_servers() {
    close_router();
    topics_.close_publisher();
    items_stale_ = true;
  }

  // An admitted connection stays admitted. So when a key is revoked all connections are closed, and everybody
  // who may come back does so within the down limit; sessions survive that.
  void reopen_servers() {
    close_servers();
    if (!topics_.endpoint().empty()) client_.topics_closed();
    router_reopens_ = true;
    publisher_reopens_ = !topics_.endpoint().empty();
    reopen_pause_ = first_reopen_pause;
    next_reopen_ = closed_at_ = now_;
    reopen_told_ = {};
    reopen();
  }

  void renew_publisher() {
    if (!std::exchange(renews_publisher_, false) || !topics_.is_publishing()) return;
    topics_.close_publisher();
    client_.topics_closed();
    items_stale_ = publisher_reopens_ = true;
    reopen_pause_ = first_reopen_pause;
    next_reopen_ = closed_at_ = now_;
    reopen_told_ = {};
    reopen();
  }

  // Never gives up, and never keeps the loop: without these sockets nobody can reach this node.
  void reopen() {
    if (next_reopen_ > now_) return;
    next_reopen_ = time_point::max();
    if (router_reopens_) router_reopens_ = !try_to_listen(router_endpoint_, [this] { open_router(router_endpoint_); });
    if (publisher_reopens_) publisher_reopens_ = !try_to_listen(topics_.endpoint(), [this] {
        topics_.open_again();
        topics_visitors_.opened(topics_.endpoint());
      });
    items_stale_ = true;
    if (router_reopens_ || publisher_reopens_) {
      next_reopen_ = now_ + reopen_pause_;
      reopen_pause_ = std::min(2 * reopen_pause_, longest_reopen_pause);
    } else if (reopen_told_ != time_point{}) {
      log(log_level::warning, "listens again at " + router_endpoint_);
    }
  }

  template <class F>
  bool try_to_listen(const std::string& where, F open) {
    try {
      open();
      return true;
    } catch (const zmq::error_t& e) {
      if (now_ - closed_at_ < reopen_patience || (reopen_told_ != time_point{} && now_ - reopen_told_ < reopen_log_pause)) return false;
      reopen_told_ = now_;
      log(log_level::error, "cannot listen again at " + where + ": " + e.what() + "; tries go on");
      return false;
    }
  }

  // Answers about host names that have come: whoever waits for one, or is elsewhere in vain, connects.
  void read_names() {
    if (!book_.settle(now_)) return;
    for (const auto& p : peers_.all()) p->addresses_changed();
    try {
      topics_.addresses_changed(find_addresses_);
    } catch (const zmq::error_t& e) {
      log(log_level::error, std::string{"topics of a peer that has moved: "} + e.what());
    }
  }

  peer* peer_named(const std::string& name) {
    const bool is_new = !peers_.find(name);
    auto* p = peers_.get(name);
    if (p && is_new && suspended_) p->suspend(down_reason::own_stall, now_);
    return p;
  }

  // -- the loop ---------------------------------------------------------------

  void run() {
    peer::this_is_the_bus_thread();
    now_ = std::chrono::steady_clock::now();
    while (running_) {
      wait();
      now_ = std::chrono::steady_clock::now();
      signal_.consume();
      run_tasks();
      if (doorman_) doorman_->serve(now_);
      reopen();
      read_names();
      more_waiting_ = read_control();
      read_monitors();
      more_waiting_ = topics_.read(client_) || more_waiting_;
      renew_publisher();
      topics_.send();
      for (const auto& p : peers_.all()) {
        p->pump(now_);
        p->tick(now_);
      }
      client_.work(now_);
      for (const auto& p : peers_.all()) p->pump(now_);
    }
    shut_down();
  }

  void shut_down() {
    run_tasks();
    for (const auto& p : peers_.all()) p->pump(now_);
    suspend_all(down_reason::stopped);
    for (const auto& p : peers_.all()) p->hang_up(bye_linger);
    peers_.clear();
    close_servers();
    topics_.close();
    doorman_.reset();
    context_.close();
  }

  void rebuild_items() {
    items_stale_ = false; // first: what changes from here on is seen next time
    items_.clear();
    items_.push_back({nullptr, signal_.fd(), ZMQ_POLLIN, 0});
    const auto add = [this](zmq::socket_t& s, short events) {
      if (s) items_.push_back({s.handle(), 0, events, 0});
    };
    if (doorman_) add(doorman_->socket(), ZMQ_POLLIN);
    add(router_, ZMQ_POLLIN);
    add(router_monitor_.socket(), ZMQ_POLLIN);
    add(topics_.publisher(), ZMQ_POLLIN);
    add(topics_.publisher_monitor().socket(), ZMQ_POLLIN);
    add(topics_.subscriber(), ZMQ_POLLIN);
    for (const auto& p : peers_.all()) {
      add(p->monitor_socket(), ZMQ_POLLIN);
      if (p->blocked()) add(p->dealer(), ZMQ_POLLOUT);
    }
  }

  void wait() {
    if (items_stale_) rebuild_items();
    auto until = now_ + cfg_.session.beat_every;
    for (const auto& p : peers_.all()) until = std::min(until, p->deadline());
    until = std::min({until, next_reopen_, client_.deadline()});
    const auto now = std::chrono::steady_clock::now();
    auto timeout = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    if (more_waiting_ || topics_.holds_messages() || timeout < 0) timeout = 0;
    zmq_poll(items_.data(), static_cast<int>(items_.size()), static_cast<long>(timeout));
    bool writable = false;
    for (const auto& item : items_) writable = writable || (item.revents & ZMQ_POLLOUT) != 0;
    if (!writable) return;
    for (const auto& p : peers_.all())
      if (p->blocked()) p->unblock(now);
  }

  void run_tasks() {
    std::vector<std::function<void()>> tasks;
    {
      const std::lock_guard guard{tasks_mutex_};
      tasks.swap(tasks_);
    }
    for (auto& task : tasks) task();
  }

  // -- control plane ----------------------------------------------------------

  bool read_control() {
    if (!router_) return false;
    for (size_t i = 0; i < frames_per_turn; ++i) {
      zmq::message_t routing_id;
      if (!router_.recv(routing_id, zmq::recv_flags::dontwait)) return false;
      if (!routing_id.more() || !router_.recv(header_part_, zmq::recv_flags::dontwait)) continue;
      body_part_.rebuild();
      bool more = header_part_.more();
      if (more && router_.recv(body_part_, zmq::recv_flags::dontwait)) more = body_part_.more();
      const bool too_many = more;
      for (zmq::message_t rest; more && router_.recv(rest, zmq::recv_flags::dontwait);) more = rest.more();
      if (!too_many) on_frame();
    }
    return true;
  }

  void on_frame() {
    header h;
    const char* user = nullptr;
    if (cfg_.security == security::curve) {
      user = zmq_msg_gets(header_part_.handle(), "User-Id");
      if (!user) return;
    }
    const auto* entry = user ? doorman_->allowed().find_key(user) : nullptr;
    if (user && (!entry || entry->what != keys::kind::node)) {
      refusals_.refused(std::string{"key "} + user, "revoked", now_);
      return;
    }
    if (read(header_part_.to_string_view(), h) != errc::none) {
      refusals_.refused(entry ? entry->name : "a peer", "malformed or other protocol version", now_);
      return;
    }
    auto* p = sender_of(h, entry);
    if (p) p->receive(h, body_part_.to_string_view(), now_);
  }

  peer* sender_of(const header& h, const keys::entry* entry) {
    if (const auto* x = std::get_if<hello>(&h)) return greeted(*x, entry);
    if (entry) return peers_.find(entry->name);
    const auto to = std::visit(
        [](const auto& y) {
          if constexpr (requires { y.to_session; })
            return y.to_session;
          else
            return uint32_t{0};
        },
        h);
    for (const auto& p : peers_.all())
      if (p->session_number() == to) return p.get();
    return nullptr;
  }

  peer* greeted(const hello& x, const keys::entry* entry) {
    if (entry && entry->name != x.from.name) {
      refusals_.refused(entry->name, "says it is " + x.from.name, now_);
      return nullptr;
    }
    if (x.from.name == cfg_.self.name) {
      refusals_.refused(x.from.name, "has the name of this node", now_);
      return nullptr;
    }
    auto* p = peer_named(x.from.name);
    if (!p) {
      refusals_.refused(x.from.name, "one peer too many", now_);
      return nullptr;
    }
    // A peer that can be reached may not be moved by a frame that may be old.
    if (!x.from.control_endpoint.empty() && !p->connected())
      p->endpoint(x.from.control_endpoint, origin::learned);
    return p;
  }

  void read_monitors() {
    for (const auto& p : peers_.all()) p->read_monitor(now_);
    control_visitors_.read(router_monitor_, refusals_, now_);
    topics_visitors_.read(topics_.publisher_monitor(), refusals_, now_);
  }

  transport_settings cfg_;
  transport_client& client_;
  wake_signal& signal_;
  refusal_log refusals_;
  zmq::context_t context_{1};
  std::optional<doorman> doorman_;
  zmq::socket_t router_;
  monitor router_monitor_;
  std::string router_endpoint_;
  bool router_bound_ = false;
  bool router_reopens_ = false, publisher_reopens_ = false, renews_publisher_ = false;
  time_point next_reopen_ = time_point::max();
  time_point closed_at_{}, reopen_told_{};
  std::chrono::milliseconds reopen_pause_ = first_reopen_pause;
  topic_sockets topics_{context_, cfg_, signal_, [this](const char* key) { return client_name(key); }};
  address_book book_;
  const topic_sockets::addresses_of find_addresses_ = [this](const auto& endpoint) { return book_.find(endpoint, now_); };
  peer_table peers_;
  visitors control_visitors_{"control"};
  visitors topics_visitors_{"topics"};
  std::vector<zmq_pollitem_t> items_;
  std::atomic<bool> items_stale_{true};
  bool more_waiting_ = false;
  bool suspended_ = false;
  zmq::message_t header_part_;
  zmq::message_t body_part_;
  time_point now_{};
  uint64_t generation_ = 0;

  std::mutex tasks_mutex_;
  std::vector<std::function<void()>> tasks_;
  bool accepting_ = true;
  std::atomic<bool> running_{false};
  std::thread thread_;
};

transport::transport(transport_settings cfg, transport_client& client)
    : impl_(std::make_unique<impl>(std::move(cfg), client)) {}

transport::~transport() = default;

outcome<done> transport::start() {
  return impl_->start();
}
void transport::stop() {
  impl_->stop();
}
const identity& transport::self() const {
  return impl_->self();
}
const std::string& transport::topics_endpoint() const {
  return impl_->self().topics_endpoint;
}
wake_signal& transport::signal() const {
  return impl_->signal();
}
void transport::post(std::function<void()> task) {
  impl_->post(std::move(task));
}

bool transport::publish(std::string topic, std::string payload) {
  return impl_->publish(std::move(topic), std::move(payload));
}

outcome<done> transport::connect(const std::string& name, const std::string& endpoint, origin from) {
  return impl_->connect(name, endpoint, from);
}

void transport::subscribe(std::string_view topic) {
  impl_->command(topic_command::subscribe, topic);
}
void transport::unsubscribe(std::string_view topic) {
  impl_->command(topic_command::unsubscribe, topic);
}
void transport::request_snapshot(std::string_view topic) {
  impl_->command(topic_command::snapshot, topic);
}
void transport::replace_allowed(keys::allow_list x) {
  impl_->replace_allowed(std::move(x));
}
void transport::suspend_all(down_reason reason) {
  impl_->suspend_all(reason);
}
void transport::resume_all() {
  impl_->resume_all();
}
void transport::overdrawn(const std::string& client) {
  impl_->overdrawn(client);
}
std::vector<link_report> transport::report() const {
  return impl_->report();
}
uint64_t transport::refused() const {
  return impl_->refused();
}

} // namespace bus::link
