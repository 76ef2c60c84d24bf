#include "cluster/trading/stop_flag.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tt::cluster {

namespace {

constexpr std::string_view blanks = " \t\r\n";
/// Longest reason that the journal takes.
constexpr std::size_t longest_reason = 200;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

gateway::stop_request parse_stop_flag(std::string_view text) {
  gateway::stop_request out;
  auto rest = trimmed(text);
  const auto word = rest.substr(0, rest.find_first_of(blanks));
  if (const auto mode = parse_name<risk::kill_mode>(word, "mode"); mode && *mode != risk::kill_mode::none) {
    out.mode = *mode;
    rest = trimmed(rest.substr(word.size()));
  }
  out.reason = "the file STOP was there at the start";
  if (!rest.empty()) out.reason += ": " + std::string(rest);
  std::ranges::replace_if(out.reason, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  out.reason.resize(std::min(out.reason.size(), longest_reason));
  return out;
}

std::optional<gateway::stop_request> read_stop_flag(const std::string& path) {
  std::error_code failed;
  const auto found = std::filesystem::symlink_status(path, failed);
  if (found.type() == std::filesystem::file_type::not_found) return std::nullopt;
  std::string text(longest_stop_flag, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return parse_stop_flag(text);
}

} // namespace tt::cluster
