#include "cluster/webhooks/webhook_service.hpp"

#include "cluster/secret_token.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <charconv>
#include <filesystem>

namespace tt::cluster {

using namespace webhook;

namespace {

constexpr std::chrono::milliseconds farewell{1'500};

webhook_profile default_profile(const node_config& config, const account_id& account) {
  webhook_profile out;
  out.id = out.name = "default";
  out.account = account;
  out.source = profile_source::settings;
  out.freshness = std::chrono::seconds{config.webhooks.freshness_s};
  out.rules.ip_allow = config.webhooks.ip_allow;
  if (!config.webhooks.secret.empty()) out.rules.body_secret = digest_of(config.webhooks.secret, make_secret_token());
  return out;
}

void log_news(const webhook_news& news) {
  if (news.what == webhook_news::kind::missing)
    return spdlog::error("webhook profile {}: the expected alert is missing since {}", news.profile_name, to_iso8601(news.since));
  if (news.what == webhook_news::kind::arrived) return spdlog::info("webhook profile {}: alerts arrive again", news.profile_name);
  if (news.what == webhook_news::kind::withdrawn) return spdlog::info("webhook profile {}: the missing alert is not waited for any more", news.profile_name);
  const auto& event = news.event;
  spdlog::info("webhook {} of profile {}: {} {} {} {}", event.alert.str(), event.profile, printable(event.action), printable(event.symbol),
               tt::to_string(event.word.verdict), tt::to_string(event.word.reason));
}

} // namespace

standing_lookup standing_of(std::shared_ptr<const strategy::strategy_switch> switches) {
  return [switches = std::move(switches)](const strategy_id& id) -> std::optional<strategy_standing> {
    const auto state = switches->state_of(id);
    if (!state) return std::nullopt;
    strategy_standing out;
    if (!state->is_enabled()) out.now = strategy_standing::state::disabled;
    out.mode = state->mode == strategy::strategy_mode::live ? account_mode::live : account_mode::paper;
    const auto sizing = nlohmann::json::parse(state->sizing, nullptr, false);
    if (sizing.is_object() && sizing.contains("mode") && sizing["mode"] == "weight") out.sizing = quantity_kind::weight;
    return out;
  };
}

result<std::unique_ptr<webhook_service>> webhook_service::start(webhook_surroundings around) {
  auto kept_in = around.place.store("webhooks", "webhooks.sqlite");
  kept_in.access = file_access::owner_only; // it holds MAC keys
  auto journal = open_event_journal(kept_in, make_secret_token().substr(0, 16));
  if (!journal) return journal.error();
  auto options = std::make_shared<webhook_options>();
  options->journal = std::move(*journal);
  options->master = around.master;
  options->standing = around.standing;
  options->settings.fallback = default_profile(around.config, around.account);
  if (auto fine = check_profile(options->settings.fallback); !fine)
    return error{fine.error().code, fine.error().message, fine.error().field == "freshness_s" ? "WEBHOOK_FRESHNESS_S" : "WEBHOOK_IP_ALLOW"};
  options->settings.posts_per_minute = static_cast<std::uint32_t>(around.config.webhooks.per_minute);
  options->settings.burst = static_cast<std::uint32_t>(std::min(around.config.webhooks.per_minute, around.config.webhooks.burst));
  options->settings.failures_per_minute = static_cast<std::uint32_t>(around.config.rate_failed_auth);
  options->settings.make_token = make_secret_token;
  options->clock = around.clock;
  options->desk = around.desk;

  auto out = std::unique_ptr<webhook_service>(new webhook_service);
  options->on_news = [figures = out->figures_, watchers = out->watchers_, board = around.board](const webhook_news& news) {
    log_news(news);
    if (news.what == webhook_news::kind::missing) {
      figures->missing(1);
      if (board) board->post({"expected_alert_missing", "", "webhook profile " + news.profile_name + ": the expected alert is missing since " + to_iso8601(news.since)});
    } else if (news.what != webhook_news::kind::event) {
      figures->missing(-1);
    }
    watchers->tell(news);
  };
  options->on_fault = [figures = out->figures_](auth_fault fault, const std::string& client) {
    figures->fault(tt::to_string(fault));
    spdlog::warn("webhook: a post from {} was not authenticated: {}", printable(client), tt::to_string(fault));
  };
  options->on_failure = [](const error& why) { spdlog::error("webhook: {}", tt::to_string(why)); };
  options->on_recovery = [] { spdlog::info("webhook: the journal of alerts works again"); };
  gateway::webhook_limits limits;
  limits.posts_per_minute = options->settings.posts_per_minute;
  limits.burst = options->settings.burst;
  limits.freshness = options->settings.fallback.freshness;
  if (options->settings.fallback.rules.body_secret.is_set()) limits.secret = gateway::webhook_limits::secret_state::set;
  out->system_ = &around.system;
  out->receiver_ = around.system.spawn<caf::detached>(webhook_actor, std::shared_ptr<const webhook_options>(std::move(options)));
  out->port_ = std::make_unique<gateway::actor_webhook_port>(out->receiver_, limits, out->watchers_, out->figures_);
  return out;
}

webhook_service::~webhook_service() { stop(); }

void webhook_service::show_on(gateway::stream_service& stream, const std::function<utc_time()>& clock) {
  channel_ = std::make_unique<gateway::webhook_channel>(*port_, stream, clock);
}

void webhook_service::stop() {
  channel_.reset();
  auto ending = std::exchange(receiver_, nullptr);
  if (!ending) return;
  caf::scoped_actor self{*system_};
  self->monitor(ending);
  self->send_exit(ending, caf::exit_reason::user_shutdown);
  ending = nullptr;
  self->receive([](const caf::down_msg&) {}, caf::after(farewell) >> [] { spdlog::warn("the webhook receiver takes long to end"); });
}

result<std::optional<gateway::webhook_listener>> webhook_listener_of(const node_config& config) {
  const auto& text = config.webhooks.listen;
  if (text.empty()) return std::optional<gateway::webhook_listener>{};
  const error bad{errc::invalid_argument, "must be address:port, for example 0.0.0.0:443", "WEBHOOK_LISTEN"};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return bad;
  gateway::webhook_listener out;
  out.host = text.substr(0, colon);
  if (out.host.front() == '[' && out.host.back() == ']') out.host = out.host.substr(1, out.host.size() - 2);
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (code != std::errc{} || stop != end) return bad;
  if (config.webhooks.tls_cert.empty() != config.webhooks.tls_key.empty())
    return error{errc::invalid_argument, "certificate and key go together", "WEBHOOK_TLS_CERT"};
  out.cert = config.webhooks.tls_cert;
  out.key = config.webhooks.tls_key;
  out.client_ca = config.webhooks.client_ca;
  return std::optional{std::move(out)};
}

} // namespace tt::cluster
