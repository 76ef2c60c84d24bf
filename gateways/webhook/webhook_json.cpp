#include "gateways/webhook/webhook_json.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace webhook;

namespace {

using need = object_reader::need;
using kind = json_value::kind;

void write_texts(json_writer& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const auto& text : texts) out.value(text);
  out.end_array();
}

/// Whether a field is there and null.
bool is_null(const json_value& object, std::string_view name) {
  if (object.type() != kind::object) return false;
  return std::any_of(object.members().begin(), object.members().end(),
                     [&](const auto& one) { return to_snake_case(one.name) == name && one.value.type() == kind::null; });
}

/// Problems of an object inside go to the outer reader, with the path of the field.
void hand_problems(object_reader& outer, const object_reader& inner, std::string_view name) {
  const auto failed = inner.finish(unknown_fields::refuse);
  if (!failed) return;
  for (const auto& one : failed->fields) outer.problem(std::string(name) + "." + (one.loc.empty() ? "" : one.loc.back()), one.msg, one.type);
}

template <class Enum>
std::optional<Enum> choice(object_reader& body, std::string_view field) {
  const auto text = body.string({field}, need::optional);
  if (!text) return std::nullopt;
  const auto parsed = parse_name<Enum>(*text, field);
  if (!parsed) body.problem(field, parsed.error().message, "value");
  return parsed ? std::optional{*parsed} : std::nullopt;
}

std::optional<std::chrono::seconds> seconds(object_reader& body, std::string_view field) {
  const auto number = body.number({field}, need::optional);
  if (!number) return std::nullopt;
  const auto whole = number->to_scaled(0);
  if (!whole || *whole < 0 || *whole > 100'000'000) {
    body.problem(field, "must be a whole number of seconds", "range");
    return std::nullopt;
  }
  return std::chrono::seconds{*whole};
}

/// A text, "" where it is null: to be taken away.
std::optional<std::string> text_or_none(object_reader& body, const json_value& object, std::string_view field, std::size_t limit) {
  if (is_null(object, field)) {
    static_cast<void>(body.value({field}, need::optional)); // or it would count as a field that nobody knows
    return std::string{};
  }
  return body.string({field}, need::optional, limit);
}

void read_rules(object_reader& body, profile_change& out) {
  constexpr std::size_t max_secret = 200;
  const auto* value = body.value({"rules"}, need::optional);
  if (value == nullptr) return;
  object_reader rules(*value);
  out.body_secret = text_or_none(rules, *value, "body_secret", max_secret);
  out.hmac_key = text_or_none(rules, *value, "hmac_key", max_secret);
  out.ip_allow = rules.strings({"ip_allow"}, need::optional, max_allowed_networks);
  if (is_null(*value, "ip_allow")) out.ip_allow.emplace();
  if (const auto mtls = rules.boolean({"mtls"}, need::optional)) out.mtls = *mtls ? client_certificate::tradingview : client_certificate::ignored;
  if (is_null(*value, "mtls")) out.mtls = client_certificate::ignored;
  hand_problems(body, rules, "rules");
}

void read_scope(object_reader& body, profile_change& out) {
  const auto* value = body.value({"scope"}, need::optional);
  if (value == nullptr) return;
  object_reader scope(*value);
  out.symbols = scope.strings({"symbols"}, need::optional, max_scope_symbols);
  if (is_null(*value, "symbols")) out.symbols.emplace();
  out.max_quantity = scope.number({"max_quantity"}, need::optional);
  if (is_null(*value, "max_quantity")) out.max_quantity = decimal{};
  if (const auto names = scope.strings({"sides"}, need::optional, 2)) {
    out.sides.emplace();
    for (const auto& name : *names) {
      const auto side = parse_name<direction>(name, "sides");
      if (side) out.sides->push_back(*side);
      else scope.problem("sides", side.error().message, "value");
    }
  }
  if (is_null(*value, "sides")) out.sides.emplace();
  hand_problems(body, scope, "scope");
}

} // namespace

