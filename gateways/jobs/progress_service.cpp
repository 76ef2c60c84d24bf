#include "gateways/jobs/progress_service.hpp"

#include "gateways/http/message.hpp"
#include "gateways/jobs/job_json.hpp"
#include "gateways/stream/stream_config.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace tt::gateway {

namespace {

namespace beast = boost::beast;
namespace net = boost::asio;
namespace websocket = boost::beast::websocket;
using error_code = boost::system::error_code;
using backtest::job_kind;
using backtest::job_status;
using mono_time = std::chrono::steady_clock::time_point;
using stream::close_code;

/// What a client asked for with its URL.
struct progress_target {
  backtest::job_name job;
  json_style style;
};

/// Reads "/api/backtest/{id}/progress?case=camel"; the route table has matched the path.
progress_target read_target(std::string_view target) {
  progress_target out;
  http_request parsed;
  if (!parsed.set_target(target) || parsed.segments.size() < 3) return out;
  out.job.kind = parsed.segments[1] == "optimize" ? job_kind::study : job_kind::backtest;
  out.job.id = parsed.segments[2];
  if (const auto* names = parsed.query.find("case"); names != nullptr && *names == "camel") out.style.names = field_case::camel;
  if (const auto* numbers = parsed.query.find("numbers"); numbers != nullptr && *numbers == "string") out.style.numbers = number_style::string;
  return out;
}

std::string error_message(const error& e, json_style style) {
  json_writer out{style};
  return out.begin_object().field("type", "error").field("message", e.message).end_object().take();
}

} // namespace

class progress_session;

struct progress_service::impl {
  impl(jobs_port& port, progress_limits settings) : jobs(port), limits(settings) {}

  jobs_port& jobs;
  const progress_limits limits;
  mutable std::mutex mutex;
  std::multimap<std::string, std::weak_ptr<progress_session>> sessions; ///< by job id
  subscription_id watched = 0;
  bool stopped = false; ///< the I/O contexts may be going: nothing is posted any more

  /// Runs `work` on the session's own thread, unless one of them is gone. From any thread.
  void post(const std::weak_ptr<progress_session>& to, std::function<void(progress_session&)> work);
};

/// One socket; belongs to the thread of its executor.
class progress_session : public std::enable_shared_from_this<progress_session> {
public:
  progress_session(std::shared_ptr<progress_service::impl> home, beast::tcp_stream&& socket, upgrade_handler::request&& req, peer_info peer)
      : home_(std::move(home)), limits_(home_->limits), ws_(std::move(socket)), timer_(ws_.get_executor()), request_(std::move(req)), peer_(std::move(peer)),
        target_(read_target({request_.target().data(), request_.target().size()})) {}

  [[nodiscard]] const backtest::job_name& job() const { return target_.job; }
  [[nodiscard]] net::any_io_executor executor() { return ws_.get_executor(); }
  void stop() { begin_close(close_code::restart, limits_.stop_close); }

  void start() {
    websocket::stream_base::timeout limits{};
    limits.handshake_timeout = limits_.handshake;
    limits.idle_timeout = limits_.silence;
    limits.keep_alive_pings = true;
    ws_.set_option(limits);
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type& r) { r.set(beast::http::field::server, "TraderTerminal"); }));
    ws_.read_message_max(limits_.message_bytes);
    ws_.async_accept(request_, [self = shared_from_this()](error_code failed) {
      if (failed) return self->end();
      self->phase_ = phase::open;
      self->read_next();
      self->ask();
    });
  }

  void on_status(const job_status& status) {
    if (phase_ != phase::open || (newest_ && backtest::is_final(newest_->state))) return;
    const double before = newest_ ? newest_->progress : 0;
    newest_ = status;
    newest_->progress = std::max(before, status.progress); // a coordinator that was started anew counts from what it has kept
    proceed();
  }

