// News without a network: documents, texts, times, symbols, sources, the pace of asking.

#include "gateways/news/feed_reader.hpp"
#include "gateways/news/feed_source.hpp"
#include "gateways/news/feed_time.hpp"
#include "gateways/news/plain_text.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const utc_time now = from_unix_seconds(1'768'487'402);

// -- documents

constexpr std::string_view rss = R"xml(<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
 <title>Wire &amp; Co</title><link>https://wire.example/</link><description>All of it</description>
 <image><title>Logo</title><url>https://wire.example/logo.png</url></image>
 <item>
  <title>Apple &lt;b&gt;opens&lt;/b&gt; higher</title>
  <media:title>not this one</media:title>
  <link> https://wire.example/a?x=1 </link>
  <guid isPermaLink="false">wire-1</guid>
  <pubDate>Thu, 15 Jan 2026 14:30:02 GMT</pubDate>
  <description><![CDATA[<p>Shares rose&nbsp;2&#37; &mdash; <a href="javascript:alert(1)">more</a></p><script>alert(1)</script>]]></description>
 </item>
 <item><title></title><link>https://wire.example/untitled</link></item>
 <item><title>No date, no guid</title><link>javascript:alert(1)</link></item>
</channel></rss>)xml";

TEST(news_feed, rss_becomes_plain_entries) {
  const auto read = parse_feed(rss);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->title, "Wire & Co");
  ASSERT_EQ(read->entries.size(), 2U) << "what has no title is left out";
  EXPECT_EQ(read->entries[0], (feed_entry{.key = "wire-1", .headline = "Apple opens higher", .summary = "Shares rose 2% — more",
                                          .url = "https://wire.example/a?x=1", .at = now}));
  EXPECT_EQ(read->entries[1], (feed_entry{.key = "No date, no guid", .headline = "No date, no guid", .summary = "", .url = "", .at = {}}));
}

TEST(news_feed, atom_becomes_plain_entries) {
  const auto read = parse_feed(R"(<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">Atom &amp;amp; Eve</title>
    <link rel="self" href="https://atom.example/feed"/>
    <entry><title type="xhtml"><div>Rates<br/>unchanged</div></title>
      <link rel="enclosure" href="https://atom.example/sound"/><link href="https://atom.example/1"/>
      <id>urn:1</id><published>2026-01-15T09:30:02-05:00</published><updated>2026-01-16T00:00:00Z</updated>
      <summary>In a word</summary><content type="html">&lt;p&gt;At length&lt;/p&gt;</content></entry></feed>)");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->title, "Atom & Eve");
  ASSERT_EQ(read->entries.size(), 1U);
  EXPECT_EQ(read->entries[0], (feed_entry{.key = "urn:1", .headline = "Rates unchanged", .summary = "In a word", .url = "https://atom.example/1", .at = now}));
}

TEST(news_feed, rdf_and_other_encodings_are_read) {
  const auto read = parse_feed("<?xml version='1.0' encoding='ISO-8859-1'?><rdf:RDF xmlns:rdf='r' xmlns:dc='d'><channel><title>Caf\xE9</title></channel>"
                               "<item><title>Z\xFCrich</title><link>https://e.example/1</link><dc:date>2026-01-15T14:30:02Z</dc:date></item></rdf:RDF>");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->title, "Café");
  ASSERT_EQ(read->entries.size(), 1U);
  EXPECT_EQ(read->entries[0].headline, "Zürich");
  EXPECT_EQ(read->entries[0].at, now);
}

TEST(news_feed, what_is_none_is_refused_with_a_reason) {
  const auto why = [](std::string_view xml) {
    const auto read = parse_feed(xml);
    return read ? std::string("read") : read.error().message;
  };
  EXPECT_NE(why("").find("well-formed"), std::string::npos);
  EXPECT_NE(why("<rss>\n<channel>").find("line 2"), std::string::npos);
  EXPECT_NE(why("<html><title>404</title></html>").find("neither RSS nor Atom"), std::string::npos);
  EXPECT_NE(why(std::string(max_feed_bytes + 1, ' ')).find("bytes"), std::string::npos);
  std::string deep = "<rss>";
  for (std::size_t i = 0; i < max_feed_depth; ++i) deep += "<a>";
  EXPECT_NE(why(deep).find("deep"), std::string::npos);
  EXPECT_NE(why(R"(<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><rss><channel><title>&b;</title></channel></rss>)").find("entities"), std::string::npos);
  EXPECT_NE(why(R"(<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><title>&f;</title></channel></rss>)").find("entities"), std::string::npos);
}

