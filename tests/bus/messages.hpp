// Message types shared by the tests, the fuzz targets, the benches and the test peer.
#pragma once

#include "bus/codec/std_types.hpp"
#include "bus/codec/table.hpp"

#include <caf/meta/type_name.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace bus_test {

/// About 64 bytes in memory: what the benches send.
struct quote {
  std::string symbol;
  int64_t bid = 0;
  int64_t ask = 0;
  int32_t bid_size = 0;
  int32_t ask_size = 0;
  uint64_t seq = 0;
  int64_t time = 0;
  uint8_t flags = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, quote& x) {
  return f(caf::meta::type_name("quote"), x.symbol, x.bid, x.ask, x.bid_size, x.ask_size, x.seq, x.time,
           x.flags);
}

inline bool operator==(const quote& a, const quote& b) {
  return std::tie(a.symbol, a.bid, a.ask, a.bid_size, a.ask_size, a.seq, a.time, a.flags) ==
         std::tie(b.symbol, b.bid, b.ask, b.bid_size, b.ask_size, b.seq, b.time, b.flags);
}

enum class side : uint8_t { buy = 0, sell = 1 };

struct leg {
  std::string symbol;
  double ratio = 1;
  caf::optional<int64_t> limit;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, leg& x) {
  return f(caf::meta::type_name("leg"), x.symbol, x.ratio, x.limit);
}

inline bool operator==(const leg& a, const leg& b) {
  return a.symbol == b.symbol && a.ratio == b.ratio && a.limit == b.limit;
}

/// Every kind of field.
struct order {
  std::string id;
  side direction = side::buy;
  bool is_open = false;
  std::vector<leg> legs;
  std::map<std::string, std::vector<int32_t>> tags;
  caf::variant<int32_t, std::string> venue;
  std::optional<std::string> note;
  std::pair<int16_t, float> pair;
  std::tuple<uint8_t, std::string, bool> tuple;
  std::vector<uint8_t> blob;
  std::vector<bool> bits;
  std::array<int32_t, 3> triple{};
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, order& x) {
  return f(caf::meta::type_name("order"), x.id, x.direction, x.is_open, x.legs, x.tags, x.venue, x.note,
           x.pair, x.tuple, x.blob, x.bits, x.triple);
}

inline auto fields(const order& x) {
  return std::tie(x.id, x.direction, x.is_open, x.legs, x.tags, x.note, x.pair, x.tuple, x.blob, x.bits,
                  x.triple);
}

inline bool operator==(const order& a, const order& b) {
  return fields(a) == fields(b) && a.venue == b.venue;
}

/// Two versions of one type: `account_v2` is what a newer node sends.
struct account_v1 {
  std::string id;
  int64_t cash = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, account_v1& x) {
  return f(caf::meta::type_name("account"), x.id, x.cash);
}

struct account_v2 {
  std::string id;
  int64_t cash = 0;
  std::vector<std::string> owners;
  int32_t level = 7;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, account_v2& x) {
  return f(caf::meta::type_name("account"), x.id, x.cash, bus::codec::added_later(), x.owners, x.level);
}

inline void add_types(bus::codec::type_table& table) {
  table.add_with_vector<quote>("quote").add<leg>("leg").add<order>("order").add<std::vector<int32_t>>("ints");
}

inline quote sample_quote(uint64_t seq = 1) {
  return {"ESZ6", 500025, 500050, 12, 7, seq, 1'700'000'000'000'000'000, 3};
}

inline order sample_order() {
  order x;
  x.id = "o-1";
  x.direction = side::sell;
  x.is_open = true;
  x.legs = {{"ES", 1.0, caf::none}, {"NQ", -0.5, int64_t{-7}}};
  x.tags = {{"a", {1, -2, 300}}, {"b", {}}};
  x.venue = std::string{"CME"};
  x.note = "n";
  x.pair = {int16_t{-300}, 2.5f};
  x.tuple = {uint8_t{200}, "t", true};
  x.blob = {0, 255, 10};
  x.bits = {true, false, true};
  x.triple = {1, 2, -3};
  return x;
}

} // namespace bus_test
