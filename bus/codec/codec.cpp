// The parts of encoder and decoder that need no template, and messages.
#include "bus/codec/table.hpp"

#include <caf/detail/dynamic_message_data.hpp>
#include <caf/make_counted.hpp>

#include <algorithm>

namespace bus::codec {

namespace {

constexpr size_t node_id_size = 24;

bool is_atom_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == ' ';
}

errc atom_from(std::string_view text, caf::atom_value& x) {
  if (text.size() > 10) return errc::too_long;
  if (!std::all_of(text.begin(), text.end(), is_atom_char)) return errc::out_of_range;
  x = caf::atom_from_string(caf::string_view{text.data(), text.size()});
  return errc::none;
}

void put_node(bytes& out, const caf::node_id& x) {
  const auto& data = static_cast<const caf::node_id::default_data&>(*x);
  put_u32(out, data.process_id());
  const auto host = data.host_id();
  out.append(reinterpret_cast<const char*>(host.data()), host.size());
}

caf::node_id get_node(std::string_view data) {
  caf::node_id::default_data::host_id_type host;
  std::copy_n(data.data() + 4, host.size(), reinterpret_cast<char*>(host.data()));
  return caf::make_node_id(static_cast<uint32_t>(get_big_endian(data.substr(0, 4))), host);
}

bool has_default_id(const caf::node_id& x) {
  return x && x->implementation_id() == caf::node_id::default_data::class_id;
}

} // namespace

// -- encoder ------------------------------------------------------------------

caf::error encoder::actor_block(caf::actor_control_block* actor) {
  if (!actor) {
    pack_nil(out_);
    return {};
  }
  if (!context_.handles) return make_error(errc::bad_handle);
  context_.handles->write_actor(out_, actor);
  return {};
}

caf::error encoder::apply(const caf::node_id& x) {
  if (!x) {
    pack_nil(out_);
    return {};
  }
  if (!has_default_id(x)) return make_error(errc::bad_handle, "only process-and-host node ids can travel");
  bytes payload;
  put_node(payload, x);
  pack_ext(out_, ext_type::node, payload);
  return {};
}

caf::error encoder::apply(const caf::error& x) {
  if (!x) {
    pack_nil(out_);
    return {};
  }
  pack_array(out_, 3);
  pack_uint(out_, x.code());
  pack_str(out_, to_string(x.category()));
  const auto start = out_.size();
  if (auto err = apply(x.context())) {
    // An error must always arrive; a context that cannot travel is left behind.
    out_.resize(start);
    pack_array(out_, 0);
  }
  return {};
}

caf::error encoder::apply(const caf::message& x) {
  if (x.empty()) {
    pack_array(out_, 0);
    return {};
  }
  return apply_tuple(x);
}

caf::error encoder::apply_tuple(const caf::type_erased_tuple& xs) {
  if (!context_.types) return make_error(errc::unknown_type, "no codec table");
  pack_array(out_, 2 * xs.size());
  for (size_t i = 0; i < xs.size(); ++i) {
    const auto type = xs.type(i);
    const auto* entry = context_.types->find(type);
    if (!entry)
      return make_error(errc::unknown_type, std::string{"not in the codec table: "} +
                                                (type.second ? type.second->name() : "a built-in type"));
    pack_str(out_, entry->name);
    if (auto err = entry->write(*this, xs.get(i))) return err;
  }
  return {};
}

// -- decoder ------------------------------------------------------------------

caf::error decoder::atom(caf::atom_value& x) {
  std::string_view text;
  if (auto e = in_.read_str(text); e != errc::none) return make_error(e);
  return make_error(atom_from(text, x));
}

caf::error decoder::atom_constant(caf::atom_value expected) {
  caf::atom_value x{};
  if (auto err = atom(x)) return err;
  return x == expected ? caf::error{} : make_error(errc::type_mismatch);
}

