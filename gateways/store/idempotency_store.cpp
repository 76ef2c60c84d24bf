#include "gateways/store/idempotency_store.hpp"

#include "gateways/store/document_store.hpp"
#include "gateways/store/task_queue.hpp"

#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <array>

namespace tt::gateway {

namespace {

std::string pack_headers(const header_list& headers) {
  std::string out;
  for (const auto& one : headers.all()) out += one.name + ": " + one.value + "\n";
  return out;
}

http_response unpack(const kept_answer& kept) {
  http_response out{.status = kept.status, .headers = {}, .body = kept.body, .shared_body = {}};
  std::string_view text = kept.headers;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    if (const auto colon = line.find(": "); colon != std::string_view::npos)
      out.headers.add(std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// A retry of these may end differently, so they are no final answer.
bool is_final(const http_response& response) {
  return response.status < 500 && response.status != 429 && response.content().size() <= idempotency_store::max_response_bytes;
}

error queue_full() { return {errc::not_available, "the store has too much to do; try again"}; }

} // namespace

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

void idempotency_store::begin(std::string owner, std::string key, std::string digest, utc_time now, decision decide) {
  const slot at{std::move(owner), std::move(key)};
  {
    std::unique_lock guard{mutex_};
    const auto found = running_.find(at);
    if (found != running_.end()) {
      if (found->second.digest != digest) {
        guard.unlock();
        return decide(verdict::other_body, {});
      }
      if (found->second.queue.size() >= max_waiting) {
        guard.unlock();
        return decide(error{errc::limit_exceeded, "too many requests wait for this Idempotency-Key"}, {});
      }
      found->second.queue.push_back({std::move(digest), std::move(decide)});
      return;
    }
    running_[at] = {digest, {}};
  }
  look_up(at, now, std::move(decide));
}

void idempotency_store::look_up(const slot& at, utc_time now, decision decide) {
  const auto task = [this, at, now, decide] {
    auto found = store_.find_answer(at.first, at.second, now - kept);
    std::vector<waiting> others;
    std::string digest;
    {
      std::lock_guard guard{mutex_};
      auto& entry = running_[at];
      digest = entry.digest;
      if (found && !*found) others.clear();
      else {
        others.swap(entry.queue);
        running_.erase(at);
      }
    }
    if (found && !*found) return decide(verdict::first, {});
    const auto tell = [&](const decision& one) {
      if (!found) return one(found.error(), {});
      if ((*found)->digest != digest) return one(verdict::other_body, {});
      one(verdict::replay, unpack(**found));
    };
    tell(decide);
    for (const auto& other : others) tell(other.decide);
  };
  if (queue_.post(task) == task_queue::posted::yes) return;
  std::vector<waiting> others;
  {
    std::lock_guard guard{mutex_};
    others.swap(running_[at].queue);
    running_.erase(at);
  }
  decide(queue_full(), {});
  for (const auto& other : others) other.decide(queue_full(), {});
}

void idempotency_store::finish(const std::string& owner, const std::string& key, const http_response& response, utc_time now,
                               std::function<void()> then) {
  const slot at{owner, key};
  if (!is_final(response)) {
    decision next;
    {
      std::lock_guard guard{mutex_};
      auto found = running_.find(at);
      if (found != running_.end() && !found->second.queue.empty()) {
        next = std::move(found->second.queue.front().decide);
        found->second.queue.erase(found->second.queue.begin());
      } else if (found != running_.end()) {
        running_.erase(found);
      }
    }
    then();
    if (next) next(verdict::first, {});
    return;
  }
  auto copy = std::make_shared<http_response>();
  copy->status = response.status;
  copy->headers = response.headers;
  copy->body = std::string{response.content()};
  const auto task = [this, at, now, copy, then] {
    std::vector<waiting> others;
    std::string digest;
    {
      std::lock_guard guard{mutex_};
      digest = running_[at].digest;
    }
    if (auto done = store_.keep_answer(at.first, at.second, {digest, copy->status, pack_headers(copy->headers), copy->body}, now); !done)
      spdlog::error("an answer could not be kept for its Idempotency-Key: {}", done.error().message);
    (void)store_.forget_answers(now - kept);
    {
      std::lock_guard guard{mutex_};
      others.swap(running_[at].queue);
      running_.erase(at);
    }
    then();
    for (const auto& other : others) other.decide(verdict::replay, *copy);
  };
  if (queue_.post(task) == task_queue::posted::yes) return;
  spdlog::error("an answer could not be kept for its Idempotency-Key: the store has too much to do");
  std::vector<waiting> others;
  {
    std::lock_guard guard{mutex_};
    others.swap(running_[at].queue);
    running_.erase(at);
  }
  then();
  for (const auto& other : others) other.decide(verdict::replay, *copy);
}

} // namespace tt::gateway
