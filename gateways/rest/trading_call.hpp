#pragma once

// What the routes of orders, accounts and portfolios have in common: who asks, answering
// with what a port says.

#include "gateways/http/query_reader.hpp"
#include "gateways/http/rate_limiter.hpp"
#include "gateways/rest/body_call.hpp"
#include "gateways/rest/order_json.hpp"

namespace tt::gateway {

/// With whose rights limits are changed.
inline risk::limit_change::role limit_role_of(const request_context& call) {
  return call.who.rank == role::admin ? risk::limit_change::role::admin : risk::limit_change::role::trader;
}

inline trading_caller caller_of(const request_context& call) {
  trading_caller who;
  who.principal = call.who.name;
  who.rank = call.who.rank == role::admin ? risk::access::admin : risk::access::trader;
  // accounts with real money need an identity that was given them
  if (call.who.accounts == account_scope::all) who.accounts = trading_caller::reach::all;
  if (call.who.accounts == account_scope::listed) {
    who.accounts = trading_caller::reach::listed;
    for (const auto& id : call.who.listed) who.listed.emplace_back(id);
  }
  return who;
}

/// 403 of somebody who is bound to other accounts or strategies.
inline api_error out_of_scope(std::string_view what) {
  return make_error(403, "auth.scope", "this identity is bound to other " + std::string(what));
}

/// Why the caller may not order in `account` for `strategy`; nothing: it may. Who is bound to strategies orders for one of them.
inline std::optional<api_error> scope_refusal(const request_context& call, const account_id& account, const strategy_id& strategy) {
  if (!call.who.lists_account(account.str())) return out_of_scope("accounts");
  if (!call.who.lists_strategy(strategy.str())) return out_of_scope("strategies");
  return std::nullopt;
}

/// The account of a caller who names none: the usual one, or the first of those that he is bound to. Errors: not_found.
inline result<account_id> usual_account(const trading_port& port, const request_context& call) {
  auto usual = port.default_account();
  const bool is_his = usual && call.who.lists_account(usual->str());
  if (is_his || call.who.accounts != account_scope::listed) return usual;
  return account_id{call.who.listed.front()};
}

/// The account that is asked for, also by those who name none but are bound to some.
inline std::optional<account_id> asked_account(const trading_port& port, const request_context& call, std::optional<account_id> named) {
  if (named || call.who.accounts != account_scope::listed) return named;
  const auto usual = usual_account(port, call);
  return usual ? std::optional{*usual} : std::nullopt;
}

/// Where a field that a port complains of stands: in the body of a call that has one; ids of the path are named there.
inline std::string_view place_of(const request_context& call, const error& why) {
  if (!call.params.empty() && (why.field == "order_id" || why.code == errc::not_found)) return "path";
  return is_unsafe(call.request.method) && call.request.method != verb::remove ? "body" : "query";
}

/// An answer made of one value, or the error.
template <class T, class Write>
reply<T> answer_with(const context_ptr& call, const responder& answer, Write write_value, int status = 200) {
  return [call, answer, write_value, status](const result<T>& got) {
    if (!got) return answer(to_api_error(got.error(), place_of(*call, got.error())));
    json_writer out{call->style};
    write_value(out, *got);
    answer(json_response(out.take(), status));
  };
}

template <class T>
void write_all(json_writer& out, const std::vector<T>& list) {
  out.begin_array();
  for (const auto& one : list) write(out, one);
  out.end_array();
}

/// What every failure says (spec 1), of an order that the gate refused: members of an object under way.
inline void write_refusal(json_writer& out, const request_context& call, std::string_view said, const order& what) {
  out.field("detail", std::string(said) + (what.reason.empty() ? what.reject_code : what.reason)).field("error", "Order refused");
  out.field("error_code", "risk." + what.reject_code).field("timestamp", call.now).field("request_id", call.request_id);
  out.key("errors").begin_array().end_array();
}

/// The orders that close positions and what was cancelled for them; 422 with the gate's reason where it refused each of them.
inline reply<closed_positions> answer_closed(const context_ptr& call, const responder& answer) {
  return [call, answer](const result<closed_positions>& got) {
    if (!got) return answer(to_api_error(got.error(), place_of(*call, got.error())));
    const auto is_refused = [](const order_snapshot& one) { return one.what.state == order_state::risk_rejected; };
    const bool none_goes = !got->orders.empty() && std::ranges::all_of(got->orders, is_refused);
    json_writer out{call->style};
    out.begin_object().key("orders");
    write_all(out, got->orders);
    out.key("cancelled").begin_array();
    for (const auto& id : got->cancelled) out.value(id.str());
    out.end_array();
    if (none_goes) write_refusal(out, *call, "Nothing was closed: ", got->orders.front().what);
    out.end_object();
    answer(json_response(out.take(), none_goes ? 422 : 202));
  };
}

/// Takes one order of the account's limit and gives a responder that shows in the headers what is left; nothing: answered with 429.
inline std::optional<responder> within_rate(services& parts, const context_ptr& call, const responder& answer, const account_id& account) {
  if (!parts.order_rates) return answer;
  const auto drawn = parts.order_rates->take(rate_class::orders, account.str(), call->now);
  if (drawn.verdict == rate_verdict::answer::unlimited) return answer;
  const auto mark = [drawn](header_list& headers) {
    headers.set("X-RateLimit-Limit", std::to_string(drawn.limit));
    headers.set("X-RateLimit-Remaining", std::to_string(drawn.remaining));
    headers.set("X-RateLimit-Reset", std::to_string(drawn.reset));
  };
  if (drawn.verdict == rate_verdict::answer::refused) {
    parts.metrics.rate_limited(rate_class::orders);
    auto out = make_error(429, "rate_limited", "more than " + std::to_string(drawn.limit) + " orders and changes a minute of account " + in_quotes(account.str()));
    out.headers.set("Retry-After", std::to_string(drawn.retry_after_s));
    mark(out.headers);
    answer(std::move(out));
    return std::nullopt;
  }
  return responder{[answer, mark](outcome end) {
    std::visit([&](auto& one) { mark(one.headers); }, end);
    answer.send(std::move(end));
  }};
}

inline std::optional<account_id> account_of(query_reader& query) {
  const auto text = query.text({"account_id", "account"}, query_reader::need::optional, 64);
  return text ? std::optional{account_id{*text}} : std::nullopt;
}

} // namespace tt::gateway
