// Fuzzes the CSV reader: whatever the bytes, it ends, accounts for every row, and
// gives only rows that keep its promises.

#include "actors/market/csv.hpp"

#include <cstddef>
#include <cstdint>

using namespace tt;
using namespace tt::market;

namespace {

void check_time(utc_time t, utc_time before, recording_kind kind) {
  TT_ASSERT(t >= min_input_time && t < max_input_time);
  TT_ASSERT(kind == recording_kind::ticks ? t >= before : t > before);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  csv_options options;
  // the first byte chooses the options, the second one spares the fuzzer the header
  options.sign = (data[0] & 1) != 0 ? price_sign::any : price_sign::positive;
  options.max_rows = (data[0] & 2) != 0 ? 3 : max_csv_rows;
  options.max_problems = 2;
  constexpr const char* headers[] = {"", "time,open,high,low,close,volume\n",
                                     "time,bid,bid_size,ask,ask_size\n", "time_ms,bid,ask\n"};
  std::string text = headers[data[0] >> 2 & 3];
  text.append(reinterpret_cast<const char*>(data + 1), size - 1);
  auto reader = csv_reader::from_text(text, "fuzz", options);
  if (!reader) {
    TT_ASSERT(!reader.error().message.empty());
    return 0;
  }
  utc_time before = utc_time::min();
  std::uint64_t given = 0;
  if (reader->kind() == recording_kind::bars) {
    for (bar b; reader->next(b); ++given) {
      check_time(b.open_time, before, reader->kind());
      TT_ASSERT(b.is_consistent());
      TT_ASSERT(options.sign == price_sign::any || b.low.value().is_positive());
      before = b.open_time;
    }
  } else {
    for (quote_tick q; reader->next(q); ++given) {
      check_time(q.ts, before, reader->kind());
      TT_ASSERT(!q.bid_size.value().is_negative() && !q.ask_size.value().is_negative());
      before = q.ts;
    }
  }
  TT_ASSERT(reader->report().good == given);
  TT_ASSERT(reader->report().problems.size() <= options.max_problems);
  TT_ASSERT(given + reader->report().bad <= options.max_rows);
  TT_ASSERT(!reader->failure() || reader->failure()->code == errc::limit_exceeded);
  return 0;
}
