// A node that does nothing by itself: the test says what it tells its peer, in which order, and when it dies. So
// that words which race each other over two links come in the order that the test wants.
#pragma once

#include "bus/codec/encoder.hpp"
#include "bus/link/transport.hpp"
#include "bus/proxy/core.hpp"
#include "bus/proxy/wire.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bus_test {

class puppet final : public bus::link::transport_client {
public:
  /// A request that has come.
  struct request {
    uint64_t receiver = 0;
    uint64_t requester = 0;
    caf::message_id mid;
  };

  puppet(const std::string& name, const std::string& peer, const std::string& endpoint) : node_(bus::proxy::make_incarnation(name)) {
    bus::link::transport_settings settings;
    settings.self.name = name;
    settings.self.node = bus::proxy::node_bytes_of(node_);
    settings.self.agent = 1;
    settings.listen = "tcp://127.0.0.1:0";
    settings.security = bus::security::plain;
    settings.session.down_after = std::chrono::seconds{30}; // dies when the test says so
    transport_.emplace(std::move(settings), *this);
    if (!transport_->start()) std::abort();
    transport_->post([this, peer, endpoint] { static_cast<void>(transport_->connect(peer, endpoint, bus::origin::configured)); });
  }
  ~puppet() override { die(); }

  const caf::node_id& node() const { return node_; }

  /// Leaves for good.
  void die() {
    if (transport_) transport_->stop();
    transport_.reset();
  }

  /// Tells the peer something: messages as they stand in the body of a frame.
  void tell(const std::string& frame) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return out_ != nullptr; });
    out_->append(frame, bus::link::lane::vital, generation_);
  }

  /// The next request of the peer.
  request next_request() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return !requests_.empty(); });
    auto out = requests_.front();
    requests_.pop_front();
    return out;
  }

  /// Sends a request in the name of an actor of its own. `stages` as it stands on the wire, nil or an array of handles.
  void ask(uint64_t receiver, uint64_t requester, caf::message_id mid, const std::string& stages, const caf::message& content,
           const bus::codec::type_table& types) {
    std::string frame;
    bus::codec::encoder f{frame, {&types, nullptr}};
    bus::codec::pack_array(frame, 6);
    bus::codec::pack_uint(frame, 0);
    bus::codec::pack_uint(frame, receiver);
    bus::codec::pack_uint(frame, requester);
    bus::codec::pack_uint(frame, mid.integer_value() ^ caf::message_id::default_async_value);
    frame += stages;
    if (f.apply(content)) std::abort();
    tell(frame);
  }

  /// The next answer to a request of its own: the whole message, as it stands in the body of a frame.
  std::string next_answer() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return !answers_.empty(); });
    auto out = answers_.front();
    answers_.pop_front();
    return out;
  }

  /// How many times it has been told of an actor's end.
  int downs(uint64_t actor) {
    const std::lock_guard lock{mutex_};
    return downs_[actor];
  }

  /// Answers a request, whoever it was sent to at first.
  void answer(const request& what, const caf::message& content, const bus::codec::type_table& types) {
    std::string frame;
    bus::codec::encoder f{frame, {&types, nullptr}};
    bus::codec::pack_array(frame, 6);
    bus::codec::pack_uint(frame, 0);
    bus::codec::pack_uint(frame, what.requester);
    bus::codec::pack_nil(frame);
    bus::codec::pack_uint(frame, what.mid.response_id().integer_value() ^ caf::message_id::default_async_value);
    bus::codec::pack_nil(frame);
    if (f.apply(content)) std::abort();
    tell(frame);
  }

  // -- transport_client -------------------------------------------------------

  void peer_up(size_t, const bus::link::identity&, uint64_t generation, std::shared_ptr<bus::link::outbox> out) override {
    const std::lock_guard lock{mutex_};
    out_ = std::move(out);
    generation_ = generation;
    changed_.notify_all();
  }
  void peer_down(size_t, bus::link::down_reason) override {}
  bool messages(size_t, std::string_view body, uint32_t count) override {
    bus::codec::cursor in{body};
    for (uint32_t n = 0; n < count; ++n) read(in, body);
    return true;
  }
  void topic_message(std::string_view, std::string_view) override {}
  void topic_wanted(std::string_view, bool, std::string_view) override {}
  void snapshot_wanted(std::string_view) override {}
  void work(bus::link::time_point) override {}

private:
  void read(bus::codec::cursor& in, std::string_view body) {
    auto whole = in;
    const auto start = body.substr(in.offset());
    if (in.skip() != bus::errc::none) std::abort();
    uint32_t size = 0;
    uint64_t what = 0, mid = 0;
    request r;
    if (whole.read_array(size) != bus::errc::none || whole.read_uint(what) != bus::errc::none) return;
    if ((what != 0 && what != 2) || whole.read_uint(r.receiver) != bus::errc::none) return;
    if (what == 2) {
      const std::lock_guard lock{mutex_};
      ++downs_[r.receiver];
      return;
    }
    const bool has_sender = whole.next_is_uint();
    if (has_sender ? whole.read_uint(r.requester) != bus::errc::none : whole.skip() != bus::errc::none) return;
    if (whole.read_uint(mid) != bus::errc::none) return;
    r.mid = caf::message_id{mid ^ caf::message_id::default_async_value};
    const std::lock_guard lock{mutex_};
    if (r.mid.is_response())
      answers_.emplace_back(start.substr(0, in.offset() - (body.size() - start.size())));
    else if (has_sender)
      requests_.push_back(r);
    changed_.notify_all();
  }

  const caf::node_id node_;
  std::optional<bus::link::transport> transport_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<bus::link::outbox> out_;
  uint64_t generation_ = 0;
  std::deque<request> requests_;
  std::deque<std::string> answers_;
  std::map<uint64_t, int> downs_; // by actor
};

} // namespace bus_test
