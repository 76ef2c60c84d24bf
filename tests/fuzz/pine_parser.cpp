#include "actors/pine/parser.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any text becomes a tree or diagnostics.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::pine;
  diagnostics diags;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse(text, diags);
  for (const auto& d : diags.all()) (void)render(d, text, "f");
  return 0;
}
