#pragma once

// Starts nodes inside the test process and talks to them over loopback.

#include "cluster/node.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace tt::cluster::test {

using tt::test::temporary_folder;

struct http_answer {
  int status = 0;
  std::string head;
  std::string body;
};

/// One request on its own connection; status 0 when there was no answer.
inline http_answer http_raw(std::uint16_t port, const std::string& request) {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  http_answer out;
  if (connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && send(s, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    std::string all;
    char buffer[65536];
    for (ssize_t n = 0; (n = recv(s, buffer, sizeof buffer, 0)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
    const auto split = all.find("\r\n\r\n");
    if (all.starts_with("HTTP/1.1 ") && split != std::string::npos) {
      out.status = std::atoi(all.c_str() + 9);
      out.head = all.substr(0, split);
      out.body = all.substr(split + 4);
    }
  }
  close(s);
  return out;
}

inline http_answer http_get(std::uint16_t port, const std::string& target) {
  return http_raw(port, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

/// The folder of recordings, where this machine has one.
inline std::optional<std::string> recordings_folder() {
  const char* named = std::getenv("TT_SHARED");
  const std::filesystem::path shared = named ? named : std::filesystem::path(TT_SOURCE_DIR).parent_path() / "shared";
  if (!std::filesystem::exists(shared / "data")) return std::nullopt;
  return (shared / "data").string();
}

/// A configuration with everything in `data`, on any free port.
inline node_config basic_config(const temporary_folder& data) {
  node_config out;
  out.node_id = "test";
  out.data_dir = data.path("data");
  out.instruments_path = TT_SOURCE_DIR "/config/instruments.yaml";
  out.host = "127.0.0.1";
  out.port = 0;
  out.web_root = data.path("no-ui");
  out.default_venue = "XNYS";
  out.rate_unauthenticated = out.rate_failed_auth = out.rate_general = out.rate_market_data = 10'000'000;
  return out;
}

inline utc_time wall() { return std::chrono::system_clock::now(); }

/// Asks for the health of a node until `part` stands in it. Each round is a real
/// request, so the loop waits for the node and not for a clock.
inline bool wait_for_health(std::uint16_t port, const std::string& part) {
  constexpr int rounds = 200'000;
  for (int i = 0; i < rounds; ++i)
    if (http_get(port, "/health").body.find(part) != std::string::npos) return true;
  return false;
}

} // namespace tt::cluster::test
