// Outcomes as bytes.

#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/wire.hpp"

#include <map>

namespace tt::backtest {

using nlohmann::json;

namespace {

constexpr std::string_view format = "tt.pair";

/// Texts that repeat, as numbers into a list.
class text_table {
public:
  std::int64_t number(const std::string& text) {
    auto [it, fresh] = numbers_.try_emplace(text, static_cast<std::int64_t>(list_.size()));
    if (fresh) list_.push_back(text);
    return it->second;
  }
  const std::vector<std::string>& list() const { return list_; }

private:
  std::map<std::string, std::int64_t> numbers_;
  std::vector<std::string> list_;
};

/// The columns of trades: whole numbers, then numbers.
struct trade_columns {
  std::vector<std::int64_t> side, entry_ms, exit_ms, bars, entry_reason, exit_reason;
  std::vector<double> entry_price, exit_price, quantity, pnl, pnl_percent, fees, mae, mfe;

  template <class F>
  void each_integer(F f) {
    f("side", side), f("entry_ms", entry_ms), f("exit_ms", exit_ms), f("bars", bars), f("entry_reason", entry_reason), f("exit_reason", exit_reason);
  }
  template <class F>
  void each_number(F f) {
    f("entry_price", entry_price), f("exit_price", exit_price), f("quantity", quantity), f("pnl", pnl);
    f("pnl_percent", pnl_percent), f("fees", fees), f("mae", mae), f("mfe", mfe);
  }
};

json trades_json(const std::vector<trade_record>& trades) {
  trade_columns c;
  text_table texts;
  for (const auto& t : trades) {
    c.side.push_back(t.side == trade_record::side_t::long_side ? 1 : -1);
    c.entry_ms.push_back(t.entry_ms), c.exit_ms.push_back(t.exit_ms), c.bars.push_back(t.bars_held);
    c.entry_reason.push_back(texts.number(t.entry_reason)), c.exit_reason.push_back(texts.number(t.exit_reason));
    c.entry_price.push_back(t.entry_price), c.exit_price.push_back(t.exit_price), c.quantity.push_back(t.quantity);
    c.pnl.push_back(t.pnl), c.pnl_percent.push_back(t.pnl_percent), c.fees.push_back(t.fees), c.mae.push_back(t.mae), c.mfe.push_back(t.mfe);
  }
  json out{{"texts", texts.list()}};
  c.each_integer([&](const char* name, const auto& column) { out[name] = wire::column(column); });
  c.each_number([&](const char* name, const auto& column) { out[name] = wire::column(column); });
  return out;
}

bool trades_from(const json* map, std::vector<trade_record>& to) {
  if (map == nullptr) return false;
  trade_columns c;
  std::vector<std::string> texts;
  wire::fields in(*map);
  in.get("texts", texts);
  c.each_integer([&](const char* name, auto& column) { in.get(name, column); });
  c.each_number([&](const char* name, auto& column) { in.get(name, column); });
  const auto n = c.side.size();
  const auto same = [&](const char*, const auto& column) { in.ok = in.ok && column.size() == n; };
  c.each_integer(same);
  c.each_number(same);
  if (!in.ok) return false;
  to.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto entry = static_cast<std::uint64_t>(c.entry_reason[i]), exit = static_cast<std::uint64_t>(c.exit_reason[i]);
    if (entry >= texts.size() || exit >= texts.size()) return false;
    to[i] = {c.side[i] > 0 ? trade_record::side_t::long_side : trade_record::side_t::short_side, c.entry_ms[i], c.exit_ms[i], c.entry_price[i],
             c.exit_price[i], c.quantity[i], c.pnl[i], c.pnl_percent[i], c.fees[i], c.mae[i], c.mfe[i], c.bars[i], texts[entry], texts[exit]};
  }
  return true;
}

json curve_json(const std::vector<curve_point>& curve) {
  std::vector<std::int64_t> at;
  std::vector<double> equity, position, close;
  for (const auto& p : curve) at.push_back(p.at), equity.push_back(p.equity), position.push_back(p.position), close.push_back(p.close);
  return {{"at", wire::column(at)}, {"equity", wire::column(equity)}, {"position", wire::column(position)}, {"close", wire::column(close)}};
}

/// Bytes of earlier programs have none.
bool falls_from(wire::fields& in, const char* name, std::optional<fall_record>& to) {
  if (!in.has(name)) return true;
  const auto* map = in.map(name);
  if (map == nullptr) return false;
  wire::fields f(*map);
  auto& falls = to.emplace();
  f.get("peak", falls.peak), f.get("percent", falls.percent), f.get("money", falls.money);
  return f.ok;
}

bool curve_from(const json* map, std::vector<curve_point>& to) {
  if (map == nullptr) return false;
  std::vector<std::int64_t> at;
  std::vector<double> equity, position, close;
  wire::fields in(*map);
  in.get("at", at);
  in.get("equity", equity), in.get("position", position), in.get("close", close);
  if (!in.ok || equity.size() != at.size() || position.size() != at.size() || close.size() != at.size()) return false;
  to.resize(at.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = {at[i], equity[i], position[i], close[i]};
  return true;
}

json logs_json(const std::vector<log_line>& logs) {
  json out = json::array();
  for (const auto& l : logs) out.push_back({l.time_ms, l.bar, static_cast<int>(l.level), l.text});
  return out;
}

bool logs_from(const json* list, std::vector<log_line>& to) {
  if (list == nullptr) return false;
  for (const auto& row : *list) {
    if (!row.is_array() || row.size() < 4 || !row[0].is_number_integer() || !row[1].is_number_integer() || !row[2].is_number_integer() || !row[3].is_string())
      return false;
    const auto level = row[2].get<int>();
    if (level < 0 || level > static_cast<int>(pine::log_level::error)) return false;
    to.push_back({row[0].get<std::int64_t>(), row[1].get<std::int64_t>(), static_cast<pine::log_level>(level), row[3].get<std::string>()});
  }
  return true;
}

/// Names of the plain fields, for both ways.
template <class O, class F>
void each_plain(O& o, F f) {
  f("initial", o.initial), f("final_equity", o.final_equity), f("open_pnl", o.open_pnl);
  f("bars_run", o.bars), f("bars_in_market", o.bars_in_market), f("first_ms", o.first_ms), f("last_ms", o.last_ms);
  f("first_close", o.first_close), f("last_close", o.last_close), f("margin_calls", o.margin_calls);
  f("timezone", o.timezone), f("currency", o.currency), f("risk_free", o.risk_free);
  f("fill_rule", o.fill_rule), f("slippage", o.slippage), f("commission", o.commission), f("magnifier", o.magnifier);
}

} // namespace

std::string to_bytes(const pair_outcome& o) {
  auto map = wire::start(format);
  map["symbol"] = o.key.symbol;
  map["timeframe"] = o.key.frame.to_string();
  map["data_hash"] = o.data_hash;
  if (o.failure) {
    map["failure"] = {{"code", static_cast<std::int64_t>(o.failure->code)}, {"message", o.failure->message}, {"field", o.failure->field}};
    return wire::finish(map);
  }
  each_plain(o, [&](const char* name, const auto& v) { map[name] = v; });
  map["step"] = o.step == curve_step::day ? "day" : "bar";
  for (const auto& [name, falls] : {std::pair{"falls", &o.falls}, std::pair{"account_falls", &o.account_falls}})
    if (*falls) map[name] = {{"peak", (*falls)->peak}, {"percent", (*falls)->percent}, {"money", (*falls)->money}};
  map["curve"] = curve_json(o.curve);
  map["trades"] = trades_json(o.trades);
  map["open_trades"] = trades_json(o.open_trades);
  map["logs"] = logs_json(o.logs);
  map["logs_dropped"] = o.logs_dropped;
  map["warnings"] = o.warnings;
  return wire::finish(map);
}

result<pair_outcome> pair_outcome_from_bytes(std::string_view bytes) {
  auto map = wire::open(bytes, format);
  if (!map) return map.error();
  pair_outcome o;
  std::string frame;
  wire::fields in(*map);
  in.get("symbol", o.key.symbol), in.get("timeframe", frame), in.get("data_hash", o.data_hash);
  auto tf = timeframe::parse(frame);
  if (!in.ok || !tf) return in.broken(format);
  o.key.frame = *tf;
  if (in.has("failure")) {
    error e;
    std::int64_t code = 0;
    if (const auto* failure = in.map("failure")) {
      wire::fields f(*failure);
      f.get("code", code), f.get("message", e.message), f.get("field", e.field);
      in.ok = f.ok;
    }
    if (!in.ok) return in.broken(format);
    e.code = code > 0 && code <= static_cast<std::int64_t>(errc::internal) ? static_cast<errc>(code) : errc::internal;
    o.failure = e;
    return o;
  }
  each_plain(o, [&](const char* name, auto& v) { in.get(name, v); });
  std::string step;
  in.get("step", step);
  o.step = step == "bar" ? curve_step::bar : curve_step::day;
  in.get("logs_dropped", o.logs_dropped);
  in.get("warnings", o.warnings);
  const bool whole = falls_from(in, "falls", o.falls) && falls_from(in, "account_falls", o.account_falls) && curve_from(in.map("curve"), o.curve) && trades_from(in.map("trades"), o.trades) &&
                     trades_from(in.map("open_trades"), o.open_trades) && logs_from(in.list("logs"), o.logs);
  if (!in.ok || !whole) return in.broken(format);
  return o;
}

} // namespace tt::backtest
