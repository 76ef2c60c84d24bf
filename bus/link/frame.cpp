#include "bus/link/frame.hpp"

#include "bus/codec/cursor.hpp"
#include "bus/codec/pack.hpp"

namespace bus::link {

namespace {

using namespace codec;

constexpr std::string_view magic = "TTBUS";

enum kind : uint8_t { kind_hello = 0, kind_data = 1, kind_beat = 2, kind_bye = 3 };

constexpr uint32_t hello_fields = 12;
constexpr uint32_t data_fields = 7;
constexpr uint32_t beat_fields = 8;
constexpr uint32_t bye_fields = 4;

void write_ack(bytes& out, const channel::ack& x) {
  pack_uint(out, x.received);
  pack_array(out, 2 * x.missing.size());
  for (const auto& range : x.missing) {
    pack_uint(out, range.first);
    pack_uint(out, range.last);
  }
}

// Reads field after field; the first error sticks and the rest is left alone.
class fields {
public:
  explicit fields(cursor& in) : in_(in) {}

  errc status() const noexcept { return status_; }

  void fail(errc e) {
    if (status_ == errc::none) status_ = e;
  }

  template <class T>
  fields& number(T& x) {
    uint64_t wide = 0;
    if (status_ == errc::none) status_ = in_.read_uint(wide);
    if (wide > std::numeric_limits<T>::max()) fail(errc::out_of_range);
    x = static_cast<T>(wide);
    return *this;
  }

  fields& nil() {
    if (status_ == errc::none) status_ = in_.read_nil();
    return *this;
  }

  fields& time(int64_t& x) {
    if (status_ == errc::none) status_ = in_.read_int(x);
    return *this;
  }

  fields& text(std::string& x, size_t limit) {
    std::string_view view;
    if (status_ == errc::none) status_ = in_.read_str(view);
    if (view.size() > limit) fail(errc::too_long);
    if (status_ == errc::none) x.assign(view);
    return *this;
  }

  // A node id: 24 bytes, or none.
  fields& node(std::string& x) {
    std::string_view view;
    if (status_ == errc::none) status_ = in_.read_bin(view);
    if (!view.empty() && view.size() != node_bytes) fail(errc::out_of_range);
    if (status_ == errc::none) x.assign(view);
    return *this;
  }

