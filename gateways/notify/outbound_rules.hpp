#pragma once

// Which addresses the node may call on behalf of its users: public ones, and those
// that its owner lists. A URL from a user must not reach what only the node can see.

#include "gateways/http/peer_rules.hpp"

#include <boost/asio/ip/address.hpp>

#include <functional>
#include <set>

namespace tt::gateway {

/// What an address is for. IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) counts as that IPv4 address.
enum class address_class : std::uint8_t {
  global,
  unspecified,  ///< 0.0.0.0/8, ::
  loopback,
  link_local,
  private_use,  ///< RFC 1918, unique local, site local, carrier-grade NAT
  multicast,    ///< and broadcast
  reserved,     ///< documentation, benchmarks, protocol assignments, everything unassigned
};

std::string_view to_string(address_class what) noexcept;
/// Sources: the special-purpose registries of IANA (RFC 6890 and its updates).
address_class classify(const boost::asio::ip::address& address);

class outbound_rules {
public:
  outbound_rules() = default;
  /// Entries are host names, addresses and networks (10.0.0.0/8). Errors: invalid_argument, naming the entry.
  static result<outbound_rules> parse(const std::vector<std::string>& allowed);

  /// Whether everything behind this name may be called.
  [[nodiscard]] bool lists(std::string_view host) const { return names_.contains(std::string(host)); }
  /// Whether `address`, to which `host` was resolved, may be called. Errors: refused, saying what kind it is.
  [[nodiscard]] result<void> check(std::string_view host, const boost::asio::ip::address& address) const;

private:
  std::set<std::string> names_;
  network_list networks_;
};

/// Whether a host, as a URL names it, is on the list: for checks that ask no name server. Errors: as outbound_rules::parse.
result<std::function<bool(const std::string& host)>> listed_hosts(const std::vector<std::string>& allowed);

} // namespace tt::gateway
