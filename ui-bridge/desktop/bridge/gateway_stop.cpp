#include "ui-bridge/desktop/bridge/gateway_stop.hpp"

#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"

namespace tt::desktop {

using nlohmann::json;

namespace {

errc code_of(int status) {
  if (status == 401 || status == 403 || status == 422) return errc::refused;
  if (status == 404) return errc::not_found;
  if (status == 409) return errc::conflict;
  if (status == 429) return errc::limit_exceeded;
  if (status == 503) return errc::not_available;
  return status >= 400 && status < 500 ? errc::invalid_argument : errc::internal;
}

constexpr std::size_t max_reply_depth = 32;

} // namespace

result<std::string> stop_token(const secret_store& secrets, const std::filesystem::path& token_file, const std::string& origin) {
  auto kept = secrets.get(origin, token_secret);
  if (kept || kept.error().code != errc::not_found) return kept;
  if (token_file.empty()) return std::string{};
  auto text = read_private_file(token_file, max_secret_bytes);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
  if (has_control_characters(*text, line_breaks::refused)) return error{errc::invalid_argument, "must hold one line", token_file.string()};
  return text;
}

http_request stop_request(const std::string& origin, const emergency_stop& what, const std::string& token) {
  json scope = json::object();
  if (!what.account_id.empty()) scope["account_id"] = what.account_id;
  if (!what.strategy_id.empty()) scope["strategy_id"] = what.strategy_id;
  if (!what.symbol.empty()) scope["symbol"] = what.symbol;
  const json body{{"mode", to_string(what.mode)}, {"reason", what.reason}, {"scope", scope}, {"cancel_open", true}};
  return {origin + "/api/v1/risk/emergency-stop", body.dump(), token, stop_deadline};
}

result<json> read_stop_reply(const result<http_reply>& got) {
  if (!got) return got.error();
  auto document = nesting_of(got->body) > max_reply_depth ? json{} : json::parse(got->body, nullptr, false);
  if (got->status >= 200 && got->status < 300) {
    if (document.is_object()) return document;
    return error{errc::internal, "the gateway answered " + std::to_string(got->status) + ", but not with a document"};
  }
  std::string detail;
  if (document.is_object() && document.contains("detail") && document["detail"].is_string()) detail = document["detail"].get<std::string>();
  if (detail.empty()) detail = "the gateway answered " + std::to_string(got->status);
  return error{code_of(got->status), detail};
}

} // namespace tt::desktop
