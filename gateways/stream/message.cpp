#include "gateways/stream/message.hpp"

#include "actors/model/result.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstring>

namespace tt::gateway::stream {

namespace {

constexpr char fin_text = static_cast<char>(0x81);
constexpr char fin_binary = static_cast<char>(0x82);
constexpr char fin_ping = static_cast<char>(0x89);

/// Header of an unmasked server frame, RFC 6455 section 5.2.
void append_frame_header(std::string& out, char first, std::size_t length) {
  char header[10];
  std::size_t size = 2;
  header[0] = first;
  if (length < 126) {
    header[1] = static_cast<char>(length);
  } else if (length <= 0xFFFF) {
    header[1] = 126;
    header[2] = static_cast<char>(length >> 8);
    header[3] = static_cast<char>(length);
    size = 4;
  } else {
    header[1] = 127;
    for (int i = 0; i < 8; ++i) header[2 + i] = static_cast<char>(static_cast<std::uint64_t>(length) >> (56 - 8 * i));
    size = 10;
  }
  out.append(header, size);
}

/// A short text on the stack: the tail, before its length is known.
class tail_buffer {
public:
  void text(std::string_view s) {
    TT_ASSERT(size_ + s.size() <= bytes_.size());
    std::memcpy(bytes_.data() + size_, s.data(), s.size());
    size_ += s.size();
  }
  void byte(unsigned b) {
    TT_ASSERT(size_ < bytes_.size());
    bytes_[size_++] = static_cast<char>(b);
  }
  void digits(std::uint64_t n) {
    const auto [end, code] = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), n);
    TT_ASSERT(code == std::errc{});
    size_ = static_cast<std::size_t>(end - bytes_.data());
  }
  void big_endian(std::uint64_t n, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) byte(static_cast<unsigned>(n >> shift) & 0xFFU);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

private:
  std::array<char, 128> bytes_;
  std::size_t size_ = 0;
};

void json_tail(tail_buffer& out, const message_tail& tail) {
  if (tail.kind == message_kind::snapshot) out.text(",\"snapshot\":true");
  out.text(",\"seq\":");
  out.digits(tail.seq);
  if (tail.conflated > 0) {
    out.text(",\"conflated\":");
    out.digits(tail.conflated);
  }
  if (tail.dropped > 0) {
    out.text(",\"dropped\":");
    out.digits(tail.dropped);
  }
  out.text("}");
}

/// fixstr: at most 31 bytes.
void msgpack_key(tail_buffer& out, std::string_view name) {
  out.byte(0xA0U | static_cast<unsigned>(name.size()));
  out.text(name);
}

void msgpack_unsigned(tail_buffer& out, std::uint64_t n) {
  if (n < 0x80) {
    out.byte(static_cast<unsigned>(n));
  } else if (n <= 0xFF) {
    out.byte(0xCC);
    out.big_endian(n, 1);
  } else if (n <= 0xFFFF) {
    out.byte(0xCD);
    out.big_endian(n, 2);
  } else if (n <= 0xFFFFFFFF) {
    out.byte(0xCE);
    out.big_endian(n, 4);
  } else {
    out.byte(0xCF);
    out.big_endian(n, 8);
  }
}

/// Writes the tail's entries and returns how many they are.
std::uint32_t msgpack_tail(tail_buffer& out, const message_tail& tail) {
  std::uint32_t fields = 1;
  if (tail.kind == message_kind::snapshot) {
    msgpack_key(out, "snapshot");
    out.byte(0xC3);
    ++fields;
  }
  msgpack_key(out, "seq");
  msgpack_unsigned(out, tail.seq);
  if (tail.conflated > 0) {
    msgpack_key(out, "conflated");
    msgpack_unsigned(out, tail.conflated);
    ++fields;
  }
  if (tail.dropped > 0) {
    msgpack_key(out, "dropped");
    msgpack_unsigned(out, tail.dropped);
    ++fields;
  }
  return fields;
}

void msgpack_map_header(tail_buffer& out, std::uint32_t fields) {
  if (fields <= 15) {
    out.byte(0x80U | fields);
  } else {
    out.byte(0xDE);
    out.big_endian(fields, 2);
  }
}

} // namespace

message_body make_body(encoding form, std::string json_object) {
  TT_ASSERT(json_object.size() > 2 && json_object.back() == '}');
  if (form == encoding::json) {
    json_object.pop_back();
    return {std::move(json_object), 0};
  }
  const auto parsed = nlohmann::ordered_json::parse(json_object);
  TT_ASSERT(parsed.size() <= 0xFF00); // leaves room for the tail in a map16
  const std::vector<std::uint8_t> packed = nlohmann::ordered_json::to_msgpack(parsed);
  const std::size_t header = parsed.size() <= 15 ? 1 : 3;
  return {std::string{packed.begin() + static_cast<std::ptrdiff_t>(header), packed.end()},
          static_cast<std::uint32_t>(parsed.size())};
}

void append_message(std::string& out, encoding form, const message_body& body, const message_tail& tail) {
  tail_buffer end;
  if (form == encoding::json) {
    json_tail(end, tail);
    append_frame_header(out, fin_text, body.bytes.size() + end.view().size());
  } else {
    tail_buffer begin;
    const std::uint32_t own = msgpack_tail(end, tail);
    msgpack_map_header(begin, body.fields + own);
    append_frame_header(out, fin_binary, begin.view().size() + body.bytes.size() + end.view().size());
    out.append(begin.view());
  }
  out.append(body.bytes);
  out.append(end.view());
}

void append_ping(std::string& out) { append_frame_header(out, fin_ping, 0); }

} // namespace tt::gateway::stream
