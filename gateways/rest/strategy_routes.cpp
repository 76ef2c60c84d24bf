// Strategies (http-api.md section 8): what this build can do of it. The rest of the
// group still stands in later_routes.cpp.

#include "actors/pine/compiler.hpp"
#include "gateways/json/json_reader.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

constexpr std::size_t pine_source_limit = 512 * 1024;

outcome check_pine(const request_context& call, const std::string& source) {
  const auto compiled = pine::compile(source);
  json_writer out{call.style};
  out.begin_object().field("valid", !compiled.diags.has_errors()).key("diagnostics").begin_array();
  for (const auto& d : compiled.diags.all()) {
    out.begin_object().field("severity", d.level == pine::severity::error ? "error" : "warning").field("code", d.code).field("message", d.message);
    out.field("line", d.pos.line).field("column", d.pos.column).field("length", d.pos.length);
    if (!d.hint.empty()) out.field("hint", d.hint);
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

/// Checks a source off the I/O threads: a large script takes milliseconds.
void validate(services& parts, const context_ptr& call, const responder& answer) {
  const auto parsed = parse_json(call->request.body);
  if (!parsed) return answer(to_api_error(parsed.error(), "body"));
  object_reader body{*parsed};
  const auto kind = body.string({"kind"}, object_reader::need::required).value_or("");
  auto source = body.string({"source"}, object_reader::need::required, pine_source_limit).value_or("");
  if (!kind.empty() && kind != "pine" && kind != "yaml" && kind != "webhook") body.problem("kind", "must be pine, yaml or webhook", "value");
  if (auto failed = body.finish(call->strictness)) return answer(std::move(*failed));
  parts.metrics.unknown_json_fields(body.unknown().size());
  if (kind != "pine") return answer(not_available("strategies: this build checks sources of kind pine only"));
  with_store(parts, answer, [call, source = std::move(source)](document_store&) { return check_pine(*call, source); });
}

} // namespace

void add_strategy_routes(std::vector<route>& rows, services& parts) {
  for (const std::string_view path : {"/api/v1/strategies/validate", "/api/strategies/validate"})
    rows.push_back({.method = verb::post, .pattern = path, .policy = {access::trader, rate_class::general}, .summary = "Check a source",
                    .run = [p = &parts](const context_ptr& call, const responder& answer) { validate(*p, call, answer); },
                    .request_schema = "StrategySource", .response_schema = "Diagnostics", .body = body_kind::json,
                    .body_limit = 2 * pine_source_limit, .tag = "strategies"});
}

} // namespace tt::gateway
