// timeframe::parse: what it accepts reads back from both spellings.

#include "actors/model/timeframe.hpp"

#include <cstdint>
#include <string_view>

using namespace tt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = timeframe::parse({reinterpret_cast<const char*>(data), size});
  if (!frame) return 0;
  TT_ASSERT(frame->count() > 0);
  const auto api = timeframe::parse(frame->to_string()), udf = timeframe::parse(frame->to_udf());
  TT_ASSERT(api.has_value() && *api == *frame);
  TT_ASSERT(udf.has_value() && *udf == *frame);
  return 0;
}
