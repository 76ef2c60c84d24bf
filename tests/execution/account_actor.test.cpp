// The actor around core and journal, on virtual time.

#include "actors/execution/account_actor.hpp"
#include "tests/execution/faulty_venue.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace tt::execution::test {
namespace {

/// A store whose disk is full when told to.
class full_disk final : public store_around {
public:
  using store_around::store_around;
  enum class room { enough, none } left = room::enough;
  int appends = 0;
  result<void> append(const account_id& a, const journal_batch& b) override {
    if (left == room::none) return error{errc::io_error, "disk full"};
    ++appends;
    return store_around::append(a, b);
  }
};

struct test_config : caf::actor_system_config {
  test_config() { set("scheduler.policy", caf::atom("testing")); }
};

class account_actor_test : public ::testing::Test {
protected:
  account_actor_test() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    begin = scheduler.clock().now();
    disk = std::make_shared<full_disk>(*open_sqlite_journal(folder.path("j")));
    broker = system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const venue_request_ptr& request) {
        requests.push_back(*request);
        venue.take(*request, now());
      }};
    });
  }
  ~account_actor_test() override {
    for (const auto& a : {account, broker})
      if (a) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    scheduler.run();
  }

  utc_time now() const { return at(0) + std::chrono::duration_cast<nanoseconds>(scheduler.clock().now() - begin); }

  void start(std::uint64_t epoch = 1) {
    auto options = std::make_shared<account_options>();
    options->open_store = [this]() -> result<std::shared_ptr<journal_store>> { return std::shared_ptr<journal_store>(disk); };
    options->settings.profile = opening().profile;
    options->settings.opening_cash = opening().cash;
    options->settings.core = settings();
    options->settings.core.epoch = lease_epoch{epoch};
    options->gate = std::make_shared<open_gate>();
    options->clock = [this] { return now(); };
    options->broker = broker;
    account = system.spawn(account_actor, options);
    scheduler.run();
  }
  void pass(milliseconds time) {
    for (milliseconds done{0}; done < time; done += milliseconds{100}) {
      scheduler.advance_time(milliseconds{100});
      scheduler.run();
      deliver();
    }
  }
  void deliver() {
    while (!venue.outbox.empty()) {
      caf::anon_send(account, std::make_shared<const venue_report>(std::move(venue.outbox.front())));
      venue.outbox.pop_front();
      scheduler.run();
    }
  }
  template <class... Question>
  order_answer ask(Question&&... question) {
    caf::scoped_actor self{system};
    auto handle = self->request(account, caf::infinite, std::forward<Question>(question)...);
    scheduler.run();
    order_answer out;
    handle.receive([&](order_answer& a) { out = std::move(a); }, [&](caf::error&) { ADD_FAILURE() << "no answer"; });
    return out;
  }
  order_answer place(const std::string& key) {
    return ask(place_atom::value, std::make_shared<const new_order>(wanted(key, order_side::buy, 10)));
  }
  std::size_t submits() const {
    return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(), [](const auto& r) { return std::holds_alternative<submit_request>(r); }));
  }

  temporary_folder folder;
  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor_clock::time_point begin;
  std::shared_ptr<full_disk> disk;
  faulty_venue venue{1, fault_rates::none()};
  std::vector<venue_request> requests;
  caf::actor broker, account;
};

TEST_F(account_actor_test, an_order_is_answered_when_it_is_durable_and_follows_the_venue) {
  start();
  const auto placed = place("k");
  ASSERT_FALSE(placed.refused);
  EXPECT_EQ(placed.what, reply::done);
  ASSERT_TRUE(placed.now);
  EXPECT_EQ(submits(), 1u);
  deliver();
  const auto number = raw(placed.now->number);
  EXPECT_EQ(ask(order_atom::value, number).now->state, order_state::working);
  venue.fill(*venue.find(placed.now->wire_id), q(10), now());
  deliver();
  EXPECT_EQ(ask(order_atom::value, number).now->state, order_state::filled);
  EXPECT_EQ(ask(order_atom::value, number + 1).refused->code, errc::not_found);
  EXPECT_EQ(place("k").what, reply::repeated);
  EXPECT_EQ(submits(), 1u);
}

TEST_F(account_actor_test, what_arrives_together_shares_a_commit) {
  start();
  const auto before = disk->appends;
  for (int i = 0; i < 40; ++i)
    caf::anon_send(account, place_atom::value, std::make_shared<const new_order>(wanted("k" + std::to_string(i), order_side::buy, 1)));
  scheduler.run();
  EXPECT_EQ(submits(), 40u);
  EXPECT_LE(disk->appends - before, 3);
}

TEST_F(account_actor_test, while_the_disk_is_full_orders_are_refused_cancels_go_out_and_it_goes_on_by_itself) {
  start();
  const auto first = place("first");
  deliver();
  disk->left = full_disk::room::none;
  EXPECT_EQ(place("second").refused->code, errc::not_available);
  EXPECT_EQ(place("third").refused->code, errc::not_available);
  EXPECT_EQ(submits(), 1u);
  const auto cancel = ask(cancel_atom::value, raw(first.now->number), std::string("stop"));
  EXPECT_FALSE(cancel.refused);
  EXPECT_EQ(venue.find(first.now->wire_id)->status, venue_status::cancelled);
  deliver(); // the venue's answer can't be recorded now
  pass(seconds{2});
  EXPECT_EQ(place("fourth").refused->code, errc::not_available);
  disk->left = full_disk::room::enough;
  pass(seconds{1});
  const auto fifth = place("fifth");
  EXPECT_FALSE(fifth.refused);
  EXPECT_EQ(submits(), 2u);
  pass(seconds{15}); // the venue was asked for everything
  EXPECT_EQ(ask(order_atom::value, raw(first.now->number)).now->state, order_state::cancelled);
}

TEST_F(account_actor_test, the_cancel_that_finds_the_disk_full_goes_out) {
  start();
  const auto first = place("first");
  deliver();
  disk->left = full_disk::room::none;
  const auto cancel = ask(cancel_atom::value, raw(first.now->number), std::string("stop"));
  EXPECT_FALSE(cancel.refused) << to_string(*cancel.refused);
  EXPECT_EQ(venue.find(first.now->wire_id)->status, venue_status::cancelled);
  EXPECT_EQ(place("second").refused->code, errc::not_available);
  disk->left = full_disk::room::enough;
  pass(seconds{17});
  EXPECT_EQ(ask(order_atom::value, raw(first.now->number)).now->state, order_state::cancelled);
}

TEST_F(account_actor_test, a_fill_that_the_stream_lost_is_found_by_asking) {
  start();
  const auto placed = place("k");
  deliver();
  venue.fill(*venue.find(placed.now->wire_id), q(10), now());
  venue.outbox.clear(); // the frame is lost, the connection seems fine
  pass(milliseconds{10'500});
  EXPECT_EQ(ask(order_atom::value, raw(placed.now->number)).now->state, order_state::filled);
}

TEST_F(account_actor_test, a_leader_that_was_replaced_sends_nothing_more_and_ends) {
  start(1);
  place("k");
  auto other = journal::open(std::shared_ptr<journal_store>(*open_sqlite_journal(folder.path("j"))), paper(), lease_epoch{2});
  ASSERT_TRUE(other);
  const auto late = place("late");
  EXPECT_TRUE(late.refused);
  EXPECT_EQ(submits(), 1u);
}

} // namespace
} // namespace tt::execution::test
