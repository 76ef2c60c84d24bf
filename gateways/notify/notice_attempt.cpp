#include "gateways/notify/notice_attempt.hpp"

#include <boost/asio/ssl/host_name_verification.hpp>

#include <openssl/err.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>

namespace tt::gateway {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

/// Most that is read of an answer.
constexpr std::uint32_t max_answer_head = 16 * 1024;

std::string signature(std::string_view key, std::string_view body) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, &length);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "sha256=";
  for (unsigned i = 0; i < length; ++i) {
    out += digits[mac[i] >> 4];
    out += digits[mac[i] & 15];
  }
  return out;
}

bool comes_again(unsigned status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

std::string authority_of(const https_url& where) {
  const auto host = where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]";
  return where.port == 443 ? host : host + ":" + std::to_string(where.port);
}

} // namespace

notice_attempt::notice_attempt(asio::io_context& io, asio::ssl::context& tls, const outbound_rules& rules, https_url where)
  : rules_(rules), where_(std::move(where)), deadline_(io), stream_(io, tls) {}

void notice_attempt::prepare(const notice& what) {
  request_ = {what.method == notice_method::put ? http::verb::put : http::verb::post, where_.target, 11};
  request_.set(http::field::host, authority_of(where_));
  request_.set(http::field::user_agent, "TraderTerminal");
  request_.set(http::field::content_type, "application/json");
  request_.set(http::field::connection, "close");
  for (const auto& [name, value] : what.headers) request_.set(name, value);
  if (!what.signing_key.empty()) request_.set("X-Webhook-Signature", signature(what.signing_key, what.body));
  request_.body() = what.body;
  request_.prepare_payload();
  parser_.header_limit(max_answer_head);
}

void notice_attempt::run(const notice& what, const name_lookup& lookup, ended done) {
  done_ = std::move(done);
  prepare(what);
  deadline_.expires_after(what.timeout);
  deadline_.async_wait([me = shared_from_this()](auto cancelled) {
    if (!cancelled) me->fail(errc::timed_out, "did not answer in time", attempt_end::then::again);
  });
  beast::get_lowest_layer(stream_).expires_never(); // the deadline above counts for all steps
  if (where_.kind == https_url::host_kind::address) {
    boost::system::error_code none;
    return on_addresses({asio::ip::make_address(where_.host, none)});
  }
  // the timer keeps the attempt alive meanwhile; a late answer finds nobody
  lookup(where_.host, [weak = weak_from_this()](const std::vector<asio::ip::address>& found) {
    if (const auto me = weak.lock()) me->on_addresses(found);
  });
}

void notice_attempt::abort() { finish({0, error{errc::not_available, "the node stops"}, attempt_end::then::final, {}}); }

void notice_attempt::on_addresses(const std::vector<asio::ip::address>& found) {
  if (!done_) return; // the time was over
  if (found.empty()) return fail(errc::not_available, "is no name that can be found", attempt_end::then::again);
  // one address out of bounds and none is called: a name that shows different faces is not trusted
  for (const auto& address : found) {
    if (auto allowed = rules_.check(where_.host, address); !allowed) return finish({0, allowed.error(), attempt_end::then::final, {}});
    targets_.emplace_back(address, where_.port);
  }
  connect(0);
}

void notice_attempt::connect(std::size_t which) {
  if (which == targets_.size()) return fail(errc::not_available, "can't be reached", attempt_end::then::again);
  beast::get_lowest_layer(stream_).async_connect(targets_[which], [me = shared_from_this(), which](auto failed) {
    if (!me->done_) return;
    if (!failed) return me->shake_hands();
    // a socket stays of the family it was opened for: the next address may be of the other one
    beast::get_lowest_layer(me->stream_).close();
    me->connect(which + 1);
  });
}

void notice_attempt::shake_hands() {
  stream_.set_verify_callback(asio::ssl::host_name_verification(where_.host));
  if (where_.kind == https_url::host_kind::name && SSL_set_tlsext_host_name(stream_.native_handle(), where_.host.c_str()) != 1)
    return fail(errc::not_available, "can't be named in the handshake", attempt_end::then::final);
  stream_.async_handshake(asio::ssl::stream_base::client, [me = shared_from_this()](auto failed) {
    if (!me->done_) return;
    if (!failed) return me->write();
    const auto verdict = SSL_get_verify_result(me->stream_.native_handle());
    if (verdict != X509_V_OK || ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED)
      return me->fail(errc::not_available,
                      "shows a certificate that is not trusted" + (verdict == X509_V_OK ? std::string{} : std::string(": ") + X509_verify_cert_error_string(verdict)),
                      attempt_end::then::final);
    me->fail(errc::not_available, "breaks the handshake off: " + failed.message(), attempt_end::then::again);
  });
}

void notice_attempt::write() {
  http::async_write(stream_, request_, [me = shared_from_this()](auto failed, std::size_t) {
    if (!me->done_) return;
    failed ? me->fail(errc::not_available, "breaks the connection off: " + failed.message(), attempt_end::then::again) : me->read();
  });
}

void notice_attempt::read() {
  http::async_read_header(stream_, buffer_, parser_, [me = shared_from_this()](auto failed, std::size_t) {
    if (!me->done_) return;
    failed ? me->fail(errc::not_available, "gives no answer that can be read: " + failed.message(), attempt_end::then::again) : me->on_answer();
  });
}

void notice_attempt::on_answer() {
  attempt_end end;
  end.status = parser_.get().result_int();
  if (end.status >= 200 && end.status < 300) return finish(std::move(end));
  const auto what = end.status >= 300 && end.status < 400 ? " (redirects are not followed)" : "";
  end.failed = error{errc::refused, where_.host + " answers " + std::to_string(end.status) + what, "webhook_url"};
  if (comes_again(end.status)) end.next = attempt_end::then::again;
  const auto asked = parser_.get()[http::field::retry_after];
  std::int64_t seconds = 0;
  std::from_chars(asked.data(), asked.data() + asked.size(), seconds);
  const std::int64_t most = std::chrono::seconds{max_retry_delay}.count();
  end.asked_delay = std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, most)};
  finish(std::move(end));
}

void notice_attempt::fail(errc code, const std::string& why, attempt_end::then next) {
  finish({0, error{code, where_.host + " " + why, "webhook_url"}, next, {}});
}

void notice_attempt::finish(attempt_end end) {
  if (!done_) return;
  deadline_.cancel();
  // no orderly farewell: the answer is here, and a peer that does not close must not hold us
  beast::get_lowest_layer(stream_).close();
  std::exchange(done_, nullptr)(std::move(end));
}

} // namespace tt::gateway
