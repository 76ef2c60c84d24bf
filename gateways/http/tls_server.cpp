#include "gateways/http/tls_server.hpp"

#include "gateways/http/pipeline.hpp"
#include "gateways/http/server.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <openssl/x509v3.h>
#include <spdlog/spdlog.h>

#include <set>
#include <thread>

namespace tt::gateway {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace net = boost::asio;
namespace ssl = boost::asio::ssl;
using tcp = net::ip::tcp;
using net_error = boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::seconds goodbye{2}; ///< for TLS to close

std::string text_of(const ASN1_STRING* from) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, from);
  std::string out = size > 0 ? std::string(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size)) : std::string{};
  OPENSSL_free(utf8);
  return out;
}

std::string name_part(const X509* certificate, int nid) {
  const auto* name = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  return at < 0 ? std::string{} : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::optional<peer_certificate> read_certificate(SSL* from) {
  const std::unique_ptr<X509, decltype(&X509_free)> shown{SSL_get1_peer_certificate(from), X509_free};
  if (!shown) return std::nullopt;
  peer_certificate out{name_part(shown.get(), NID_commonName), name_part(shown.get(), NID_organizationName), {}};
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(shown.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const auto* one = sk_GENERAL_NAME_value(names, i);
    if (one->type == GEN_EMAIL) out.emails.push_back(text_of(one->d.rfc822Name));
  }
  GENERAL_NAMES_free(names);
  return out;
}

class session;

/// What the sessions share; everything runs on the one thread of `context`.
struct shared_parts {
  shared_parts(const gateway_config& c, pipeline& r) : config(c), requests(r) {}
  const gateway_config config;
  pipeline& requests;
  net::io_context context{1};
  ssl::context keys{ssl::context::tls_server};
  std::set<std::shared_ptr<session>> open;
  bool stopping = false;
};

class session : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, std::shared_ptr<shared_parts> parts)
      : parts_(std::move(parts)), stream_(std::move(socket), parts_->keys), answer_timer_(parts_->context) {}

  void start() {
    net_error failed;
    const auto endpoint = socket().socket().remote_endpoint(failed);
    if (failed) return;
    const auto address = endpoint.address();
    peer_ = address.is_v6() && address.to_v6().is_v4_mapped() ? net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string()
                                                               : address.to_string();
    socket().socket().set_option(tcp::no_delay{true}, failed);
    parts_->open.insert(shared_from_this());
    // a chain that is not good does not end the handshake: the certificate just counts for nothing
    stream_.set_verify_callback([this](bool good, ssl::verify_context&) {
      chain_ = good && chain_ != chain::broken ? chain::good : chain::broken;
      return true;
    });
    socket().expires_after(parts_->config.timeouts.header);
    stream_.async_handshake(ssl::stream_base::server, [self = shared_from_this()](net_error bad) {
      if (bad) return self->close();
      if (self->chain_ == chain::good) self->certificate_ = read_certificate(self->stream_.native_handle());
      self->read_head(self->parts_->config.timeouts.header);
    });
  }

  void close() {
    net_error ignored;
    answer_timer_.cancel();
    socket().socket().shutdown(tcp::socket::shutdown_both, ignored);
    socket().close();
    parts_->open.erase(shared_from_this());
  }

