#include "gateways/alerts/alert_json.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using tt::to_string; // of enums of another room
using need = object_reader::need;
using alerts::alert;
using alerts::alert_draft;
using alerts::alert_kind;

const json_value* member(const json_value& object, std::string_view snake) {
  for (const auto& [name, value] : object.members())
    if (name == snake || to_snake_case(name) == snake) return &value;
  return nullptr;
}

std::optional<utc_time> read_time(object_reader& body, std::string_view name) {
  const auto text = body.string({name}, need::optional, 64);
  if (!text) return std::nullopt;
  auto read = parse_iso8601(*text);
  if (read) return *read;
  body.problem(name, read.error().message, read.error().code == errc::out_of_range ? "range" : "value");
  return std::nullopt;
}

std::optional<std::map<std::string, decimal>> read_parameters(object_reader& body) {
  const auto* value = body.value({"parameters"}, need::optional);
  if (!value) return std::nullopt;
  if (value->type() != json_value::kind::object) {
    body.problem("parameters", "must be an object of numbers", "type");
    return std::nullopt;
  }
  std::map<std::string, decimal> out;
  for (const auto& one : value->members()) {
    const auto number = decimal::parse(one.value.text());
    const bool has_text = one.value.type() == json_value::kind::number || one.value.type() == json_value::kind::string;
    if (has_text && number) out[to_snake_case(one.name)] = *number;
    else body.problem("parameters." + printable(one.name), "must be a number", "type");
  }
  return out;
}

void read_status(object_reader& body, alert_draft& draft, alert_body form) {
  const auto is_active = body.boolean({"is_active"}, need::optional);
  // what a client read in `status` it may send back; only alert_status means something in a new alert
  const auto word = form == alert_body::change ? body.string({"alert_status", "status"}, need::optional) : body.string({"alert_status"}, need::optional);
  if (form == alert_body::creation) static_cast<void>(body.value({"status"}, need::optional));
  if (word) {
    const auto status = parse_name<alerts::alert_status>(*word, "alert_status");
    if (status) draft.status = *status;
    else body.problem("alert_status", status.error().message, "value");
  }
  if (!is_active) return;
  const auto meant = *is_active ? alerts::alert_status::active : alerts::alert_status::paused;
  if (draft.status && *draft.status != meant) body.problem("is_active", "contradicts alert_status", "conflict");
  draft.status = meant;
}

/// Fields that null takes away in a change.
std::vector<std::string> cleared_in(const json_value& whole) {
  std::vector<std::string> out;
  for (const std::string_view name : {"expires_at", "webhook_url", "timeframe", "order_price"}) {
    const auto* at = member(whole, name);
    if (at && at->type() == json_value::kind::null) out.emplace_back(name);
  }
  return out;
}

void write_rule(json_writer& out, const alerts::alert_rule& rule) {
  out.field("symbol", rule.symbol).field("condition", to_string(rule.condition)).field("condition_value", rule.value);
  if (!rule.expression.empty()) out.field("expression", rule.expression);
  if (rule.frame || rule.source() == alerts::alert_source::bars) out.field("timeframe", rule.bar_frame().to_string());
  if (!rule.parameters.empty()) {
    out.key("parameters").begin_object();
    for (const auto& [name, value] : rule.parameters) out.key(name).value(value);
    out.end_object();
  }
  out.field("message", rule.message).optional_field("expires_at", rule.expires_at).field("repeat", to_string(rule.repeat));
  out.field("auto_execute", rule.execution == alerts::alert_execution::place_order);
  if (rule.order) {
    out.field("order_type", to_string(rule.order->type)).field("order_side", to_string(rule.order->side));
    out.field("order_quantity", rule.order->qty).optional_field("order_price", rule.order->at);
    if (!rule.order->account.empty()) out.field("account_id", rule.order->account.str());
  }
  if (!rule.notice_url.empty()) out.field("webhook_url", rule.notice_url);
  out.key("tags").begin_array();
  for (const auto& tag : rule.tags) out.value(tag);
  out.end_array();
}

void write_result(json_writer& out, const alerts::alert_result& last) {
  if (!last.order_state.empty()) out.field("last_order_state", last.order_state);
  if (!last.order_id.empty()) out.field("last_order_id", last.order_id);
  if (!last.order_error.empty()) out.field("last_order_error", last.order_error);
  if (last.notice_status != 0) out.field("last_notice_status", last.notice_status);
  if (!last.notice_error.empty()) out.field("last_notice_error", last.notice_error);
}

