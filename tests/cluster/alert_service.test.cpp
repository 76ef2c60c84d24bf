// The alerts of a node around a scripted market, accounts and sender: what is read, what is done, and once only, whatever
// happens between.

#include "cluster/alerts/alert_service.hpp"
#include "cluster/node_config.hpp"
#include "tests/gateways/support/scripted_market.hpp"
#include "tests/support/scripted_order_desk.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/values.hpp"

#include <caf/actor_system_config.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

namespace tt::cluster::test {
namespace {

using alerts::alert;
using alerts::alert_event_kind;
using gateway::test::scripted_market;
using tt::test::dec;

/// Keeps notices and answers as the test says.
class scripted_sender final : public notice_sender {
public:
  [[nodiscard]] result<void> check(std::string_view url) const override {
    if (url.starts_with("https://")) return {};
    return error{errc::invalid_argument, "must begin with https://", "webhook_url"};
  }
  void send(notice what, reply done) override {
    {
      const std::lock_guard lock{mutex_};
      sent_.push_back(std::move(what));
    }
    if (failure) return done(*failure);
    done(notice_receipt{204, 1});
  }
  [[nodiscard]] std::vector<notice> sent() const {
    const std::lock_guard lock{mutex_};
    return sent_;
  }
  std::optional<error> failure;

private:
  mutable std::mutex mutex_;
  std::vector<notice> sent_;
};

/// Makes the order and never says so: a node that dies before the answer comes.
class silent_desk final : public tt::test::scripted_order_desk {
public:
  void place(signal_order what, reply<signal_outcome>) override {
    scripted_order_desk::place(std::move(what), [](const result<signal_outcome>&) {});
    const std::lock_guard lock{mutex};
    ++placed_count;
    changed.notify_all();
  }
  void wait_for_one() {
    std::unique_lock lock{mutex};
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds{20}, [&] { return placed_count > 0; }));
  }
  std::mutex mutex;
  std::condition_variable changed;
  int placed_count = 0;
};

class alert_service_test : public ::testing::Test {
protected:
  alert_service_test() { config.data_dir = folder.path(); }
  ~alert_service_test() override { stop(); }

  void start(std::shared_ptr<order_desk> with) {
    stop();
    auto opened = alert_service::start({system, {config.data_dir}, std::shared_ptr<const instrument_master>(&market.instruments(), [](const auto*) {}), market,
                                        std::move(with), account_id{"paper_simulator"}, sender});
    ASSERT_TRUE(opened) << to_string(opened.error());
    service = std::move(*opened);
    service->watch([this](const alerts::alert_event& event) {
      const std::lock_guard lock{mutex};
      events.push_back(event);
      arrived.notify_all();
    });
  }
  void start() { start(desk); }
  void stop() {
    if (service) service->stop();
    service.reset();
  }
  template <class T, class Ask>
  result<T> wait_for(Ask ask) {
    std::promise<result<T>> got;
    ask([&](result<T> answer) { got.set_value(std::move(answer)); });
    return got.get_future().get();
  }
  alert make(const alerts::alert_draft& wanted) {
    auto made = wait_for<alert>([&](auto done) { service->create(wanted, "tester", std::move(done)); });
    EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
    barrier();
    return made ? *made : alert{};
  }
  /// When it returns, everything that was asked before is done.
  std::vector<alert> barrier() {
    auto all = wait_for<std::vector<alert>>([&](auto done) { service->list({}, std::move(done)); });
    return all ? *all : std::vector<alert>{};
  }
  alert shown(const alert& what) {
    auto found = wait_for<alert>([&](auto done) { service->find(what.id, std::move(done)); });
    EXPECT_TRUE(found);
    return found ? *found : alert{};
  }
  /// The next event of that kind; an empty alert when none comes.
  alert next(alert_event_kind kind) {
    std::unique_lock lock{mutex};
    for (;;) {
      while (seen < events.size())
        if (events[seen++].kind == kind) return events[seen - 1].what;
      if (!arrived.wait_for(lock, std::chrono::seconds{20}, [&] { return seen < events.size(); })) {
        ADD_FAILURE() << "no event " << tt::to_string(kind);
        return {};
      }
    }
  }
  void price(const char* last) { market.publish(scripted_market::make_quote("AAPL", last, market.market_time())); }
  static alerts::alert_draft above(const char* level) {
    alerts::alert_draft out;
    out.symbol = "AAPL";
    out.condition = "price_above";
    out.value = dec(level);
    return out;
  }
  static alerts::alert_draft buying(const char* level) {
    auto out = above(level);
    out.auto_execute = true;
    out.order_side = "buy";
    out.order_quantity = dec("10");
    return out;
  }

