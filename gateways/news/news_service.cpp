#include "gateways/news/news_service.hpp"

#include "gateways/http/digest.hpp"
#include "gateways/news/feed_reader.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace tt::gateway {

namespace {

constexpr std::size_t id_digits = 16;
/// A wall clock that is set forward must not make a feed wait for ever: it is looked at anew this often.
constexpr std::chrono::seconds longest_wait{10};

std::string id_of(const feed_source& source, const feed_entry& entry) { return "n-" + sha256_hex(source.url + "\n" + entry.key).substr(0, id_digits); }

} // namespace

news_poller::news_poller(std::vector<feed_source> sources, std::chrono::seconds interval, const instrument_master& master, news_store& store,
                         feed_fetcher fetch)
  : master_(master), store_(store), fetch_(std::move(fetch)) {
  std::vector<news_feed_state> states;
  for (auto& one : sources) {
    states.push_back({.name = one.name()});
    feeds_.push_back({std::move(one), feed_schedule{interval}});
  }
  store_.set_feeds(std::move(states));
}

utc_time news_poller::due() const {
  return feeds_.empty() ? utc_time::max() : std::ranges::min_element(feeds_, {}, [](const feed& one) { return one.schedule.due(); })->schedule.due();
}

void news_poller::poll(utc_time now, const std::atomic<bool>& is_stopping) {
  for (std::size_t i = 0; i < feeds_.size() && !is_stopping; ++i)
    if (feeds_[i].schedule.due() <= now) look(i, now);
}

result<void> news_poller::take(const feed& from, const std::string& body, utc_time now) {
  auto document = parse_feed(body);
  if (!document) return document.error();
  const auto source = document->title.empty() ? from.source.name() : document->title;
  std::vector<news_item> items;
  for (auto& entry : document->entries) {
    news_item one{.id = id_of(from.source, entry), .at = std::min(entry.at.value_or(now), now), .source = source, .headline = std::move(entry.headline),
                  .summary = std::move(entry.summary), .url = std::move(entry.url), .symbols = {}};
    for (const auto& name : from.source.symbols)
      if (const auto* known = master_.find(name)) one.symbols.push_back(known->symbol);
    for (auto& found : symbols_in(one.headline + "\n" + one.summary, master_))
      if (std::ranges::find(one.symbols, found) == one.symbols.end()) one.symbols.push_back(std::move(found));
    items.push_back(std::move(one));
  }
  store_.add(std::move(items));
  return {};
}

void news_poller::look(std::size_t which, utc_time now) {
  using outcome = feed_answer::outcome_t;
  auto& one = feeds_[which];
  auto got = fetch_({one.source.url, one.schedule.etag(), one.schedule.last_modified()});
  if (got.outcome == outcome::fresh)
    if (const auto taken = take(one, got.body, now); !taken) got = {.trouble = to_string(taken.error())};
  news_feed_state state{.name = one.source.name(), .state = news_feed_state::state_t::ok, .checked_at = now};
  switch (got.outcome) {
  case outcome::fresh: one.schedule.answered(std::move(got.etag), std::move(got.last_modified), now); break;
  case outcome::unchanged: one.schedule.unchanged(now); break;
  case outcome::failed:
    one.schedule.failed(got.retry_after, now);
    state.state = news_feed_state::state_t::failed;
    state.detail = got.trouble;
    if (got.trouble != one.trouble) spdlog::warn("news: feed {}: {}", one.source.name(), got.trouble);
    break;
  }
  one.trouble = got.outcome == outcome::failed ? std::move(got.trouble) : std::string{};
  store_.set_feed(which, std::move(state));
}

news_service::news_service(news_config config, std::shared_ptr<const instrument_master> master, std::function<utc_time()> clock)
  : master_(std::move(master)), clock_(std::move(clock)),
    poller_(std::move(config.sources), config.interval, *master_, store_,
            [this, agent = "TraderTerminal/" + config.version](const feed_request& what) { return fetch_feed(what, agent, is_stopping_); }) {}

news_service::~news_service() { stop(); }

void news_service::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void news_service::stop() {
  {
    const std::lock_guard guard{mutex_};
    is_stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void news_service::run() {
  while (!is_stopping_) {
    poller_.poll(clock_(), is_stopping_);
    const auto pause = std::clamp<nanoseconds>(poller_.due() - clock_(), std::chrono::milliseconds{100}, longest_wait);
    std::unique_lock lock{mutex_};
    woken_.wait_for(lock, pause, [this] { return is_stopping_.load(); });
  }
}

} // namespace tt::gateway
