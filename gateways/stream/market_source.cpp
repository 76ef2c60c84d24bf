#include "gateways/stream/market_source.hpp"

#include "gateways/json/market_json.hpp"
#include "gateways/stream/stream_config.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tt::gateway::stream {

namespace {

/// Daily bars of an overnight session are stamped with the coming trading day,
/// which may lie behind a long weekend.
constexpr std::chrono::hours newest_stamp_ahead{7 * 24};

/// Updates given to the clients' queues before these are written out.
constexpr std::size_t updates_per_flush = 256;

std::string upper_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

payload share(market::market_update update) {
  return std::make_shared<const market::market_update>(std::move(update));
}

/// A quote of which only the name is known says nothing.
bool says_something(const market::quote_snapshot& quote) { return quote.last || quote.bid || quote.ask || quote.prev_close; }

bool says_something(const market::market_update& update) {
  const auto* quote = std::get_if<market::quote_snapshot>(&update);
  return !quote || says_something(*quote);
}

std::optional<payload> known_part(const market::quote_snapshot& quote) {
  return says_something(quote) ? std::optional{share(quote)} : std::nullopt;
}

std::optional<payload> newest_bar(const topic_key& key, const market::history_reply& reply) {
  if (!reply.bars || reply.bars->empty()) return std::nullopt;
  market::bar_update out;
  out.symbol = key.symbol;
  out.frame = key.frame;
  out.hours = key.hours;
  out.data = reply.bars->back();
  out.state = reply.last_is_forming ? market::bar_state::forming : market::bar_state::closed;
  return share(std::move(out));
}

/// Everything of a venue's status but the present time.
std::string changing_part(const exchange_calendar& calendar, utc_time now) {
  std::string out{to_string(calendar.state_at(now))};
  const auto turns = calendar.next_turns(now, session_hours::regular);
  for (const auto& time : {turns.open, turns.close})
    out += time ? "|" + to_iso8601(*time) : "|";
  return out;
}

} // namespace

// -- mailbox -----------------------------------------------------------------------

std::function<void()> mailbox::guarded(std::function<void()> job) {
  return [self = shared_from_this(), job = std::move(job)] {
    {
      std::lock_guard guard{self->mutex_};
      if (self->is_closed_) return;
    }
    job(); // closing happens on this thread, so not before the end of this
  };
}

void mailbox::put(const std::shared_ptr<feed_cell>& cell, std::shared_ptr<const market::market_update> update,
                  mono_time arrival) {
  std::lock_guard guard{mutex_};
  if (is_closed_) return;
  if (items_.size() >= max_mailbox) {
    if (cell->kind == delivery::queued) {
      ++overflow_.dropped;
      return;
    }
    if (cell->batch == batch_) {
      items_[cell->at].update = std::move(update);
      ++overflow_.conflated;
      return;
    } // first one of its topic: has a place, there are not many topics
  }
  cell->batch = batch_;
  cell->at = items_.size();
  items_.push_back({cell, std::move(update), arrival});
  // Posted under the lock: after close() the executor may be gone.
  if (!std::exchange(is_scheduled_, true)) post_(guarded(drain_));
}

void mailbox::post(std::function<void()> job) {
  std::lock_guard guard{mutex_};
  if (!is_closed_) post_(guarded(std::move(job)));
}

mailbox::overflow mailbox::take(std::vector<mail>& into) {
  into.clear();
  std::lock_guard guard{mutex_};
  items_.swap(into);
  ++batch_;
  is_scheduled_ = false;
  return std::exchange(overflow_, {});
}

void mailbox::close() {
  std::lock_guard guard{mutex_};
  is_closed_ = true;
  items_.clear();
  post_ = nullptr;
  drain_ = nullptr;
}

// -- market_source -------------------------------------------------------------------

market_source::market_source(market_port& port, stream_clock clock, lossless_log& system, shard_tallies& tallies, poster post,
                             std::function<void()> on_batch)
    : port_(port), clock_(std::move(clock)), tallies_(tallies), on_batch_(std::move(on_batch)),
      box_(std::make_shared<mailbox>(std::move(post), [this] { drain(); })) {
  add_log(channel::system, system);
}

market_source::~market_source() {
  box_->close();
  for (auto& [key, one] : feeds_) port_.unsubscribe(one.id);
}

void market_source::drain() {
  const auto lost = box_->take(batch_);
  tallies_.conflated.add(lost.conflated);
  tallies_.dropped_trades.add(lost.dropped);
  const utc_time market_time = port_.market_time();
  std::size_t since_flush = 0;
  for (auto& one : batch_) {
    // A long batch is written in parts, or it would overflow the queues of fast clients.
    if (++since_flush > updates_per_flush) {
      since_flush = 1;
      on_batch_();
    }
    const auto topic = one.cell->topic; // a receiver's reaction may close it
    if (topic) hub_->publish(*topic, std::move(one.update), {one.arrival, market_time});
  }
  batch_.clear();
  on_batch_();
}

