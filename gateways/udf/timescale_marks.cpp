#include "gateways/udf/marks.hpp"

#include "gateways/json/json_writer.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using tt::to_string; // of enums of another room

/// Runs of one strategy that are looked at.
constexpr std::size_t runs_looked_at = 100;

struct scale_mark {
  std::string id;
  utc_time at{};
  const char* color = "blue";
  const char* label = "";
  std::vector<std::string> lines; ///< of the tooltip
};

struct gathering {
  mark_question asked;
  std::vector<scale_mark> marks;

  void add(scale_mark one) {
    if (asked.covers(one.at)) marks.push_back(std::move(one));
  }
};

/// The newest ones, in their order.
std::string written(gathering all) {
  auto& marks = all.marks;
  std::ranges::stable_sort(marks, {}, &scale_mark::at);
  if (marks.size() > max_marks) marks.erase(marks.begin(), marks.end() - max_marks);
  json_writer out;
  out.begin_array();
  for (const auto& one : marks) {
    out.begin_object().field("id", one.id).field("time", unix_seconds(all.asked.bar_of(one.at))).field("color", one.color).field("label", one.label);
    out.key("tooltip").begin_array();
    for (const auto& line : one.lines) out.value(line);
    out.end_array().end_object();
  }
  out.end_array();
  return out.take();
}

void add_roll(gathering& to) {
  const auto& day = to.asked.what->roll_date;
  const auto session = day ? to.asked.what->calendar->on_or_before(*day) : std::nullopt;
  if (session) to.add({"roll-" + day->to_string(), session->regular.open, "blue", "R", {"Next contract of " + to.asked.what->symbol}});
}

void add_stop(gathering& to, const risk::kill_event& event) {
  const auto id = "stop-" + std::to_string(event.epoch) + "-" + std::to_string(unix_ms(event.at));
  std::vector<std::string> lines;
  if (event.what == risk::kill_event::kind::resumed) lines = {"Trading resumed"};
  else if (event.what == risk::kill_event::kind::flattened) lines = {"Every position closed"};
  else lines = {"Trading stopped: " + std::string(to_string(event.mode))};
  if (!event.scope.name.empty()) lines.push_back(event.scope.name);
  if (!event.reason.empty()) lines.push_back(event.reason);
  to.add({id, event.at, event.what == risk::kill_event::kind::resumed ? "green" : "red", event.what == risk::kill_event::kind::resumed ? "G" : "H", std::move(lines)});
}

/// Whether a stop says something of this symbol.
bool concerns(const risk::kill_event& event, const std::string& symbol) {
  return event.scope.what != risk::kill_scope::kind::symbol || event.scope.name == symbol;
}

void add_runs(gathering& to, const strategy::registry& records) {
  for (const auto& one : records.list())
    for (const auto& run : records.runs(one.id, runs_looked_at)) {
      if (run.symbol != to.asked.what->symbol) continue;
      const auto name = one.id.str() + " " + run.frame.to_string() + ", version " + std::to_string(run.version);
      const auto id = "run-" + one.id.str() + "-" + std::to_string(run.run);
      to.add({id + "-begin", run.started_at, "green", "S", {name + " begins"}});
      if (run.ended_at) to.add({id + "-end", *run.ended_at, "yellow", "E", {name + " ends", run.end_reason}});
    }
}

void finish_with_runs(services& parts, const std::shared_ptr<gathering>& all, const responder& answer) {
  const auto finish = [all, answer] { answer(json_response(written(std::move(*all)))); };
  if (!parts.strategies) return finish();
  const auto posted = parts.strategies->post(strategies_port::work::quick, [&parts, all, finish] {
    add_runs(*all, parts.strategies->records());
    finish();
  });
  if (posted == strategies_port::posted::full) answer(not_available("strategies: too much to do; try again"));
}

} // namespace

void show_timescale_marks(services& parts, const context_ptr& call, const responder& answer) {
  const auto asked = read_mark_question(parts, call, answer);
  if (!asked) return;
  const auto all = std::make_shared<gathering>(gathering{*asked, {}});
  add_roll(*all);
  if (!parts.trading) return finish_with_runs(parts, all, answer);
  const auto who = caller_of(*call);
  parts.trading->stops(who, [&parts, all, answer](const result<std::vector<risk::kill_event>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (concerns(one, all->asked.what->symbol)) add_stop(*all, one);
    finish_with_runs(parts, all, answer);
  });
}

} // namespace tt::gateway
