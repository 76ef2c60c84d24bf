#pragma once

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"
#include "ui-bridge/desktop/bridge/secret_store.hpp"
#include "ui-bridge/desktop/http/http_client.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace tt::desktop {

/// The name under which a page keeps the token that the stop switch uses.
inline constexpr const char* token_secret = "gateway_token";

/// The token for a gateway: its page's secret, else the file; empty where there is
/// neither. Errors: what reading them says (rights, damage).
result<std::string> stop_token(const secret_store& secrets, const std::filesystem::path& token_file, const std::string& origin);

/// POST /api/v1/risk/emergency-stop of a gateway.
http_request stop_request(const std::string& origin, const emergency_stop& what, const std::string& token);

/// The gateway's answer: its document, or its refusal in its own words.
result<nlohmann::json> read_stop_reply(const result<http_reply>& got);

} // namespace tt::desktop
