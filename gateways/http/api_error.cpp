#include "gateways/http/api_error.hpp"

namespace tt::gateway {

namespace {

std::string_view title_of(int status) {
  switch (status) {
  case 400: return "Bad request";
  case 401: return "Identity required";
  case 403: return "Forbidden";
  case 404: return "Not found";
  case 405: return "Method not allowed";
  case 408: return "Request too slow";
  case 409: return "Conflict";
  case 412: return "Precondition failed";
  case 413: return "Body too large";
  case 415: return "Wrong content type";
  case 421: return "Wrong host";
  case 422: return "Refused";
  case 426: return "WebSocket required";
  case 429: return "Too many requests";
  case 431: return "Headers too large";
  case 503: return "Not available";
  default: return "Internal error";
  }
}

std::string field_type(errc code) {
  switch (code) {
  case errc::out_of_range: return "range";
  case errc::unsupported: return "unsupported";
  case errc::conflict: return "conflict";
  default: return "value";
  }
}

/// The parts a person reads: "quantity: must be above 0".
std::string sentence(const field_error& e) {
  std::string at;
  for (std::size_t i = 1; i < e.loc.size(); ++i) at += (i > 1 ? "." : "") + e.loc[i];
  return at.empty() ? e.msg : at + ": " + e.msg;
}

void write_api_body(json_writer& out, const api_error& e, std::string_view request_id, utc_time now) {
  out.begin_object().field("detail", e.detail).field("error", e.title).field("error_code", e.code);
  out.field("timestamp", now).field("request_id", request_id);
  out.key("errors").begin_array();
  for (const auto& one : e.fields) {
    out.begin_object().key("loc").begin_array();
    for (const auto& part : one.loc) out.value(part);
    out.end_array().field("msg", one.msg).field("type", one.type).end_object();
  }
  out.end_array().end_object();
}

} // namespace

int http_status(errc code) noexcept {
  switch (code) {
  case errc::success: break;
  case errc::invalid_argument:
  case errc::out_of_range:
  case errc::unsupported: return 400;
  case errc::unknown_symbol:
  case errc::not_found: return 404;
  case errc::conflict: return 409;
  case errc::refused: return 422;
  case errc::limit_exceeded: return 429;
  case errc::not_available:
  case errc::io_error:
  case errc::timed_out: return 503;
  case errc::corrupt_data:
  case errc::internal: return 500;
  }
  return 500;
}

api_error make_error(int status, std::string code, std::string detail) {
  return {.status = status, .code = std::move(code), .title = std::string{title_of(status)}, .detail = std::move(detail)};
}

api_error bad_fields(std::vector<field_error> fields) {
  TT_ASSERT(!fields.empty());
  const auto& first = fields.front();
  api_error out = make_error(400, first.type == "conflict" ? "field.conflict" : "field.invalid", sentence(first));
  out.fields = std::move(fields);
  return out;
}

api_error bad_field(std::string where, std::string field, std::string msg, std::string type) {
  return bad_fields({{{std::move(where), std::move(field)}, std::move(msg), std::move(type)}});
}

api_error not_available(std::string what) { return make_error(503, "not_available", std::move(what)); }

api_error no_accounts_for(std::string_view part) {
  return not_available(std::string(part) + ": this node hosts no accounts; in a cluster a node with the role execution does");
}

api_error to_api_error(const error& e, std::string_view where) {
  // an account that is not within the caller's reach is a matter of identity, not of the rules of trading
  if (e.code == errc::refused && e.field == "account_id") return make_error(403, "auth.scope", e.message);
  const int status = http_status(e.code);
  api_error out = make_error(status, std::string{to_string(e.code)}, to_string(e));
  // an account whose book can't be believed: no part of it is shown
  if (e.code == errc::not_available && e.field == "journal") {
    out.code = "journal.damaged";
    out.detail = e.message;
    return out;
  }
  if (e.code == errc::internal || e.code == errc::corrupt_data || e.code == errc::io_error) out.hidden = to_string(e);
  if (e.code == errc::internal) out.detail = "an internal error; the log has it under this request id";
  if (e.code == errc::corrupt_data) out.detail = "stored data is damaged; the log has it under this request id";
  if (e.code == errc::io_error) out.detail = "storage is not available at the moment";
  if (status == 503 || status == 429) out.headers.set("Retry-After", "1");
  if (status < 500 && !e.field.empty())
    out.fields.push_back({{std::string{where}, e.field}, e.message, field_type(e.code)});
  return out;
}

http_response render(const api_error& e, error_format format, std::string_view request_id, utc_time now, json_style style) {
  json_writer out{format == error_format::api ? json_style{number_style::plain, style.names} : json_style{}};
  if (format == error_format::udf) {
    out.begin_object().raw_key("s").value("error").raw_key("errmsg");
    out.value(e.code == "unknown_symbol" ? std::string_view{e.code} : std::string_view{e.detail});
    out.raw_key("detail").value(e.detail).end_object();
  } else if (format == error_format::chart_storage) {
    out.begin_object().raw_key("status").value("error").raw_key("message").value(e.detail).end_object();
  } else {
    write_api_body(out, e, request_id, now);
  }
  auto response = json_response(out.take(), e.status);
  for (const auto& one : e.headers.all()) response.headers.set(one.name, one.value);
  return response;
}

} // namespace tt::gateway
