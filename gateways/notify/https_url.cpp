#include "gateways/notify/https_url.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace tt::gateway {

namespace {

error bad(std::string why) { return {errc::invalid_argument, std::move(why), "webhook_url"}; }

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Letters, digits and hyphens between dots; the last label is no number.
bool is_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  std::string_view last;
  while (true) {
    const auto dot = name.find('.');
    last = name.substr(0, dot);
    if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-') return false;
    if (!std::ranges::all_of(last, [](char c) { return is_alnum(c) || c == '-' || c == '_'; })) return false;
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  // "1", "0x7f": resolvers read these as addresses
  const bool is_number = std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; }) || last.starts_with("0x");
  return !is_number;
}

} // namespace

result<https_url> parse_https_url(std::string_view text) {
  if (text.size() > max_notice_url) return bad("must have at most " + std::to_string(max_notice_url) + " bytes");
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f; }))
    return bad("must be printable ASCII without blanks");
  constexpr std::string_view scheme = "https://";
  std::string lower(text.substr(0, scheme.size()));
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower != scheme) return bad("must begin with https://");
  text.remove_prefix(scheme.size());
  text = text.substr(0, text.find('#'));
  const auto end = std::min(text.find_first_of("/?\\"), text.size());
  auto authority = text.substr(0, end);
  https_url out;
  out.target = std::string(text.substr(end));
  if (out.target.find('\\') != std::string::npos) return bad("has a backslash");
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return bad("must not hold a user name");
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad("has no ] behind its address");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return bad("has something else than a port behind its address");
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [stop, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (failed != std::errc{} || stop != port.data() + port.size() || out.port == 0) return bad("has no port between 1 and 65535");
  }
  out.host = std::string(host);
  std::ranges::transform(out.host, out.host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(out.host, no_address);
  if (!no_address) {
    if (address.is_v6() != authority.starts_with('[')) return bad("must have an IPv6 address in brackets");
    if (out.host.find('%') != std::string::npos) return bad("must not name a network interface");
    out.kind = https_url::host_kind::address;
    return out;
  }
  if (authority.starts_with('[') || !is_host_name(out.host)) return bad("has no host that can be asked: " + in_quotes(host));
  return out;
}

} // namespace tt::gateway
