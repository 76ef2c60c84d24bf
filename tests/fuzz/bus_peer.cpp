// Hostile bytes for everything a linked peer may say: the messages in a frame's
// body and topic payloads, read by a real core with actors, proxies, requests and
// subscribers behind it. The first byte chooses.
#include "bus/proxy/core.hpp"
#include "bus/proxy/middleman.hpp"
#include "tests/bus/messages.hpp"

#include <caf/all.hpp>

#include <future>

namespace {

constexpr uint64_t inputs_per_session = 1'000; // then the link goes down, and everything must go with it

/// A node without peers; the fuzzer plays one, in the bus thread as the transport would.
class world {
public:
  world() {
    auto table = std::make_shared<bus::codec::type_table>();
    bus_test::add_types(*table);
    bus::config c;
    c.name = "alpha";
    c.security = bus::security::plain;
    c.pulse_limit = std::chrono::milliseconds{0};
    c.log = [](bus::log_level, std::string_view) {};
    config_.set("scheduler.max-threads", size_t{1});
    config_.module_factories.push_back([](caf::actor_system& s) -> caf::actor_system::module* {
      return new caf::net::middleman(s, {}, nullptr); // only for the node id
    });
    system_ = std::make_unique<caf::actor_system>(config_);
    core_ = std::make_unique<bus::proxy::core>(*system_, c, table);
    if (core_->start()) std::abort();
    listener_ = system_->spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      self->set_exit_handler([](caf::exit_msg&) {}); // links of the peer do not end it
      return {[](int8_t) {}};
    });
    (void)core_->publish("listener", listener_);
    core_->hub().subscribe("t", listener_, bus::delivery::every);
    who_.name = "beta";
    who_.node = std::string(24, 'b');
    who_.agent = 1;
  }

  void say(std::string_view body, uint32_t messages) {
    in_bus_thread([&] {
      if (!is_up_) up();
      if (!core_->messages(0, body, messages)) down(); // malformed: the link is broken off
      if (++inputs_ % inputs_per_session == 0) down();
    });
  }

  void publish(std::string_view payload) {
    in_bus_thread([&] { core_->topic_message("t", payload); });
  }

  void want(std::string_view prefix) {
    in_bus_thread([&] {
      core_->topic_wanted(prefix, true, {});
      core_->snapshot_wanted(prefix);
      core_->topic_wanted(prefix, false, {});
    });
  }

private:
  template <class F>
  void in_bus_thread(F f) {
    std::promise<void> done;
    core_->transport().post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void up() {
    outbox_ = std::make_shared<bus::link::outbox>(size_t{1} << 20, core_->transport().signal());
    outbox_->open(++generation_);
    core_->peer_up(0, who_, generation_, outbox_);
    is_up_ = true;
  }

  void down() {
    if (!is_up_) return;
    is_up_ = false;
    outbox_->close();
    core_->peer_down(0, bus::link::down_reason::broken);
    const auto left = core_->report();
    if (left.pending_requests != 0) __builtin_trap();
    // the listener's mailbox may hold some for a moment; what leaks grows
    if (left.existing_proxies > 64 * inputs_per_session) __builtin_trap();
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<bus::proxy::core> core_;
  caf::actor listener_;
  bus::link::identity who_;
  std::shared_ptr<bus::link::outbox> outbox_;
  uint64_t generation_ = 0;
  uint64_t inputs_ = 0;
  bool is_up_ = false;
};

world& the_world() {
  static auto* w = new world; // never destroyed: the process ends with it
  return *w;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view in{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (data[0] < 200)
    the_world().say(in, 1 + data[0] % 3);
  else if (data[0] < 250)
    the_world().publish(in);
  else
    the_world().want(in.substr(0, 64));
  return 0;
}
