#include "gateways/udf/marks.hpp"

#include "gateways/http/query_reader.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/rest/trading_call.hpp"

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
  mark_question asked;
  std::vector<mark> marks;

  void add(mark one) {
    if (asked.covers(one.at)) marks.push_back(std::move(one));
  }
};

/// The newest ones, of each bar too, in their order, stamped with their bars.
std::vector<mark> shown(gathering all) {
  auto& marks = all.marks;
  std::ranges::stable_sort(marks, {}, &mark::at);
  std::vector<mark> out;
  std::size_t of_bar = 0;
  for (auto one = marks.rbegin(); one != marks.rend() && out.size() < max_marks; ++one) {
    one->at = all.asked.bar_of(one->at);
    of_bar = !out.empty() && out.back().at == one->at ? of_bar + 1 : 1;
    if (of_bar <= max_marks_of_bar) out.push_back(std::move(*one));
  }
  std::ranges::reverse(out);
  return out;
}

void write(json_writer& out, const std::vector<mark>& marks) {
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
    write(out, shown(std::move(*all)));
    answer(json_response(out.take()));
  };
  if (!parts.alerts) return finish();
  alerts::alert_filter which;
  which.symbol = all->asked.what->symbol;
  which.limit = max_marks;
  parts.alerts->list(which, [all, answer, finish](const result<std::vector<alerts::alert>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (one.last_triggered_at && one.kind == alerts::alert_kind::alert) all->add(mark_of(one));
    finish();
  });
}

} // namespace

utc_time mark_question::bar_of(utc_time t) const {
  for (const auto hours : {session_hours::regular, session_hours::extended})
    if (const auto bar = what->calendar->bar_at(t, frame, hours)) return bar->stamp;
  return t;
}

std::optional<mark_question> read_mark_question(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  mark_question out;
  const auto symbol = query.text({"symbol"}, query_reader::need::required);
  const auto from = query.time({"from"}, query_reader::need::required), to = query.time({"to"}, query_reader::need::required);
  out.frame = query.frame({"resolution"}, query_reader::need::optional).value_or(out.frame);
  if (!query.ok()) return answer(query.failure()), std::nullopt;
  const auto found = find_instrument(parts, *symbol);
  if (!found) return answer(to_api_error(found.error())), std::nullopt;
  out.what = *found;
  out.from = *from;
  out.to = *to;
  return out;
}

void show_marks(services& parts, const context_ptr& call, const responder& answer) {
  const auto asked = read_mark_question(parts, call, answer);
  if (!asked) return;
  const auto all = std::make_shared<gathering>(gathering{*asked, {}});
  if (!parts.trading) return add_alerts(parts, all, answer);
  order_filter fills;
  fills.symbol = asked->what->symbol;
  fills.since = asked->from;
  fills.limit = max_marks;
  fills.account = asked_account(*parts.trading, *call, {});
  const auto who = caller_of(*call);
  parts.trading->executions(who, std::move(fills), [&parts, all, answer](const result<std::vector<execution_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got) all->add(mark_of(one.fill));
    add_alerts(parts, all, answer);
  });
}

} // namespace tt::gateway
