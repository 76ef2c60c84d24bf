#include "actors/alerts/webhook/profile.hpp"

#include "actors/alerts/webhook/crypto.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace tt::webhook {

namespace {

using nlohmann::json;

constexpr std::size_t max_name = 64;
constexpr std::size_t max_secret = 200;
constexpr std::string_view preset = "tradingview";

struct address_bytes {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0; ///< 4 or 16; 0: no address
};

address_bytes parse_address(std::string_view text) {
  address_bytes out;
  const std::string terminated{text};
  if (inet_pton(AF_INET, terminated.c_str(), out.bytes.data()) == 1) {
    out.size = 4;
  } else if (inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) {
    out.size = 16;
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::equal(mapped.begin(), mapped.end(), out.bytes.begin())) {
      std::copy(out.bytes.begin() + 12, out.bytes.end(), out.bytes.begin());
      out.size = 4;
    }
  }
  return out;
}

struct network {
  address_bytes base;
  std::size_t prefix = 0;
};

std::optional<network> parse_network(std::string_view entry) {
  const auto slash = std::min(entry.find('/'), entry.size());
  network out{parse_address(entry.substr(0, slash)), 0};
  if (out.base.size == 0) return std::nullopt;
  out.prefix = out.base.size * 8;
  if (slash == entry.size()) return out;
  const auto* end = entry.data() + entry.size();
  const auto [stop, code] = std::from_chars(entry.data() + slash + 1, end, out.prefix);
  if (code != std::errc{} || stop != end || out.prefix > out.base.size * 8) return std::nullopt;
  return out;
}

bool contains(const network& what, const address_bytes& address) {
  if (what.base.size != address.size) return false;
  for (std::size_t bit = 0; bit < what.prefix; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80U >> (bit % 8));
    if ((what.base.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

error bad(std::string field, std::string what, errc code = errc::invalid_argument) { return {code, std::move(what), std::move(field)}; }

json digest_json(const secret_digest& what) { return {{"salt", what.salt}, {"hash", what.hash}}; }
secret_digest read_digest(const json& from) { return {from.at("salt").get<std::string>(), from.at("hash").get<std::string>()}; }

} // namespace

secret_digest digest_of(std::string_view text, std::string_view salt) {
  return {std::string{salt}, sha256_hex(std::string{salt} + "|" + std::string{text})};
}

bool matches(const secret_digest& kept, std::string_view text) {
  return kept.is_set() && equal_in_constant_time(kept.hash, digest_of(text, kept.salt).hash);
}

bool address_in(const std::vector<std::string>& list, std::string_view address) {
  const auto parsed = parse_address(address);
  if (parsed.size == 0) return false;
  return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
    if (entry == preset)
      return std::any_of(tradingview_addresses.begin(), tradingview_addresses.end(),
                         [&](std::string_view one) { return contains(*parse_network(one), parsed); });
    const auto known = parse_network(entry);
    return known && contains(*known, parsed);
  });
}

result<void> check_profile(const webhook_profile& what) {
  if (what.name.empty() || what.name.size() > max_name) return bad("name", "must have 1 to 64 bytes");
  if (what.account.empty()) return bad("account_id", "is required");
  if (what.rules.hmac_key.size() > max_secret) return bad("rules.hmac_key", "may have at most 200 bytes");
  if (!what.rules.hmac_key.empty() && what.rules.hmac_key.size() < 16) return bad("rules.hmac_key", "must have at least 16 bytes");
  if (what.rules.ip_allow.size() > max_allowed_networks) return bad("rules.ip_allow", "has more than 100 entries", errc::out_of_range);
  for (const auto& one : what.rules.ip_allow)
    if (one != preset && !parse_network(one)) return bad("rules.ip_allow", tt::in_quotes(one) + " is no address, network or \"tradingview\"");
  if (what.scope.symbols.size() > max_scope_symbols) return bad("scope.symbols", "has more than 500 entries", errc::out_of_range);
  if (what.scope.max_quantity && !what.scope.max_quantity->is_positive()) return bad("scope.max_quantity", "must be above 0", errc::out_of_range);
  if (what.freshness < std::chrono::seconds{1} || what.freshness > std::chrono::hours{24}) return bad("freshness_s", "must be 1 to 86400", errc::out_of_range);
  if (what.expect_every && (*what.expect_every < std::chrono::seconds{1} || *what.expect_every > std::chrono::days{31}))
    return bad("expect_every_s", "must be 1 to 2678400", errc::out_of_range);
  return {};
}

