#pragma once

// What tests and fuzz targets of the stream share: a market that says what the test
// wants, a clock that stands still, and a reader of the server's frames.

#include "gateways/stream/session.hpp"
#include "gateways/stream/system_channel.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::gateway::stream::test {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// One frame of the server.
struct frame {
  unsigned opcode = 0;
  std::string payload;
};

/// Takes the whole frames from the front of `bytes`.
inline std::vector<frame> split_frames(std::string& bytes) {
  std::vector<frame> out;
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  while (bytes.size() - at >= 2) {
    std::size_t length = byte(at + 1) & 0x7F, header = 2;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (bytes.size() - at < header + extra) break;
    if (extra > 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(at + 2 + i);
    header += extra;
    if (bytes.size() - at < header + length) break;
    out.push_back({static_cast<unsigned>(byte(at) & 0x0F), bytes.substr(at + header, length)});
    at += header + length;
  }
  bytes.erase(0, at);
  return out;
}

inline json decode(const frame& one) {
  if (one.opcode == 1) return json::parse(one.payload);
  return json::from_msgpack(one.payload);
}

inline const utc_time test_wall = from_unix_seconds(1'768'487'402);

inline market::quote_snapshot quote(std::string symbol, std::string_view last, std::uint64_t seq) {
  market::quote_snapshot out;
  out.symbol = std::move(symbol);
  out.ts = test_wall;
  out.last = price::parse(last).value();
  out.bid = *out.last - price{decimal::from_scaled(1, 2)};
  out.ask = *out.last + price{decimal::from_scaled(1, 2)};
  out.prev_close = price{decimal::from_scaled(22955, 2)};
  out.state = market::freshness::fresh;
  out.source = "sim";
  out.seq = seq;
  return out;
}

inline market::trade_update trade(std::string symbol, std::uint64_t seq) {
  market::trade_update out;
  out.symbol = std::move(symbol);
  out.trade.ts = test_wall;
  out.trade.px = price{100};
  out.trade.size = quantity{1};
  out.seq = seq;
  return out;
}

inline market::bar_update bar_at(std::string symbol, int minute, std::string_view close, market::bar_state state) {
  market::bar_update out;
  out.symbol = std::move(symbol);
  out.frame = timeframe::minutes(1);
  out.data.open_time = test_wall + std::chrono::minutes{minute};
  out.data.open = out.data.low = price{1};
  out.data.high = price{1000};
  out.data.close = price::parse(close).value();
  out.state = state;
  return out;
}

inline payload share(market::market_update update) {
  return std::make_shared<const market::market_update>(std::move(update));
}

/// A market of a few symbols. Fetches are answered when the test says so.
class fake_source final : public topic_source {
public:
  fake_source() : system(test_wall, "n1") {}

  void attach(hub& home) { hub_ = &home; }
  void advance(mono_time::duration by) {
    time.mono += by;
    time.wall += std::chrono::duration_cast<nanoseconds>(by);
  }
  /// Publishes to the topic if it is open.
  void say(const topic_key& key, payload content) {
    const auto found = open_.find(key);
    if (found != open_.end()) hub_->publish(*found->second, std::move(content), time);
  }
  void say_quote(const std::string& symbol, std::string_view last, std::uint64_t seq) {
    say({channel::quotes, symbol, {}, {}}, share(quote(symbol, last, seq)));
  }
  /// Answers all fetches: with nothing, but for the topics in `known`.
  void answer_fetches() {
    while (!asked.empty()) {
      const topic_key key = asked.front();
      asked.erase(asked.begin());
      const auto found = known.find(key);
      hub_->on_fetched(key, found == known.end() ? std::nullopt : std::optional{found->second});
    }
  }
  [[nodiscard]] std::size_t open_topics() const { return open_.size(); }

  result<std::string> resolve(channel what, std::string_view name) const override {
    std::string upper{name};
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (upper.starts_with("NASDAQ:")) upper.erase(0, 7);
    const bool is_numbered = upper.size() > 1 && upper[0] == 'S' && std::all_of(upper.begin() + 1, upper.end(), ::isdigit);
    if (symbols.contains(upper) || is_numbered) return upper;
    if (what == channel::market_status && upper == "XNYS") return upper;
    return error{errc::unknown_symbol, "no instrument of this name"};
  }
  std::vector<std::string> venues() const override { return {"XNYS"}; }
  void open(const std::shared_ptr<hub_topic>& topic) override { open_[*topic->key] = topic; }
  void close(const std::shared_ptr<hub_topic>& topic) override { open_.erase(*topic->key); }
  void fetch(const topic_key& key) override { asked.push_back(key); }
  lossless_log* log_of(channel what, const std::string& account) override {
    if (const auto own = account_logs.find({what, account}); own != account_logs.end()) return own->second.get();
    return what == channel::system ? &system.log() : nullptr;
  }
  moment now() const override { return time; }
  utc_time market_time() const override { return time.wall; }

  std::set<std::string> symbols{"AAPL", "MSFT", "ES1!", "SPY"};
  std::map<topic_key, payload> known;
  /// Of channels of accounts; "" for the log of all.
  std::map<std::pair<channel, std::string>, std::unique_ptr<memory_log>> account_logs;
  std::vector<topic_key> asked;
  moment time{mono_time{} + std::chrono::hours{1}, test_wall};
  system_channel system;

private:
  hub* hub_ = nullptr;
  std::map<topic_key, std::shared_ptr<hub_topic>> open_;
};

} // namespace tt::gateway::stream::test
