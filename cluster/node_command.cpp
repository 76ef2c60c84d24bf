#include "cluster/commands.hpp"
#include "cluster/logging.hpp"
#include "cluster/node.hpp"
#include "gateways/http/peer_rules.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace tt::cluster {

namespace {

utc_time now() { return std::chrono::system_clock::now(); }

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "node";
}

int fail(const error& e) {
  std::fprintf(stderr, "tt: %s\n", to_string(e).c_str());
  return 1;
}

result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error{errc::io_error, "can't read the file", path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// SIGINT and SIGTERM, blocked in every thread and taken by one of its own. While
/// the node starts, or is stopping already, a signal ends the process at once:
/// whatever is on disk survives that.
class stop_signals {
public:
  stop_signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // NOLINT: a closed socket is an error value
    std::thread([this] { listen(); }).detach(); // ends with the process, as this object does
  }

  /// Returns at the first signal.
  void wait() {
    is_running_ = true;
    stop_.get_future().wait();
  }

private:
  void listen() {
    for (;;) {
      int number = 0;
      sigwait(&set_, &number);
      if (!is_running_.exchange(false)) std::_Exit(128 + number);
      stop_.set_value();
    }
  }

  sigset_t set_{};
  std::atomic<bool> is_running_{false};
  std::promise<void> stop_;
};

} // namespace

result<std::pair<settings, setting_sources>> load_settings(const std::string& config_path,
                                                           const std::map<std::string, std::string>& overrides) {
  setting_sources sources;
  sources.command_line = overrides;
  sources.environment = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str()); // NOLINT: single-threaded here
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
  sources.home = sources.environment("TT_HOME").value_or("");
  if (const auto dot_env = in_home(sources.home, ".env"); std::filesystem::exists(dot_env)) {
    auto text = read_file(dot_env);
    if (!text) return text.error();
    sources.dot_env = *text;
  }
  const auto shipped = in_home(sources.home, "config/trader.yaml");
  const bool take_shipped = config_path.empty() && !sources.home.empty() && std::filesystem::exists(shipped);
  if (const auto& path = take_shipped ? shipped : config_path; !path.empty()) {
    auto text = read_file(path);
    if (!text) return text.error();
    sources.yaml = *text;
    sources.yaml_origin = path;
  }
  auto values = settings::load(sources);
  if (!values) return values.error();
  return std::pair{std::move(*values), std::move(sources)};
}

int run_node(const std::string& config_path, const std::map<std::string, std::string>& overrides) {
  static stop_signals signals;
  auto loaded = load_settings(config_path, overrides);
  if (!loaded) return fail(loaded.error());
  auto& [values, sources] = *loaded;
  auto warnings = values.warnings();
  auto config = node_config::make(values, sources.yaml, sources.yaml_origin, host_name(), warnings);
  if (!config) return fail(config.error());
  for (auto& feed : config->feeds)
    for (auto& recording : feed.recordings) recording.path = in_home(sources.home, recording.path);
  const auto log_folder = (std::filesystem::path(config->data_dir) / "logs").string();
  if (auto logging = start_logging(config->log, log_folder, config->node_id); !logging) return fail(logging.error());
  for (const auto& warning : warnings) spdlog::warn("{}", warning);
  auto started = node::start(*config, now);
  if (!started) return fail(started.error());
  std::printf("TraderTerminal %s is running: %s\n", std::string(version()).c_str(), (*started)->url().c_str());
  std::fflush(stdout);
  if (!gateway::is_loopback_host(config->host))
    spdlog::warn("bound to {}: callers need an identity, and this build can't give one yet; only /health and the UI's files are served",
                 config->host);
  spdlog::info("node {} answers on {}", config->node_id, (*started)->url());
  signals.wait();
  spdlog::info("stopping");
  started->reset();
  spdlog::info("stopped");
  return 0;
}

int run_check(const std::string& config_path, const std::map<std::string, std::string>& overrides) {
  auto loaded = load_settings(config_path, overrides);
  if (!loaded) return fail(loaded.error());
  auto& [values, sources] = *loaded;
  auto warnings = values.warnings();
  const auto config = node_config::make(values, sources.yaml, sources.yaml_origin, host_name(), warnings);
  for (const auto& warning : warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (!config) return fail(config.error());
  for (const auto& spec : setting_specs()) {
    const bool hidden = spec.secrecy == key_secrecy::secret && !values.text(spec.key).empty();
    const auto shown = hidden ? std::string("(secret)") : values.text(spec.key);
    const auto origin = values.is_default(spec.key) ? std::string("default") : values.origin(spec.key);
    std::printf("%-32s %-44s %s\n", std::string(spec.key).c_str(), shown.c_str(), origin.c_str());
  }
  for (const auto& feed : config->feeds)
    std::printf("feed %-27s %s at %s\n", feed.name.c_str(), feed.kind == feed_kind::sim ? "sim" : "replay",
                feed.pace.to_string().c_str());
  return 0;
}

} // namespace tt::cluster