std::string write_profile(const webhook_profile& what) {
  json out{{"id", what.id},
           {"name", what.name},
           {"account", what.account.str()},
           {"mode", to_string(what.mode)},
           {"strategy", what.strategy.str()},
           {"body_secret", digest_json(what.rules.body_secret)},
           {"hmac_key", what.rules.hmac_key},
           {"ip_allow", what.rules.ip_allow},
           {"mtls", what.rules.mtls == client_certificate::tradingview},
           {"symbols", what.scope.symbols},
           {"freshness_s", what.freshness.count()},
           {"sync", to_string(what.sync)},
           {"out_of_step", to_string(what.out_of_step)},
           {"path_token", digest_json(what.path_token)},
           {"created_ms", unix_ms(what.created_at)},
           {"updated_ms", unix_ms(what.updated_at)}};
  out["sides"] = json::array();
  for (const auto side : what.scope.sides) out["sides"].push_back(to_string(side));
  if (what.scope.max_quantity) out["max_quantity"] = what.scope.max_quantity->to_string();
  if (what.expect_every) out["expect_every_s"] = what.expect_every->count();
  return out.dump();
}

result<webhook_profile> read_profile(std::string_view text) {
  const error damaged{errc::corrupt_data, "a kept webhook profile can't be read"};
  try {
    const auto from = json::parse(text);
    webhook_profile out;
    out.id = from.at("id").get<std::string>();
    out.name = from.at("name").get<std::string>();
    out.account = account_id{from.at("account").get<std::string>()};
    out.strategy = strategy_id{from.at("strategy").get<std::string>()};
    out.rules.body_secret = read_digest(from.at("body_secret"));
    out.rules.hmac_key = from.at("hmac_key").get<std::string>();
    out.rules.ip_allow = from.at("ip_allow").get<std::vector<std::string>>();
    out.rules.mtls = from.at("mtls").get<bool>() ? client_certificate::tradingview : client_certificate::ignored;
    out.scope.symbols = from.at("symbols").get<std::vector<std::string>>();
    out.freshness = std::chrono::seconds{from.at("freshness_s").get<std::int64_t>()};
    out.path_token = read_digest(from.at("path_token"));
    out.created_at = from_unix_ms(from.at("created_ms").get<std::int64_t>());
    out.updated_at = from_unix_ms(from.at("updated_ms").get<std::int64_t>());
    const auto mode = parse_name<account_mode>(from.at("mode").get<std::string>(), "mode");
    const auto sync = parse_name<sync_mode>(from.at("sync").get<std::string>(), "sync");
    const auto step = parse_name<out_of_step_rule>(from.at("out_of_step").get<std::string>(), "out_of_step");
    if (!mode || !sync || !step) return damaged;
    out.mode = *mode;
    out.sync = *sync;
    out.out_of_step = *step;
    for (const auto& one : from.at("sides")) {
      const auto side = parse_name<direction>(one.get<std::string>(), "sides");
      if (!side) return damaged;
      out.scope.sides.push_back(*side);
    }
    if (from.contains("max_quantity")) {
      const auto most = decimal::parse(from["max_quantity"].get<std::string>());
      if (!most) return damaged;
      out.scope.max_quantity = *most;
    }
    if (from.contains("expect_every_s")) out.expect_every = std::chrono::seconds{from["expect_every_s"].get<std::int64_t>()};
    return out;
  } catch (const json::exception&) {
    return damaged;
  }
}

} // namespace tt::webhook