private:
  enum class phase : std::uint8_t { handshake, open, closing, ended };

  void read_next() {
    ws_.async_read(inbound_, [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->end(); // also the end of a closing handshake
      self->inbound_.consume(self->inbound_.size());
      self->read_next();
    });
  }

  /// Finds out how the job stands now: at first, and when nothing was heard for long (news may be lost with a node).
  void ask() {
    home_->jobs.status(target_.job, [home = home_, weak = weak_from_this()](const result<job_status>& status) {
      home->post(weak, [status](progress_session& self) { self.on_answer(status); });
    });
  }

  void on_answer(const result<job_status>& status) {
    if (phase_ != phase::open) return;
    if (status) {
      due_ = true; // five seconds have gone: it is said again, changed or not
      return on_status(*status);
    }
    if (status.error().code == errc::not_found) return say_last(error_message(status.error(), target_.style), close_code::unknown);
    // nobody can say at the moment: the client hears the last word again
    if (newest_) due_ = true;
    proceed();
  }

  /// Writes what is due, or waits until it is.
  void proceed() {
    if (phase_ != phase::open || writing_) return;
    const auto now = std::chrono::steady_clock::now();
    if (newest_) {
      auto text = progress_message(*newest_, target_.style);
      if (backtest::is_final(newest_->state)) return say_last(std::move(text), close_code::normal);
      if ((text != said_ || due_) && (said_.empty() || now >= said_at_ + limits_.least_pause)) {
        due_ = false;
        said_at_ = now;
        said_ = std::move(text);
        return write(said_);
      }
      if (text != said_) return wait_until(said_at_ + limits_.least_pause);
    }
    wait_until((said_.empty() ? now : said_at_) + limits_.longest_pause);
  }

  void wait_until(mono_time when) {
    timer_.expires_at(when);
    timer_.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped) self->on_timer();
    });
  }

  void on_timer() {
    if (phase_ != phase::open) return;
    if (std::chrono::steady_clock::now() >= said_at_ + limits_.longest_pause) {
      said_at_ = std::chrono::steady_clock::now() - limits_.least_pause; // what comes back may be said at once
      ask();
      return;
    }
    proceed();
  }

  void write(const std::string& text) {
    writing_ = true;
    outbound_ = text;
    ws_.text(true);
    ws_.async_write(net::buffer(outbound_), [self = shared_from_this()](error_code failed, std::size_t) {
      self->writing_ = false;
      if (failed) return self->end();
      if (self->last_) return self->begin_close(*self->last_, self->limits_.handshake);
      self->proceed();
    });
  }

  void say_last(std::string text, close_code code) {
    if (last_) return;
    last_ = code;
    timer_.cancel();
    write(std::move(text));
  }

  void begin_close(close_code code, std::chrono::milliseconds patience) {
    if (phase_ == phase::handshake) return end();
    if (phase_ != phase::open) return;
    phase_ = phase::closing;
    // a peer that does not answer the close is cut
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](error_code stopped) {
      if (!stopped) self->end();
    });
    ws_.async_close(websocket::close_reason{static_cast<websocket::close_code>(code)},
                    [self = shared_from_this()](error_code) { self->end(); });
  }

  void end() {
    if (std::exchange(phase_, phase::ended) == phase::ended) return;
    timer_.cancel();
    error_code ignored;
    beast::get_lowest_layer(ws_).socket().close(ignored);
    peer_.connection_slot.reset();
  }

  std::shared_ptr<progress_service::impl> home_;
  const progress_limits limits_;
  websocket::stream<beast::tcp_stream> ws_;
  net::steady_timer timer_;
  upgrade_handler::request request_;
  peer_info peer_;
  const progress_target target_;
  beast::flat_buffer inbound_;
  phase phase_ = phase::handshake;
  std::optional<job_status> newest_;
  std::string said_, outbound_;
  mono_time said_at_{};
  bool writing_ = false;
  bool due_ = false;
  std::optional<close_code> last_;
};

void progress_service::impl::post(const std::weak_ptr<progress_session>& to, std::function<void(progress_session&)> work) {
  const std::lock_guard lock(mutex);
  if (stopped) return;
  auto alive = to.lock();
  if (!alive) return;
  auto executor = alive->executor();
  // moved: the session must not end on this thread
  net::post(executor, [alive = std::move(alive), work = std::move(work)] { work(*alive); });
}

progress_service::progress_service(jobs_port& jobs, progress_limits limits) : impl_(std::make_shared<impl>(jobs, limits)) {
  impl_->watched = jobs.watch([weak = std::weak_ptr{impl_}](const job_status& status) {
    const auto alive = weak.lock();
    if (!alive) return;
    std::vector<std::weak_ptr<progress_session>> readers;
    {
      const std::lock_guard lock(alive->mutex);
      const auto [begin, end] = alive->sessions.equal_range(status.id);
      for (auto at = begin; at != end; ++at) readers.push_back(at->second);
    }
    for (const auto& one : readers)
      alive->post(one, [status](progress_session& session) {
        if (session.job().kind == status.kind) session.on_status(status);
      });
  });
}

progress_service::~progress_service() {
  impl_->jobs.unwatch(impl_->watched);
  stop();
}

void progress_service::accept(beast::tcp_stream&& socket, request&& req, peer_info peer) {
  auto made = std::make_shared<progress_session>(impl_, std::move(socket), std::move(req), std::move(peer));
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopped) return; // the socket closes here
    std::erase_if(impl_->sessions, [](const auto& one) { return one.second.expired(); });
    impl_->sessions.emplace(made->job().id, made);
  }
  made->start();
}

void progress_service::stop() {
  const std::lock_guard lock(impl_->mutex);
  if (std::exchange(impl_->stopped, true)) return;
  for (const auto& [id, weak] : impl_->sessions) {
    auto alive = weak.lock();
    if (!alive) continue;
    auto executor = alive->executor();
    net::post(executor, [alive = std::move(alive)] { alive->stop(); });
  }
  impl_->sessions.clear();
}

std::size_t progress_service::open() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::size_t>(std::ranges::count_if(impl_->sessions, [](const auto& one) { return !one.second.expired(); }));
}

} // namespace tt::gateway
