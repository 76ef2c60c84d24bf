// Text of the store of alerts: whatever is read is written and read again as the same.

#include "actors/alerts/price/alert_codec.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto read = tt::alerts::decode_alert(text)) {
    const auto again = tt::alerts::decode_alert(tt::alerts::encode_alert(*read));
    TT_ASSERT(again && again->id == read->id && again->rule.value == read->rule.value && again->status == read->status);
  }
  if (const auto read = tt::alerts::decode_memory(text)) {
    const auto again = tt::alerts::decode_memory(tt::alerts::encode_memory(*read));
    TT_ASSERT(again && *again == *read);
  }
  return 0;
}
