// Whatever a client sends, in text or MessagePack, whole conversations of it: the
// session never throws, keeps its bounds, and all it answers are well-formed
// frames with a gapless `seq`.
//
// Input: byte 0 bit 0 = MessagePack connection, bit 1 = camelCase; the rest is
// cut at 0xFF (JSON) or 0xC1 (MessagePack), which no valid message contains bare.

#include "gateways/stream/session.hpp"
#include "tests/gateways/stream_support.hpp"

#include <cstdint>
#include <cstdlib>

using namespace tt;
using namespace tt::gateway;
using namespace tt::gateway::stream;
using namespace tt::gateway::stream::test;

namespace {

/// Everything one input runs against. Kept between inputs: building it costs more
/// than most inputs; sessions leave nothing behind in it.
struct world {
  stream_config config;
  shard_tallies tallies;
  fake_source source;
  hub home{source, tallies};
  std::uint64_t next_id = 1;

  world() {
    source.attach(home);
    source.known[{channel::quotes, "AAPL", {}, {}}] = share(quote("AAPL", "231.11", 5));
  }
};

void require(bool rule) {
  if (!rule) std::abort();
}

void check_output(session& one, fake_source& source, std::uint64_t& seq) {
  std::string wire;
  one.pull(wire, std::size_t{1} << 20, source.time);
  for (const auto& part : split_frames(wire)) {
    if (part.opcode == 9) continue;
    const auto message = decode(part); // throws, and so fails, when it isn't well-formed
    require(message.is_object() && message.contains("type"));
    require(message.at("seq") == ++seq);
  }
  require(wire.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static world all;
  if (size == 0) return 0;
  const encoding form = (data[0] & 1U) != 0 ? encoding::msgpack : encoding::json;
  const message_style style{form, {number_style::plain, (data[0] & 2U) != 0 ? field_case::camel : field_case::snake}};
  std::string_view rest{reinterpret_cast<const char*>(data + 1), size - 1};
  const char cut = form == encoding::json ? '\xFF' : '\xC1';
  session one{all.next_id++, all.home, all.config, all.tallies, style, identity::known, all.source.time};
  std::uint64_t seq = 0;
  for (int messages = 0; messages < 16 && !rest.empty(); ++messages) {
    const auto end = rest.find(cut);
    one.on_message(rest.substr(0, end), form, all.source.time);
    all.source.answer_fetches();
    all.source.say_quote("AAPL", std::to_string(100 + messages), all.next_id * 16 + static_cast<std::uint64_t>(messages));
    check_output(one, all.source, seq);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return 0;
}
