// URLs of outgoing notices: what is taken apart and put together again is the same, and no host is one that a resolver
// reads as an address in disguise.

#include "gateways/notify/https_url.hpp"
#include "gateways/notify/outbound_rules.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::gateway;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto read = parse_https_url(text);
  if (!read) return 0;
  const bool is_v6 = read->host.find(':') != std::string::npos;
  const auto whole = "https://" + (is_v6 ? "[" + read->host + "]" : read->host) + ":" + std::to_string(read->port) + read->target;
  if (whole.size() > max_notice_url) return 0;
  const auto again = parse_https_url(whole);
  TT_ASSERT(again && *again == *read);
  for (const char c : read->host + read->target) TT_ASSERT(c > 0x20 && c < 0x7f);
  boost::system::error_code none;
  const auto address = boost::asio::ip::make_address(read->host, none);
  TT_ASSERT((read->kind == https_url::host_kind::address) == !none);
  if (!none) static_cast<void>(classify(address));
  return 0;
}
