#pragma once
/// Short texts as numbers, so that order ids compare and copy as integers.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tt::pine {

/// The number of a text in its pool. 0 is the empty text, which also stands for "left out".
using text_id = std::uint32_t;

/// Every text is kept once, for as long as the pool lives. Numbers are given in the order of first use.
class text_pool {
public:
  text_pool() { texts_.emplace_back(); }
  text_pool(const text_pool&) = delete;
  text_pool& operator=(const text_pool&) = delete;

  text_id id(std::string_view text) {
    if (text.empty()) return 0;
    if (auto it = ids_.find(text); it != ids_.end()) return it->second;
    texts_.emplace_back(text);
    bytes_ += text.size() + overhead;
    auto number = static_cast<text_id>(texts_.size() - 1);
    ids_.emplace(texts_.back(), number);
    return number;
  }
  /// The text behind a number this pool gave; "" for any other.
  const std::string& text(text_id id) const { return id < texts_.size() ? texts_[id] : texts_.front(); }
  std::size_t size() const { return texts_.size(); }
  /// Memory that the texts take, about. Whoever takes texts from a script holds it to limits::order_text_bytes.
  std::size_t bytes() const { return bytes_; }

private:
  static constexpr std::size_t overhead = 96; ///< of a string, its entry and its node
  std::size_t bytes_ = 0;
  std::deque<std::string> texts_; ///< stable addresses: the keys of `ids_` point into it
  std::unordered_map<std::string_view, text_id> ids_;
};

} // namespace tt::pine
