// Orders by hand on paper through a whole node: over HTTP in, through journal, gate and paper broker, by the market of a
// simulated exchange at a fixed time; and what is left of them after a restart.

#include "tests/cluster/node_fixture.hpp"

#include "gateways/trading_port.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <future>

namespace tt::cluster::test {
namespace {

using nlohmann::json;

http_answer http_send(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body = {}) {
  return http_raw(port, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
}

/// Waits for an answer of the port.
template <class T, class Ask>
result<T> wait_for(Ask ask) {
  std::promise<result<T>> got;
  ask([&](result<T> answer) { got.set_value(std::move(answer)); });
  return got.get_future().get();
}

/// A client of the stream; enough of WebSocket to speak with our own server.
class stream_client {
public:
  explicit stream_client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;
    put("GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n");
    while (seen_.find("\r\n\r\n") == std::string::npos && more()) {}
    seen_.erase(0, seen_.find("\r\n\r\n") + 4);
  }
  ~stream_client() { close(socket_); }
  stream_client(const stream_client&) = delete;
  stream_client& operator=(const stream_client&) = delete;

  void say(const json& what) {
    const auto text = what.dump();
    std::string frame = "\x81";
    frame += static_cast<char>(0x80 | (text.size() < 126 ? text.size() : 126));
    if (text.size() >= 126) frame += {static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)};
    frame += std::string(4, '\0'); // a mask of zeros
    put(frame + text);
  }
  /// The next message of that type that is news and no snapshot; null when the line is cut or nothing comes for 20 seconds.
  json next(const std::string& type) {
    for (;;) {
      const auto said = frame();
      if (said.empty()) return {};
      auto message = json::parse(said, nullptr, false);
      if (message.value("type", "") == type && !message.value("snapshot", false)) return message;
    }
  }

private:
  void put(const std::string& bytes) { static_cast<void>(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  bool more() {
    char buffer[65536];
    const auto n = recv(socket_, buffer, sizeof buffer, 0);
    if (n > 0) seen_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  bool need(std::size_t bytes) {
    while (seen_.size() < bytes)
      if (!more()) return false;
    return true;
  }
  std::string frame() {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(seen_[at])); };
    for (;;) {
      if (!need(2)) return {};
      std::size_t head = 2, size = byte(1) & 127;
      if (size == 126) {
        if (!need(4)) return {};
        size = byte(2) << 8 | byte(3);
        head = 4;
      } else if (size == 127) {
        if (!need(10)) return {};
        size = 0;
        for (std::size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
        head = 10;
      }
      if (!need(head + size)) return {};
      const bool is_text = (byte(0) & 15) == 1;
      auto out = seen_.substr(head, size);
      seen_.erase(0, head + size);
      if (is_text) return out;
    }
  }

  int socket_;
  std::string seen_;
};

class trading_node : public ::testing::Test {
protected:
  /// Thursday 2026-01-15, 10:00 in New York.
  static feed_config exchange() {
    feed_config out;
    out.name = "sim";
    out.kind = feed_kind::sim;
    out.symbols = {"AAPL", "MSFT"};
    out.start = *parse_iso8601("2026-01-15T15:00:00Z");
    return out;
  }
  void start(feed_config feed = exchange()) {
    running.reset(); // the folder is free again
    auto config = basic_config(folder);
    config.feeds = {std::move(feed)};
    config.backtesting = false;
    config.risk_limits = risk::default_limits();
    auto started = node::start(config, wall);
    ASSERT_TRUE(started) << to_string(started.error());
    running = std::move(*started);
    ASSERT_TRUE(until("/health/ready", [](const json& ready) { return ready.value("ok", false); })) << get("/health").body;
    ASSERT_TRUE(until("/api/v1/quotes/AAPL", [](const json& quote) { return quote.contains("bid") && quote["bid"].is_number() && quote.contains("ask") && quote["ask"].is_number(); }));
  }
  [[nodiscard]] std::uint16_t port() const { return running->port(); }
  [[nodiscard]] http_answer get(const std::string& target) const { return http_get(port(), target); }
  [[nodiscard]] http_answer post(const std::string& target, const json& body) const { return http_send(port(), "POST", target, body.dump()); }
  [[nodiscard]] json ask(const std::string& target) const { return json::parse(get(target).body, nullptr, false); }
  /// Asks until the answer fits. Each round is a real request, so the loop waits for the node and not for a clock.
  template <class Fits>
  [[nodiscard]] bool until(const std::string& target, Fits fits) const {
    for (int i = 0; i < 20'000; ++i) {
      const auto now = ask(target);
      if (!now.is_discarded() && fits(now)) return true;
    }
    return false;
  }
  [[nodiscard]] json order(const std::string& side, double quantity, const json& more = {}) const {
    json out{{"symbol", "AAPL"}, {"side", side}, {"quantity", quantity}, {"type", "market"}};
    if (more.is_object()) out.update(more);
    return out;
  }
  [[nodiscard]] bool ends_as(const std::string& id, const std::string& state) const {
    return until("/api/orders/" + id, [&](const json& now) { return now.value("state", "") == state; });
  }
  [[nodiscard]] double ask_price() const { return ask("/api/v1/quotes/AAPL")["ask"].get<double>(); }

  temporary_folder folder;
  std::unique_ptr<node> running;
};

TEST_F(trading_node, a_market_order_fills_at_the_market_and_shows_everywhere) {
  start();
  const auto placed = post("/api/orders", order("buy", 10));
  ASSERT_EQ(placed.status, 201) << placed.body;
  const auto said = json::parse(placed.body);
  EXPECT_EQ(said["account_mode"], "paper");
  EXPECT_EQ(said["risk_check"]["result"], "approved");
  const auto id = said["order_id"].get<std::string>();
  ASSERT_TRUE(ends_as(id, "filled")) << get("/api/orders/" + id).body;
  const auto filled = ask("/api/orders/" + id);
  const auto price = filled["avg_fill_price"].get<double>();
  EXPECT_NEAR(price, ask_price(), price * 0.05) << "by the market of now";
  const auto positions = ask("/api/positions");
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0]["quantity"], 10);
  EXPECT_EQ(positions[0]["avg_price"], filled["avg_fill_price"]);
  const auto account = ask("/api/account");
  EXPECT_EQ(account["account_id"], "paper_simulator");
  EXPECT_TRUE(until("/api/account", [&](const json& now) { return std::abs(now.value("cash_balance", 0.0) - (100'000 - 10 * price)) < 0.01; }));
  EXPECT_NEAR(account["total_equity"].get<double>(), 100'000, 10 * price * 0.05) << "buying moves equity by spread and moves only";
  const auto executions = ask("/api/executions")["executions"];
  ASSERT_EQ(executions.size(), 1U);
  EXPECT_EQ(executions[0]["order_id"], id);
  EXPECT_EQ(executions[0]["quantity"], 10);
  EXPECT_EQ(ask("/api/orders")[0]["order_id"], id);
  EXPECT_EQ(ask("/api/v1/orders")[0]["order_id"], id);
  const auto health = ask("/health");
  EXPECT_EQ(health["journal"]["state"], "ok");
  EXPECT_EQ(health["risk"]["mode"], "normal");
  const auto metrics = get("/metrics").body;
  for (const std::string part : {"tt_risk_check_seconds_count{result=\"approved\"} 1", "tt_orders_total{state=\"filled\"}", "tt_orders_unknown 0",
                                 "tt_kill_active 0", "tt_journal_fsync_seconds_count"})
    EXPECT_TRUE(until("/health", [&](const json&) { return get("/metrics").body.find(part) != std::string::npos; })) << part;
}

TEST_F(trading_node, the_stream_tells_of_the_fill_and_resumes) {
  start();
  stream_client reader(port());
  reader.say({{"action", "subscribe"}, {"channels", {"orders", "executions"}}});
  ASSERT_EQ(reader.next("subscription_confirmed")["channels"].size(), 2U);
  const auto id = json::parse(post("/api/orders", order("buy", 10)).body)["order_id"].get<std::string>();
  json told;
  do told = reader.next("order_update");
  while (!told.is_null() && told["data"].value("state", "") != "filled");
  ASSERT_FALSE(told.is_null());
  EXPECT_EQ(told["data"]["order_id"], id);
  // in one commit the order is told before its executions
  const auto traded = reader.next("execution");
  ASSERT_EQ(traded["data"]["quantity"], 10) << traded;
  EXPECT_EQ(traded["data"]["order_id"], id);
  const auto last = told["tseq"].get<std::uint64_t>();
  ASSERT_GE(last, 2U);
  stream_client later(port());
  later.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", told["epoch"]}, {"after", last - 1}});
  const auto again = later.next("order_update");
  EXPECT_EQ(again["tseq"], last);
  EXPECT_EQ(again["data"]["state"], "filled");
}

TEST_F(trading_node, a_limit_order_rests_below_the_market_and_fills_at_its_price_or_better) {
  start();
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  EXPECT_EQ(resting["state"], "working") << resting;
  const auto high = std::ceil(ask_price() * 1.02);
  const auto crossing = json::parse(post("/api/orders", order("buy", 7, {{"type", "limit"}, {"price", high}})).body);
  ASSERT_TRUE(ends_as(crossing["order_id"], "filled")) << crossing;
  EXPECT_LE(ask("/api/orders/" + crossing["order_id"].get<std::string>())["avg_fill_price"].get<double>(), high);
  const auto id = resting["order_id"].get<std::string>();
  EXPECT_EQ(ask("/api/orders/" + id)["filled_quantity"], 0) << "the market never came down to it";
  const auto cancelled = http_send(port(), "DELETE", "/api/orders/" + id);
  EXPECT_EQ(cancelled.status, 202) << cancelled.body;
  ASSERT_TRUE(ends_as(id, "cancelled"));
  const auto again = http_send(port(), "DELETE", "/api/orders/" + id);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(json::parse(again.body)["changed"], false);
  EXPECT_EQ(http_send(port(), "DELETE", "/api/orders/o-nobody").status, 404);
}

TEST_F(trading_node, the_gate_refuses_with_its_code_and_nothing_reaches_the_broker) {
  start();
  // more than a quarter of equity at once
  const auto refused = post("/api/orders", order("buy", 1'000));
  ASSERT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(json::parse(refused.body)["reject_code"], "FAT_FINGER_NOTIONAL") << refused.body;
  EXPECT_EQ(json::parse(refused.body)["state"], "risk_rejected");
  EXPECT_EQ(ask("/api/executions")["executions"].size(), 0U);
  // a position over a tenth of equity is cut, and over it refused
  const auto tenth = std::floor(15'000 / ask_price());
  const auto cut = json::parse(post("/api/orders", order("buy", tenth)).body);
  EXPECT_EQ(cut["risk_check"]["code"], "POSITION_LIMIT") << cut;
  EXPECT_LT(cut["quantity"].get<double>(), tenth);
  ASSERT_TRUE(ends_as(cut["order_id"], "filled"));
  // what is left of the tenth may be one more share, not two
  auto full = post("/api/orders", order("buy", 20));
  for (int i = 0; i < 2 && full.status != 422; ++i) {
    EXPECT_LE(json::parse(full.body)["quantity"], 1) << full.body;
    full = post("/api/orders", order("buy", 20));
  }
  EXPECT_EQ(full.status, 422) << full.body;
  EXPECT_EQ(json::parse(full.body)["reject_code"], "POSITION_LIMIT");
  EXPECT_EQ(post("/api/orders", order("buy", 10, {{"symbol", "NOPE"}})).status / 100, 4);
  // sells what is held: no limit of size or loss is in the way
  EXPECT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
  EXPECT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
}

TEST_F(trading_node, a_client_order_id_is_one_order_for_ever) {
  start();
  const auto wanted = order("buy", 3, {{"client_order_id", "mine-1"}});
  const auto first = post("/api/orders", wanted), second = post("/api/orders", wanted);
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(json::parse(first.body)["order_id"], json::parse(second.body)["order_id"]);
  EXPECT_EQ(post("/api/orders", order("buy", 4, {{"client_order_id", "mine-1"}})).status, 409);
  EXPECT_EQ(ask("/api/orders/client:mine-1")["quantity"], 3);
  start();
  EXPECT_EQ(post("/api/orders", wanted).status, 200) << "also after a restart";
  EXPECT_EQ(ask("/api/orders").size(), 1U);
}

TEST_F(trading_node, an_emergency_stop_blocks_and_outlives_a_restart) {
  start();
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  const auto stopped = post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}});
  ASSERT_EQ(stopped.status, 200) << stopped.body;
  EXPECT_EQ(json::parse(stopped.body)["kill_active"], true);
  EXPECT_EQ(json::parse(stopped.body)["cancel_requested"], json::array({resting["order_id"]}));
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  const auto refused = post("/api/orders", order("buy", 1));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(json::parse(refused.body)["reject_code"], "KILL_SWITCH") << refused.body;
  start();
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 2)).body)["reject_code"], "KILL_SWITCH");
  EXPECT_TRUE(until("/health", [](const json& now) { return now["risk"]["mode"] == "halt"; }));
  EXPECT_EQ(post("/api/v1/risk/resume", {{"reason", "prices are right again"}}).status, 403) << "a caller without identity is no admin";
  // in two steps, by an admin
  auto& accounts = *running->accounts();
  const gateway::trading_caller trader{"ann", risk::access::trader}, admin{"root", risk::access::admin};
  const auto ask_resume = [&](const gateway::trading_caller& who) {
    return wait_for<gateway::resume_question>([&](auto done) { accounts.ask_resume(who, "prices are right again", done); });
  };
  const auto resume = [&](const gateway::trading_caller& who, const std::string& token) {
    return wait_for<std::uint64_t>([&](auto done) { accounts.resume(who, token, done); });
  };
  EXPECT_FALSE(ask_resume(trader));
  const auto question = ask_resume(admin);
  ASSERT_TRUE(question) << to_string(question.error());
  EXPECT_TRUE(question->blocking.empty());
  EXPECT_FALSE(resume(admin, "something else"));
  EXPECT_FALSE(resume(trader, question->token));
  EXPECT_EQ(json::parse(post("/api/orders", order("buy", 3)).body)["reject_code"], "KILL_SWITCH") << "one step is none";
  const auto resumed = resume(admin, question->token);
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_EQ(*resumed, 2U);
  EXPECT_EQ(post("/api/orders", order("buy", 4)).status, 201);
  start();
  const auto after = post("/api/orders", order("buy", 5));
  EXPECT_EQ(after.status, 201) << "also after a restart: " << after.body;
}

TEST_F(trading_node, orders_positions_and_cash_outlive_a_restart) {
  start();
  const auto placed = json::parse(post("/api/orders", order("buy", 10)).body);
  ASSERT_TRUE(ends_as(placed["order_id"], "filled"));
  const auto low = std::floor(ask_price() * 0.8);
  const auto resting = json::parse(post("/api/orders", order("buy", 5, {{"type", "limit"}, {"price", low}})).body);
  ASSERT_TRUE(ends_as(resting["order_id"], "working"));
  const auto cash = ask("/api/account")["cash_balance"];
  const auto before = ask("/api/positions")[0];
  start();
  EXPECT_TRUE(until("/api/account", [&](const json& now) { return now.value("cash_balance", json{}) == cash; })) << get("/api/account").body;
  const auto positions = ask("/api/positions");
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0]["quantity"], before["quantity"]);
  EXPECT_EQ(positions[0]["avg_price"], before["avg_price"]);
  EXPECT_EQ(ask("/api/orders").size(), 2U);
  EXPECT_EQ(ask("/api/executions")["executions"].size(), 1U);
  ASSERT_TRUE(ends_as(resting["order_id"], "working")) << "the broker has it again";
  EXPECT_EQ(http_send(port(), "DELETE", "/api/orders/" + resting["order_id"].get<std::string>()).status, 202);
  ASSERT_TRUE(ends_as(resting["order_id"], "cancelled"));
  // and the account goes on trading
  const auto sold = json::parse(post("/api/orders", order("sell", 10)).body);
  ASSERT_TRUE(ends_as(sold.value("order_id", ""), "filled")) << sold;
  EXPECT_TRUE(until("/api/positions", [](const json& all) { return all.is_array() && all.empty(); }));
}

} // namespace
} // namespace tt::cluster::test
