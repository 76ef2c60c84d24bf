// Actors in two and three processes: requests, senders, delegation, monitors,
// links, names, spawning, credit. Everything an actor does locally.
#include "tests/bus/system_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>

using namespace bus_test;
using bus::errc;

namespace {

class remote_actors : public system_test {
public:
  void adjust(bus::config& c) override {
    be_patient(c);
    c.actor_credit = credit;
  }

  void SetUp() override {
    system_test::SetUp();
    beta = start_child("beta", {"--patient"});
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
  }
  void TearDown() override {
    worker = nullptr;
    system_test::TearDown();
    beta.reset();
  }

  caf::down_msg await_down() {
    caf::down_msg result;
    (*self)->receive([&](caf::down_msg& x) { result = x; },
                     caf::after(patience) >> [] { ADD_FAILURE() << "no down_msg"; });
    return result;
  }

  static constexpr uint32_t credit = 16'384;
  std::unique_ptr<child> beta;
  caf::actor worker;
};

} // namespace

TEST_F(remote_actors, answer_requests) {
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"hello"}), "hello");
  EXPECT_EQ(ask<order>(worker, echo_atom::value, sample_order()), sample_order());
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string(5'000'000, 'x')).size(), 5'000'000u);
}

TEST_F(remote_actors, know_their_sender) {
  (*self)->send(worker, reply_to_atom::value, std::string{"back"});
  std::string got;
  (*self)->receive([&](const std::string& x) { got = x; }, caf::after(patience) >> [] {});
  EXPECT_EQ(got, "back");
}

TEST_F(remote_actors, compare_equal_however_their_handle_came_here) {
  EXPECT_EQ(node->find("beta/worker"), worker);
  EXPECT_NE(node->find("beta/other"), worker);
  EXPECT_NE(worker.node(), system->node());
}

TEST_F(remote_actors, keep_the_order_of_messages) {
  constexpr uint64_t n = 16'000; // within the credit, however slowly the other node works
  static_assert(n < credit);
  for (uint64_t i = 0; i < n; ++i) (*self)->send(worker, i);
  (*self)
      ->request(worker, patience, count_atom::value)
      .receive(
          [&](uint64_t seen, uint64_t wrong) {
            EXPECT_EQ(wrong, 0u);
            EXPECT_EQ(seen, n);
          },
          [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
}

TEST_F(remote_actors, delegate_within_their_node_and_back_to_ours) {
  const auto other = wait_for_name("beta/other");
  EXPECT_EQ(ask<std::string>(worker, delegate_atom::value, other, std::string{"a"}), "a");
  const auto mine = local(system->spawn(bus_test::worker));
  EXPECT_EQ(ask<std::string>(worker, delegate_atom::value, mine, std::string{"b"}), "b");
  // nothing waits for an answer that came another way; the frame that says so may still be on its way
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"c"}), "c");
  EXPECT_EQ(node->info().pending_requests, 0u);
}

TEST_F(remote_actors, are_spawned_by_name) {
  const auto agent = node->agent("beta");
  ASSERT_TRUE(agent);
  const auto spawned_there =
      ask<caf::actor>(agent, bus::spawn_request{"answerer", caf::make_message(int32_t{42})});
  ASSERT_TRUE(spawned_there);
  EXPECT_EQ(spawned_there.node(), worker.node());
  EXPECT_EQ(ask<int32_t>(spawned_there, echo_atom::value), 42);
  EXPECT_EQ(ask_error(agent, bus::spawn_request{"no such type", caf::message{}}), "cannot_spawn");
  EXPECT_EQ(ask_error(agent, bus::spawn_request{"answerer", caf::make_message(std::string{"x"})}),
            "cannot_spawn");
  caf::anon_send_exit(spawned_there, caf::exit_reason::kill);
}

