#pragma once

// The only things that make a venue act to our risk. Each is made of an approval
// of the risk gate; nothing else in the program can make a submit or a replace
// request go out.

#include "actors/execution/broker.hpp"
#include "actors/risk/approval.hpp"

namespace tt::execution {

/// One order to be sent. The same command may be handed to the adapter again while the adapter says that
/// certainly nothing went out; it carries one wire id.
class send_command {
public:
  /// Uses up the approval. Errors: refused for a spent approval or one of another order or other terms; unsupported as
  /// check_capabilities.
  static result<send_command> make(risk::approval&& proof, const order& what, const account_id& account, lease_epoch epoch,
                                   const venue_capabilities& can);
  [[nodiscard]] const submit_request& request() const { return request_; }

private:
  explicit send_command(submit_request request) : request_(std::move(request)) {}
  submit_request request_;
};

/// Other terms for a live order.
class change_command {
public:
  /// Errors: as send_command::make; the approval is of the whole order with its new terms.
  static result<change_command> make(risk::approval&& proof, const order& what, const account_id& account, lease_epoch epoch,
                                     const venue_capabilities& can);
  [[nodiscard]] const replace_request& request() const { return request_; }

private:
  explicit change_command(replace_request request) : request_(std::move(request)) {}
  replace_request request_;
};

/// The words under which the entry of a bracket goes out where we hold its legs.
order_terms entry_terms(const order_terms& terms, const venue_capabilities& can);

} // namespace tt::execution
