// GET /udf/history: rules in http-api.md section 4 and udf-protocol.md.

#include "gateways/http/query_reader.hpp"
#include "gateways/udf/history_request.hpp"
#include "gateways/udf/udf.hpp"

#include <charconv>

namespace tt::gateway {

namespace {

/// Room for one number and its comma.
constexpr std::size_t number_room = decimal::max_chars + 1;

/// Appends `,"name":[n0,n1,…]` by writing straight into the string's buffer.
template <class Write>
void append_column(std::string& out, std::string_view name, const std::vector<const bar*>& bars, Write write) {
  out += ",\"";
  out += name;
  out += "\":[";
  const std::size_t begin = out.size();
  out.resize(begin + bars.size() * number_room);
  char* at = out.data() + begin;
  for (const bar* one : bars) {
    at = write(at, *one);
    *at++ = ',';
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
  if (!bars.empty()) out.back() = ']';
  else out += ']';
}

std::string no_data(const market::history_reply& reply, next_time_unit unit) {
  if (!reply.previous) return R"({"s":"no_data"})";
  const std::int64_t next = unit == next_time_unit::seconds ? unix_seconds(*reply.previous) : unix_ms(*reply.previous);
  return R"({"s":"no_data","nextTime":)" + std::to_string(next) + "}";
}

/// Pointers to the bars worth serving; contradicting ones are counted.
std::vector<const bar*> consistent_bars(const std::vector<bar>& all, gateway_metrics& metrics) {
  std::vector<const bar*> out;
  out.reserve(all.size());
  for (const bar& one : all)
    if (one.is_consistent()) out.push_back(&one);
  metrics.dropped_bars(all.size() - out.size());
  return out;
}

/// What the client asked for; problems are in the reader.
market::history_request read_request(query_reader& query, const services& parts, const instrument& what) {
  market::history_request out;
  out.symbol = what.symbol;
  out.frame = query.frame({"resolution", "timeframe"}, query_reader::need::required).value_or(timeframe{});
  out.hours = query.session();
  out.limit = max_history_bars;
  const auto countback = query.integer({"countback", "count_back"}, query_reader::need::optional, 0, 1'000'000'000);
  out.countback = static_cast<std::uint32_t>(std::min<std::int64_t>(countback.value_or(0), max_history_bars));
  out.from = query.time({"from", "from_ts", "from_timestamp"});
  const auto to = query.time({"to", "to_ts", "to_timestamp"});
  if (!query.ok()) return out;
  // Without `to` the newest bar is meant, the forming one included.
  out.to = to.value_or(parts.market.market_time() + std::chrono::seconds{1});
  if (out.countback == 0 && !out.from) query.problem("from", "from or countback is required", "missing");
  else if (out.countback == 0 && out.to <= *out.from) query.problem("to", "must be after from", "range");
  out.to = history_bound(what, out.frame, out.hours, out.to);
  return out;
}

} // namespace

std::string write_history(const market::history_reply& reply, next_time_unit unit, gateway_metrics& metrics) {
  const auto bars = consistent_bars(*reply.bars, metrics);
  if (bars.empty()) return no_data(reply, unit);
  std::string out;
  out.reserve(bars.size() * 64 + number_room * bars.size());
  out = R"({"s":"ok")";
  append_column(out, "t", bars, [](char* at, const bar& b) {
    return std::to_chars(at, at + number_room, unix_seconds(b.open_time)).ptr;
  });
  append_column(out, "o", bars, [](char* at, const bar& b) { return b.open.value().to_chars(at); });
  append_column(out, "h", bars, [](char* at, const bar& b) { return b.high.value().to_chars(at); });
  append_column(out, "l", bars, [](char* at, const bar& b) { return b.low.value().to_chars(at); });
  append_column(out, "c", bars, [](char* at, const bar& b) { return b.close.value().to_chars(at); });
  append_column(out, "v", bars, [](char* at, const bar& b) { return b.volume.value().to_chars(at); });
  out += '}';
  return out;
}

void udf_history(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto symbol = query.text({"symbol"}, query_reader::need::required);
  if (!query.ok()) return answer(query.failure());
  const auto found = find_instrument(parts, *symbol);
  if (!found) return answer(to_api_error(found.error()));
  auto request = read_request(query, parts, **found);
  if (!query.ok()) return answer(query.failure());
  parts.market.history(std::move(request), [&parts, answer](result<market::history_reply> reply) {
    if (!reply) return answer(reply.error());
    answer(json_response(write_history(*reply, parts.config.udf_next_time, parts.metrics)));
  });
}

} // namespace tt::gateway
