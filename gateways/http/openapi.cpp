#include "gateways/http/openapi.hpp"

#include "gateways/http/schema.hpp"
#include "gateways/json/json_writer.hpp"

#include <algorithm>
#include <map>

namespace tt::gateway {

namespace {

using rows_by_pattern = std::map<std::string_view, std::vector<const route*>>;

rows_by_pattern grouped(const route_table& table) {
  rows_by_pattern out;
  for (const auto& row : table.rows()) out[row->pattern].push_back(row.get());
  return out;
}

/// "get /api/v1/quotes/{symbol}" → "get_api_v1_quotes_symbol".
std::string operation_id(const route& row) {
  std::string out = to_lower(to_string(row.method));
  bool gap = true;
  for (const char c : row.pattern) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!word) {
      gap = true;
      continue;
    }
    if (gap) out += '_';
    out += c;
    gap = false;
  }
  return out;
}

void write_reference(json_writer& out, std::string_view name) {
  out.begin_object();
  if (!name.empty()) out.raw_key("$ref").value("#/components/schemas/" + std::string{name});
  out.end_object();
}

void write_content(json_writer& out, std::string_view type, std::string_view schema_name) {
  out.key("content").begin_object().raw_key(type).begin_object().key("schema");
  if (type != "application/json") out.begin_object().field("type", "string").end_object();
  else write_reference(out, schema_name);
  out.end_object().end_object();
}

void write_parameters(json_writer& out, const route& row) {
  const auto in_path = route_table::param_names(row.pattern);
  if (in_path.empty() && row.query.empty()) return;
  out.key("parameters").begin_array();
  for (const auto name : in_path) {
    out.begin_object().field("name", name).field("in", "path").field("required", true);
    out.key("schema").begin_object().field("type", "string").end_object().end_object();
  }
  for (const auto& one : row.query) {
    out.begin_object().field("name", one.name).field("in", "query").field("required", one.need == "required");
    if (!one.description.empty()) out.field("description", one.description);
    out.key("schema").begin_object().field("type", one.type).end_object().end_object();
  }
  out.end_array();
}

std::string_view error_schema(error_format format) {
  switch (format) {
  case error_format::udf: return "UdfError";
  case error_format::chart_storage: return "ChartStorageError";
  case error_format::api: break;
  }
  return "Error";
}

void write_body(json_writer& out, const route& row) {
  if (row.body == body_kind::none) return;
  out.raw_key("requestBody").begin_object().field("required", row.body == body_kind::json && !row.request_schema.empty());
  out.key("content").begin_object();
  const auto entry = [&](std::string_view type) {
    out.raw_key(type).begin_object().key("schema");
    write_reference(out, row.request_schema);
    out.end_object();
  };
  if (row.body == body_kind::form_or_json) {
    entry("application/x-www-form-urlencoded");
    entry("multipart/form-data");
  }
  entry("application/json");
  if (row.body == body_kind::any) entry("text/plain");
  out.end_object().end_object();
}

void write_operation(json_writer& out, const route& row) {
  out.raw_key(to_lower(to_string(row.method))).begin_object();
  out.raw_key("operationId").value(operation_id(row)).field("summary", row.summary);
  if (!row.tag.empty()) out.key("tags").begin_array().value(row.tag).end_array();
  out.raw_key("x-tt-access").value(to_string(row.policy.who)).raw_key("x-tt-rate-class").value(to_string(row.policy.rate));
  write_parameters(out, row);
  write_body(out, row);
  out.key("responses").begin_object();
  const int success = row.over == transport::http ? row.success : 101;
  out.raw_key(std::to_string(success)).begin_object();
  out.field("description", row.over == transport::http ? reason_phrase(row.success) : std::string_view{"Switching to WebSocket"});
  if (row.over == transport::stream) write_content(out, "application/json", "StreamMessage");
  else if (row.over == transport::http && success != 204) write_content(out, row.response_type, row.response_schema);
  out.end_object().raw_key("default").begin_object().field("description", "Failure");
  write_content(out, "application/json", error_schema(row.errors));
  out.end_object().end_object().end_object();
}

result<void> check_references(const route_table& table, const std::string& schemas) {
  const auto known = [&](std::string_view name) { return name.empty() || schemas.find("\"" + std::string{name} + "\":{") != std::string::npos; };
  for (const auto& row : table.rows())
    if (!known(row->request_schema) || !known(row->response_schema))
      return error{errc::invalid_argument, "route " + std::string{row->pattern} + " names an unknown schema"};
  return {};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

} // namespace

result<std::string> write_openapi(const route_table& table, std::string_view version) {
  const auto schemas = write_schemas();
  if (!schemas) return schemas;
  if (auto known = check_references(table, *schemas); !known) return known.error();
  json_writer out;
  out.begin_object().field("openapi", "3.1.0");
  out.key("info").begin_object().field("title", "TraderTerminal").field("version", version).end_object();
  out.key("paths").begin_object();
  for (const auto& [pattern, rows] : grouped(table)) {
    out.raw_key(pattern).begin_object();
    for (const auto* row : rows) write_operation(out, *row);
    out.end_object();
  }
  out.end_object().key("components").begin_object().key("schemas").raw(*schemas).end_object().end_object();
  return out.take();
}

std::string write_docs_page(const route_table& table, std::string_view version) {
  std::string out = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>TraderTerminal API</title><style>"
                    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}"
                    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}"
                    "code{font-size:.95em}</style></head><body><h1>TraderTerminal API " +
                    escaped(version) +
                    "</h1><p>Written from the table the server dispatches on. The machine-readable form is "
                    "<a href=\"/openapi.json\">/openapi.json</a>.</p><table><thead><tr><th>Method</th><th>Path</th><th>Access</th>"
                    "<th>Summary</th><th>Query</th></tr></thead><tbody>";
  for (const auto& [pattern, rows] : grouped(table))
    for (const auto* row : rows) {
      out += "<tr><td>" + std::string{row->over == transport::http ? to_string(row->method) : "WS"} + "</td><td><code>" + escaped(pattern) +
             "</code></td><td>" + std::string{to_string(row->policy.who)} + "</td><td>" + escaped(row->summary) + "</td><td>";
      for (const auto& one : row->query) out += "<code>" + escaped(one.name) + "</code>" + (one.need == "required" ? "* " : " ");
      out += "</td></tr>";
    }
  return out + "</tbody></table></body></html>";
}

} // namespace tt::gateway
