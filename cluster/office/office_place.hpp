#pragma once

// Where the accounts of a node, and all that orders from them, keep what must not be lost.

#include "actors/storage/sql.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace tt::cluster {

/// The lease of the accounts that live in the cluster's database.
inline constexpr std::string_view accounts_lease = "accounts";

struct office_place {
  std::string folder; ///< DATA_DIR
  /// Of several nodes, with the epoch of the lease; nothing: all lies in the folder.
  std::optional<sql_server> server = std::nullopt;

  /// A store of the office. `file` is its file in the folder, where there is no server.
  [[nodiscard]] sql_place store(std::string name, const std::string& file) const {
    if (server) return {.name = std::move(name), .file = {}, .server = server};
    return {.name = std::move(name), .file = (std::filesystem::path(folder) / file).string()};
  }
};

} // namespace tt::cluster
