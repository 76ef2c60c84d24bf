#pragma once

// A real PostgreSQL server of its own for a test: a new data folder, a Unix
// socket in it, no TCP port. It refuses to run as root, so it runs as the
// package's user `postgres` then.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <pwd.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tt::cluster::test {

class postgres_server {
public:
  /// Why there is none: the package is missing, or it would not start.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::string url() const { return "postgresql:///postgres?host=" + folder_ + "&user=" + user_; }

  /// One for the whole process, started when first asked for.
  static postgres_server& instance() {
    static postgres_server server;
    return server;
  }

  ~postgres_server() {
    if (running_) run({"pg_ctl", "-D", folder_ + "/data", "-m", "immediate", "-w", "stop"});
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  /// Stops or continues the whole server, as a power cut and its end would.
  bool stop() { return run({"pg_ctl", "-D", folder_ + "/data", "-m", "immediate", "-w", "stop"}); }
  bool start() {
    return run({"pg_ctl", "-D", folder_ + "/data", "-w", "-l", folder_ + "/log", "-o", "-k " + folder_ + " -c listen_addresses= -c fsync=off", "start"});
  }

  /// Stops and continues all its processes: connections stay, and nothing answers. False where the system does not list them.
  [[nodiscard]] bool freeze() const { return signal_all(SIGSTOP); }
  [[nodiscard]] bool thaw() const { return signal_all(SIGCONT); }

private:
  [[nodiscard]] bool signal_all(int what) const {
    pid_t leader = 0;
    if (!(std::ifstream(folder_ + "/data/postmaster.pid") >> leader) || leader < 2) return false;
    std::ifstream list("/proc/" + std::to_string(leader) + "/task/" + std::to_string(leader) + "/children"); // each has a session of its own
    if (!list || kill(leader, what) != 0) return false;
    for (pid_t child = 0; list >> child;) kill(child, what);
    return true;
  }

  postgres_server() {
    bin_ = find_programs();
    if (bin_.empty()) {
      problem_ = "PostgreSQL is not installed (Debian package postgresql)";
      return;
    }
    std::string name = std::filesystem::temp_directory_path() / "tt-pg-XXXXXX";
    folder_ = mkdtemp(name.data());
    if (const auto* who = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid())) {
      user_ = who->pw_name;
      uid_ = who->pw_uid;
      gid_ = who->pw_gid;
    }
    if (user_.empty() || uid_ == 0) {
      problem_ = "there is no user that PostgreSQL could run as";
      return;
    }
    if (chown(folder_.c_str(), uid_, gid_) != 0) problem_ = "chown " + folder_ + " failed";
    if (!run({"initdb", "-D", folder_ + "/data", "-U", user_, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"})) problem_ = "initdb failed";
    else if (!(running_ = start())) problem_ = "the server did not start; see " + folder_ + "/log";
  }

  static std::string find_programs() {
    std::error_code ignored;
    std::string best;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
      if (std::filesystem::exists(version.path() / "bin/initdb", ignored)) best = std::max(best, (version.path() / "bin").string());
    return best;
  }

  bool run(std::vector<std::string> words) const {
    words[0] = bin_ + "/" + words[0];
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      if (geteuid() == 0 && (setgid(gid_) != 0 || setuid(uid_) != 0)) _exit(126);
      if (chdir(folder_.c_str()) != 0) _exit(125);
      static_cast<void>(!freopen("/dev/null", "w", stdout));
      static_cast<void>(!freopen("/dev/null", "w", stderr));
      execv(argv[0], argv.data());
      _exit(127);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::string bin_, folder_, user_, problem_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  bool running_ = false;
};

} // namespace tt::cluster::test
