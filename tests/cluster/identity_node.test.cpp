// Identity at a running node: tokens made by `tt token`, the kill switch lifted over HTTP and by `tt risk`, scopes, the first admin.

#include "cluster/risk_command.hpp"
#include "cluster/token_command.hpp"
#include "cluster/user_command.hpp"
#include "gateways/auth/first_admin.hpp"
#include "gateways/auth/identity_service.hpp"
#include "tests/cluster/trading_fixture.hpp"

#include <fstream>

namespace tt::cluster::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class identity_node : public trading_node {
protected:
  void adjust(node_config& config) override {
    config.auth_required = must_identify;
    data = config.data_dir;
  }
  /// `tt token new`; its secret.
  [[nodiscard]] std::string token(const std::string& name, const std::string& role, std::vector<std::string> accounts = {}) const {
    token_options asked;
    asked.action = token_options::action_t::add;
    asked.overrides["node.data_dir"] = data;
    asked.name = name, asked.role = role, asked.accounts = std::move(accounts);
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_token(asked), 0);
    auto out = testing::internal::GetCapturedStdout();
    EXPECT_EQ(out.size(), 47U) << out; // tt_, 43 characters, end of line
    if (!out.empty()) out.pop_back();
    return out;
  }
  [[nodiscard]] int revoke(const std::string& name) const {
    token_options asked;
    asked.action = token_options::action_t::revoke;
    asked.overrides["node.data_dir"] = data;
    asked.name = name;
    return run_token(asked);
  }
  [[nodiscard]] http_answer as(const std::string& secret, const std::string& method, const std::string& target, const json& body = {}) const {
    const auto text = body.is_null() ? std::string{} : body.dump();
    return http_raw(port(), method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + secret +
                              (text.empty() ? "" : "\r\nContent-Type: application/json") + "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  /// Asks until a token that was made or ended meanwhile is known for what it is; the node looks at most once a second.
  [[nodiscard]] bool until_status(const std::string& secret, int status) const {
    for (int i = 0; i < 200'000; ++i)
      if (as(secret, "GET", "/api/v1/auth/me").status == status) return true;
    return false;
  }
  /// Status of a handshake.
  [[nodiscard]] int open_stream(const std::string& target) const {
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    std::string head;
    char buffer[4096];
    if (connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && send(s, request.data(), request.size(), MSG_NOSIGNAL) > 0)
      for (ssize_t n = 0; head.find("\r\n") == std::string::npos && (n = recv(s, buffer, sizeof buffer, 0)) > 0;) head.append(buffer, static_cast<std::size_t>(n));
    close(s);
    return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0;
  }
  [[nodiscard]] std::string file_with(const std::string& secret) const {
    const auto path = folder.path("token-of-a-command");
    std::ofstream(path) << secret << "\n";
    return path;
  }
  [[nodiscard]] risk_options risk(risk_options::action_t what, const std::string& secret) const {
    risk_options out;
    out.action = what;
    out.url = "http://127.0.0.1:" + std::to_string(port());
    if (!secret.empty()) out.token_file = file_with(secret);
    out.reason = "test";
    return out;
  }

  bool must_identify = false;
  std::string data;
};

TEST_F(identity_node, an_admin_token_lifts_an_emergency_stop_in_two_steps) {
  start();
  const auto admin = token("root", "admin");
  ASSERT_TRUE(until_status(admin, 200));
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}}).status, 200);
  const auto held = post("/api/orders", order("buy", 1));
  EXPECT_EQ(held.status, 422) << held.body;
  EXPECT_EQ(post("/api/v1/risk/resume", {{"reason", "go on"}}).status, 403) << "a loopback caller is a trader";
  const auto asked = as(admin, "POST", "/api/v1/risk/resume", {{"reason", "go on"}});
  ASSERT_EQ(asked.status, 200) << asked.body;
  EXPECT_EQ(post("/api/orders", order("buy", 1)).status, 422) << "one step is not enough";
  const auto lifted = as(admin, "POST", "/api/v1/risk/resume", {{"confirm_token", json::parse(asked.body)["confirm_token"]}});
  ASSERT_EQ(lifted.status, 200) << lifted.body;
  EXPECT_EQ(json::parse(lifted.body)["kill_active"], false);
  const auto placed = post("/api/orders", order("buy", 1));
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_TRUE(ends_as(json::parse(placed.body)["order_id"], "filled"));
  const json limits{{"scope", "global"}, {"limits", {{"repeated_rejects", 2}}}, {"reason", "test"}};
  EXPECT_EQ(http_send(port(), "PUT", "/api/v1/risk/limits", limits.dump()).status, 403);
  const auto set = as(admin, "PUT", "/api/v1/risk/limits", limits);
  EXPECT_EQ(set.status, 200) << set.body;
}

