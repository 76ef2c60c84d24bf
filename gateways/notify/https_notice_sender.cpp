#include "gateways/notify/https_notice_sender.hpp"

#include "gateways/notify/notice_attempt.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <netdb.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace tt::gateway {

namespace {

namespace asio = boost::asio;

/// Questions to the system's resolver that are open at once; further ones are told that there is no address.
constexpr int max_lookups = 16;

error bad(std::string message, std::string field) { return {errc::invalid_argument, std::move(message), std::move(field)}; }

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

bool is_own_header(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array<std::string_view, 8> own{"host", "content-length", "connection", "transfer-encoding", "expect", "upgrade", "te", "trailer"};
  return std::ranges::find(own, std::string_view{name}) != own.end();
}

result<void> check_notice(const notice& what) {
  if (what.body.size() > max_notice_body) return error{errc::invalid_argument, "at most " + std::to_string(max_notice_body) + " bytes", "body"};
  if (what.headers.size() > max_notice_headers) return bad("at most " + std::to_string(max_notice_headers) + " headers", "headers");
  std::size_t bytes = 0;
  for (const auto& [name, value] : what.headers) {
    bytes += name.size() + value.size();
    if (!is_token(name)) return bad(in_quotes(name) + " is no name of a header", "headers");
    if (is_own_header(name)) return bad(name + " is set by the sender", "headers." + name);
    if (std::ranges::any_of(value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }))
      return bad("holds control characters", "headers." + name);
  }
  if (bytes > max_notice_header_bytes) return bad("at most " + std::to_string(max_notice_header_bytes) + " bytes", "headers");
  if (what.timeout < std::chrono::milliseconds{100} || what.timeout > std::chrono::seconds{60}) return bad("must be from 100 ms to 60 s", "timeout");
  if (what.retries > 10) return bad("must be at most 10", "retries");
  if (what.retry_delay < std::chrono::milliseconds{0} || what.retry_delay > max_retry_delay) return bad("must be at most 5 minutes", "retry_delay");
  return {};
}

std::vector<asio::ip::address> ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  std::vector<asio::ip::address> out;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return out;
  for (const auto* at = found; at != nullptr; at = at->ai_next) {
    asio::ip::tcp::endpoint end;
    if (at->ai_addrlen > end.capacity()) continue;
    std::memcpy(end.data(), at->ai_addr, at->ai_addrlen);
    out.push_back(end.address());
  }
  freeaddrinfo(found);
  return out;
}

} // namespace

name_lookup system_lookup() {
  const auto open = std::make_shared<std::atomic<int>>(0);
  return [open](std::string host, std::function<void(std::vector<asio::ip::address>)> found) {
    if (open->fetch_add(1) >= max_lookups) {
      open->fetch_sub(1);
      return found({});
    }
    // on its own: a name server that is silent must hold up neither the sender nor the end of the node
    std::thread([open, host = std::move(host), found = std::move(found)] {
      auto addresses = ask_system(host);
      open->fetch_sub(1);
      found(std::move(addresses));
    }).detach();
  };
}

/// All members but the counters and `stop` work on the context's thread.
class https_notice_sender::impl : public std::enable_shared_from_this<impl> {
public:
  impl(outbound_rules rules, name_lookup lookup) : rules_(std::move(rules)), lookup_(std::move(lookup)) {}

  result<void> trust(const std::string& ca_file) {
    boost::system::error_code failed;
    tls_.set_default_verify_paths(failed);
    if (failed) return error{errc::not_available, "the system's certificates can't be read: " + failed.message()};
    if (!ca_file.empty()) tls_.load_verify_file(ca_file, failed);
    if (failed) return error{errc::io_error, "can't read certificates from " + ca_file + ": " + failed.message(), "NOTICE_CA_FILE"};
    tls_.set_verify_mode(asio::ssl::verify_peer);
    if (SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_2_VERSION) != 1) return error{errc::not_available, "TLS 1.2 is not available"};
    return {};
  }
  void start() {
    thread_ = std::thread([this] { io_.run(); });
  }
  void stop();
  void take(notice what, https_url where, reply done);
  [[nodiscard]] const outbound_rules& rules() const { return rules_; }
  [[nodiscard]] counters figures() const { return {delivered_, failed_, retried_, queued_}; }

private:
  struct job {
    notice what;
    https_url where;
    reply done;
    unsigned attempts = 0;
    std::weak_ptr<notice_attempt> attempt; ///< under way
    std::unique_ptr<asio::steady_timer> rest; ///< before a retry
    enum class state : std::uint8_t { waits, runs, rests } now = state::waits;
  };
  using place = std::list<job>::iterator;

  void run_next();
  void run(place at);
  void on_end(place at, attempt_end end);
  void rest(place at, std::chrono::milliseconds pause);
  void finish(place at, result<notice_receipt> outcome);
  void abandon();
  name_lookup lookup_here();

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> stays_{io_.get_executor()};
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  const outbound_rules rules_;
  const name_lookup lookup_;
  std::list<job> jobs_;
  std::size_t running_ = 0;
  std::map<std::string, std::size_t> running_at_; ///< by host
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::uint64_t> delivered_{0}, failed_{0}, retried_{0};
  std::atomic<bool> stopped_{false};
  std::mutex stopping_;
  std::thread thread_;
};

