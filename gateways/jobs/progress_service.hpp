#pragma once

// The progress sockets of jobs: one job, one direction. The server pushes the
// job's state on change (at most ten times a second) and at least every five
// seconds; after the job's end one last message, then close 1000.

#include "gateways/http/upgrade_handler.hpp"
#include "gateways/jobs_port.hpp"

#include <chrono>
#include <memory>

namespace tt::gateway {

struct progress_limits {
  std::chrono::milliseconds least_pause{100};   ///< between two messages
  std::chrono::milliseconds longest_pause{5'000};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds silence{30'000};    ///< nothing at all from the client, pings answered included: cut
  std::chrono::milliseconds stop_close{400};    ///< a close handshake while the server stops
  std::size_t message_bytes = 4'096;            ///< of the client; its messages mean nothing here
};

class progress_service final : public upgrade_handler {
public:
  /// `jobs` must outlive the service.
  explicit progress_service(jobs_port& jobs, progress_limits limits = {});
  ~progress_service() override;
  progress_service(const progress_service&) = delete;
  progress_service& operator=(const progress_service&) = delete;

  void accept(boost::beast::tcp_stream&& socket, request&& req, peer_info peer) override;
  void stop() override;
  /// Sockets that are open.
  [[nodiscard]] std::size_t open() const;

  struct impl; ///< of progress_service.cpp

private:
  std::shared_ptr<impl> impl_;
};

} // namespace tt::gateway
