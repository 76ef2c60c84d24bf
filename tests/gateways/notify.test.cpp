// Outgoing notices: URLs, addresses that may not be called, and whole deliveries to a local server of https.

#include "gateways/notify/https_notice_sender.hpp"
#include "gateways/notify/https_url.hpp"
#include "tests/gateways/support/tls_server.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>

namespace tt::gateway::test {
namespace {

using tt::test::tls_server;

// -- URLs

TEST(https_url, is_taken_apart) {
  const struct {
    const char* text;
    https_url parts;
  } cases[] = {
    {"https://hooks.example.org", {"hooks.example.org", 443, "/", https_url::host_kind::name}},
    {"HTTPS://Hooks.Example.ORG:8443/a/b?c=d#e", {"hooks.example.org", 8443, "/a/b?c=d", https_url::host_kind::name}},
    {"https://example.org?x=1", {"example.org", 443, "/?x=1", https_url::host_kind::name}},
    {"https://93.184.216.34/x", {"93.184.216.34", 443, "/x", https_url::host_kind::address}},
    {"https://[2606:2800:220:1::1]:444/x", {"2606:2800:220:1::1", 444, "/x", https_url::host_kind::address}},
    {"https://xn--bcher-kva.example/", {"xn--bcher-kva.example", 443, "/", https_url::host_kind::name}},
  };
  for (const auto& [text, parts] : cases) {
    const auto read = parse_https_url(text);
    ASSERT_TRUE(read) << text << ": " << to_string(read.error());
    EXPECT_EQ(*read, parts) << text;
  }
}

TEST(https_url, what_is_none_is_refused) {
  for (const std::string text :
       {"", "https://", "http://example.org/", "ftp://example.org/", "//example.org/", "https:/example.org", "https://user@example.org/",
        "https://user:pass@example.org/", "https://example.org@127.0.0.1/", "https://example.org:0/", "https://example.org:65536/",
        "https://example.org:8x/", "https://example.org:/", "https://exa mple.org/", "https://example.org/a b", "https://example.org/\r\nX: y",
        "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://127.1/", "https://0177.0.0.1/", "https://1.2.3.4.5/",
        "https://[::1/", "https://[::1]x/", "https://::1/", "https://[127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://-a.org/", "https://a..b/",
        "https://example.org\\@127.0.0.1/", "https://b\xc3\xbc" "cher.example/"})
    EXPECT_FALSE(parse_https_url(text)) << text;
  EXPECT_FALSE(parse_https_url("https://example.org/" + std::string(max_notice_url, 'x')));
}

// -- addresses

TEST(addresses, only_public_ones_are_global) {
  const struct {
    const char* address;
    address_class kind;
  } cases[] = {
    {"93.184.216.34", address_class::global},
    {"8.8.8.8", address_class::global},
    {"0.0.0.0", address_class::unspecified},
    {"0.1.2.3", address_class::unspecified},
    {"10.0.0.1", address_class::private_use},
    {"9.255.255.255", address_class::global},
    {"11.0.0.0", address_class::global},
    {"100.63.255.255", address_class::global},
    {"100.64.0.1", address_class::private_use},
    {"100.127.255.255", address_class::private_use},
    {"100.128.0.0", address_class::global},
    {"127.0.0.1", address_class::loopback},
    {"127.255.255.254", address_class::loopback},
    {"169.254.169.254", address_class::link_local},
    {"172.15.255.255", address_class::global},
    {"172.16.0.1", address_class::private_use},
    {"172.31.255.255", address_class::private_use},
    {"172.32.0.0", address_class::global},
    {"192.0.0.8", address_class::reserved},
    {"192.0.2.1", address_class::reserved},
    {"192.88.99.1", address_class::reserved},
    {"192.168.1.1", address_class::private_use},
    {"198.18.0.1", address_class::reserved},
    {"198.19.255.255", address_class::reserved},
    {"198.51.100.7", address_class::reserved},
    {"203.0.113.7", address_class::reserved},
    {"224.0.0.1", address_class::multicast},
    {"240.0.0.1", address_class::reserved},
    {"255.255.255.255", address_class::multicast},
    {"2606:2800:220:1:248:1893:25c8:1946", address_class::global},
    {"::", address_class::unspecified},
    {"::1", address_class::loopback},
    {"::ffff:127.0.0.1", address_class::loopback},
    {"::ffff:10.0.0.1", address_class::private_use},
    {"::ffff:169.254.169.254", address_class::link_local},
    {"::ffff:8.8.8.8", address_class::global},
    {"::127.0.0.1", address_class::loopback},
    {"::8.8.8.8", address_class::reserved},
    {"64:ff9b::7f00:1", address_class::loopback},
    {"64:ff9b::808:808", address_class::global},
    {"64:ff9b:1::808:808", address_class::reserved},
    {"2002:7f00:1::", address_class::loopback},
    {"2002:c0a8:101::1", address_class::private_use},
    {"2001::1", address_class::reserved},
    {"2001:db8::1", address_class::reserved},
    {"3fff::1", address_class::reserved},
    {"100::1", address_class::reserved},
    {"fc00::1", address_class::private_use},
    {"fdff::1", address_class::private_use},
    {"fe80::1", address_class::link_local},
    {"febf::1", address_class::link_local},
    {"fec0::1", address_class::private_use},
    {"ff02::1", address_class::multicast},
    {"4000::1", address_class::reserved},
  };
  for (const auto& [address, kind] : cases) EXPECT_EQ(classify(boost::asio::ip::make_address(address)), kind) << address;
}

TEST(addresses, the_owner_may_list_more) {
  const auto rules = outbound_rules::parse({"hooks.intern", "10.1.0.0/16", "::1"});
  ASSERT_TRUE(rules) << to_string(rules.error());
  const auto may = [&](const char* host, const char* address) { return rules->check(host, boost::asio::ip::make_address(address)).has_value(); };
  EXPECT_TRUE(may("hooks.intern", "192.168.1.5"));
  EXPECT_FALSE(may("other.intern", "192.168.1.5"));
  EXPECT_FALSE(may("x.hooks.intern", "192.168.1.5")) << "names below a name are others";
  EXPECT_TRUE(may("other.intern", "10.1.255.255"));
  EXPECT_FALSE(may("other.intern", "10.2.0.1"));
  EXPECT_TRUE(may("other.intern", "::1"));
  EXPECT_TRUE(may("example.org", "8.8.8.8"));
  const auto refused = rules->check("other.intern", boost::asio::ip::make_address("169.254.169.254"));
  EXPECT_EQ(refused.error().code, errc::refused);
  EXPECT_NE(refused.error().message.find("link-local"), std::string::npos);
  EXPECT_FALSE(outbound_rules::parse({"10.0.0.0/99"}));
  EXPECT_FALSE(outbound_rules::parse({"not a host"}));
}

// -- deliveries

class deliveries : public ::testing::Test {
protected:
  using addresses = std::vector<boost::asio::ip::address>;