caf::error decoder::actor_pointer(caf::strong_actor_ptr& x) {
  if (in_.next_is_nil()) {
    x = nullptr;
    return make_error(in_.read_nil());
  }
  int8_t type = 0;
  std::string_view data;
  if (auto e = in_.read_ext(type, data); e != errc::none) return make_error(e);
  if (type != static_cast<int8_t>(ext_type::actor)) return make_error(errc::type_mismatch);
  if (data.size() != 8 && data.size() != 8 + node_id_size) return make_error(errc::bad_handle);
  if (!context_.handles) return make_error(errc::bad_handle);
  if (auto e = charge(1, handle_bytes); e != errc::none) return make_error(e);
  const auto id = get_big_endian(data.substr(0, 8));
  const auto node = data.size() == 8 ? caf::node_id{} : get_node(data.substr(8));
  return make_error(context_.handles->read_actor(id, node, x));
}

caf::error decoder::apply(caf::node_id& x) {
  if (in_.next_is_nil()) {
    x = caf::node_id{};
    return make_error(in_.read_nil());
  }
  int8_t type = 0;
  std::string_view data;
  if (auto e = in_.read_ext(type, data); e != errc::none) return make_error(e);
  if (type != static_cast<int8_t>(ext_type::node) || data.size() != node_id_size)
    return make_error(errc::type_mismatch);
  x = get_node(data);
  return {};
}

caf::error decoder::apply(caf::error& x) {
  if (in_.next_is_nil()) {
    x = caf::error{};
    return make_error(in_.read_nil());
  }
  uint8_t code = 0;
  caf::atom_value category{};
  caf::message context;
  if (auto err = fixed(code, category, context)) return err;
  x = caf::error{code, category, std::move(context)};
  return {};
}

caf::error decoder::apply(caf::message& x) {
  if (auto e = in_.enter(); e != errc::none) return make_error(e);
  uint32_t size = 0;
  if (auto e = in_.read_array(size); e != errc::none) return make_error(e);
  x = caf::message{};
  if (size > 0) {
    if (!context_.types) return make_error(errc::unknown_type, "no codec table");
    if (auto err = decode_elements(*this, *context_.types, size, x)) return err;
  }
  in_.leave();
  return {};
}

namespace {

caf::error read_entry(decoder& f, const type_table& types, const type_entry*& entry) {
  std::string_view name;
  if (auto e = f.in().read_str(name); e != errc::none) return make_error(e);
  entry = types.find(name);
  if (!entry)
    return make_error(errc::unknown_type, "not in the codec table: " + std::string{name.substr(0, 64)});
  return {};
}

} // namespace

caf::error decode_elements(decoder& f, const type_table& types, uint32_t size, caf::message& out) {
  if (size % 2 != 0) return make_error(errc::type_mismatch);
  auto data = caf::make_counted<caf::detail::dynamic_message_data>();
  for (uint32_t i = 0; i < size; i += 2) {
    const type_entry* entry = nullptr;
    if (auto err = read_entry(f, types, entry)) return err;
    if (auto e = f.charge(1, entry->bytes); e != errc::none) return make_error(e);
    auto value = entry->make();
    if (auto err = entry->read(f, value->get_mutable())) return err;
    data->append(std::move(value));
  }
  out = caf::message{caf::message::data_ptr{data.release(), false}};
  return {};
}

// -- elements -----------------------------------------------------------------

caf::type_erased_tuple& content_of(caf::message& x) noexcept {
  static caf::message empty;
  auto* raw = const_cast<caf::detail::message_data*>(x.vals().get()); // reading does not unshare
  return raw ? static_cast<caf::type_erased_tuple&>(*raw) : empty;
}

caf::error read_message_element(decoder& f, const type_table& types, element_head&& head,
                                caf::mailbox_element_ptr& out) {
  if (auto e = f.in().enter(); e != errc::none) return make_error(e);
  uint32_t size = 0;
  if (auto e = f.in().read_array(size); e != errc::none) return make_error(e);
  caf::error err;
  if (size == 2) {
    const type_entry* entry = nullptr;
    err = read_entry(f, types, entry);
    if (!err) err = entry->read_element(f, std::move(head), out);
  } else {
    caf::message content;
    if (size > 0) err = decode_elements(f, types, size, content);
    head.credit.weigh(f.decoded());
    if (!err) out.reset(new message_element(std::move(head), std::move(content)));
  }
  f.in().leave();
  return err;
}

} // namespace bus::codec
