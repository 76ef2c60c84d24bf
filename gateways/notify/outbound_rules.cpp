#include "gateways/notify/outbound_rules.hpp"

#include "gateways/notify/https_url.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace tt::gateway {

namespace {

namespace ip = boost::asio::ip;

struct v4_block {
  std::uint32_t network;
  unsigned prefix;
  address_class kind;
};

constexpr std::uint32_t v4(unsigned a, unsigned b = 0, unsigned c = 0, unsigned d = 0) { return a << 24 | b << 16 | c << 8 | d; }

constexpr std::array<v4_block, 17> v4_blocks{{
  {v4(0), 8, address_class::unspecified},
  {v4(10), 8, address_class::private_use},
  {v4(100, 64), 10, address_class::private_use},
  {v4(127), 8, address_class::loopback},
  {v4(169, 254), 16, address_class::link_local},
  {v4(172, 16), 12, address_class::private_use},
  {v4(192, 0, 0), 24, address_class::reserved},
  {v4(192, 0, 2), 24, address_class::reserved},
  {v4(192, 31, 196), 24, address_class::reserved},
  {v4(192, 52, 193), 24, address_class::reserved},
  {v4(192, 88, 99), 24, address_class::reserved},
  {v4(192, 168), 16, address_class::private_use},
  {v4(198, 18), 15, address_class::reserved},
  {v4(198, 51, 100), 24, address_class::reserved},
  {v4(203, 0, 113), 24, address_class::reserved},
  {v4(224), 4, address_class::multicast},
  {v4(240), 4, address_class::reserved},
}};

address_class classify_v4(std::uint32_t address) {
  if (address == 0xffffffff) return address_class::multicast;
  for (const auto& block : v4_blocks)
    if ((address ^ block.network) >> (32 - block.prefix) == 0) return block.kind;
  return address_class::global;
}

using v6_bytes = ip::address_v6::bytes_type;

bool begins_with(const v6_bytes& bytes, std::initializer_list<unsigned> head) {
  return std::equal(head.begin(), head.end(), bytes.begin(), [](unsigned a, unsigned char b) { return a == b; });
}

std::uint32_t v4_at(const v6_bytes& bytes, std::size_t from) { return v4(bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]); }

address_class classify_v6(const v6_bytes& bytes) {
  constexpr std::size_t tail = 12;
  const bool head_is_zero = std::all_of(bytes.begin(), bytes.begin() + 10, [](unsigned char b) { return b == 0; });
  if (head_is_zero && bytes[10] == 0xff && bytes[11] == 0xff) return classify_v4(v4_at(bytes, tail)); // mapped
  if (head_is_zero && bytes[10] == 0 && bytes[11] == 0) {
    if (v4_at(bytes, tail) == 0) return address_class::unspecified;
    if (v4_at(bytes, tail) == 1) return address_class::loopback;
    const auto inner = classify_v4(v4_at(bytes, tail)); // the old compatible form leads nowhere public
    return inner == address_class::global ? address_class::reserved : inner;
  }
  if (begins_with(bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return classify_v4(v4_at(bytes, tail)); // NAT64
  if (begins_with(bytes, {0x20, 0x02})) return classify_v4(v4_at(bytes, 2));                                       // 6to4
  if (bytes[0] == 0xff) return address_class::multicast;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return address_class::link_local;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0) return address_class::private_use;
  if ((bytes[0] & 0xfe) == 0xfc) return address_class::private_use;
  if (begins_with(bytes, {0x20, 0x01}) && bytes[2] < 0x02) return address_class::reserved; // 2001::/23, Teredo among them
  if (begins_with(bytes, {0x20, 0x01, 0x0d, 0xb8})) return address_class::reserved;
  if (begins_with(bytes, {0x3f, 0xff}) && (bytes[2] & 0xf0) == 0) return address_class::reserved;
  return (bytes[0] & 0xe0) == 0x20 ? address_class::global : address_class::reserved; // only 2000::/3 is given out
}

} // namespace

std::string_view to_string(address_class what) noexcept {
  switch (what) {
  case address_class::global: return "a public address";
  case address_class::unspecified: return "an unspecified address";
  case address_class::loopback: return "a loopback address";
  case address_class::link_local: return "a link-local address";
  case address_class::private_use: return "a private address";
  case address_class::multicast: return "a multicast address";
  case address_class::reserved: return "a reserved address";
  }
  return "?";
}

address_class classify(const ip::address& address) {
  return address.is_v4() ? classify_v4(address.to_v4().to_uint()) : classify_v6(address.to_v6().to_bytes());
}

result<outbound_rules> outbound_rules::parse(const std::vector<std::string>& allowed) {
  outbound_rules out;
  std::vector<std::string> networks;
  for (const auto& entry : allowed) {
    const auto as_host = parse_https_url("https://" + entry + "/");
    if (as_host && as_host->kind == https_url::host_kind::name && as_host->port == 443 && as_host->target == "/" && entry.find(':') == std::string::npos)
      out.names_.insert(as_host->host);
    else networks.push_back(entry);
  }
  auto parsed = network_list::parse(networks);
  if (!parsed) return error{errc::invalid_argument, parsed.error().message, "NOTICE_ALLOW"};
  out.networks_ = std::move(*parsed);
  return out;
}

result<void> outbound_rules::check(std::string_view host, const ip::address& address) const {
  if (lists(host) || networks_.contains(address.to_string())) return {};
  const auto kind = classify(address);
  if (kind == address_class::global) return {};
  return error{errc::refused, std::string(host) + " is " + std::string(to_string(kind)) + "; notices go to public addresses and those in NOTICE_ALLOW only", "webhook_url"};
}

result<std::function<bool(const std::string& host)>> listed_hosts(const std::vector<std::string>& allowed) {
  auto rules = outbound_rules::parse(allowed);
  if (!rules) return rules.error();
  return std::function<bool(const std::string&)>([rules = std::move(*rules)](const std::string& host) {
    if (rules.lists(host)) return true;
    boost::system::error_code none;
    const auto address = ip::make_address(host, none);
    return !none && static_cast<bool>(rules.check(host, address));
  });
}

} // namespace tt::gateway
