// Requests that are passed on from node to node, twice and in circles: the first asker gets one answer, whichever
// node dies, and in whatever order the nodes' words come. The other nodes are puppets, so every order can be had.
#include "bus/proxy/early_moves.hpp"
#include "tests/bus/puppet.hpp"
#include "tests/bus/system_fixture.hpp"

using namespace bus_test;
using bus::errc;
using bus::proxy::early_moves;
using bus::proxy::moved_frame;

namespace {

constexpr uint64_t worker_id = 7;

class passed_on : public system_test {
public:
  std::string mode() const override { return "plain"; }

  void SetUp() override {
    system_test::SetUp();
    for (const auto* name : {"beta", "gamma", "delta"}) {
      others[name] = std::make_unique<puppet>(name, "alpha", node->control_endpoint());
      others[name]->tell(bus::proxy::name_frame(name + std::string{"/worker"}, worker_id));
      wait_for_name(name + std::string{"/worker"});
    }
    sender = system->spawn([this](caf::event_based_actor* a) -> caf::behavior {
      return {[this, a](const caf::actor& whom) {
        a->request(whom, caf::infinite, echo_atom::value, std::string{"x"})
            .then([this](const std::string& x) { note(x); }, [this](const caf::error& e) { note(describe(e)); });
      }};
    });
    caf::anon_send(sender, node->find("beta/worker"));
    asked = of("beta").next_request();
  }

  void TearDown() override {
    caf::anon_send_exit(sender, caf::exit_reason::kill);
    sender = nullptr;
    others.clear();
    system_test::TearDown();
  }

  puppet& of(const std::string& name) { return *others.at(name); }

  /// `from` has passed the request on to `to`, and says so.
  void says_it_went(const std::string& from, const caf::node_id& to) {
    of(from).tell(moved_frame(asked.requester, asked.mid, to));
    has_been_heard(from);
  }
  void says_it_went(const std::string& from, const std::string& to) { says_it_went(from, of(to).node()); }

  /// All that a puppet has said so far has been read.
  void has_been_heard(const std::string& name) {
    const auto mark = name + "/mark" + std::to_string(++marks);
    of(name).tell(bus::proxy::name_frame(mark, worker_id));
    wait_for_name(mark);
  }

  void answers(const std::string& name, const std::string& text) {
    of(name).answer(asked, caf::make_message(text), *types);
    has_been_heard(name);
  }

  void dies(const std::string& name) {
    of(name).die();
    wait_for_peer(name, false);
  }

  void note(const std::string& what) {
    const std::lock_guard lock{mutex};
    heard.push_back(what);
  }
  std::vector<std::string> what_was_heard() {
    const std::lock_guard lock{mutex};
    return heard;
  }
  void expect(const std::string& only) {
    until([&] { return !what_was_heard().empty(); });
    EXPECT_EQ(what_was_heard(), std::vector<std::string>{only});
    until([&] { return node->info().pending_requests == 0; });
  }

  std::map<std::string, std::unique_ptr<puppet>> others;
  caf::actor sender;
  puppet::request asked;
  int marks = 0;
  std::mutex mutex;
  std::vector<std::string> heard;
};

} // namespace

TEST_F(passed_on, twice_and_answered_by_the_last) {
  says_it_went("beta", "gamma");
  says_it_went("gamma", "delta");
  answers("delta", "y");
  expect("y");
}

TEST_F(passed_on, twice_is_not_missed_when_the_nodes_on_the_way_die) {
  says_it_went("beta", "gamma");
  says_it_went("gamma", "delta");
  dies("beta");
  dies("gamma");
  EXPECT_TRUE(what_was_heard().empty());
  answers("delta", "y");
  expect("y");
}

TEST_F(passed_on, twice_bounces_when_the_last_one_dies) {
  says_it_went("beta", "gamma");
  says_it_went("gamma", "delta");
  dies("delta");
  expect("peer_down");
}

