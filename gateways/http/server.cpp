#include "gateways/http/server.hpp"

#include "gateways/http/connection.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <future>

namespace tt::gateway {

namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using net_error = boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100}; ///< after a failed accept (no descriptors left)
constexpr std::chrono::milliseconds stop_grace{1000};  ///< for connections to end by themselves

error bind_failure(const net_error& failed, const tcp::endpoint& at) {
  const std::string where = at.address().to_string() + ":" + std::to_string(at.port());
  if (failed == net::error::address_in_use)
    return {errc::not_available, "port " + std::to_string(at.port()) + " is already in use on " + at.address().to_string() +
                                   "; stop the other program or choose another port", "server.port"};
  if (failed == net::error::access_denied) return {errc::not_available, "no permission to listen on " + where, "server.port"};
  return {errc::not_available, "can't listen on " + where + ": " + failed.message(), "server.host"};
}

} // namespace

struct http_server::impl {
  using work_guard = net::executor_work_guard<net::io_context::executor_type>;
  /// One listening socket and its retry timer; both live on worker 0's thread.
  struct listener {
    explicit listener(net::io_context& context) : acceptor(context), pause(context) {}
    tcp::acceptor acceptor;
    net::steady_timer pause;
  };

  std::shared_ptr<connection_parts> parts;
  std::vector<std::shared_ptr<io_worker>> workers;
  std::vector<work_guard> guards;
  std::vector<std::future<void>> ended;
  std::vector<std::shared_ptr<listener>> listeners;
  std::atomic<std::size_t> next_worker{0};
  bool running = false;

  result<std::shared_ptr<listener>> listen(const tcp::endpoint& at) {
    auto out = std::make_shared<listener>(workers.front()->context);
    net_error failed;
    out->acceptor.open(at.protocol(), failed);
    if (!failed) out->acceptor.set_option(net::socket_base::reuse_address{true}, failed);
    if (!failed && at.address().is_v6()) out->acceptor.set_option(net::ip::v6_only{true}, failed);
    if (!failed) out->acceptor.bind(at, failed);
    if (!failed) out->acceptor.listen(net::socket_base::max_listen_connections, failed);
    if (failed) return bind_failure(failed, at);
    return out;
  }

  result<std::vector<net::ip::address>> addresses() const {
    net_error failed;
    const auto literal = net::ip::make_address(parts->config.host, failed);
    if (!failed) return std::vector{literal};
    if (iequals(parts->config.host, "localhost"))
      return std::vector<net::ip::address>{net::ip::address_v4::loopback(), net::ip::address_v6::loopback()};
    tcp::resolver resolver{workers.front()->context};
    const auto found = resolver.resolve(parts->config.host, "", failed);
    if (failed || found.empty())
      return error{errc::invalid_argument, "no address for \"" + parts->config.host + "\": " + failed.message(), "server.host"};
    return std::vector{found.begin()->endpoint().address()};
  }

  result<std::uint16_t> bind() {
    const auto where = addresses();
    if (!where) return where.error();
    std::uint16_t port = parts->config.port;
    for (const auto& address : *where) {
      auto made = listen({address, port});
      if (!made && !listeners.empty()) continue; // localhost without IPv6 is fine
      if (!made) return made.error();
      listeners.push_back(*made);
      port = listeners.front()->acceptor.local_endpoint().port();
    }
    return port;
  }

  void accept(const std::shared_ptr<listener>& from) {
    auto worker = workers[next_worker++ % workers.size()];
    from->acceptor.async_accept(worker->context, [this, from, worker](net_error failed, tcp::socket socket) {
      if (failed == net::error::operation_aborted || parts->stopping) return;
      if (failed) {
        spdlog::warn("accept: {}", failed.message());
        from->pause.expires_after(accept_pause);
        from->pause.async_wait([this, from](net_error stopped) {
          if (!stopped) accept(from);
        });
        return;
      }
      if (parts->counter->open() < parts->config.max_connections) {
        auto made = std::make_shared<connection>(std::move(socket), worker, parts);
        net::post(worker->context, [made] { made->start(); });
      } // else the socket closes here: the client sees the end at once
      accept(from);
    });
  }

  void run_threads() {
    for (auto& worker : workers) {
      guards.emplace_back(worker->context.get_executor());
      auto done = std::make_shared<std::promise<void>>();
      ended.push_back(done->get_future());
      worker->thread = std::thread{[worker = worker.get(), done] {
        worker->context.run();
        done->set_value();
      }};
    }
  }

  void close_connections() {
    for (auto& worker : workers)
      net::post(worker->context, [worker] {
        std::vector<std::shared_ptr<connection>> open;
        {
          std::lock_guard guard{worker->mutex};
          for (const auto& [key, weak] : worker->connections)
            if (auto one = weak.lock()) open.push_back(std::move(one));
        }
        for (const auto& one : open) one->close();
      });
  }
};

http_server::http_server(const gateway_config& config, pipeline& requests, gateway_metrics& metrics, upgrade_handler* stream,
                         upgrade_handler* progress)
    : impl_(std::make_unique<impl>()) {
  impl_->parts.reset(new connection_parts{config, requests, stream, progress, std::make_shared<connection_counter>(metrics), {}});
}

http_server::~http_server() { stop(); }

result<std::uint16_t> http_server::start() {
  const unsigned threads = impl_->parts->config.io_threads;
  if (threads == 0 || threads > 64) return error{errc::invalid_argument, "must be 1 to 64", "io_threads"};
  for (unsigned i = 0; i < threads; ++i) impl_->workers.push_back(std::make_shared<io_worker>());
  auto port = impl_->bind();
  if (!port) {
    impl_->listeners.clear();
    impl_->workers.clear();
    return port;
  }
  for (const auto& one : impl_->listeners) impl_->accept(one);
  impl_->run_threads();
  impl_->running = true;
  return port;
}

void http_server::stop() {
  if (!impl_->running) return;
  impl_->running = false;
  impl_->parts->stopping = true;
  if (impl_->parts->stream != nullptr) impl_->parts->stream->stop();
  if (impl_->parts->progress != nullptr) impl_->parts->progress->stop();
  net::post(impl_->workers.front()->context, [listeners = impl_->listeners] {
    net_error ignored;
    for (const auto& one : listeners) {
      one->acceptor.close(ignored);
      one->pause.cancel();
    }
  });
  impl_->close_connections();
  impl_->guards.clear();
  const auto deadline = std::chrono::steady_clock::now() + stop_grace;
  for (auto& one : impl_->ended) one.wait_until(deadline);
  for (auto& worker : impl_->workers) worker->context.stop();
  for (auto& worker : impl_->workers)
    if (worker->thread.joinable()) worker->thread.join();
  // What was still queued (cancelled reads of closed sockets) holds its connection,
  // and that its worker: it runs out here, so that nothing stays behind.
  for (auto& worker : impl_->workers) {
    worker->context.restart();
    worker->context.poll();
  }
  impl_->listeners.clear();
  impl_->ended.clear();
  impl_->workers.clear();
}

} // namespace tt::gateway
