#include "ui-bridge/desktop/node/supervised_node.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/browser/session.hpp"

#include <algorithm>
#include <csignal>

namespace tt::desktop {

std::string_view to_string(node_state state) noexcept {
  switch (state) {
  case node_state::starting: return "starting";
  case node_state::ready: return "ready";
  case node_state::stopping: return "stopping";
  case node_state::ended: return "ended";
  }
  return "ended";
}

std::optional<std::string> address_in(std::string_view line) {
  constexpr std::string_view begin = "TraderTerminal ", mark = " is running: ";
  const auto at = line.find(mark);
  if (!line.starts_with(begin) || at == std::string_view::npos) return std::nullopt;
  auto origin = origin_of(line.substr(at + mark.size()));
  return origin.empty() ? std::nullopt : std::optional{std::move(origin)};
}

supervised_node::supervised_node(node_host& host) : host_(host), restarts_(max_restarts_per_minute, std::chrono::minutes{1}) {}

void supervised_node::change(node_state to) {
  state_ = to;
  host_.on_node_changed();
}

void supervised_node::start(monotonic_time now) {
  reason_.clear();
  origin_.clear();
  partial_.clear();
  log_.clear();
  kill_at_.reset();
  is_restarting_ = is_asking_ = false;
  next_ask_ = now;
  ++launch_;
  if (auto launched = host_.launch_node(); !launched) {
    reason_ = to_string(launched.error());
    return change(node_state::ended);
  }
  change(node_state::starting);
}

void supervised_node::on_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    partial_.append(piece.substr(0, max_log_line_bytes - std::min(max_log_line_bytes, partial_.size())));
    if (end == std::string_view::npos) return;
    on_line(std::move(partial_));
    partial_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void supervised_node::on_line(std::string line) {
  auto address = state_ == node_state::starting && origin_.empty() ? address_in(line) : std::nullopt;
  log_.push_back(std::move(line));
  if (log_.size() > max_log_lines) log_.pop_front();
  if (!address) return;
  origin_ = std::move(*address);
  host_.on_node_changed();
}

void supervised_node::on_ready_answer(std::uint64_t launch, bool is_ready, monotonic_time now) {
  if (launch != launch_) return;
  is_asking_ = false;
  next_ask_ = now + ready_poll;
  if (state_ == node_state::starting && is_ready) change(node_state::ready);
}

void supervised_node::on_end(const std::string& how, monotonic_time now) {
  if (!partial_.empty()) on_line(std::exchange(partial_, {}));
  if (is_restarting_) return start(now);
  reason_ = state_ == node_state::stopping ? std::string{} : how;
  kill_at_.reset();
  change(node_state::ended);
}

void supervised_node::on_time(monotonic_time now) {
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    host_.signal_node(SIGKILL);
  }
  if (state_ == node_state::starting && !origin_.empty() && !is_asking_ && next_ask_ && now >= *next_ask_) {
    is_asking_ = true;
    host_.ask_ready(origin_, launch_);
  }
}

std::optional<monotonic_time> supervised_node::due() const {
  std::optional<monotonic_time> out = kill_at_;
  if (state_ == node_state::starting && !origin_.empty() && !is_asking_ && next_ask_) out = out ? std::min(*out, *next_ask_) : *next_ask_;
  return out;
}

void supervised_node::stop(monotonic_time now) {
  is_restarting_ = false;
  if (state_ == node_state::ended || state_ == node_state::stopping) return;
  kill_at_ = now + end_deadline;
  host_.signal_node(SIGTERM);
  change(node_state::stopping);
}

result<void> supervised_node::restart(monotonic_time now) {
  if (state_ == node_state::stopping) return error{errc::conflict, "the node is being stopped"};
  if (!restarts_.take(now))
    return error{errc::limit_exceeded, "the node was restarted " + std::to_string(max_restarts_per_minute) + " times within a minute"};
  if (state_ == node_state::ended) {
    start(now);
    return {};
  }
  stop(now);
  is_restarting_ = true;
  return {};
}

} // namespace tt::desktop
