#include "gateways/stream/lossless_log.hpp"

#include "gateways/stream/stream_config.hpp"

#include <algorithm>

namespace tt::gateway::stream {

memory_log::memory_log(std::uint64_t epoch, writer write_state, std::string_view state_type)
    : epoch_(epoch), write_state_(std::move(write_state)), state_type_(state_type) {}

void memory_log::continue_from(std::uint64_t epoch, std::uint64_t last, std::vector<std::pair<writer, utc_time>> kept) {
  std::lock_guard guard{mutex_};
  TT_ASSERT(events_.empty() && kept.size() <= last);
  epoch_ = epoch;
  last_ = last;
  auto number = last - kept.size();
  const auto surplus = kept.size() > max_replay_events ? kept.size() - max_replay_events : 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    ++number;
    if (i >= surplus) events_.push_back({std::move(kept[i].first), kept[i].second, log_position{epoch_, number}});
    last_at_ = kept[i].second;
  }
}

std::uint64_t memory_log::epoch() const {
  std::lock_guard guard{mutex_};
  return epoch_;
}

void memory_log::set_listener(listener on_event) {
  std::lock_guard guard{mutex_};
  on_event_ = std::move(on_event);
}

void memory_log::append(utc_time at, writer data, const std::function<void()>& change, std::string_view message_type) {
  std::lock_guard guard{mutex_};
  if (change) change();
  last_at_ = at;
  events_.push_back({std::move(data), at, log_position{epoch_, ++last_}, message_type});
  while (events_.size() > max_replay_events || events_.front().at < at - max_replay_age) events_.pop_front();
  if (on_event_) on_event_(events_.back());
}

std::uint64_t memory_log::last() const {
  std::lock_guard guard{mutex_};
  return last_;
}

std::optional<std::vector<custom_value>> memory_log::replay(std::uint64_t after, std::size_t limit) const {
  std::lock_guard guard{mutex_};
  if (after > last_ || last_ - after > events_.size()) return std::nullopt;
  const std::size_t wanted = std::min<std::size_t>(limit, last_ - after);
  const auto begin = events_.end() - static_cast<std::ptrdiff_t>(last_ - after);
  return std::vector<custom_value>{begin, begin + static_cast<std::ptrdiff_t>(wanted)};
}

custom_value memory_log::snapshot() const {
  std::lock_guard guard{mutex_};
  // The state is written at once: by the time a client's style is known, it may have moved on.
  std::array<std::string, message_style::count> written;
  for (const auto names : {field_case::snake, field_case::camel})
    for (const auto numbers : {number_style::plain, number_style::string}) {
      const json_style style{numbers, names};
      json_writer out{style};
      write_state_(out);
      written[message_style{encoding::json, style}.index()] = out.take();
    }
  auto shared = std::make_shared<const decltype(written)>(std::move(written));
  return {[shared](json_writer& out) { out.raw((*shared)[message_style{encoding::json, out.style()}.index()]); }, last_at_,
          log_position{epoch_, last_}, state_type_};
}

} // namespace tt::gateway::stream