TEST_F(passed_on, twice_bounces_when_the_last_one_dies_though_the_second_word_came_first) {
  says_it_went("gamma", "delta");
  says_it_went("beta", "gamma");
  dies("delta");
  expect("peer_down");
}

TEST_F(passed_on, twice_does_not_bounce_for_the_one_in_the_middle_though_its_word_came_first) {
  says_it_went("gamma", "delta");
  says_it_went("beta", "gamma");
  dies("gamma");
  EXPECT_TRUE(what_was_heard().empty());
  EXPECT_EQ(node->info().pending_requests, 1u);
  answers("delta", "y");
  expect("y");
}

TEST_F(passed_on, twice_does_not_bounce_for_one_that_died_before_the_word_before_its_own_came) {
  says_it_went("gamma", "delta");
  dies("gamma");
  says_it_went("beta", "gamma");
  EXPECT_TRUE(what_was_heard().empty());
  answers("delta", "y");
  expect("y");
}

TEST_F(passed_on, by_one_that_died_before_it_could_say_so_bounces_once_and_a_late_answer_is_nobodys) {
  says_it_went("gamma", "delta");
  dies("beta");
  expect("peer_down");
  answers("delta", "y");
  expect("peer_down");
}

TEST_F(passed_on, and_answered_before_anybody_said_so_is_answered_once) {
  answers("delta", "y");
  says_it_went("gamma", "delta");
  says_it_went("beta", "gamma");
  for (const auto* name : {"delta", "gamma", "beta"}) dies(name);
  expect("y");
}

TEST_F(passed_on, in_a_circle_is_where_the_last_word_says) {
  // beta, gamma, beta, delta; both words of beta come before that of gamma
  says_it_went("beta", "gamma");
  says_it_went("beta", "delta");
  says_it_went("gamma", "beta");
  dies("gamma");
  dies("beta");
  EXPECT_TRUE(what_was_heard().empty());
  dies("delta");
  expect("peer_down");
}

TEST_F(passed_on, back_to_the_node_that_asked_waits_for_no_other_node) {
  says_it_went("gamma", system->node());
  says_it_went("beta", "gamma");
  until([&] { return node->info().pending_requests == 0; });
  for (const auto* name : {"gamma", "beta"}) dies(name);
  EXPECT_TRUE(what_was_heard().empty());
  answers("delta", "y"); // it may yet leave again
  expect("y");
}

TEST_F(passed_on, to_a_node_that_is_not_linked_bounces) {
  says_it_went("beta", "gamma");
  says_it_went("gamma", bus::proxy::make_incarnation("epsilon"));
  expect("peer_down");
}

// -- requests that nobody answers ------------------------------------------------

namespace {

class unanswered : public passed_on {
public:
  void adjust(bus::config& c) override {
    c.request_age = 2s;
    c.request_grace = 0s;
  }
};

} // namespace

TEST_F(unanswered, are_given_up_with_time) {
  expect("system_error(request_timeout)");
  EXPECT_EQ(node->info().expired_requests, 1u);
  answers("beta", "y"); // too late
  expect("system_error(request_timeout)");
}

TEST_F(unanswered, whose_receiver_has_ended_bounce) {
  of("beta").tell(bus::proxy::down_frame(worker_id, caf::exit_reason::kill, *types));
  expect("system_error(request_receiver_down)");
  EXPECT_EQ(node->info().expired_requests, 1u);
}

namespace {

/// The table by itself, in a time of its own.
class request_table : public ::testing::Test {
public:
  using table = bus::proxy::request_table;

  table::result add(uint64_t mid, caf::actor_id receiver) { return requests.add(asker, caf::make_message_id(mid), receiver); }
  size_t given_up(std::chrono::steady_clock::duration at) { return requests.sweep(bus::link::time_point{1h} + at).size(); }

  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  caf::scoped_actor self{system};
  caf::strong_actor_ptr asker{self->ctrl()};
  table requests{bus::proxy::request_limits{10, 600s, 10s}};
};

} // namespace