  tt::test::temporary_folder folder;
  node_config config;
  caf::actor_system_config actors;
  caf::actor_system system{actors};
  scripted_market market;
  std::shared_ptr<tt::test::scripted_order_desk> desk = std::make_shared<tt::test::scripted_order_desk>();
  std::shared_ptr<scripted_sender> sender = std::make_shared<scripted_sender>();
  std::unique_ptr<alert_service> service;
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<alerts::alert_event> events;
  std::size_t seen = 0;
};

TEST_F(alert_service_test, a_symbol_is_read_only_while_it_has_alerts) {
  start();
  barrier();
  EXPECT_EQ(market.subscriptions(), 0U);
  const auto first = make(above("100"));
  make(above("101"));
  EXPECT_EQ(market.subscriptions(), 1U) << "one reading serves all";
  auto bars = above("1");
  bars.condition = "rsi_oversold";
  bars.value.reset();
  bars.frame = "5m";
  const auto rsi = make(bars);
  EXPECT_EQ(market.subscriptions(), 2U);
  EXPECT_GE(market.history_requests().size(), 1U);
  EXPECT_TRUE(wait_for<alert>([&](auto done) { service->remove(rsi.id, std::move(done)); }));
  barrier();
  EXPECT_EQ(market.subscriptions(), 1U);
  price("200");
  next(alert_event_kind::triggered);
  next(alert_event_kind::triggered);
  barrier();
  EXPECT_EQ(market.subscriptions(), 0U) << "both are done";
  EXPECT_EQ(shown(first).status, alerts::alert_status::triggered);
}

TEST_F(alert_service_test, a_trigger_makes_its_order) {
  start();
  auto wanted = buying("100");
  wanted.order_type = "limit";
  wanted.order_price = dec("99.5");
  const auto made = make(wanted);
  price("100");
  price("100.01");
  EXPECT_EQ(next(alert_event_kind::triggered).id, made.id);
  EXPECT_EQ(next(alert_event_kind::acted).last_result.order_state, "placed");
  ASSERT_EQ(desk->placed().size(), 1U);
  const auto order = desk->placed()[0];
  EXPECT_EQ(order.key, "alert:" + made.id + ":1");
  EXPECT_EQ(order.request.account, account_id{"paper_simulator"}) << "the default account";
  EXPECT_EQ(order.request.symbol, "AAPL");
  EXPECT_EQ(order.request.side, order_side::buy);
  EXPECT_EQ(order.request.type, order_type::limit);
  EXPECT_EQ(order.request.limit_price, tt::test::px("99.5"));
  EXPECT_EQ(order.request.alert, alert_id{made.id});
  EXPECT_EQ(std::get<size_quantity>(order.request.size).value, quantity{10});
  EXPECT_TRUE(check_request(order.request));
}

TEST_F(alert_service_test, a_refusal_shows) {
  start();
  desk->answer_with(signal_outcome::kind::refused);
  make(buying("100"));
  price("101");
  EXPECT_EQ(next(alert_event_kind::acted).last_result.order_state, "refused");
}

TEST_F(alert_service_test, an_account_that_is_not_there_yet_is_asked_again) {
  start();
  desk->fail_with(error{errc::not_available, "the account replays its journal"});
  const auto made = make(buying("100"));
  price("101");
  next(alert_event_kind::triggered);
  barrier();
  EXPECT_EQ(desk->orders_made(), 0U);
  desk->fail_with(std::nullopt);
  EXPECT_EQ(next(alert_event_kind::acted).last_result.order_state, "placed");
  EXPECT_EQ(desk->orders_made(), 1U);
  EXPECT_EQ(shown(made).trigger_count, 1U);
}

TEST_F(alert_service_test, an_error_that_stays_is_told_once) {
  start();
  desk->fail_with(error{errc::not_found, "no such account", "account_id"});
  make(buying("100"));
  price("101");
  const auto last = next(alert_event_kind::acted).last_result;
  EXPECT_EQ(last.order_state, "failed");
  EXPECT_NE(last.order_error.find("no such account"), std::string::npos);
  EXPECT_EQ(desk->placed().size(), 1U);
}