  fields& ack(channel::ack& x) {
    number(x.received);
    uint32_t size = 0;
    if (status_ == errc::none) status_ = in_.read_array(size);
    if (size % 2 != 0 || size > 2 * limits::missing_ranges) fail(errc::too_long);
    for (uint32_t i = 0; i < size && status_ == errc::none; i += 2) {
      channel::seq_range range;
      number(range.first).number(range.last);
      x.missing.push_back(range);
    }
    return *this;
  }

private:
  cursor& in_;
  errc status_ = errc::none;
};

constexpr size_t endpoint_bytes = 255;

errc read_hello(cursor& in, hello& x) {
  std::string name;
  uint32_t version = 0;
  fields f{in};
  f.text(name, magic.size()).number(version);
  if (f.status() == errc::none && (name != magic || version != protocol_version)) return errc::type_mismatch;
  f.text(x.from.name, limits::node_name_bytes).node(x.from.node).number(x.session).node(x.seen_node);
  f.number(x.seen_session).text(x.from.control_endpoint, endpoint_bytes);
  f.text(x.from.topics_endpoint, endpoint_bytes).number(x.from.agent);
  if (f.status() == errc::none && (x.from.name.empty() || x.from.node.empty())) return errc::missing_field;
  if (in.next_is_nil()) f.nil();
  else f.number(x.features);
  return f.status();
}

errc read_data(cursor& in, data& x) {
  fields f{in};
  f.number(x.from_session).number(x.to_session).number(x.seq).number(x.messages).ack(x.received);
  if (f.status() == errc::none && x.seq == 0) return errc::out_of_range;
  return f.status();
}

errc read_beat(cursor& in, beat& x) {
  fields f{in};
  f.number(x.from_session).number(x.to_session).ack(x.received).time(x.now).time(x.echo).time(x.held);
  return f.status();
}

errc read_bye(cursor& in, bye& x) {
  uint8_t reason = 0;
  fields f{in};
  f.number(x.from_session).number(x.to_session).number(reason);
  x.reason = reason == static_cast<uint8_t>(down_reason::stalled) ? down_reason::stalled : down_reason::left;
  return f.status();
}

template <class T, class F>
errc read_as(cursor& in, uint32_t size, uint32_t wanted, header& out, F f) {
  if (size < wanted) return errc::missing_field;
  T x;
  if (auto e = f(in, x); e != errc::none) return e;
  for (auto i = wanted; i < size; ++i)
    if (auto e = in.skip(); e != errc::none) return e;
  if (!in.at_end()) return errc::trailing_bytes;
  out = std::move(x);
  return errc::none;
}

} // namespace

std::string_view name_of(down_reason reason) noexcept {
  switch (reason) {
  case down_reason::left:
    return "left";
  case down_reason::stalled:
    return "stalled";
  case down_reason::silent:
    return "silent";
  case down_reason::restarted:
    return "restarted";
  case down_reason::reset:
    return "reset";
  case down_reason::stopped:
    return "stopped";
  case down_reason::own_stall:
    return "own_stall";
  case down_reason::broken:
    return "broken";
  case down_reason::unheard:
    return "unheard";
  }
  return "unknown";
}

void write(std::string& out, const hello& x) {
  pack_array(out, hello_fields);
  pack_uint(out, kind_hello);
  pack_str(out, magic);
  pack_uint(out, protocol_version);
  pack_str(out, x.from.name);
  pack_bin(out, x.from.node);
  pack_uint(out, x.session);
  pack_bin(out, x.seen_node);
  pack_uint(out, x.seen_session);
  pack_str(out, x.from.control_endpoint);
  pack_str(out, x.from.topics_endpoint);
  pack_uint(out, x.from.agent);
  if (x.features == 0) pack_nil(out);
  else pack_uint(out, x.features);
}

void write(std::string& out, const data& x) {
  pack_array(out, data_fields);
  pack_uint(out, kind_data);
  pack_uint(out, x.from_session);
  pack_uint(out, x.to_session);
  pack_uint(out, x.seq);
  pack_uint(out, x.messages);
  write_ack(out, x.received);
}

void write(std::string& out, const beat& x) {
  pack_array(out, beat_fields);
  pack_uint(out, kind_beat);
  pack_uint(out, x.from_session);
  pack_uint(out, x.to_session);
  write_ack(out, x.received);
  pack_int(out, x.now);
  pack_int(out, x.echo);
  pack_int(out, x.held);
}

void write(std::string& out, const bye& x) {
  pack_array(out, bye_fields);
  pack_uint(out, kind_bye);
  pack_uint(out, x.from_session);
  pack_uint(out, x.to_session);
  pack_uint(out, static_cast<uint8_t>(x.reason));
}

errc read(std::string_view in, header& out) {
  cursor c{in};
  uint32_t size = 0;
  uint64_t what = 0;
  if (auto e = c.read_array(size); e != errc::none) return e;
  if (size == 0) return errc::missing_field;
  if (auto e = c.read_uint(what); e != errc::none) return e;
  switch (what) {
  case kind_hello:
    return read_as<hello>(c, size, hello_fields, out, read_hello);
  case kind_data:
    return read_as<data>(c, size, data_fields, out, read_data);
  case kind_beat:
    return read_as<beat>(c, size, beat_fields, out, read_beat);
  case kind_bye:
    return read_as<bye>(c, size, bye_fields, out, read_bye);
  default:
    return errc::out_of_range;
  }
}

} // namespace bus::link
