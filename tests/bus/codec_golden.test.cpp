// Golden bytes: a change here is a change of the wire, and needs a new protocol
// version unless it only appends fields.
#include "bus/messages.hpp"
#include "tests/bus/messages.hpp"

#include <caf/make_message.hpp>
#include <gtest/gtest.h>

#include <caf/duration.hpp>
#include <caf/system_messages.hpp>
#include <caf/timespan.hpp>
#include <caf/timestamp.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

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

std::string encoded(const caf::message& x) {
  bus::codec::type_table table;
  bus_test::add_types(table);
  bus::codec::bytes out;
  bus::codec::encoder f{out, {&table, nullptr}};
  EXPECT_FALSE(f.apply(x));
  return hex(out);
}

} // namespace

TEST(codec_golden, quote) {
  EXPECT_EQ(encoded(caf::make_message(bus_test::sample_quote())),
            "92"                 // two elements: type, value
            "a571756f7465"       // "quote"
            "98"                 // eight fields
            "a445535a36"         // "ESZ6"
            "ce0007a139"         // 500025
            "ce0007a152"         // 500050
            "0c07"               // sizes
            "01"                 // seq
            "cf17979cfe362a0000" // nanoseconds
            "03");
}

TEST(codec_golden, builtins) {
  EXPECT_EQ(encoded(caf::make_message(caf::atom("ping"), int32_t{-1}, true, 2.0, std::string{"x"})),
            "9aa54061746f6da470696e67" // @atom "ping"
            "a440693332ff"             // @i32 -1
            "a4626f6f6cc3"             // bool true
            "a6646f75626c65cb4000000000000000"
            "a440737472a178");
}

TEST(codec_golden, order) {
  EXPECT_EQ(encoded(caf::make_message(bus_test::sample_order())),
            "92a56f72646572" // "order"
            "9ca36f2d3101c3" // twelve fields: "o-1", sell, open
            "9293a24553cb3ff0000000000000c093a24e51cbbfe0000000000000f9"
            "82a1619301fecd012ca16290"       // {"a": [1, -2, 300], "b": []}
            "9201a3434d45a16e"               // [1, "CME"], "n"
            "92d1fed4ca4020000093ccc8a174c3" // pair, tuple
            "c40300ff0a93c3c2c3930102fd");   // bin, bits, array
}

TEST(codec_golden, errors_and_nil_handles) {
  EXPECT_EQ(encoded(caf::make_message(make_error(bus::errc::peer_overloaded), caf::actor_addr{})),
            "94a6406572726f729315a362757390" // [21, "bus", []]
            "a54061646472c0");
}

// -- every type that may travel without being added -----------------------------

