// Limits, emergency stop and resume (http-api.md section 6).

#include "gateways/rest/limits_body.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using need = object_reader::need;

using stop_handler = void (*)(services&, stop_port&, const context_ptr&, const responder&);

/// A stop goes to the cluster where there is one: also from a node without accounts.
handler with_stops(services& parts, stop_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    stop_port* port = p->stops ? p->stops : p->trading;
    if (!port) return answer(no_accounts_for("risk"));
    run(*p, *port, call, answer);
  };
}

void risk_state(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  if (!query.ok()) return answer(query.failure());
  port.risk_state(caller_of(*call), asked_account(port, *call, std::move(of)), answer_with<risk_snapshot>(call, answer, [](json_writer& out, const auto& one) { write(out, one); }));
}

/// The symbol of a scope as the master spells it: what is stopped or limited is compared letter by letter. False: answered.
bool spell_symbol(services& parts, std::string& symbol, const std::string& field, const responder& answer) {
  const auto found = find_instrument(parts, symbol);
  if (found) {
    symbol = (*found)->symbol;
    return true;
  }
  auto unknown = found.error();
  unknown.field = field;
  answer(to_api_error(unknown, "body"));
  return false;
}

/// "global", "node", or {"account_id": …}, {"strategy_id": …}, {"symbol": …}.
std::optional<risk::scope_key> scope_of(object_reader& body) {
  const auto* value = body.value({"scope"}, need::required);
  if (!value) return std::nullopt;
  if (value->type() == json_value::kind::string) {
    if (value->text() == "global") return risk::scope_key{risk::limit_scope::global, {}};
    if (value->text() == "node") return risk::scope_key{risk::limit_scope::node, {}};
  }
  if (value->type() == json_value::kind::object) {
    object_reader inner{*value};
    const auto account = inner.string({"account_id"}, need::optional, 64), strategy = inner.string({"strategy_id"}, need::optional, 64),
               symbol = inner.string({"symbol"}, need::optional, 64);
    if (account && !strategy && !symbol) return risk::scope_key{risk::limit_scope::account, *account};
    if (strategy && !account && !symbol) return risk::scope_key{risk::limit_scope::strategy, *strategy};
    if (symbol && !account && !strategy) return risk::scope_key{risk::limit_scope::symbol, *symbol};
  }
  body.problem("scope", "must be global, node, or an object with one of account_id, strategy_id and symbol", "value");
  return std::nullopt;
}

void set_limits(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  risk::limit_change change;
  if (const auto where = scope_of(body)) change.where = *where;
  change.reason = body.string({"reason"}, need::required).value_or("");
  change.profile = body.string({"limit_profile"}, need::optional, 64).value_or("");
  if (const auto* values = body.value({"limits"}, change.profile.empty() ? need::required : need::optional)) {
    change.values = read_limits(body, *values);
  }
  if (is_bad(parts, body, call, answer)) return;
  if (change.where.scope == risk::limit_scope::symbol && !spell_symbol(parts, change.where.name, "scope.symbol", answer)) return;
  change.author = call->who.name;
  change.by = limit_role_of(*call);
  port.set_limits(caller_of(*call), std::move(change), answer_with<std::uint64_t>(call, answer, [](json_writer& out, std::uint64_t version) {
                    out.begin_object().field("version", version).end_object();
                  }));
}

// ---------------------------------------------------------------- limit profiles

void write_profile(json_writer& out, const profile_reading& one) {
  out.begin_object().field("name", one.name).key("limits").begin_object();
  for (const auto& spec : risk::limit_specs()) {
    const auto& setting = one.limits[static_cast<std::size_t>(spec.id)];
    if (setting.what == risk::limit_setting::kind::inherit) continue;
    out.key(spec.name());
    if (setting.what == risk::limit_setting::kind::off) out.value("off");
    else out.value(setting.value);
  }
  out.end_object().key("assigned_to").begin_array();
  for (const auto& where : one.assigned_to) {
    out.begin_object().field("scope", to_string(where.scope));
    if (!where.name.empty()) out.field("name", where.name);
    out.end_object();
  }
  out.end_array().end_object();
}

