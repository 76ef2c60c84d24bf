// Round trips, versions, limits and hostile bytes of the MessagePack codec.
#include "tests/bus/messages.hpp"

#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <gtest/gtest.h>
#include <msgpack/unpack.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <sstream>

using namespace bus::codec;
using bus::errc;

namespace {

const type_table& types() {
  static const auto* table = [] {
    auto* t = new type_table;
    bus_test::add_types(*t);
    return t;
  }();
  return *table;
}

template <class T>
bytes encode(const T& x) {
  bytes out;
  encoder f{out, {&types(), nullptr}};
  const auto err = f.apply(x);
  EXPECT_FALSE(err) << bus::text_of(err);
  return out;
}

template <class T>
caf::error decode(std::string_view in, T& x) {
  decoder f{in, {&types(), nullptr}};
  if (auto err = f.apply(x)) return err;
  return f.in().at_end() ? caf::error{} : make_error(errc::trailing_bytes);
}

template <class T>
T round_trip(const T& x) {
  T y{};
  const auto err = decode(encode(x), y);
  EXPECT_FALSE(err) << bus::text_of(err);
  return y;
}

/// What another implementation (msgpack-c's object tree) reads from our bytes.
std::string as_json(const bytes& in) {
  const auto handle = msgpack::unpack(in.data(), in.size());
  std::ostringstream out;
  out << handle.get();
  return out.str();
}

caf::message all_builtins() {
  return caf::make_message(
      int8_t{-1}, int16_t{-2}, int32_t{-3}, int64_t{-4}, uint8_t{1}, uint16_t{2}, uint32_t{3}, uint64_t{4},
      true, 1.5f, 2.25, std::string{"text"}, caf::atom("hello"), caf::timespan{std::chrono::seconds{3}},
      caf::unit, std::vector<std::string>{"x", "y"}, std::map<std::string, std::string>{{"k", "v"}},
      std::set<std::string>{"s"}, std::vector<char>{'a', '\0'}, caf::error{caf::sec::request_timeout});
}

} // namespace

TEST(codec, integers_keep_every_limit) {
  for (int64_t x : {std::numeric_limits<int64_t>::min(), int64_t{-2147483649}, int64_t{-32769}, int64_t{-129},
                    int64_t{-128}, int64_t{-33}, int64_t{-32}, int64_t{-1}, int64_t{0}, int64_t{127},
                    int64_t{128}, int64_t{255}, int64_t{256}, int64_t{65535}, int64_t{65536},
                    int64_t{4294967296}, std::numeric_limits<int64_t>::max()})
    EXPECT_EQ(round_trip(x), x);
  EXPECT_EQ(round_trip(std::numeric_limits<uint64_t>::max()), std::numeric_limits<uint64_t>::max());
}

TEST(codec, integers_that_do_not_fit_are_refused) {
  int8_t small = 0;
  EXPECT_EQ(decode(encode(int64_t{128}), small), make_error(errc::out_of_range));
  uint32_t positive = 0;
  EXPECT_EQ(decode(encode(int64_t{-1}), positive), make_error(errc::out_of_range));
  int64_t wide = 0;
  EXPECT_EQ(decode(encode(std::numeric_limits<uint64_t>::max()), wide), make_error(errc::out_of_range));
}

TEST(codec, doubles_are_bit_exact_and_always_doubles) {
  const double values[] = {0.0,
                           -0.0,
                           1.0,
                           2.0,
                           -1.5,
                           std::numeric_limits<double>::denorm_min(),
                           std::numeric_limits<double>::max(),
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           std::nan("7")};
  for (double x : values) {
    const auto out = encode(x);
    EXPECT_EQ(out.size(), 9u);
    EXPECT_EQ(static_cast<unsigned char>(out[0]), 0xcb);
    EXPECT_EQ(std::bit_cast<uint64_t>(round_trip(x)), std::bit_cast<uint64_t>(x));
  }
}

TEST(codec, integers_of_other_languages_are_read_as_doubles) {
  double x = 0;
  EXPECT_FALSE(decode(encode(int64_t{-3}), x));
  EXPECT_EQ(x, -3.0);
}

TEST(codec, every_kind_of_field_survives) {
  const auto x = bus_test::sample_order();
  EXPECT_EQ(round_trip(x), x);
  EXPECT_EQ(round_trip(bus_test::order{}), bus_test::order{});
  EXPECT_EQ(round_trip(bus_test::sample_quote()), bus_test::sample_quote());
}

TEST(codec, other_implementations_see_nested_documents) {
  EXPECT_EQ(
      as_json(encode(bus_test::sample_order())),
      R"(["o-1",1,true,[["ES",1,null],["NQ",-0.5,-7]],{"a":[1,-2,300],"b":[]},[1,"CME"],"n",[-300,2.5],)"
      R"x([200,"t",true],"BIN(size:3)",[true,false,true],[1,2,-3]])x");
}