TEST_F(remote_actors, are_monitored) {
  const auto w = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->monitor(w);
  (*self)->send(w, quit_atom::value);
  const auto down = await_down();
  EXPECT_EQ(down.source, w.address());
  EXPECT_EQ(down.reason, caf::exit_reason::user_shutdown);
  // a monitor of a dead actor fires at once, and a request is answered at once
  (*self)->monitor(w);
  EXPECT_EQ(await_down().source, w.address());
  EXPECT_EQ(ask_error(w, echo_atom::value, std::string{"x"}), "system_error(request_receiver_down)");
}

TEST_F(remote_actors, say_their_last_words_before_they_are_down) {
  const auto w = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->monitor(w);
  (*self)->send(w, quit_atom::value, uint64_t{1000}, caf::actor{*self});
  uint64_t heard = 0;
  bool down = false;
  while (!down)
    (*self)->receive([&](uint64_t) { ++heard; }, [&](caf::down_msg&) { down = true; },
                     caf::after(patience) >> [&] { down = true; });
  EXPECT_EQ(heard, 1000u);
}

TEST_F(remote_actors, are_killed_by_exit_messages) {
  const auto w = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->monitor(w);
  (*self)->send_exit(w, caf::exit_reason::kill);
  EXPECT_EQ(await_down().reason, caf::exit_reason::kill);
}

TEST_F(remote_actors, linked_to_ours_take_it_along_once) {
  for (int round = 0; round < 20; ++round) {
    const auto w = ask<caf::actor>(worker, spawn_atom::value);
    auto exits = std::make_shared<std::atomic<int>>(0);
    const auto mine = system->spawn([w, exits](caf::event_based_actor* a) -> caf::behavior {
      a->link_to(w);
      a->set_exit_handler([exits](caf::exit_msg& x) {
        if (x.reason == caf::exit_reason::user_shutdown) ++*exits;
      });
      return {[exits](count_atom) { return static_cast<int32_t>(*exits); }, [a](quit_atom) { a->quit(); }};
    });
    EXPECT_EQ(ask<int32_t>(mine, count_atom::value), 0);
    (*self)->monitor(w);
    (*self)->send(w, quit_atom::value);
    await_down();
    // our exit message came with the down notice; a second one would come with the next frames
    EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"x"}), "x");
    EXPECT_EQ(ask<int32_t>(mine, count_atom::value), 1) << round;
    (*self)->send(mine, quit_atom::value);
  }
}

TEST_F(remote_actors, die_with_ours_when_linked) {
  const auto w = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->monitor(w);
  const auto mine = system->spawn([w](caf::event_based_actor* a) -> caf::behavior {
    a->link_to(w);
    return {[a](quit_atom) { a->quit(caf::exit_reason::out_of_workers); }};
  });
  EXPECT_EQ(ask<std::string>(w, echo_atom::value, std::string{"alive"}), "alive");
  (*self)->send(mine, quit_atom::value);
  const auto down = await_down();
  EXPECT_EQ(down.reason, caf::exit_reason::out_of_workers) << to_string(down.reason);
}

TEST_F(remote_actors, link_to_ours_and_unlink) {
  const auto w = ask<caf::actor>(worker, spawn_atom::value);
  const auto mine = system->spawn(bus_test::worker);
  (*self)->monitor(mine);
  (*self)->send(w, link_atom::value, mine);
  (*self)->send(w, unlink_atom::value, mine);
  EXPECT_EQ(ask<std::string>(w, echo_atom::value, std::string{"x"}), "x");
  (*self)->send(w, link_atom::value, mine);
  EXPECT_EQ(ask<std::string>(w, echo_atom::value, std::string{"x"}), "x");
  (*self)->send(w, quit_atom::value);
  EXPECT_EQ(await_down().source, mine.address());
}

