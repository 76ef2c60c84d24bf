#pragma once

// What the routes of orders, accounts and portfolios have in common: who asks, answering
// with what a port says.

#include "gateways/http/query_reader.hpp"
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

} // namespace tt::gateway
