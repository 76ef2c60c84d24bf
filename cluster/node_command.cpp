#include "cluster/commands.hpp"
#include "cluster/logging.hpp"
#include "cluster/node.hpp"
#include "gateways/http/peer_rules.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <sys/resource.h>
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

/// Each peer, client and browser tab is a descriptor; a shell's usual limit of 1,024 is soon met by a few of them.
void allow_many_descriptors() {
  constexpr rlim_t enough = 65'536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? enough : std::min(enough, limit.rlim_max);
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error{errc::io_error, "can't read the file", path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// SIGINT, SIGTERM and SIGHUP, blocked in every thread and taken by one of its own.
/// While the node starts, or is stopping already, a signal to stop ends the process
/// at once: whatever is on disk survives that.
class stop_signals {
public:
  stop_signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // NOLINT: a closed socket is an error value
    std::thread([this] { listen(); }).detach(); // ends with the process, as this object does
  }

  /// Returns at a signal to stop; calls `reload` at each SIGHUP.
  void wait(const std::function<void()>& reload) {
    std::unique_lock lock{mutex_};
    is_running_ = true;
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || reload_; });
      if (stop_) return;
      reload_ = false;
      lock.unlock();
      reload();
      lock.lock();
    }
  }

private:
  void listen() {
    for (;;) {
      int number = 0;
      sigwait(&set_, &number);
      std::lock_guard guard{mutex_};
      if (number == SIGHUP) {
        reload_ = true;
      } else {
        if (!is_running_ || stop_) std::_Exit(128 + number);
        stop_ = true;
      }
      changed_.notify_one();
    }
  }

  sigset_t set_{};
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  bool is_running_ = false;
  bool stop_ = false;
  bool reload_ = false;
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
  static auto& signals = *new stop_signals; // its thread may outlive everything else
  allow_many_descriptors();
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
  const auto url = (*started)->url(), control = (*started)->control_endpoint();
  std::printf("TraderTerminal %s is running: %s\n", std::string(version()).c_str(), (url.empty() ? control : url).c_str());
  std::fflush(stdout);
  if (!url.empty() && !gateway::is_loopback_host(config->host))
    spdlog::info("bound to {}: callers need an identity; `tt token` makes tokens", config->host);
  if (!url.empty()) spdlog::info("node {} answers on {}", config->node_id, url);
  signals.wait([&] { (*started)->reload_keys(); });
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