void https_notice_sender::impl::take(notice what, https_url where, reply done) {
  const std::lock_guard lock{stopping_}; // after stop() nobody would run it
  if (stopped_) return done(error{errc::not_available, "the node stops"});
  if (queued_.fetch_add(1) >= max_notices) {
    queued_.fetch_sub(1);
    return done(error{errc::limit_exceeded, "more than " + std::to_string(max_notices) + " notices wait to be sent"});
  }
  asio::post(io_, [me = shared_from_this(), one = std::make_shared<job>(job{std::move(what), std::move(where), std::move(done), 0, {}, {}, job::state::waits})] {
    me->jobs_.push_back(std::move(*one));
    me->run_next();
  });
}

void https_notice_sender::impl::run_next() {
  if (stopped_) return;
  for (auto at = jobs_.begin(); at != jobs_.end() && running_ < max_running_notices;) {
    const auto next = std::next(at);
    if (at->now == job::state::waits && running_at_[at->where.host] < max_running_per_host) run(at);
    at = next;
  }
}

void https_notice_sender::impl::run(place at) {
  at->now = job::state::runs;
  ++at->attempts;
  ++running_;
  ++running_at_[at->where.host];
  const auto attempt = std::make_shared<notice_attempt>(io_, tls_, rules_, at->where);
  at->attempt = attempt;
  // from the loop, so that an attempt that ends at once does not change the list under run_next
  asio::post(io_, [me = shared_from_this(), attempt, at] {
    if (me->stopped_) return me->on_end(at, {0, error{errc::not_available, "the node stops"}, attempt_end::then::final, {}});
    attempt->run(at->what, me->lookup_here(), [me, at](attempt_end end) { me->on_end(at, std::move(end)); });
  });
}

/// The look-up, with its answer brought onto the context's thread while that is there.
name_lookup https_notice_sender::impl::lookup_here() {
  return [weak = weak_from_this(), lookup = lookup_](std::string host, std::function<void(std::vector<asio::ip::address>)> found) {
    lookup(std::move(host), [weak, found = std::move(found)](std::vector<asio::ip::address> addresses) {
      if (const auto me = weak.lock()) asio::post(me->io_, [found, addresses = std::move(addresses)] { found(addresses); });
    });
  };
}

void https_notice_sender::impl::on_end(place at, attempt_end end) {
  --running_;
  if (const auto host = running_at_.find(at->where.host); --host->second == 0) running_at_.erase(host);
  if (!end.failed) {
    finish(at, notice_receipt{end.status, at->attempts});
  } else if (end.next == attempt_end::then::again && at->attempts <= at->what.retries && !stopped_) {
    auto pause = at->what.retry_delay;
    for (unsigned i = 1; i < at->attempts; ++i) pause = std::min<std::chrono::milliseconds>(pause * 2, max_retry_delay);
    rest(at, std::max<std::chrono::milliseconds>(pause, end.asked_delay));
  } else {
    if (at->attempts > 1) end.failed->message += " (after " + std::to_string(at->attempts) + " attempts)";
    finish(at, *end.failed);
  }
  run_next();
}

void https_notice_sender::impl::rest(place at, std::chrono::milliseconds pause) {
  ++retried_;
  at->now = job::state::rests;
  at->rest = std::make_unique<asio::steady_timer>(io_, pause);
  at->rest->async_wait([me = shared_from_this(), at](auto cancelled) {
    if (cancelled || me->stopped_) return; // the list may be gone
    at->now = job::state::waits;
    me->run_next();
  });
}

void https_notice_sender::impl::finish(place at, result<notice_receipt> outcome) {
  ++(outcome ? delivered_ : failed_);
  const auto done = std::move(at->done);
  jobs_.erase(at);
  queued_.fetch_sub(1);
  done(std::move(outcome));
}

/// Everything gets its answer.
void https_notice_sender::impl::abandon() {
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto next = std::next(at);
    if (at->now != job::state::runs) finish(at, error{errc::not_available, "the node stops"});
    else if (const auto attempt = at->attempt.lock()) attempt->abort();
    at = next;
  }
}

void https_notice_sender::impl::stop() {
  {
    const std::lock_guard lock{stopping_};
    if (stopped_.exchange(true)) return;
    asio::post(io_, [me = shared_from_this()] { me->abandon(); });
  }
  stays_.reset();
  if (thread_.joinable()) thread_.join();
}

result<std::unique_ptr<https_notice_sender>> https_notice_sender::make(notify_config config) {
  auto rules = outbound_rules::parse(config.allowed);
  if (!rules) return rules.error();
  auto parts = std::make_shared<impl>(std::move(*rules), config.lookup ? std::move(config.lookup) : system_lookup());
  if (auto trusted = parts->trust(config.ca_file); !trusted) return trusted.error();
  parts->start();
  return std::unique_ptr<https_notice_sender>(new https_notice_sender(std::move(parts)));
}

https_notice_sender::~https_notice_sender() { stop(); }

void https_notice_sender::stop() { impl_->stop(); }

https_notice_sender::counters https_notice_sender::figures() const { return impl_->figures(); }

result<void> https_notice_sender::check(std::string_view url) const {
  auto where = parse_https_url(url);
  if (!where) return where.error();
  if (where->kind == https_url::host_kind::address) return impl_->rules().check(where->host, asio::ip::make_address(where->host));
  // names that mean this machine, whatever a name server says
  const bool is_local = where->host == "localhost" || where->host.ends_with(".localhost");
  if (is_local && !impl_->rules().lists(where->host))
    return error{errc::refused, where->host + " is this machine; notices go to public addresses and those in NOTICE_ALLOW only", "webhook_url"};
  return {};
}

void https_notice_sender::send(notice what, reply done) {
  if (auto fine = check(what.url); !fine) return done(fine.error());
  if (auto fine = check_notice(what); !fine) return done(fine.error());
  impl_->take(std::move(what), *parse_https_url(what.url), std::move(done));
}

} // namespace tt::gateway