  deliveries() {
    std::ofstream(folder.path("ca.pem")) << authority.certificate();
    names["good.test"] = {boost::asio::ip::make_address("127.0.0.1")};
  }
  /// A sender to whom names mean what `names` says; `good.test` is allowed.
  void start(std::vector<std::string> allowed = {"good.test"}, bool trusts = true) {
    notify_config config;
    config.allowed = std::move(allowed);
    if (trusts) config.ca_file = folder.path("ca.pem");
    config.lookup = [this](const std::string& host, const std::function<void(addresses)>& found) {
      const auto at = names.find(host);
      found(at == names.end() ? addresses{} : at->second);
    };
    auto made = https_notice_sender::make(std::move(config));
    ASSERT_TRUE(made) << to_string(made.error());
    sender = std::move(*made);
  }
  void serve(tls_server::answerer answer = [](const auto&) { return tls_server::say(200, "ok"); }, const std::string& certificate_for = "DNS:good.test") {
    server = std::make_unique<tls_server>(authority.issue(certificate_for), std::move(answer));
  }
  [[nodiscard]] notice to(const std::string& host, const std::string& path = "/hook") const {
    notice out;
    out.url = "https://" + host + ":" + std::to_string(server ? server->port() : 1) + path;
    out.body = R"({"x":1})";
    out.timeout = std::chrono::seconds{10};
    out.retry_delay = std::chrono::milliseconds{1};
    return out;
  }
  result<notice_receipt> deliver(notice what) {
    std::promise<result<notice_receipt>> got;
    sender->send(std::move(what), [&](result<notice_receipt> end) { got.set_value(std::move(end)); });
    return got.get_future().get();
  }

