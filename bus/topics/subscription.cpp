#include "bus/topics/subscription.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"

#include <caf/actor_cast.hpp>
#include <caf/make_message.hpp>

namespace bus::topics {

namespace {

using codec::content_of;

// One message of a `delivery::every` subscription.
class every_element final : public caf::mailbox_element {
public:
  every_element(std::shared_ptr<subscription> owner, caf::message content, size_t bytes)
      : owner_(std::move(owner)), content_(std::move(content)), bytes_(bytes) {}
  ~every_element() override { owner_->consumed(bytes_); }

  caf::type_erased_tuple& content() override { return content_of(content_); }
  const caf::type_erased_tuple& content() const override {
    return content_of(const_cast<every_element*>(this)->content_);
  }
  caf::message move_content_to_message() override { return std::move(content_); }
  caf::message copy_content_to_message() const override { return content_; }

private:
  const std::shared_ptr<subscription> owner_;
  caf::message content_;
  const size_t bytes_;
};

// The one element of a `delivery::latest` subscription that waits in a mailbox. Its content is fetched when
// the actor looks at it: that is what makes it the newest.
class latest_element final : public caf::mailbox_element {
public:
  explicit latest_element(std::shared_ptr<subscription> owner) : owner_(std::move(owner)) {}
  ~latest_element() override {
    if (!resolved_) owner_->take_latest();
  }

  caf::type_erased_tuple& content() override { return content_of(resolve()); }
  const caf::type_erased_tuple& content() const override {
    return content_of(const_cast<latest_element*>(this)->resolve());
  }
  caf::message move_content_to_message() override { return std::move(resolve()); }
  caf::message copy_content_to_message() const override {
    return const_cast<latest_element*>(this)->resolve();
  }

private:
  caf::message& resolve() {
    if (!resolved_) {
      content_ = owner_->take_latest();
      resolved_ = true;
    }
    return content_;
  }

  const std::shared_ptr<subscription> owner_;
  caf::message content_;
  bool resolved_ = false;
};

} // namespace

caf::error write_payload(codec::bytes& out, const payload_header& head, const caf::message& content,
                         codec::encoder_context context) {
  codec::pack_array(out, 4);
  codec::pack_str(out, head.node);
  codec::pack_uint(out, head.epoch);
  codec::pack_uint(out, head.seq);
  codec::encoder f{out, context};
  return f.apply(content);
}

bool read_header(std::string_view payload, payload_header& out) {
  codec::cursor in{payload};
  uint32_t size = 0;
  return in.read_array(size) == errc::none && size >= 4 && in.read_str(out.node) == errc::none &&
         in.read_uint(out.epoch) == errc::none && in.read_uint(out.seq) == errc::none;
}

caf::message decode_content(std::string_view payload, codec::decoder_context context, size_t& bytes) {
  codec::decoder f{payload, context};
  uint32_t size = 0;
  caf::message result;
  // [node, epoch, seq, content]
  if (f.in().read_array(size) != errc::none || size < 4) return {};
  for (int i = 0; i < 3; ++i)
    if (f.in().skip() != errc::none) return {};
  if (f.apply(result)) return {};
  bytes += f.decoded();
  return result;
}

void subscription::deliver(item x) {
  if (how_ == delivery::every) {
    const auto* payload = std::get_if<payload_ptr>(&x);
    if (payload) {
      auto bytes = (*payload)->size();
      auto content = decode_content(**payload, decode_, bytes);
      enqueue(std::move(content), bytes);
      return;
    }
    enqueue(std::move(std::get<caf::message>(x)), 0); // shared with others here: it is there anyway
    return;
  }
  {
    const std::lock_guard guard{mutex_};
    latest_ = std::move(x);
    if (std::exchange(pending_, true)) return;
  }
  if (auto actor = actor_.lock())
    actor->enqueue(caf::mailbox_element_ptr{new latest_element(shared_from_this())}, nullptr);
}

void subscription::enqueue(caf::message content, size_t bytes) {
  if (content.empty()) return;
  auto actor = actor_.lock();
  if (!actor) return;
  {
    const std::lock_guard guard{mutex_};
    if (backlog_ >= limits::topic_backlog || (backlog_ > 0 && backlog_bytes_ + bytes > limits::topic_backlog_bytes)) {
      overflowed_ = true;
      return;
    }
    ++backlog_;
    backlog_bytes_ += bytes;
    if (std::exchange(overflowed_, false))
      actor->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, topic_gap{topic_, 0, 0}),
                     nullptr);
  }
  actor->enqueue(caf::mailbox_element_ptr{new every_element(shared_from_this(), std::move(content), bytes)},
                 nullptr);
}

void subscription::gap(uint64_t expected, uint64_t got) {
  if (how_ != delivery::every) return;
  if (auto actor = actor_.lock())
    actor->enqueue(
        caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, topic_gap{topic_, expected, got}),
        nullptr);
}

caf::message subscription::take_latest() {
  item x;
  {
    const std::lock_guard guard{mutex_};
    x = std::exchange(latest_, caf::message{});
    pending_ = false;
  }
  size_t ignored = 0; // one such message waits at most
  if (const auto* payload = std::get_if<payload_ptr>(&x))
    return *payload ? decode_content(**payload, decode_, ignored) : caf::message{};
  return std::get<caf::message>(std::move(x));
}

void subscription::consumed(size_t bytes) noexcept {
  const std::lock_guard guard{mutex_};
  --backlog_;
  backlog_bytes_ -= bytes;
}

} // namespace bus::topics
