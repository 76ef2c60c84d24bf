#include "ui-bridge/desktop/bridge/desk.hpp"

#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/gateway_stop.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"

namespace tt::desktop {

using nlohmann::json;

namespace {

json error_json(const error& e) {
  json out{{"code", to_string(e.code)}, {"message", to_string(e)}};
  if (!e.field.empty()) out["field"] = e.field;
  return out;
}

json answer_json(std::int64_t id, const result<json>& got) {
  if (got) return {{"id", id}, {"ok", true}, {"value", *got}};
  return {{"id", id}, {"ok", false}, {"error", error_json(got.error())}};
}

/// Success without a value is null for the page.
result<json> as_json(const result<void>& got) {
  if (!got) return got.error();
  return json{};
}

} // namespace

bridge_desk::bridge_desk(desk_host& host, std::filesystem::path exports, std::filesystem::path secrets, std::filesystem::path token_file)
    : host_(host), exports_(std::move(exports)), token_file_(std::move(token_file)), secrets_(std::move(secrets)),
      calls_(max_calls_per_second, std::chrono::seconds{1}), notifications_(max_notifications_per_minute, std::chrono::minutes{1}),
      rejections_(max_rejections_logged_per_minute, std::chrono::minutes{1}) {}

void bridge_desk::log_rejected(const std::string& why, monotonic_time now) {
  if (!rejections_.take(now)) {
    ++unlogged_;
    return;
  }
  host_.log("rejected: " + why + (unlogged_ > 0 ? " (and " + std::to_string(unlogged_) + " more before it)" : ""));
  unlogged_ = 0;
}

void bridge_desk::on_call(browser_session& session, const caller& from, const std::string& payload, monotonic_time now) {
  const auto parsed = parse_request(payload);
  if (const auto* wrong = std::get_if<rejected_message>(&parsed)) {
    log_rejected(to_string(wrong->why), now);
    if (wrong->id) session.answer(from, answer_json(*wrong->id, wrong->why));
    return;
  }
  const auto& request = std::get<bridge_request>(parsed);
  const bool is_stop = std::holds_alternative<emergency_stop>(request.command); // stopping is never held up
  if (!is_stop && (!calls_.take(now) || in_flight_ >= max_calls_in_flight)) {
    log_rejected("too many calls of " + std::string(method_of(request.command)), now);
    return session.answer(from, answer_json(request.id, error{errc::limit_exceeded, "too many calls"}));
  }
  ++in_flight_;
  carry_out(session, from, request.command, now, [this, &session, from, id = request.id](const result<json>& got) {
    --in_flight_;
    session.answer(from, answer_json(id, got));
  });
}

void bridge_desk::carry_out(browser_session& session, const caller& from, const bridge_command& what, monotonic_time now, const done& answer) {
  if (std::holds_alternative<ask_window>(what)) return session.read_window(from.session, answer);
  if (const auto* how = std::get_if<set_window>(&what)) return session.change_window(from.session, *how, answer);
  if (const auto* stop = std::get_if<emergency_stop>(&what)) return stop_trading(*stop, answer);
  answer(answer_now(what, now));
  if (std::holds_alternative<close_window>(what)) session.close_page(from.session);
}

result<json> bridge_desk::answer_now(const bridge_command& what, monotonic_time now) {
  const auto& origin = host_.gateway();
  if (std::holds_alternative<ask_app_info>(what)) return host_.app_info();
  if (std::holds_alternative<restart_node>(what)) return as_json(host_.restart_node());
  if (const auto* message = std::get_if<notify>(&what)) {
    if (!notifications_.take(now)) return error{errc::limit_exceeded, "too many notifications within a minute"};
    return as_json(host_.show(*message));
  }
  if (const auto* file = std::get_if<save_file>(&what)) {
    const auto path = write_new_file(exports_, file->name, file->bytes);
    if (!path) return path.error();
    host_.log("saved " + *path);
    return json{{"path", *path}, {"bytes", file->bytes.size()}};
  }
  if (const auto* secret = std::get_if<secret_get>(&what)) {
    const auto value = secrets_.get(origin, secret->name);
    if (!value) return value.error();
    return json(*value);
  }
  if (const auto* secret = std::get_if<secret_set>(&what)) return as_json(secrets_.set(origin, secret->name, secret->value));
  if (const auto* secret = std::get_if<secret_delete>(&what)) return as_json(secrets_.remove(origin, secret->name));
  if (std::holds_alternative<secret_names>(what)) {
    const auto names = secrets_.names(origin);
    if (!names) return names.error();
    return json(*names);
  }
  return json{};
}

void bridge_desk::stop_trading(const emergency_stop& what, const done& answer) {
  const auto token = stop_token(secrets_, token_file_, host_.gateway());
  if (!token) return answer(token.error());
  host_.log("emergency stop (" + std::string(to_string(what.mode)) + ") asked for by the page");
  host_.http(stop_request(host_.gateway(), what, *token), [this, answer](const result<http_reply>& got) {
    const auto reply = read_stop_reply(got);
    host_.log(reply ? "emergency stop: the gateway has stopped trading" : "emergency stop FAILED: " + to_string(reply.error()));
    answer(reply);
  });
}

} // namespace tt::desktop
