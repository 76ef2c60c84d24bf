#include "tests/pine/hostile_text.hpp"

#include <cstddef>
#include <cstdint>

/// Any text through the built-ins that read dates, formats, sessions, timeframes and patterns.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tt::pine_test::read_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
