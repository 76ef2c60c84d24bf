#include "cluster/secret_token.hpp"

#include <cstdlib>
#include <random>
#include <string_view>

namespace tt::cluster {

std::string make_secret_token() {
  std::random_device source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int word = 0; word < 4; ++word) {
    const auto bits = source();
    for (int shift = 28; shift >= 0; shift -= 4) out += digits[(bits >> shift) & 15U];
  }
  return out;
}

std::string bearer_token(const std::string& given) {
  if (!given.empty()) return given;
  const char* text = std::getenv("TT_TOKEN"); // NOLINT: no other thread is there yet
  return text ? text : "";
}

} // namespace tt::cluster