TEST_F(request_table, gives_up_what_is_old) {
  given_up(0s);
  add(1, 7);
  EXPECT_EQ(given_up(300s), 0u);
  add(2, 7);
  EXPECT_EQ(given_up(599s), 0u);
  EXPECT_EQ(given_up(600s), 1u);
  EXPECT_EQ(requests.size(), 1u);
  EXPECT_FALSE(requests.take(asker->id(), caf::make_message_id(1)));
  EXPECT_TRUE(requests.take(asker->id(), caf::make_message_id(2)));
}

TEST_F(request_table, that_is_full_has_room_again) {
  given_up(0s);
  for (uint64_t i = 1; i <= 10; ++i) EXPECT_EQ(add(i, 7), table::result::added);
  EXPECT_EQ(add(11, 7), table::result::full);
  EXPECT_EQ(given_up(59s), 0u);
  EXPECT_EQ(given_up(60s), 10u);
  EXPECT_EQ(add(11, 7), table::result::added);
}

TEST_F(request_table, gives_up_the_requests_of_a_receiver_that_has_ended_a_while_ago) {
  given_up(0s);
  add(1, 7);
  add(2, 8);
  requests.receiver_ended(7);
  EXPECT_EQ(given_up(2s), 0u); // it may have passed it on
  EXPECT_EQ(given_up(11s), 0u);
  const auto gone = requests.sweep(bus::link::time_point{1h} + 12s);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_TRUE(gone[0].is_orphan);
  EXPECT_EQ(gone[0].receiver, 7u);
}

TEST_F(request_table, forgets_the_requests_of_a_requester_that_has_ended) {
  auto other = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
  requests.add(caf::actor_cast<caf::strong_actor_ptr>(other), caf::make_message_id(1), 7);
  self->send_exit(other, caf::exit_reason::kill);
  self->wait_for(other);
  EXPECT_EQ(given_up(0s), 0u);
  EXPECT_EQ(requests.size(), 0u);
}

// -- stages ----------------------------------------------------------------------

namespace {

class staged : public passed_on {
public:
  /// What a worker here answers to a request that is to go on to such stages, as the wire has it.
  std::string answer_by_way_of(const std::string& stages) {
    const auto actor = local(system->spawn(bus_test::worker));
    EXPECT_FALSE(node->publish("worker", actor));
    of("gamma").ask(actor.id(), worker_id, caf::make_message_id(5), stages, caf::make_message(echo_atom::value, uint64_t{3}), *types);
    return of("gamma").next_answer();
  }

  std::string stage(uint64_t actor) const {
    std::string handle, payload;
    bus::codec::put_u64(payload, actor);
    payload += bus::proxy::node_bytes_of(system->node());
    bus::codec::pack_array(handle, 1);
    bus::codec::pack_ext(handle, bus::codec::ext_type::actor, payload);
    return handle;
  }

  std::string says_that_it_is_down() const {
    std::string out;
    bus::codec::encoder f{out, {types.get(), nullptr}};
    EXPECT_FALSE(f.apply(caf::make_message(caf::make_error(caf::sec::request_receiver_down))));
    return out;
  }
};

} // namespace

TEST_F(staged, a_request_that_is_to_go_on_to_an_actor_that_has_ended_is_answered) {
  const auto gone = system->spawn([](caf::event_based_actor*) -> caf::behavior { return {}; }); // ends at once
  (*self)->wait_for(gone);
  EXPECT_TRUE(answer_by_way_of(stage(gone.id())).ends_with(says_that_it_is_down()));
}

TEST_F(staged, a_request_that_is_to_go_on_to_nobody_is_answered) {
  EXPECT_TRUE(answer_by_way_of(std::string{"\x91\xc0"}).ends_with(says_that_it_is_down()));
}

TEST_F(staged, a_request_goes_on_to_an_actor_that_lives) {
  const auto next = local(system->spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](uint64_t x) { return x + 1; }};
  }));
  ASSERT_FALSE(node->publish("next", next));
  const auto said = answer_by_way_of(stage(next.id()));
  EXPECT_TRUE(said.ends_with("\x04")) << said.size();
}

