// WEBHOOK_LISTEN: TLS with certificates made here, and a client that shows one or not.

#include "tests/gateways/webhook/webhook_server.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <fstream>

namespace tt::gateway::test {
namespace {

std::string run(const std::string& command) {
  std::string out;
  if (FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r")) {
    std::array<char, 4096> buffer{};
    while (const auto n = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
    pclose(pipe);
  }
  return out;
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

/// An authority, a server's certificate by it, and clients' certificates by it and by another.
struct key_folder {
  tt::test::temporary_folder at;

  key_folder() {
    authority("ca");
    authority("other");
    issue("server", "ca", "/CN=localhost", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    issue("tradingview", "ca", "/C=US/ST=Ohio/L=Westerville/O=TradingView, Inc./CN=TradingView Webhooks",
          "subjectAltName=email:webhook-server@tradingview.com");
    issue("forged", "other", "/C=US/ST=Ohio/L=Westerville/O=TradingView, Inc./CN=TradingView Webhooks",
          "subjectAltName=email:webhook-server@tradingview.com");
    issue("stranger", "ca", "/O=Somebody/CN=TradingView Webhooks", "subjectAltName=email:webhook-server@tradingview.com");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return at.path(name); }

private:
  void authority(const std::string& name) const {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name + " -keyout " + file(name + ".key") +
        " -out " + file(name + ".pem"));
  }
  void issue(const std::string& name, const std::string& by, const std::string& subject, const std::string& extension) const {
    write_file(file(name + ".ext"), extension + "\n");
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '" + subject + "' -keyout " + file(name + ".key") + " -out " +
        file(name + ".csr"));
    run("openssl x509 -req -days 2 -in " + file(name + ".csr") + " -CA " + file(by + ".pem") + " -CAkey " + file(by + ".key") + " -CAcreateserial -extfile " +
        file(name + ".ext") + " -out " + file(name + ".pem"));
  }
};

class webhook_listen : public ::testing::Test {
protected:
  void SetUp() override {
    if (run("curl --version").empty() || run("openssl version").empty()) GTEST_SKIP() << "curl and openssl are needed";
    keys = std::make_unique<key_folder>();
    webhook_setup setup;
    setup.listener = webhook_listener{"127.0.0.1", 0, keys->file("server.pem"), keys->file("server.key"), keys->file("ca.pem")};
    setup.secret = "swordfish-swordfish";
    server = std::make_unique<webhook_server>(setup);
    ASSERT_NE(server->listen, 0);
  }
  /// The status of a post to a path; "000" when there was no connection.
  std::string post(const std::string& path, const std::string& body, const std::string& client = {}, const std::string& more = {}) {
    std::string shown = client.empty() ? "" : " --cert " + keys->file(client + ".pem") + " --key " + keys->file(client + ".key");
    return run("curl -s -o /dev/null -w '%{http_code}' --cacert " + keys->file("ca.pem") + shown + " " + more + " -d '" + body + "' https://127.0.0.1:" +
               std::to_string(server->listen) + path);
  }
  std::string make_profile(webhook::profile_change change) {
    change.name = "p" + std::to_string(++made);
    change.account = account_id{"paper_simulator"};
    const auto got = server->ask<webhook::new_profile>([&](auto done) { server->port->create(change, done); });
    EXPECT_TRUE(got);
    return got ? "/webhook/tradingview/" + got->path_token : "";
  }

  std::unique_ptr<key_folder> keys;
  std::unique_ptr<webhook_server> server;
  int made = 0;
};

TEST_F(webhook_listen, serves_webhooks_and_nothing_else) {
  EXPECT_EQ(post("/webhook/tradingview", "secret=swordfish-swordfish;action=buy;ticker=AAPL;qty=1"), "200");
  EXPECT_EQ(post("/webhook/tradingview", "secret=wrong;action=buy;ticker=AAPL;qty=1"), "401");
  for (const auto* path : {"/health", "/api/orders", "/api/v1/webhooks", "/stream"}) {
    const auto got = run("curl -s -o /dev/null -w '%{http_code}' --cacert " + keys->file("ca.pem") + " https://127.0.0.1:" + std::to_string(server->listen) + path);
    EXPECT_EQ(got, "404") << path;
  }
  EXPECT_EQ(http_line{server->listen}.ask("POST", "/webhook/tradingview", "x").status, 0) << "it speaks TLS";
}

TEST_F(webhook_listen, a_path_token_is_a_secret_over_tls_only) {
  const auto path = make_profile({});
  EXPECT_EQ(post(path, "buy AAPL 1"), "200");
  // the same path in the clear, seen as coming from elsewhere
  EXPECT_EQ(http_line{server->http}.ask("POST", path, "buy AAPL 2", "X-Forwarded-For: 203.0.113.9\r\n").status, 401);
}

TEST_F(webhook_listen, the_client_certificate_is_verified) {
  webhook::profile_change change;
  change.mtls = webhook::client_certificate::tradingview;
  const auto path = make_profile(change);
  EXPECT_EQ(post(path, "buy AAPL 1"), "401") << "none was shown";
  EXPECT_EQ(post(path, "buy AAPL 1", "forged"), "401") << "right name, unknown authority";
  EXPECT_EQ(post(path, "buy AAPL 1", "stranger"), "401") << "known authority, another organisation";
  EXPECT_EQ(post(path, "buy AAPL 1", "tradingview"), "200");
  // a header is no certificate
  EXPECT_EQ(post(path, "buy AAPL 2", "", "-H 'X-SSL-Client-Verify: SUCCESS' -H 'X-SSL-Client-S-DN: CN=TradingView Webhooks,O=TradingView\\, Inc.'"), "401");
  server->wait();
  EXPECT_EQ(server->desk->orders_made(), 1U);
}

TEST_F(webhook_listen, large_bodies_and_several_requests_on_one_connection) {
  const auto big = keys->file("big");
  write_file(big, std::string(16 * 1024 + 1, 'x'));
  EXPECT_EQ(run("curl -s -o /dev/null -w '%{http_code}' --cacert " + keys->file("ca.pem") + " --data-binary @" + big + " https://127.0.0.1:" +
                std::to_string(server->listen) + "/webhook/tradingview"), "413");
  const auto url = "https://127.0.0.1:" + std::to_string(server->listen) + "/webhook/tradingview";
  EXPECT_EQ(run("curl -s -o /dev/null -w '%{http_code} %{num_connects} ' --cacert " + keys->file("ca.pem") + " -d 'secret=swordfish-swordfish;note=1' " + url +
                " --next -s -o /dev/null -w '%{http_code} %{num_connects} ' --cacert " + keys->file("ca.pem") + " -d 'secret=swordfish-swordfish;note=2' " + url),
            "200 1 200 0 ");
}

TEST(webhook_listen_plain, without_keys_it_speaks_http) {
  webhook_setup setup;
  setup.listener = webhook_listener{"127.0.0.1", 0, {}, {}, {}};
  webhook_server server{setup};
  ASSERT_NE(server.listen, 0);
  EXPECT_EQ(http_line{server.listen}.ask("POST", "/webhook/tradingview", "buy AAPL 1").status, 200);
  EXPECT_EQ(http_line{server.listen}.ask("GET", "/health").status, 404);
}

TEST(webhook_listen_plain, a_key_that_can_not_be_read_is_named) {
  webhook_setup setup;
  setup.listener = webhook_listener{"127.0.0.1", 0, "/no/such/cert.pem", "/no/such/key.pem", {}};
  webhook_server server{setup};
  EXPECT_EQ(server.http, 0);
}

} // namespace
} // namespace tt::gateway::test
