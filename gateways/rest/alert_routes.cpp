// Price alerts and notices (http-api.md section 9).

#include "gateways/alerts/alert_json.hpp"
#include "gateways/rest/trading_call.hpp"

namespace tt::gateway {

namespace {

using alerts::alert;
using alerts::alert_draft;

using alert_handler = void (*)(services&, alerts_port&, const context_ptr&, const responder&);

handler with_alerts(services& parts, alert_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (p->config.alerts == feature::disabled)
      return answer(make_error(403, "feature.disabled", "alerts are switched off on this node (ENABLE_ALERTS)"));
    if (!p->alerts) return answer(not_available("alerts: this node keeps none"));
    run(*p, *p->alerts, call, answer);
  };
}

/// The Alert as answer.
reply<alert> answer_alert(const context_ptr& call, const responder& answer, std::optional<std::string_view> status = {}, int code = 200) {
  return [call, answer, status, code](const result<alert>& got) {
    // an id stands in the path, everything else in the body
    if (!got) return answer(to_api_error(got.error(), got.error().code == errc::not_found ? "path" : "body"));
    json_writer out{call->style};
    write(out, *got, status);
    answer(json_response(out.take(), code));
  };
}

/// Goes on once it is sure that the caller may trade on the account of the draft; fills the default account in.
void with_reach(services& parts, const context_ptr& call, const responder& answer, alert_draft draft, std::function<void(alert_draft)> next) {
  if (!draft.account_id) {
    const auto usual = usual_account(*parts.trading, *call);
    if (!usual) return answer(to_api_error(usual.error(), "body"));
    draft.account_id = usual->str();
  }
  if (auto refused = scope_refusal(*call, account_id{*draft.account_id}, {})) return answer(std::move(*refused));
  const auto who = caller_of(*call);
  parts.trading->accounts(who, [answer, who, draft = std::move(draft), next = std::move(next)](const result<std::vector<account_snapshot>>& got) mutable {
    if (!got) return answer(to_api_error(got.error(), "body"));
    const auto wanted = account_id{*draft.account_id};
    const auto found = std::ranges::find(*got, wanted, [](const account_snapshot& one) { return one.profile.id; });
    if (found == got->end()) return answer(to_api_error(error{errc::not_found, "no account " + in_quotes(wanted.str()), "account_id"}, "body"));
    if (!who.reaches(wanted, found->profile.mode)) return answer(out_of_scope("accounts"));
    next(std::move(draft));
  });
}

/// The same for a draft that may speak of no order, which goes on at once, or may be a change of an alert that has an account.
void with_account(services& parts, alerts_port& port, const context_ptr& call, const responder& answer, alert_draft draft, std::function<void(alert_draft)> next) {
  const bool makes_orders = draft.auto_execute.value_or(false) || draft.account_id || draft.order_side || draft.order_quantity;
  if (!makes_orders) return next(std::move(draft));
  if (!parts.trading) return answer(no_accounts_for("auto_execute"));
  if (draft.account_id || call->request.method != verb::patch) return with_reach(parts, call, answer, std::move(draft), std::move(next));
  port.find(call->params.front(), [&parts, call, answer, draft = std::move(draft), next = std::move(next)](const result<alert>& got) mutable {
    const bool has_account = got && got->rule.order && !got->rule.order->account.empty();
    if (!got || has_account) return next(std::move(draft)); // the change itself says what is wrong with the id
    with_reach(parts, call, answer, std::move(draft), std::move(next));
  });
}

void create(services& parts, alerts_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  if (is_note(*json)) {
    auto note = read_note(body);
    if (is_bad(parts, body, call, answer)) return;
    return port.create_notice(std::move(note), call->who.name, answer_alert(call, answer, "created", 201));
  }
  auto draft = read_alert_draft(body, *json, alert_body::creation);
  if (is_bad(parts, body, call, answer)) return;
  with_account(parts, port, call, answer, std::move(draft), [&port, call, answer](alert_draft checked) {
    port.create(std::move(checked), call->who.name, answer_alert(call, answer, "created", 201));
  });
}

void change(services& parts, alerts_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  auto draft = read_alert_draft(body, *json, alert_body::change);
  if (is_bad(parts, body, call, answer)) return;
  with_account(parts, port, call, answer, std::move(draft), [&port, call, answer](alert_draft checked) {
    port.change(call->params.front(), std::move(checked), answer_alert(call, answer));
  });
}

/// Whether the caller may see it.
bool is_shown_to(const principal& who, const alert& what) {
  return what.owner == who.name || who.may_see(what.rule.order ? what.rule.order->account.str() : std::string{}, what.strategy);
}

void list(services& parts, alerts_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  alerts::alert_filter which;
  if (const auto word = query.text({"status", "alert_status"}, query_reader::need::optional, 40)) {
    const auto status = parse_name<alerts::alert_status>(*word, "status");
    if (status) which.status = *status;
    else query.problem("status", status.error().message, "value");
  }
  which.symbol = query.text({"symbol"}, query_reader::need::optional, 64);
  which.strategy = query.text({"strategy", "strategy_id"}, query_reader::need::optional, 64);
  if (const auto cursor = query.integer({"cursor"}, query_reader::need::optional, 1, INT64_MAX)) which.before = static_cast<std::uint64_t>(*cursor);
  const auto limit = query.integer({"limit"}, query_reader::need::optional, 1, static_cast<std::int64_t>(max_listed_alerts));
  if (limit) which.limit = static_cast<std::size_t>(*limit);
  if (!query.ok()) return answer(query.failure());
  if (which.symbol) {
    // a name that nobody knows has no alerts
    if (const auto* known = parts.market.instruments().find(*which.symbol)) which.symbol = known->symbol;
  }
  port.list(which, [call, answer, full = which.limit](const result<std::vector<alert>>& got) {
    if (!got) return answer(got.error());
    json_writer out{call->style};
    out.begin_object().key("alerts").begin_array();
    for (const auto& one : *got)
      if (is_shown_to(call->who, one)) write(out, one);
    out.end_array().key("next_cursor");
    if (got->size() == full) out.value(got->back().number);
    else out.null();
    out.end_object();
    answer(json_response(out.take()));
  });
}

void show(services&, alerts_port& port, const context_ptr& call, const responder& answer) {
  port.find(call->params.front(), [call, answer, show = answer_alert(call, answer)](const result<alert>& got) {
    if (got && !is_shown_to(call->who, *got)) return answer(out_of_scope("accounts"));
    show(got);
  });
}

void remove(services&, alerts_port& port, const context_ptr& call, const responder& answer) {
  port.remove(call->params.front(), [call, answer](const result<alert>& got) {
    if (!got) return answer(to_api_error(got.error(), "path"));
    json_writer out{call->style};
    out.begin_object().field("status", "deleted").field("alert_id", got->id).end_object();
    answer(json_response(out.take()));
  });
}

void pause(services&, alerts_port& port, const context_ptr& call, const responder& answer) {
  port.turn(call->params.front(), alerts::alert_switch::pause, answer_alert(call, answer));
}

void resume(services&, alerts_port& port, const context_ptr& call, const responder& answer) {
  port.turn(call->params.front(), alerts::alert_switch::resume, answer_alert(call, answer));
}

} // namespace

