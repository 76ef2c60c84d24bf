// This header file defines one actor's subscription to one topic, and the two
// kinds of mailbox elements it is served with. Private to `bus/topics`.
#pragma once

#include "bus/codec/table.hpp"
#include "bus/delivery.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <variant>

namespace bus::topics {

using payload_ptr = std::shared_ptr<const std::string>;

/// A message as it is published here, or as it came from a peer and not decoded yet.
using item = std::variant<caf::message, payload_ptr>;

/// The content of a payload; an empty message if it is malformed.
caf::message decode_content(std::string_view payload, codec::decoder_context context);

class subscription : public std::enable_shared_from_this<subscription> {
public:
  subscription(std::string topic, caf::weak_actor_ptr actor, caf::actor_id id, delivery how,
               codec::decoder_context decode)
      : topic_(std::move(topic)), actor_(std::move(actor)), id_(id), how_(how), decode_(decode) {}

  caf::actor_id actor_id() const noexcept { return id_; }
  const std::string& topic() const noexcept { return topic_; }

  /// Any thread; calls for one topic come in order.
  void deliver(item x);

  /// Tells a subscriber of every message that some are missing. For `latest` there is nothing to tell.
  void gap(uint64_t expected, uint64_t got);

  /// Called by the elements.
  caf::message take_latest();
  void consumed() noexcept;

private:
  void enqueue(caf::message content);

  const std::string topic_;
  const caf::weak_actor_ptr actor_;
  const caf::actor_id id_;
  const delivery how_;
  const codec::decoder_context decode_;

  std::mutex mutex_;
  item latest_;
  bool pending_ = false; // latest: an element is in the mailbox
  uint32_t backlog_ = 0; // every: elements in the mailbox
  bool overflowed_ = false;
};

} // namespace bus::topics
