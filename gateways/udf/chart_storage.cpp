// The charting library's save and load calls, version 1.1 (http-api.md section 4).
// The owner is the principal; `client` and `user` are labels of buckets.

#include "gateways/http/form.hpp"
#include "gateways/http/query_reader.hpp"
#include "gateways/json/json_reader.hpp"
#include "gateways/udf/udf.hpp"

#include <charconv>

namespace tt::gateway {

namespace {

constexpr std::size_t max_chart_body = 2 * 1024 * 1024;
constexpr std::size_t max_name = 200;

chart_bucket bucket_of(const request_context& call) {
  const auto label = [&](std::string_view name, std::string_view fallback) {
    const auto* found = call.request.query.find(name);
    return found == nullptr || found->empty() ? std::string{fallback} : found->substr(0, max_name);
  };
  return {call.who.name, label("client", "default"), label("user", "public_user")};
}

/// Form, multipart or JSON fields as one list.
result<query_params> body_fields(const request_context& call) {
  const auto type = call.request.header("Content-Type");
  if (!iequals(trimmed(type.substr(0, type.find(';'))), "application/json")) return parse_form(type, call.request.body);
  auto parsed = parse_json(call.request.body);
  if (!parsed) return std::move(parsed).error();
  if (parsed->type() != json_value::kind::object) return error{errc::invalid_argument, "the body must be a JSON object"};
  query_params out;
  for (const auto& member : parsed->members())
    if (member.value.type() == json_value::kind::string || member.value.type() == json_value::kind::number)
      out.add(member.name, member.value.text());
  return out;
}

std::string field_of(const query_params& fields, std::string_view name) {
  const auto* found = fields.find(name);
  return found == nullptr ? std::string{} : *found;
}

outcome ok() { return json_response(R"({"status":"ok"})"); }

outcome failed(const error& e) { return to_api_error(e); }

/// The `chart` parameter: absent = 0; not a positive number = nothing.
std::optional<std::int64_t> chart_id(const request_context& call) {
  const auto* text = call.request.query.find("chart");
  if (text == nullptr || text->empty()) return 0;
  std::int64_t id = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, code] = std::from_chars(text->data(), end, id);
  return code == std::errc{} && stop == end && id > 0 ? std::optional{id} : std::nullopt;
}

outcome no_such_chart() { return failed({errc::not_found, "no saved chart of that id"}); }

outcome get_chart(document_store& store, const request_context& call) {
  const auto id = chart_id(call);
  if (!id) return no_such_chart();
  json_writer out;
  out.begin_object().field("status", "ok").key("data");
  if (*id != 0) {
    const auto chart = store.load_chart(bucket_of(call), *id);
    if (!chart) return failed(chart.error());
    out.begin_object().field("id", chart->id).field("name", chart->name).field("timestamp", chart->timestamp);
    out.field("content", chart->content).end_object();
  } else {
    const auto charts = store.list_charts(bucket_of(call));
    if (!charts) return failed(charts.error());
    out.begin_array();
    for (const auto& one : *charts) {
      out.begin_object().field("id", one.id).field("name", one.name).field("symbol", one.symbol);
      out.field("resolution", one.resolution).field("timestamp", one.timestamp).end_object();
    }
    out.end_array();
  }
  out.end_object();
  return json_response(out.take());
}

outcome save_chart(document_store& store, const request_context& call) {
  const auto id = chart_id(call);
  if (!id) return no_such_chart();
  const auto fields = body_fields(call);
  if (!fields) return failed(fields.error());
  chart_layout chart{*id, field_of(*fields, "name"), field_of(*fields, "symbol"), field_of(*fields, "resolution"),
                     unix_seconds(call.now), field_of(*fields, "content")};
  if (chart.name.empty() || chart.name.size() > max_name) return bad_field("body", "name", "must have 1 to 200 characters", "range");
  if (chart.content.empty()) return bad_field("body", "content", "is required", "missing");
  const auto saved = store.save_chart(bucket_of(call), chart);
  if (!saved) return failed(saved.error());
  if (*id != 0) return ok();
  return json_response(R"({"status":"ok","id":)" + std::to_string(*saved) + "}");
}

outcome remove_chart(document_store& store, const request_context& call) {
  const auto id = chart_id(call);
  if (!id || *id == 0) return bad_field("query", "chart", "is required", "missing");
  const auto done = store.remove_chart(bucket_of(call), *id);
  return done ? ok() : failed(done.error());
}

/// One family of templates: its path, and the parameter that names one.
struct template_family {
  std::string_view pattern;
  template_kind kind;
  std::string_view name_param;
};

constexpr std::array<template_family, 3> families{{{"/udf/charts/1.1/study_templates", template_kind::study, "template"},
                                                   {"/udf/charts/1.1/drawing_templates", template_kind::drawing, "name"},
                                                   {"/udf/charts/1.1/chart_templates", template_kind::chart, "template"}}};

std::string tool_of(const template_family& family, const request_context& call) {
  return family.kind == template_kind::drawing ? field_of(call.request.query, "tool") : std::string{};
}

outcome get_template(document_store& store, const request_context& call, const template_family& family) {
  const auto name = field_of(call.request.query, family.name_param);
  json_writer out;
  out.begin_object().field("status", "ok").key("data");
  if (!name.empty()) {
    const auto content = store.load_template(bucket_of(call), family.kind, tool_of(family, call), name);
    if (!content) return failed(content.error());
    out.begin_object().field("name", name).field("content", *content).end_object();
  } else {
    const auto names = store.list_templates(bucket_of(call), family.kind, tool_of(family, call));
    if (!names) return failed(names.error());
    out.begin_array();
    for (const auto& one : *names) out.begin_object().field("name", one).end_object();
    out.end_array();
  }
  out.end_object();
  return json_response(out.take());
}

outcome save_template(document_store& store, const request_context& call, const template_family& family) {
  const auto fields = body_fields(call);
  if (!fields) return failed(fields.error());
  std::string name = field_of(call.request.query, family.name_param);
  if (name.empty()) name = field_of(*fields, "name");
  const auto content = field_of(*fields, "content");
  if (name.empty() || name.size() > max_name) return bad_field("body", "name", "must have 1 to 200 characters", "range");
  if (content.empty()) return bad_field("body", "content", "is required", "missing");
  const auto done = store.save_template(bucket_of(call), family.kind, tool_of(family, call), name, content);
  return done ? ok() : failed(done.error());
}

outcome remove_template(document_store& store, const request_context& call, const template_family& family) {
  const auto name = field_of(call.request.query, family.name_param);
  if (name.empty()) return bad_field("query", std::string{family.name_param}, "is required", "missing");
  const auto done = store.remove_template(bucket_of(call), family.kind, tool_of(family, call), name);
  return done ? ok() : failed(done.error());
}

route storage_row(verb method, std::string_view pattern, std::string_view summary, std::vector<param_doc> query, handler run) {
  query.insert(query.begin(), {{"client"}, {"user"}});
  return {.method = method, .pattern = pattern, .policy = {access::viewer, rate_class::market_data}, .summary = summary,
          .run = std::move(run), .query = std::move(query),
          .body = method == verb::post ? body_kind::form_or_json : body_kind::none, .body_limit = max_chart_body,
          .errors = error_format::chart_storage, .tag = "chart storage"};
}

} // namespace

