#pragma once

// What the account actor and its neighbours say to each other. All of it stays
// within one process: values travel as pointers to what does not change any more.
//
// | to | message | answer |
// | --- | --- | --- |
// | account | place_atom, new_order_ptr | order_answer, once the intent and its decision are on disk |
// | account | cancel_atom, std::uint64_t order number, std::string reason | order_answer |
// | account | replace_atom, std::uint64_t order number, terms_change_ptr | order_answer |
// | account | note_atom, fact_ptr | order_answer (without an order) once it is on disk |
// | account | venue_report_ptr | none |
// | account | price_atom, market_price | none |
// | account | order_atom, std::uint64_t order number | order_answer, as it stands; not_found |
// | account | symbol_facts_ptr, market_seen_ptr | none |
// | account | account_task_ptr | none; runs within the account's own step (see account_access) |
// | account | book_atom | book_ptr: a copy of the whole state, for reports and tests |
// | broker | venue_request_ptr | none; reports follow as venue_report_ptr |

#include "actors/execution/account_writer.hpp"
#include "actors/execution/market_messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace tt::execution {

using place_atom = caf::atom_constant<caf::atom("place")>;
using cancel_atom = caf::atom_constant<caf::atom("cancel")>;
using replace_atom = caf::atom_constant<caf::atom("replace")>;
using note_atom = caf::atom_constant<caf::atom("note")>;
using price_atom = caf::atom_constant<caf::atom("price")>;
using order_atom = caf::atom_constant<caf::atom("order")>;
using book_atom = caf::atom_constant<caf::atom("book")>;
using commit_atom = caf::atom_constant<caf::atom("commit")>;
using wake_atom = caf::atom_constant<caf::atom("wake")>;
using look_atom = caf::atom_constant<caf::atom("look")>;
using again_atom = caf::atom_constant<caf::atom("again")>;

using new_order_ptr = std::shared_ptr<const new_order>;
using terms_change_ptr = std::shared_ptr<const terms_change>;
using fact_ptr = std::shared_ptr<const journal_fact>;
using venue_report_ptr = std::shared_ptr<const venue_report>;
using venue_request_ptr = std::shared_ptr<const venue_request>;
using book_ptr = std::shared_ptr<const account_book>;

/// What became of a request.
struct order_answer {
  reply what = reply::none;
  std::optional<order> now;     ///< the order as it stands
  std::optional<error> refused; ///< nothing was done, and why
};

/// What a piece of work may do that runs within the account actor: for those who own more of the account than its
/// journal (limits, figures) and must act in one step with it.
class account_access {
public:
  using step = std::function<outcome(account_core&, utc_time)>;
  using done = std::function<void(const order_answer&)>;
  virtual ~account_access() = default;

  /// Null while the journal could not be opened.
  [[nodiscard]] virtual const account_book* book() const = 0;
  /// Why nothing new can be done now.
  [[nodiscard]] virtual std::optional<error> blocked() const = 0;
  [[nodiscard]] virtual utc_time now() const = 0;
  /// See account_core::differences; 0 while the journal could not be opened.
  [[nodiscard]] virtual std::size_t differences() const = 0;
  /// A step of the core; `told` hears of it once it is durable, or why it is not.
  virtual void run(const step& what, done told) = 0;
  /// A cancel; goes out whatever the journal says.
  virtual void cancel(order_number number, std::string reason, done told) = 0;
  /// Runs `later` within the actor after the wait.
  virtual void after(std::chrono::milliseconds wait, std::function<void(account_access&)> later) = 0;
};
using account_task = std::function<void(account_access&)>;
using account_task_ptr = std::shared_ptr<const account_task>;

struct market_price {
  std::string symbol;
  price last;
};

} // namespace tt::execution

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::new_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::terms_change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::fact_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::venue_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::venue_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::book_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::account_task_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::symbol_facts_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::market_seen_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::market_ticks_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::order_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::execution::market_price)
