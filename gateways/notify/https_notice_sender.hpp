#pragma once

// Sends notices over https: one thread of its own, a bounded queue, certificates and
// addresses checked. See notice_sender for the promises.
//
//   auto sender = https_notice_sender::make({.allowed = {"hooks.example.org"}});
//   (*sender)->send({.url = "https://hooks.example.org/x", .body = "{}"}, [](auto outcome) { … });

#include "actors/model/notice_sender.hpp"
#include "gateways/notify/outbound_rules.hpp"

#include <memory>

namespace tt::gateway {

/// Notices that wait, run or rest before a retry, all together; one more is refused with limit_exceeded.
inline constexpr std::size_t max_notices = 1'000;
/// Attempts that run at once, and of these to the same host.
inline constexpr std::size_t max_running_notices = 16, max_running_per_host = 4;
inline constexpr std::size_t max_notice_body = 256 * 1024;
inline constexpr std::size_t max_notice_headers = 32;
inline constexpr std::size_t max_notice_header_bytes = 8 * 1024;
/// Longest pause before a retry, also where the receiver asks for more.
inline constexpr std::chrono::minutes max_retry_delay{5};

/// Finds the addresses of a host name. `found` is called once, from any thread; nothing in it: there are none, or nobody could tell.
using name_lookup = std::function<void(std::string host, std::function<void(std::vector<boost::asio::ip::address>)> found)>;
/// The system's resolver, each question on a thread of its own (it blocks and can't be cancelled).
name_lookup system_lookup();

struct notify_config {
  std::vector<std::string> allowed = {}; ///< as outbound_rules::parse
  std::string ca_file = {};              ///< PEM; certificates that are trusted besides the system's
  name_lookup lookup = {};               ///< empty: system_lookup
};

class https_notice_sender final : public notice_sender {
public:
  /// Errors: invalid_argument (an entry of the list), io_error (the file of certificates), not_available (no TLS).
  static result<std::unique_ptr<https_notice_sender>> make(notify_config config);
  /// As stop().
  ~https_notice_sender() override;

  [[nodiscard]] result<void> check(std::string_view url) const override;
  void send(notice what, reply done) override;
  /// Ends the thread; what was not sent gets not_available.
  void stop();

  struct counters {
    std::uint64_t delivered = 0, failed = 0, retried = 0;
    std::size_t queued = 0; ///< now
  };
  [[nodiscard]] counters figures() const;

private:
  class impl;
  explicit https_notice_sender(std::shared_ptr<impl> parts) : impl_(std::move(parts)) {}
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