void list_profiles(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  if (!query.ok()) return answer(query.failure());
  port.risk_state(caller_of(*call), asked_account(port, *call, std::move(of)), answer_with<risk_snapshot>(call, answer, [](json_writer& out, const auto& now) {
                    out.begin_object().field("limits_version", now.limits_version).key("profiles").begin_array();
                    for (const auto& one : now.profiles) write_profile(out, one);
                    out.end_array().end_object();
                  }));
}

void show_profile(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  if (!query.ok()) return answer(query.failure());
  port.risk_state(caller_of(*call), asked_account(port, *call, std::move(of)), [call, answer](const result<risk_snapshot>& got) {
    if (!got) return answer(to_api_error(got.error(), "query"));
    const auto& name = call->params.front();
    const auto at = std::ranges::find(got->profiles, name, &profile_reading::name);
    if (at == got->profiles.end()) return answer(to_api_error({errc::not_found, "no limit profile " + in_quotes(name), "name"}, "path"));
    json_writer out{call->style};
    write_profile(out, *at);
    answer(json_response(out.take()));
  });
}

/// Letters, digits, `_`, `-` and `.`: names stand in files and paths.
bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name != "none" &&
         std::ranges::all_of(name, [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_' || c == '-' || c == '.'; });
}

/// Makes the profile, or changes the limits that are named of it; null takes one away.
void put_profile(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  const auto& name = call->params.front();
  if (!is_profile_name(name))
    return answer(to_api_error({errc::invalid_argument, "must be 1 to 64 letters, digits, dots, dashes and underscores, and not none", "name"}, "path"));
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  risk::limit_change change;
  change.what = risk::limit_change::target::profile;
  change.profile = name;
  change.reason = body.string({"reason"}, need::required).value_or("");
  const auto* values = body.value({"limits"}, need::required);
  if (values != nullptr && values->type() != json_value::kind::object) body.problem("limits", "must be an object", "type");
  else if (values != nullptr) change.values = read_limits(body, *values);
  if (values != nullptr && values->type() == json_value::kind::object && values->members().empty()) body.problem("limits", "names no limit", "missing");
  if (is_bad(parts, body, call, answer)) return;
  change.author = call->who.name;
  change.by = limit_role_of(*call);
  port.set_limits(caller_of(*call), std::move(change), answer_with<std::uint64_t>(call, answer, [name](json_writer& out, std::uint64_t version) {
                    out.begin_object().field("name", name).field("version", version).end_object();
                  }));
}

/// Who is bound stops his own accounts, or his own strategies, and nothing of others.
bool may_stop(const principal& who, const risk::kill_scope& scope) {
  if (!who.is_bound()) return true;
  if (scope.what == risk::kill_scope::kind::account) return who.strategies.empty() && who.lists_account(scope.name);
  return scope.what == risk::kill_scope::kind::strategy && !who.strategies.empty() && who.lists_strategy(scope.name);
}

void emergency_stop(services& parts, stop_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  stop_request what;
  const auto mode = body.string({"mode"}, need::optional).value_or("halt");
  const auto parsed = parse_name<risk::kill_mode>(mode, "mode");
  if (parsed && *parsed != risk::kill_mode::none) what.mode = *parsed;
  else body.problem("mode", "must be halt, reduce or flatten", "value");
  if (const auto* scope = body.value({"scope"}, need::optional)) {
    object_reader inner{*scope};
    const std::pair<risk::kill_scope::kind, std::optional<std::string>> named[] = {
      {risk::kill_scope::kind::account, inner.string({"account_id"}, need::optional, 64)},
      {risk::kill_scope::kind::strategy, inner.string({"strategy_id"}, need::optional, 64)},
      {risk::kill_scope::kind::symbol, inner.string({"symbol"}, need::optional, 64)}};
    int given = 0;
    for (const auto& [kind, name] : named) {
      if (!name) continue;
      what.scope = {kind, *name};
      ++given;
    }
    // a wrong scope must not stop less than was meant
    if (given > 1 || inner.finish(unknown_fields::refuse)) body.problem("scope", "must have at most one of account_id, strategy_id and symbol", "value");
  }
  if (!body.boolean({"cancel_open"}, need::optional).value_or(true)) what.open = stop_request::open_orders::keep;
  what.reason = body.string({"reason"}, need::optional).value_or("no reason given");
  if (is_bad(parts, body, call, answer)) return;
  if (what.scope.what == risk::kill_scope::kind::symbol && !spell_symbol(parts, what.scope.name, "scope.symbol", answer)) return;
  if (!may_stop(call->who, what.scope)) return answer(make_error(403, "auth.scope", "this identity stops what it is bound to: name the account or strategy"));
  port.stop(caller_of(*call), std::move(what), answer_with<stopped>(call, answer, [](json_writer& out, const stopped& done) {
              out.begin_object().field("kill_active", true).field("mode", to_string(done.mode)).field("epoch", done.epoch).key("cancel_requested").begin_array();
              for (const auto& id : done.cancel_requested) out.value(id.str());
              out.end_array().field("elapsed_ms", done.elapsed.count());
              if (!done.nodes.empty()) {
                out.key("nodes").begin_array();
                for (const auto& one : done.nodes) {
                  out.begin_object().field("node", one.node).field("result", tt::to_string(one.how));
                  if (!one.detail.empty()) out.field("detail", one.detail);
                  out.end_object();
                }
                out.end_array();
              }
              out.end_object();
            }));
}

void resume(services& parts, stop_port& port, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto token = body.string({"confirm_token"}, need::optional);
  const auto reason = body.string({"reason"}, token ? need::optional : need::required);
  if (is_bad(parts, body, call, answer)) return;
  if (token)
    return port.resume(caller_of(*call), *token, answer_with<std::uint64_t>(call, answer, [](json_writer& out, std::uint64_t epoch) {
                         out.begin_object().field("kill_active", false).field("epoch", epoch).end_object();
                       }));
  port.ask_resume(caller_of(*call), *reason, answer_with<resume_question>(call, answer, [](json_writer& out, const resume_question& question) {
                    out.begin_object().field("confirm_token", question.token).field("expires_in", question.expires_in.count()).key("blocking").begin_array();
                    for (const auto& one : question.blocking) out.value(one);
                    out.end_array().end_object();
                  }));
}

/// One route of the accounts of this node.
handler with_accounts(services& parts, void (*run)(services&, trading_port&, const context_ptr&, const responder&)) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (!p->trading) return answer(no_accounts_for("risk"));
    run(*p, *p->trading, call, answer);
  };
}

} // namespace

