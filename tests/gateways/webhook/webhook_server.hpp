#pragma once

// A whole receiver behind a real gateway on loopback: journal on disk, actor, routes.
// The accounts are an order desk that keeps what it is asked.

#include "actors/alerts/webhook/webhook_actor.hpp"
#include "gateways/trading_port.hpp"
#include "gateways/bridge/actor_webhook_port.hpp"
#include "gateways/gateway.hpp"
#include "tests/gateways/support/scripted_market.hpp"
#include "tests/support/scripted_order_desk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <random>
#include <string>

namespace tt::gateway::test {

struct http_reply {
  int status = 0;
  std::string head, body;
};

/// One connection to loopback that can be used again and again; status 0: no answer.
class http_line {
public:
  explicit http_line(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    is_open_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~http_line() { close(socket_); }
  http_line(const http_line&) = delete;
  http_line& operator=(const http_line&) = delete;

  [[nodiscard]] bool put(const std::string& bytes) { return is_open_ && send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()); }
  http_reply ask(const std::string& method, const std::string& target, const std::string& body = {}, const std::string& headers = {}) {
    const auto text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (!put(text)) return {};
    return read();
  }
  http_reply read() {
    http_reply out;
    std::size_t end = 0;
    while ((end = seen_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return out;
    out.head = seen_.substr(0, end);
    const auto at = out.head.find("Content-Length: ");
    const auto size = at == std::string::npos ? 0 : std::stoul(out.head.substr(at + 16));
    while (seen_.size() < end + 4 + size)
      if (!more()) return out;
    out.body = seen_.substr(end + 4, size);
    seen_.erase(0, end + 4 + size);
    out.status = std::atoi(out.head.c_str() + 9);
    return out;
  }

private:
  bool more() {
    char buffer[16384];
    const auto n = recv(socket_, buffer, sizeof buffer, 0);
    if (n > 0) seen_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  int socket_;
  bool is_open_ = false;
  std::string seen_;
};

/// A port with one paper account and one live one, and nothing else.
class two_accounts final : public trading_port {
public:
  result<account_id> default_account() const override { return account_id{"paper_simulator"}; }
  void accounts(const trading_caller&, reply<std::vector<account_snapshot>> done) override {
    std::vector<account_snapshot> out(2);
    out[0].profile.id = account_id{"paper_simulator"};
    out[1].profile.id = account_id{"real"};
    out[1].profile.mode = account_mode::live;
    done(out);
  }
  void positions(const trading_caller&, std::optional<account_id>, reply<std::vector<position_snapshot>> done) override { done(none()); }
  void orders(const trading_caller&, order_filter, reply<std::vector<order_snapshot>> done) override { done(none()); }
  void order_of(const trading_caller&, order_name, reply<order_snapshot> done) override { done(none()); }
  void executions(const trading_caller&, order_filter, reply<std::vector<execution_snapshot>> done) override { done(none()); }
  void place(const trading_caller&, place_order, reply<placed_order> done) override { done(none()); }
  void preview(const trading_caller&, order_request, reply<order_preview> done) override { done(none()); }
  void change(const trading_caller&, order_name, order_change, reply<order_snapshot> done) override { done(none()); }
  void cancel(const trading_caller&, order_name, reply<cancelled_order> done) override { done(none()); }
  void cancel_all(const trading_caller&, order_filter, reply<std::vector<order_id>> done) override { done(none()); }
  void close(const trading_caller&, close_request, reply<closed_positions> done) override { done(none()); }
  void risk_state(const trading_caller&, std::optional<account_id>, reply<risk_snapshot> done) override { done(none()); }
  void set_limits(const trading_caller&, risk::limit_change, reply<std::uint64_t> done) override { done(none()); }
  void stop(const trading_caller&, stop_request, reply<stopped> done) override { done(none()); }
  void ask_resume(const trading_caller&, std::string, reply<resume_question> done) override { done(none()); }
  void resume(const trading_caller&, std::string, reply<std::uint64_t> done) override { done(none()); }

private:
  static error none() { return {errc::not_available, "this port has accounts only"}; }
};

/// How a server is set up.
struct webhook_setup {
  std::string secret = {};
  std::vector<std::string> ip_allow = {}, trusted_proxies = {};
  std::optional<webhook_listener> listener = {};
  std::uint32_t posts_per_minute = 0;        ///< 0: no limit
  std::uint32_t failures_per_minute = 0;
  feature paper_trading = feature::enabled;
};

class webhook_server {
public:
  explicit webhook_server(webhook_setup setup = {}, const std::string& folder = {})
      : system_(caf_settings()), desk(std::make_shared<tt::test::scripted_order_desk>()) {
    auto loaded = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
    auto options = std::make_shared<webhook::webhook_options>();
    auto journal = webhook::open_event_journal((folder.empty() ? own_.path() : folder) + "/webhooks.sqlite", random_hex(16));
    if (!loaded || !journal) return;
    options->journal = std::move(*journal);
    options->master = std::make_shared<const instrument_master>(std::move(*loaded));
    auto& settings = options->settings;
    settings.fallback.id = settings.fallback.name = "default";
    settings.fallback.account = account_id{"paper_simulator"};
    settings.fallback.source = webhook::profile_source::settings;
    settings.fallback.rules.ip_allow = setup.ip_allow;
    if (!setup.secret.empty()) settings.fallback.rules.body_secret = webhook::digest_of(setup.secret, "salt");
    settings.posts_per_minute = setup.posts_per_minute;
    settings.failures_per_minute = setup.failures_per_minute;
    settings.make_token = [] { return random_hex(32); };
    options->clock = [] { return utc_time{std::chrono::system_clock::now()}; };
    options->desk = desk;
    const auto watchers = std::make_shared<webhook_watchers>();
    options->on_news = [watchers](const webhook::webhook_news& news) { watchers->tell(news); };
    receiver_ = system_.spawn<caf::detached>(webhook::webhook_actor, std::shared_ptr<const webhook::webhook_options>(options));
    port = std::make_unique<actor_webhook_port>(receiver_, webhook_limits{}, watchers, std::make_shared<webhook_metrics>());
    gateway_config config;
    config.host = "127.0.0.1";
    config.port = 0;
    config.limits = {};
    config.trusted_proxies = setup.trusted_proxies;
    config.max_connections = 4096;
    config.webhooks = setup.listener;
    config.paper_trading = setup.paper_trading;
    server_ = std::make_unique<gateway>(config, market_, options->clock, nullptr);
    server_->receive_webhooks(*port);
    server_->show_trading(accounts_);
    auto bound = server_->start();
    if (bound) http = *bound;
    listen = server_->webhook_listen_port();
  }
  ~webhook_server() {
    if (server_) server_->stop();
    caf::scoped_actor self{system_};
    if (receiver_) {
      self->monitor(receiver_);
      self->send_exit(receiver_, caf::exit_reason::user_shutdown);
      self->receive([](const caf::down_msg&) {});
    }
  }
  webhook_server(const webhook_server&) = delete;
  webhook_server& operator=(const webhook_server&) = delete;

  /// A post to the default profile on a connection of its own.
  http_reply post(const std::string& body, const std::string& headers = {}) { return http_line{http}.ask("POST", "/webhook/tradingview", body, headers); }
  /// Waits until the receiver has done all it was told; its own questions to the desk are answered at once.
  void wait() {
    for (int i = 0; i < 5; ++i) {
      std::promise<void> done;
      port->events({.limit = 1}, [&](const auto&) { done.set_value(); });
      done.get_future().wait();
    }
  }
  template <class T, class Ask>
  result<T> ask(Ask how) {
    std::promise<result<T>> got;
    how([&](result<T> answer) { got.set_value(std::move(answer)); });
    return got.get_future().get();
  }
  std::vector<webhook::webhook_event> events() {
    return *ask<std::vector<webhook::webhook_event>>([&](auto done) { port->events({.limit = 500}, done); });
  }

private:
  static caf::actor_system_config& caf_settings() {
    static caf::actor_system_config settings;
    return settings;
  }
  static std::string random_hex(std::size_t digits) {
    static std::atomic<unsigned> calls{0};
    std::mt19937_64 dice{std::random_device{}() + calls++};
    std::string out;
    while (out.size() < digits) out += "0123456789abcdef"[dice() % 16];
    return out;
  }

  tt::test::temporary_folder own_;
  caf::actor_system system_;
  scripted_market market_;
  two_accounts accounts_;
  caf::actor receiver_;
  std::unique_ptr<gateway> server_;

public:
  std::shared_ptr<tt::test::scripted_order_desk> desk;
  std::unique_ptr<actor_webhook_port> port;
  std::uint16_t http = 0, listen = 0;
};

} // namespace tt::gateway::test
