#include "actors/alerts/webhook/authenticate.hpp"

#include "actors/alerts/webhook/crypto.hpp"
#include "actors/alerts/webhook/signal.hpp"

#include <algorithm>

namespace tt::webhook {

namespace {

constexpr std::size_t max_nonce = 128;

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_secret_given(const webhook_profile& profile, const webhook_post& post, const std::optional<std::string>& body_secret) {
  // both are compared, so that the time doesn't tell where the secret was looked for
  const bool by_header = matches(profile.rules.body_secret, post.secret.value_or(""));
  const bool by_body = matches(profile.rules.body_secret, body_secret.value_or(""));
  return (post.secret && by_header) || (body_secret && by_body);
}

std::optional<auth_fault> check_signature(const webhook_profile& profile, const webhook_post& post, const nonce_book& nonces, utc_time now) {
  if (!post.signature) return auth_fault::signature;
  auto given = lower(*post.signature);
  if (given.starts_with("sha256=")) given.erase(0, 7);
  const bool has_nonce = post.mac_timestamp || post.nonce;
  if (has_nonce && !(post.mac_timestamp && post.nonce)) return auth_fault::signature;
  const auto text = has_nonce ? *post.mac_timestamp + "." + *post.nonce + "." + post.body : post.body;
  if (!equal_in_constant_time(hmac_sha256_hex(profile.rules.hmac_key, text), given)) return auth_fault::signature;
  if (!has_nonce) return std::nullopt;
  if (post.nonce->empty() || post.nonce->size() > max_nonce) return auth_fault::signature;
  const auto at = parse_alert_time(*post.mac_timestamp);
  if (!at || *at < now - profile.freshness || *at > now + profile.freshness) return auth_fault::replay;
  if (nonces.is_full() || nonces.knows(profile.id + "|" + *post.nonce, now)) return auth_fault::replay;
  return std::nullopt;
}

} // namespace

bool nonce_book::knows(std::string_view nonce, utc_time now) const {
  const auto found = seen_.find(nonce);
  return found != seen_.end() && found->second >= now;
}

void nonce_book::remember(std::string nonce, utc_time now, std::chrono::seconds keep) {
  if (seen_.size() >= max_nonces / 2) std::erase_if(seen_, [&](const auto& one) { return one.second < now; });
  seen_.insert_or_assign(std::move(nonce), now + keep);
}

bool is_tradingview(const client_identity& who) {
  constexpr std::string_view address = "webhook-server@tradingview.com";
  if (who.common_name != "TradingView Webhooks" || who.organization != "TradingView, Inc.") return false;
  if (who.emails.empty()) return who.seen_by == client_identity::witness::proxy;
  return std::find(who.emails.begin(), who.emails.end(), address) != who.emails.end();
}

std::optional<auth_fault> authenticate(const webhook_profile& profile, const webhook_post& post, const std::optional<std::string>& body_secret,
                                       const nonce_book& nonces, utc_time now) {
  const auto& rules = profile.rules;
  if (!rules.ip_allow.empty() && !address_in(rules.ip_allow, post.client)) return auth_fault::address;
  if (rules.body_secret.is_set() && !is_secret_given(profile, post, body_secret)) return auth_fault::secret;
  if (!rules.hmac_key.empty())
    if (const auto fault = check_signature(profile, post, nonces, now)) return fault;
  if (rules.mtls == client_certificate::tradingview && !(post.certificate && is_tradingview(*post.certificate))) return auth_fault::certificate;
  if (profile.has_secret()) return std::nullopt;
  const bool is_addressed_in_secret = !post.path_token.empty() && post.link == post_link::tls;
  if (is_addressed_in_secret) return std::nullopt;
  if (post.origin == post_origin::remote) return auth_fault::no_rule;
  return profile.mode == account_mode::paper ? std::nullopt : std::optional{auth_fault::live_account};
}

} // namespace tt::webhook
