#include "ui-bridge/desktop/shell.hpp"

#include "ui-bridge/desktop/bridge/desk.hpp"
#include "ui-bridge/desktop/bridge/gateway_stop.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/browser/browser_process.hpp"
#include "ui-bridge/desktop/browser/page_script.hpp"
#include "ui-bridge/desktop/node/supervised_node.hpp"
#include "ui-bridge/desktop/process/signals.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/file.h>
#include <sys/wait.h>

namespace tt::desktop {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds longest_wait{60};
constexpr std::chrono::milliseconds probe_deadline{1500}; ///< of a gateway that may be there already
constexpr std::chrono::seconds close_patience{4};         ///< Browser.close to SIGTERM
constexpr std::chrono::seconds term_patience{8};          ///< Browser.close to SIGKILL
constexpr std::chrono::seconds straggler_patience{2};     ///< for helpers of the browser, after it ended
constexpr std::size_t read_bytes = 1U << 16;

monotonic_time clock_now() { return std::chrono::steady_clock::now(); }

void say(const std::string& line) {
  std::fprintf(stderr, "tt-desktop: %s\n", line.c_str());
  std::fflush(stderr);
}

/// Servers of notifications read the body as markup.
std::string without_markup(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

class shell final : session_owner, node_host, desk_host {
public:
  explicit shell(const shell_options& options)
      : options_(options), origin_(options.gateway), node_(*this), desk_(*this, options.exports, options.secrets, options.token_file),
        session_(origin_, page_script(), *this), notifier_(find_program("notify-send")) {}

  int run() {
    if (options_.browser.empty()) return fail("no browser: install chromium, or name one with --browser");
    if (!lock_profile()) return 1;
    const auto mode = options_.mode == node_mode::automatic ? chosen_mode() : options_.mode;
    has_node_ = mode == node_mode::start;
    if (has_node_ && options_.tt.empty()) return fail("the program tt was not found: name it with --tt, or attach to a gateway with --gateway");
    address_deadline_ = clock_now() + address_deadline;
    if (has_node_) node_.start(clock_now());
    while (!is_over()) turn();
    reap_stragglers();
    return exit_code_;
  }

private:
  // --- loop

  void turn() {
    start_browser_when_possible();
    std::vector<pollfd> waits{{signals_.fd(), POLLIN, 0}};
    const auto watch = [&waits](int fd, short events) {
      if (fd >= 0) waits.push_back({fd, events, 0});
      return fd >= 0 ? waits.size() - 1 : std::size_t{0};
    };
    const auto node_at = watch(node_output_.get(), POLLIN);
    const auto browser_at = watch(browser_.reading_fd(), POLLIN);
    if (browser_.wants_to_write()) watch(browser_.writing_fd(), POLLOUT);
    http_.poll(waits, time_left());
    if (node_at > 0 && waits[node_at].revents != 0) read_node();
    if (browser_at > 0 && waits[browser_at].revents != 0) read_browser();
    if (waits.front().revents != 0) take_signals();
    on_time();
    browser_.post(session_.outgoing());
    browser_.flush();
  }

  [[nodiscard]] bool is_over() const { return is_quitting_ && !browser_.is_running() && node_.state() == node_state::ended; }

  [[nodiscard]] std::chrono::milliseconds time_left() const {
    auto next = clock_now() + longest_wait;
    if (const auto due = node_.due()) next = std::min(next, *due);
    for (const auto& each : {term_at_, kill_at_})
      if (each) next = std::min(next, *each);
    if (!was_browser_started_) next = std::min(next, address_deadline_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - clock_now());
    return std::max(left, std::chrono::milliseconds{0});
  }

  void on_time() {
    const auto now = clock_now();
    node_.on_time(now);
    if (term_at_ && now >= *term_at_) {
      term_at_.reset();
      browser_.signal(SIGTERM);
    }
    if (kill_at_ && now >= *kill_at_) {
      kill_at_.reset();
      browser_.signal(SIGKILL);
    }
  }

  void take_signals() {
    for (const int number : signals_.take()) {
      if (number == SIGCHLD) continue;
      say(std::string("closing: ") + strsignal(number)); // NOLINT: one thread
      quit();
    }
    reap();
  }

  void reap() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == node_pid_) on_node_end(status);
      else if (pid == browser_.pid()) on_browser_end(status);
    }
  }

  /// Ends window and node; the loop goes on until both are gone.
  void quit() {
    if (is_quitting_) return;
    is_quitting_ = true;
    const auto now = clock_now();
    if (browser_.is_running()) {
      session_.close_browser();
      term_at_ = now + close_patience;
      kill_at_ = now + term_patience;
    }
    if (has_node_) node_.stop(now);
  }

  /// What the browser left behind was given to this process: nothing of it stays.
  void reap_stragglers() {
    const auto until = clock_now() + straggler_patience;
    while (clock_now() < until && ::waitpid(-1, nullptr, WNOHANG) >= 0) {
      std::vector<pollfd> waits{{signals_.fd(), POLLIN, 0}};
      ::poll(waits.data(), waits.size(), 50);
      signals_.take();
    }
  }

  int fail(const std::string& why) {
    say(why);
    return 1;
  }

  /// One shell per profile: a second browser on it would hand over to the first and end.
  bool lock_profile() {
    std::error_code failed;
    std::filesystem::create_directories(options_.profile, failed);
    lock_ = file_descriptor{::open((options_.profile / "tt-desktop.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!lock_) say("can't use the profile folder " + options_.profile.string());
    else if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) say("the terminal is open already (profile " + options_.profile.string() + ")");
    else return true;
    return false;
  }

  /// Attaches where a gateway answers, else starts a node.
  node_mode chosen_mode() {
    std::optional<bool> is_there;
    http_.send({origin_ + "/health/live", {}, {}, probe_deadline}, [&is_there](const result<http_reply>& got) { is_there = got && got->status == 200; });
    std::vector<pollfd> none;
    while (!is_there) http_.poll(none, probe_deadline);
    say(*is_there ? "attaching to " + origin_ : "nothing answers at " + origin_ + ": starting a node");
    return *is_there ? node_mode::attach : node_mode::start;
  }

  // --- browser

  void start_browser_when_possible() {
    if (was_browser_started_ || is_quitting_) return;
    if (has_node_ && node_.origin().empty() && node_.state() != node_state::ended && clock_now() < address_deadline_) return;
    was_browser_started_ = true;
    if (auto started = browser_.start(options_.browser, options_.profile.string(), origin_ + "/"); !started) {
      exit_code_ = fail("the browser: " + to_string(started.error()));
      return quit();
    }
    session_.start();
    browser_.post(session_.outgoing());
    browser_.flush();
  }

  void read_browser() {
    const auto messages = browser_.read();
    if (!messages) {
      exit_code_ = fail(to_string(messages.error()));
      return quit();
    }
    for (const auto& each : *messages) session_.on_message(each);
    if (browser_.reading_fd() >= 0 || is_quitting_) return;
    is_browser_lost_ = true; // it hung up: it is ending, or has to
    quit();
  }

  void on_browser_end(int status) {
    read_browser(); // its last words
    if ((!is_quitting_ || is_browser_lost_) && status != 0) exit_code_ = fail("the browser " + end_text(status));
    browser_.on_end();
    term_at_.reset();
    kill_at_.reset();
    quit();
  }

  void on_call(const caller& from, const std::string& payload) override { desk_.on_call(session_, from, payload, clock_now()); }
  void on_rejected(const std::string& why) override { desk_.log_rejected(why, clock_now()); }
  void on_main_page() override { say("window open: " + origin_); }
  void on_main_closed() override { quit(); }

  document_rule rule_for_document() override {
    shows_replacement_ = has_node_ && node_.state() != node_state::ready;
    return shows_replacement_ ? document_rule::replace : document_rule::load;
  }

  /// The first document may have been asked for before the shell could step in.
  void on_load(bool was_reachable) override {
    if (!was_reachable && has_node_ && node_.state() != node_state::ready && !shows_replacement_) session_.reload_main();
  }

  std::string replacement_document() override {
    std::string log;
    for (const auto& line : node_.log()) log += line + "\n";
    if (node_.state() == node_state::ended)
      return status_page("The node is not running", node_.reason().empty() ? "It was stopped." : "It " + node_.reason() + ".", log, restart_button::shown);
    return status_page("The node is starting", "The terminal appears as soon as it is ready.", log, restart_button::hidden);
  }

  // --- node

  result<void> launch_node() override {
    auto output = make_pipe();
    if (!output) return output.error();
    launch_plan plan;
    plan.arguments = {options_.tt, "node"};
    if (!options_.config.empty()) plan.arguments.insert(plan.arguments.end(), {"--config", options_.config});
    const auto preset = [&plan](const char* name, const std::string& value) {
      if (!std::getenv(name)) plan.environment.emplace_back(name, value); // NOLINT: one thread
    };
    std::error_code failed;
    std::filesystem::create_directories(options_.node_folder, failed); // the node says what is wrong with it
    preset("DATA_DIR", std::filesystem::absolute(options_.node_folder, failed).string());
    if (!options_.share.empty()) {
      preset("TT_HOME", options_.share.string());
      preset("TT_WEB_ROOT", (options_.share / "web").string());
    }
    plan.descriptors = {{output->write.get(), STDOUT_FILENO}, {output->write.get(), STDERR_FILENO}};
    auto pid = launch(plan);
    if (!pid) return pid.error();
    node_pid_ = *pid;
    node_output_ = std::move(output->read);
    set_blocking(node_output_.get(), blocking::no);
    return {};
  }

  void read_node() {
    char bytes[read_bytes];
    while (node_output_) {
      const auto n = ::read(node_output_.get(), bytes, sizeof bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return node_output_.reset();
      std::fwrite(bytes, 1, static_cast<std::size_t>(n), stderr);
      node_.on_output({bytes, static_cast<std::size_t>(n)});
    }
  }

  void on_node_end(int status) {
    read_node(); // its last words
    ::kill(-node_pid_, SIGKILL);
    node_pid_ = 0;
    node_output_.reset();
    if (node_.state() != node_state::stopping) say("the node " + end_text(status));
    node_.on_end(end_text(status), clock_now());
  }

  void signal_node(int number) override {
    if (node_pid_ > 0) ::kill(node_pid_, number);
  }

  void ask_ready(const std::string& origin, std::uint64_t launch) override {
    http_.send({origin + "/health/ready", {}, {}, std::chrono::milliseconds{2000}}, [this, launch](const result<http_reply>& got) {
      node_.on_ready_answer(launch, got && got->status == 200, clock_now());
    });
  }

  void on_node_changed() override {
    if (!node_.origin().empty() && node_.origin() != origin_) {
      origin_ = node_.origin();
      session_.set_origin(origin_);
    }
    if (is_quitting_ || !was_browser_started_) return;
    session_.tell_pages(node_json("event"));
    if (shows_replacement_) session_.reload_main();
  }

  [[nodiscard]] json node_json(const char* kind) const {
    json out{{"state", to_string(node_.state())}, {"reason", node_.reason()}, {"log", node_.log()}};
    if (std::string_view(kind) == "event") out["event"] = "node";
    return out;
  }

  // --- desk

  [[nodiscard]] const std::string& gateway() const override { return origin_; }

  [[nodiscard]] json app_info() const override {
    return {{"host", "chromium"}, {"version", version()}, {"browser", session_.browser_version()}, {"platform", "linux"}, {"gateway", origin_},
            {"methods", method_names()}, {"has_notifications", !notifier_.empty()}, {"export_folder", options_.exports.string()},
            {"node", has_node_ ? node_json("state") : json{}}};
  }

  result<void> restart_node() override {
    if (!has_node_) return error{errc::refused, "this window is attached to a gateway that it did not start"};
    return node_.restart(clock_now());
  }

  result<void> show(const notify& what) override {
    if (notifier_.empty()) return error{errc::not_available, "notify-send is not installed (Debian package libnotify-bin)"};
    launch_plan plan;
    plan.arguments = {notifier_, "--app-name=TraderTerminal", "--icon=traderterminal", "--urgency=" + std::string(to_string(what.level)), "--",
                      what.title, without_markup(what.body)};
    auto pid = launch(plan); // reaped like every child
    if (!pid) return pid.error();
    return {};
  }

  void http(const http_request& what, http_client::reply done) override { http_.send(what, std::move(done)); }
  void log(const std::string& line) override { say(line); }

  shell_options options_;
  std::string origin_;
  signal_source signals_;
  file_descriptor lock_;
  http_client http_;
  supervised_node node_;
  bridge_desk desk_;
  browser_session session_;
  browser_process browser_;
  std::string notifier_;
  pid_t node_pid_ = 0;
  file_descriptor node_output_;
  bool has_node_ = false, was_browser_started_ = false, is_quitting_ = false, is_browser_lost_ = false;
  bool shows_replacement_ = false; ///< the main window shows the page that stands in for the terminal
  monotonic_time address_deadline_;
  std::optional<monotonic_time> term_at_, kill_at_;
  int exit_code_ = 0;
};

} // namespace

int run_shell(const shell_options& options) { return std::make_unique<shell>(options)->run(); }

int run_stop(const stop_options& options) {
  const auto token = stop_token(secret_store{options.secrets}, options.token_file, options.gateway);
  if (!token) return say(to_string(token.error())), 1;
  http_client http;
  std::optional<result<json>> answer;
  http.send(stop_request(options.gateway, options.what, *token), [&answer](const result<http_reply>& got) { answer = read_stop_reply(got); });
  std::vector<pollfd> none;
  while (!answer) http.poll(none, stop_deadline);
  if (!*answer) return say("emergency stop FAILED: " + to_string(answer->error())), 1;
  std::printf("%s\n", (*answer)->dump(2).c_str());
  return 0;
}

} // namespace tt::desktop
