#include "gateways/stream/shard.hpp"

#include "gateways/stream/connection.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <vector>

namespace tt::gateway::stream {

namespace net = boost::asio;

namespace {

/// Wakes are brought together on this grid, so that one timer serves many clients.
constexpr std::chrono::microseconds wake_grid{250};

mono_time on_grid(mono_time t) {
  if (t == mono_time::max()) return t;
  return mono_time{std::chrono::ceil<std::chrono::duration<std::int64_t, std::ratio<1, 4000>>>(t.time_since_epoch())};
}
static_assert(std::chrono::duration<std::int64_t, std::ratio<1, 4000>>{1} == wake_grid);

} // namespace

shard::shard(net::any_io_executor executor, std::shared_ptr<service_shared> common, std::shared_ptr<shard_tallies> tallies)
    : executor_(std::move(executor)), common_(std::move(common)), tallies_(std::move(tallies)),
      source_(
        common_->market, common_->clock, common_->system.log(), *tallies_,
        [executor = executor_](std::function<void()> job) { net::post(executor, std::move(job)); },
        [this] { flush_touched(); }),
      hub_(source_, *tallies_), timer_(executor_) {
  source_.attach(hub_);
  for (const auto& [what, log] : common_->logs) source_.add_log(what, *log);
  source_.serve_accounts([common = common_.get()](channel what, const std::string& account) -> lossless_log* {
    const std::lock_guard lock(common->accounts_mutex);
    const auto found = common->account_logs.find({what, account});
    return found == common->account_logs.end() ? nullptr : found->second.get();
  });
}

shard::~shard() = default; // connections hold the shard, so none is left here

void shard::start(std::function<void()> every_status) {
  every_status_ = std::move(every_status);
  next_status_ = now().mono + common_->config.status_every;
  arm();
}

void shard::adopt(boost::beast::tcp_stream&& socket, upgrade_handler::request&& request, peer_info peer) {
  const std::uint64_t id = common_->next_id.fetch_add(1, std::memory_order_relaxed);
  auto one = std::make_shared<connection>(shared_from_this(), id, std::move(socket), std::move(request), std::move(peer));
  connections_.emplace(id, one);
  if (is_stopping_) return one->end();
  one->start();
}

void shard::stop() {
  is_stopping_ = true;
  std::vector<std::shared_ptr<connection>> all;
  for (const auto& [id, one] : connections_) all.push_back(one);
  for (const auto& one : all) one->close(close_code::restart, "the server stops");
  end_if_done();
}

void shard::end_if_done() {
  if (is_stopping_ && connections_.empty()) timer_.cancel();
}

void shard::remove(connection& who) {
  wakes_.erase({who.wake, &who});
  who.wake = mono_time::max();
  connections_.erase(who.id());
  end_if_done();
}

// -- time ------------------------------------------------------------------------------

void shard::wake_at(connection& who, mono_time when) {
  when = on_grid(when);
  if (when == who.wake) return;
  wakes_.erase({who.wake, &who});
  who.wake = when;
  if (when == mono_time::max()) return;
  wakes_.emplace(when, &who);
  if (when < armed_for_) arm();
}

void shard::arm() {
  if (is_stopping_ && connections_.empty()) return;
  armed_for_ = wakes_.empty() ? next_status_ : std::min(next_status_, wakes_.begin()->first);
  timer_.expires_at(armed_for_);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code code) {
    if (!code) self->on_timer();
  });
}

void shard::on_timer() {
  armed_for_ = mono_time::max();
  const mono_time time = now().mono;
  std::vector<std::shared_ptr<connection>> due;
  while (!wakes_.empty() && wakes_.begin()->first <= time) {
    connection* one = wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    one->wake = mono_time::max();
    due.push_back(one->shared_from_this());
  }
  // While armed_for_ is the past, wake_at doesn't arm; that is done once, below.
  armed_for_ = mono_time::min();
  for (const auto& one : due) one->on_wake();
  if (time >= next_status_) {
    next_status_ = time + common_->config.status_every;
    source_.check_market_status();
    if (every_status_ && !is_stopping_) every_status_();
  }
  arm();
}

// -- values ----------------------------------------------------------------------------

void shard::publish_event(channel what, const std::string& account, const custom_value& event) {
  hub_.publish_event(what, account, event, now());
  flush_touched();
}

void shard::flush_touched() {
  for (const session* one : hub_.take_touched()) {
    const auto found = connections_.find(one->id());
    if (found != connections_.end()) found->second->flush();
  }
}

} // namespace tt::gateway::stream