  tt::test::temporary_folder folder;
  tt::test::test_authority authority;
  std::map<std::string, addresses> names;
  std::unique_ptr<tls_server> server;
  std::unique_ptr<https_notice_sender> sender;
};

TEST_F(deliveries, a_notice_arrives_whole) {
  serve();
  start();
  auto what = to("good.test", "/hook?a=b");
  what.headers = {{"X-Alert-Id", "al-1"}, {"Content-Type", "text/plain"}};
  what.signing_key = "secret";
  const auto end = deliver(what);
  ASSERT_TRUE(end) << to_string(end.error());
  EXPECT_EQ(end->status, 200U);
  EXPECT_EQ(end->attempts, 1U);
  ASSERT_EQ(server->requests().size(), 1U);
  const auto seen = server->requests()[0];
  EXPECT_EQ(seen.method(), boost::beast::http::verb::post);
  EXPECT_EQ(seen.target(), "/hook?a=b");
  EXPECT_EQ(seen.body(), R"({"x":1})");
  EXPECT_EQ(seen["Host"], "good.test:" + std::to_string(server->port()));
  EXPECT_EQ(seen["X-Alert-Id"], "al-1");
  EXPECT_EQ(seen["Content-Type"], "text/plain");
  // printf '{"x":1}' | openssl dgst -sha256 -hmac secret
  EXPECT_EQ(seen["X-Webhook-Signature"], "sha256=83830743d86527ff1b7e251328e56b070f2c790ca81199bdf5c31ff65fc919eb");
  EXPECT_EQ(sender->figures().delivered, 1U);
}

TEST_F(deliveries, addresses_out_of_bounds_are_not_called) {
  serve();
  start({});
  names["mixed.test"] = {boost::asio::ip::make_address("8.8.8.8"), boost::asio::ip::make_address("10.0.0.1")};
  names["mapped.test"] = {boost::asio::ip::make_address("::ffff:127.0.0.1")};
  names["metadata.test"] = {boost::asio::ip::make_address("169.254.169.254")};
  for (const char* host : {"good.test", "mixed.test", "mapped.test", "metadata.test", "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost", "a.localhost"}) {
    const auto end = deliver(to(host));
    ASSERT_FALSE(end) << host;
    EXPECT_EQ(end.error().code, errc::refused) << host << ": " << to_string(end.error());
  }
  EXPECT_TRUE(server->requests().empty());
}

TEST_F(deliveries, check_says_so_before_anything_is_sent) {
  start();
  for (const char* url : {"https://127.0.0.1/", "https://[::1]/", "https://192.168.0.1/x", "https://169.254.169.254/latest", "https://localhost/",
                          "https://[::ffff:10.0.0.1]/", "https://0.0.0.0/"})
    EXPECT_EQ(sender->check(url).error().code, errc::refused) << url;
  for (const char* url : {"http://example.org/", "https://2130706433/", "nonsense"}) EXPECT_EQ(sender->check(url).error().code, errc::invalid_argument) << url;
  EXPECT_TRUE(sender->check("https://hooks.example.org/x"));
}

TEST_F(deliveries, a_certificate_of_another_name_is_not_trusted) {
  serve([](const auto&) { return tls_server::say(200); }, "DNS:other.test");
  start();
  const auto end = deliver(to("good.test"));
  ASSERT_FALSE(end);
  EXPECT_NE(end.error().message.find("certificate that is not trusted"), std::string::npos) << to_string(end.error());
  EXPECT_TRUE(server->requests().empty());
}

TEST_F(deliveries, a_certificate_of_an_unknown_authority_is_not_trusted) {
  serve();
  start({"good.test"}, false);
  const auto end = deliver(to("good.test"));
  ASSERT_FALSE(end);
  EXPECT_NE(end.error().message.find("certificate that is not trusted"), std::string::npos) << to_string(end.error());
  EXPECT_TRUE(server->requests().empty());
}

TEST_F(deliveries, an_address_is_proven_by_its_certificate_too) {
  serve([](const auto&) { return tls_server::say(204); }, "IP:127.0.0.1");
  start({"127.0.0.0/8"});
  const auto end = deliver(to("127.0.0.1"));
  ASSERT_TRUE(end) << to_string(end.error());
  EXPECT_EQ(end->status, 204U);
}

TEST_F(deliveries, a_redirect_is_not_followed) {
  serve([](const auto&) {
    auto out = tls_server::say(302);
    out.set("Location", "https://good.test/elsewhere");
    return out;
  });
  start();
  const auto end = deliver(to("good.test"));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, errc::refused);
  EXPECT_NE(end.error().message.find("redirects are not followed"), std::string::npos);
  EXPECT_EQ(server->requests().size(), 1U);
}

TEST_F(deliveries, what_may_pass_is_tried_again) {
  std::atomic<int> calls{0};
  serve([&](const auto&) { return tls_server::say(++calls < 3 ? 503 : 200); });
  start();
  const auto end = deliver(to("good.test"));
  ASSERT_TRUE(end) << to_string(end.error());
  EXPECT_EQ(end->attempts, 3U);
  EXPECT_EQ(sender->figures().retried, 2U);
}

TEST_F(deliveries, retries_have_an_end) {
  serve([](const auto&) { return tls_server::say(500); });
  start();
  auto what = to("good.test");
  what.retries = 2;
  const auto end = deliver(what);
  ASSERT_FALSE(end);
  EXPECT_NE(end.error().message.find("after 3 attempts"), std::string::npos) << to_string(end.error());
  EXPECT_EQ(server->requests().size(), 3U);
}

TEST_F(deliveries, a_refusal_of_the_receiver_is_final) {
  serve([](const auto&) { return tls_server::say(404); });
  start();
  const auto end = deliver(to("good.test"));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, errc::refused);
  EXPECT_EQ(end.error().message.find("/hook"), std::string::npos) << "paths may hold secrets";
  EXPECT_EQ(server->requests().size(), 1U);
}

