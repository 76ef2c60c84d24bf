#include "ui-bridge/desktop/browser/browser_process.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace tt::desktop {

namespace {

// where --remote-debugging-pipe looks for its ends
constexpr int browser_reads = 3, browser_writes = 4;

} // namespace

std::vector<std::string> browser_arguments(const std::string& program, const std::string& profile, const std::string& url) {
  std::vector<std::string> out{program, "--app=" + url, "--user-data-dir=" + profile, "--remote-debugging-pipe", "--class=TraderTerminal",
                               "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
                               "--disable-sync", "--disable-extensions", "--disable-features=Translate,MediaRouter", "--hide-crash-restore-bubble",
                               "--password-store=basic"};
  if (::geteuid() == 0) { // the sandbox does not work as root; the second one hides the browser's banner about it
    out.emplace_back("--no-sandbox");
    out.emplace_back("--test-type");
  }
  return out;
}

browser_process::browser_process() : splitter_(max_browser_message_bytes) {}

result<void> browser_process::start(const std::string& program, const std::string& profile, const std::string& url) {
  auto down = make_pipe(), up = make_pipe();
  if (!down) return down.error();
  if (!up) return up.error();
  launch_plan plan;
  plan.arguments = browser_arguments(program, profile, url);
  plan.descriptors = {{down->read.get(), browser_reads}, {up->write.get(), browser_writes}};
  auto pid = launch(plan);
  if (!pid) return pid.error();
  pid_ = *pid;
  to_ = std::move(down->write);
  from_ = std::move(up->read);
  set_blocking(to_.get(), blocking::no);
  set_blocking(from_.get(), blocking::no);
  return {};
}

result<std::vector<std::string>> browser_process::read() {
  std::vector<std::string> out;
  char bytes[1 << 16];
  while (from_) {
    const auto n = ::read(from_.get(), bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      from_.reset();
      break;
    }
    auto messages = splitter_.take({bytes, static_cast<std::size_t>(n)});
    if (!messages) return messages.error();
    for (auto& each : *messages) out.push_back(std::move(each));
  }
  return out;
}

void browser_process::post(std::deque<std::string>& messages) {
  for (; !messages.empty(); messages.pop_front()) {
    unsent_ += messages.front();
    unsent_ += '\0';
  }
}

void browser_process::flush() {
  while (wants_to_write()) {
    const auto n = ::write(to_.get(), unsent_.data(), unsent_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {
      to_.reset(); // it is gone; its end is seen elsewhere
      return;
    }
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
}

void browser_process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void browser_process::on_end() {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
  pid_ = 0;
  to_.reset();
  from_.reset();
  unsent_.clear();
}

} // namespace tt::desktop
