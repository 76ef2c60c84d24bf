#include "cluster/stops/end_probe.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <charconv>
#include <list>
#include <optional>
#include <string_view>

namespace tt::cluster {

namespace {

using boost::asio::ip::tcp;

std::optional<tcp::endpoint> address_of(std::string_view endpoint) {
  constexpr std::string_view scheme = "tcp://";
  const auto colon = endpoint.rfind(':');
  if (!endpoint.starts_with(scheme) || colon == std::string_view::npos || colon < scheme.size()) return {};
  auto host = endpoint.substr(scheme.size(), colon - scheme.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto digits = endpoint.substr(colon + 1);
  std::uint16_t port = 0;
  if (const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
      failed != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return {};
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host, failed);
  if (failed) return {};
  return tcp::endpoint{address, port};
}

} // namespace

std::set<std::string> refusing(const node_endpoints& nodes, std::chrono::milliseconds patience) {
  std::set<std::string> out;
  boost::asio::io_context loop{1};
  std::list<tcp::socket> sockets;
  for (const auto& [node, endpoint] : nodes) {
    const auto address = address_of(endpoint);
    if (!address) continue;
    sockets.emplace_back(loop).async_connect(*address, [&out, &node = node](const boost::system::error_code& failed) {
      if (failed == boost::asio::error::connection_refused) out.insert(node);
    });
  }
  loop.run_for(patience);
  return out;
}

caf::behavior end_prober(caf::event_based_actor*) {
  return {
    [](const end_question& what) { return end_answer{what.round, refusing(what.nodes)}; },
  };
}

} // namespace tt::cluster
