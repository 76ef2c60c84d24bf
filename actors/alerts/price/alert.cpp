#include "actors/alerts/price/alert.hpp"

#include <algorithm>
#include <array>

namespace tt::alerts {

namespace {

error bad(std::string field, std::string message, errc code = errc::invalid_argument) {
  return {code, std::move(message), std::move(field)};
}

/// A parameter that indicators know, and the numbers it may have.
struct parameter_spec {
  std::string_view name;
  decimal least, most;
  enum class form : std::uint8_t { whole, any } takes;
};

constexpr std::array<parameter_spec, 6> known_parameters{{
  {"rsi_period", 1, max_period, parameter_spec::form::whole},
  {"macd_fast", 1, max_period, parameter_spec::form::whole},
  {"macd_slow", 1, max_period, parameter_spec::form::whole},
  {"macd_signal", 1, max_period, parameter_spec::form::whole},
  {"bollinger_period", 1, max_period, parameter_spec::form::whole},
  {"bollinger_std", decimal::from_scaled(1, 2), 20, parameter_spec::form::any},
}};

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

result<void> check_parameters(const alert_rule& rule) {
  if (rule.parameters.size() > max_parameters) return bad("parameters", "at most " + std::to_string(max_parameters) + " parameters", errc::out_of_range);
  for (const auto& [name, value] : rule.parameters) {
    const auto field = "parameters." + name;
    if (!is_name(name)) return bad("parameters", in_quotes(name) + " is not a name");
    const auto spec = std::ranges::find(known_parameters, std::string_view{name}, &parameter_spec::name);
    if (spec == known_parameters.end()) {
      if (rule.condition != alert_condition::custom) return bad(field, "there is no such parameter");
      continue;
    }
    if (spec->takes == parameter_spec::form::whole && !value.is_multiple_of(1)) return bad(field, "must be a whole number");
    if (value < spec->least || value > spec->most)
      return bad(field, "must be from " + spec->least.to_string() + " to " + spec->most.to_string(), errc::out_of_range);
  }
  if (rule.condition == alert_condition::macd_signal && rule.parameter("macd_fast", 12) >= rule.parameter("macd_slow", 26))
    return bad("parameters.macd_fast", "must be less than macd_slow", errc::out_of_range);
  return {};
}

/// The value that a condition has when none is given; nothing: one must be given.
std::optional<decimal> default_value(alert_condition condition) {
  switch (condition) {
  case alert_condition::rsi_overbought: return decimal{70};
  case alert_condition::rsi_oversold: return decimal{30};
  case alert_condition::macd_signal:
  case alert_condition::bollinger_break:
  case alert_condition::custom: return decimal{};
  default: return std::nullopt;
  }
}

bool watches_price(alert_condition c) { return c <= alert_condition::price_cross_below; }

result<void> check_value(const alert_rule& rule, const instrument& what) {
  switch (rule.condition) {
  case alert_condition::volume_above:
  case alert_condition::volume_below:
    if (rule.value.is_negative()) return bad("condition_value", "a volume is not negative", errc::out_of_range);
    break;
  case alert_condition::rsi_overbought:
  case alert_condition::rsi_oversold:
    if (rule.value.is_negative() || rule.value > decimal{100}) return bad("condition_value", "an RSI lies between 0 and 100", errc::out_of_range);
    break;
  default: // a level may lie between two ticks, but not where no price can be
    if (watches_price(rule.condition) && !rule.value.is_positive() && !what.allows_non_positive_price())
      return bad("condition_value", "a price of " + what.symbol + " is above 0", errc::out_of_range);
  }
  return {};
}

result<void> take_condition(const alert_draft& draft, alert_rule& rule) {
  const bool changes = draft.condition.has_value();
  if (changes) {
    auto read = parse_condition(*draft.condition);
    if (!read) return read.error();
    if (*read != rule.condition && !draft.value)
      if (const auto usual = default_value(*read)) rule.value = *usual;
    rule.condition = *read;
  }
  if (draft.value) rule.value = *draft.value;
  if (draft.expression) rule.expression = *draft.expression;
  if (rule.expression.size() > max_expression) return bad("expression", "at most " + std::to_string(max_expression) + " bytes", errc::out_of_range);
  if (rule.condition == alert_condition::custom && rule.expression.empty()) return bad("expression", "a custom condition needs one");
  if (rule.condition != alert_condition::custom && draft.expression) return bad("expression", "belongs to the condition custom");
  if (draft.frame) {
    auto read = timeframe::parse(*draft.frame);
    if (!read) return bad("timeframe", read.error().message, read.error().code);
    rule.frame = *read;
  }
  if (draft.parameters) rule.parameters = *draft.parameters;
  return {};
}

result<void> take_order(const alert_draft& draft, alert_rule& rule, const instrument& what) {
  if (draft.auto_execute) rule.execution = *draft.auto_execute ? alert_execution::place_order : alert_execution::notify_only;
  const bool speaks_of_order = draft.order_side || draft.order_quantity || draft.order_type || draft.order_price || draft.account_id;
  if (!rule.order && !speaks_of_order) {
    if (rule.execution == alert_execution::place_order) return bad("order_side", "auto_execute needs order_side and order_quantity");
    return {};
  }
  if (!rule.order && (!draft.order_side || !draft.order_quantity)) {
    if (rule.execution == alert_execution::notify_only) return bad(draft.order_side ? "order_quantity" : "order_side", "an order needs order_side and order_quantity");
    return bad(draft.order_side ? "order_quantity" : "order_side", "auto_execute needs order_side and order_quantity");
  }
  auto order = rule.order.value_or(alert_order{});
  if (draft.order_side) {
    auto side = parse_name<order_side>(*draft.order_side, "order_side");
    if (!side) return side.error();
    order.side = *side;
  }
  if (draft.order_quantity) {
    auto size = what.checked_quantity(quantity{*draft.order_quantity});
    if (!size) return bad("order_quantity", size.error().message, size.error().code);
    order.qty = *size;
  }
  if (draft.order_type) {
    auto type = parse_name<order_type>(*draft.order_type, "order_type");
    if (!type) return type.error();
    order.type = *type;
  }
  if (order.type != order_type::market && order.type != order_type::limit && order.type != order_type::stop)
    return bad("order_type", "an alert can make market, limit and stop orders");
  if (draft.order_price) {
    auto at = what.checked_price(price{*draft.order_price});
    if (!at) return bad("order_price", at.error().message, at.error().code);
    order.at = *at;
  }
  if (order.type == order_type::market && order.at) {
    if (draft.order_price) return bad("order_price", "a market order has no price");
    order.at.reset(); // of the order type before
  }
  if (order.type != order_type::market && !order.at) return bad("order_price", "a " + std::string(to_string(order.type)) + " order needs one");
  if (draft.account_id) order.account = account_id{*draft.account_id};
  rule.order = order;
  return {};
}

result<void> take_words(const alert_draft& draft, alert_rule& rule) {
  if (draft.message) rule.message = *draft.message;
  if (rule.message.size() > max_message) return bad("message", "at most " + std::to_string(max_message) + " bytes", errc::out_of_range);
  if (draft.tags) rule.tags = *draft.tags;
  if (rule.tags.size() > max_tags) return bad("tags", "at most " + std::to_string(max_tags), errc::out_of_range);
  for (const auto& tag : rule.tags)
    if (tag.empty() || tag.size() > max_tag) return bad("tags", "a tag has 1 to " + std::to_string(max_tag) + " bytes", errc::out_of_range);
  if (draft.notice_url) rule.notice_url = *draft.notice_url;
  if (rule.notice_url.size() > max_url) return bad("webhook_url", "at most " + std::to_string(max_url) + " bytes", errc::out_of_range);
  if (draft.repeat) {
    auto read = parse_name<alert_repeat>(*draft.repeat, "repeat");
    if (!read) return read.error();
    rule.repeat = *read;
  }
  return {};
}

result<void> clear_fields(const alert_draft& draft, alert_rule& rule) {
  for (const auto& name : draft.cleared) {
    if (name == "expires_at") rule.expires_at.reset();
    else if (name == "webhook_url") rule.notice_url.clear();
    else if (name == "timeframe") rule.frame.reset();
    else if (name == "order_price") {
      if (rule.order) rule.order->at.reset();
    } else return bad(name, "can't be taken away");
  }
  return {};
}

} // namespace

alert_source alert_rule::source() const {
  if (watches_price(condition)) return alert_source::price;
  const bool is_volume = condition == alert_condition::volume_above || condition == alert_condition::volume_below;
  return is_volume && !frame ? alert_source::day_volume : alert_source::bars;
}

decimal alert_rule::parameter(const std::string& name, decimal fallback) const {
  const auto at = parameters.find(name);
  return at == parameters.end() ? fallback : at->second;
}

result<alert_condition> parse_condition(std::string_view text) {
  if (text == "above") return alert_condition::price_above;
  if (text == "below") return alert_condition::price_below;
  if (text == "equals") return alert_condition::price_equals;
  return parse_name<alert_condition>(text, "condition");
}

result<alert_rule> make_rule(const alert_draft& draft, alert_rule before, const instrument_master& instruments, utc_time now) {
  auto rule = std::move(before);
  const bool is_new = rule.symbol.empty();
  if (is_new && !draft.symbol) return bad("symbol", "is missing");
  if (is_new && !draft.condition) return bad("condition", "is missing");
  if (auto done = clear_fields(draft, rule); !done) return done.error();
  const auto* what = instruments.find(draft.symbol.value_or(rule.symbol));
  if (!what) return bad("symbol", "unknown symbol " + in_quotes(draft.symbol.value_or(rule.symbol)), errc::unknown_symbol);
  if (!is_new && what->symbol != rule.symbol) return bad("symbol", "an alert stays with its symbol; make another one");
  rule.symbol = what->symbol;
  const auto condition_before = rule.condition;
  if (auto done = take_condition(draft, rule); !done) return done.error();
  const bool needs_value = !default_value(rule.condition).has_value();
  if (needs_value && !draft.value && (is_new || default_value(condition_before))) return bad("condition_value", "is missing");
  if (is_new && !draft.value) rule.value = default_value(rule.condition).value_or(decimal{});
  if (auto done = check_value(rule, *what); !done) return done.error();
  if (auto done = check_parameters(rule); !done) return done.error();
  if (auto done = take_words(draft, rule); !done) return done.error();
  if (auto done = take_order(draft, rule, *what); !done) return done.error();
  if (draft.expires_at) {
    if (*draft.expires_at <= now) return bad("expires_at", "must lie in the future (it is " + to_iso8601(now) + ")", errc::out_of_range);
    rule.expires_at = draft.expires_at;
  }
  return rule;
}

} // namespace tt::alerts
