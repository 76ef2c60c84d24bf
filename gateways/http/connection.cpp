#include "gateways/http/connection.hpp"

#include "gateways/http/server.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include <ctime>
#include <limits>

namespace tt::gateway {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace net = boost::asio;

/// Most bytes held unparsed for one connection.
constexpr std::size_t max_buffer = 128 * 1024;
constexpr std::size_t first_read = 4096;
/// What is read and dropped before a connection closes on a client that is still sending.
constexpr std::size_t max_drained = 4 * 1024 * 1024;
constexpr std::chrono::seconds drain_time{2};

/// Whether the head announces a body the parser would not see (an encoding other
/// than chunked): a classic way to smuggle requests.
bool has_unknown_encoding(const http::request_parser<http::string_body>& parser) {
  return parser.get().count(http::field::transfer_encoding) > 0 && !parser.chunked();
}

std::string http_date(std::time_t now) {
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, length};
}

/// Header values come from us or passed the request parser; should a line break
/// ever get here, it must not become a header of its own.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  out += "\r\n";
}

/// An address as text; a mapped IPv4 address as IPv4.
std::string address_text(const net::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

/// Counts one upgraded connection until the stream lets go of it.
struct upgrade_slot {
  upgrade_slot(std::shared_ptr<connection_counter> c, std::string a) : counter(std::move(c)), address(std::move(a)) {}
  ~upgrade_slot() {
    counter->release(address);
    counter->closed();
  }
  upgrade_slot(const upgrade_slot&) = delete;
  upgrade_slot& operator=(const upgrade_slot&) = delete;

  std::shared_ptr<connection_counter> counter;
  std::string address;
};

} // namespace

void connection_counter::opened() {
  ++open_;
  metrics_.connection_opened();
}

void connection_counter::closed() {
  --open_;
  metrics_.connection_closed();
}

bool connection_counter::acquire(const std::string& address, unsigned limit) {
  std::lock_guard guard{mutex_};
  auto& count = upgraded_[address];
  if (count >= limit) return false;
  ++count;
  return true;
}

void connection_counter::release(const std::string& address) {
  std::lock_guard guard{mutex_};
  const auto found = upgraded_.find(address);
  if (found != upgraded_.end() && --found->second == 0) upgraded_.erase(found);
}

connection::connection(net::ip::tcp::socket socket, std::shared_ptr<io_worker> worker, std::shared_ptr<connection_parts> parts)
    : worker_(std::move(worker)), parts_(std::move(parts)), stream_(std::move(socket)), answer_timer_(stream_.get_executor()),
      buffer_(max_buffer) {
  parts_->counter->opened();
}

connection::~connection() {
  if (!moved_away_) parts_->counter->closed();
  std::lock_guard guard{worker_->mutex};
  worker_->connections.erase(this);
}

void connection::start() {
  error_code failed;
  const auto endpoint = stream_.socket().remote_endpoint(failed);
  if (failed || parts_->stopping) return;
  peer_ = address_text(endpoint.address());
  stream_.socket().set_option(net::ip::tcp::no_delay{true}, failed);
  {
    std::lock_guard guard{worker_->mutex};
    worker_->connections[this] = weak_from_this();
  }
  await_request();
}

void connection::close() {
  if (moved_away_) return;
  error_code ignored;
  answer_timer_.cancel();
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void connection::await_request() {
  if (parts_->stopping) return close();
  if (buffer_.size() > 0) {
    ++pipelined_;
    return read_head();
  }
  pipelined_ = 0;
  // A new connection has the head's time; later the client may rest between requests.
  stream_.expires_after(first_request_ ? parts_->config.timeouts.header : parts_->config.timeouts.idle);
  stream_.async_read_some(buffer_.prepare(first_read), [self = shared_from_this()](error_code failed, std::size_t bytes) {
    if (failed) return self->close();
    self->buffer_.commit(bytes);
    self->read_head();
  });
}

void connection::read_head() {
  first_request_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(max_head_bytes));
  parser_->body_limit(std::numeric_limits<std::int64_t>::max()); // the route's limit follows the head
  stream_.expires_after(parts_->config.timeouts.header);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](error_code failed, std::size_t) { self->on_head(failed); });
}

