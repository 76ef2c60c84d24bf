// Golden bytes of everything below the level of actors: headers of the control
// link, the messages in a body, topic payloads, and the bus's own message types.
// What stands here stands in bus/wire.md.
#include "bus/link/frame.hpp"
#include "bus/messages.hpp"
#include "bus/proxy/wire.hpp"
#include "bus/topics/subscription.hpp"
#include "tests/bus/messages.hpp"

#include <caf/make_message.hpp>
#include <gtest/gtest.h>

#include <cstdio>

using namespace bus;

namespace {

std::string hex(std::string_view in) {
  std::string out;
  for (unsigned char c : in) {
    char buf[3];
    std::snprintf(buf, sizeof buf, "%02x", c);
    out += buf;
  }
  return out;
}

template <class Header>
std::string header_bytes(const Header& x) {
  std::string out;
  link::write(out, x);
  link::header back;
  EXPECT_EQ(link::read(out, back), errc::none);
  return hex(out);
}

/// Every handle is actor 258 of the sending node.
struct one_handle final : codec::handle_writer {
  void write_actor(codec::bytes& out, caf::actor_control_block*) override {
    codec::bytes payload;
    codec::put_u64(payload, 258);
    codec::pack_ext(out, codec::ext_type::actor, payload);
  }
};

const codec::type_table& types() {
  static const codec::type_table* table = new codec::type_table;
  return *table;
}

std::string message_bytes(const caf::message& x) {
  codec::bytes out;
  codec::encoder f{out, {&types(), nullptr}};
  EXPECT_FALSE(f.apply(x));
  return hex(out);
}

} // namespace

TEST(wire_golden, hello) {
  link::hello x;
  x.from = {"alpha", std::string(24, 'A'), "tcp://10.0.0.1:7701", "tcp://10.0.0.1:7702", 9};
  x.session = 1000;
  x.seen_node = std::string(24, 'B');
  x.seen_session = 7;
  EXPECT_EQ(header_bytes(x), "9c00"
                             "a55454425553" // "TTBUS"
                             "01"           // version
                             "a5616c706861" // "alpha"
                             "c418414141414141414141414141414141414141414141414141"
                             "cd03e8" // session 1000
                             "c418424242424242424242424242424242424242424242424242"
                             "07" // seen session
                             "b37463703a2f2f31302e302e302e313a37373031"
                             "b37463703a2f2f31302e302e302e313a37373032"
                             "09c0"); // agent, no features: as older nodes say it
  x.features = link::feature::parts;
  EXPECT_EQ(header_bytes(x).substr(header_bytes(x).size() - 4), "0901");
}

TEST(wire_golden, hello_of_a_node_without_features_and_of_one_with_more_than_we_know) {
  link::hello x;
  x.from = {"alpha", std::string(24, 'A'), "tcp://10.0.0.1:7701", {}, 9};
  for (const uint32_t features : {0u, 1u, 0xffffffffu}) {
    x.features = features;
    std::string bytes;
    link::write(bytes, x);
    link::header read;
    ASSERT_EQ(link::read(bytes, read), errc::none);
    EXPECT_EQ(std::get<link::hello>(read).features, features);
  }
}

TEST(wire_golden, data) {
  EXPECT_EQ(header_bytes(link::data{1, 2, 300, 4, {5, {{6, 7}, {9, 9}}}}), "97010102cd012c0405"
                                                                           "9406070909"); // two ranges
}

TEST(wire_golden, beat) {
  EXPECT_EQ(header_bytes(link::beat{1, 2, {5, {}}, 1'000'000, -1, 70'000}),
            "980201020590ce000f4240ffce00011170");
}

TEST(wire_golden, bye) {
  EXPECT_EQ(header_bytes(link::bye{1, 2, link::down_reason::left}), "9403010200");
  EXPECT_EQ(header_bytes(link::bye{1, 2, link::down_reason::stalled}), "9403010201");
}

TEST(wire_golden, watch_and_credit_and_name) {
  EXPECT_EQ(hex(proxy::watch_frame(258)), "9201cd0102");
  EXPECT_EQ(hex(proxy::credit_frame(258, 70'000)), "9303cd0102ce00011170");
  EXPECT_EQ(hex(proxy::name_frame("symbol/A", 258)), "9307a873796d626f6c2f41cd0102");
  EXPECT_EQ(hex(proxy::name_frame("symbol/A", 0)), "9307a873796d626f6c2f4100");
}

TEST(wire_golden, down) {
  EXPECT_EQ(hex(proxy::down_frame(5, caf::error{}, types())), "930205c0");
  EXPECT_EQ(hex(proxy::down_frame(5, make_error(caf::exit_reason::kill), types())),
            "93020593"
            "05"         // the code of exit_reason::kill
            "a465786974" // "exit"
            "90");       // no context
}

TEST(wire_golden, link_and_unlink) {
  one_handle handles;
  EXPECT_EQ(hex(proxy::link_frame(proxy::op::link, 5, nullptr, handles)), "930405d7010000000000000102");
  EXPECT_EQ(hex(proxy::link_frame(proxy::op::unlink, 5, nullptr, handles)), "930505d7010000000000000102");
}

TEST(wire_golden, moved) {
  caf::node_id::default_data::host_id_type host;
  host.fill(0x5a);
  EXPECT_EQ(hex(proxy::moved_frame(5, caf::make_message_id(3), caf::make_node_id(77, host))),
            "940605"
            "cf1000000000000003" // message id; CAF keeps the priority in its upper bits
            "c71802"
            "0000004d"
            "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"); // ext 2: pid 77, host
}

TEST(wire_golden, topic_payload) {
  codec::bytes out;
  ASSERT_FALSE(
      topics::write_payload(out, {"alpha", 77, 300}, caf::make_message(int32_t{5}), {&types(), nullptr}));
  EXPECT_EQ(hex(out), "94a5616c7068614dcd012c"
                      "92a440693332"
                      "05"); // ["@i32", 5]
}

TEST(wire_golden, messages_of_the_bus) {
  EXPECT_EQ(message_bytes(caf::make_message(spawn_request{"worker", caf::make_message(int32_t{5})})),
            "92a96275732e737061776e"
            "92a6776f726b6572"
            "92a44069333205");
  EXPECT_EQ(message_bytes(caf::make_message(peer_event{"beta", false, "silent"})),
            "92a86275732e70656572"
            "93a462657461c2a673696c656e74");
  EXPECT_EQ(message_bytes(caf::make_message(name_event{"x", caf::actor{}})), "92a86275732e6e616d65"
                                                                             "92a178c0");
  EXPECT_EQ(message_bytes(caf::make_message(undelivered{caf::actor_addr{}, make_error(errc::peer_down)})),
            "92af6275732e756e64656c697665726564"
            "92c093"
            "14"
            "a362757390");
  EXPECT_EQ(message_bytes(caf::make_message(topic_gap{"q", 3, 5})), "92a76275732e676170"
                                                                    "93a1710305");
}