void add_risk_routes(std::vector<route>& rows, services& parts) {
  // limits and resumes are of the whole: who is bound to a part may not
  constexpr route_policy view{access::viewer, rate_class::general}, admin{access::admin, rate_class::general},
    unlimited{access::trader, rate_class::unlimited, bound_callers::welcome};
  const auto add = [&](verb method, std::string_view pattern, route_policy policy, std::string_view summary, handler run, std::string_view gives,
                       std::string_view takes) {
    rows.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary, .run = std::move(run), .request_schema = takes,
                    .response_schema = gives, .body = method == verb::get ? body_kind::none : body_kind::json, .tag = "risk"});
  };
  add(verb::get, "/api/v1/risk", view, "Limits and breakers", with_accounts(parts, risk_state), "Risk", "");
  add(verb::put, "/api/v1/risk/limits", admin, "Change limits", with_accounts(parts, set_limits), "LimitsChanged", "LimitsChange");
  add(verb::get, "/api/v1/risk/limit-profiles", view, "Limit profiles", with_accounts(parts, list_profiles), "LimitProfiles", "");
  add(verb::get, "/api/v1/risk/limit-profiles/{name}", view, "One limit profile", with_accounts(parts, show_profile), "LimitProfileValues", "");
  add(verb::put, "/api/v1/risk/limit-profiles/{name}", admin, "Make or change a limit profile", with_accounts(parts, put_profile), "LimitProfileChanged", "LimitProfileChange");
  add(verb::post, "/api/v1/risk/emergency-stop", unlimited, "Stop trading", with_stops(parts, emergency_stop), "EmergencyStopped", "EmergencyStop");
  add(verb::post, "/api/v1/risk/resume", admin, "Resume trading", with_stops(parts, resume), "", "Resume");
}

} // namespace tt::gateway
