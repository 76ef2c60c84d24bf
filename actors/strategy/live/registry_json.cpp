#include "actors/strategy/live/registry_json.hpp"

#include <nlohmann/json.hpp>

namespace tt::strategy {

using nlohmann::json;

namespace {

template <class Make>
auto read(std::string_view text, Make make) -> result<decltype(make(json{}))> {
  try {
    return make(json::parse(text));
  } catch (const json::exception& e) {
    return error{errc::corrupt_data, std::string("a row of the strategies can't be read: ") + e.what()};
  }
}

decimal number(const json& j, const char* key) { return decimal::parse(j.at(key).get<std::string>()).value_or(decimal{}); }
std::string text(const json& j, const char* key) { return j.value(key, std::string{}); }

json held_json(const std::vector<held_trade>& held) {
  json out = json::array();
  for (const auto& h : held)
    out.push_back({{"id", h.entry_id}, {"size", h.size.to_string()}, {"at", h.at.to_string()}, {"fee", h.fee.to_string()}, {"time", h.time_ms}});
  return out;
}
std::vector<held_trade> held_from(const json& j) {
  std::vector<held_trade> out;
  for (const auto& h : j) out.push_back({h.at("id"), number(h, "size"), price{number(h, "at")}, money{number(h, "fee")}, h.at("time")});
  return out;
}

template <class Enum>
Enum named(const json& j, const char* key) {
  const auto read = parse_name<Enum>(j.at(key).get<std::string>(), key);
  return read ? *read : Enum{};
}
timeframe frame_of(const json& j) { return timeframe::parse(j.at("timeframe").get<std::string>()).value_or(timeframe::minutes(1)); }
session_hours hours_of(const json& j) { return parse_session_hours(j.value("session", "regular")).value_or(session_hours::regular); }
std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

} // namespace

std::string to_json(const strategy_record& r) {
  return dump({{"id", r.id.str()}, {"name", r.name}, {"kind", to_string(r.state.kind)}, {"power", to_string(r.state.power)},
               {"mode", to_string(r.state.mode)}, {"account", r.state.account.str()}, {"sizing", r.state.sizing}, {"limits", r.limits_json},
               {"min_win_rate", r.min_win_rate.to_string()}, {"evaluation_period", r.evaluation_period}, {"symbols", r.symbols},
               {"timeframe", r.frame.to_string()}, {"session", std::string(to_string(r.hours))}, {"inputs", r.inputs}, {"version", r.version},
               {"epoch", r.epoch}, {"created", unix_ms(r.created_at)}, {"updated", unix_ms(r.updated_at)}, {"problem", r.problem}});
}
result<strategy_record> record_from(std::string_view body) {
  return read(body, [](const json& j) {
    strategy_record r;
    r.id = strategy_id{j.at("id").get<std::string>()};
    r.name = text(j, "name");
    r.state = {named<strategy_kind>(j, "kind"), named<strategy_power>(j, "power"), named<strategy_mode>(j, "mode"), account_id{text(j, "account")},
               text(j, "sizing")};
    r.limits_json = text(j, "limits");
    r.min_win_rate = number(j, "min_win_rate");
    r.evaluation_period = j.at("evaluation_period");
    r.symbols = j.at("symbols").get<std::vector<std::string>>();
    r.frame = frame_of(j);
    r.hours = hours_of(j);
    r.inputs = j.at("inputs").get<std::map<std::string, std::string>>();
    r.version = j.at("version");
    r.epoch = j.at("epoch");
    r.created_at = from_unix_ms(j.at("created")), r.updated_at = from_unix_ms(j.at("updated"));
    r.problem = text(j, "problem");
    return r;
  });
}

std::string to_json(const run_row& r) {
  json out{{"run", r.run}, {"symbol", r.symbol}, {"version", r.version}, {"account", r.account.str()}, {"mode", to_string(r.mode)},
           {"timeframe", r.frame.to_string()}, {"warm_up_from", r.warm_up_from_ms}, {"trade_from", r.trade_from_ms}, {"held", held_json(r.held)}, {"inputs", r.inputs},
           {"started", unix_ms(r.started_at)}, {"reason", r.end_reason}};
  if (r.ended_at) out["ended"] = unix_ms(*r.ended_at);
  return dump(out);
}
result<run_row> run_from(std::string_view body) {
  return read(body, [](const json& j) {
    run_row r;
    r.run = j.at("run");
    r.symbol = j.at("symbol");
    r.version = j.at("version");
    r.account = account_id{text(j, "account")};
    r.mode = named<strategy_mode>(j, "mode");
    r.frame = frame_of(j);
    r.warm_up_from_ms = j.value("warm_up_from", std::int64_t{0});
    r.trade_from_ms = j.at("trade_from");
    r.held = held_from(j.at("held"));
    r.inputs = j.at("inputs").get<std::map<std::string, std::string>>();
    r.started_at = from_unix_ms(j.at("started"));
    if (j.contains("ended")) r.ended_at = from_unix_ms(j.at("ended"));
    r.end_reason = text(j, "reason");
    return r;
  });
}

std::string to_json(const run_event& e) {
  return dump({{"k", static_cast<int>(e.kind)}, {"n", e.seq}, {"bar", e.bar_ms}, {"key", e.key}, {"slot", e.slot}, {"order", e.order_kind},
               {"id", e.id}, {"signal", e.signal}, {"comment", e.comment}, {"limit", e.limit}, {"stop", e.stop}, {"trail", e.trail},
               {"qty", e.qty.to_string()}, {"px", e.px.to_string()}, {"fee", e.fee.to_string()}, {"at", e.at_ms}});
}
result<run_event> event_from(std::string_view body) {
  return read(body, [](const json& j) {
    run_event e;
    e.kind = static_cast<run_event::kind_t>(j.at("k").get<int>());
    e.seq = j.at("n");
    e.bar_ms = j.at("bar");
    e.key = j.at("key");
    e.slot = j.at("slot");
    e.order_kind = j.at("order");
    e.id = j.at("id"), e.signal = j.at("signal"), e.comment = j.at("comment");
    e.limit = j.at("limit"), e.stop = j.at("stop"), e.trail = j.at("trail");
    e.qty = number(j, "qty");
    e.px = price{number(j, "px")};
    e.fee = money{number(j, "fee")};
    e.at_ms = j.at("at");
    return e;
  });
}

std::string to_json(const signal_row& s) {
  return dump({{"at", s.at_ms}, {"symbol", s.symbol}, {"action", s.action}, {"order_id", s.order_id}, {"key", s.key}, {"qty", s.qty.to_string()},
               {"type", s.type}, {"price", s.price}, {"outcome", s.outcome}, {"reason", s.reason}});
}
result<signal_row> signal_from(std::string_view body) {
  return read(body, [](const json& j) {
    return signal_row{j.at("at"), text(j, "symbol"), text(j, "action"), text(j, "order_id"), text(j, "key"), number(j, "qty"),
                      text(j, "type"), text(j, "price"), text(j, "outcome"), text(j, "reason")};
  });
}

std::string to_json(const trade_row& r) {
  const auto& t = r.trade;
  return dump({{"run", t.run}, {"symbol", t.symbol}, {"side", static_cast<int>(t.side)}, {"entry_id", t.entry_id}, {"exit_id", t.exit_id},
               {"entry", t.entry_ms}, {"exit", t.exit_ms}, {"entry_price", t.entry_price}, {"exit_price", t.exit_price}, {"qty", t.qty},
               {"profit", t.profit}, {"fees", t.fees}, {"mode", to_string(r.mode)}, {"epoch", r.epoch}});
}
result<trade_row> trade_from(std::string_view body) {
  return read(body, [](const json& j) {
    trade_row r;
    r.trade = {j.at("run"), j.at("symbol"), static_cast<closed_trade::side_t>(j.at("side").get<int>()), j.at("entry_id"), j.at("exit_id"),
               j.at("entry"), j.at("exit"), j.at("entry_price"), j.at("exit_price"), j.at("qty"), j.at("profit"), j.at("fees")};
    r.mode = named<strategy_mode>(j, "mode");
    r.epoch = j.at("epoch");
    return r;
  });
}

std::string to_json(const transition_row& t) {
  return dump({{"at", unix_ms(t.at)}, {"kind", t.kind}, {"from", t.from}, {"to", t.to}, {"author", t.author}, {"reason", t.reason}});
}
result<transition_row> transition_from(std::string_view body) {
  return read(body, [](const json& j) {
    return transition_row{from_unix_ms(j.at("at")), text(j, "kind"), text(j, "from"), text(j, "to"), text(j, "author"), text(j, "reason")};
  });
}

std::string to_json(const alert_row& a) {
  return dump({{"strategy", a.strategy.str()}, {"symbol", a.symbol}, {"at", a.what.at_ms}, {"source", static_cast<int>(a.what.source)},
               {"title", a.what.title}, {"message", a.what.message}});
}
result<alert_row> alert_from(std::string_view body) {
  return read(body, [](const json& j) {
    alert_row a;
    a.strategy = strategy_id{text(j, "strategy")};
    a.symbol = text(j, "symbol");
    a.what = {j.at("at"), static_cast<raised_alert::source_t>(j.at("source").get<int>()), text(j, "title"), text(j, "message")};
    return a;
  });
}

} // namespace tt::strategy
