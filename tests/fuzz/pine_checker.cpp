#include "actors/pine/compiler.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

/// Any text through lexer, parser and checker: a program or diagnostics, never a crash. Every diagnostic renders.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto whole = "//@version=6\nindicator(\"f\")\n" + text;
  for (const auto& source : {text, whole}) {
    auto result = tt::pine::compile(source);
    for (const auto& d : result.diags.all()) (void)tt::pine::render(d, source, "f");
  }
  return 0;
}