TEST(codec, messages_of_every_builtin_type_survive) {
  const auto x = all_builtins();
  const auto y = round_trip(x);
  ASSERT_EQ(y.size(), x.size());
  EXPECT_EQ(to_string(y), to_string(x));
  EXPECT_EQ(y.type_token(), x.type_token());
}

TEST(codec, messages_nest) {
  const auto x = caf::make_message(caf::make_message(bus_test::sample_quote(), 1), caf::message{});
  const auto y = round_trip(x);
  ASSERT_TRUE((y.match_elements<caf::message, caf::message>()));
  EXPECT_EQ(y.get_as<caf::message>(0).get_as<bus_test::quote>(0), bus_test::sample_quote());
}

TEST(codec, errors_keep_code_category_and_context) {
  const auto x = make_error(caf::sec::unknown_type, std::string{"why"}, 5);
  const auto y = round_trip(x);
  EXPECT_EQ(x.compare(y), 0);
  EXPECT_TRUE((y.context().match_elements<std::string, int>()));
  EXPECT_FALSE(round_trip(caf::error{}));
}

TEST(codec, an_error_travels_even_if_its_context_cannot) {
  const auto x = make_error(caf::sec::runtime_error, bus_test::account_v1{});
  const auto y = round_trip(x);
  EXPECT_EQ(x.compare(y), 0);
  EXPECT_TRUE(y.context().empty());
}

TEST(codec, node_ids_survive) {
  caf::node_id::default_data::host_id_type host;
  host.fill(0x5a);
  const auto x = caf::make_node_id(77, host);
  EXPECT_EQ(round_trip(x), x);
  EXPECT_EQ(round_trip(caf::node_id{}), caf::node_id{});
}

TEST(codec, unregistered_types_fail_at_the_sender) {
  bytes out;
  encoder f{out, {&types(), nullptr}};
  EXPECT_EQ(f.apply(caf::make_message(bus_test::account_v1{})), make_error(errc::unknown_type));
}

TEST(codec, unknown_names_fail_at_the_receiver) {
  bytes out;
  pack_array(out, 2);
  pack_str(out, "no-such-type");
  pack_nil(out);
  caf::message x;
  EXPECT_EQ(decode(out, x), make_error(errc::unknown_type));
}

TEST(codec, an_old_node_reads_a_new_message) {
  bus_test::account_v1 x;
  ASSERT_FALSE(decode(encode(bus_test::account_v2{"a", 5, {"me", "you"}, 9}), x));
  EXPECT_EQ(x.id, "a");
  EXPECT_EQ(x.cash, 5);
}

TEST(codec, a_new_node_reads_an_old_message) {
  bus_test::account_v2 x;
  ASSERT_FALSE(decode(encode(bus_test::account_v1{"a", 5}), x));
  EXPECT_EQ(x.cash, 5);
  EXPECT_TRUE(x.owners.empty());
  EXPECT_EQ(x.level, 7);
}

TEST(codec, fields_without_a_default_must_be_there) {
  bytes out;
  pack_array(out, 1);
  pack_str(out, "a");
  bus_test::account_v1 x;
  EXPECT_EQ(decode(out, x), make_error(errc::missing_field));
}

TEST(codec, nesting_is_bounded) {
  caf::message x;
  for (int i = 0; i < 20; ++i) x = caf::make_message(x, i);
  caf::message y;
  EXPECT_FALSE(decode(encode(x), y));
  for (int i = 0; i < 40; ++i) x = caf::make_message(x, i);
  EXPECT_EQ(decode(encode(x), y), make_error(errc::too_deep));
  // unknown trailing fields are skipped without recursion, and bounded too
  bytes deep(1000, '\x91');
  deep += '\xc0';
  cursor c{deep};
  EXPECT_EQ(c.skip(), errc::too_deep);
}

TEST(codec, lengths_are_checked_before_memory_is_taken) {
  std::vector<std::vector<std::string>> x;
  EXPECT_EQ(decode(std::string_view{"\xdd\xff\xff\xff\xff", 5}, x), make_error(errc::too_long));
  std::map<int, int> m;
  EXPECT_EQ(decode(std::string_view{"\xdf\x7f\xff\xff\xff", 5}, m), make_error(errc::too_long));
  std::string s;
  EXPECT_EQ(decode(std::string_view{"\xdb\xff\xff\xff\xff", 5}, s), make_error(errc::truncated));
}

// A list of empty strings takes 32 times its bytes, and the time that goes with it.
TEST(codec, memory_of_one_message_is_bounded) {
  const auto strings = [](uint32_t n) {
    bytes out;
    pack_array(out, 2);
    pack_str(out, "@strvec");
    pack_array(out, n);
    return out.append(n, '\xa0');
  };
  constexpr auto fits = static_cast<uint32_t>(bus::limits::decoded_bytes / sizeof(std::string)) - 16;
  caf::message x;
  EXPECT_FALSE(decode(strings(fits), x));
  EXPECT_EQ(x.get_as<std::vector<std::string>>(0).size(), fits);
  EXPECT_EQ(decode(strings(fits + 32), x), make_error(errc::too_long));
  EXPECT_EQ(decode(strings(static_cast<uint32_t>(bus::limits::message_bytes) - 32), x), make_error(errc::too_long));
}