void write_members(json_writer& out, const alert& what, std::string_view status) {
  out.field("alert_id", what.id).field("id", what.id).field("status", status).field("alert_status", to_string(what.status));
  out.field("is_active", what.status == alerts::alert_status::active);
  if (!what.client_id.empty()) out.field("client_alert_id", what.client_id);
  if (!what.status_reason.empty()) out.field("status_reason", what.status_reason);
  if (what.kind == alert_kind::notice) {
    out.field("alert_type", what.notice_type).field("strategy", what.strategy).field("message", what.rule.message);
    if (!what.rule.symbol.empty()) out.field("symbol", what.rule.symbol);
  } else write_rule(out, what.rule);
  out.field("trigger_count", what.trigger_count).key("last_triggered_at").value(what.last_triggered_at).key("last_value").value(what.last_value);
  write_result(out, what.last_result);
  out.field("created_by", what.owner).field("created_at", what.created_at).field("updated_at", what.updated_at);
}

} // namespace

alert_draft read_alert_draft(object_reader& body, const json_value& whole, alert_body form) {
  alert_draft out;
  if (form == alert_body::creation) out.client_id = body.string({"alert_id", "id", "client_alert_id"}, need::optional, 100).value_or("");
  out.symbol = body.string({"symbol"}, need::optional, 64);
  out.condition = body.string({"condition"}, need::optional, 40);
  out.value = body.number({"condition_value", "price", "value", "threshold"}, need::optional);
  out.expression = body.string({"expression"}, need::optional, alerts::max_expression);
  out.frame = body.string({"timeframe"}, need::optional, 16);
  out.parameters = read_parameters(body);
  // an empty message is one, too
  if (const auto* text = body.value({"message"}, need::optional); text && text->type() == json_value::kind::string && text->text().empty()) out.message = "";
  else if (text) out.message = body.string({"message"}, need::optional, alerts::max_message);
  out.expires_at = read_time(body, "expires_at");
  out.repeat = body.string({"repeat"}, need::optional, 40);
  out.auto_execute = body.boolean({"auto_execute"}, need::optional);
  out.order_type = body.string({"order_type"}, need::optional, 40);
  out.order_side = body.string({"order_side"}, need::optional, 40);
  out.order_quantity = body.number({"order_quantity"}, need::optional);
  out.order_price = body.number({"order_price"}, need::optional);
  out.account_id = body.string({"account_id"}, need::optional, 64);
  out.notice_url = body.string({"webhook_url"}, need::optional, alerts::max_url);
  out.tags = body.strings({"tags"}, need::optional, alerts::max_tags, alerts::max_tag);
  read_status(body, out, form);
  if (form == alert_body::change) out.cleared = cleared_in(whole);
  return out;
}

bool is_note(const json_value& body) {
  return body.type() == json_value::kind::object && member(body, "alert_type") && !member(body, "condition");
}

board_notice read_note(object_reader& body) {
  board_notice out;
  out.type = body.string({"alert_type"}, need::required, 64).value_or("");
  out.strategy = body.string({"strategy", "strategy_id"}, need::optional, 64).value_or("");
  out.message = body.string({"message"}, need::required, alerts::max_message).value_or("");
  out.symbol = body.string({"symbol"}, need::optional, 64).value_or("");
  return out;
}

void write(json_writer& out, const alert& what, std::optional<std::string_view> status) {
  out.begin_object();
  write_members(out, what, status.value_or(to_string(what.status)));
  out.end_object();
}

void write(json_writer& out, const alerts::alert_event& event) {
  out.begin_object().field("event", to_string(event.kind));
  write_members(out, event.what, to_string(event.what.status));
  out.end_object();
}

std::string alert_notice_body(const alerts::alert_action& action) {
  const auto& what = action.what;
  json_writer out;
  out.begin_object().field("type", "alert").field("alert_id", what.id).field("trigger", action.key.trigger);
  out.field("symbol", what.rule.symbol).field("condition", to_string(what.rule.condition)).field("condition_value", what.rule.value);
  out.key("value").value(what.last_value).key("triggered_at").value(what.last_triggered_at).field("message", what.rule.message);
  out.key("tags").begin_array();
  for (const auto& tag : what.rule.tags) out.value(tag);
  out.end_array().end_object();
  return out.take();
}

} // namespace tt::gateway