result<std::string> market_source::resolve(channel what, std::string_view name) const {
  if (const auto* found = port_.instruments().find(name)) return found->symbol;
  if (what == channel::market_status) {
    if (const auto calendar = find_calendar(upper_case(name))) return std::string{(*calendar)->id()};
    return error{errc::unknown_symbol, "no instrument and no venue of this name"};
  }
  return error{errc::unknown_symbol, "no instrument of this name"};
}

std::vector<std::string> market_source::venues() const {
  std::set<std::string> out;
  for (const auto& one : port_.instruments().all())
    if (one.calendar) out.emplace(one.calendar->id());
  return {out.begin(), out.end()};
}

void market_source::open(const std::shared_ptr<hub_topic>& topic) {
  const topic_key& key = *topic->key;
  if (key.what == channel::market_status) {
    venues_[key] = {topic, {}};
    return;
  }
  auto cell = std::make_shared<feed_cell>();
  cell->topic = topic;
  cell->kind = traits_of(key.what).kind;
  auto handler = [box = box_, cell, mono = clock_.mono](std::shared_ptr<const market::market_update> update) {
    if (update && says_something(*update)) box->put(cell, std::move(update), mono());
  };
  auto& entry = feeds_[key];
  TT_ASSERT(!entry.cell);
  entry.cell = std::move(cell);
  entry.id = port_.subscribe(to_market_topic(key), std::move(handler));
}

void market_source::close(const std::shared_ptr<hub_topic>& topic) {
  venues_.erase(*topic->key);
  auto node = feeds_.extract(*topic->key);
  if (!node) return;
  node.mapped().cell->topic.reset(); // what is still in the mailbox is for nobody
  port_.unsubscribe(node.mapped().id);
}

lossless_log* market_source::log_of(channel what, const std::string& account) {
  if (account.empty()) return logs_[static_cast<std::size_t>(what)];
  return account_log_ ? account_log_(what, account) : nullptr;
}

// -- present state -------------------------------------------------------------------

std::function<void(std::optional<payload>)> market_source::answer_to(const topic_key& key) {
  // The port may answer on any thread, and after this source is gone; the mailbox knows.
  return [this, box = box_, key](std::optional<payload> content) {
    box->post([this, key, content = std::move(content)]() mutable {
      hub_->on_fetched(key, std::move(content));
      on_batch_();
    });
  };
}

void market_source::fetch(const topic_key& key) {
  auto answer = answer_to(key);
  switch (key.what) {
  case channel::quotes:
    port_.quotes({key.symbol}, [answer](result<std::vector<market::quote_snapshot>> reply) {
      answer(reply && !reply->empty() ? known_part(reply->front()) : std::nullopt);
    });
    return;
  case channel::trades:
    port_.trades(key.symbol, 1, [answer](result<std::vector<market::trade_update>> reply) {
      answer(reply && !reply->empty() ? std::optional{share(reply->front())} : std::nullopt);
    });
    return;
  case channel::bars: {
    market::history_request request;
    request.symbol = key.symbol;
    request.frame = key.frame;
    request.hours = key.hours;
    request.to = port_.market_time() + newest_stamp_ahead;
    request.countback = request.limit = 1;
    port_.history(std::move(request), [answer, key](result<market::history_reply> reply) {
      answer(reply ? newest_bar(key, *reply) : std::nullopt);
    });
    return;
  }
  case channel::market_status:
    if (const auto open = venues_.find(key); open != venues_.end()) publish_status(open->second);
    else if (const auto calendar = calendar_of(key.symbol))
      return answer(custom_value{[calendar, at = port_.market_time()](json_writer& out) { write_market_status(out, *calendar, at); },
                                 port_.market_time(), std::nullopt});
    return answer(std::nullopt);
  default: return answer(std::nullopt);
  }
}

// -- market status ---------------------------------------------------------------------

std::shared_ptr<const exchange_calendar> market_source::calendar_of(const std::string& name) const {
  if (const auto* found = port_.instruments().find(name)) return found->calendar;
  const auto calendar = find_calendar(name);
  return calendar ? *calendar : nullptr;
}

void market_source::publish_status(venue_state& of) {
  const auto calendar = calendar_of(of.topic->key->symbol);
  if (!calendar) return;
  const utc_time at = port_.market_time();
  std::string shown = changing_part(*calendar, at);
  if (shown == of.shown) return;
  of.shown = std::move(shown);
  hub_->publish(*of.topic,
                custom_value{[calendar, at](json_writer& out) { write_market_status(out, *calendar, at); }, at, std::nullopt},
                clock_.now());
}

void market_source::check_market_status() {
  for (auto& [key, one] : venues_) publish_status(one);
  on_batch_();
}

} // namespace tt::gateway::stream