TEST(codec, memory_of_lists_in_lists_and_of_many_values_is_bounded_together) {
  constexpr uint32_t inner = 1000;
  bytes list;
  pack_array(list, inner);
  list.append(inner, '\xa0');
  const auto lists = [&](uint32_t n) {
    bytes out;
    pack_array(out, n);
    for (uint32_t i = 0; i < n; ++i) out += list;
    return out;
  };
  constexpr auto fits = static_cast<uint32_t>(bus::limits::decoded_bytes / (inner * sizeof(std::string)));
  std::vector<std::vector<std::string>> x;
  EXPECT_FALSE(decode(lists(fits - 10), x));
  EXPECT_EQ(decode(lists(fits + 10), x), make_error(errc::too_long));
  std::set<uint32_t> numbers; // a node for each
  bytes ones;
  pack_array(ones, 2'000'000);
  EXPECT_EQ(decode(ones.append(2'000'000, '\x01'), numbers), make_error(errc::too_long));
  caf::message values;
  bytes units;
  pack_array(units, 4'000'000);
  for (int i = 0; i < 2'000'000; ++i) units += "\xa5@unit\xc0";
  EXPECT_EQ(decode(units, values), make_error(errc::too_long));
}

TEST(codec, large_messages_of_the_ordinary_kind_are_read) {
  const std::string text(bus::limits::message_bytes - 16, 'x');
  EXPECT_EQ(round_trip(text), text);
  std::vector<bus_test::quote> quotes(450'000, bus_test::sample_quote()); // 12 MiB
  EXPECT_GT(encode(quotes).size(), size_t{12} << 20);
  EXPECT_EQ(round_trip(quotes).size(), quotes.size());
  const std::vector<double> numbers(1'800'000, 0.5); // 15 MiB
  EXPECT_EQ(round_trip(numbers), numbers);
}

namespace {

/// What an actor's meter is told.
struct weighed final : consumer {
  void consumed(uint32_t bytes) noexcept override { gone += bytes; }
  void grown(uint32_t bytes) noexcept override { more += bytes; }
  size_t more = 0, gone = 0;
};

} // namespace

TEST(codec, a_message_that_waits_is_counted_with_what_it_takes) {
  for (const auto& content : {caf::make_message(std::vector<std::string>(1000)), caf::make_message(std::vector<std::string>(1000), 1)}) {
    weighed scale;
    const auto in = encode(content);
    decoder f{in, {&types(), nullptr}};
    caf::mailbox_element_ptr element;
    ASSERT_FALSE(read_message_element(f, types(), {nullptr, caf::make_message_id(), {}, ticket{&scale, 5}}, element));
    EXPECT_GE(scale.more, 1000 * sizeof(std::string));
    EXPECT_EQ(scale.gone, 0u);
    element.reset();
    EXPECT_EQ(scale.gone, scale.more + 5);
  }
}

TEST(codec, every_truncation_is_a_clean_error) {
  const auto out = encode(caf::make_message(bus_test::sample_order(), bus_test::sample_quote()));
  for (size_t n = 0; n < out.size(); ++n) {
    caf::message x;
    EXPECT_TRUE(decode(std::string_view{out}.substr(0, n), x)) << n;
  }
}

TEST(codec, every_bit_flip_is_survived) {
  const auto out = encode(caf::message::concat(all_builtins(), caf::make_message(bus_test::sample_order())));
  size_t refused = 0;
  for (size_t bit = 0; bit < 8 * out.size(); ++bit) {
    auto broken = out;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    caf::message x;
    if (decode(broken, x)) ++refused;
  }
  EXPECT_GT(refused, out.size()); // most flips hit a tag, a length or a name
}

TEST(codec, random_mutations_are_survived) {
  const auto out = encode(caf::message::concat(all_builtins(), caf::make_message(bus_test::sample_order())));
  std::mt19937 random{42};
  for (int round = 0; round < 20'000; ++round) {
    auto broken = out;
    const auto edits = 1 + random() % 4;
    for (unsigned i = 0; i < edits; ++i) {
      const auto at = random() % broken.size();
      switch (random() % 3) {
      case 0:
        broken[at] = static_cast<char>(random());
        break;
      case 1:
        broken.erase(at, 1 + random() % 8);
        break;
      default:
        broken.insert(at, 1 + random() % 4, static_cast<char>(random()));
        break;
      }
    }
    caf::message x;
    (void)decode(broken, x);
    cursor c{broken};
    while (!c.at_end() && c.skip() == errc::none) {
    }
  }
}
