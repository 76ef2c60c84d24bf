#include "bus/link/resolver.hpp"

#include "bus/limits.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace bus::link {

// The threads hold this, not the resolver: nobody waits for a look-up that hangs, not even who stops the node.
struct resolver::shared {
  lookup_function lookup;
  std::function<void()> ready;
  std::mutex mutex; // guards all below
  std::deque<std::string> waiting;
  std::vector<lookup_answer> answers;
  size_t threads = 0;
  bool closed = false;
};

outcome<std::vector<std::string>> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int e = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); e != 0)
    return problem{errc::socket_failed, ::gai_strerror(e)};
  std::vector<std::string> result;
  for (const int family : {AF_INET, AF_INET6})
    for (const auto* x = found; x && result.size() < limits::addresses_per_host; x = x->ai_next) {
      char text[NI_MAXHOST];
      if (x->ai_family != family ||
          ::getnameinfo(x->ai_addr, x->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
        continue;
      if (std::find(result.begin(), result.end(), text) == result.end()) result.emplace_back(text);
    }
  ::freeaddrinfo(found);
  if (result.empty()) return problem{errc::socket_failed, "no address"};
  return result;
}

resolver::resolver(lookup_function lookup, std::function<void()> ready) : shared_(std::make_shared<shared>()) {
  shared_->lookup = std::move(lookup);
  shared_->ready = std::move(ready);
}

resolver::~resolver() {
  const std::lock_guard guard{shared_->mutex};
  shared_->closed = true;
  shared_->waiting.clear();
}

// Threads exist while there are names to look up: a cluster of numeric addresses never has one.
bool resolver::ask(std::string host) {
  const std::lock_guard guard{shared_->mutex};
  if (shared_->waiting.size() >= limits::waiting_lookups) return false;
  shared_->waiting.push_back(std::move(host));
  if (shared_->threads >= limits::lookup_threads) return true;
  try {
    std::thread thread{[all = shared_] { work(all); }};
    pthread_setname_np(thread.native_handle(), "tt-names");
    thread.detach();
    ++shared_->threads;
  } catch (const std::system_error&) { // no thread to be had: another one takes it, or the next question
    if (shared_->threads > 0) return true;
    shared_->waiting.pop_back();
    return false;
  }
  return true;
}

void resolver::work(const std::shared_ptr<shared>& all) {
  for (;;) {
    std::string host;
    {
      const std::lock_guard guard{all->mutex};
      if (all->waiting.empty()) {
        --all->threads;
        return;
      }
      host = std::move(all->waiting.front());
      all->waiting.pop_front();
    }
    auto addresses = all->lookup(host);
    {
      const std::lock_guard guard{all->mutex};
      if (all->closed) {
        --all->threads;
        return;
      }
      all->answers.push_back({std::move(host), std::move(addresses)});
    }
    all->ready();
  }
}

std::vector<lookup_answer> resolver::take() {
  std::vector<lookup_answer> result;
  const std::lock_guard guard{shared_->mutex};
  result.swap(shared_->answers);
  return result;
}

} // namespace bus::link
