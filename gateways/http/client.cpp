#include "gateways/http/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <optional>

namespace tt::gateway {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

/// Host and port of "http://host:port/"; port 80 where none is given.
std::optional<std::pair<std::string, std::string>> host_and_port(std::string_view base) {
  constexpr std::string_view scheme = "http://";
  if (!base.starts_with(scheme)) return std::nullopt;
  base.remove_prefix(scheme.size());
  if (const auto slash = base.find('/'); slash != std::string_view::npos) base = base.substr(0, slash);
  const auto bracket = base.rfind(']');
  const auto colon = base.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = base.substr(0, colon);
  const auto port = colon == std::string_view::npos ? std::string_view{"80"} : base.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || port.empty()) return std::nullopt;
  return std::pair{std::string(host), std::string(port)};
}

/// One exchange, as steps that follow each other on one thread.
class exchange {
public:
  exchange(std::chrono::milliseconds deadline) : resolver_(io_), stream_(io_) { stream_.expires_after(deadline); }

  boost::system::error_code run(const std::string& host, const std::string& port, const http_call& call) {
    request_ = {verb_of(call.verb), call.path, 11};
    request_.set(http::field::host, host + ":" + port);
    request_.set(http::field::connection, "close");
    if (!call.token.empty()) request_.set(http::field::authorization, "Bearer " + call.token);
    if (call.verb != http_call::verb_t::get && call.verb != http_call::verb_t::remove) {
      request_.set(http::field::content_type, "application/json");
      request_.body() = call.body;
    }
    request_.prepare_payload();
    parser_.body_limit(max_client_body);
    resolver_.async_resolve(host, port, [this](auto failed, const auto& found) { failed ? finish(failed) : connect(found); });
    io_.run();
    return outcome_;
  }
  [[nodiscard]] http_reply take() { return {parser_.get().result_int(), std::move(parser_.get().body())}; }

private:
  static http::verb verb_of(http_call::verb_t v) {
    switch (v) {
    case http_call::verb_t::post: return http::verb::post;
    case http_call::verb_t::remove: return http::verb::delete_;
    case http_call::verb_t::put: return http::verb::put;
    case http_call::verb_t::patch: return http::verb::patch;
    default: return http::verb::get;
    }
  }
  void finish(boost::system::error_code what) { outcome_ = what; }
  void connect(const asio::ip::tcp::resolver::results_type& found) {
    stream_.async_connect(found, [this](auto failed, const auto&) { failed ? finish(failed) : write(); });
  }
  void write() {
    http::async_write(stream_, request_, [this](auto failed, std::size_t) { failed ? finish(failed) : read(); });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_, [this](auto failed, std::size_t) { finish(failed); });
  }

  asio::io_context io_{1};
  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  boost::system::error_code outcome_;
};

} // namespace

result<http_reply> http_get(const std::string& base, const std::string& path, std::chrono::milliseconds deadline) {
  return http_ask(base, {http_call::verb_t::get, path}, deadline);
}

result<http_reply> http_ask(const std::string& base, const http_call& call, std::chrono::milliseconds deadline) {
  const auto where = host_and_port(base);
  if (!where) return error{errc::invalid_argument, "must be http://host:port, not " + in_quotes(base), "url"};
  exchange x{deadline};
  const auto failed = x.run(where->first, where->second, call);
  if (failed == beast::error::timeout) return error{errc::timed_out, "no answer in time", base};
  if (failed) return error{errc::not_available, failed.message(), base};
  return x.take();
}

} // namespace tt::gateway
