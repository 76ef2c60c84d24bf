// News as they are kept, told and fetched: store, poller, GET /api/v1/news, the stream channel, a local web server.

#include "gateways/gateway.hpp"
#include "gateways/news/feed_reader.hpp"
#include "gateways/news/news_channel.hpp"
#include "gateways/news/news_service.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/support/http_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tt::gateway::test {
namespace {

using std::chrono::seconds;
using outcome = feed_answer::outcome_t;

const utc_time start = from_unix_seconds(1'768'487'402);

news_item item(std::string id, std::int64_t at, std::vector<std::string> symbols = {}) {
  return {.id = std::move(id), .at = from_unix_seconds(at), .source = "Wire", .headline = "h", .summary = "", .url = "", .symbols = std::move(symbols)};
}

std::vector<std::string> ids(const std::vector<news_item>& list) {
  std::vector<std::string> out;
  for (const auto& one : list) out.push_back(one.id);
  return out;
}

using names = std::vector<std::string>;

// -- the store

TEST(news_store, gives_the_newest_first_about_what_is_wanted) {
  news_store store;
  EXPECT_EQ(store.add({item("a", 10, {"AAPL"}), item("c", 30), item("b", 20, {"MSFT", "AAPL"})}), 3U);
  EXPECT_EQ(store.add({item("a", 99)}), 0U) << "known";
  EXPECT_EQ(ids(store.find({})), (names{"c", "b", "a"}));
  EXPECT_EQ(ids(store.find({.limit = 2})), (names{"c", "b"}));
  EXPECT_EQ(ids(store.find({.symbols = {"AAPL", "X"}})), (names{"b", "a"}));
  EXPECT_EQ(ids(store.find({.since = from_unix_seconds(20)})), (names{"c", "b"}));
}

TEST(news_store, forgets_the_oldest_and_does_not_take_it_for_new_again) {
  news_store store;
  std::vector<news_item> all;
  for (std::size_t i = 0; i < news_store::max_items; ++i) all.push_back(item("i" + std::to_string(i), 1'000 + static_cast<std::int64_t>(i)));
  EXPECT_EQ(store.add(all), news_store::max_items);
  EXPECT_EQ(store.add({item("new", 1'000'000)}), 1U);
  EXPECT_EQ(store.find({.limit = 10'000}).size(), news_store::max_items);
  EXPECT_EQ(store.add(all), 0U);
}

TEST(news_store, tells_new_ones_once_and_oldest_first) {
  news_store store;
  store.add({item("before", 1)});
  names told, known;
  store.watch([&](const news_item& one) { told.push_back(one.id); }, 10, [&](const std::vector<news_item>& list) { known = ids(list); });
  store.add({item("b", 3), item("a", 2), item("before", 1)});
  EXPECT_EQ(known, names{"before"});
  EXPECT_EQ(told, (names{"a", "b"}));
  store.unwatch();
  store.add({item("c", 4)});
  EXPECT_EQ(told.size(), 2U);
}

// -- the poller

std::string rss(const std::string& guid, const std::string& title, const std::string& time = "Thu, 15 Jan 2026 14:00:00 GMT") {
  return "<rss><channel><title>Wire</title><item><title>" + title + "</title><guid>" + guid + "</guid><pubDate>" + time + "</pubDate></item></channel></rss>";
}

struct poller_fixture {
  scripted_market market;
  news_store store;
  std::vector<feed_request> asked;
  feed_answer next;
  std::atomic<bool> goes_on{false};
  news_poller poller{{{"https://wire.example/rss", {"AAPL", "NOSUCH"}}}, seconds{300}, market.instruments(), store, [this](const feed_request& what) {
                       asked.push_back(what);
                       return next;
                     }};
};

TEST(news_poller, keeps_what_a_feed_tells_and_asks_for_changes_only) {
  poller_fixture fixture;
  EXPECT_EQ(fixture.store.feeds().at(0).state, news_feed_state::state_t::waiting);
  fixture.next = {.outcome = outcome::fresh, .body = rss("1", "Hello"), .etag = "\"e1\"", .last_modified = "then"};
  fixture.poller.poll(start, fixture.goes_on);
  const auto kept = fixture.store.find({});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].headline, "Hello");
  EXPECT_EQ(kept[0].source, "Wire");
  EXPECT_EQ(kept[0].symbols, names{"AAPL"}) << "those of the feed that the node knows";
  EXPECT_EQ(kept[0].id.size(), 18U);
  EXPECT_EQ(fixture.poller.due(), start + seconds{300});
  fixture.poller.poll(start + seconds{299}, fixture.goes_on);
  EXPECT_EQ(fixture.asked.size(), 1U) << "not before it is due";
  fixture.next = {.outcome = outcome::unchanged};
  fixture.poller.poll(start + seconds{300}, fixture.goes_on);
  ASSERT_EQ(fixture.asked.size(), 2U);
  EXPECT_EQ(fixture.asked[1].etag, "\"e1\"");
  EXPECT_EQ(fixture.asked[1].last_modified, "then");
  EXPECT_EQ(fixture.store.feeds().at(0), (news_feed_state{"wire.example", news_feed_state::state_t::ok, "", start + seconds{300}}));
  news_store again;
  news_poller other{{{"https://wire.example/rss", {}}}, seconds{300}, fixture.market.instruments(), again,
                    [](const feed_request&) { return feed_answer{.outcome = outcome::fresh, .body = rss("1", "Hello")}; }};
  other.poll(start, fixture.goes_on);
  EXPECT_EQ(again.find({}).at(0).id, kept[0].id) << "the same after a restart";
}

TEST(news_poller, a_headline_is_not_from_the_future) {
  poller_fixture fixture;
  fixture.next = {.outcome = outcome::fresh, .body = rss("1", "Hello", "Thu, 15 Jan 2099 14:00:00 GMT")};
  fixture.poller.poll(start, fixture.goes_on);
  EXPECT_EQ(fixture.store.find({}).at(0).at, start);
}

TEST(news_poller, says_what_is_wrong_with_a_feed_and_asks_it_less_often) {
  poller_fixture fixture;
  fixture.next = {.trouble = "answers 500"};
  fixture.poller.poll(start, fixture.goes_on);
  fixture.poller.poll(start + seconds{300}, fixture.goes_on);
  EXPECT_EQ(fixture.poller.due(), start + seconds{900});
  EXPECT_EQ(fixture.store.feeds().at(0).detail, "answers 500");
  fixture.next = {.outcome = outcome::fresh, .body = "<html/>", .etag = "\"e\""};
  fixture.poller.poll(start + seconds{900}, fixture.goes_on);
  EXPECT_EQ(fixture.store.feeds().at(0).state, news_feed_state::state_t::failed);
  fixture.poller.poll(fixture.poller.due(), fixture.goes_on);
  EXPECT_EQ(fixture.asked.back().etag, "") << "what can't be read is asked for anew";
}

// -- over HTTP

TEST(news_route, says_that_no_source_is_configured) {
  http_fixture fixture;
  const auto got = fixture.get("/api/v1/news");
  EXPECT_EQ(got.json(), nlohmann::json::parse(R"({"news":[],"configured":false,"feeds":[]})"));
}

TEST(news_route, gives_what_was_asked_for) {
  http_fixture fixture;
  news_store store;
  store.set_feeds({{.name = "wire.example"}});
  auto one = item("n-1", 1'768'487'000, {"AAPL"});
  one.summary = "more";
  one.url = "https://wire.example/1";
  store.add({one, item("n-2", 1'768'487'100)});
  fixture.show_news(store);
  const auto all = fixture.get("/api/v1/news");
  EXPECT_EQ(schema_violation(fixture.get("/openapi.json").json(), "News", all.json()), "") << all.body;
  EXPECT_EQ(all.json()["configured"], true);
  EXPECT_EQ(all.json()["news"].size(), 2U);
  EXPECT_EQ(all.json()["news"][0]["id"], "n-2") << "newest first";
  EXPECT_EQ(all.json()["feeds"][0]["state"], "waiting");
  const auto about = fixture.get("/api/v1/news?symbols=aapl").json()["news"];
  ASSERT_EQ(about.size(), 1U);
  EXPECT_EQ(about[0], nlohmann::json::parse(R"({"id":"n-1","timestamp":1768487000,"source":"Wire","headline":"h","summary":"more","url":"https://wire.example/1","symbols":["AAPL"]})"));
  EXPECT_EQ(fixture.get("/api/v1/news?since=1768487050").json()["news"].size(), 1U);
  EXPECT_EQ(fixture.get("/api/v1/news?limit=1").json()["news"].size(), 1U);
  EXPECT_EQ(fixture.get("/api/v1/news?limit=501").status, 400);
}

// -- the stream

TEST(news_stream, tells_new_headlines) {
  using stream::test::json;
  scripted_market market;
  news_store store;
  store.add({item("old", 1)});
  stream_service service{market};
  news_channel channel{store, service, [] { return start; }};
  gateway_config config;
  config.host = "127.0.0.1";
  config.port = 0;
  gateway server{config, market, [] { return start; }, &service};
  const auto port = server.start();
  ASSERT_TRUE(port);
  stream::test::socket_client client{*port};
  client.say({{"action", "subscribe"}, {"channels", {"news"}}});
  const auto first = client.read_until([](const json& m) { return m["type"] == "news"; });
  EXPECT_EQ(first["snapshot"], true);
  EXPECT_EQ(first["data"]["news"].size(), 1U);
  store.add({item("new", 2, {"AAPL"})});
  const auto told = client.read_until([](const json& m) { return m["type"] == "news"; });
  EXPECT_EQ(told["channel"], "news");
  EXPECT_EQ(told["data"]["id"], "new");
  EXPECT_EQ(told["data"]["symbols"], json::array({"AAPL"}));
  server.stop();
}

// -- the network

/// Answers one connection after the other with the given texts, and keeps what it was asked.
class web_server {
public:
  explicit web_server(std::vector<std::string> answers) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<const sockaddr*>(&here), sizeof here);
    listen(listener_, 8);
    socklen_t length = sizeof here;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length);
    port_ = ntohs(here.sin_port);
    asked_ = std::async(std::launch::async, [this, list = std::move(answers)] { return serve(list); });
  }
  ~web_server() { close(listener_); }
  web_server(const web_server&) = delete;
  web_server& operator=(const web_server&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/feed") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  /// What it was asked, once all answers are given.
  [[nodiscard]] std::vector<std::string> asked() { return asked_.get(); }

private:
  [[nodiscard]] std::vector<std::string> serve(const std::vector<std::string>& answers) const {
    std::vector<std::string> out;
    for (const auto& text : answers) {
      const int peer = accept(listener_, nullptr, nullptr);
      std::string head;
      char buffer[4096];
      for (ssize_t n = 0; head.find("\r\n\r\n") == std::string::npos && (n = recv(peer, buffer, sizeof buffer, 0)) > 0;) head.append(buffer, static_cast<std::size_t>(n));
      out.push_back(std::move(head));
      for (std::size_t sent = 0; sent < text.size();) {
        const auto n = send(peer, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      close(peer);
    }
    return out;
  }
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::future<std::vector<std::string>> asked_;
};

std::string reply(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

feed_answer fetch(const std::string& url, const std::string& etag = "", const std::string& last_modified = "") {
  static const std::atomic<bool> goes_on{false};
  return fetch_feed({url, etag, last_modified}, "TraderTerminal/test", goes_on);
}

TEST(news_fetch, sends_what_it_knows_and_takes_what_is_new) {
  web_server server{{reply("200 OK", "ETag: \"e1\"\r\nLast-Modified: Thu, 15 Jan 2026 14:30:02 GMT\r\n", "<rss/>"), reply("304 Not Modified", "", "")}};
  const auto first = fetch(server.url());
  EXPECT_EQ(first.outcome, outcome::fresh) << first.trouble;
  EXPECT_EQ(first.body, "<rss/>");
  const auto second = fetch(server.url(), first.etag, first.last_modified);
  EXPECT_EQ(second.outcome, outcome::unchanged) << second.trouble;
  const auto asked = server.asked();
  EXPECT_NE(asked[0].find("User-Agent: TraderTerminal/test\r\n"), std::string::npos) << asked[0];
  EXPECT_EQ(asked[0].find("If-None-Match"), std::string::npos);
  EXPECT_NE(asked[1].find("If-None-Match: \"e1\"\r\n"), std::string::npos) << asked[1];
  EXPECT_NE(asked[1].find("If-Modified-Since: Thu, 15 Jan 2026 14:30:02 GMT\r\n"), std::string::npos);
}

TEST(news_fetch, follows_redirects_of_the_same_host_and_none_inwards) {
  web_server moved{{reply("301 Moved", "Location: /there\r\n", ""), reply("200 OK", "", "<rss/>")}};
  EXPECT_EQ(fetch(moved.url()).outcome, outcome::fresh);
  EXPECT_EQ(moved.asked()[1].substr(0, 10), "GET /there");
  // another name for this machine
  web_server inwards{{reply("302 Found", "Location: http://localhost:1/x\r\n", "")}};
  EXPECT_EQ(fetch(inwards.url()).trouble, "leads to an address that is not public");
  web_server scheme{{reply("302 Found", "Location: file:///etc/passwd\r\n", "")}};
  EXPECT_EQ(fetch(scheme.url()).outcome, outcome::failed);
  const auto again = reply("302 Found", "Location: /feed\r\n", "");
  web_server round{std::vector<std::string>(max_feed_redirects + 1, again)};
  EXPECT_EQ(fetch(round.url()).trouble, "is redirected more than 3 times");
}

TEST(news_fetch, says_why_there_is_nothing) {
  web_server busy{{reply("503 Busy", "Retry-After: 120\r\n", "later")}};
  const auto later = fetch(busy.url());
  EXPECT_EQ(later.trouble, "answers 503");
  EXPECT_EQ(later.retry_after, seconds{120});
  web_server large{{reply("200 OK", "", std::string(max_feed_bytes + 1, 'x'))}};
  EXPECT_EQ(fetch(large.url()).trouble, "has more than 2097152 bytes");
  EXPECT_EQ(fetch("http://127.0.0.1:1/feed").outcome, outcome::failed);
  const std::atomic<bool> stopping{true};
  web_server silent{{}};
  EXPECT_EQ(fetch_feed({silent.url()}, "x", stopping).outcome, outcome::failed) << "a node that stops does not wait";
}

TEST(news_fetch, reads_files_and_nothing_that_only_looks_like_one) {
  const tt::test::temporary_folder folder;
  const auto path = folder.path("feed.xml");
  std::ofstream(path) << "<rss/>";
  EXPECT_EQ(fetch("file://" + path).body, "<rss/>");
  for (const auto& bad : {folder.path("none.xml"), folder.path(""), std::string("/dev/zero")}) EXPECT_EQ(fetch("file://" + bad).outcome, outcome::failed) << bad;
}

TEST(news_service, reads_a_file_and_ends_when_told) {
  const tt::test::temporary_folder folder;
  std::ofstream(folder.path("feed.xml")) << rss("1", "From a file");
  scripted_market market;
  const std::shared_ptr<const instrument_master> master{&market.instruments(), [](const auto*) {}};
  news_service service{{{{"file://" + folder.path("feed.xml"), {}}}, seconds{300}, "test"}, master, [] { return start; }};
  std::promise<std::string> heard;
  service.store().watch([&](const news_item& one) { heard.set_value(one.headline); }, 0, [](const auto&) {});
  service.start();
  EXPECT_EQ(heard.get_future().get(), "From a file");
  service.stop();
}

} // namespace
} // namespace tt::gateway::test