TEST_F(remote_actors, types_that_cannot_travel_fail_at_the_sender) {
  EXPECT_EQ(ask_error(worker, unknown_here{1}), "unknown_type");
  (*self)->send(worker, unknown_here{1});
  bool told = false;
  (*self)->receive(
      [&](const bus::undelivered& x) {
        told = true;
        EXPECT_EQ(x.receiver, worker.address());
        EXPECT_EQ(x.reason, make_error(errc::unknown_type));
      },
      caf::after(patience) >> [] {});
  EXPECT_TRUE(told);
}

TEST_F(remote_actors, messages_that_are_too_large_fail_at_the_sender) {
  EXPECT_EQ(ask_error(worker, echo_atom::value, std::string(17'000'000, 'x')), "message_too_large");
}

TEST_F(remote_actors, credit_stops_senders_and_comes_back) {
  // one actor that does not run any more; others of its node do not suffer
  const auto slow = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->send(slow, block_atom::value, 3000);
  for (uint64_t i = 0; i < 20'000; ++i) (*self)->send(slow, i);
  uint64_t refused = 0;
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"fast"}), "fast");
  EXPECT_EQ(ask_error<std::string>(slow, echo_atom::value, std::string{"x"}), "peer_overloaded");
  bool more = true;
  while (more)
    (*self)->receive(
        [&](const bus::undelivered& x) {
          ++refused;
          EXPECT_EQ(x.reason, make_error(errc::peer_overloaded));
        },
        caf::after(0ms) >> [&] { more = false; });
  EXPECT_EQ(refused, 20'000u - (credit - 1)); // everything beyond the credit, each told
  // once consumed, credit is back
  std::string err = "peer_overloaded";
  for (int i = 0; i < 1000 && err == "peer_overloaded"; ++i) {
    err = ask_error<std::string>(slow, echo_atom::value, std::string{"x"});
    (*self)->receive([](const std::string&) {}, caf::after(10ms) >> [] {});
  }
  EXPECT_EQ(err, "");
}

TEST_F(remote_actors, a_message_without_a_sender_beyond_the_credit_is_counted_and_logged_with_the_peer) {
  const auto slow = ask<caf::actor>(worker, spawn_atom::value);
  (*self)->send(slow, block_atom::value, 2000);
  // until a thousand are lost: on a slow machine the actor may be through with some meanwhile
  for (uint64_t i = 0; i < 100 * credit && node->info().lost_messages < 1000; ++i) caf::anon_send(slow, i);
  EXPECT_GE(node->info().lost_messages, 1000u);
  until([&] { return log->count("a message without a sender was lost") > 0; }); // written by the bus, behind what it has to send
  EXPECT_EQ(node->info().lost_messages, node->info().refused_messages);
  EXPECT_EQ(log->count("a message without a sender was lost on its way to beta: the actor's credit is used up"), 1u);
  EXPECT_EQ(log->count("a message without a sender was lost"), 1u); // rate-limited
}

// Two proxies that are both out of credit would otherwise tell each other of it, until the stack ends.
TEST_F(remote_actors, a_refusal_that_is_refused_is_not_answered) {
  const auto full = ask<caf::actor>(worker, spawn_atom::value);
  const auto too = ask<caf::actor>(worker, spawn_atom::value);
  for (const auto& a : {full, too}) {
    (*self)->send(a, block_atom::value, 2000);
    for (uint64_t i = 0; i < credit; ++i) caf::anon_send(a, i);
  }
  const auto before = node->info();
  caf::send_as(too, full, uint64_t{0});
  EXPECT_EQ(node->info().refused_messages, before.refused_messages + 2); // the message, and word of it
  EXPECT_EQ(node->info().lost_messages, before.lost_messages + 1);
}

namespace {

/// A node that lets little of what a peer sends wait, whatever the peer thinks it may send.
class narrow_node : public remote_actors {
public:
  void adjust(bus::config& c) override {
    remote_actors::adjust(c);
    c.held_messages = 1024;
    c.held_bytes = size_t{1} << 20;
    c.remote_actors = 16;
  }