private:
  enum class chain : std::uint8_t { unseen, good, broken };
  enum class after : std::uint8_t { keep_alive, close };

  beast::tcp_stream& socket() { return stream_.next_layer(); }

  void read_head(std::chrono::milliseconds within) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(max_head_bytes));
    parser_->body_limit(std::numeric_limits<std::int64_t>::max());
    socket().expires_after(within);
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](net_error failed, std::size_t) {
      if (failed == http::error::header_limit)
        return self->write(self->parts_->requests.refuse_malformed(make_error(431, "headers_too_large", "the request head may have at most 8192 bytes"), ""),
                           after::close);
      if (failed) return self->close();
      self->judge();
    });
  }

  void judge() {
    const auto& message = parser_->get();
    http_request head;
    head.method = parse_verb(std::string{message.method_string()});
    for (const auto& field : message) head.headers.add(std::string{field.name_string()}, std::string{field.value()});
    head.peer = peer_;
    head.link = peer_link::tls;
    head.certificate = certificate_;
    const std::string target{message.target()};
    if (message.count(http::field::transfer_encoding) > 0 && !parser_->chunked())
      return write(parts_->requests.refuse_malformed(make_error(400, "framing", "only Transfer-Encoding: chunked is understood"), target), after::close);
    if (auto fine = head.set_target(target); !fine)
      return write(parts_->requests.refuse_malformed(to_api_error(fine.error(), "path"), target), after::close);
    auto admission = parts_->requests.admit(std::move(head));
    call_ = admission.call;
    if (admission.refusal) return write(std::move(*admission.refusal), parser_->is_done() ? wanted() : after::close);
    if (admission.over != transport::http) return write(parts_->requests.refuse(call_, make_error(404, "not_found", "there is no stream on this port")), after::close);
    limit_ = admission.body_limit;
    parser_->body_limit(limit_);
    if (parser_->is_done()) return run();
    if (const auto length = parser_->content_length(); length && *length > limit_) return refuse_size();
    socket().expires_after(parts_->config.timeouts.body);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](net_error failed, std::size_t) {
      if (failed == http::error::body_limit) return self->refuse_size();
      if (failed) return self->close();
      self->run();
    });
  }

  void refuse_size() {
    write(parts_->requests.refuse(call_, make_error(413, "body_too_large", "the body may have at most " + std::to_string(limit_) + " bytes")), after::close);
  }

  void run() {
    socket().expires_never();
    const auto within = pipeline::context(call_).matched->answer_within;
    answer_timer_.expires_after(within.count() > 0 ? within : parts_->config.timeouts.answer);
    answer_timer_.async_wait([self = shared_from_this(), call = call_](net_error failed) {
      if (!failed) pipeline::expire(call);
    });
    // the answer may come on any thread, and long after this connection is gone
    parts_->requests.run(call_, std::move(parser_->get().body()), [weak = weak_from_this(), parts = parts_](http_response response) {
      net::dispatch(parts->context, [weak, response = std::move(response)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        self->answer_timer_.cancel();
        self->write(std::move(response), self->wanted());
      });
    });
  }

  [[nodiscard]] after wanted() const { return parser_->get().keep_alive() && !parts_->stopping ? after::keep_alive : after::close; }

  void write(http_response response, after next) {
    answer_ = {};
    answer_.result(static_cast<unsigned>(response.status));
    answer_.version(11);
    for (const auto& one : response.headers.all()) answer_.insert(one.name, one.value);
    answer_.body() = std::string(response.content());
    answer_.keep_alive(next == after::keep_alive);
    if (response.status != 204) answer_.prepare_payload();
    socket().expires_after(parts_->config.timeouts.write);
    http::async_write(stream_, answer_, [self = shared_from_this(), next](net_error failed, std::size_t) {
      self->call_.reset();
      if (failed) return self->close();
      if (next == after::keep_alive) return self->read_head(self->parts_->config.timeouts.idle);
      self->socket().expires_after(goodbye);
      self->stream_.async_shutdown([self](net_error) { self->close(); });
    });
  }

  std::shared_ptr<shared_parts> parts_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  net::steady_timer answer_timer_;
  beast::flat_buffer buffer_{128 * 1024};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  pipeline::exchange_ptr call_;
  std::string peer_;
  std::optional<peer_certificate> certificate_;
  std::uint64_t limit_ = 0;
  chain chain_ = chain::unseen;
};

} // namespace

struct tls_server::impl {
  impl(const gateway_config& config, tls_files f, pipeline& requests)
      : parts(std::make_shared<shared_parts>(config, requests)), files(std::move(f)), acceptor(parts->context), pause(parts->context) {}