TEST_F(deliveries, nobody_there_is_told) {
  start();
  names["good.test"] = {};
  auto what = to("good.test");
  what.retries = 1;
  const auto end = deliver(what);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, errc::not_available);
  EXPECT_NE(end.error().message.find("is no name that can be found"), std::string::npos) << to_string(end.error());
}

TEST_F(deliveries, a_silent_peer_ends_by_the_deadline) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent{io, {boost::asio::ip::address_v4::loopback(), 0}};
  start();
  auto what = to("good.test");
  what.url = "https://good.test:" + std::to_string(silent.local_endpoint().port()) + "/";
  what.timeout = std::chrono::milliseconds{100};
  what.retries = 0;
  const auto end = deliver(what);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, errc::timed_out) << to_string(end.error());
}

TEST_F(deliveries, a_name_server_that_never_answers_holds_nobody_up) {
  notify_config config;
  std::function<void(addresses)> kept;
  config.lookup = [&](const std::string&, std::function<void(addresses)> found) { kept = std::move(found); };
  sender = std::move(*https_notice_sender::make(std::move(config)));
  auto what = to("good.test");
  what.timeout = std::chrono::milliseconds{100};
  what.retries = 0;
  EXPECT_EQ(deliver(what).error().code, errc::timed_out);
  sender.reset();
  kept({boost::asio::ip::make_address("8.8.8.8")}); // an answer that comes after the end
}

TEST_F(deliveries, the_end_answers_everything_that_is_open) {
  notify_config config;
  config.lookup = [](const std::string&, const std::function<void(addresses)>&) {};
  sender = std::move(*https_notice_sender::make(std::move(config)));
  constexpr int many = 40; // more than run at once
  std::atomic<int> ended{0};
  for (int i = 0; i < many; ++i)
    sender->send(to("host" + std::to_string(i) + ".test"), [&](const result<notice_receipt>& end) {
      EXPECT_EQ(end.error().code, errc::not_available);
      ++ended;
    });
  sender->stop();
  EXPECT_EQ(ended, many);
  EXPECT_EQ(deliver(to("good.test")).error().code, errc::not_available) << "and nothing is taken any more";
}

TEST_F(deliveries, the_queue_is_bounded) {
  notify_config config;
  config.lookup = [](const std::string&, const std::function<void(addresses)>&) {};
  sender = std::move(*https_notice_sender::make(std::move(config)));
  std::atomic<int> refused{0};
  for (std::size_t i = 0; i < max_notices + 5; ++i)
    sender->send(to("good.test"), [&](const result<notice_receipt>& end) { refused += !end && end.error().code == errc::limit_exceeded; });
  EXPECT_EQ(refused, 5);
  sender->stop();
}

TEST_F(deliveries, what_can_not_be_sent_names_the_field) {
  start();
  const auto with = [&](auto change) {
    auto out = to("good.test");
    change(out);
    return deliver(out).error();
  };
  EXPECT_EQ(with([](auto& n) { n.body = std::string(max_notice_body + 1, 'x'); }).field, "body");
  EXPECT_EQ(with([](auto& n) { n.headers = {{"Bad Name", "x"}}; }).field, "headers");
  EXPECT_EQ(with([](auto& n) { n.headers = {{"X-A", "x\r\nY: z"}}; }).field, "headers.X-A");
  EXPECT_EQ(with([](auto& n) { n.headers = {{"hOst", "x"}}; }).field, "headers.hOst");
  EXPECT_EQ(with([](auto& n) { n.headers.assign(max_notice_headers + 1, {"X-A", "x"}); }).field, "headers");
  EXPECT_EQ(with([](auto& n) { n.timeout = std::chrono::minutes{2}; }).field, "timeout");
  EXPECT_EQ(with([](auto& n) { n.retries = 11; }).field, "retries");
}

TEST(notify_config, wrong_settings_name_the_key) {
  EXPECT_EQ(https_notice_sender::make({.allowed = {"10.0.0.0/99"}}).error().field, "NOTICE_ALLOW");
  EXPECT_EQ(https_notice_sender::make({.ca_file = "/no/such/file.pem"}).error().field, "NOTICE_CA_FILE");
}

} // namespace
} // namespace tt::gateway::test
