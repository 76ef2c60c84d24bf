#include "actors/execution/broker_roundtrips.hpp"

namespace tt::execution {

namespace {

struct asked {
  broker_op op;
  std::string id;
};

asked question_of(const submit_request& of) { return {broker_op::submit, of.wire_id.str()}; }
asked question_of(const cancel_request& of) { return {broker_op::cancel, of.wire_id.str()}; }
asked question_of(const replace_request& of) { return {broker_op::replace, of.wire_id.str()}; }
asked question_of(const lookup_request& of) { return {broker_op::lookup, of.wire_id.str()}; }
asked question_of(const listing_request& of) { return {broker_op::listing, std::to_string(of.id)}; }

std::optional<asked> answer_of(const submit_answer& of) { return asked{broker_op::submit, of.order.wire_id.str()}; }
std::optional<asked> answer_of(const cancel_answer& of) { return asked{broker_op::cancel, of.order.wire_id.str()}; }
std::optional<asked> answer_of(const replace_answer& of) { return asked{broker_op::replace, of.order.wire_id.str()}; }
std::optional<asked> answer_of(const lookup_answer& of) { return asked{broker_op::lookup, of.order.wire_id.str()}; }
std::optional<asked> answer_of(const venue_snapshot& of) { return asked{broker_op::listing, std::to_string(of.id)}; }
template <class News>
std::optional<asked> answer_of(const News&) {
  return std::nullopt;
}

} // namespace

void broker_roundtrips::sent(const venue_request& what, std::int64_t now_ns) {
  auto [op, id] = std::visit([](const auto& one) { return question_of(one); }, what);
  if (waiting_.size() >= waiting_limit) waiting_.erase(waiting_.begin());
  waiting_.try_emplace({op, std::move(id)}, now_ns);
}

std::optional<broker_roundtrip> broker_roundtrips::answered(const venue_report& what, std::int64_t now_ns) {
  auto question = std::visit([](const auto& one) { return answer_of(one); }, what);
  if (!question) return std::nullopt;
  const auto found = waiting_.extract({question->op, std::move(question->id)});
  if (found.empty()) return std::nullopt;
  return broker_roundtrip{question->op, now_ns - found.mapped()};
}

} // namespace tt::execution
