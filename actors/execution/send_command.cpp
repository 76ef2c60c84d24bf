#include "actors/execution/send_command.hpp"

namespace tt::execution {

namespace {

result<void> check_proof(const risk::approval& proof, const order& what, const account_id& account) {
  if (!proof.is_valid()) return error{errc::refused, "the approval was used already"};
  const auto& approved = proof.order();
  if (approved.account != account || approved.key != what.key || approved.symbol != what.symbol)
    return error{errc::refused, "the approval is of another order"};
  if (!approved.terms.qty.value().is_positive()) return error{errc::refused, "the approval allows no quantity"};
  return {};
}

} // namespace

order_terms entry_terms(const order_terms& terms, const venue_capabilities& can) {
  auto out = terms;
  const bool held_by_us = (terms.type == order_type::bracket && can.brackets == linked_support::none);
  if (held_by_us) out.type = terms.limit_price ? order_type::limit : order_type::market;
  return out;
}

result<send_command> send_command::make(risk::approval&& proof, const order& what, const account_id& account, lease_epoch epoch,
                                        const venue_capabilities& can) {
  const auto used = std::move(proof);
  if (auto fine = check_proof(used, what, account); !fine) return fine.error();
  if (auto fine = check_capabilities(can, what); !fine) return fine.error();
  submit_request out;
  out.epoch = epoch;
  out.account = account;
  out.wire_id = what.wire_id;
  out.symbol = what.symbol;
  out.terms = entry_terms(used.order().terms, can);
  if (can.brackets == linked_support::native) {
    out.profit = what.profit;
    out.loss = what.loss;
  }
  return send_command{std::move(out)};
}

result<change_command> change_command::make(risk::approval&& proof, const order& what, const account_id& account, lease_epoch epoch,
                                            const venue_capabilities& can) {
  const auto used = std::move(proof);
  if (auto fine = check_proof(used, what, account); !fine) return fine.error();
  if (can.replace == replace_support::none) return error{errc::unsupported, "the venue can't change orders: cancel and place anew"};
  replace_request out;
  out.epoch = epoch;
  out.account = account;
  out.wire_id = what.wire_id;
  out.venue_order = what.venue_order;
  out.venue_session = what.venue_session;
  out.terms = entry_terms(used.order().terms, can);
  out.terms_version = what.terms_version + 1;
  return change_command{std::move(out)};
}

} // namespace tt::execution
