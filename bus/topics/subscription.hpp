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
#include <string_view>
#include <variant>

namespace bus::topics {

using payload_ptr = std::shared_ptr<const std::string>;

/// A message as it is published here, or as it came from a peer and not decoded yet.
using item = std::variant<caf::message, payload_ptr>;

/// What precedes the content in a payload: [node, epoch, seq, content].
struct payload_header {
  std::string_view node; ///< name of the publisher
  uint64_t epoch = 0;    ///< random, new at every start of the publisher
  uint64_t seq = 0;      ///< counts per topic and epoch, from 1
};

/// Appends a whole payload. Errors are those of the encoder: a type that cannot travel.
caf::error write_payload(codec::bytes& out, const payload_header& head, const caf::message& content,
                         codec::encoder_context context);

/// Reads the header; false if it is malformed. `out.node` points into `payload`.
bool read_header(std::string_view payload, payload_header& out);

/// The content of a payload; an empty message if it is malformed. Adds to `bytes` what its elements take in memory.
caf::message decode_content(std::string_view payload, codec::decoder_context context, size_t& bytes);

class subscription : public std::enable_shared_from_this<subscription> {
public:
  subscription(std::string topic, caf::weak_actor_ptr actor, caf::actor_id id, delivery how,
               codec::decoder_context decode)
      : topic_(std::move(topic)), actor_(std::move(actor)), id_(id), how_(how), decode_(decode) {}

  caf::actor_id actor_id() const noexcept { return id_; }
  const std::string& topic() const noexcept { return topic_; }

  /// Any thread; calls for one topic come in order.
  void deliver(item x);

  /// As above, for message number `seq` of a topic of this node. A number that was delivered is skipped: a
  /// subscriber that comes while something is published may be offered it twice. Requires the topic's mutex.
  void deliver_own(uint64_t seq, const caf::message& content) {
    if (seq <= own_seq_) return;
    own_seq_ = seq;
    deliver(content);
  }

  /// Tells a subscriber of every message that some are missing. For `latest` there is nothing to tell.
  void gap(uint64_t expected, uint64_t got);

  /// Called by the elements.
  caf::message take_latest();
  void consumed(size_t bytes) noexcept;

private:
  void enqueue(caf::message content, size_t bytes);

  const std::string topic_;
  const caf::weak_actor_ptr actor_;
  const caf::actor_id id_;
  const delivery how_;
  const codec::decoder_context decode_;

  uint64_t own_seq_ = 0; // guarded by the mutex of this node's topic of that name
  std::mutex mutex_;
  item latest_;
  bool pending_ = false; // latest: an element is in the mailbox
  uint32_t backlog_ = 0; // every: elements in the mailbox
  size_t backlog_bytes_ = 0;
  bool overflowed_ = false;
};

} // namespace bus::topics