  /// An actor here that holds its thread until it is let go, then counts.
  caf::actor spawn_held() {
    return local(system->spawn([gate = opened.get_future().share()](caf::event_based_actor*) -> caf::behavior {
      auto seen = std::make_shared<uint64_t>(0);
      return {[=](block_atom) { gate.wait(); }, [=](const std::string&) { ++*seen; }, [=](uint64_t) {
                ++*seen;
                return std::string{"x"};
              },
              [=](count_atom) { return *seen; }};
    }));
  }
  std::promise<void> opened;
};

} // namespace

TEST_F(narrow_node, refuses_what_a_peer_sends_beyond_what_may_wait_and_says_so) {
  const auto held = spawn_held();
  caf::anon_send(held, block_atom::value);
  constexpr uint64_t n = 5'000;
  auto asked = (*self)->request(worker, patience, ask_atom::value, held, n);
  until([&] { return node->info().excess_messages > 0 && log->count("messages of") > 0; });
  EXPECT_EQ(log->count("messages of"), 1u);
  opened.set_value();
  asked.receive(
      [&](uint64_t answered, uint64_t refused) {
        EXPECT_EQ(answered + refused, n);
        EXPECT_GT(refused, 0u);
        EXPECT_EQ(refused, node->info().excess_messages);
      },
      [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  // what was refused has not used up the sender's credit, and the link is whole
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"well"}), "well");
  EXPECT_EQ(node->links().at(0).times_up, 1u);
}

TEST_F(narrow_node, counts_bytes_too) {
  const auto held = spawn_held();
  caf::anon_send(held, block_atom::value);
  for (int i = 0; i < 100; ++i) (*self)->send(worker, tell_atom::value, held, std::string(50'000, 'x'));
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"all told"}), "all told");
  EXPECT_GT(node->info().excess_messages, 50u);
  EXPECT_LT(node->info().excess_messages, 90u);
  opened.set_value();
  EXPECT_EQ(ask<uint64_t>(held, count_atom::value), 100 - node->info().excess_messages);
}

TEST_F(narrow_node, knows_so_many_actors_of_a_peer_and_no_more) {
  std::vector<caf::actor> known;
  std::string err;
  for (int i = 0; i < 30 && err.empty(); ++i)
    (*self)->request(worker, patience, spawn_atom::value)
        .receive([&](const caf::actor& a) { known.push_back(a); }, [&](caf::error& e) { err = describe(e); });
  EXPECT_EQ(err, "limit_reached");
  EXPECT_GT(known.size(), 8u);
  EXPECT_LE(node->info().proxies, 16u);
  EXPECT_GE(node->info().undecodable_messages, 1u);
  known.resize(4); // who lets go of some may have others
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"well"}), "well");
}

TEST_F(remote_actors, names_come_and_go) {
  beta->tell("withdraw");
  while (node->find("beta/worker"))
    (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {});
  beta->tell("publish");
  EXPECT_EQ(wait_for_name("beta/worker"), worker);
  const auto mine = local(system->spawn(bus_test::worker));
  EXPECT_FALSE(node->publish("mine", mine));
  EXPECT_EQ(node->publish("mine", mine), make_error(errc::name_taken));
  EXPECT_EQ(node->publish("theirs", worker), make_error(errc::bad_handle));
  EXPECT_EQ(node->find("mine"), mine);
  (*self)->monitor(mine);
  (*self)->send(mine, quit_atom::value);
  await_down();
  while (node->find("mine"))
    (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {});
}

namespace {

/// A watcher that acts within the notice, before whoever gave it goes on.
class instant_watcher final : public caf::actor_proxy {
public:
  instant_watcher(caf::actor_config& cfg, std::function<void(const bus::name_event&)> told) : caf::actor_proxy(cfg), told_(std::move(told)) {}
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (what->content().match_elements<bus::name_event>()) told_(what->content().get_as<bus::name_event>(0));
  }
  void kill_proxy(caf::execution_unit*, caf::error) override {}

private:
  std::function<void(const bus::name_event&)> told_;
};

} // namespace

