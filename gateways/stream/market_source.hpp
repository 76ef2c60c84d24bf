#pragma once

// The market as a shard's hub sees it: brings updates and replies from whatever
// thread they come on to the shard's own, in batches, through one bounded mailbox.

#include "gateways/market_port.hpp"
#include "gateways/stream/hub.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tt::gateway::stream {

/// The clocks of the stream.
struct stream_clock {
  std::function<mono_time()> mono;
  std::function<utc_time()> wall;

  [[nodiscard]] moment now() const { return {mono(), wall()}; }
};

/// Runs a job later on the shard's thread; must not run it at once.
using poster = std::function<void(std::function<void()>)>;

/// One open topic at the market. Its mailbox guards it, but for `topic`.
struct feed_cell {
  std::shared_ptr<hub_topic> topic;   ///< null once closed; the shard's thread only
  delivery kind = delivery::conflated;
  std::uint64_t batch = 0;            ///< batch in which `at` counts
  std::size_t at = 0;                 ///< place of its newest waiting update
};

/// Bounded queue into a shard. put and post may be called from any thread, also
/// after the shard is gone.
class mailbox : public std::enable_shared_from_this<mailbox> {
public:
  struct mail {
    std::shared_ptr<feed_cell> cell;
    std::shared_ptr<const market::market_update> update;
    mono_time arrival{};
  };
  /// What didn't fit since the last batch.
  struct overflow {
    std::uint64_t conflated = 0;
    std::uint64_t dropped = 0;
  };

  /// `drain` is posted when the first mail of a batch comes.
  mailbox(poster post, std::function<void()> drain) : post_(std::move(post)), drain_(std::move(drain)) {}

  void put(const std::shared_ptr<feed_cell>& cell, std::shared_ptr<const market::market_update> update, mono_time arrival);
  void post(std::function<void()> job);
  /// Takes the batch; `into` is cleared first, its room reused.
  overflow take(std::vector<mail>& into);
  /// Nothing is posted any more, and what was posted does nothing. Call on the
  /// shard's thread.
  void close();

private:
  /// Runs `job` unless the box was closed meanwhile.
  [[nodiscard]] std::function<void()> guarded(std::function<void()> job);

  std::mutex mutex_;
  poster post_;
  std::function<void()> drain_;
  std::vector<mail> items_;
  overflow overflow_;
  std::uint64_t batch_ = 1;
  bool is_scheduled_ = false;
  bool is_closed_ = false;
};

class market_source final : public topic_source {
public:
  /// `port`, `system` and `tallies` outlive the source. `on_batch` is called on the
  /// shard's thread after something was given to the hub.
  market_source(market_port& port, stream_clock clock, lossless_log& system, shard_tallies& tallies, poster post,
                std::function<void()> on_batch);
  market_source(const market_source&) = delete;
  market_source& operator=(const market_source&) = delete;
  /// Ends all subscriptions at the port.
  ~market_source() override;

  /// Must be called before anything else; the hub outlives the source's use of it.
  void attach(hub& home) { hub_ = &home; }
  /// Serves a further lossless channel. The log outlives the source.
  void add_log(channel what, lossless_log& log) { logs_[static_cast<std::size_t>(what)] = &log; }
  /// Serves channels of single accounts: gives the log of one, or null. Called on the shard's thread.
  void serve_accounts(std::function<lossless_log*(channel, const std::string&)> find) { account_log_ = std::move(find); }
  /// Publishes the status of venues where it has changed.
  void check_market_status();

  [[nodiscard]] result<std::string> resolve(channel what, std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> venues() const override;
  void open(const std::shared_ptr<hub_topic>& topic) override;
  void close(const std::shared_ptr<hub_topic>& topic) override;
  void fetch(const topic_key& key) override;
  [[nodiscard]] lossless_log* log_of(channel what, const std::string& account) override;
  [[nodiscard]] moment now() const override { return clock_.now(); }
  [[nodiscard]] utc_time market_time() const override { return port_.market_time(); }

private:
  struct feed {
    std::shared_ptr<feed_cell> cell;
    subscription_id id = 0;
  };
  struct venue_state {
    std::shared_ptr<hub_topic> topic;
    std::string shown; ///< what of it was published last
  };

  void drain();
  [[nodiscard]] std::shared_ptr<const exchange_calendar> calendar_of(const std::string& name) const;
  void publish_status(venue_state& of);
  /// A callback that brings an optional payload back to the hub.
  [[nodiscard]] std::function<void(std::optional<payload>)> answer_to(const topic_key& key);

  market_port& port_;
  stream_clock clock_;
  std::array<lossless_log*, channel_count> logs_{}; ///< null: the channel is not served
  std::function<lossless_log*(channel, const std::string&)> account_log_;
  shard_tallies& tallies_;
  std::function<void()> on_batch_;
  hub* hub_ = nullptr;
  std::shared_ptr<mailbox> box_;
  std::vector<mailbox::mail> batch_;
  std::map<topic_key, feed> feeds_;
  std::map<topic_key, venue_state> venues_;
};

} // namespace tt::gateway::stream
