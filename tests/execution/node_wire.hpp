#pragma once

// The messages between a node process under test and the world around it (venue and
// clients, in the test's own process), over a socket that keeps message bounds.

#include "actors/execution/record_fields.hpp"

#include <sys/socket.h>

namespace tt::execution {

// clang-format off
template <class A> void fields(A& a, submit_request& x) { a(x.epoch, x.account, x.wire_id, x.symbol, x.terms, x.profit, x.loss); }
template <class A> void fields(A& a, cancel_request& x) { a(x.epoch, x.account, x.wire_id, x.venue_order, x.venue_session); }
template <class A> void fields(A& a, replace_request& x) { a(x.epoch, x.account, x.wire_id, x.venue_order, x.venue_session, x.terms, x.terms_version); }
template <class A> void fields(A& a, lookup_request& x) { a(x.account, x.wire_id, x.venue_order); }
template <class A> void fields(A& a, listing_request& x) { a(x.account, x.id, x.asked_at, x.executions_since, x.lookups); }
template <class A> void fields(A& a, submit_answer& x) {
  auto wait = static_cast<std::uint64_t>(x.retry_after.count());
  a(x.order, x.outcome, x.status, x.text, wait, x.at);
  if constexpr (A::reads) x.retry_after = std::chrono::milliseconds{wait};
}
template <class A> void fields(A& a, cancel_answer& x) { a(x.order, x.outcome, x.text, x.at); }
template <class A> void fields(A& a, replace_answer& x) { a(x.order, x.outcome, x.terms_version, x.text, x.at); }
template <class A> void fields(A& a, order_report& x) { a(x.order, x.status, x.cumulative, x.average, x.text, x.at, x.source, x.symbol, x.terms); }
template <class A> void fields(A& a, execution_report& x) { a(x.order, x.id, x.symbol, x.way, x.qty, x.px, x.cumulative, x.taken, x.fees, x.at, x.source); }
template <class A> void fields(A& a, correction_report& x) { a(x.id, x.qty, x.px, x.text, x.at); }
template <class A> void fields(A& a, lookup_answer& x) { a(x.order, x.outcome, x.report, x.text, x.at); }
template <class A> void fields(A& a, venue_position& x) { a(x.symbol, x.qty, x.average); }
template <class A> void fields(A& a, venue_snapshot& x) {
  a(x.id, x.venue, x.session, x.asked_at, x.received_at, x.taken_at, x.healthy_since, x.orders_are, x.orders, x.lookups, x.executions_are, x.executions,
    x.positions_are, x.positions, x.balances);
}
template <class A> void fields(A& a, session_report& x) { a(x.venue, x.session, x.state, x.at); }
// clang-format on

} // namespace tt::execution

namespace tt::execution::test {

// to the node
struct start_node {
  utc_time now{};
  std::uint64_t die_at = 0; ///< passes of a crash point until the process kills itself; 0: never
};
struct client_place {
  utc_time now{};
  std::string key;
  order_side side = order_side::buy;
  std::uint64_t qty = 0;
  std::optional<price> limit;
  std::optional<price> stop_loss; ///< then it is a bracket
};
struct client_cancel {
  utc_time now{};
  std::string key;
};
struct clock_tick {
  utc_time now{};
};
struct venue_says {
  utc_time now{};
  venue_report report;
};
struct dump_state {};
using node_input = std::variant<start_node, client_place, client_cancel, clock_tick, venue_says, dump_state>;

// from the node
struct acknowledged {
  std::string key;
};
struct to_venue {
  venue_request request;
};
struct input_done {};
/// One order as the node knows it.
struct order_line {
  std::string key;
  wire_order_id wire_id;
  order_state state = order_state::created;
  quantity filled;
};
struct state_dump {
  std::vector<order_line> orders;
  quantity held;
  money cash;
  std::uint64_t records = 0;
};
using node_output = std::variant<acknowledged, to_venue, input_done, state_dump>;

// clang-format off
template <class A> void fields(A& a, start_node& x) { a(x.now, x.die_at); }
template <class A> void fields(A& a, client_place& x) { a(x.now, x.key, x.side, x.qty, x.limit, x.stop_loss); }
template <class A> void fields(A& a, client_cancel& x) { a(x.now, x.key); }
template <class A> void fields(A& a, clock_tick& x) { a(x.now); }
template <class A> void fields(A& a, venue_says& x) { a(x.now, x.report); }
template <class A> void fields(A&, dump_state&) {}
template <class A> void fields(A& a, acknowledged& x) { a(x.key); }
template <class A> void fields(A& a, to_venue& x) { a(x.request); }
template <class A> void fields(A&, input_done&) {}
template <class A> void fields(A& a, order_line& x) { a(x.key, x.wire_id, x.state, x.filled); }
template <class A> void fields(A& a, state_dump& x) { a(x.orders, x.held, x.cash, x.records); }
// clang-format on

template <class Message>
bool send_message(int socket, const Message& message) {
  std::string bytes;
  byte_writer writer{bytes};
  writer(message);
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}
/// Nothing: the other side is gone, or (without waiting) nothing is there.
template <class Message>
std::optional<Message> receive_message(int socket, int flags = 0) {
  static thread_local std::string buffer(4 * 1024 * 1024, '\0');
  const auto size = ::recv(socket, buffer.data(), buffer.size(), flags);
  if (size <= 0) return std::nullopt;
  Message out;
  byte_reader reader{std::string_view(buffer).substr(0, static_cast<std::size_t>(size)), 1};
  reader(out);
  TT_ASSERT(!reader.failed());
  return out;
}

} // namespace tt::execution::test
