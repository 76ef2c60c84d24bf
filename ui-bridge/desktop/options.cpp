#include "ui-bridge/desktop/options.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"
#include "ui-bridge/desktop/http/http_client.hpp"
#include "ui-bridge/desktop/process/child_process.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

namespace tt::desktop {

namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name); // NOLINT: one thread
  return value ? value : "";
}

/// A folder of the XDG base directories: $NAME, or the fallback below the home folder.
fs::path user_folder(const char* name, const char* fallback) {
  if (const auto given = variable(name); !given.empty() && fs::path(given).is_absolute()) return given;
  const auto home = variable("HOME");
  return (home.empty() ? fs::temp_directory_path() : fs::path(home)) / fallback;
}

std::string find_browser() {
  for (const auto* name : {"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "brave-browser", "microsoft-edge"})
    if (auto found = find_program(name); !found.empty()) return found;
  return {};
}

fs::path own_folder() {
  std::error_code failed;
  const auto self = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path{} : self.parent_path();
}

/// The program tt: beside this one (installed), or where the build puts it.
std::string find_tt() {
  for (const auto* place : {"tt", "../../cluster/tt"})
    if (const auto path = own_folder() / place; fs::is_regular_file(path)) return fs::weakly_canonical(path).string();
  return find_program("tt");
}

fs::path find_share() {
  const auto path = own_folder() / "../share/traderterminal";
  return fs::is_directory(path / "web") ? fs::weakly_canonical(path) : fs::path{};
}

/// Checks an address where CLI11 can say which option was wrong.
std::string check_gateway(std::string& text) {
  auto origin = gateway_origin(text);
  if (!origin) return to_string(origin.error());
  text = *origin;
  return {};
}

std::string check_reason(const std::string& text) {
  const bool is_fine = !text.empty() && text.size() <= max_reason_bytes && !has_control_characters(text, line_breaks::allowed);
  return is_fine ? std::string{} : "must be 1 to " + std::to_string(max_reason_bytes) + " bytes of text";
}

} // namespace

std::string version() { return TT_VERSION; }

std::variant<shell_options, stop_options, already_done> read_options(int argc, char** argv) {
  CLI::App app{"TraderTerminal in a window of its own, by an installed Chromium"};
  app.set_version_flag("--version", version());
  shell_options shell;
  stop_options stop;
  shell.tt = find_tt();
  shell.share = find_share();
  shell.browser = find_browser();
  const auto state = user_folder("XDG_STATE_HOME", ".local/state") / "traderterminal";
  shell.profile = state / "browser";
  shell.node_folder = user_folder("XDG_DATA_HOME", ".local/share") / "traderterminal";
  shell.exports = user_folder("XDG_DOWNLOAD_DIR", "Downloads");
  const auto settings = user_folder("XDG_CONFIG_HOME", ".config") / "traderterminal";
  shell.secrets = settings / "secrets.json";
  shell.token_file = variable("TT_TOKEN_FILE");

  const CLI::Validator is_gateway{check_gateway, "URL"};
  auto* gateway = app.add_option("--gateway,-g", shell.gateway, "gateway to attach to")->transform(is_gateway)->capture_default_str();
  std::string mode_word = "auto", stop_word = "halt";
  auto* mode = app.add_option("--node,-n", mode_word, "start a node, attach to one, or whichever is possible (auto)")
                 ->check(CLI::IsMember({"auto", "start", "attach"}));
  auto* config = app.add_option("--config,-c", shell.config, "configuration of the node to start")->check(CLI::ExistingFile);
  app.add_option("--tt", shell.tt, "the program tt")->check(CLI::ExistingFile);
  app.add_option("--browser", shell.browser, "Chromium or one of its kind")->envname("TT_CHROMIUM")->check(CLI::ExistingFile);
  app.add_option("--profile", shell.profile, "folder of the browser's profile");
  app.add_option("--export-dir", shell.exports, "folder for the files that the page saves");
  app.add_option("--node-dir", shell.node_folder, "folder of the started node's data");
  app.add_option("--secrets", shell.secrets, "file of the page's secrets (mode 600)");
  app.add_option("--token-file", shell.token_file, "file with the bearer token of the stop switch (mode 600)");

  auto* switch_off = app.add_subcommand("stop", "stop trading at a gateway, without a window");
  switch_off->add_option("--gateway,-g", stop.gateway, "the gateway")->transform(is_gateway)->capture_default_str();
  switch_off->add_option("--mode,-m", stop_word, "halt, reduce, or flatten every position")->check(CLI::IsMember({"halt", "reduce", "flatten"}));
  stop.what.reason = "stopped by tt-desktop";
  switch_off->add_option("--reason,-r", stop.what.reason, "kept with the stop")->check(CLI::Validator{check_reason, "TEXT"});
  stop.token_file = shell.token_file;
  switch_off->add_option("--token-file", stop.token_file, "file with a bearer token (mode 600)");
  stop.secrets = shell.secrets;
  switch_off->add_option("--secrets", stop.secrets, "file of secrets (mode 600)");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return already_done{app.exit(e) == 0 ? 0 : 2};
  }
  for (const auto each : {stop_mode::halt, stop_mode::reduce, stop_mode::flatten})
    if (to_string(each) == stop_word) stop.what.mode = each;
  if (*switch_off) return stop;
  shell.mode = mode_word == "start" ? node_mode::start : mode_word == "attach" ? node_mode::attach : node_mode::automatic;
  if (const auto own = settings / "trader.yaml"; !*config && fs::exists(own)) shell.config = own.string();
  // what was named says what is wanted
  if (!*mode && *config) shell.mode = node_mode::start;
  else if (!*mode && *gateway) shell.mode = node_mode::attach;
  return shell;
}

} // namespace tt::desktop
