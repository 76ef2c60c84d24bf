#include "gateways/http/peer_rules.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace tt::gateway {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code failed;
  auto out = ip::make_address(std::string{text}, failed);
  if (failed) return std::nullopt;
  if (out.is_v6() && out.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, out.to_v6());
  return out;
}

std::vector<unsigned char> bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto raw = address.to_v4().to_bytes();
    return {raw.begin(), raw.end()};
  }
  const auto raw = address.to_v6().to_bytes();
  return {raw.begin(), raw.end()};
}

/// "1.2.3.4:567" and "[::1]:80" without port, quotes and brackets.
std::string_view bare_hop(std::string_view hop) {
  hop = trimmed(hop);
  if (hop.size() >= 2 && hop.front() == '"' && hop.back() == '"') hop = hop.substr(1, hop.size() - 2);
  if (!hop.empty() && hop.front() == '[') return hop.substr(1, std::min(hop.find(']'), hop.size()) - 1);
  if (std::count(hop.begin(), hop.end(), ':') == 1) hop = hop.substr(0, hop.find(':'));
  return hop;
}

void append_split(std::vector<std::string_view>& out, std::string_view list, char separator) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    out.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

/// All hops in the order in which they were appended.
std::vector<std::string_view> forwarded_hops(const header_list& headers) {
  std::vector<std::string_view> out;
  for (const auto& one : headers.all())
    if (iequals(one.name, "X-Forwarded-For")) append_split(out, one.value, ',');
  if (!out.empty()) return out;
  std::vector<std::string_view> elements;
  for (const auto& one : headers.all())
    if (iequals(one.name, "Forwarded")) append_split(elements, one.value, ',');
  for (const auto element : elements) {
    std::vector<std::string_view> pairs;
    append_split(pairs, element, ';');
    for (const auto pair : pairs) {
      const auto text = trimmed(pair);
      if (iequals(text.substr(0, 4), "for=")) out.push_back(text.substr(4));
    }
  }
  return out;
}

} // namespace

bool is_loopback_address(std::string_view address) {
  const auto parsed = parse_address(address);
  return parsed && parsed->is_loopback();
}

bool is_loopback_host(std::string_view host) { return iequals(host, "localhost") || is_loopback_address(host); }

result<network_list> network_list::parse(const std::vector<std::string>& entries) {
  network_list out;
  for (const auto& entry : entries) {
    const std::string_view text = trimmed(entry);
    if (text.empty()) continue;
    const auto slash = std::min(text.find('/'), text.size());
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return error{errc::invalid_argument, "not an IP address or network: \"" + entry + "\""};
    network added{bytes_of(*address), 0};
    const auto bits = static_cast<unsigned>(added.bytes.size() * 8);
    added.prefix = bits;
    if (slash < text.size()) {
      const auto* end = text.data() + text.size();
      const auto [stop, code] = std::from_chars(text.data() + slash + 1, end, added.prefix);
      if (code != std::errc{} || stop != end || added.prefix > bits)
        return error{errc::invalid_argument, "bad prefix length: \"" + entry + "\""};
    }
    out.networks_.push_back(std::move(added));
  }
  return out;
}

bool network_list::contains(std::string_view address) const {
  const auto parsed = parse_address(address);
  if (!parsed) return false;
  const auto bytes = bytes_of(*parsed);
  return std::any_of(networks_.begin(), networks_.end(), [&](const network& one) {
    if (one.bytes.size() != bytes.size()) return false;
    for (unsigned bit = 0; bit < one.prefix; ++bit) {
      const auto mask = static_cast<unsigned char>(0x80U >> (bit % 8));
      if ((one.bytes[bit / 8] & mask) != (bytes[bit / 8] & mask)) return false;
    }
    return true;
  });
}

std::string client_address(std::string_view peer, const header_list& headers, const network_list& trusted) {
  std::string current{peer};
  if (trusted.empty() || !trusted.contains(current)) return current;
  const auto hops = forwarded_hops(headers);
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const auto address = parse_address(bare_hop(*hop));
    if (!address) return current;
    current = address->to_string();
    if (!trusted.contains(current)) return current;
  }
  return current;
}

std::string host_name(std::string_view authority) {
  authority = trimmed(authority);
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return {};
    port = authority.substr(end + 1);
    authority = authority.substr(1, end - 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
  }
  if (!port.empty()) {
    const bool digits = std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (port.front() != ':' || !digits || port.size() > 6) return {};
  }
  if (authority.find_first_of("@/?# ") != std::string_view::npos) return {};
  std::string out = to_lower(authority);
  if (!out.empty() && out.back() == '.') out.pop_back(); // a fully qualified name
  return out;
}

host_rules::host_rules(std::string_view bound_host, const std::vector<std::string>& extra)
    : names_{"localhost", "127.0.0.1", "::1"} {
  const std::string bound = to_lower(bound_host);
  if (!bound.empty() && bound != "0.0.0.0" && bound != "::") names_.push_back(bound);
  for (const auto& one : extra)
    if (auto name = host_name(one); !name.empty()) names_.push_back(std::move(name));
}

bool host_rules::allows(std::string_view authority) const {
  const std::string name = host_name(authority);
  return !name.empty() && std::find(names_.begin(), names_.end(), name) != names_.end();
}

origin_rules::origin_rules(std::vector<std::string> listed) : listed_(std::move(listed)) {
  for (auto& one : listed_) {
    one = to_lower(trimmed(one));
    while (!one.empty() && one.back() == '/') one.pop_back();
  }
  std::erase_if(listed_, [](const std::string& one) { return one.empty() || one == "*" || one == "null"; });
}

origin_kind origin_rules::classify(const header_list& headers) const {
  const auto* origin = headers.find("Origin");
  if (origin == nullptr) return origin_kind::none;
  if (headers.count("Origin") > 1) return origin_kind::foreign;
  const std::string text = to_lower(trimmed(*origin));
  if (std::find(listed_.begin(), listed_.end(), text) != listed_.end()) return origin_kind::allowed;
  const auto* host = headers.find("Host");
  if (host != nullptr && !host->empty() && (text == "http://" + to_lower(*host) || text == "https://" + to_lower(*host)))
    return origin_kind::own;
  return origin_kind::foreign;
}

bool is_cross_site(origin_kind origin, const header_list& headers) {
  if (origin == origin_kind::foreign) return true;
  if (origin != origin_kind::none) return false; // an explicit, listed origin outranks the hint
  const auto* site = headers.find("Sec-Fetch-Site");
  return site != nullptr && iequals(trimmed(*site), "cross-site");
}

} // namespace tt::gateway
