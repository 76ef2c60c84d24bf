#include "gateways/rest/order_json.hpp"

#include <algorithm>
#include <array>

namespace tt::gateway {

namespace {

using need = object_reader::need;
constexpr std::size_t longest_id = 64, longest_comment = 200;

/// Reads one of the API's names; a wrong one is a problem of the field.
template <class Enum>
std::optional<Enum> choice(object_reader& body, std::initializer_list<std::string_view> names, need n) {
  const auto text = body.string(names, n);
  if (!text) return std::nullopt;
  auto value = parse_name<Enum>(*text, *names.begin());
  if (value) return *value;
  body.problem(*names.begin(), value.error().message, "value");
  return std::nullopt;
}

std::optional<price> positive_price(object_reader& body, std::initializer_list<std::string_view> names, need n = need::optional) {
  const auto number = body.number(names, n);
  if (!number) return std::nullopt;
  // prices of zero or less exist for some futures; whether here is for the instrument to say
  return price{*number};
}

std::optional<decimal> more_than_zero(object_reader& body, std::initializer_list<std::string_view> names) {
  const auto number = body.number(names, need::optional);
  if (number && !number->is_positive()) {
    body.problem(*names.begin(), "must be more than 0", "range");
    return std::nullopt;
  }
  return number;
}

std::optional<utc_time> moment(object_reader& body, std::string_view name) {
  const auto text = body.string({name}, need::optional);
  if (!text) return std::nullopt;
  auto parsed = parse_iso8601(*text);
  if (parsed) return *parsed;
  body.problem(name, parsed.error().message, "type");
  return std::nullopt;
}

void read_size(object_reader& body, order_request& out) {
  const auto problems = body.problems();
  const auto quantity_given = more_than_zero(body, {"quantity", "qty", "contracts"});
  const auto notional_given = more_than_zero(body, {"notional"});
  const auto weight_given = more_than_zero(body, {"weight"});
  const int given = (quantity_given ? 1 : 0) + (notional_given ? 1 : 0) + (weight_given ? 1 : 0);
  if (given == 0 && body.problems() > problems) return; // one was given, and is wrong
  if (given != 1) return body.problem("quantity", "exactly one of quantity, notional and weight is needed", given == 0 ? "missing" : "conflict");
  if (quantity_given) out.size = size_quantity{quantity{*quantity_given}};
  if (notional_given) out.size = size_notional{money{*notional_given}};
  if (!weight_given) return;
  if (*weight_given > decimal{1}) body.problem("weight", "must be more than 0 and at most 1", "range");
  out.size = size_weight{*weight_given};
}

void read_bracket(object_reader& body, order_request& out) {
  if (const auto* value = body.value({"take_profit"}, need::optional)) {
    object_reader inner(*value);
    if (const auto at = positive_price(inner, {"price", "limit_price"}, need::required)) out.profit = take_profit{*at};
    body.absorb(inner, "take_profit");
  }
  if (const auto* value = body.value({"stop_loss"}, need::optional)) {
    object_reader inner(*value);
    const auto stop = positive_price(inner, {"stop_price"}, need::required);
    const auto limit = positive_price(inner, {"price", "limit_price"});
    if (stop) out.loss = stop_loss{*stop, limit};
    body.absorb(inner, "stop_loss");
  }
}

/// What a leg can't have: it would not be heeded.
constexpr std::array not_of_a_leg{"trail_offset", "trail_percent", "take_profit", "stop_loss", "legs"};

/// What a pair has as a whole, said of a leg once more: it must be what the order has.
void read_shared(object_reader& leg, const order_request& whole) {
  const auto agree = [&](std::string_view name, const auto& said, const auto& has) {
    if (said && *said != has) leg.problem(name, "is the same for both legs: put it beside legs", "conflict");
  };
  agree("account_id", leg.string({"account_id", "account"}, need::optional, longest_id), whole.account.str());
  agree("strategy_id", leg.string({"strategy_id", "strategy"}, need::optional, longest_id), whole.strategy.str());
  agree("alert_id", leg.string({"alert_id"}, need::optional, longest_id), whole.alert.str());
  agree("client_order_id", leg.string({"client_order_id"}, need::optional, longest_id), whole.client_id.str());
  agree("comment", leg.string({"comment"}, need::optional, longest_comment), whole.comment);
  agree("time_in_force", choice<time_in_force>(leg, {"time_in_force", "tif", "duration"}, need::optional), whole.tif);
  agree("good_till", moment(leg, "good_till"), whole.good_till);
  agree("extended_hours", leg.boolean({"extended_hours"}, need::optional), whole.hours == order_hours::extended);
  agree("reduce_only", leg.boolean({"reduce_only"}, need::optional), whole.effect == position_effect::reduce_only);
  agree("allow_close_part", leg.boolean({"allow_close_part"}, need::optional), whole.closing == close_part::send_alone);
  const auto* by_money = std::get_if<size_notional>(&whole.size);
  const auto* by_weight = std::get_if<size_weight>(&whole.size);
  agree("notional", more_than_zero(leg, {"notional"}), by_money ? by_money->value.value() : decimal{});
  agree("weight", more_than_zero(leg, {"weight"}), by_weight ? by_weight->value : decimal{});
  for (const char* name : not_of_a_leg)
    if (leg.value({name}, need::optional)) leg.problem(name, "is nothing that a leg can have", "conflict");
}

/// Legs are OrderRequests; what they must share with the order may be left out or be equal.
void read_legs(object_reader& body, order_request& out) {
  const auto* value = body.value({"legs"}, need::optional);
  if (!value) return;
  if (value->type() != json_value::kind::array || value->items().size() != 2) return body.problem("legs", "must be a list of two orders", "type");
  for (const auto& item : value->items()) {
    object_reader inner(item);
    oco_leg leg;
    const auto type = choice<order_type>(inner, {"type", "order_type"}, need::required);
    leg.type = type.value_or(order_type::limit);
    leg.limit_price = positive_price(inner, {"price", "limit_price"});
    leg.stop_price = positive_price(inner, {"stop_price"});
    const auto side = choice<order_side>(inner, {"side", "action"}, need::optional);
    if (side && *side != out.side) inner.problem("side", "both legs have the side of the order", "conflict");
    const auto symbol = inner.string({"symbol", "ticker"}, need::optional, longest_id);
    if (symbol && *symbol != out.symbol) inner.problem("symbol", "both legs have the symbol of the order", "conflict");
    const auto size = more_than_zero(inner, {"quantity", "qty", "contracts"});
    const auto* whole = std::get_if<size_quantity>(&out.size);
    read_shared(inner, out);
    if (size && !(whole && whole->value.value() == *size)) inner.problem("quantity", "both legs have the quantity of the order", "conflict");
    body.absorb(inner, "legs");
    out.legs.push_back(leg);
  }
}

constexpr std::string_view id_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";

} // namespace

order_request read_order_request(object_reader& body) {
  order_request out;
  out.symbol = body.string({"symbol", "ticker"}, need::required, longest_id).value_or("");
  // a side that is missing or unknown is a problem, and so the request never gets further
  if (const auto side = choice<order_side>(body, {"side", "action"}, need::required)) out.side = *side;
  read_size(body, out);
  out.type = choice<order_type>(body, {"type", "order_type"}, need::optional).value_or(order_type::market);
  out.limit_price = positive_price(body, {"price", "limit_price"});
  out.stop_price = positive_price(body, {"stop_price"});
  if (const auto offset = more_than_zero(body, {"trail_offset"})) out.trail_offset = price{*offset};
  out.trail_percent = more_than_zero(body, {"trail_percent"});
  read_bracket(body, out);
  out.tif = choice<time_in_force>(body, {"time_in_force", "tif", "duration"}, need::optional).value_or(time_in_force::day);
  out.good_till = moment(body, "good_till");
  if (body.boolean({"extended_hours"}, need::optional).value_or(false)) out.hours = order_hours::extended;
  if (body.boolean({"reduce_only"}, need::optional).value_or(false)) out.effect = position_effect::reduce_only;
  if (body.boolean({"allow_close_part"}, need::optional).value_or(false)) out.closing = close_part::send_alone;
  out.account = account_id{body.string({"account_id", "account"}, need::optional, longest_id).value_or("")};
  out.strategy = strategy_id{body.string({"strategy_id", "strategy"}, need::optional, longest_id).value_or("")};
  out.alert = alert_id{body.string({"alert_id"}, need::optional, longest_id).value_or("")};
  out.comment = body.string({"comment"}, need::optional, longest_comment).value_or("");
  const auto id = body.string({"client_order_id"}, need::optional, longest_id).value_or("");
  if (id.find_first_not_of(id_characters) != std::string::npos) body.problem("client_order_id", "may hold A-Z, a-z, 0-9 and . _ : -", "value");
  out.client_id = client_order_id{id};
  read_legs(body, out); // last: they are held against the rest
  return out;
}

order_change read_order_change(object_reader& body) {
  order_change out;
  if (const auto size = more_than_zero(body, {"quantity", "qty"})) out.qty = quantity{*size};
  out.limit_price = positive_price(body, {"price", "limit_price"});
  out.stop_price = positive_price(body, {"stop_price"});
  if (const auto offset = more_than_zero(body, {"trail_offset"})) out.trail_offset = price{*offset};
  out.trail_percent = more_than_zero(body, {"trail_percent"});
  if (out.trail_percent && *out.trail_percent >= decimal{100}) body.problem("trail_percent", "must be more than 0 and less than 100", "range");
  out.tif = choice<time_in_force>(body, {"time_in_force", "tif", "duration"}, need::optional);
  if (const auto version = body.number({"if_version"}, need::optional)) {
    const auto whole = version->to_scaled(0);
    if (whole && *whole > 0 && *whole <= UINT32_MAX) out.if_version = static_cast<std::uint32_t>(*whole);
    else body.problem("if_version", "must be a whole number from 1", "range");
  }
  const bool changes = out.qty || out.limit_price || out.stop_price || out.trail_offset || out.trail_percent || out.tif;
  if (!changes) body.problem("quantity", "nothing to change", "missing");
  return out;
}

result<order_status> parse_order_status(std::string_view text) { return parse_name<order_status>(text, "status"); }

void write(json_writer& out, const risk_decision& d) {
  out.begin_object().field("result", to_string(d.result)).field("code", d.code).field("legacy_code", d.legacy_code);
  if (!d.message.empty()) out.field("message", d.message);
  out.field("original_quantity", d.original).field("quantity", d.approved).field("elapsed_us", d.elapsed_ns / 1000);
  out.field("limits_version", d.limits_version).field("state_offset", raw(d.state_offset)).key("adjustments").begin_array();
  for (const auto& one : d.adjustments) out.begin_object().field("code", one.code).field("quantity", one.allowed).end_object();
  out.end_array().key("checks").begin_array();
  for (const auto& one : d.checks) {
    out.begin_object().field("code", one.code).field("result", to_string(one.result)).field("scope", one.scope);
    out.field("measured", one.measured).field("limit", one.limit).field("unit", one.unit);
    if (!one.message.empty()) out.field("message", one.message);
    out.field("elapsed_ns", one.elapsed_ns).end_object();
  }
  out.end_array().end_object();
}

namespace {

void optional_text(json_writer& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out.field(name, text);
}

} // namespace

void write(json_writer& out, const order_snapshot& snapshot) {
  const auto& o = snapshot.what;
  out.begin_object().field("order_id", o.id.str()).field("client_order_id", o.client_id.str()).field("wire_order_id", o.wire_id.str());
  optional_text(out, "broker_order_id", o.venue_order.str());
  out.field("account_id", snapshot.account.str()).field("account_mode", snapshot.mode == account_mode::live ? "live" : "paper");
  out.field("symbol", o.symbol).field("instrument_id", o.symbol).field("side", to_string(o.terms.side));
  // the head of a pair that we hold is its first leg, too
  const bool is_pair = o.parent == order_number::none && !o.leg.empty();
  out.field("order_type", to_string(is_pair ? order_type::oco : o.terms.type));
  if (!o.leg.empty()) out.field("leg", o.leg).field("leg_type", to_string(o.terms.type));
  out.field("time_in_force", to_string(o.terms.tif));
  const auto* asked = std::get_if<size_quantity>(&o.asked);
  out.field("original_quantity", asked ? asked->value : o.original).field("quantity", o.terms.qty);
  out.field("filled_quantity", o.filled).field("remaining_quantity", is_final(o.state) ? quantity{} : o.remaining());
  out.optional_field("price", o.terms.limit_price).optional_field("stop_price", o.terms.stop_price ? o.terms.stop_price : o.progress.level);
  if (o.progress.is_triggered) out.field("is_triggered", true);
  out.optional_field("trail_offset", o.terms.trail_offset).optional_field("trail_percent", o.terms.trail_percent);
  out.optional_field("avg_fill_price", o.average_price()).field("fees", o.fees);
  out.field("status", to_string(status_of(o))).field("state", to_string(o.state));
  optional_text(out, "reason", o.reason);
  optional_text(out, "reject_code", o.reject_code);
  out.field("reduce_only", o.terms.effect == position_effect::reduce_only).field("extended_hours", o.terms.hours == order_hours::extended);
  optional_text(out, "strategy_id", o.strategy.str());
  optional_text(out, "alert_id", o.alert.str());
  optional_text(out, "comment", o.comment);
  if (snapshot.parent) out.field("parent_id", snapshot.parent->str());
  out.key("linked_ids").begin_array();
  for (const auto& id : snapshot.linked) out.value(id.str());
  out.end_array().field("created_at", o.created_at).optional_field("submitted_at", o.submitted_at).optional_field("filled_at", o.filled_at);
  out.field("updated_at", o.updated_at).field("version", o.version).key("risk_check");
  write(out, o.decision);
  if (!snapshot.events.empty()) {
    out.key("events").begin_array();
    for (const auto& one : snapshot.events) {
      out.begin_object().field("offset", one.offset).field("timestamp", one.at).field("event", one.what);
      optional_text(out, "code", one.code);
      optional_text(out, "text", one.text);
      out.optional_field("quantity", one.qty).optional_field("price", one.px).end_object();
    }
    out.end_array();
  }
  out.end_object();
}

void write(json_writer& out, const account_snapshot& a) {
  const auto& f = a.figures;
  out.begin_object().field("account_id", a.profile.id.str()).field("broker", a.profile.venue.str());
  out.field("account_type", to_string(a.profile.type)).field("mode", a.profile.mode == account_mode::live ? "live" : "paper");
  out.field("currency", a.profile.currency).field("total_equity", f.equity).field("cash_balance", f.cash);
  out.field("buying_power", a.balances.buying_power).optional_field("day_trade_buying_power", a.balances.day_trade_buying_power);
  out.optional_field("initial_margin", a.balances.initial_margin).optional_field("maintenance_margin", a.balances.maintenance_margin);
  out.field("start_of_day_equity", f.start_of_day_equity).field("day_pnl", f.day_pnl).field("realized_pnl", f.realized);
  out.field("unrealized_pnl", f.unrealized).field("total_pnl", f.realized + f.unrealized - f.fees);
  out.field("is_active", a.active == account_snapshot::state::on).field("trading_enabled", a.trading == account_snapshot::state::on);
  out.field("pattern_day_trader", a.balances.pattern_day_trader.value_or(false));
  out.key("data_age_ms");
  if (a.data_age) out.value(a.data_age->count());
  else out.null();
  out.key("last_updated");
  if (a.updated_at) out.value(*a.updated_at);
  else out.null();
  out.end_object();
}

void write_unavailable(json_writer& out, const std::vector<account_snapshot>& all) {
  if (std::ranges::none_of(all, [](const auto& one) { return one.trouble.has_value(); })) return;
  out.key("unavailable").begin_array();
  for (const auto& one : all) {
    if (!one.trouble) continue;
    const auto why = to_api_error(*one.trouble);
    out.begin_object().field("account_id", one.profile.id.str()).field("error_code", why.code).field("detail", why.detail).end_object();
  }
  out.end_array();
}

void write(json_writer& out, const position_snapshot& p) {
  const auto& held = p.held;
  out.begin_object().field("account_id", p.account.str()).field("symbol", held.symbol).field("quantity", held.qty);
  out.field("side", held.qty.value().is_negative() ? "short" : "long").field("avg_price", held.average_price());
  out.field("current_price", p.current).field("multiplier", held.contract.multiplier).field("market_value", p.market_value);
  out.field("cost_basis", held.cost_basis).field("unrealized_pnl", p.unrealized).field("realized_pnl", held.realized);
  out.field("day_pnl", p.day_pnl).field("weight", p.weight).field("opened_at", held.opened_at).field("updated_at", held.updated_at);
  out.field("origin", to_string(held.owner)).end_object();
}

void write(json_writer& out, const execution_snapshot& e) {
  const auto& fill = e.fill;
  out.begin_object().field("execution_id", fill.id.str()).field("order_id", e.order.str()).field("account_id", e.account.str());
  out.field("symbol", fill.symbol).field("side", to_string(fill.way)).field("quantity", fill.qty).field("price", fill.px);
  if (fill.taken != liquidity::unknown) out.field("liquidity", to_string(fill.taken));
  out.field("commission", fill.fees.commission).field("exchange_fee", fill.fees.exchange).field("regulatory_fee", fill.fees.regulatory);
  out.field("other_fees", fill.fees.other).field("net_value", e.net_value).field("timestamp", fill.at).end_object();
}

void write(json_writer& out, const risk_snapshot& risk) {
  out.begin_object().field("mode", to_string(risk.mode)).field("kill_active", risk.mode != risk::kill_mode::none);
  out.field("epoch", risk.epoch).field("limits_version", risk.limits_version).key("limits").begin_array();
  for (const auto& one : risk.limits) {
    const bool known = one.limit && one.measured;
    const auto* spec = risk::find_limit(one.name);
    const bool from_above = !spec || spec->tighter == risk::tighter_when::lower;
    out.begin_object().field("code", to_string(one.code)).field("name", one.name).field("scope", to_string(one.scope));
    out.field("limit", one.limit).field("measured", one.measured).key("headroom");
    if (known) out.value(from_above ? *one.limit - *one.measured : *one.measured - *one.limit);
    else out.null();
    out.field("unit", to_string(one.unit)).field("would_trip", known && (from_above ? *one.measured >= *one.limit : *one.measured < *one.limit));
    optional_text(out, "subject", one.subject);
    optional_text(out, "reason", one.why_not);
    out.end_object();
  }
  out.end_array().key("breakers").begin_array();
  for (const auto& one : risk.breakers) {
    out.begin_object().field("code", to_string(one.which)).field("scope", to_string(one.scope.what));
    optional_text(out, "name", one.scope.name);
    out.field("formula", one.formula).field("measured", one.measured).field("limit", one.limit).field("headroom", one.headroom());
    out.field("unit", to_string(one.unit)).field("would_trip", one.would_trip).field("tripped", one.is_tripped).end_object();
  }
  out.end_array().key("stops").begin_array();
  for (const auto& one : risk.stops) {
    out.begin_object().field("scope", to_string(one.scope.what));
    optional_text(out, "name", one.scope.name);
    out.field("mode", to_string(one.mode)).end_object();
  }
  out.end_array().key("unconfirmed_cancels").begin_array();
  for (const auto& id : risk.unconfirmed) out.value(id.str());
  out.end_array().key("frozen").begin_array();
  for (const auto& one : risk.frozen)
    out.begin_object().field("symbol", one.symbol).field("ours", one.ours).field("theirs", one.theirs).field("reason", one.reason).field("since", one.since).end_object();
  out.end_array().key("alarms").begin_array();
  for (const auto& one : risk.alarms) {
    out.begin_object().field("timestamp", one.at).field("level", tt::to_string(one.level)).field("code", one.code);
    optional_text(out, "order_id", one.order.str());
    optional_text(out, "symbol", one.symbol);
    out.field("text", one.text).end_object();
  }
  out.end_array().key("limit_profiles").begin_array();
  for (const auto& one : risk.profiles) {
    out.begin_object().field("name", one.name).key("assigned_to").begin_array();
    for (const auto& where : one.assigned_to) {
      out.begin_object().field("scope", to_string(where.scope));
      optional_text(out, "name", where.name);
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
}

} // namespace tt::gateway
