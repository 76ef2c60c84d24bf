#include "ui-bridge/desktop/process/child_process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sstream>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

extern "C" char** environ;

namespace tt::desktop {

namespace {

/// What the child needs, made before the fork: afterwards only system calls are safe.
struct child_image {
  std::vector<char*> arguments, environment;
  std::vector<std::string> texts;
};

child_image image_of(const launch_plan& plan) {
  child_image out;
  out.texts.reserve(plan.environment.size());
  for (const auto& argument : plan.arguments) out.arguments.push_back(const_cast<char*>(argument.c_str())); // NOLINT: execve's type
  out.arguments.push_back(nullptr);
  for (const auto& [name, value] : plan.environment) out.texts.push_back(name + "=" + value);
  for (char** each = environ; *each; ++each) {
    const std::string_view variable(*each);
    const auto name = variable.substr(0, variable.find('='));
    if (std::none_of(plan.environment.begin(), plan.environment.end(), [&](const auto& own) { return own.first == name; }))
      out.environment.push_back(*each);
  }
  for (auto& text : out.texts) out.environment.push_back(text.data());
  out.environment.push_back(nullptr);
  return out;
}

/// Puts our descriptors under the child's numbers. They are copied out of the way
/// first, so that none is overwritten before it was taken.
bool place_descriptors(const std::vector<std::pair<int, int>>& descriptors) {
  constexpr int out_of_the_way = 100;
  int copies[8] = {};
  if (descriptors.size() > std::size(copies)) return false;
  for (std::size_t i = 0; i < descriptors.size(); ++i)
    if ((copies[i] = ::fcntl(descriptors[i].first, F_DUPFD_CLOEXEC, out_of_the_way)) < 0) return false;
  for (std::size_t i = 0; i < descriptors.size(); ++i)
    if (::dup2(copies[i], descriptors[i].second) < 0) return false;
  return true;
}

[[noreturn]] void become(const launch_plan& plan, const child_image& image, pid_t parent, int report) {
  ::setpgid(0, 0);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, plan.death_signal);
#endif
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const bool is_orphan = ::getppid() != parent; // it died between fork and prctl
  if (!is_orphan && (plan.folder.empty() || ::chdir(plan.folder.c_str()) == 0) && place_descriptors(plan.descriptors))
    ::execve(plan.arguments.front().c_str(), image.arguments.data(), image.environment.data());
  const int why = errno;
  [[maybe_unused]] const auto n = ::write(report, &why, sizeof why);
  ::_exit(127);
}

} // namespace

result<pipe_ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return error{errc::io_error, std::string("can't make a pipe: ") + std::strerror(errno)};
  return pipe_ends{file_descriptor{ends[0]}, file_descriptor{ends[1]}};
}

void set_blocking(int fd, blocking how) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, how == blocking::yes ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

result<pid_t> launch(const launch_plan& plan) {
  if (plan.arguments.empty() || plan.arguments.front().empty()) return error{errc::not_found, "there is no program to start"};
  auto report = make_pipe();
  if (!report) return report.error();
  const auto image = image_of(plan);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return error{errc::io_error, std::string("can't start a process: ") + std::strerror(errno)};
  if (child == 0) become(plan, image, parent, report->write.get());
  ::setpgid(child, child); // whoever comes first
  report->write.reset();
  int why = 0;
  if (::read(report->read.get(), &why, sizeof why) != sizeof why) return child; // closed by exec
  ::waitpid(child, nullptr, 0);
  return error{why == ENOENT ? errc::not_found : errc::io_error, std::string("can't start it: ") + std::strerror(why), plan.arguments.front()};
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) // NOLINT
    return "ended by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")"; // NOLINT: one thread
  return "ended with " + std::to_string(WEXITSTATUS(status));
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string{};
  const char* path = std::getenv("PATH"); // NOLINT: one thread
  std::istringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const auto full = folder + "/" + name; !folder.empty() && ::access(full.c_str(), X_OK) == 0) return full;
  return {};
}

} // namespace tt::desktop
