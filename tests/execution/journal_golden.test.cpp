// The bytes of every kind of record. A change here is a change of the format: old
// journals must stay readable. A new schema version gets a file of its own (TT_WRITE_GOLDEN=1).

#include "actors/execution/record_codec.hpp"
#include "tests/execution/support.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <random>
#include <sstream>

namespace tt::execution::test {
namespace {

order full_order() {
  order o;
  o.number = order_number{7};
  o.wire_id = wire_order_id{"TAAAAAAAAAAAAAAAAAAAAAAAA00"};
  o.id = order_id{"o-taaaaaaaaaaaaaaaaaaaaaaaa00"};
  o.client_id = client_order_id{"mine"};
  o.key = *intent_key::manual("tester", "k");
  o.attempt = 2;
  o.origin = order_origin::webhook;
  o.symbol = "ES1!";
  o.contract = {decimal{50}, "USD", settlement::margined, asset_class::futures};
  o.asked = size_risk{d("0.01"), p(99)};
  o.terms = {order_side::sell_short, order_type::stop_limit, time_in_force::gtd,  order_hours::extended, position_effect::reduce_only, q(3),
             price{d("100.25")},     price{d("100.5")},      std::nullopt,        std::nullopt,          at(1000)};
  o.profit = take_profit{p(90)};
  o.loss = stop_loss{p(110), p(111)};
  o.strategy = strategy_id{"trend"};
  o.alert = alert_id{"a1"};
  o.comment = "by hand";
  o.parent = order_number{6};
  o.leg = "stop";
  o.created_at = at(1);
  o.updated_at = at(1);
  return o;
}

std::vector<journal_fact> one_of_each() {
  order_decided decided{order_number{7}, {}, full_order().terms};
  decided.decision.result = verdict::approved_reduced;
  decided.decision.code = "POSITION_LIMIT";
  decided.decision.legacy_code = "approved_with_reduction";
  decided.decision.message = "cut";
  decided.decision.original = q(5);
  decided.decision.approved = q(3);
  decided.decision.checks = {{"POSITION_LIMIT", check_result::reduced, "account", d("0.12"), d("0.1"), "ratio", "too large", 300}};
  decided.decision.adjustments = {{"POSITION_LIMIT", q(3)}};
  decided.decision.limits_version = 4;
  decided.decision.state_offset = journal_offset{99};
  decided.decision.elapsed_ns = 1234;
  auto adopted = full_order();
  adopted.number = order_number{8};
  adopted.venue_order = venue_order_id{"17"};
  adopted.venue_session = "s1";
  adopted.pending_terms = adopted.terms;
  adopted.original = q(5);
  adopted.state = order_state::pending_replace;
  adopted.resume = order_state::accepted;
  adopted.wish = order_wish::cancel;
  adopted.filled = q(1);
  adopted.filled_value = d("100.25");
  adopted.fees = money{d("0.35")};
  adopted.version = 9;
  adopted.terms_version = 2;
  adopted.reason = "because";
  adopted.reject_code = "X";
  adopted.linked = {order_number{9}, order_number{300}};
  adopted.submitted_at = at(2);
  adopted.filled_at = at(3);
  order_fill fill;
  fill.id = execution_id{"e1"};
  fill.order = order_number{7};
  fill.symbol = "ES1!";
  fill.way = direction::sell;
  fill.qty = q(1);
  fill.px = price{d("-1.5")};
  fill.taken = liquidity::maker;
  fill.fees = {money{d("0.1")}, money{d("0.2")}, money{d("0.3")}, money{d("-0.4")}};
  fill.fx = d("0.92");
  fill.at = at(4);
  account_balances balances;
  balances.at = at(5);
  balances.cash = money{-5};
  balances.buying_power = money{1000};
  balances.pattern_day_trader = true;
  const order_handle handle{wire_order_id{"TAAAAAAAAAAAAAAAAAAAAAAAA00"}, venue_order_id{"17"}, "s1"};
  return {opening(),
          node_started{"alpha", "0.1"},
          order_intent{full_order()},
          decided,
          order_moved{order_number{7}, order_event::replace_asked, handle, "why", "code", full_order().terms},
          execution_booked{fill},
          execution_corrected{execution_id{"e1"}, q(2), p(101), "bust", at(6)},
          report_unmatched{order_number{7}, handle, "odd"},
          venue_id_learned{order_number{7}, handle},
          legs_linked{order_number{7}, {order_number{8}, order_number{9}}},
          order_adopted{adopted},
          absence_seen{order_number{7}, 12, at(7)},
          symbol_frozen{"ES1!", q(1), q(-2), "differs"},
          symbol_thawed{"ES1!", "agreed"},
          position_adjusted{"ES1!", full_order().contract, q(-2), p(100), decimal{1}, "admin", "accepted"},
          cash_flowed{flow_kind::dividend, money{12}, "AAPL"},
          balances_reported{balances},
          account_marked{mark_kind::day_roll, at(8), {{"ES1!", p(100), decimal{1}}}},
          risk_noted{"kill_switch", "account", "admin", "test", "{}"},
          cause_received{*intent_key::webhook("p", "k", 0), "10.0.0.1", "buy"},
          stop_progressed{order_number{7}, {p(99), true}},
          terms_changed{order_number{7}, full_order().terms},
          change_decided{order_number{7}, decided.decision, full_order().terms}};
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

std::string golden_path(int version) {
  return std::string(TT_SOURCE_DIR) + "/tests/execution/golden/records_v" + std::to_string(version) + ".txt";
}

/// Bodies by type, from 1, as that version wrote them.
std::vector<std::string> golden_bodies(int version) {
  std::ifstream in(golden_path(version));
  EXPECT_TRUE(in) << golden_path(version);
  std::vector<std::string> out;
  std::size_t type = 0;
  std::string bytes;
  while (in >> type >> bytes) {
    out.push_back(unhex(bytes));
    EXPECT_EQ(type, out.size());
  }
  return out;
}

TEST(journal_records, golden_bytes_of_each_type) {
  const auto facts = one_of_each();
  ASSERT_EQ(facts.size(), std::variant_size_v<journal_fact>);
  if (std::getenv("TT_WRITE_GOLDEN")) {
    std::ofstream out(golden_path(schema_version));
    for (const auto& fact : facts) out << fact.index() + 1 << ' ' << hex(encode_body(fact)) << '\n';
    GTEST_SKIP() << "written anew";
  }
  const auto bodies = golden_bodies(schema_version);
  ASSERT_EQ(bodies.size(), facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(facts[i].index(), i);
    EXPECT_EQ(hex(encode_body(facts[i])), hex(bodies[i])) << "type " << i + 1;
  }
}

TEST(journal_records, every_version_that_ever_wrote_is_read) {
  const auto facts = one_of_each();
  for (std::uint8_t version = 1; version <= schema_version; ++version) {
    const auto bodies = golden_bodies(version);
    ASSERT_LE(bodies.size(), facts.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      const auto back = decode_body(static_cast<std::uint8_t>(i + 1), version, bodies[i]);
      ASSERT_TRUE(back) << to_string(back.error()) << ": version " << int(version) << " type " << i + 1;
      EXPECT_TRUE(*back == facts[i]) << "version " << int(version) << " type " << i + 1;
    }
  }
}

TEST(journal_records, another_library_reads_the_bodies) {
  using nlohmann::json;
  const auto read = [](const journal_fact& fact) { return json::from_msgpack(encode_body(fact)); };
  EXPECT_EQ(read(node_started{"alpha", "0.1"}), json::parse(R"(["alpha", "0.1"])"));
  EXPECT_EQ(read(cash_flowed{flow_kind::dividend, money{12}, "AAPL"}), json::parse(R"([2, 12000000000000, "AAPL"])"));
  const auto large = read(cash_flowed{flow_kind::deposit, money{d("100000000")}, ""}); // 10^20 units: more than 8 bytes hold
  ASSERT_TRUE(large[1].is_binary());
  EXPECT_EQ(large[1].get_binary().size(), 16u);
  for (const auto& fact : one_of_each()) EXPECT_TRUE(read(fact).is_array()) << "type " << fact.index() + 1;
}

TEST(journal_records, a_cut_or_lengthened_body_is_refused) {
  for (std::uint8_t version = 1; version <= schema_version; ++version) {
    const auto bodies = golden_bodies(version);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      const auto type = static_cast<std::uint8_t>(i + 1);
      const auto& body = bodies[i];
      for (std::size_t n = 0; n < body.size(); ++n)
        EXPECT_FALSE(decode_body(type, version, body.substr(0, n))) << "version " << int(version) << " type " << int(type) << " cut at " << n;
      EXPECT_FALSE(decode_body(type, version, body + 'x'));
      EXPECT_FALSE(decode_body(type, schema_version + 1, body));
    }
  }
  EXPECT_FALSE(decode_body(0, schema_version, ""));
  EXPECT_FALSE(decode_body(21, schema_version, ""));
}

TEST(journal_records, packed_members_too_many_too_few_or_of_another_kind_are_refused) {
  using nlohmann::json;
  const auto packed = [](const json& body) {
    const auto bytes = json::to_msgpack(body);
    return std::string(bytes.begin(), bytes.end());
  };
  const auto read = [&](std::uint8_t type, const char* body) { return decode_body(type, 2, packed(json::parse(body))); };
  EXPECT_TRUE(read(2, R"(["alpha", "0.1"])"));
  EXPECT_FALSE(read(2, R"(["alpha"])"));
  EXPECT_FALSE(read(2, R"(["alpha", "0.1", 1])"));
  EXPECT_FALSE(read(2, R"(["alpha", 1])"));
  EXPECT_FALSE(read(2, R"({"node": "alpha"})"));
  EXPECT_TRUE(read(16, R"([2, -12, ""])"));
  EXPECT_FALSE(read(16, R"([6, -12, ""])")); // no such kind of flow
  EXPECT_FALSE(read(16, R"([2, 1.5, ""])"));
  EXPECT_TRUE(read(10, R"([7, [8, 9]])"));
  EXPECT_FALSE(read(10, R"([7, [8, "9"]])"));
  EXPECT_FALSE(read(10, R"([-7, []])"));
  std::string deep(40, '\x91');
  EXPECT_FALSE(decode_body(10, 2, deep + '\x01'));
  EXPECT_FALSE(decode_body(10, 2, "\xdd\xff\xff\xff\xff")); // an array of 2^32 - 1, and nothing in it
}

/// A record as version 1 of the schema wrote it.
std::string old_record(std::uint8_t type, const std::string& body, std::uint64_t offset, chain_hash& chain) {
  const auto plain = [](auto value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); };
  auto out = plain(static_cast<std::uint32_t>(record_header_bytes + body.size() + record_trailer_bytes)) + plain(type) + plain(std::uint8_t{1}) +
             plain(std::uint16_t{0}) + plain(offset) + plain(std::uint64_t{3}) + plain(std::int64_t{0}) + plain(std::int64_t{0}) + plain(std::uint64_t{0}) + body;
  out += plain(crc32c(out));
  chain = hash_of(std::string(reinterpret_cast<const char*>(chain.bytes.data()), chain.bytes.size()) + out);
  return out + std::string(reinterpret_cast<const char*>(chain.bytes.data()), chain.bytes.size());
}

TEST(journal_records, old_and_new_records_follow_each_other) {
  const auto facts = one_of_each();
  const auto bodies = golden_bodies(1);
  chain_hash chain;
  std::string bytes(reinterpret_cast<const char*>(chain.bytes.data()), chain.bytes.size());
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < bodies.size(); ++i) bytes += old_record(static_cast<std::uint8_t>(i + 1), bodies[i], ++offset, chain);
  batch_writer writer{journal_offset{offset + 1}, chain, lease_epoch{3}};
  journal_record newer;
  newer.fact = facts[1];
  ASSERT_TRUE(writer.add(newer));
  std::vector<journal_fact> read;
  const auto keep = [&](journal_record&& r) -> result<void> { return read.push_back(std::move(r.fact)), result<void>{}; };
  const auto middle = read_batch(bytes, journal_offset{1}, {}, keep);
  ASSERT_TRUE(middle) << to_string(middle.error());
  ASSERT_TRUE(read_batch(writer.batch().bytes, journal_offset{offset + 1}, *middle, keep));
  ASSERT_EQ(read.size(), bodies.size() + 1);
  for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_TRUE(read[i] == facts[i]) << "type " << i + 1;
  EXPECT_TRUE(read.back() == facts[1]);
}

