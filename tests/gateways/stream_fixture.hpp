#pragma once

// Drives stream sessions without sockets.

#include "tests/gateways/stream_support.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::stream::test {

/// A session and what its client has received.
class fake_client {
public:
  fake_client(std::uint64_t id, fake_source& source, hub& home, const stream_config& config, shard_tallies& tallies,
              message_style style = {}, identity who = identity::known)
      : source_(source), form_(style.form),
        s(std::make_unique<session>(id, home, config, tallies, style, who, source.time)) {}

  void say(const json& message) {
    if (form_ == encoding::json) {
      s->on_message(message.dump(), encoding::json, source_.time);
    } else {
      const auto bytes = json::to_msgpack(message);
      s->on_message({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, form_, source_.time);
    }
  }
  void say_text(std::string_view text) { s->on_message(text, encoding::json, source_.time); }

  /// Everything that is due; pings are counted and left out.
  std::vector<json> read() {
    s->pull(wire, std::size_t{1} << 40, source_.time);
    std::vector<json> out;
    for (const auto& one : split_frames(wire)) {
      if (one.opcode == 9) {
        ++pings;
        continue;
      }
      out.push_back(decode(one));
      EXPECT_EQ(out.back()["seq"], ++last_seq) << "every message counts one up";
    }
    return out;
  }
  /// Lets the clocks run to `source.time`.
  void tick() { s->on_time(source_.time); }
  [[nodiscard]] int close_code_or_0() const { return s->closing() ? static_cast<int>(s->closing()->code) : 0; }

private:
  fake_source& source_;
  encoding form_;

public:
  std::unique_ptr<session> s;
  std::string wire;
  std::uint64_t last_seq = 0;
  int pings = 0;
};

/// One shard without its thread.
struct stream_fixture {
  stream_config config;
  shard_tallies tallies;
  fake_source source;
  hub home{source, tallies};
  std::uint64_t next_id = 1;

  stream_fixture() { source.attach(home); }

  fake_client connect(message_style style = {}, identity who = identity::known) {
    return fake_client{next_id++, source, home, config, tallies, style, who};
  }
  /// Publishes an event of the system channel as the service does.
  void system_event(const std::string& name) {
    source.system.log().append(source.time.wall, [name](json_writer& out) {
      out.begin_object().field("event", name).end_object();
    });
    const auto events = source.system.log().replay(source.system.log().last() - 1, 1);
    home.publish_event(channel::system, {}, events->front(), source.time);
  }
};

/// The messages of one type.
inline std::vector<json> of_type(const std::vector<json>& all, std::string_view type) {
  std::vector<json> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const json& one) { return one["type"] == type; });
  return out;
}

} // namespace tt::gateway::stream::test
