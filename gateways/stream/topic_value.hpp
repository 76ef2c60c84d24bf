#pragma once

// One value of one topic, on its way to many clients: written at most once per
// style, however many read it.

#include "gateways/stream/message.hpp"
#include "gateways/stream/topic.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace tt::gateway::stream {

/// Time for limits and delays; never shown to anybody.
using mono_time = std::chrono::steady_clock::time_point;

/// The two times of one moment; the core is told both.
struct moment {
  mono_time mono{};
  utc_time wall{};
};

/// Where an event stands in a lossless topic.
struct log_position {
  std::uint64_t epoch = 0;
  std::uint64_t tseq = 0; ///< +1 per event

  bool operator==(const log_position&) const = default;
};

/// A value that isn't market data: its writer appends the whole `data` value.
struct custom_value {
  std::function<void(json_writer&)> write_data;
  utc_time at{};
  std::optional<log_position> position = {}; ///< of lossless topics
  std::string_view type = {};                ///< of the message; empty: the channel's. Of static storage
};

/// What a topic can hold. Immutable.
using payload = std::variant<std::shared_ptr<const market::market_update>, custom_value>;

/// Whether two payloads say the same; two custom values never do.
bool same_content(const payload& a, const payload& b);

/// Belongs to one thread.
class topic_value {
public:
  /// `arrival` is when the value reached the gateway; its wall time is the market's
  /// and stands in the envelope of bars, which carry no time of their own.
  topic_value(std::shared_ptr<const topic_key> key, payload content, moment arrival)
      : key_(std::move(key)), content_(std::move(content)), arrival_(arrival) {}

  /// The shared part of its message, written on first use.
  const message_body& body(message_style style) const;
  [[nodiscard]] mono_time arrival() const { return arrival_.mono; }
  [[nodiscard]] const payload& content() const { return content_; }
  /// What a newer value must share with this one to replace it: the bar's
  /// opening time, or 0 where every value replaces every other.
  [[nodiscard]] std::int64_t fact() const;
  [[nodiscard]] std::optional<log_position> position() const;

private:
  [[nodiscard]] std::string write(json_style style) const;

  std::shared_ptr<const topic_key> key_;
  payload content_;
  moment arrival_;
  mutable std::array<std::optional<message_body>, message_style::count> bodies_;
};

using value_ptr = std::shared_ptr<const topic_value>;

/// Opens the object and writes type (the channel's own where it is empty), channel and what names the topic.
void begin_envelope(json_writer& out, const topic_key& key, std::string_view type = {});

/// The message of a topic of which nothing is known yet: data null, state "waiting".
std::string write_waiting(const topic_key& key, utc_time now, json_style style);

} // namespace tt::gateway::stream