void connection::on_head(error_code failed) {
  if (failed) return on_bad_head(failed);
  if (has_unknown_encoding(*parser_))
    return write(parts_->requests.refuse_malformed(make_error(400, "framing", "only Transfer-Encoding: chunked is understood"), target()), after::drain);
  auto head = take_head();
  if (!head) return write(parts_->requests.refuse_malformed(to_api_error(head.error(), "path"), target()), after::drain);
  judge(std::move(*head));
}

void connection::on_bad_head(error_code failed) {
  if (failed == http::error::header_limit)
    return write(parts_->requests.refuse_malformed(make_error(431, "headers_too_large", "the request head may have at most 8192 bytes"), target()),
                 after::drain);
  const bool gone = failed == http::error::end_of_stream || failed == http::error::partial_message ||
                    failed.category() != make_error_code(http::error::end_of_stream).category();
  if (gone) return close();
  write(parts_->requests.refuse_malformed(make_error(400, "framing", "malformed request: " + failed.message()), target()), after::drain);
}

result<http_request> connection::take_head() const {
  const auto& message = parser_->get();
  http_request out;
  out.method = parse_verb(std::string{message.method_string()});
  for (const auto& field : message) out.headers.add(std::string{field.name_string()}, std::string{field.value()});
  out.peer = peer_;
  const auto target = message.target();
  if (auto done = out.set_target({target.data(), target.size()}); !done) return done.error();
  return out;
}

std::string_view connection::target() const {
  const auto text = parser_->get().target();
  return {text.data(), text.size()};
}

void connection::judge(http_request head) {
  auto admission = parts_->requests.admit(std::move(head));
  call_ = admission.call;
  if (admission.refusal) {
    const bool complete = parser_->is_done();
    return write(std::move(*admission.refusal), !complete ? after::drain : wants_keep_alive() ? after::keep_alive : after::close);
  }
  if (admission.over != transport::http) return upgrade(admission.over);
  parser_->body_limit(admission.body_limit);
  if (parser_->is_done()) return run_request();
  const auto length = parser_->content_length();
  if (length && *length > admission.body_limit)
    return write(parts_->requests.refuse(call_, make_error(413, "body_too_large",
                                                           "the body may have at most " + std::to_string(admission.body_limit) + " bytes")),
                 after::drain);
  if (!iequals(pipeline::context(call_).request.header("Expect"), "100-continue")) return read_body();
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(parts_->config.timeouts.write);
  net::async_write(stream_, net::buffer(go_on.data(), go_on.size()), [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed) return self->close();
    self->read_body();
  });
}

void connection::read_body() {
  stream_.expires_after(parts_->config.timeouts.body);
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code failed, std::size_t) { self->on_body(failed); });
}

void connection::on_body(error_code failed) {
  if (!failed) return run_request();
  if (failed == http::error::body_limit)
    return write(parts_->requests.refuse(call_, make_error(413, "body_too_large", "the body is larger than this path takes")), after::drain);
  const bool malformed = failed != http::error::partial_message && failed != http::error::end_of_stream &&
                         failed.category() == make_error_code(http::error::end_of_stream).category();
  if (!malformed) return close();
  write(parts_->requests.refuse(call_, make_error(400, "framing", "malformed body: " + failed.message())), after::drain);
}

void connection::run_request() {
  stream_.expires_never();
  const auto within = pipeline::context(call_).matched->answer_within;
  answer_timer_.expires_after(within.count() > 0 ? std::min(within, parts_->config.timeouts.answer) : parts_->config.timeouts.answer);
  answer_timer_.async_wait([self = shared_from_this(), call = call_](error_code failed) {
    if (!failed) pipeline::expire(call);
  });
  // The handler may answer on any thread, and long after this connection is gone.
  // The worker is kept, so that its context outlives the dispatch.
  parts_->requests.run(call_, std::move(parser_->get().body()), [weak = weak_from_this(), worker = worker_](http_response response) {
    auto self = weak.lock();
    if (!self) return;
    auto& context = worker->context;
    net::dispatch(context, [self = std::move(self), response = std::move(response)]() mutable {
      self->answer_timer_.cancel();
      self->write(std::move(response), self->wants_keep_alive() ? after::keep_alive : after::close);
    });
  });
}

