#pragma once

// Makes one story of the news of jobs that come over a plane which may lose some,
// and of the boards that are asked for where some are missing. A job that begins
// and ends within one gap is not told of: who submitted it has its answer. Pure.

#include "actors/backtest/messages.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

/// News held back while a board is asked for. Beyond it they are dropped, and what is missing is asked for again.
inline constexpr std::size_t max_held_news = 10'000;

class job_follower {
public:
  using teller = std::function<void(const backtest::job_status&)>;
  /// What has to be done next.
  enum class need : std::uint8_t {
    nothing,
    board, ///< ask for one; call `asking`
  };

  explicit job_follower(teller tell) : tell_(std::move(tell)) {}

  /// A board is asked for. What comes meanwhile is held back: it may be older or newer than the board.
  void asking() { asking_ = true; }
  need on_news(const backtest::job_news& news);
  /// The answer. Jobs that had been open and are not on it have ended unheard: their state is to be asked for.
  need on_board(const backtest::job_board& board, std::vector<backtest::job_name>& ended);
  /// Call it now and then: while jobs are open and nothing has been heard since the last call, the newest news may be what
  /// was lost, and nothing behind it shows that.
  need on_pause();

private:
  using key = std::pair<backtest::job_kind, std::string>;

  void tell(const backtest::job_status& status);

  teller tell_;
  std::uint64_t last_ = 0;
  bool asking_ = true; ///< nothing is known yet
  bool heard_ = false;
  std::vector<backtest::job_news> held_;
  std::map<key, std::uint64_t> open_; ///< jobs that were told of and are not final, with their numbers
};

} // namespace tt::gateway
