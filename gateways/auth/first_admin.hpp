#pragma once

// The way into a node that knows nobody yet and asks everybody who they are.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "gateways/auth/secret.hpp"

#include <optional>
#include <string>

namespace tt::gateway {

inline constexpr std::string_view first_admin_file = "first-admin.token";
inline constexpr std::string_view first_admin_name = "first-admin";

/// Where no identity of DATA_DIR may make others: makes an admin token and writes it to a file there, mode 0600. Gives the
/// file's path, or nothing where there is such an identity already. Errors: those of identity_file::change, io_error.
result<std::optional<std::string>> make_first_admin(const std::string& folder, utc_time now, const secret_source& secrets = system_secret);

} // namespace tt::gateway
