// The list of paper accounts: any text is read or refused, and what was read is written and read again as the same.
#include "cluster/trading/paper_list.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tt::cluster;
  const auto list = parse_paper_list({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  const auto text = to_json(*list);
  const auto again = parse_paper_list(text);
  if (!again || to_json(*again) != text) __builtin_trap();
  return 0;
}
