#include "actors/strategy/jobs/job_reader.hpp"

namespace tt::strategy {

namespace {

std::optional<day_moment> moment(yaml_section& s, std::string_view key) {
  const auto text = s.text(key);
  if (!text) return std::nullopt;
  auto parsed = parse_day_moment(*text);
  if (parsed) return *parsed;
  s.findings().error(finding_code::bad_value, s.place(key), s.key(key), parsed.error().message);
  return std::nullopt;
}

void read_gate(yaml_section& s, session_gate fallback, schedule_rule& out) {
  out.gate = fallback;
  if (const auto at = s.choice("session", {"regular", "extended", "any"})) out.gate = static_cast<session_gate>(*at);
}

void read_every(yaml_section& s, schedule_rule& out) {
  every_rule rule;
  auto every = parse_interval(s.text("every").value_or(""));
  if (every) rule.every = *every;
  else s.findings().error(finding_code::bad_value, s.place("every"), s.key("every"), every.error().message);
  if (const auto at = s.choice("align", {"bar_close", "clock"})) rule.align = static_cast<bar_alignment>(*at);
  rule.first = moment(s, "first");
  rule.last = moment(s, "last");
  out.how = rule;
}

void read_at(yaml_section& s, schedule_rule& out) {
  at_rule rule;
  if (const auto at = moment(s, "at")) rule.at = *at;
  for (const auto& text : s.texts("days")) {
    if (text == "trading") continue;
    auto days = text == "all" || text == "*" ? result<std::bitset<7>>{std::bitset<7>{}.set()} : parse_weekdays(text);
    if (days) rule.weekdays = rule.weekdays.value_or(std::bitset<7>{}) | *days;
    else s.findings().error(finding_code::bad_value, s.place("days"), s.key("days"), in_quotes(text) + " is neither trading nor days of the week such as MON-FRI");
  }
  out.how = rule;
}

} // namespace

void read_schedule(yaml_section& top, job_spec& spec) {
  const session_gate usual = spec.type == job_type::strategy ? session_gate::regular : session_gate::any;
  spec.schedule_at = top.place("schedule");
  const auto* n = top.raw("schedule");
  if (!n) return top.missing("schedule");
  if (n->is_scalar()) {
    auto cron = parse_cron(n->text);
    if (!cron) return top.findings().error(finding_code::bad_cron, n->at, "schedule", cron.error().message);
    spec.when = {*cron, usual};
    return;
  }
  auto s = top.section("schedule");
  if (!s.exists()) return;
  if (const auto* cron_text = s.raw("cron"); cron_text && cron_text->is_scalar()) {
    auto cron = parse_cron(cron_text->text);
    if (cron) spec.when.how = *cron;
    else top.findings().error(finding_code::bad_cron, s.place("cron"), "schedule.cron", cron.error().message);
    read_gate(s, usual, spec.when);
    if (const auto zone = s.text("timezone")) spec.timezone = *zone;
  } else if (s.raw("every")) {
    read_every(s, spec.when);
    read_gate(s, session_gate::regular, spec.when);
  } else if (s.raw("at")) {
    read_at(s, spec.when);
    const auto& at = std::get<at_rule>(spec.when.how).at;
    read_gate(s, at.from == day_moment::base::midnight ? usual : session_gate::regular, spec.when);
  } else {
    s.findings().error(finding_code::bad_cron, s.at(), "schedule", "says neither every, nor at, nor is it a line of cron");
  }
  s.done();
}

} // namespace tt::strategy
