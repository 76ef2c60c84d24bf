#pragma once

// Whether a post may speak for a profile: the ladder of http-api section 10. Pure.

#include "actors/alerts/webhook/profile.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::webhook {

/// How a post came in.
enum class post_link : std::uint8_t { plain, tls };
/// From this machine (and not passed on by a proxy), or not.
enum class post_origin : std::uint8_t { loopback, remote };

/// A client certificate whose chain was verified.
struct client_identity {
  std::string common_name;
  std::string organization;
  std::vector<std::string> emails; ///< of the subject alternative name; empty where a proxy passes on the subject only
  /// Who looked at the certificate: this process, which sees all of it, or a trusted proxy, which passes the subject on.
  enum class witness : std::uint8_t { listener, proxy } seen_by = witness::listener;

  bool operator==(const client_identity&) const = default;
};

/// One post as the gateway hands it over. Query strings never come this far.
struct webhook_post {
  std::string path_token; ///< "": the default profile
  std::string body;
  std::optional<std::string> secret, signature, mac_timestamp, nonce; ///< X-Webhook-Secret, -Signature, -Timestamp, -Nonce
  std::string client;     ///< address, trusted proxies looked through
  post_link link = post_link::plain;
  post_origin origin = post_origin::remote;
  std::optional<client_identity> certificate;
};

/// Nonces that were seen, for a time. Belongs to one thread.
class nonce_book {
public:
  /// Most nonces; above it new ones are refused, so that nobody can make the book forget.
  static constexpr std::size_t max_nonces = 100'000;

  [[nodiscard]] bool knows(std::string_view nonce, utc_time now) const;
  /// Forgets what is older than `keep`, then remembers.
  void remember(std::string nonce, utc_time now, std::chrono::seconds keep);
  [[nodiscard]] bool is_full() const { return seen_.size() >= max_nonces; }

private:
  std::map<std::string, utc_time, std::less<>> seen_; ///< and until when
};

/// Why a post may not pass. The caller is told one sentence for all of them; this is for logs and metrics.
enum class auth_fault : std::uint8_t { unknown_profile, no_rule, secret, signature, replay, address, certificate, live_account };
} // namespace tt::webhook
template <>
struct tt::names_of<tt::webhook::auth_fault> {
  static constexpr std::array<std::string_view, 8> value{"unknown_profile", "no_rule", "secret",      "signature",
                                                         "replay",          "address", "certificate", "live_account"};
};
namespace tt::webhook {

/// Judges by the rules of `profile`. `body_secret` is the secret found in the body, if the body could be read.
/// Nothing: it may pass.
std::optional<auth_fault> authenticate(const webhook_profile& profile, const webhook_post& post, const std::optional<std::string>& body_secret,
                                       const nonce_book& nonces, utc_time now);

/// Whether a certificate is the one TradingView shows: CN and organisation, and the address of its SAN, which
/// may be missing only where a proxy saw it.
bool is_tradingview(const client_identity& who);

} // namespace tt::webhook