// Its successor takes over a name while the other names of the one that has ended are withdrawn.
TEST_F(remote_actors, that_have_ended_take_no_name_of_their_successors_along) {
  const auto old = local(system->spawn(bus_test::worker));
  const auto next = local(system->spawn(bus_test::worker));
  ASSERT_FALSE(node->publish("first", old));
  ASSERT_FALSE(node->publish("second", old));
  std::atomic<bool> moved{false};
  caf::actor_config cfg;
  const auto watching = caf::make_actor<instant_watcher, caf::actor>(system->next_actor_id(), system->node(), system.get(), cfg,
                                                                     [&](const bus::name_event& e) {
    if (e.name != "first" || e.actor || moved.exchange(true)) return;
    node->withdraw("second");
    EXPECT_FALSE(node->publish("second", next));
  });
  node->watch(watching);
  (*self)->monitor(old);
  (*self)->send(old, quit_atom::value);
  await_down();
  // the last notice of the withdrawal comes when all is done
  for (int i = 0; i < 500 && (!moved || node->find("second") != next); ++i)
    (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {}, caf::after(20ms) >> [] {});
  (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {}, caf::after(100ms) >> [] {});
  EXPECT_TRUE(moved);
  EXPECT_EQ(node->find("second"), next);
}

// A name changes while somebody who begins to watch is being told what there is.
TEST_F(remote_actors, are_not_told_of_to_a_new_watcher_after_they_are_gone) {
  const auto a = local(system->spawn(bus_test::worker));
  ASSERT_FALSE(node->publish("a-first", a));
  ASSERT_FALSE(node->publish("b-second", a));
  std::map<std::string, caf::actor> last;
  caf::actor_config cfg;
  const auto watching = caf::make_actor<instant_watcher, caf::actor>(system->next_actor_id(), system->node(), system.get(), cfg,
                                                                     [&](const bus::name_event& e) {
    last[e.name] = e.actor;
    if (e.name == "a-first" && e.actor) node->withdraw("b-second");
  });
  node->watch(watching);
  EXPECT_EQ(last["a-first"], a);
  EXPECT_FALSE(last["b-second"]) << "the snapshot came after the newer notice";
}

TEST_F(remote_actors, leave_no_proxies_behind) {
  const auto before = node->info();
  for (int i = 0; i < 300; ++i) {
    const auto w = ask<caf::actor>(worker, spawn_atom::value);
    (*self)->monitor(w);
    (*self)->send_exit(w, caf::exit_reason::kill);
    await_down();
  }
  const auto after = node->info();
  EXPECT_EQ(after.proxies, before.proxies);
  EXPECT_LE(after.existing_proxies, before.existing_proxies + 1);
  EXPECT_EQ(after.pending_requests, 0u);
  EXPECT_LE(after.exported_actors, before.exported_actors + 1);
}

TEST_F(remote_actors, a_third_node_is_reached_through_handles) {
  auto gamma = start_child("gamma", {"--patient", "beta=" + beta->control});
  const auto third = wait_for_name("gamma/worker");
  ASSERT_TRUE(third);
  // beta and gamma find each other: gamma connects, beta learns the way back from its hello
  std::string err;
  for (int i = 0; i < 200; ++i) {
    err = ask_error(worker, delegate_atom::value, third, std::string{"via"});
    if (err.empty()) break;
    (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {},
                        caf::after(50ms) >> [] {});
  }
  ASSERT_EQ(err, "");
  EXPECT_EQ(ask<std::string>(worker, delegate_atom::value, third, std::string{"via beta"}), "via beta");
  // a request that was passed on waits for the node that has it, not for the one it was sent to
  const auto there = ask<caf::actor>(third, spawn_atom::value);
  (*self)->monitor(there);
  gamma->kill();
  EXPECT_EQ(await_down().source, there.address());
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"beta lives"}), "beta lives");
}

