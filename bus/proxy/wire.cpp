#include "bus/proxy/wire.hpp"

#include "bus/codec/table.hpp"

namespace bus::proxy {

namespace {

codec::bytes begin(op what, size_t fields) {
  codec::bytes frame;
  codec::pack_array(frame, fields);
  codec::pack_uint(frame, static_cast<uint8_t>(what));
  return frame;
}

} // namespace

codec::bytes watch_frame(caf::actor_id actor) {
  auto frame = begin(op::watch, 2);
  codec::pack_uint(frame, actor);
  return frame;
}

codec::bytes credit_frame(caf::actor_id actor, uint64_t consumed) {
  auto frame = begin(op::credit, 3);
  codec::pack_uint(frame, actor);
  codec::pack_uint(frame, consumed);
  return frame;
}

codec::bytes name_frame(std::string_view name, caf::actor_id actor) {
  auto frame = begin(op::name, 3);
  codec::pack_str(frame, name);
  codec::pack_uint(frame, actor);
  return frame;
}

codec::bytes down_frame(caf::actor_id actor, const caf::error& reason, const codec::type_table& types) {
  auto frame = begin(op::down, 3);
  codec::pack_uint(frame, actor);
  codec::encoder f{frame, {&types, nullptr}};
  (void)f.apply(reason);
  return frame;
}

codec::bytes moved_frame(caf::actor_id requester, caf::message_id request, const caf::node_id& to) {
  auto frame = begin(op::moved, 4);
  codec::pack_uint(frame, requester);
  codec::pack_uint(frame, request.integer_value());
  codec::encoder f{frame, {nullptr, nullptr}};
  (void)f.apply(to); // the id of a linked node: process and host, which always encodes
  return frame;
}

codec::bytes link_frame(op what, caf::actor_id actor, caf::actor_control_block* other,
                        codec::handle_writer& handles) {
  auto frame = begin(what, 3);
  codec::pack_uint(frame, actor);
  handles.write_actor(frame, other);
  return frame;
}

} // namespace bus::proxy
