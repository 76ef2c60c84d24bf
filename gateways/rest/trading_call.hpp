#pragma once

// What the routes of orders, accounts and portfolios have in common: who asks, reading
// bodies, answering with what a port says.

#include "gateways/http/query_reader.hpp"
#include "gateways/rest/order_json.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

inline trading_caller caller_of(const request_context& call) {
  trading_caller who;
  who.principal = call.who.name;
  who.rank = call.who.rank == role::admin ? risk::access::admin : risk::access::trader;
  // Live accounts need an identity that has them in scope. There are none yet, so nobody reaches one.
  who.accounts = trading_caller::reach::paper_only;
  return who;
}

/// An answer made of one value, or the error.
template <class T, class Write>
reply<T> answer_with(const context_ptr& call, const responder& answer, Write write_value, int status = 200) {
  return [call, answer, write_value, status](const result<T>& got) {
    if (!got) return answer(got.error());
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

inline std::optional<account_id> account_of(query_reader& query) {
  const auto text = query.text({"account_id", "account"}, query_reader::need::optional, 64);
  return text ? std::optional{account_id{*text}} : std::nullopt;
}

/// Reads the body; answers the 400 itself.
inline std::optional<json_value> body_of(const context_ptr& call, const responder& answer) {
  auto parsed = parse_json(call->request.body.empty() ? std::string_view{"{}"} : std::string_view{call->request.body});
  if (parsed) return *parsed;
  answer(to_api_error(parsed.error(), "body"));
  return std::nullopt;
}

/// Problems of the body as a 400; true when there was one.
inline bool is_bad(services& parts, const object_reader& body, const context_ptr& call, const responder& answer) {
  if (auto failed = body.finish(call->strictness)) {
    answer(std::move(*failed));
    return true;
  }
  parts.metrics.unknown_json_fields(body.unknown().size());
  return false;
}

} // namespace tt::gateway
