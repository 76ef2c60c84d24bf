#include "gateways/auth/principal.hpp"

namespace tt::gateway {

std::string_view to_string(role r) noexcept {
  switch (r) {
  case role::viewer: return "viewer";
  case role::trader: return "trader";
  case role::admin: return "admin";
  case role::none: break;
  }
  return "";
}

} // namespace tt::gateway
