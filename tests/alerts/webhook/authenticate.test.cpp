// The ladder of rules: every configured one must pass, and nothing else may help.

#include "actors/alerts/webhook/authenticate.hpp"
#include "tests/alerts/webhook/support.hpp"

namespace tt::webhook::test {
namespace {

webhook_post remote_post(std::string body = "buy AAPL 1") {
  webhook_post out;
  out.body = std::move(body);
  out.client = "203.0.113.9";
  return out;
}

std::optional<auth_fault> judge_post(const webhook_profile& profile, const webhook_post& post, const std::optional<std::string>& secret = std::nullopt) {
  const nonce_book nonces;
  return authenticate(profile, post, secret, nonces, noon);
}

TEST(webhook_auth, without_any_rule_only_loopback_and_only_on_paper) {
  auto profile = open_profile();
  EXPECT_EQ(judge_post(profile, remote_post()), auth_fault::no_rule);
  auto local = remote_post();
  local.origin = post_origin::loopback;
  EXPECT_EQ(judge_post(profile, local), std::nullopt);
  profile.mode = account_mode::live;
  EXPECT_EQ(judge_post(profile, local), auth_fault::live_account);
}

TEST(webhook_auth, path_token_counts_over_tls_only) {
  auto post = remote_post();
  post.path_token = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(judge_post(open_profile(), post), auth_fault::no_rule);
  post.link = post_link::tls;
  EXPECT_EQ(judge_post(open_profile(), post), std::nullopt);
}

TEST(webhook_auth, shared_secret_in_body_or_header) {
  auto profile = open_profile();
  profile.rules.body_secret = digest_of("correct horse", "salt");
  EXPECT_EQ(judge_post(profile, remote_post()), auth_fault::secret);
  EXPECT_EQ(judge_post(profile, remote_post(), "correct horsf"), auth_fault::secret);
  EXPECT_EQ(judge_post(profile, remote_post(), ""), auth_fault::secret);
  EXPECT_EQ(judge_post(profile, remote_post(), "correct horse"), std::nullopt);
  auto post = remote_post();
  post.secret = "correct horse";
  EXPECT_EQ(judge_post(profile, post), std::nullopt);
  post.secret = "Correct horse";
  EXPECT_EQ(judge_post(profile, post), auth_fault::secret);
  auto local = remote_post();
  local.origin = post_origin::loopback;
  EXPECT_EQ(judge_post(profile, local), auth_fault::secret) << "loopback does not replace a configured rule";
}

TEST(webhook_auth, hmac_in_every_spelling) {
  auto profile = open_profile();
  profile.rules.hmac_key = "0123456789abcdef0123456789abcdef";
  auto post = remote_post();
  auto mac = hmac_sha256_hex(profile.rules.hmac_key, post.body);
  EXPECT_EQ(judge_post(profile, post), auth_fault::signature);
  post.signature = mac;
  EXPECT_EQ(judge_post(profile, post), std::nullopt);
  post.signature = "sha256=" + mac;
  EXPECT_EQ(judge_post(profile, post), std::nullopt);
  for (auto& c : mac) c = static_cast<char>(std::toupper(c));
  post.signature = "SHA256=" + mac;
  EXPECT_EQ(judge_post(profile, post), std::nullopt);
  post.body += " ";
  EXPECT_EQ(judge_post(profile, post), auth_fault::signature);
}

TEST(webhook_auth, hmac_with_time_and_nonce_is_checked_for_replay) {
  auto profile = open_profile();
  profile.rules.hmac_key = "0123456789abcdef0123456789abcdef";
  const auto signed_post = [&](utc_time at, const std::string& nonce) {
    auto post = remote_post();
    post.mac_timestamp = std::to_string(unix_seconds(at));
    post.nonce = nonce;
    post.signature = hmac_sha256_hex(profile.rules.hmac_key, *post.mac_timestamp + "." + nonce + "." + post.body);
    return post;
  };
  nonce_book nonces;
  EXPECT_EQ(authenticate(profile, signed_post(noon, "n1"), std::nullopt, nonces, noon), std::nullopt);
  EXPECT_EQ(authenticate(profile, signed_post(noon - std::chrono::seconds{61}, "n2"), std::nullopt, nonces, noon), auth_fault::replay);
  EXPECT_EQ(authenticate(profile, signed_post(noon + std::chrono::seconds{61}, "n2"), std::nullopt, nonces, noon), auth_fault::replay);
  nonces.remember("default|n1", noon, std::chrono::seconds{120});
  EXPECT_EQ(authenticate(profile, signed_post(noon, "n1"), std::nullopt, nonces, noon), auth_fault::replay);
  auto half = signed_post(noon, "n3");
  half.nonce.reset();
  EXPECT_EQ(authenticate(profile, half, std::nullopt, nonces, noon), auth_fault::signature);
  auto moved = signed_post(noon, "n3");
  moved.mac_timestamp = std::to_string(unix_seconds(noon) + 1);
  EXPECT_EQ(authenticate(profile, moved, std::nullopt, nonces, noon), auth_fault::signature) << "the MAC covers the time";
}

TEST(webhook_auth, addresses) {
  EXPECT_TRUE(address_in({"tradingview"}, "52.89.214.238"));
  EXPECT_TRUE(address_in({"tradingview"}, "::ffff:52.32.178.7"));
  EXPECT_FALSE(address_in({"tradingview"}, "52.89.214.239"));
  EXPECT_TRUE(address_in({"10.1.0.0/16"}, "10.1.255.3"));
  EXPECT_FALSE(address_in({"10.1.0.0/16"}, "10.2.0.1"));
  EXPECT_TRUE(address_in({"2001:db8::/32"}, "2001:db8:1::5"));
  EXPECT_FALSE(address_in({"2001:db8::/32"}, "10.1.2.3"));
  EXPECT_FALSE(address_in({"0.0.0.0/0"}, "not an address"));
  auto profile = open_profile();
  profile.rules.ip_allow = {"tradingview"};
  profile.rules.body_secret = digest_of("correct horse", "salt");
  auto post = remote_post();
  EXPECT_EQ(judge_post(profile, post, "correct horse"), auth_fault::address);
  post.client = "34.212.75.30";
  EXPECT_EQ(judge_post(profile, post, "correct horse"), std::nullopt);
  EXPECT_EQ(judge_post(profile, post, "wrong"), auth_fault::secret) << "all rules must pass";
  profile.rules.body_secret = {};
  EXPECT_EQ(judge_post(profile, post), auth_fault::no_rule) << "an address alone is no secret";
}

TEST(webhook_auth, client_certificate_of_tradingview) {
  auto profile = open_profile();
  profile.rules.mtls = client_certificate::tradingview;
  auto post = remote_post();
  EXPECT_EQ(judge_post(profile, post), auth_fault::certificate);
  post.certificate = client_identity{"TradingView Webhooks", "TradingView, Inc.", {"webhook-server@tradingview.com"}};
  EXPECT_EQ(judge_post(profile, post), std::nullopt);
  post.certificate->emails = {"somebody@example.com"};
  EXPECT_EQ(judge_post(profile, post), auth_fault::certificate);
  post.certificate->emails.clear();
  EXPECT_EQ(judge_post(profile, post), auth_fault::certificate) << "our own listener sees the whole certificate";
  post.certificate->seen_by = client_identity::witness::proxy;
  EXPECT_EQ(judge_post(profile, post), std::nullopt) << "a proxy passes on the subject only";
  post.certificate = client_identity{"TradingView Webhooks", "Somebody", {}};
  EXPECT_EQ(judge_post(profile, post), auth_fault::certificate);
}

TEST(webhook_auth, profiles_are_checked_and_kept) {
  auto profile = open_profile();
  EXPECT_TRUE(check_profile(profile));
  const auto field = [](webhook_profile p, auto change) {
    change(p);
    const auto said = check_profile(p);
    return said ? std::string{} : said.error().field;
  };
  EXPECT_EQ(field(profile, [](auto& p) { p.name.clear(); }), "name");
  EXPECT_EQ(field(profile, [](auto& p) { p.account = {}; }), "account_id");
  EXPECT_EQ(field(profile, [](auto& p) { p.rules.hmac_key = "short"; }), "rules.hmac_key");
  EXPECT_EQ(field(profile, [](auto& p) { p.rules.ip_allow = {"10.0.0.0/33"}; }), "rules.ip_allow");
  EXPECT_EQ(field(profile, [](auto& p) { p.scope.max_quantity = dec("-1"); }), "scope.max_quantity");
  EXPECT_EQ(field(profile, [](auto& p) { p.freshness = std::chrono::seconds{0}; }), "freshness_s");
  EXPECT_EQ(field(profile, [](auto& p) { p.expect_every = std::chrono::seconds{0}; }), "expect_every_s");

  profile.source = profile_source::api;
  profile.strategy = strategy_id{"s"};
  profile.rules = {digest_of("x", "y"), "0123456789abcdef", {"tradingview", "10.0.0.0/8"}, client_certificate::tradingview};
  profile.scope = {{"AAPL"}, dec("2.5"), {direction::sell}};
  profile.sync = sync_mode::position;
  profile.out_of_step = out_of_step_rule::warn;
  profile.expect_every = std::chrono::seconds{90};
  profile.path_token = digest_of("token", "");
  profile.created_at = noon;
  const auto again = read_profile(write_profile(profile));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, profile);
  EXPECT_FALSE(read_profile("{}"));
  EXPECT_FALSE(read_profile("nonsense"));
}

} // namespace
} // namespace tt::webhook::test
