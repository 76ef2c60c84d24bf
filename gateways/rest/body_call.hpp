#pragma once

// Reading the JSON body of a call.

#include "gateways/http/handler.hpp"
#include "gateways/json/json_reader.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// Reads the body; answers the 400 itself.
inline std::optional<json_value> body_of(const context_ptr& call, const responder& answer) {
  auto parsed = parse_json(call->request.body.empty() ? std::string_view{"{}"} : std::string_view{call->request.body});
  if (parsed) return *parsed;
  answer(to_api_error(parsed.error(), "body"));
  return std::nullopt;
}

/// Problems of the body as a 400; true when there was one.
inline bool is_bad(services& parts, const object_reader& body, const context_ptr& call, const responder& answer) {
  if (auto failed = body.finish(call->strictness)) {
    answer(std::move(*failed));
    return true;
  }
  parts.metrics.unknown_json_fields(body.unknown().size());
  return false;
}

} // namespace tt::gateway
