// Actors that tests talk to across processes, the same in the test and in the peer.
#pragma once

#include "bus/node.hpp"
#include "tests/bus/messages.hpp"

#include <caf/all.hpp>

#include <cstdio>
#include <unistd.h>

namespace bus_test {

using echo_atom = caf::atom_constant<caf::atom("echo")>;
using reply_to_atom = caf::atom_constant<caf::atom("replyto")>;
using delegate_atom = caf::atom_constant<caf::atom("delegate")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using count_atom = caf::atom_constant<caf::atom("count")>;
using link_atom = caf::atom_constant<caf::atom("linkwith")>;
using unlink_atom = caf::atom_constant<caf::atom("unlink")>;
using spawn_atom = caf::atom_constant<caf::atom("spawn")>;
using block_atom = caf::atom_constant<caf::atom("block")>;
using publish_atom = caf::atom_constant<caf::atom("publish")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using tell_atom = caf::atom_constant<caf::atom("tell")>;

/// Only in the test's own table: the peer cannot read it, and the peer's table has one that nobody else can.
struct unknown_here {
  int32_t x = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, unknown_here& x) {
  return f(caf::meta::type_name("unknown_here"), x.x);
}

/// Sends `n` requests; tells how many were answered and how many came back as overloaded, once it has heard
/// of all.
inline caf::response_promise ask_many(caf::event_based_actor* self, const caf::actor& whom, uint64_t n) {
  struct tally {
    caf::response_promise told;
    uint64_t answered = 0, refused = 0, open = 0;
    void finish_one() {
      if (--open == 0) told.deliver(answered, refused);
    }
  };
  auto all = std::make_shared<tally>(tally{self->make_response_promise(), 0, 0, n});
  for (uint64_t i = 0; i < n; ++i)
    self->request(whom, caf::infinite, i)
        .then(
            [all](const std::string&) {
              ++all->answered;
              all->finish_one();
            },
            [all](const caf::error& e) {
              if (e == make_error(bus::errc::peer_overloaded)) ++all->refused;
              all->finish_one();
            });
  return all->told;
}

/// Echoes, quits, holds requests for ever, links, delegates.
inline caf::behavior worker(caf::event_based_actor* self) {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  auto count = std::make_shared<std::pair<uint64_t, uint64_t>>(); // numbers seen, out of order
  self->set_exit_handler([self](caf::exit_msg& x) {
    if (x.reason) self->quit(std::move(x.reason));
  });
  return {
      [](echo_atom, const caf::message& x) { return x; },
      [](echo_atom, const order& x) { return x; },
      [](echo_atom, const std::string& x) { return x; },
      [](echo_atom, uint64_t x) { return x; },
      [self](tell_atom, const caf::actor& whom, const std::string& x) { self->send(whom, x); },
      [self](reply_to_atom, const std::string& x) {
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), x);
      },
      [self](delegate_atom, const caf::actor& to, const std::string& x) {
        return self->delegate(to, echo_atom::value, x);
      },
      [self](quit_atom) { self->quit(caf::exit_reason::user_shutdown); },
      [self](quit_atom, uint64_t n, const caf::actor& listener) { // says n things, then dies
        for (uint64_t i = 0; i < n; ++i) self->send(listener, i);
        self->quit(caf::exit_reason::user_shutdown);
      },
      [self, held](hold_atom) -> caf::result<int32_t> {
        held->push_back(self->make_response_promise());
        return caf::delegated<int32_t>{};
      },
      [self](ask_atom, const caf::actor& whom, uint64_t n) { return ask_many(self, whom, n); },
      [self](link_atom, const caf::actor& x) { self->link_to(x); },
      [self](unlink_atom, const caf::actor& x) { self->unlink_from(x); },
      [self](spawn_atom) -> caf::actor { return self->spawn(worker); },
      [count](uint64_t n) {
        if (n != count->first) ++count->second;
        count->first = n + 1;
      },
      [count](uint64_t n, const std::string&) { // the same with a load, so that a frame holds fewer of them
        if (n != count->first) ++count->second;
        count->first = n + 1;
      },
      [count](count_atom, uint64_t next) {
        *count = {next, 0};
      },
      [count](count_atom) { return caf::make_message(count->first, count->second); },
      [](block_atom, int32_t milliseconds) { ::usleep(static_cast<useconds_t>(milliseconds) * 1000); },
      [self](publish_atom, const std::string& topic, uint64_t first, uint64_t n) {
        auto& node = bus::node::of(self->system());
        const auto t = node.topic(topic);
        for (auto i = first; i < first + n; ++i) t.publish(caf::make_message(sample_quote(i)));
        return node.info().topics_sent;
      },
  };
}

/// Says what it is told of its node's links on standard output: "event up|down PEER NANOSECONDS".
inline caf::behavior announcer(caf::event_based_actor*) {
  return {[](const bus::peer_event& e) {
            const auto now = std::chrono::steady_clock::now().time_since_epoch();
            std::printf("event %s %s %lld\n", e.up ? "up" : "down", e.peer.c_str(),
                        static_cast<long long>(std::chrono::nanoseconds{now}.count()));
            std::fflush(stdout);
          },
          [](const bus::name_event&) {}};
}

/// For tests that are not about failure: a machine that is busy with other things must not look like one.
inline void be_patient(bus::config& c) {
  c.down_after = std::chrono::milliseconds{6000};
  c.pulse_limit = std::chrono::milliseconds{0};
}

inline void add_worker_types(caf::actor_system_config& cfg) {
  cfg.add_actor_type("worker", worker);
  cfg.add_actor_type("answerer", [](caf::event_based_actor*, int32_t x) -> caf::behavior {
    return {[x](echo_atom) { return x; }};
  });
}

} // namespace bus_test