journal_batch batch_of(const std::vector<journal_fact>& facts) {
  batch_writer writer{journal_offset{1}, {}, lease_epoch{3}};
  for (const auto& fact : facts) {
    journal_record record;
    record.fact = fact;
    record.at = at(9);
    record.monotonic_ns = 77;
    record.cause = journal_offset{1};
    EXPECT_TRUE(writer.add(record));
  }
  return std::move(writer).take();
}

TEST(journal_records, a_batch_reads_as_it_was_written) {
  const auto facts = one_of_each();
  const auto batch = batch_of(facts);
  std::vector<journal_record> read;
  const auto chain = read_batch(batch.bytes, journal_offset{1}, {}, [&](journal_record&& r) -> result<void> {
    read.push_back(std::move(r));
    return {};
  });
  ASSERT_TRUE(chain) << to_string(chain.error());
  EXPECT_EQ(*chain, batch.after);
  ASSERT_EQ(read.size(), facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    EXPECT_TRUE(read[i].fact == facts[i]);
    EXPECT_EQ(raw(read[i].offset), i + 1);
    EXPECT_EQ(read[i].epoch, lease_epoch{3});
    EXPECT_EQ(read[i].at, at(9));
    EXPECT_EQ(read[i].monotonic_ns, 77);
  }
}

TEST(journal_records, every_flipped_bit_is_seen) {
  const auto batch = batch_of(one_of_each());
  const auto ignore = [](journal_record&&) -> result<void> { return {}; };
  for (std::size_t bit = 0; bit < batch.bytes.size() * 8; ++bit) {
    auto bytes = batch.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto chain = read_batch(bytes, journal_offset{1}, {}, ignore);
    ASSERT_FALSE(chain) << "bit " << bit;
    // a flipped length or type may look like something newer or cut off: it is refused all the same
    EXPECT_TRUE(chain.error().code == errc::corrupt_data || chain.error().code == errc::unsupported);
  }
  for (std::size_t n = 0; n < batch.bytes.size(); ++n) {
    // a cut at a record's edge leaves a shorter batch: its hash is another
    const auto chain = read_batch(std::string_view(batch.bytes).substr(0, n), journal_offset{1}, {}, ignore);
    EXPECT_TRUE(!chain || *chain != batch.after) << n;
  }
}

TEST(checksums, known_values) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u); // the check value of CRC-32C
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(hash_of("").to_hex(), "99aa06d3014798d86001c324468d497f"); // XXH3-128 of nothing, as in xxHash's own test vectors
}

} // namespace
} // namespace tt::execution::test