void connection::upgrade(transport over) {
  const auto& context = pipeline::context(call_);
  const auto refuse = [&](const api_error& e) { write(parts_->requests.refuse(call_, e), after::drain); };
  if (!parser_->is_done() || buffer_.size() > 0) return refuse(make_error(400, "framing", "data before the WebSocket handshake was answered"));
  if (!parser_->upgrade()) return refuse(make_error(400, "upgrade", "a WebSocket handshake needs Connection: Upgrade"));
  const bool progress = over == transport::progress;
  if (progress && parts_->config.backtesting == feature::disabled)
    return refuse(make_error(403, "feature.disabled", "backtests are switched off on this node (ENABLE_BACKTESTING)"));
  upgrade_handler* to = progress ? parts_->progress : parts_->stream;
  if (to == nullptr) return refuse(not_available(progress ? "backtests: this node has no way to a coordinator" : "stream: this node serves no stream"));
  const unsigned limit = progress ? parts_->config.progress_connections_per_ip : parts_->config.stream_connections_per_ip;
  const std::string slot = (progress ? "progress " : "") + context.client;
  if (!parts_->counter->acquire(slot, limit))
    return refuse(progress ? make_error(429, "progress.connections", "at most " + std::to_string(limit) + " progress sockets from one address")
                           : make_error(429, "stream.connections", "at most " + std::to_string(limit) + " streams from one address"));
  peer_info peer{context.client, is_loopback_address(context.client), context.who.name, std::string{to_string(context.who.rank)},
                 parts_->requests.caller_of_stream(call_), context.request_id, std::make_shared<upgrade_slot>(parts_->counter, slot)};
  moved_away_ = true;
  stream_.expires_never();
  to->accept(std::move(stream_), parser_->release(), std::move(peer));
}

bool connection::wants_keep_alive() const {
  return parser_ && parser_->get().keep_alive() && pipelined_ + 1 < max_pipelined && !parts_->stopping;
}

void connection::write(http_response response, after next) {
  if (!stream_.socket().is_open()) return;
  response_ = std::move(response);
  next_ = next;
  const bool head_only = parser_ && parser_->get().method() == http::verb::head;
  const bool bodiless = response_.status == 204 || response_.status == 304;
  const std::string_view content = bodiless ? std::string_view{} : response_.content();
  head_text_ = "HTTP/1.1 " + std::to_string(response_.status) + " ";
  head_text_ += reason_phrase(response_.status);
  head_text_ += "\r\n";
  append_header(head_text_, "Date", http_date(std::time(nullptr)));
  for (const auto& one : response_.headers.all()) append_header(head_text_, one.name, one.value);
  if (!bodiless) append_header(head_text_, "Content-Length", std::to_string(content.size()));
  if (next_ != after::keep_alive) append_header(head_text_, "Connection", "close");
  else if (parser_->get().version() == 10) append_header(head_text_, "Connection", "keep-alive");
  head_text_ += "\r\n";
  const std::array<net::const_buffer, 2> parts{net::buffer(head_text_),
                                               head_only ? net::const_buffer{} : net::buffer(content.data(), content.size())};
  stream_.expires_after(parts_->config.timeouts.write);
  net::async_write(stream_, parts, [self = shared_from_this()](error_code failed, std::size_t) { self->on_written(failed); });
}

void connection::on_written(error_code failed) {
  response_ = {};
  call_.reset();
  if (failed) return close();
  switch (next_) {
  case after::keep_alive: return await_request();
  case after::close: return close();
  case after::drain: break;
  }
  // Closing on unread data would reset the connection and could destroy the
  // response on its way, so the rest is read for a moment.
  error_code ignored;
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(drain_time);
  drain();
}

void connection::drain() {
  buffer_.consume(buffer_.size());
  stream_.async_read_some(buffer_.prepare(first_read), [self = shared_from_this()](error_code failed, std::size_t bytes) {
    self->drained_ += bytes;
    if (failed || self->drained_ > max_drained) return self->close();
    self->drain();
  });
}

} // namespace tt::gateway
