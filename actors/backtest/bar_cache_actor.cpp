#include "actors/backtest/bar_cache_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <algorithm>
#include <utility>

namespace tt::backtest {

namespace {

using cache_pointer = caf::stateful_actor<bar_cache_state>*;

void ask_more(cache_pointer self, const std::string& hash);

/// The bars of a file of this node.
result<std::shared_ptr<const bar_set>> open_bars(const bar_folder& folder, const std::string& hash) {
  auto file = folder.open(hash);
  if (!file) return file.error();
  return bar_set_from_bytes((*file)->bytes());
}

void end_fetch(cache_pointer self, const std::string& hash, const result<std::shared_ptr<const bar_set>>& bars) {
  auto node = self->state.fetches.extract(hash);
  if (!node) return;
  if (bars) {
    ++self->state.fetched_series;
    self->state.fetched_bytes += node.mapped().file->bytes();
    self->state.open[hash] = *bars;
  }
  for (auto& promise : node.mapped().waiting) {
    if (bars) promise.deliver(bars_ready{*bars});
    else promise.deliver(to_caf_error(bars.error()));
  }
}

void on_chunk(cache_pointer self, const std::string& hash, const bar_chunk& chunk) {
  const auto at = self->state.fetches.find(hash);
  if (at == self->state.fetches.end()) return;
  auto& file = *at->second.file;
  if (auto done = file.put(chunk.offset, {chunk.bytes.data(), chunk.bytes.size()}); !done) return end_fetch(self, hash, done.error());
  if (!file.complete()) return ask_more(self, hash);
  if (auto done = file.finish(); !done) return end_fetch(self, hash, done.error());
  end_fetch(self, hash, open_bars(*self->state.folder, hash));
}

void ask_more(cache_pointer self, const std::string& hash) {
  auto& fetch = self->state.fetches.at(hash);
  if (fetch.asked >= fetch.file->bytes()) return;
  const auto offset = fetch.asked;
  fetch.asked += limits::chunk_bytes;
  self->request(fetch.origin, chunk_deadline, chunk_request{hash, offset})
    .then([=](const bar_chunk& chunk) { on_chunk(self, hash, chunk); },
          [=](const caf::error& e) { end_fetch(self, hash, from_caf_error(e)); });
}

void fetch(cache_pointer self, const bars_wanted& wanted, caf::response_promise promise) {
  const auto& hash = wanted.what.hash;
  if (const auto at = self->state.fetches.find(hash); at != self->state.fetches.end()) {
    at->second.waiting.push_back(std::move(promise));
    return;
  }
  if (wanted.what.bytes == 0 || wanted.what.bytes > limits::series_bytes) {
    promise.deliver(to_caf_error({errc::out_of_range, "bars may have 1 to " + std::to_string(limits::series_bytes) + " bytes", "bars"}));
    return;
  }
  auto file = std::make_unique<bar_download>(self->state.folder->path(), hash, wanted.what.bytes);
  if (auto begun = file->begin(); !begun) {
    promise.deliver(to_caf_error(begun.error()));
    return;
  }
  auto& entry = self->state.fetches[hash];
  entry.file = std::move(file);
  entry.origin = wanted.origin;
  entry.waiting.push_back(std::move(promise));
  for (std::size_t i = 0; i < limits::chunks_at_once; ++i) {
    if (!self->state.fetches.contains(hash)) return;
    ask_more(self, hash);
  }
}

} // namespace

caf::behavior bar_cache_actor(cache_pointer self, std::string folder) {
  self->state.folder = std::make_unique<bar_folder>(std::move(folder));
  const auto ready = self->state.folder->prepare();
  return {
    [self, ready](const bars_wanted& wanted) -> caf::result<bars_ready> {
      if (!ready) return to_caf_error(ready.error());
      auto& s = self->state;
      if (!is_hash(wanted.what.hash)) return to_caf_error({errc::invalid_argument, "not a hash of bars", "bars"});
      if (auto known = s.open[wanted.what.hash].lock()) return bars_ready{std::move(known)};
      std::erase_if(s.open, [](const auto& one) { return one.second.expired(); });
      auto here = open_bars(*s.folder, wanted.what.hash);
      if (here) {
        s.open[wanted.what.hash] = *here;
        return bars_ready{std::move(*here)};
      }
      const bool elsewhere = wanted.origin && wanted.origin != self;
      if (!elsewhere) return to_caf_error(here.error());
      // a damaged file of ours is replaced by what its origin has
      auto promise = self->make_response_promise<bars_ready>();
      fetch(self, wanted, promise);
      return promise;
    },
    [self](const chunk_request& wanted) -> caf::result<bar_chunk> {
      auto bytes = self->state.folder->read(wanted.hash, wanted.offset, limits::chunk_bytes);
      if (!bytes) return to_caf_error(bytes.error());
      if (bytes->empty()) return to_caf_error({errc::out_of_range, "there are no bars behind the end", "offset"});
      return bar_chunk{wanted.offset, std::move(*bytes)};
    },
    [self](figures_atom) { return std::make_tuple(self->state.fetched_series, self->state.fetched_bytes); },
  };
}

} // namespace tt::backtest
