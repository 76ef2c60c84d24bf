#include "cluster/trading/timed_journal.hpp"

#include <chrono>

namespace tt::cluster {

namespace {

using namespace execution;

class timed_journal final : public journal_store {
public:
  timed_journal(std::shared_ptr<journal_store> inner, std::function<void(double)> told) : inner_(std::move(inner)), told_(std::move(told)) {}

  result<journal_head> claim(const account_id& account, lease_epoch epoch) override { return inner_->claim(account, epoch); }
  result<journal_head> head(const account_id& account) override { return inner_->head(account); }
  result<void> append(const account_id& account, const journal_batch& batch) override {
    const auto began = std::chrono::steady_clock::now();
    auto done = inner_->append(account, batch);
    if (done) told_(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    return done;
  }
  result<void> read(const account_id& account, journal_offset from, const batch_visitor& visit) override { return inner_->read(account, from, visit); }
  result<void> put_snapshot(const account_id& account, lease_epoch epoch, const journal_snapshot& snapshot) override {
    return inner_->put_snapshot(account, epoch, snapshot);
  }
  result<std::optional<journal_snapshot>> newest_snapshot(const account_id& account) override { return inner_->newest_snapshot(account); }
  result<void> reopen() override { return inner_->reopen(); }

private:
  std::shared_ptr<journal_store> inner_;
  std::function<void(double)> told_;
};

} // namespace

std::shared_ptr<journal_store> time_appends(std::shared_ptr<journal_store> inner, std::function<void(double)> told) {
  return std::make_shared<timed_journal>(std::move(inner), std::move(told));
}

} // namespace tt::cluster
