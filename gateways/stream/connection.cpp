#include "gateways/stream/connection.hpp"

#include "gateways/http/stream_caller.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <utility>

namespace tt::gateway::stream {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

constexpr std::string_view msgpack_name = "tt.msgpack";
constexpr std::string_view json_name = "tt.json";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `each` with the parts of `text` between `separator`.
template <class F>
void split(std::string_view text, char separator, F each) {
  while (true) {
    const auto end = text.find(separator);
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

identity identity_of(const stream_caller& caller) { return caller.who().is_bound() ? identity::bound : identity::known; }

/// What of the accounts is within reach of one that is bound. Whose strategies are listed may not hear of all that an account does.
own_accounts accounts_of(const stream_caller& caller) {
  const auto& who = caller.who();
  if (who.accounts != account_scope::listed || !who.strategies.empty()) return {};
  own_accounts out = who.listed;
  std::ranges::sort(out);
  return out;
}

} // namespace

stream_choice read_choice(std::string_view target, std::string_view offered_subprotocols) {
  stream_choice out;
  if (const auto question = target.find('?'); question != std::string_view::npos)
    split(target.substr(question + 1), '&', [&](std::string_view field) {
      if (field == "case=camel") out.style.fields.names = field_case::camel;
      if (field == "numbers=string") out.style.fields.numbers = number_style::string;
    });
  split(offered_subprotocols, ',', [&](std::string_view one) {
    const auto name = trim(one); // the client's first choice that we know
    if (!out.subprotocol.empty() || (name != msgpack_name && name != json_name)) return;
    out.subprotocol = std::string{name};
    if (name == msgpack_name) out.style.form = encoding::msgpack;
  });
  return out;
}

connection::connection(std::shared_ptr<shard> home, std::uint64_t id, beast::tcp_stream&& socket,
                       upgrade_handler::request&& request, peer_info peer)
    : shard_(std::move(home)), id_(id), ws_(batched_socket{socket.release_socket()}), request_(std::move(request)),
      peer_(std::move(peer)) {}

connection::~connection() { end(); }

void connection::start() {
  auto& layer = ws_.next_layer();
  layer.set_owner(weak_from_this(), [this] { on_drained(); });
  beast::error_code ignored; // an option that can't be set is not worth the connection
  layer.next_layer().set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
  if (const int size = shard_->common().config.socket_send_buffer; size > 0)
    layer.next_layer().set_option(boost::asio::socket_base::send_buffer_size{size}, ignored);
  beast::error_code code;
  layer.next_layer().non_blocking(true, code);
  if (code) return end();

  const stream_choice choice = read_choice({request_.target().data(), request_.target().size()}, [&] {
    const auto offered = request_[beast::http::field::sec_websocket_protocol];
    return std::string{offered.data(), offered.size()};
  }());
  style_ = choice.style;
  websocket::stream_base::timeout limits{};
  limits.handshake_timeout = std::chrono::seconds{10};
  limits.idle_timeout = websocket::stream_base::none(); // the session has its own clocks
  limits.keep_alive_pings = false;
  ws_.set_option(limits);
  ws_.set_option(websocket::stream_base::decorator([choice](websocket::response_type& response) {
    response.set(beast::http::field::server, "TraderTerminal");
    if (!choice.subprotocol.empty()) response.set(beast::http::field::sec_websocket_protocol, choice.subprotocol);
  }));
  ws_.read_message_max(shard_->common().config.max_message_bytes);
  ws_.control_callback([this](websocket::frame_type, beast::string_view) {
    if (session_) session_->on_control_frame(shard_->now());
  });
  ws_.async_accept(request_, [self = shared_from_this()](error_code result) { self->on_accept(result); });
}

void connection::on_accept(error_code code) {
  if (phase_ == phase::ended) return;
  if (code) return end();
  const auto& common = shard_->common();
  const identity who = peer_.principal.empty() ? identity::missing : peer_.caller ? identity_of(*peer_.caller) : identity::known;
  session_ = std::make_unique<session>(id_, shard_->home(), common.config, shard_->tallies(), style_, who, shard_->now());
  if (peer_.caller) session_->set_accounts(accounts_of(*peer_.caller));
  if (peer_.caller)
    session_->set_door([caller = peer_.caller](std::string_view token) -> stream_greeting {
      if (!caller->identify(token)) return {};
      return {identity_of(*caller), caller->who().name, std::string{to_string(caller->who().rank)}, accounts_of(*caller)};
    });
  shard_->tallies().clients.add();
  shard_->tallies().accepted.add();
  request_ = {}; // not needed any more
  if (phase_ == phase::closing) return begin_close(); // asked to stop meanwhile
  phase_ = phase::open;
  flush();
  read_next();
}

void connection::read_next() {
  ws_.async_read(inbound_, [self = shared_from_this()](error_code code, std::size_t) { self->on_read(code); });
}

void connection::on_read(error_code code) {
  if (phase_ == phase::ended) return;
  if (code) return end(); // also the end of a closing handshake, by either side
  if (phase_ == phase::open) {
    const auto bytes = inbound_.cdata();
    session_->on_message({static_cast<const char*>(bytes.data()), bytes.size()},
                         ws_.got_text() ? encoding::json : encoding::msgpack, shard_->now());
  }
  inbound_.consume(inbound_.size());
  if (inbound_.capacity() > 16 * 1024) inbound_.shrink_to_fit();
  if (phase_ == phase::open) flush();
  if (phase_ != phase::ended) read_next();
}

void connection::flush() {
  if (phase_ != phase::open) return;
  const moment now = shard_->now();
  auto& layer = ws_.next_layer();
  std::string& chunk = shard_->scratch();
  for (int turn = 0; turn < chunks_per_turn && !layer.is_blocked(); ++turn) {
    chunk.clear();
    session_->pull(chunk, write_chunk_bytes, now);
    if (chunk.empty()) break;
    layer.write(chunk);
  }
  if (layer.is_blocked()) session_->on_blocked(now); // perhaps by a pong of Beast's
  if (session_->closing()) return begin_close();
  if (!layer.is_blocked() && session_->has_output()) flush_later();
  shard_->wake_at(*this, session_->next_wake());
}

void connection::flush_later() {
  if (std::exchange(is_flush_posted_, true)) return;
  boost::asio::post(ws_.get_executor(), [self = shared_from_this()] {
    self->is_flush_posted_ = false;
    self->flush();
  });
}

void connection::on_drained() {
  if (phase_ != phase::open) return;
  session_->on_unblocked();
  flush();
}

void connection::on_wake() {
  if (phase_ == phase::closing && shard_->now().mono >= close_by_) return end();
  if (phase_ != phase::open) return;
  // looked at as often as a ping is due
  if (peer_.caller && !peer_.caller->holds()) session_->close(close_code::identity, "the identity is not valid any more");
  session_->on_time(shard_->now());
  flush();
}

void connection::close(close_code code, std::string reason) {
  if (phase_ == phase::open) {
    flush(); // what was said before is still heard, where there is room
    if (phase_ != phase::open) return;
    session_->close(code, std::move(reason));
    begin_close();
  } else if (phase_ == phase::handshake) {
    phase_ = phase::closing;
    close_by_ = shard_->now().mono + shard_->close_limit();
    shard_->wake_at(*this, close_by_);
  }
}

void connection::begin_close() {
  const close_request how = session_->closing().value_or(close_request{close_code::restart, "the server stops"});
  phase_ = phase::closing;
  close_by_ = shard_->now().mono + shard_->close_limit();
  shard_->wake_at(*this, close_by_);
  const websocket::close_reason reason{static_cast<websocket::close_code>(how.code), how.reason.substr(0, 123)};
  ws_.async_close(reason, [self = shared_from_this()](error_code) { self->end(); });
}

void connection::end() {
  if (phase_ == phase::ended) return;
  phase_ = phase::ended;
  if (session_) {
    shard_->tallies().clients.subtract();
    session_.reset();
  }
  ws_.next_layer().close();
  peer_.connection_slot.reset();
  shard_->common().open.fetch_sub(1, std::memory_order_relaxed);
  shard_->remove(*this);
}

} // namespace tt::gateway::stream