void add_chart_storage_routes(std::vector<route>& rows, services& parts) {
  const auto on_store = [p = &parts](auto work) -> handler {
    return [p, work](const context_ptr& call, const responder& answer) {
      with_store(*p, answer, [call, work](document_store& store) { return work(store, *call); });
    };
  };
  constexpr std::string_view charts = "/udf/charts/1.1/charts";
  const std::vector<param_doc> by_id{{"chart", "integer", "Id; absent = all"}};
  rows.push_back(storage_row(verb::get, charts, "List or load saved charts", by_id, on_store(get_chart)));
  rows.push_back(storage_row(verb::post, charts, "Save a chart", by_id, on_store(save_chart)));
  rows.push_back(storage_row(verb::remove, charts, "Remove a saved chart", by_id, on_store(remove_chart)));
  for (const auto& family : families) {
    std::vector<param_doc> query{{family.name_param}};
    if (family.kind == template_kind::drawing) query.push_back({"tool"});
    const auto bound = [&](auto work) {
      return on_store([work, &family](document_store& store, const request_context& call) { return work(store, call, family); });
    };
    rows.push_back(storage_row(verb::get, family.pattern, "List or load templates", query, bound(get_template)));
    rows.push_back(storage_row(verb::post, family.pattern, "Save a template", query, bound(save_template)));
    rows.push_back(storage_row(verb::remove, family.pattern, "Remove a template", query, bound(remove_template)));
  }
}

} // namespace tt::gateway
