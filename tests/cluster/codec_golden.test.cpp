// Golden bytes of every message that crosses nodes: a change here is a change of
// the wire between nodes of two versions. Fields may be appended, never more.

#include "actors/backtest/messages.hpp"
#include "actors/market/messages.hpp"
#include "bus/codec/decoder.hpp"
#include "bus/codec/encoder.hpp"
#include "cluster/codec_types.hpp"
#include "cluster/messages.hpp"
#include "cluster/stops/stop_messages.hpp"

#include <caf/make_message.hpp>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace tt::cluster {
namespace {

const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");

decimal number(std::int64_t scaled, int digits) { return decimal::from_scaled(scaled, digits); }

market::quote_snapshot sample_quote() {
  market::quote_snapshot out;
  out.symbol = "AAPL";
  out.ts = noon;
  out.bid = price{number(18'999, 2)};
  out.ask = price{number(19'001, 2)};
  out.bid_size = quantity{300};
  out.last = price{number(190, 0)};
  out.volume = quantity{1'000'000};
  out.source = "sim";
  out.state = market::freshness::fresh;
  out.market = market_state::regular;
  out.seq = 7;
  return out;
}

bar sample_bar() {
  return {noon, price{number(10, 0)}, price{number(125, 1)}, price{number(-5, 1)}, price{number(11, 0)}, quantity{400}};
}

market::trade_update sample_trade() {
  return {"ES1!", {noon, price{number(500'025, 2)}, quantity{3}, aggressor::buyer}, 42};
}

market::topic sample_topic() { return {market::topic_kind::bars, "BTCUSD", timeframe::minutes(5), session_hours::extended}; }

member_info sample_member() {
  return {"alpha", "tcp://10.0.0.1:7701", {"feed", "symbols"}, {"sim"}, "0.1.0", "http://10.0.0.1:8080/", noon, "node alpha"};
}

backtest::job_status sample_job() {
  backtest::job_status out;
  out.id = "st-1";
  out.kind = backtest::job_kind::study;
  out.state = backtest::job_state::running;
  out.progress = 12.5;
  out.stage = "running";
  out.symbol = "AAPL";
  out.symbols_done = 1;
  out.symbols_total = 2;
  out.symbols = {"AAPL", "MSFT"};
  out.owner = "local";
  out.created = noon;
  out.started = noon;
  out.trials_done = 3;
  out.trials_total = 24;
  out.best = "{}";
  out.number = 7;
  return out;
}

void add_backtest_samples(std::map<std::string, caf::message>& out) {
  using namespace backtest;
  const job_name study{job_kind::study, "st-1"};
  const std::string bytes("a\0\xff", 3);
  out["tt.job"] = caf::make_message(sample_job());
  out["tt.job_name"] = caf::make_message(study);
  out["tt.submit"] = caf::make_message(job_submission{job_kind::backtest, "local", "{}", {"AAPL"}});
  out["tt.job_command"] = caf::make_message(job_command{study, job_op::pause});
  out["tt.list_jobs"] = caf::make_message(list_request{job_kind::study, "running", 9, 20});
  out["tt.jobs"] = caf::make_message(job_list{{sample_job()}, 5});
  out["tt.job_ask"] = caf::make_message(document_request{study, {document_kind::trials, document_form::csv, "c", 10, 20, "-objective"}});
  out["tt.job_document"] = caf::make_message(job_document{sample_job(), "[]", "{}", "[]", "n"});
  out["tt.job_figures"] = caf::make_message(job_figures{{{job_kind::study, job_state::failed, 2}}, 1.5, 4, 2});
  out["tt.job_news"] = caf::make_message(job_news{9, sample_job()});
  out["tt.job_board"] = caf::make_message(job_board{9, {sample_job()}});
  out["tt.crew"] = caf::make_message(crew_hello{"beta", 4, 8, {}});
  out["tt.job_intro"] = caf::make_message(job_intro{7, job_kind::study, "{}"});
  out["tt.shard"] = caf::make_message(shard_order{7, 3, 11, bytes, {{"00ff", 48, 2}}, {}});
  out["tt.job_over"] = caf::make_message(job_over{7});
  out["tt.shard_progress"] = caf::make_message(shard_progress{{{7, 3, 1'000}}});
  out["tt.shard_report"] = caf::make_message(shard_report{7, 3, 11, shard_end::returned, bytes, {errc::io_error, "disk full", "bars"}});
  out["tt.extra_ask"] = caf::make_message(extra_wanted{7, "NASDAQ:AAPL", timeframe::days(1)});
  out["tt.extra"] = caf::make_message(extra_found{{"00ff", 48, 2}, {errc::not_found, "none", ""}});
  out["tt.chunk_ask"] = caf::make_message(chunk_request{"00ff", 1'048'576});
  out["tt.chunk"] = caf::make_message(bar_chunk{1'048'576, {'a', '\0'}});
}

/// Every message by its name on the wire.
std::map<std::string, caf::message> samples() {
  std::map<std::string, caf::message> out;
  const quote_tick quote{noon, price{1}, price{2}, quantity{3}, quantity{4}};
  const trade_tick trade{noon, price{5}, quantity{6}, aggressor::seller};
  const market::bar_update forming{"AAPL", timeframe::days(1), session_hours::regular, sample_bar(), market::bar_state::forming, 9};
  market::history_reply bars;
  bars.bars = std::make_shared<const std::vector<bar>>(std::vector<bar>{sample_bar()});
  bars.last_is_forming = true;
  market::history_request wanted{"SPY", timeframe::minutes(1), session_hours::regular, noon, noon + std::chrono::hours{1}, 10, 20};
  market::feed_status feed{"sim", "sim", "live", noon, noon, 12, 1, "", noon};
  node_report report;
  report.self = sample_member();
  report.links.push_back({"beta", "up", 1, 2, 3, 4, 5, 6, 7, 8, 9});
  report.leases.push_back({"placement", 3});
  report.feeds = {"sim"};
  report.symbols = 15;
  report.rss_bytes = 1 << 20;
  report.losses = {1, 2, 3, 4, 5};

  out["tt.ticks"] = caf::make_message(market::tick_batch{{quote, trade}, noon, 4});
  out["tt.feed_change"] = caf::make_message(market::feed_change{"replay", market::feed_phase::restoring, noon, 4});
  out["tt.updates"] = caf::make_message(market::update_batch{{sample_quote(), sample_trade(), forming}});
  out["tt.trades"] = caf::make_message(market::trade_list{{sample_trade()}});
  out["tt.quote"] = caf::make_message(sample_quote());
  out["tt.history"] = caf::make_message(wanted);
  out["tt.bars"] = caf::make_message(bars);
  out["tt.topic"] = caf::make_message(sample_topic());
  out["tt.feed"] = caf::make_message(feed);
  out["tt.symbol"] = caf::make_message(market::hosted_symbol{"AAPL", {}});
  out["tt.symbols"] = caf::make_message(market::hosted_list{{{"AAPL", {}}}});
  out["tt.host_look"] = caf::make_message(market::host_look{3});
  out["tt.host_order"] = caf::make_message(market::host_order{"AAPL", 3});
  out["tt.host_end"] = caf::make_message(market::host_end{"AAPL", 3});
  out["tt.moved"] = caf::make_message(market::symbol_moved{"AAPL", {}, 3});
  out["tt.join"] = caf::make_message(join_request{sample_member()});
  out["tt.joined"] = caf::make_message(join_reply{sample_member(), {{"beta", "tcp://10.0.0.2:7701"}}});
  out["tt.node_report"] = caf::make_message(report);
  out["tt.held"] = caf::make_message(held_lease{"placement", 3});
  out["tt.lease"] = caf::make_message(lease_request{lease_op::renew, "feed/sim", "alpha:1", 3, 3000});
  out["tt.granted"] = caf::make_message(lease_grant{"feed/sim", "alpha:1", 3, noon});
  out["tt.act"] = caf::make_message(lease_act{"feed/sim", 3, "began"});
  const stop_word stops{{{{"alpha", 7}, risk::kill_scope::kind::symbol, "AAPL", risk::kill_mode::reduce,
                          gateway::stop_request::open_orders::cancel, "ann", "wrong prices", noon}},
                        {{"beta", 3}}};
  const stop_peer gateway{"alpha", hosts_accounts::no, takes_stops::yes};
  out["tt.stops"] = caf::make_message(stop_sync{gateway, stops});
  out["tt.stops_taken"] = caf::make_message(stop_synced{gateway, stops, stop_taking::refused, "disk full", {"o-1"}});
  add_backtest_samples(out);
  return out;
}

std::string encoded(const bus::codec::type_table& types, const caf::message& what) {
  bus::codec::bytes out;
  bus::codec::encoder f{out, {&types, nullptr}};
  EXPECT_FALSE(f.apply(what));
  return {out.data(), out.size()};
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", c);
    out += text;
  }
  return out;
}

/// Lines of "name hex".
std::map<std::string, std::string> golden() {
  std::ifstream file(TT_SOURCE_DIR "/tests/cluster/golden/messages.txt");
  std::map<std::string, std::string> out;
  std::string line, name, bytes;
  while (std::getline(file, line))
    if (std::istringstream cells(line); cells >> name >> bytes && name[0] != '#') out[name] = bytes;
  return out;
}

TEST(codec_golden, every_message_has_the_bytes_it_had) {
  const auto types = project_types();
  const auto expected = golden();
  const bool print = std::getenv("TT_PRINT_GOLDEN") != nullptr; // NOLINT: one thread
  for (const auto& [name, what] : samples()) {
    const auto bytes = hex(encoded(*types, what));
    if (print) {
      std::printf("%s %s\n", name.c_str(), bytes.c_str());
      continue;
    }
    const auto at = expected.find(name);
    ASSERT_NE(at, expected.end()) << name << " has no golden bytes";
    EXPECT_EQ(bytes, at->second) << name;
  }
  EXPECT_TRUE(print || expected.size() == samples().size());
}

TEST(codec_golden, every_type_of_the_table_has_golden_bytes) {
  const bus::codec::type_table of_the_bus; // tests/bus has those
  const auto expected = golden();
  const auto types = project_types();
  ASSERT_GT(types->size(), of_the_bus.size());
  for (const auto& type : types->entries()) {
    if (of_the_bus.find(type.name)) continue;
    EXPECT_TRUE(expected.contains(type.name)) << type.name << " may travel and nothing holds its bytes";
  }
}

TEST(codec_golden, every_message_comes_back_as_it_went) {
  const auto types = project_types();
  for (const auto& [name, what] : samples()) {
    const auto bytes = encoded(*types, what);
    bus::codec::decoder f{bytes, {types.get(), nullptr}};
    caf::message read;
    ASSERT_FALSE(f.apply(read)) << name;
    EXPECT_TRUE(f.in().at_end()) << name;
    EXPECT_EQ(hex(encoded(*types, read)), hex(bytes)) << name;
    EXPECT_NE(types->find(name), nullptr) << name << " is not the name on the wire";
  }
}

TEST(codec_golden, a_newer_nodes_fields_are_skipped) {
  // lease_act of a version with one more field
  const auto types = project_types();
  auto bytes = encoded(*types, caf::make_message(lease_act{"feed/sim", 3, "began"}));
  const auto fields = bytes.find(static_cast<char>(0x93));
  ASSERT_NE(fields, std::string::npos);
  bytes[fields] = static_cast<char>(0x94);
  bytes += static_cast<char>(0xc0);
  bus::codec::decoder f{bytes, {types.get(), nullptr}};
  caf::message read;
  ASSERT_FALSE(f.apply(read));
  EXPECT_EQ(read.get_as<lease_act>(0).what, "began");
}

TEST(codec_golden, no_cut_or_flipped_byte_gets_through_unnoticed_or_crashes) {
  const auto types = project_types();
  for (const auto& [name, what] : samples()) {
    const auto bytes = encoded(*types, what);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bus::codec::decoder cut{std::string_view(bytes).substr(0, i), {types.get(), nullptr}};
      caf::message read;
      EXPECT_TRUE(cut.apply(read)) << name << " cut at " << i;
      for (int bit = 0; bit < 8; ++bit) {
        auto wrong = bytes;
        wrong[i] = static_cast<char>(wrong[i] ^ (1 << bit));
        bus::codec::decoder f{wrong, {types.get(), nullptr}};
        caf::message any;
        static_cast<void>(f.apply(any)); // an error or other values, nothing else
      }
    }
  }
}

} // namespace
} // namespace tt::cluster
