// This header file defines the reader of the messages in a data frame. Bus thread.
#pragma once

#include "bus/proxy/core.hpp"

namespace bus::proxy {

/// Carries out what one peer sent. Also reads handles: an actor id without a node is one of that peer's.
class inbound final : public codec::handle_reader {
public:
  /// @param share bytes that each message is counted with
  /// @param is_excess more waits here than may: messages for actors that are behind are refused
  inbound(core& owner, core::linked_peer& from, uint32_t share = 0, bool is_excess = false)
      : core_(owner), peer_(from), share_(share), is_excess_(is_excess) {}

  /// One message at the start of `in`. On success `used` is its length.
  /// @return false if `in` is not well-formed MessagePack, so that not even the next message can be found
  bool dispatch(std::string_view in, size_t& used);

  errc read_actor(caf::actor_id id, const caf::node_id& node, caf::strong_actor_ptr& out) override;

private:
  caf::error read(codec::decoder& f);
  caf::error on_message(codec::decoder& f);
  caf::error on_watch(codec::decoder& f);
  caf::error on_down(codec::decoder& f);
  caf::error on_credit(codec::decoder& f);
  caf::error on_link(codec::decoder& f, op what);
  caf::error on_moved(codec::decoder& f);
  caf::error on_name(codec::decoder& f);

  caf::error refuse(codec::decoder& f, core::target* to, caf::strong_actor_ptr sender, caf::message_id mid, caf::error reason);
  caf::error read_sender(codec::decoder& f, caf::strong_actor_ptr& out);
  core::target* target_for(caf::actor_id id);
  void settle_request(caf::actor_id requester, caf::message_id mid);

  core& core_;
  core::linked_peer& peer_;
  const uint32_t share_;
  const bool is_excess_;
};

} // namespace bus::proxy
