// The stream channels of accounts behind the real HTTP server: snapshots that hold what was missed, and what a bound caller hears.

#include "gateways/gateway.hpp"
#include "gateways/trading/trading_channels.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::stream::test {
namespace {

using ::tt::gateway::test::scripted_market;

/// Two accounts that have traded before this process.
class two_histories final : public trading_port {
public:
  std::vector<account_history> past;
  trading_watcher told;

  static execution_snapshot execution(const std::string& account, int n, std::uint64_t sequence) {
    execution_snapshot out;
    out.account = account_id{account};
    out.order = order_id{"o-" + account};
    out.fill.id = execution_id{account + std::to_string(sequence)};
    out.fill.symbol = "AAPL";
    out.fill.qty = quantity{n};
    out.fill.px = price{100};
    out.fill.at = test_wall + std::chrono::seconds{n};
    out.sequence = sequence;
    return out;
  }
  two_histories() {
    for (const std::string name : {"one", "two"}) {
      account_history out;
      out.account = account_id{name};
      out.opened_at = test_wall;
      out.executions = 2;
      out.execution_news = {execution(name, name == "one" ? 1 : 2, 1), execution(name, name == "one" ? 3 : 4, 2)};
      order_snapshot ended;
      ended.account = out.account;
      ended.what.id = order_id{"o-" + name};
      ended.what.symbol = "AAPL";
      ended.what.state = order_state::filled;
      ended.sequence = 1;
      out.orders = 1;
      out.order_news = {ended};
      position_snapshot held;
      held.account = out.account;
      held.held.symbol = "AAPL";
      held.held.qty = quantity{name == "one" ? 4 : 6};
      out.positions = {held};
      past.push_back(std::move(out));
    }
  }

  subscription_id watch(trading_watcher who) override { return told = std::move(who), 1; }
  void history(reply<std::vector<account_history>> done) override { done(past); }
  result<account_id> default_account() const override { return account_id{"one"}; }
  void accounts(const trading_caller&, reply<std::vector<account_snapshot>> done) override { done(std::vector<account_snapshot>{}); }
  void positions(const trading_caller&, std::optional<account_id>, reply<std::vector<position_snapshot>> done) override { done(std::vector<position_snapshot>{}); }
  void orders(const trading_caller&, order_filter, reply<std::vector<order_snapshot>> done) override { done(std::vector<order_snapshot>{}); }
  void order_of(const trading_caller&, order_name, reply<order_snapshot> done) override { done(unsupported()); }
  void executions(const trading_caller&, order_filter, reply<std::vector<execution_snapshot>> done) override { done(std::vector<execution_snapshot>{}); }
  void place(const trading_caller&, place_order, reply<placed_order> done) override { done(unsupported()); }
  void preview(const trading_caller&, order_request, reply<order_preview> done) override { done(unsupported()); }
  void change(const trading_caller&, order_name, order_change, reply<order_snapshot> done) override { done(unsupported()); }
  void cancel(const trading_caller&, order_name, reply<cancelled_order> done) override { done(unsupported()); }
  void cancel_all(const trading_caller&, order_filter, reply<std::vector<order_id>> done) override { done(unsupported()); }
  void close(const trading_caller&, ::tt::gateway::close_request, reply<closed_positions> done) override { done(unsupported()); }
  void risk_state(const trading_caller&, std::optional<account_id>, reply<risk_snapshot> done) override { done(unsupported()); }
  void set_limits(const trading_caller&, risk::limit_change, reply<std::uint64_t> done) override { done(unsupported()); }
  void stop(const trading_caller&, stop_request, reply<stopped> done) override { done(unsupported()); }
  void ask_resume(const trading_caller&, std::string, reply<resume_question> done) override { done(unsupported()); }
  void resume(const trading_caller&, std::string, reply<std::uint64_t> done) override { done(unsupported()); }

private:
  static error unsupported() { return {errc::unsupported, "not in this test"}; }
};

class trading_stream : public ::testing::Test {
protected:
  trading_stream() {
    config.host = "127.0.0.1";
    config.port = 0;
    server.emplace(config, market, [] { return test_wall; }, &service);
    const auto bound = server->start();
    EXPECT_TRUE(bound);
    port = bound ? *bound : 0;
  }
  ~trading_stream() override { server->stop(); }
  /// The snapshot of a channel.
  json state_of(const std::string& channel) const {
    socket_client client{port};
    client.say({{"action", "subscribe"}, {"channels", {channel}}});
    return client.read_until([&](const json& m) { return m.value("channel", "") == channel && m.value("snapshot", false); });
  }

  scripted_market market;
  two_histories accounts;
  gateway_config config;
  stream_service service{market};
  trading_channels channels{accounts, service, [] { return test_wall; }};
  std::optional<gateway> server;
  std::uint16_t port = 0;
};

TEST_F(trading_stream, what_was_missed_over_a_restart_of_several_accounts_is_in_the_snapshot) {
  socket_client client{port};
  client.say({{"action", "resume"}, {"channel", "executions"}, {"epoch", 1}, {"after", 1}});
  EXPECT_EQ(client.read_until([](const json& m) { return m["type"] == "gap"; })["channel"], "executions");
  const auto missed = client.read_until([](const json& m) { return m["type"] == "execution"; });
  EXPECT_EQ(missed["snapshot"], true);
  std::vector<std::string> ids;
  for (const auto& one : missed["data"]["executions"]) ids.push_back(one["execution_id"]);
  EXPECT_EQ(ids, (std::vector<std::string>{"one1", "two1", "one2", "two2"})) << "by time, oldest first";
  const auto orders = state_of("orders");
  EXPECT_TRUE(orders["data"]["orders"].empty());
  EXPECT_EQ(orders["data"]["ended"].size(), 2U) << orders;
  accounts.told.on_execution(two_histories::execution("two", 5, 3));
  const auto next = client.read_until([](const json& m) { return m["type"] == "execution" && !m.value("snapshot", false); });
  EXPECT_EQ(next["tseq"], missed["tseq"].get<std::uint64_t>() + 1);
  EXPECT_EQ(state_of("executions")["data"]["executions"].size(), 5U);
}

TEST_F(trading_stream, a_snapshot_holds_at_most_500_executions) {
  for (int i = 0; i < 600; ++i) accounts.told.on_execution(two_histories::execution("one", 10 + i, 3 + static_cast<std::uint64_t>(i)));
  const auto state = state_of("executions")["data"]["executions"];
  ASSERT_EQ(state.size(), 500U);
  EXPECT_EQ(state.back()["execution_id"], "one602");
}

TEST_F(trading_stream, positions_come_as_a_list_of_their_own_type) {
  const auto state = state_of("positions");
  EXPECT_EQ(state["type"], "positions");
  ASSERT_TRUE(state["data"].is_array()) << state;
  EXPECT_EQ(state["data"].size(), 2U);
  socket_client client{port};
  client.say({{"action", "subscribe"}, {"channels", {"positions"}}});
  static_cast<void>(client.read_until([](const json& m) { return m["type"] == "positions"; }));
  accounts.told.on_position(accounts.past.front().positions.front());
  EXPECT_EQ(client.read_until([](const json& m) { return m["type"] == "position"; })["data"]["account_id"], "one");
}

} // namespace
} // namespace tt::gateway::stream::test