namespace {

/// One message of one value for each of them. Handles are nil: their bytes are in wire_golden.
std::vector<caf::message> one_of_each() {
  const caf::error reason = make_error(bus::errc::peer_down);
  caf::node_id::default_data::host_id_type host;
  host.fill(0x5a);
  std::vector<caf::message> out;
  const auto add = [&](auto x) { out.push_back(caf::make_message(std::move(x))); };
  add(caf::actor{});
  add(std::vector<caf::actor>{caf::actor{}});
  add(caf::actor_addr{});
  add(std::vector<caf::actor_addr>{caf::actor_addr{}});
  add(caf::strong_actor_ptr{});
  add(caf::weak_actor_ptr{});
  add(caf::atom("ping"));
  add(std::vector<char>{'a', '\0', '\xff'});
  add(caf::down_msg{caf::actor_addr{}, reason});
  add(caf::exit_msg{caf::actor_addr{}, reason});
  add(caf::timeout_msg{caf::atom("receive"), 3});
  add(caf::duration{caf::time_unit::milliseconds, 250});
  add(reason);
  out.push_back(caf::make_message(caf::make_message(int32_t{5}), int32_t{1})); // alone it would not be nested
  add(caf::make_message_id(3));
  add(caf::make_node_id(77, host));
  add(caf::unit);
  add(int8_t{-1});
  add(int16_t{-300});
  add(int32_t{-70'000});
  add(int64_t{-5'000'000'000});
  add(uint8_t{200});
  add(uint16_t{300});
  add(uint32_t{70'000});
  add(uint64_t{5'000'000'000});
  add(true);
  add(-0.5);
  add(0.5f);
  add(std::string{"x"});
  add(std::map<std::string, std::string>{{"a", "b"}});
  add(std::set<std::string>{"a"});
  add(std::vector<std::string>{"a"});
  add(caf::timespan{1'000});
  add(caf::timestamp{caf::timespan{1'000}});
  add(bus::spawn_request{"worker", caf::make_message(int32_t{5})});
  add(bus::peer_event{"beta", false, "left"});
  add(bus::name_event{"feed", {}});
  add(bus::undelivered{{}, reason});
  add(bus::topic_gap{"t", 5, 7});
  return out;
}

const std::map<std::string, std::string> golden_of_each{
    {"@actor", "92a6406163746f72c0"},
    {"@actorvec", "92a9406163746f7276656391c0"},
    {"@addr", "92a54061646472c0"},
    {"@addrvec", "92a8406164647276656391c0"},
    {"@strong_actor_ptr", "92b1407374726f6e675f6163746f725f707472c0"},
    {"@weak_actor_ptr", "92af407765616b5f6163746f725f707472c0"},
    {"@atom", "92a54061746f6da470696e67"},
    {"@charbuf", "92a84063686172627566c4036100ff"},
    {"@down", "92a540646f776e92c09314a362757390"},
    {"@exit", "92a5406578697492c09314a362757390"},
    {"@timeout", "92a84074696d656f757492a77265636569766503"},
    {"@duration", "92a9406475726174696f6e9203ccfa"},
    {"@error", "92a6406572726f729314a362757390"},
    {"@message", "94a8406d65737361676592a44069333205a44069333201"},
    {"@message_id", "92ab406d6573736167655f696491cf1000000000000003"},
    {"@node", "92a5406e6f6465c718020000004d5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"},
    {"@unit", "92a540756e6974c0"},
    {"@i8", "92a3406938ff"},
    {"@i16", "92a440693136d1fed4"},
    {"@i32", "92a440693332d2fffeee90"},
    {"@i64", "92a440693634d3fffffffed5fa0e00"},
    {"@u8", "92a3407538ccc8"},
    {"@u16", "92a440753136cd012c"},
    {"@u32", "92a440753332ce00011170"},
    {"@u64", "92a440753634cf000000012a05f200"},
    {"bool", "92a4626f6f6cc3"},
    {"double", "92a6646f75626c65cbbfe0000000000000"},
    {"float", "92a5666c6f6174ca3f000000"},
    {"@str", "92a440737472a178"},
    {"@strmap", "92a7407374726d617081a161a162"},
    {"@strset", "92a74073747273657491a161"},
    {"@strvec", "92a74073747276656391a161"},
    {"@timespan", "92a94074696d657370616ecd03e8"},
    {"@timestamp", "92aa4074696d657374616d70cd03e8"},
    {"bus.spawn", "92a96275732e737061776e92a6776f726b657292a44069333205"},
    {"bus.peer", "92a86275732e7065657293a462657461c2a46c656674"},
    {"bus.name", "92a86275732e6e616d6592a466656564c0"},
    {"bus.undelivered", "92af6275732e756e64656c69766572656492c09314a362757390"},
    {"bus.gap", "92a76275732e67617093a1740507"},
};

} // namespace

TEST(codec_golden, every_type_of_an_empty_table_has_the_bytes_it_had) {
  const bus::codec::type_table table;
  std::set<std::string> covered;
  const bool print = std::getenv("TT_PRINT_GOLDEN") != nullptr; // NOLINT: one thread
  for (const auto& x : one_of_each()) {
    const auto* type = table.find(x.type(0));
    ASSERT_NE(type, nullptr) << caf::to_string(x);
    covered.insert(type->name);
    const auto bytes = encoded(x);
    if (print) {
      std::printf("{\"%s\", \"%s\"},\n", type->name.c_str(), bytes.c_str());
      continue;
    }
    const auto at = golden_of_each.find(type->name);
    ASSERT_NE(at, golden_of_each.end()) << type->name << " has no golden bytes";
    EXPECT_EQ(bytes, at->second) << type->name;
  }
  for (const auto& type : table.entries()) EXPECT_TRUE(covered.contains(type.name)) << type.name << " may travel and nothing holds its bytes";
}
