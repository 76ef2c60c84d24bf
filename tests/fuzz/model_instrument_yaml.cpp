// instrument_master::from_yaml: any text gives a master whose names all resolve, or
// an error that a person can read.

#include "actors/model/instrument.hpp"

#include <cstdint>
#include <string_view>

using namespace tt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto master = instrument_master::from_yaml(text, "fuzz.yaml");
  if (!master) {
    TT_ASSERT(!master.error().message.empty());
    return 0;
  }
  for (const instrument& i : master->all()) {
    TT_ASSERT(i.calendar != nullptr && i.tick.value().is_positive() && i.lot.value().is_positive());
    TT_ASSERT(master->find(i.full_name()) == &i);
    TT_ASSERT(!master->search({.text = i.symbol}).empty());
  }
  return 0;
}