TEST_F(identity_node, one_time_codes_of_who_lost_the_key_are_taken_off_by_the_command_line) {
  start();
  const auto admin = token("root", "admin");
  ASSERT_TRUE(until_status(admin, 200));
  ASSERT_EQ(as(admin, "POST", "/api/v1/auth/users", {{"username", "ann"}, {"password", "correct horse"}, {"role", "trader"}}).status, 201);
  {
    const auto beside = gateway::identity_service::open(data).value();
    const auto now = std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now());
    const auto offer = std::get<gateway::totp_offer>(beside->offer_totp({"ann", "correct horse"}, "127.0.0.1", now));
    ASSERT_FALSE(beside->confirm_totp("ann", gateway::totp_code(*gateway::parse_base32(offer.secret), gateway::totp_step(now)), "127.0.0.1", now));
  }
  user_options asked;
  asked.action = user_options::action_t::reset_totp;
  asked.overrides["node.data_dir"] = data;
  asked.name = "eve";
  EXPECT_EQ(run_user(asked), 1);
  EXPECT_TRUE(gateway::identity_service::open(data).value()->user("ann", {})->factor == gateway::user_record::second_factor::code);
  asked.name = "ann";
  EXPECT_EQ(run_user(asked), 0);
  EXPECT_EQ(post("/api/v1/auth/login", {{"username", "ann"}, {"password", "correct horse"}}).status, 200);
}

TEST_F(identity_node, the_command_line_stops_and_resumes) {
  start();
  const auto admin = token("root", "admin"), viewer = token("eyes", "viewer");
  ASSERT_TRUE(until_status(admin, 200));
  auto stop = risk(risk_options::action_t::stop, "");
  stop.mode = "halt";
  EXPECT_EQ(run_risk(stop), 0);
  EXPECT_EQ(ask("/api/v1/risk")["kill_active"], true);
  auto resume = risk(risk_options::action_t::resume, admin);
  resume.read_line = [] { return std::string("yes"); };
  EXPECT_EQ(run_risk(resume), 1) << "the word was not typed";
  EXPECT_EQ(ask("/api/v1/risk")["kill_active"], true);
  EXPECT_EQ(run_risk(risk(risk_options::action_t::resume, viewer)), 1);
  resume = risk(risk_options::action_t::resume, admin);
  resume.read_line = [] { return std::string(resume_word); };
  EXPECT_EQ(run_risk(resume), 0);
  EXPECT_EQ(ask("/api/v1/risk")["kill_active"], false);
  EXPECT_EQ(run_risk(stop), 0);
  resume.read_line = [] { return std::string(); };
  resume.confirm = risk_options::confirmation::given;
  EXPECT_EQ(run_risk(resume), 0);
  EXPECT_EQ(run_risk(risk(risk_options::action_t::status, viewer)), 0);
}

