#pragma once

// Who is on the other side, and may a page of that origin talk to us: address,
// Host and Origin rules of http-api.md section 2. Pure functions of the headers.

#include "gateways/http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// 127.0.0.0/8, ::1, and the same as mapped IPv4.
bool is_loopback_address(std::string_view address);
/// As above, or the name "localhost".
bool is_loopback_host(std::string_view host);

/// Networks in CIDR form, or single addresses.
class network_list {
public:
  /// Errors: invalid_argument, naming the entry.
  static result<network_list> parse(const std::vector<std::string>& entries);
  [[nodiscard]] bool contains(std::string_view address) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }

private:
  struct network {
    std::vector<unsigned char> bytes; ///< 4 or 16
    unsigned prefix = 0;
  };
  std::vector<network> networks_;
};

/// The client's address: the socket's peer, unless that is a trusted proxy; then
/// the right-most hop of X-Forwarded-For (or Forwarded) that isn't one. A hop that
/// is not an address ends the walk at the proxy before it.
std::string client_address(std::string_view peer, const header_list& headers, const network_list& trusted);

/// A Host header or authority without its port, lower case, brackets removed;
/// empty when malformed.
std::string host_name(std::string_view authority);

/// Names a request's Host may have.
class host_rules {
public:
  /// Loopback names, the bound host, and `extra`; a bound wildcard address
  /// (0.0.0.0, ::) is no name.
  host_rules(std::string_view bound_host, const std::vector<std::string>& extra);
  [[nodiscard]] bool allows(std::string_view authority) const;

private:
  std::vector<std::string> names_;
};

/// What an Origin header says about a request.
enum class origin_kind : std::uint8_t {
  none,    ///< no Origin: not a browser, or a plain navigation
  own,     ///< the page came from this server
  allowed, ///< listed in CORS_ORIGINS
  foreign, ///< anybody else, "null" included
};

/// Compares with own origin (scheme and the request's Host) and the listed ones.
class origin_rules {
public:
  explicit origin_rules(std::vector<std::string> listed);
  [[nodiscard]] origin_kind classify(const header_list& headers) const;

private:
  std::vector<std::string> listed_;
};

/// Whether a state-changing request may have been sent by a foreign page.
bool is_cross_site(origin_kind origin, const header_list& headers);

} // namespace tt::gateway