void add_alert_routes(std::vector<route>& rows, services& parts) {
  constexpr std::string_view all = "/api/v1/alerts", one = "/api/v1/alerts/{id}";
  constexpr route_policy view{access::viewer, rate_class::general}, trade{access::trader, rate_class::general};
  const auto row = [&](verb method, std::string_view pattern, route_policy policy, std::string_view summary, alert_handler run) -> route& {
    rows.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary, .run = with_alerts(parts, run),
                    .response_schema = "Alert", .tag = "alerts"});
    return rows.back();
  };
  auto& listed = row(verb::get, all, view, "Alerts and notices, newest first", list);
  listed.response_schema = "Alerts";
  listed.query = {{"status", "string", "active, triggered, paused, expired or cancelled; all when absent"}, {"symbol"}, {"strategy"},
                  {"limit", "integer", "1 to 1000; 200 when absent"}, {"cursor", "integer", "next_cursor of the page before"}};
  auto& made = row(verb::post, all, {access::trader, rate_class::general, bound_callers::welcome}, "Make an alert, or keep a notice", create);
  made.body = body_kind::json;
  made.request_schema = "AlertRequest";
  made.success = 201;
  row(verb::get, one, view, "One alert", show);
  auto& changed = row(verb::patch, one, trade, "Change an alert; null takes a field away", change);
  changed.body = body_kind::json;
  changed.request_schema = "AlertRequest";
  row(verb::remove, one, trade, "Remove an alert", remove).response_schema = "AlertDeleted";
  row(verb::post, "/api/v1/alerts/{id}/pause", trade, "Pause an alert", pause);
  row(verb::post, "/api/v1/alerts/{id}/resume", trade, "Make it active again", resume);
}

} // namespace tt::gateway
