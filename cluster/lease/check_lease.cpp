#include "cluster/lease/lease_store.hpp"

namespace tt::cluster {

result<void> check_lease(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours{24};
  const auto bad_text = [](const std::string& text) {
    return text.empty() || text.size() > max_lease_name || text.find('\0') != std::string::npos;
  };
  if (bad_text(name)) return error{errc::invalid_argument, "must be 1 to 255 bytes", "name"};
  if (bad_text(holder)) return error{errc::invalid_argument, "must be 1 to 255 bytes", "holder"};
  if (ttl.count() <= 0 || ttl > longest) return error{errc::invalid_argument, "must be 1 ms to 24 h", "ttl"};
  return {};
}

} // namespace tt::cluster
