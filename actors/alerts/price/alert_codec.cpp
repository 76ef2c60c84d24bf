#include "actors/alerts/price/alert_codec.hpp"

#include <nlohmann/json.hpp>

namespace tt::alerts {

namespace {

using nlohmann::json;

std::int64_t to_number(utc_time t) { return t.time_since_epoch().count(); }

/// Takes members out of an object; the first problem stays.
class reader {
public:
  explicit reader(const json& from, std::string where = {}) : from_(from), where_(std::move(where)) {
    if (!from_.is_object()) fail("is no object");
  }

  void text(const char* name, std::string& to) {
    if (const auto* at = find(name)) {
      if (at->is_string()) to = at->get<std::string>();
      else fail(std::string(name) + " is no text");
    }
  }
  void number(const char* name, std::uint64_t& to) {
    if (const auto* at = find(name)) {
      if (at->is_number_unsigned()) to = at->get<std::uint64_t>();
      else fail(std::string(name) + " is no number");
    }
  }
  void small(const char* name, unsigned& to) {
    std::uint64_t wide = to;
    number(name, wide);
    if (wide > UINT32_MAX) fail(std::string(name) + " is too large");
    else to = static_cast<unsigned>(wide);
  }
  void flag(const char* name, bool& to) {
    if (const auto* at = find(name)) {
      if (at->is_boolean()) to = at->get<bool>();
      else fail(std::string(name) + " is no flag");
    }
  }
  void time(const char* name, utc_time& to) {
    if (const auto* at = find(name)) {
      if (at->is_number_integer()) to = utc_time{nanoseconds{at->get<std::int64_t>()}};
      else fail(std::string(name) + " is no time");
    }
  }
  void time(const char* name, std::optional<utc_time>& to) {
    if (!find(name)) return;
    utc_time read{};
    time(name, read);
    to = read;
  }
  void number(const char* name, decimal& to) {
    if (const auto* at = find(name)) {
      auto read = at->is_string() ? decimal::parse(at->get_ref<const std::string&>()) : result<decimal>{error{errc::corrupt_data, "no text"}};
      if (read) to = *read;
      else fail(std::string(name) + " is no decimal");
    }
  }
  void number(const char* name, std::optional<decimal>& to) {
    if (!find(name)) return;
    decimal read;
    number(name, read);
    to = read;
  }
  template <named_enum Enum>
  void word(const char* name, Enum& to) {
    std::string read;
    text(name, read);
    if (read.empty()) return;
    auto value = parse_name<Enum>(read, name);
    if (value) to = *value;
    else fail(std::string(name) + " " + value.error().message);
  }
  [[nodiscard]] const json* find(const char* name) {
    if (problem_) return nullptr;
    const auto at = from_.find(name);
    return at == from_.end() || at->is_null() ? nullptr : &*at;
  }
  void fail(const std::string& what) {
    if (!problem_) problem_ = error{errc::corrupt_data, "a kept alert can't be read: " + where_ + what};
  }
  void take_problem(const reader& inner) {
    if (inner.problem_ && !problem_) problem_ = inner.problem_;
  }
  [[nodiscard]] const std::optional<error>& problem() const { return problem_; }

private:
  const json& from_;
  std::string where_;
  std::optional<error> problem_;
};

json write_order(const alert_order& order) {
  json out{{"account", order.account.str()}, {"side", to_string(order.side)}, {"quantity", order.qty.to_string()}, {"type", to_string(order.type)}};
  if (order.at) out["price"] = order.at->to_string();
  return out;
}

json write_rule(const alert_rule& rule) {
  json out{{"symbol", rule.symbol},
           {"condition", to_string(rule.condition)},
           {"value", rule.value.to_string()},
           {"message", rule.message},
           {"repeat", to_string(rule.repeat)},
           {"auto_execute", rule.execution == alert_execution::place_order},
           {"tags", rule.tags}};
  if (!rule.expression.empty()) out["expression"] = rule.expression;
  if (rule.frame) out["timeframe"] = rule.frame->to_string();
  for (const auto& [name, value] : rule.parameters) out["parameters"][name] = value.to_string();
  if (rule.expires_at) out["expires_at"] = to_number(*rule.expires_at);
  if (rule.order) out["order"] = write_order(*rule.order);
  if (!rule.notice_url.empty()) out["webhook_url"] = rule.notice_url;
  return out;
}

void read_order(const json& from, alert_order& to, reader& outer) {
  reader in(from, "order.");
  std::string account;
  in.text("account", account);
  to.account = account_id{account};
  in.word("side", to.side);
  in.word("type", to.type);
  decimal size;
  in.number("quantity", size);
  to.qty = quantity{size};
  std::optional<decimal> at;
  in.number("price", at);
  if (at) to.at = price{*at};
  outer.take_problem(in);
}

void read_rule(const json& from, alert_rule& to, reader& outer) {
  reader in(from, "rule.");
  in.text("symbol", to.symbol);
  in.word("condition", to.condition);
  in.number("value", to.value);
  in.text("expression", to.expression);
  std::string frame;
  in.text("timeframe", frame);
  if (!frame.empty()) {
    if (const auto read = timeframe::parse(frame)) to.frame = *read;
    else in.fail("timeframe is none");
  }
  if (const auto* list = in.find("parameters")) {
    reader members(*list, "rule.parameters.");
    if (list->is_object())
      for (const auto& [name, unused] : list->items()) members.number(name.c_str(), to.parameters[name]);
    in.take_problem(members);
  }
  in.text("message", to.message);
  in.time("expires_at", to.expires_at);
  in.word("repeat", to.repeat);
  bool executes = false;
  in.flag("auto_execute", executes);
  to.execution = executes ? alert_execution::place_order : alert_execution::notify_only;
  if (const auto* order = in.find("order")) read_order(*order, to.order.emplace(), in);
  in.text("webhook_url", to.notice_url);
  if (const auto* tags = in.find("tags")) {
    if (!tags->is_array()) in.fail("tags is no list");
    else
      for (const auto& tag : *tags)
        if (tag.is_string()) to.tags.push_back(tag.get<std::string>());
  }
  outer.take_problem(in);
}

/// Text of a document; bytes that are no UTF-8 become U+FFFD.
std::string dump(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

result<json> parse(std::string_view text) {
  if (text.size() > max_alert_text) return error{errc::corrupt_data, "a kept alert can't be read: it is too long"};
  auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return error{errc::corrupt_data, "a kept alert can't be read: it is no JSON"};
  return document;
}

} // namespace

std::string encode_alert(const alert& what) {
  json out{{"number", what.number},       {"id", what.id},       {"kind", what.kind == alert_kind::notice ? "notice" : "alert"},
           {"owner", what.owner},         {"status", to_string(what.status)}, {"created_at", to_number(what.created_at)},
           {"updated_at", to_number(what.updated_at)}, {"trigger_count", what.trigger_count}};
  if (!what.client_id.empty()) out["client_id"] = what.client_id;
  out["rule"] = write_rule(what.rule);
  if (!what.notice_type.empty()) out["notice_type"] = what.notice_type;
  if (!what.strategy.empty()) out["strategy"] = what.strategy;
  if (!what.status_reason.empty()) out["status_reason"] = what.status_reason;
  if (what.last_triggered_at) out["last_triggered_at"] = to_number(*what.last_triggered_at);
  if (what.last_value) out["last_value"] = what.last_value->to_string();
  const auto& last = what.last_result;
  if (last.trigger > 0)
    out["last_result"] = {{"trigger", last.trigger},         {"order_id", last.order_id},           {"order_state", last.order_state},
                          {"order_error", last.order_error}, {"notice_status", last.notice_status}, {"notice_error", last.notice_error}};
  return dump(out);
}

result<alert> decode_alert(std::string_view text) {
  const auto document = parse(text);
  if (!document) return document.error();
  alert out;
  reader in(*document);
  in.number("number", out.number);
  in.text("id", out.id);
  in.text("client_id", out.client_id);
  std::string kind;
  in.text("kind", kind);
  out.kind = kind == "notice" ? alert_kind::notice : alert_kind::alert;
  in.text("owner", out.owner);
  if (const auto* rule = in.find("rule")) read_rule(*rule, out.rule, in);
  in.text("notice_type", out.notice_type);
  in.text("strategy", out.strategy);
  in.word("status", out.status);
  in.text("status_reason", out.status_reason);
  in.time("created_at", out.created_at);
  in.time("updated_at", out.updated_at);
  in.number("trigger_count", out.trigger_count);
  in.time("last_triggered_at", out.last_triggered_at);
  in.number("last_value", out.last_value);
  if (const auto* last = in.find("last_result")) {
    reader inner(*last, "last_result.");
    auto& to = out.last_result;
    inner.number("trigger", to.trigger);
    inner.text("order_id", to.order_id);
    inner.text("order_state", to.order_state);
    inner.text("order_error", to.order_error);
    inner.small("notice_status", to.notice_status);
    inner.text("notice_error", to.notice_error);
    in.take_problem(inner);
  }
  if (out.number == 0 || out.id.empty()) in.fail("it has no id");
  if (in.problem()) return *in.problem();
  return out;
}

std::string encode_memory(const alert_memory& memory) {
  json out{{"side", static_cast<unsigned>(memory.side)}, {"met", memory.was_met}};
  if (memory.fired_bar) out["bar"] = to_number(*memory.fired_bar);
  if (memory.flood_start) out["flood_start"] = to_number(*memory.flood_start);
  out["flood_count"] = memory.flood_count;
  return out.dump();
}

result<alert_memory> decode_memory(std::string_view text) {
  const auto document = parse(text);
  if (!document) return document.error();
  alert_memory out;
  reader in(*document, "memory.");
  unsigned side = 0;
  in.small("side", side);
  if (side > static_cast<unsigned>(level_side::above)) in.fail("side is none");
  else out.side = static_cast<level_side>(side);
  in.flag("met", out.was_met);
  in.time("bar", out.fired_bar);
  in.time("flood_start", out.flood_start);
  in.small("flood_count", out.flood_count);
  if (in.problem()) return *in.problem();
  return out;
}

} // namespace tt::alerts