void write(json_writer& out, const webhook_event& event) {
  static constexpr std::array<std::string_view, 4> forms{"json", "pairs", "words", "note"};
  out.begin_object()
    .field("event_id", event.id)
    .field("alert_id", event.alert.str())
    .field("profile", event.profile)
    .field("received_at", event.received_at)
    .field("updated_at", event.updated_at)
    .field("decision", tt::to_string(event.word.verdict));
  if (event.word.reason != refusal::none) out.field("reason", tt::to_string(event.word.reason));
  if (!event.word.detail.empty()) out.field("detail", event.word.detail);
  out.field("pending", event.hand_over == hand_over_state::waiting);
  if (!event.account.empty()) out.field("account_id", event.account.str());
  if (!event.strategy.empty()) out.field("strategy_id", event.strategy.str());
  if (!event.symbol.empty()) out.field("symbol", event.symbol);
  if (!event.action.empty()) out.field("action", event.action);
  write_texts(out, "order_ids", event.orders);
  out.field("remote", event.client).field("form", forms[static_cast<std::size_t>(event.form) % forms.size()]);
  out.field("body", event.body).end_object();
}

void write(json_writer& out, const webhook_news& news) {
  if (news.what == webhook_news::kind::event) return write(out, news.event);
  static constexpr std::string_view events[] = {"", "expected_alert_missing", "expected_alert_arrived", "expected_alert_withdrawn"};
  out.begin_object()
    .field("event", events[static_cast<std::size_t>(news.what)])
    .field("profile", news.profile)
    .field("name", news.profile_name)
    .field("last_at", news.since)
    .end_object();
}

void write(json_writer& out, const webhook_profile& profile, std::string_view path_token) {
  out.begin_object().field("id", profile.id).field("name", profile.name).field("account_id", profile.account.str());
  out.field("mode", tt::to_string(profile.mode));
  if (!profile.strategy.empty()) out.field("strategy_id", profile.strategy.str());
  out.key("rules").begin_object().field("body_secret", profile.rules.body_secret.is_set()).field("hmac_key", !profile.rules.hmac_key.empty());
  write_texts(out, "ip_allow", profile.rules.ip_allow);
  out.field("mtls", profile.rules.mtls == client_certificate::tradingview).end_object();
  out.key("scope").begin_object();
  write_texts(out, "symbols", profile.scope.symbols);
  out.field("max_quantity", profile.scope.max_quantity);
  out.key("sides").begin_array();
  for (const auto side : profile.scope.sides) out.value(tt::to_string(side));
  out.end_array().end_object();
  out.field("freshness_s", profile.freshness.count()).field("sync_mode", tt::to_string(profile.sync)).field("out_of_step", tt::to_string(profile.out_of_step));
  if (profile.expect_every) out.field("expect_every_s", profile.expect_every->count());
  out.field("editable", profile.source == profile_source::api);
  if (profile.created_at != utc_time{}) out.field("created_at", profile.created_at).field("updated_at", profile.updated_at);
  if (!path_token.empty()) out.field("path_token", path_token).field("url", "/webhook/tradingview/" + std::string(path_token));
  out.end_object();
}

void write(json_writer& out, const webhook_answer& answer) {
  out.begin_object().field("status", "received");
  if (answer.event) {
    const auto& event = *answer.event;
    out.field("alert_id", event.alert.str()).field("event_id", event.id).field("duplicate", answer.seen == webhook_answer::repetition::duplicate);
    out.field("decision", tt::to_string(event.word.verdict));
    if (event.word.reason != refusal::none) out.field("reason", tt::to_string(event.word.reason));
    if (!event.word.detail.empty()) out.field("detail", event.word.detail);
  }
  out.field("timestamp", answer.at).end_object();
}

profile_change read_profile_change(object_reader& body, const json_value& root) {
  profile_change out;
  out.name = body.string({"name"}, need::optional, 64);
  if (const auto id = body.string({"account_id", "account"}, need::optional, 64)) out.account = account_id{*id};
  if (const auto id = text_or_none(body, root, "strategy_id", 200)) out.strategy = strategy_id{*id};
  read_rules(body, out);
  read_scope(body, out);
  out.freshness = seconds(body, "freshness_s");
  out.sync = choice<sync_mode>(body, "sync_mode");
  out.out_of_step = choice<out_of_step_rule>(body, "out_of_step");
  out.expect_every = seconds(body, "expect_every_s");
  if (is_null(root, "expect_every_s")) out.expect_every = std::chrono::seconds{0};
  return out;
}

} // namespace tt::gateway
