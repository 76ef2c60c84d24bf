// Frames: their bytes, and that all styles say the same.

#include "gateways/stream/lossless_log.hpp"
#include "gateways/stream/message.hpp"
#include "gateways/stream/stream_metrics.hpp"
#include "gateways/stream/system_channel.hpp"

#include <gtest/gtest.h>

#include "tests/gateways/stream_fixture.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace tt::gateway::stream::test {
namespace {

frame only_frame(std::string bytes) {
  auto frames = split_frames(bytes);
  EXPECT_EQ(frames.size(), 1U);
  EXPECT_TRUE(bytes.empty());
  return frames.empty() ? frame{} : frames.front();
}

TEST(stream_message, bytes_of_a_small_text_frame) {
  std::string out;
  append_message(out, encoding::json, make_body(encoding::json, R"({"type":"x"})"), {.seq = 7});
  EXPECT_EQ(out, "\x81\x14{\"type\":\"x\",\"seq\":7}");
  out.clear();
  append_ping(out);
  EXPECT_EQ(out, (std::string{"\x89\x00", 2}));
}

TEST(stream_message, all_lengths_of_the_frame_header) {
  for (const std::size_t size : {1U, 90U, 110U, 111U, 112U, 113U, 114U, 115U, 116U, 300U, 65'400U, 65'520U, 65'530U, 65'600U, 200'000U}) {
    std::string out;
    append_message(out, encoding::json, make_body(encoding::json, json{{"t", std::string(size, 'x')}}.dump()), {.seq = 1});
    const frame one = only_frame(out);
    EXPECT_EQ(one.opcode, 1U);
    EXPECT_EQ(decode(one)["t"].get<std::string>().size(), size);
    const auto second = static_cast<unsigned char>(out[1]);
    EXPECT_EQ(second, one.payload.size() < 126 ? one.payload.size() : one.payload.size() < 65'536 ? 126U : 127U) << "shortest form";
  }
}

TEST(stream_message, tail_of_both_encodings) {
  const std::string object = R"({"type":"quote","data":{"price":231.11,"volume":12345678901,"neg":-5,"none":null}})";
  for (const std::uint64_t seq : {1ULL, 127ULL, 128ULL, 255ULL, 256ULL, 65'535ULL, 65'536ULL, 4'294'967'296ULL, ~0ULL})
    for (const auto kind : {message_kind::update, message_kind::snapshot})
      for (const std::uint64_t conflated : {0ULL, 3ULL, ~0ULL})
        for (const std::uint64_t dropped : {0ULL, ~0ULL}) {
          json expected = json::parse(object);
          expected["seq"] = seq;
          if (kind == message_kind::snapshot) expected["snapshot"] = true;
          if (conflated > 0) expected["conflated"] = conflated;
          if (dropped > 0) expected["dropped"] = dropped;
          for (const auto form : {encoding::json, encoding::msgpack}) {
            std::string out;
            append_message(out, form, make_body(form, object), {seq, kind, conflated, dropped});
            const frame one = only_frame(out);
            EXPECT_EQ(one.opcode, form == encoding::json ? 1U : 2U);
            EXPECT_EQ(decode(one), expected);
            EXPECT_LE(out.size(), make_body(form, object).bytes.size() + max_frame_overhead);
          }
        }
}

TEST(stream_message, msgpack_with_many_fields) {
  for (const int count : {1, 11, 12, 14, 15, 16, 40}) {
    json object;
    for (int i = 0; i < count; ++i) object["f" + std::to_string(i)] = i;
    std::string out;
    append_message(out, encoding::msgpack, make_body(encoding::msgpack, object.dump()), {9, message_kind::snapshot, 1, 1});
    const json read = decode(only_frame(out));
    EXPECT_EQ(read.size(), static_cast<std::size_t>(count) + 4);
    EXPECT_EQ(read["seq"], 9);
    EXPECT_EQ(read["f0"], 0);
  }
}

TEST(stream_message, styles_have_their_own_numbers) {
  std::set<std::size_t> seen;
  for (const auto form : {encoding::json, encoding::msgpack})
    for (const auto name : {field_case::snake, field_case::camel})
      for (const auto number : {number_style::plain, number_style::string}) seen.insert(message_style{form, {number, name}}.index());
  EXPECT_EQ(seen.size(), message_style::count);
  EXPECT_LT(*seen.rbegin(), message_style::count);
}

TEST(stream_message, a_value_is_written_once_per_style) {
  int written = 0;
  const custom_value content{[&](json_writer& out) { out.value(++written); }, test_wall, std::nullopt};
  const topic_value value{std::make_shared<const topic_key>(topic_key{channel::system, {}, {}, {}}), content, {}};
  const message_body* first = &value.body({});
  EXPECT_EQ(&value.body({}), first);
  EXPECT_EQ(written, 1);
  value.body({encoding::msgpack, {}});
  EXPECT_EQ(written, 2);
}

TEST(stream_message, an_event_may_have_a_type_of_its_own) {
  memory_log log{7, [](json_writer& out) { out.null(); }};
  log.append(test_wall, [](json_writer& out) { out.value(1); }, {}, "strategy_mode_change");
  log.append(test_wall, [](json_writer& out) { out.value(2); });
  const auto kept = log.replay(0, 10);
  ASSERT_EQ(kept->size(), 2U);
  const auto text = [](const custom_value& one) {
    return topic_value{std::make_shared<const topic_key>(topic_key{channel::strategies, {}, {}, {}}), one, {}}.body({}).bytes;
  };
  EXPECT_NE(text((*kept)[0]).find(R"("type":"strategy_mode_change","channel":"strategies")"), std::string::npos) << text((*kept)[0]);
  EXPECT_NE(text((*kept)[1]).find(R"("type":"strategy","channel":"strategies")"), std::string::npos) << text((*kept)[1]);
}

TEST(memory_log, replays_exactly_what_is_kept) {
  memory_log log{7, [](json_writer& out) { out.null(); }};
  EXPECT_EQ(log.last(), 0U);
  EXPECT_TRUE(log.replay(0, 10)->empty());
  for (int i = 0; i < 10; ++i) log.append(test_wall, [](json_writer& out) { out.null(); });
  EXPECT_EQ(log.last(), 10U);
  const auto some = log.replay(7, 2);
  ASSERT_EQ(some->size(), 2U);
  EXPECT_EQ(some->front().position, (log_position{7, 8}));
  EXPECT_EQ(log.replay(0, 100)->size(), 10U);
  EXPECT_TRUE(log.replay(10, 1)->empty());
  EXPECT_FALSE(log.replay(11, 1)) << "the future";
}

TEST(memory_log, forgets_by_count_and_by_age) {
  memory_log log{7, [](json_writer& out) { out.null(); }};
  for (std::size_t i = 0; i < max_replay_events + 5; ++i) log.append(test_wall, [](json_writer& out) { out.null(); });
  EXPECT_FALSE(log.replay(4, 1));
  EXPECT_TRUE(log.replay(5, 1));
  log.append(test_wall + max_replay_age + seconds{1}, [](json_writer& out) { out.null(); });
  EXPECT_FALSE(log.replay(5, 1));
  EXPECT_EQ(log.replay(log.last() - 1, 1)->size(), 1U);
}

TEST(system_channel, tells_of_feeds_that_change) {
  system_channel system{test_wall, "n1"};
  EXPECT_EQ(system.log().last(), 1U) << "node_started";
  market::feed_status feed;
  feed.name = "main";
  feed.label = "sim";
  feed.state = "starting";
  system.update_feeds({feed}, test_wall);
  system.update_feeds({feed}, test_wall);
  EXPECT_EQ(system.log().last(), 2U) << "once";
  feed.state = "live";
  system.update_feeds({feed}, test_wall);
  EXPECT_EQ(system.log().last(), 3U);
  json_writer event;
  system.log().replay(2, 1)->front().write_data(event);
  const json read = json::parse(event.text());
  EXPECT_EQ(read["event"], "feed_state");
  EXPECT_EQ(read["feed"], "main");
  EXPECT_EQ(read["state"], "live");
  EXPECT_EQ(read["previous"], "starting");
  json_writer state;
  system.log().snapshot().write_data(state);
  EXPECT_EQ(json::parse(state.text())["feeds"][0]["state"], "live");
}

TEST(stream_metrics, names_of_the_contract) {
  stream_counters counters;
  counters.clients = 3;
  counters.conflated = 10;
  counters.dropped_clients = 2;
  counters.tick_to_client[0] = 4;
  counters.tick_to_client[6] = 1;
  counters.tick_to_client.back() = 1;
  std::map<std::string, prometheus::MetricFamily> families;
  for (auto& one : make_metrics([&] { return counters; })->Collect()) families[one.name] = one;
  EXPECT_EQ(families.at("tt_ws_clients").metric.at(0).gauge.value, 3);
  EXPECT_EQ(families.at("tt_ws_conflated_total").metric.at(0).counter.value, 10);
  EXPECT_EQ(families.at("tt_ws_dropped_clients_total").metric.at(0).counter.value, 2);
  const auto& histogram = families.at("tt_tick_to_client_seconds").metric.at(0).histogram;
  EXPECT_EQ(histogram.sample_count, 6U);
  EXPECT_EQ(histogram.bucket.at(6).cumulative_count, 5U);
  EXPECT_EQ(histogram.bucket.at(6).upper_bound, 0.005);
}

} // namespace
} // namespace tt::gateway::stream::test
