// Golden bytes: a change here is a change of the wire, and needs a new protocol
// version unless it only appends fields.
#include "tests/bus/messages.hpp"

#include <caf/make_message.hpp>
#include <gtest/gtest.h>

#include <cstdio>

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
