#pragma once

// Who may send alerts by which address, and what they may do. Pure.

#include "actors/model/decimal.hpp"
#include "actors/model/names.hpp"
#include "actors/model/order_enums.hpp"
#include "actors/model/order_ids.hpp"
#include "actors/model/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::webhook {

/// Most profiles of a node, symbols of one scope, entries of one allow list.
inline constexpr std::size_t max_profiles = 200;
inline constexpr std::size_t max_scope_symbols = 500;
inline constexpr std::size_t max_allowed_networks = 100;

/// Which of its own position a profile trusts.
enum class sync_mode : std::uint8_t {
  order,    ///< each alert is an order
  position, ///< each alert says what is held now; the difference is traded
};
/// What happens where prev_market_position disagrees with the own position.
enum class out_of_step_rule : std::uint8_t { refuse, warn };
/// Whether a client must show TradingView's certificate.
enum class client_certificate : std::uint8_t { ignored, tradingview };
/// Whether a profile came from the settings (and can't be changed by the API) or from the API.
enum class profile_source : std::uint8_t { settings, api };
} // namespace tt::webhook
template <>
struct tt::names_of<tt::webhook::sync_mode> {
  static constexpr std::array<std::string_view, 2> value{"order", "position"};
};
template <>
struct tt::names_of<tt::webhook::out_of_step_rule> {
  static constexpr std::array<std::string_view, 2> value{"refuse", "warn"};
};
namespace tt::webhook {

/// A text that can be compared but not read: SHA-256 of salt and text.
struct secret_digest {
  std::string salt; ///< hex; "" where the text has 128 random bits of its own
  std::string hash; ///< 64 hex digits; "": none

  [[nodiscard]] bool is_set() const { return !hash.empty(); }
  bool operator==(const secret_digest&) const = default;
};
secret_digest digest_of(std::string_view text, std::string_view salt);
/// Constant time for any `text`.
bool matches(const secret_digest& kept, std::string_view text);

/// Every rule that is set must pass.
struct profile_rules {
  secret_digest body_secret;
  std::string hmac_key; ///< "": none. Kept as it is: a MAC can't be computed from a digest
  std::vector<std::string> ip_allow; ///< addresses, networks in CIDR form, or "tradingview"; empty: all
  client_certificate mtls = client_certificate::ignored;

  bool operator==(const profile_rules&) const = default;
};

struct profile_scope {
  std::vector<std::string> symbols; ///< tickers of the master; empty: all
  std::optional<decimal> max_quantity;
  std::vector<direction> sides;     ///< empty: both. Closing orders pass always

  bool operator==(const profile_scope&) const = default;
};

struct webhook_profile {
  std::string id;   ///< "wp-…"; "default" for the one from the settings
  std::string name;
  account_id account;
  account_mode mode = account_mode::paper; ///< of that account, when the profile was made
  strategy_id strategy; ///< empty: the alert's own, else one made from the profile's id
  profile_rules rules;
  profile_scope scope;
  std::chrono::seconds freshness{60};
  sync_mode sync = sync_mode::order;
  out_of_step_rule out_of_step = out_of_step_rule::refuse;
  std::optional<std::chrono::seconds> expect_every;
  secret_digest path_token;
  profile_source source = profile_source::api;
  utc_time created_at{}, updated_at{};

  /// Whether anything but the address says who may post (b, c or e).
  [[nodiscard]] bool has_secret() const {
    return rules.body_secret.is_set() || !rules.hmac_key.empty() || rules.mtls == client_certificate::tradingview;
  }
  bool operator==(const webhook_profile&) const = default;
};

/// The addresses TradingView posts from (its support article 43000529348).
inline constexpr std::array<std::string_view, 4> tradingview_addresses{"52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"};

/// Checks a profile as a whole. Errors: invalid_argument or out_of_range, naming the field as the API spells it.
result<void> check_profile(const webhook_profile& what);

/// Whether an address (IPv4 or IPv6, a mapped IPv4 counts as such) is in a list of addresses, networks and presets.
bool address_in(const std::vector<std::string>& list, std::string_view address);

/// For the store; `read` gives what `write` was given. Errors: corrupt_data.
std::string write_profile(const webhook_profile& what);
result<webhook_profile> read_profile(std::string_view json);

} // namespace tt::webhook
