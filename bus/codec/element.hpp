// This header file defines the mailbox elements that hold messages from the
// wire. They differ from CAF's in one thing: they carry a ticket that is given
// back when the element is destroyed, that is when the receiving actor is done
// with the message. Counting tickets is how a node knows what its actors have
// consumed, and so how credit can reach from actor to actor although CAF's
// mailboxes are unbounded.
#pragma once

#include "bus/codec/decoder.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bus::codec {

/// Counts the messages that one actor has received from one peer and not consumed yet.
class consumer {
public:
  /// Called in any thread, once per message, after the actor consumed it.
  virtual void consumed(uint32_t bytes) noexcept = 0;
  /// A message that was counted turned out to take so many bytes more.
  virtual void grown(uint32_t bytes) noexcept = 0;

protected:
  ~consumer() = default;
};

/// Calls `consumer::consumed` on destruction.
class ticket {
public:
  ticket() noexcept = default;
  ticket(consumer* owner, uint32_t bytes) noexcept : owner_(owner), bytes_(bytes) {}
  ticket(ticket&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), bytes_(other.bytes_) {}
  ticket& operator=(ticket&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  /// The message has been read and takes `decoded` bytes of memory, besides what it was on the wire.
  void weigh(size_t decoded) noexcept {
    if (decoded <= worth_counting || !owner_) return;
    const auto more = static_cast<uint32_t>(std::min(decoded, limits::decoded_bytes));
    owner_->grown(more);
    bytes_ += more;
  }
  ~ticket() {
    if (owner_) owner_->consumed(bytes_);
  }

private:
  static constexpr size_t worth_counting = 4096; // below it, what is on the wire tells enough

  consumer* owner_ = nullptr;
  uint32_t bytes_ = 0; // that it was counted with
};

/// What a mailbox element has besides its content.
struct element_head {
  caf::strong_actor_ptr sender;
  caf::message_id mid;
  caf::mailbox_element::forwarding_stack stages;
  ticket credit;
};

/// An element that owns one value: one allocation for the whole message.
template <class T>
class value_element final : public caf::mailbox_element,
                            public caf::detail::tuple_vals_impl<caf::type_erased_tuple, T> {
  using tuple_type = caf::detail::tuple_vals_impl<caf::type_erased_tuple, T>;

public:
  explicit value_element(element_head&& head)
      : caf::mailbox_element(std::move(head.sender), head.mid, std::move(head.stages)), tuple_type(T{}),
        credit_(std::move(head.credit)) {}

  T& value() { return std::get<0>(this->data()); }
  void weigh(size_t decoded) noexcept { credit_.weigh(decoded); }

  caf::type_erased_tuple& content() override { return *this; }
  const caf::type_erased_tuple& content() const override { return *this; }
  caf::message move_content_to_message() override { return caf::make_message(std::move(value())); }
  caf::message copy_content_to_message() const override {
    return caf::make_message(std::get<0>(const_cast<value_element*>(this)->data()));
  }

private:
  ticket credit_;
};

/// The content of a message without the copy that `caf::message::content` makes of a shared one: CAF copies
/// when a handler takes a mutable reference, so all receivers of one message can look at the same.
caf::type_erased_tuple& content_of(caf::message& x) noexcept;

/// An element that owns any message.
class message_element final : public caf::mailbox_element {
public:
  message_element(element_head&& head, caf::message content)
      : caf::mailbox_element(std::move(head.sender), head.mid, std::move(head.stages)),
        content_(std::move(content)), credit_(std::move(head.credit)) {}

  caf::type_erased_tuple& content() override { return content_of(content_); }
  const caf::type_erased_tuple& content() const override {
    return content_of(const_cast<message_element*>(this)->content_);
  }
  caf::message move_content_to_message() override { return std::move(content_); }
  caf::message copy_content_to_message() const override { return content_; }

private:
  caf::message content_;
  ticket credit_;
};

template <class T>
caf::error read_value_element(decoder& f, element_head&& head, caf::mailbox_element_ptr& out) {
  auto* element = new value_element<T>(std::move(head));
  out.reset(element);
  auto err = f.apply(element->value());
  element->weigh(f.decoded());
  return err;
}

class type_table;

/// Reads [type name, value, ...] into a mailbox element. On error `head` may or may not have been moved from.
caf::error read_message_element(decoder& f, const type_table& types, element_head&& head,
                                caf::mailbox_element_ptr& out);

} // namespace bus::codec