// -- watches ---------------------------------------------------------------------

namespace {

class watched : public system_test {
public:
  std::string mode() const override { return "plain"; }
};

} // namespace

// What an actor keeps for each watch would add up: it may live for months, and links come and go.
TEST_F(watched, by_one_session_after_the_other_costs_an_actor_nothing) {
  const auto actor = local(system->spawn(bus_test::worker));
  ASSERT_FALSE(node->publish("worker", actor));
  const auto hears_of_its_end = [&](puppet& p) { return p.downs(actor.id()); };
  const auto known = types.use_count();
  for (int round = 0; round < 10; ++round) {
    puppet beta{"beta", "alpha", node->control_endpoint()};
    for (int i = 0; i < 3; ++i) beta.tell(bus::proxy::watch_frame(actor.id()));
    beta.tell(bus::proxy::name_frame("mark" + std::to_string(round), worker_id));
    wait_for_name("mark" + std::to_string(round));
    EXPECT_EQ(hears_of_its_end(beta), 0);
  }
  EXPECT_EQ(types.use_count(), known); // a functor would hold the table
  puppet gamma{"gamma", "alpha", node->control_endpoint()};
  for (int i = 0; i < 3; ++i) gamma.tell(bus::proxy::watch_frame(actor.id()));
  gamma.tell(bus::proxy::name_frame("mark", worker_id));
  wait_for_name("mark");
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  until([&] { return hears_of_its_end(gamma) > 0; });
  EXPECT_EQ(hears_of_its_end(gamma), 1);
  gamma.tell(bus::proxy::watch_frame(actor.id())); // too late
  until([&] { return hears_of_its_end(gamma) == 2; });
}

// -- the memory for words that came too early -----------------------------------

namespace {

caf::node_id node_number(uint32_t n) {
  return caf::make_node_id(n, caf::node_id::default_data::host_id_type{});
}

const bus::link::time_point start{std::chrono::hours{1}};

} // namespace

TEST(early_moves, are_followed_in_their_order_and_once) {
  early_moves m;
  const auto mid = caf::make_message_id(5).request_id();
  m.keep(1, mid, node_number(3), node_number(4), start);
  m.keep(1, mid, node_number(2), node_number(3), start);
  m.keep(2, mid, node_number(2), node_number(9), start); // somebody else's
  EXPECT_EQ(m.follow(1, mid, node_number(2)), node_number(4));
  EXPECT_EQ(m.follow(1, mid, node_number(2)), node_number(2));
  EXPECT_EQ(m.size(), 1u);
}

TEST(early_moves, in_a_circle_come_to_an_end) {
  early_moves m;
  const auto mid = caf::make_message_id(5).request_id();
  m.keep(1, mid, node_number(2), node_number(3), start);
  m.keep(1, mid, node_number(3), node_number(2), start);
  EXPECT_EQ(m.follow(1, mid, node_number(2)), node_number(2));
  EXPECT_EQ(m.size(), 0u);
}

TEST(early_moves, are_forgotten_with_the_answer_and_with_time) {
  early_moves m;
  const auto mid = caf::make_message_id(5).request_id();
  m.keep(1, mid, node_number(2), node_number(3), start);
  m.keep(2, mid, node_number(2), node_number(3), start);
  m.forget(1, mid);
  EXPECT_EQ(m.size(), 1u);
  m.sweep(start + early_moves::longest_wait - 1ns);
  EXPECT_EQ(m.size(), 1u);
  m.sweep(start + early_moves::longest_wait);
  EXPECT_EQ(m.size(), 0u);
}

TEST(early_moves, are_bounded) {
  early_moves m;
  for (uint64_t i = 0; i < bus::limits::early_moves + 5; ++i)
    m.keep(i, caf::make_message_id(5).request_id(), node_number(2), node_number(3), start);
  EXPECT_EQ(m.size(), bus::limits::early_moves);
  EXPECT_EQ(m.follow(0, caf::make_message_id(5).request_id(), node_number(2)), node_number(2));
}
