#include "gateways/udf/marks.hpp"

#include "gateways/http/query_reader.hpp"
#include "gateways/json/json_writer.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using tt::to_string; // of enums of another room

/// One mark; the library wants them as columns.
struct mark {
  std::string id;
  utc_time at{};
  const char* color = "blue";
  std::string text;
  const char* label = "";
};

/// The two questions of one answer.
struct gathering {
  std::string symbol;
  utc_time from{}, to{};
  std::vector<mark> marks;

  void add(mark one) {
    if (one.at >= from && one.at <= to) marks.push_back(std::move(one));
  }
};

void write(json_writer& out, std::vector<mark> marks) {
  std::ranges::stable_sort(marks, {}, &mark::at);
  if (marks.size() > max_marks) marks.erase(marks.begin(), marks.end() - max_marks);
  const auto column = [&](const char* name, auto value) {
    out.raw_key(name).begin_array();
    for (const auto& one : marks) value(one);
    out.end_array();
  };
  out.begin_object();
  column("id", [&](const mark& one) { out.value(one.id); });
  column("time", [&](const mark& one) { out.value(unix_seconds(one.at)); });
  column("color", [&](const mark& one) { out.value(one.color); });
  column("text", [&](const mark& one) { out.value(one.text); });
  column("label", [&](const mark& one) { out.value(one.label); });
  column("labelFontColor", [&](const mark&) { out.value("white"); });
  column("minSize", [&](const mark&) { out.value(14); });
  out.end_object();
}

mark mark_of(const order_fill& fill) {
  const bool buys = fill.way == direction::buy;
  return {fill.id.str(), fill.at, buys ? "green" : "red", std::string(buys ? "Bought " : "Sold ") + fill.qty.to_string() + " at " + fill.px.to_string(), buys ? "B" : "S"};
}

mark mark_of(const alerts::alert& what) {
  auto text = what.rule.message.empty() ? std::string(to_string(what.rule.condition)) + " " + what.rule.value.to_string() : what.rule.message;
  if (what.last_value) text += " (" + what.last_value->to_string() + ")";
  return {what.id, *what.last_triggered_at, "yellow", std::move(text), "A"};
}

void add_alerts(services& parts, const std::shared_ptr<gathering>& all, const responder& answer) {
  const auto finish = [all, answer] {
    json_writer out;
    write(out, std::move(all->marks));
    answer(json_response(out.take()));
  };
  if (!parts.alerts) return finish();
  alerts::alert_filter which;
  which.symbol = all->symbol;
  which.limit = max_marks;
  parts.alerts->list(which, [all, answer, finish](const result<std::vector<alerts::alert>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (one.last_triggered_at && one.kind == alerts::alert_kind::alert) all->add(mark_of(one));
    finish();
  });
}

} // namespace

void show_marks(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto symbol = query.text({"symbol"}, query_reader::need::required);
  const auto from = query.time({"from"}, query_reader::need::required), to = query.time({"to"}, query_reader::need::required);
  (void)query.text({"resolution"});
  if (!query.ok()) return answer(query.failure());
  const auto found = find_instrument(parts, *symbol);
  if (!found) return answer(to_api_error(found.error()));
  const auto all = std::make_shared<gathering>(gathering{(*found)->symbol, *from, *to, {}});
  if (!parts.trading) return add_alerts(parts, all, answer);
  order_filter fills;
  fills.symbol = all->symbol;
  fills.since = *from;
  fills.limit = max_marks;
  trading_caller who;
  who.principal = call->who.name;
  parts.trading->executions(who, std::move(fills), [&parts, all, answer](const result<std::vector<execution_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got) all->add(mark_of(one.fill));
    add_alerts(parts, all, answer);
  });
}

} // namespace tt::gateway