  std::shared_ptr<shared_parts> parts;
  tls_files files;
  tcp::acceptor acceptor;
  net::steady_timer pause;
  std::optional<net::executor_work_guard<net::io_context::executor_type>> guard;
  std::thread thread;

  result<void> load() {
    auto& keys = parts->keys;
    net_error failed;
    const auto bad = [&](const std::string& file) { return error{errc::io_error, "can't use " + file + ": " + failed.message(), file}; };
    keys.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | ssl::context::no_compression, failed);
    keys.use_certificate_chain_file(files.cert, failed);
    if (failed) return bad(files.cert);
    keys.use_private_key_file(files.key, ssl::context::pem, failed);
    if (failed) return bad(files.key);
    keys.set_default_verify_paths(failed); // a machine without authorities trusts nobody
    if (!files.client_ca.empty()) {
      keys.load_verify_file(files.client_ca, failed);
      if (failed) return bad(files.client_ca);
    }
    keys.set_verify_mode(ssl::verify_peer, failed); // asks, and takes no for an answer
    // sessions that are taken up again would bring a certificate that was not looked at
    SSL_CTX_set_session_cache_mode(keys.native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(keys.native_handle(), SSL_OP_NO_TICKET);
    return {};
  }

  result<std::uint16_t> bind() {
    const auto& config = parts->config;
    net_error failed;
    auto address = net::ip::make_address(iequals(config.host, "localhost") ? std::string("127.0.0.1") : config.host, failed);
    if (failed) {
      tcp::resolver resolver{parts->context};
      const auto found = resolver.resolve(config.host, "", failed);
      if (failed || found.empty()) return error{errc::invalid_argument, "no address for \"" + config.host + "\""};
      address = found.begin()->endpoint().address();
    }
    const tcp::endpoint at{address, config.port};
    acceptor.open(at.protocol(), failed);
    if (!failed) acceptor.set_option(net::socket_base::reuse_address{true}, failed);
    if (!failed) acceptor.bind(at, failed);
    if (!failed) acceptor.listen(net::socket_base::max_listen_connections, failed);
    if (failed) return error{errc::not_available, "can't listen on " + config.host + ":" + std::to_string(config.port) + ": " + failed.message()};
    return acceptor.local_endpoint().port();
  }

  void accept() {
    acceptor.async_accept([this](net_error failed, tcp::socket socket) {
      if (failed == net::error::operation_aborted || parts->stopping) return;
      if (failed) {
        spdlog::warn("accept: {}", failed.message());
        pause.expires_after(accept_pause);
        pause.async_wait([this](net_error stopped) {
          if (!stopped) accept();
        });
        return;
      }
      if (parts->open.size() < max_tls_connections) std::make_shared<session>(std::move(socket), parts)->start();
      accept();
    });
  }
};

tls_server::tls_server(const gateway_config& config, tls_files files, pipeline& requests)
    : impl_(std::make_shared<impl>(config, std::move(files), requests)) {}

tls_server::~tls_server() { stop(); }

result<std::uint16_t> tls_server::start() {
  if (auto loaded = impl_->load(); !loaded) return loaded.error();
  auto port = impl_->bind();
  if (!port) return port;
  impl_->accept();
  impl_->guard.emplace(impl_->parts->context.get_executor());
  impl_->thread = std::thread{[one = impl_.get()] { one->parts->context.run(); }};
  return port;
}

void tls_server::stop() {
  if (!impl_->thread.joinable()) return;
  net::post(impl_->parts->context, [one = impl_.get()] {
    net_error ignored;
    one->parts->stopping = true;
    one->acceptor.close(ignored);
    one->pause.cancel();
    const auto open = one->parts->open;
    for (const auto& each : open) each->close();
    one->guard.reset();
  });
  impl_->thread.join();
}

} // namespace tt::gateway
