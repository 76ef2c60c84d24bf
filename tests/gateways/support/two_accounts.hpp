#pragma once

// A trading_port that knows accounts and fills and nothing else.

#include "gateways/trading_port.hpp"

namespace tt::gateway::test {

class two_accounts : public trading_port {
public:
  [[nodiscard]] result<account_id> default_account() const override { return account_id{"paper_simulator"}; }
  void accounts(const trading_caller&, reply<std::vector<account_snapshot>> done) override {
    account_snapshot paper, live;
    paper.profile.id = account_id{"paper_simulator"};
    live.profile.id = account_id{"real"};
    live.profile.mode = account_mode::live;
    done(std::vector{paper, live});
  }
  void positions(const trading_caller&, std::optional<account_id>, reply<std::vector<position_snapshot>> done) override { done(no()); }
  void orders(const trading_caller&, order_filter, reply<std::vector<order_snapshot>> done) override { done(no()); }
  void order_of(const trading_caller&, order_name, reply<order_snapshot> done) override { done(no()); }
  void executions(const trading_caller&, order_filter, reply<std::vector<execution_snapshot>> done) override { done(fills); }
  [[nodiscard]] trading_health health() override { return now; }
  void stops(const trading_caller&, reply<std::vector<risk::kill_event>> done) override { done(stopped_before); }
  void place(const trading_caller&, place_order, reply<placed_order> done) override { done(no()); }
  void preview(const trading_caller&, order_request, reply<order_preview> done) override { done(no()); }
  void change(const trading_caller&, order_name, order_change, reply<order_snapshot> done) override { done(no()); }
  void cancel(const trading_caller&, order_name, reply<cancelled_order> done) override { done(no()); }
  void cancel_all(const trading_caller&, order_filter, reply<std::vector<order_id>> done) override { done(no()); }
  void close(const trading_caller&, close_request, reply<closed_positions> done) override { done(no()); }
  void risk_state(const trading_caller&, std::optional<account_id>, reply<risk_snapshot> done) override { done(no()); }
  void set_limits(const trading_caller&, risk::limit_change, reply<std::uint64_t> done) override { done(no()); }
  void stop(const trading_caller&, stop_request, reply<stopped> done) override { done(no()); }
  void ask_resume(const trading_caller&, std::string, reply<resume_question> done) override { done(no()); }
  void resume(const trading_caller&, std::string, reply<std::uint64_t> done) override { done(no()); }

  std::vector<execution_snapshot> fills;
  std::vector<risk::kill_event> stopped_before;
  trading_health now;

private:
  static error no() { return {errc::not_available, "not in this test"}; }
};

} // namespace tt::gateway::test