TEST_F(alert_service_test, a_node_that_dies_between_order_and_answer_makes_no_second_one) {
  const auto dying = std::make_shared<silent_desk>();
  start(dying);
  const auto made = make(buying("100"));
  price("101");
  dying->wait_for_one();
  stop();
  start(dying); // the journal behind the desk is the same
  stop();
  EXPECT_EQ(dying->placed().size(), 2U) << "asked again after the start";
  EXPECT_EQ(dying->placed()[0].key, dying->placed()[1].key);
  EXPECT_EQ(dying->orders_made(), 1U);
  start(); // and a desk that answers
  barrier();
  EXPECT_EQ(shown(made).last_result.order_state, "placed");
  EXPECT_EQ(shown(made).trigger_count, 1U);
  stop();
  start();
  barrier();
  EXPECT_EQ(desk->placed().size(), 1U) << "it is noted as done";
}

TEST_F(alert_service_test, an_order_that_is_too_late_is_not_made) {
  const auto dying = std::make_shared<silent_desk>();
  start(dying);
  const auto made = make(buying("100"));
  price("101");
  dying->wait_for_one();
  stop();
  market.set_time(market.market_time() + std::chrono::minutes{2});
  start();
  barrier();
  EXPECT_TRUE(desk->placed().empty());
  EXPECT_EQ(shown(made).last_result.order_state, "lapsed");
}

TEST_F(alert_service_test, notices_go_out_with_the_number_of_the_trigger) {
  start();
  auto wanted = above("100");
  wanted.notice_url = "https://hooks.example.org/x";
  wanted.message = "hello";
  wanted.repeat = "always";
  const auto made = make(wanted);
  price("101");
  EXPECT_EQ(next(alert_event_kind::acted).last_result.notice_status, 204U);
  ASSERT_EQ(sender->sent().size(), 1U);
  const auto sent = sender->sent()[0];
  EXPECT_EQ(sent.url, "https://hooks.example.org/x");
  EXPECT_NE(sent.body.find("\"message\":\"hello\""), std::string::npos) << sent.body;
  EXPECT_EQ(sent.headers, (std::vector<std::pair<std::string, std::string>>{{"X-Alert-Id", made.id}, {"X-Alert-Trigger", "1"}}));
  sender->failure = error{errc::refused, "hooks.example.org answers 404"};
  price("99");
  price("101");
  EXPECT_EQ(next(alert_event_kind::acted).last_result.notice_error, "hooks.example.org answers 404");
}

TEST_F(alert_service_test, an_url_that_may_not_be_called_is_refused_at_once) {
  start();
  auto wanted = above("100");
  wanted.notice_url = "http://hooks.example.org/x";
  const auto made = wait_for<alert>([&](auto done) { service->create(wanted, "tester", std::move(done)); });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().field, "webhook_url");
}

TEST_F(alert_service_test, alerts_are_there_after_a_restart_and_read_again) {
  start();
  const auto made = make(above("100"));
  start();
  EXPECT_EQ(barrier().size(), 1U);
  EXPECT_EQ(market.subscriptions(), 1U);
  price("101");
  EXPECT_EQ(next(alert_event_kind::triggered).id, made.id);
  start();
  EXPECT_EQ(barrier()[0].status, alerts::alert_status::triggered);
}

TEST_F(alert_service_test, expiry_shows_at_its_moment) {
  start();
  auto wanted = above("100");
  wanted.expires_at = market.market_time() + std::chrono::hours{1};
  const auto made = make(wanted);
  market.set_time(*wanted.expires_at - nanoseconds{1});
  EXPECT_EQ(shown(made).status, alerts::alert_status::active);
  market.set_time(*wanted.expires_at);
  EXPECT_EQ(shown(made).status, alerts::alert_status::expired);
}

TEST_F(alert_service_test, the_board_keeps_notices) {
  start();
  service->post({"job_error", "momentum", "no data", {}, {}});
  EXPECT_EQ(next(alert_event_kind::notice).rule.message, "no data");
  EXPECT_EQ(barrier()[0].owner, "node");
}

TEST_F(alert_service_test, stopping_leaves_nothing_behind_in_the_market) {
  start();
  make(above("100"));
  stop();
  EXPECT_EQ(market.subscriptions(), 0U);
}

} // namespace
} // namespace tt::cluster::test
