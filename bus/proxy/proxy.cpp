#include "bus/proxy/proxy.hpp"

#include "bus/errc.hpp"
#include "bus/messages.hpp"
#include "bus/proxy/core.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

namespace bus::proxy {

remote_actor::remote_actor(caf::actor_config& cfg, core& owner, route_ptr via, uint32_t credit)
    : caf::actor_proxy(cfg), owner_(owner), existing_(owner.existing_proxies()), via_(std::move(via)),
      credit_(credit) {
  ++*existing_;
}

remote_actor::~remote_actor() {
  --*existing_;
}

// An actor that dies with a link tells its peer twice: once with an exit_msg to this proxy, once because the
// peer node is watching it. The second way also covers a killed process, so it is the one that stays.
bool remote_actor::is_echo_of_exit(const caf::mailbox_element& what) const {
  const auto& content = what.content();
  if (content.type_token() != caf::make_type_token<caf::exit_msg>()) return false;
  const auto* source = caf::actor_cast<caf::actor_control_block*>(content.get_as<caf::exit_msg>(0).source);
  return source && owner_.is_local(source) &&
         const_cast<caf::actor_control_block*>(source)->get()->getf(is_terminated_flag);
}

// Answers are free: their number is bounded by the requests that the other side had credit for.
bool remote_actor::claim_credit(const caf::mailbox_element& what) {
  const auto sent = sent_.fetch_add(1, std::memory_order_relaxed);
  if (what.mid.is_response() || sent - consumed_.load(std::memory_order_relaxed) < credit_) return true;
  sent_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

// CAF's own bounce always says `request_receiver_down`; a caller wants to know more.
void remote_actor::answer(caf::mailbox_element& what, const caf::error& reason) {
  if (what.mid.is_request() && what.sender)
    what.sender->enqueue(nullptr, what.mid.response_id(), caf::make_message(reason), nullptr);
}

// An `undelivered` is not answered with another one: two nodes that are full would play ball with it.
bool remote_actor::can_be_told(const caf::mailbox_element& what) const {
  return what.sender && !what.mid.is_response() && !what.content().match_elements<undelivered>();
}

// Answers are told about in `core::send`, which puts the reason in their place.
void remote_actor::refuse(caf::mailbox_element_ptr& what, const caf::error& reason) {
  owner_.count_refused();
  if (!can_be_told(*what)) {
    if (!what->mid.is_response()) owner_.lost(via_->peer(), reason);
  } else if (what->mid.is_request()) {
    answer(*what, reason);
  } else {
    what->sender->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, undelivered{address(), reason}),
                          nullptr);
  }
}

void remote_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  // without a route it was made for a node that is not linked, and is about to be killed
  if (!via_ || dead_.load(std::memory_order_acquire)) {
    const bool lost_node = fail_state() == caf::exit_reason::remote_link_unreachable || !via_;
    answer(*what, lost_node ? make_error(errc::peer_down) : make_error(caf::sec::request_receiver_down));
    return;
  }
  if (is_echo_of_exit(*what)) return;
  if (!claim_credit(*what)) {
    refuse(what, make_error(errc::peer_overloaded, "the actor's credit is used up"));
    return;
  }
  if (auto reason = owner_.send(*via_, id(), *what)) {
    sent_.fetch_sub(1, std::memory_order_relaxed);
    refuse(what, reason);
  }
}

// Both run with the mutexes of both actors held, and encoding a handle may take one of them again: so the
// frame is made later, in the bus thread.
bool remote_actor::add_backlink(caf::abstract_actor* x) {
  if (!caf::actor_proxy::add_backlink(x)) return false;
  owner_.post_link(via_, id(), caf::strong_actor_ptr{x->ctrl()}, op::link);
  return true;
}

bool remote_actor::remove_backlink(caf::abstract_actor* x) {
  if (!caf::actor_proxy::remove_backlink(x)) return false;
  owner_.post_link(via_, id(), caf::strong_actor_ptr{x->ctrl()}, op::unlink);
  return true;
}

void remote_actor::kill_proxy(caf::execution_unit* context, caf::error reason) {
  dead_.store(true, std::memory_order_release);
  cleanup(std::move(reason), context);
}

} // namespace bus::proxy