TEST_F(identity_node, scopes_hold_at_the_accounts) {
  start();
  const auto viewer = token("eyes", "viewer"), elsewhere = token("other", "trader", {"elsewhere"}), own = token("own", "trader", {"paper_simulator"}),
             free = token("free", "trader");
  ASSERT_TRUE(until_status(free, 200));
  EXPECT_EQ(as(viewer, "POST", "/api/orders", order("buy", 1)).status, 403);
  EXPECT_EQ(as(viewer, "GET", "/api/positions").status, 200);
  const auto refused = as(elsewhere, "POST", "/api/orders", order("buy", 1, {{"account_id", "paper_simulator"}}));
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_EQ(json::parse(refused.body)["error_code"], "auth.scope");
  EXPECT_EQ(as(elsewhere, "GET", "/api/v1/accounts/paper_simulator").status, 403);
  EXPECT_EQ(as(elsewhere, "GET", "/api/positions?account_id=paper_simulator").status, 403);
  EXPECT_EQ(json::parse(as(elsewhere, "GET", "/api/v1/accounts").body)["accounts"], json::array());
  EXPECT_EQ(as(elsewhere, "POST", "/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "x"}}).status, 403);
  EXPECT_EQ(as(elsewhere, "POST", "/api/paper-trading/accounts/paper_simulator/reset", {{"confirm", true}}).status, 403);
  EXPECT_EQ(as(elsewhere, "POST", "/api/v1/strategies", {{"strategy_id", "s"}, {"kind", "webhook"}, {"account_id", "paper_simulator"}}).status, 403);
  const auto placed = as(own, "POST", "/api/orders", order("buy", 1));
  ASSERT_EQ(placed.status, 201) << placed.body;
  const std::string id = json::parse(placed.body)["order_id"];
  EXPECT_EQ(as(own, "GET", "/api/orders/" + id).status, 200);
  EXPECT_NE(as(elsewhere, "GET", "/api/orders/" + id).status, 200);
  EXPECT_NE(as(elsewhere, "DELETE", "/api/orders/" + id).status, 202);
  // what another account's alerts will do is nobody else's business
  const auto alarmed = as(own, "POST", "/api/v1/alerts", {{"symbol", "AAPL"}, {"condition", "price_above"}, {"condition_value", 1e6}, {"auto_execute", true},
                                                          {"order_side", "buy"}, {"order_quantity", 1}, {"account_id", "paper_simulator"}});
  ASSERT_EQ(alarmed.status, 201) << alarmed.body;
  const std::string alarm = json::parse(alarmed.body)["alert_id"];
  EXPECT_EQ(json::parse(as(own, "GET", "/api/v1/alerts").body)["alerts"].size(), 1U);
  EXPECT_EQ(json::parse(as(elsewhere, "GET", "/api/v1/alerts").body)["alerts"], json::array());
  EXPECT_EQ(as(elsewhere, "GET", "/api/v1/alerts/" + alarm).status, 403);
  EXPECT_EQ(as(free, "GET", "/api/v1/alerts/" + alarm).status, 200);
  EXPECT_EQ(as(own, "POST", "/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "x"}, {"scope", {{"account_id", "paper_simulator"}}}}).status, 200);
  EXPECT_EQ(as(free, "POST", "/api/orders", order("buy", 1)).status, 422);
}

TEST_F(identity_node, revoked_and_expired_tokens_and_used_tickets_are_none) {
  start();
  EXPECT_EQ(json::parse(get("/api/v1/auth/me").body)["account_scope"], "paper");
  const auto viewer = token("eyes", "viewer");
  ASSERT_TRUE(until_status(viewer, 200));
  const auto ticket = "/stream?ticket=" + json::parse(as(viewer, "POST", "/api/v1/auth/ws-ticket").body)["ticket"].get<std::string>();
  EXPECT_EQ(open_stream(ticket), 101);
  EXPECT_EQ(open_stream(ticket), 401) << "replayed";
  EXPECT_EQ(revoke("eyes"), 0);
  EXPECT_TRUE(until_status(viewer, 401));
  EXPECT_EQ(revoke("eyes"), 1);
  const auto past = wall() - hours{1};
  const auto old = gateway::identity_service::open(data).value()->add_token({"old", {gateway::role::admin, {}, {}}, {}, past + seconds{60}}, "test", past);
  ASSERT_TRUE(old) << to_string(old.error());
  const auto fresh = token("fresh", "viewer"); // once it is known, so is the other
  ASSERT_TRUE(until_status(fresh, 200));
  const auto late = as(old->secret, "GET", "/api/v1/auth/me");
  EXPECT_EQ(late.status, 401);
  EXPECT_EQ(json::parse(late.body)["error_code"], "auth.expired");
}

TEST_F(identity_node, a_node_that_asks_everybody_lets_a_first_admin_in) {
  must_identify = true;
  const auto config = [&] {
    auto out = basic_config(folder);
    out.feeds = {exchange()};
    out.backtesting = false;
    out.risk_limits = risk::default_limits();
    adjust(out);
    return out;
  }();
  running = node::start(config, wall).value();
  const auto path = data + "/" + std::string(gateway::first_admin_file);
  std::string secret;
  std::ifstream(path) >> secret;
  EXPECT_EQ(get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(json::parse(as(secret, "GET", "/api/v1/auth/me").body)["role"], "admin");
  const auto made = as(secret, "POST", "/api/v1/auth/tokens", {{"name", "mine"}, {"role", "trader"}});
  EXPECT_EQ(made.status, 201) << made.body;
  running.reset();
  std::filesystem::remove(path);
  running = node::start(config, wall).value();
  EXPECT_FALSE(std::filesystem::exists(path)) << "there is an admin";
  EXPECT_EQ(as(json::parse(made.body)["token"], "GET", "/api/v1/auth/me").status, 200) << "tokens outlive the node";
}

TEST_F(identity_node, a_damaged_list_stops_the_start_and_says_which_file) {
  auto config = basic_config(folder);
  std::filesystem::create_directories(config.data_dir);
  std::ofstream(config.data_dir + "/" + std::string(gateway::identity_file::name)) << "{";
  const auto started = node::start(config, wall);
  ASSERT_FALSE(started);
  EXPECT_NE(to_string(started.error()).find(gateway::identity_file::name), std::string::npos) << to_string(started.error());
}

} // namespace
} // namespace tt::cluster::test
