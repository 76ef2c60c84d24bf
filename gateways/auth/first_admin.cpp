#include "gateways/auth/first_admin.hpp"

#include "gateways/auth/identity_file.hpp"
#include "gateways/http/digest.hpp"
#include "gateways/store/durable_file.hpp"

#include <filesystem>

namespace tt::gateway {

result<std::optional<std::string>> make_first_admin(const std::string& folder, utc_time now, const secret_source& secrets) {
  identity_file file{folder};
  auto known = file.load();
  if (!known) return known.error();
  if (known->has_admin(now)) return std::optional<std::string>{};
  const auto path = (std::filesystem::path(folder) / first_admin_file).string();
  const auto secret = std::string(token_prefix) + secrets();
  // the secret first: one that nobody admits is harmless, one that is lost would leave an admin that nobody can be
  if (auto written = replace_file(path, secret + "\n"); !written) return written.error();
  auto made = file.change([&](identity_book& book) -> result<void> {
    for (const auto& one : book.tokens()) // of a first start whose reach somebody has cut since
      if (one.name == first_admin_name)
        if (auto gone = book.revoke_token(one.id); !gone) return gone.error();
    auto added = book.add_token({std::string(first_admin_name), {role::admin, {"*"}, {}}, {}, {}}, sha256_hex(secret), "node", now);
    if (!added) return added.error();
    return {};
  });
  if (!made) return made.error();
  return std::optional{path};
}

} // namespace tt::gateway