TEST(news_feed, is_bounded) {
  std::string many = "<rss><channel>";
  for (std::size_t i = 0; i < max_feed_entries + 10; ++i) many += "<item><title>" + std::to_string(i) + "</title></item>";
  EXPECT_EQ(parse_feed(many + "</channel></rss>")->entries.size(), max_feed_entries);
  const auto longest = parse_feed("<rss><channel><item><title>" + std::string(100'000, 'x') + "</title></item></channel></rss>");
  EXPECT_EQ(longest->entries.at(0).headline.size(), max_headline);
}

// -- texts

TEST(news_text, has_no_markup) {
  const std::pair<std::string, std::string> cases[] = {
    {"", ""}, {"plain", "plain"}, {" a \n\t b ", "a b"}, {"1 < 2 & 3 > 2", "1 < 2 & 3 > 2"}, {"a<br>b", "a b"}, {"<img src=x onerror=alert(1)>hi", "hi"},
    {"<script>alert('<p>')</script>x", "x"}, {"<style>p{}</style>x", "x"}, {"<SCRIPT>x", ""}, {"<!-- <b> --> y", "y"}, {"<!-- open", ""}, {"<b", ""},
    {"&lt;b&gt; &amp;amp; &quot;q&quot; &#39;s&#39; &#x20AC;", "<b> &amp; \"q\" 's' €"}, {"&unknown; &#xD800; &#0; &;", "&unknown; &#xD800; &#0; &;"},
    {"a\xC2\xA0" "b", "a b"}, {"a\xFF" "b\xC3", "ab"}, {"a\xE2\x80\xAE" "b", "ab"}, {"\xE2\x82\xAC", "€"}, {"a\x01" "b", "a b"}};
  for (const auto& [from, to] : cases) EXPECT_EQ(plain_text(from, 100), to) << from;
}

TEST(news_text, is_cut_between_characters) {
  EXPECT_EQ(plain_text("abcdef", 6), "abcdef");
  EXPECT_EQ(plain_text("abcdefg", 6), "abc…");
  EXPECT_EQ(plain_text("€€€", 8), "€…");
  EXPECT_EQ(plain_text("€", 2), "");
}

// -- times

TEST(news_time, reads_what_feeds_write) {
  for (const std::string text : {"Thu, 15 Jan 2026 14:30:02 GMT", "Thu, 15 Jan 2026 14:30:02 +0000", "15 Jan 2026 14:30:02 Z", "Thu, 15 Jan 26 09:30:02 EST",
                                 "Thursday, 15 January 2026 15:30:02 +0100", " Thu,15 Jan 2026 09:30:02 -0500 ", "2026-01-15T14:30:02Z", "2026-01-15T09:30:02-05:00"})
    EXPECT_EQ(parse_feed_time(text), now) << text;
  EXPECT_EQ(parse_feed_time("15 Jan 2026 14:30 GMT"), now - seconds{2});
  for (const std::string text : {"", "yesterday", "Thu, 15 Jan 2026 14:30:02", "Thu, 15 Jan 2026 14:30:02 XYZ", "32 Jan 2026 14:30:02 GMT", "31 Feb 2026 14:30:02 GMT",
                                 "15 Foo 2026 14:30:02 GMT", "15 Jan 9999 14:30:02 GMT", "15 Jan 2026 24:30:02 GMT", "15 Jan 2026 -1:30:02 GMT", "2026-01-15T14:30:02"})
    EXPECT_FALSE(parse_feed_time(text)) << text;
}

// -- symbols

TEST(news_symbols, are_those_of_known_instruments) {
  const scripted_market market;
  const auto& master = market.instruments();
  using names = std::vector<std::string>;
  EXPECT_EQ(symbols_in("$AAPL rises, $AAPL again", master), names{"AAPL"});
  EXPECT_EQ(symbols_in("Apple (NASDAQ:AAPL) and Apple Inc. (NASDAQ: AAPL)", master), names{"AAPL"});
  EXPECT_EQ(symbols_in("Buy $AAPL.", master), names{"AAPL"});
  EXPECT_EQ(symbols_in("[NASDAQ:AAPL]", master), names{"AAPL"});
  for (const auto* text : {"AAPL", "$5", "$aapl", "$NOSUCH", "(AAPL)", "(nasdaq:AAPL)", "(NASDAQ:AAPL", "(NASDAQ:)", "$", "(", "costs $AAPLX"})
    EXPECT_EQ(symbols_in(text, master), names{}) << text;
}

// -- sources

TEST(news_sources, are_addresses_with_the_symbols_they_are_about) {
  const auto read = parse_feed_sources({"https://wire.example/rss?key=secret", "AAPL|MSFT=http://127.0.0.1:8000/a=b", "file:///srv/news/feed.xml"});
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->at(0), (feed_source{"https://wire.example/rss?key=secret", {}}));
  EXPECT_EQ(read->at(0).name(), "wire.example") << "what may be a key stays out of logs";
  EXPECT_EQ(read->at(1), (feed_source{"http://127.0.0.1:8000/a=b", {"AAPL", "MSFT"}}));
  EXPECT_EQ(read->at(2).name(), "feed.xml");
  for (const std::string bad : {"", "wire.example/rss", "ftp://wire.example/", "https://", "https:///x", "file://relative", "https://user:pass@wire.example/", "AAPLhttps://x.example/",
                                "=https://x.example/", "A||B=https://x.example/", "https://x.example/a b"})
    EXPECT_FALSE(parse_feed_sources({bad})) << bad;
  EXPECT_FALSE(parse_feed_sources(std::vector<std::string>(max_news_feeds + 1, "https://x.example/")));
}

TEST(news_schedule, asks_at_its_interval_and_less_often_after_failures) {
  feed_schedule pace{seconds{300}};
  EXPECT_LE(pace.due(), now) << "at once";
  pace.answered("\"e\"", "yesterday", now);
  EXPECT_EQ(pace.due(), now + seconds{300});
  EXPECT_EQ(pace.etag(), "\"e\"");
  pace.unchanged(now);
  EXPECT_EQ(pace.last_modified(), "yesterday") << "what was told before still holds";
  for (const int pause : {300, 600, 1200, 2400, 3600, 3600}) {
    pace.failed({}, now);
    EXPECT_EQ(pace.due(), now + seconds{pause});
  }
  pace.unchanged(now);
  pace.failed(seconds{900}, now);
  EXPECT_EQ(pace.due(), now + seconds{900}) << "what the server asks for";
  pace.failed(hours{48}, now);
  EXPECT_EQ(pace.due(), now + feed_schedule::max_pause);
}

} // namespace
} // namespace tt::gateway::test