// -- a link that is far behind --------------------------------------------------

namespace {

/// Holds the bus thread in the log, so that what is sent meanwhile waits.
class busy_link : public remote_actors {
public:
  static constexpr size_t link_bytes = size_t{1} << 20;

  void adjust(bus::config& c) override {
    remote_actors::adjust(c);
    c.link_bytes = link_bytes;
    c.log = [g = gate, log = c.log](bus::log_level level, std::string_view text) {
      log(level, text);
      if (text.find("does not connect to itself") == std::string_view::npos) return;
      std::unique_lock lock{g->mutex};
      g->held = true;
      g->changed.notify_all();
      g->changed.wait(lock, [&] { return !g->held; });
    };
  }

  /// Runs `deed` while the bus thread stands still.
  template <class F>
  void meanwhile(F deed) {
    node->connect("alpha", "tcp://127.0.0.1:1",
                  bus::origin::learned); // refused in the bus thread, with a line
    std::unique_lock lock{gate->mutex};
    gate->changed.wait(lock, [&] { return gate->held; });
    lock.unlock();
    deed();
    lock.lock();
    gate->held = false;
    gate->changed.notify_all();
  }

  struct held_gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool held = false;
  };
  std::shared_ptr<held_gate> gate = std::make_shared<held_gate>();
};

/// Answers with a large string each, once it is told to; says when it has `n` requests, and when all are
/// answered.
caf::behavior hoarder(caf::event_based_actor* self, uint64_t n, const caf::actor& listener) {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  return {[=](uint64_t) -> caf::result<std::string> {
            held->push_back(self->make_response_promise());
            if (held->size() == n) self->send(listener, count_atom::value);
            return caf::delegated<std::string>{};
          },
          [=](quit_atom) {
            for (auto& x : *held) x.deliver(std::string(busy_link::link_bytes / 4, 'x'));
            held->clear();
            return true;
          }};
}

} // namespace

TEST_F(busy_link, an_answer_without_room_is_replaced_by_the_reason) {
  constexpr uint64_t n = 40; // ten times the limit
  const auto h = local(system->spawn(hoarder, n, caf::actor{*watcher}));
  auto asked = (*self)->request(worker, patience, ask_atom::value, h, n);
  bool all = false;
  while (!all)
    (*watcher)->receive([&](count_atom) { all = true; }, [](const bus::name_event&) {},
                        [](const bus::peer_event&) {});
  meanwhile([&] {
    caf::scoped_actor other{*system};
    other->request(h, patience, quit_atom::value)
        .receive([](bool) {}, [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  });
  asked.receive(
      [&](uint64_t answered, uint64_t refused) {
        EXPECT_GT(answered, 0u);
        EXPECT_GT(refused, 0u);
        EXPECT_EQ(node->info().refused_messages, refused);
      },
      [](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
  EXPECT_EQ(node->links().at(0).times_up, 1u);
}

TEST_F(busy_link, a_notice_without_room_ends_the_session) {
  const auto mine = local(system->spawn(bus_test::worker));
  const auto name = [](int i) { return std::string(240, 'n') + std::to_string(i); };
  constexpr int names = 8'000; // told twice, more than three times the limit
  meanwhile([&] {
    for (int i = 0; i < names; ++i) EXPECT_FALSE(node->publish(name(i), mine));
    for (int i = 0; i < names; ++i) node->withdraw(name(i));
  });
  EXPECT_EQ(wait_for_peer("beta", false), "broken");
  EXPECT_EQ(wait_for_peer("beta", true), "");
  worker = wait_for_name("beta/worker");
  EXPECT_EQ(ask<std::string>(worker, echo_atom::value, std::string{"again"}), "again");
}
