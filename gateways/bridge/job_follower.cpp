#include "gateways/bridge/job_follower.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace backtest;

void job_follower::tell(const job_status& status) {
  if (is_final(status.state)) open_.erase({status.kind, status.id});
  else open_[{status.kind, status.id}] = status.number;
  tell_(status);
}

job_follower::need job_follower::on_news(const job_news& news) {
  heard_ = true;
  if (asking_) {
    if (held_.size() < max_held_news) held_.push_back(news);
    return need::nothing;
  }
  if (news.seq <= last_) return need::nothing;
  if (news.seq > last_ + 1) {
    held_.push_back(news);
    return need::board;
  }
  last_ = news.seq;
  tell(news.status);
  return need::nothing;
}

job_follower::need job_follower::on_board(const job_board& board, std::vector<job_name>& ended) {
  heard_ = true;
  asking_ = false;
  last_ = board.seq;
  auto before = std::exchange(open_, {});
  for (const auto& status : board.open) {
    before.erase({status.kind, status.id});
    tell(status);
  }
  for (const auto& [job, number] : before) ended.push_back({job.first, job.second});
  auto held = std::exchange(held_, {});
  std::ranges::stable_sort(held, {}, &job_news::seq);
  auto next = need::nothing;
  for (const auto& news : held)
    if (on_news(news) == need::board) next = need::board;
  return next;
}

job_follower::need job_follower::on_pause() {
  const bool silent = !std::exchange(heard_, false);
  return silent && !asking_ && !open_.empty() ? need::board : need::nothing;
}

} // namespace tt::gateway
