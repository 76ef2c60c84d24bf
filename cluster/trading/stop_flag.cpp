#include "cluster/trading/stop_flag.hpp"

#include "gateways/store/durable_file.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace tt::cluster {

namespace {

using look_at_flag_atom = caf::atom_constant<caf::atom("lookatflag")>;

constexpr std::string_view blanks = " \t\r\n";
/// Longest reason that the journal takes.
constexpr std::size_t longest_reason = 200;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

gateway::stop_request parse_stop_flag(std::string_view text, flag_seen when) {
  gateway::stop_request out;
  auto rest = trimmed(text);
  const auto word = rest.substr(0, rest.find_first_of(blanks));
  if (const auto mode = parse_name<risk::kill_mode>(word, "mode"); mode && *mode != risk::kill_mode::none) {
    out.mode = *mode;
    rest = trimmed(rest.substr(word.size()));
  }
  out.reason = when == flag_seen::at_start ? "the file STOP was there at the start" : "the file STOP was put there";
  if (!rest.empty()) out.reason += ": " + std::string(rest);
  std::ranges::replace_if(out.reason, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  out.reason.resize(std::min(out.reason.size(), longest_reason));
  return out;
}

std::optional<gateway::stop_request> read_stop_flag(const std::string& path, flag_seen when) {
  std::error_code failed;
  const auto found = std::filesystem::symlink_status(path, failed);
  if (found.type() == std::filesystem::file_type::not_found) return std::nullopt;
  std::string text(longest_stop_flag, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return parse_stop_flag(text, when);
}

result<void> write_stop_flag(const std::string& data_dir, risk::kill_mode mode, const std::string& reason) {
  const auto folder = std::filesystem::path(data_dir) / "trading";
  std::error_code failed;
  if (!std::filesystem::is_directory(folder, failed))
    return error{errc::not_found, folder.string() + " is not there: no node has accounts in this data folder", "data_dir"};
  return gateway::replace_file((folder / stop_flag_name).string(), std::string(tt::to_string(mode)) + " " + reason + "\n");
}

std::string stop_flag_watch::mark_of(const std::string& path) {
  struct stat now{};
  if (::lstat(path.c_str(), &now) != 0) return {};
  const auto text = [](auto number) { return std::to_string(number) + " "; };
  return text(now.st_dev) + text(now.st_ino) + text(now.st_size) + text(now.st_mtim.tv_sec) + text(now.st_mtim.tv_nsec);
}

std::optional<gateway::stop_request> stop_flag_watch::look() {
  auto now = mark_of(path_);
  if (now == seen_) return std::nullopt;
  seen_ = std::move(now);
  return seen_.empty() ? std::nullopt : read_stop_flag(path_, flag_seen::running);
}

caf::behavior stop_flag_actor(caf::event_based_actor* self, std::shared_ptr<stop_flag_watch> watch, std::function<void(gateway::stop_request)> obey) {
  self->delayed_send(self, stop_flag_pause, look_at_flag_atom::value);
  return {[self, watch = std::move(watch), obey = std::move(obey)](look_at_flag_atom) {
    if (auto stop = watch->look()) obey(std::move(*stop));
    self->delayed_send(self, stop_flag_pause, look_at_flag_atom::value);
  }};
}

} // namespace tt::cluster
