#pragma once

// A job that is easy to reason about: `pieces` pieces, piece n gives "n:n*n". Its request is "pieces=20 bars=100".
// Words that change it: "series=2" (that many sets of bars), "nobars=1" (the series of that number has none),
// "explode=3" (the plan refuses the result of piece 3), "bad" (it does not compile).

#include "actors/backtest/job_plan.hpp"

#include <map>
#include <set>
#include <sstream>
#include <string>

namespace tt::backtest::test {

inline std::map<std::string, std::uint64_t> words_of(const std::string& request) {
  std::map<std::string, std::uint64_t> out;
  std::istringstream in(request);
  for (std::string word; in >> word;) {
    const auto equals = word.find('=');
    out[word.substr(0, equals)] = equals == std::string::npos ? 1 : std::stoull(word.substr(equals + 1));
  }
  return out;
}

inline std::string square(std::uint64_t n) { return std::to_string(n) + ":" + std::to_string(n * n); }

class fake_plan final : public job_plan {
public:
  explicit fake_plan(const std::string& request) : words_(words_of(request)), total_(words_["pieces"]) {
    const auto shared = std::make_shared<const backtest_request>();
    for (std::uint64_t i = 0; i < words_["series"]; ++i) needs_.push_back({shared, {"S" + std::to_string(i), timeframe::days(1)}, {}});
  }

  const std::vector<series_need>& series() const override { return needs_; }
  result<std::vector<kept_part>> begin(const std::vector<result<series_ref>>& refs) override {
    for (const auto& ref : refs)
      if (!ref) return error{errc::not_found, "no bars: " + ref.error().message};
    return std::vector<kept_part>{};
  }
  result<void> restore(std::vector<kept_part> parts) override {
    for (const auto& part : parts) done_[part.key] = part.bytes;
    return {};
  }
  std::optional<shard> next() override {
    for (std::uint64_t n = 0; n < total_; ++n) {
      if (done_.contains(n) || !out_.insert(n).second) continue;
      shard piece{n, std::to_string(n), {}, words_["bars"]};
      for (std::uint32_t i = 0; i < needs_.size(); ++i) piece.series.push_back(i);
      return piece;
    }
    return std::nullopt;
  }
  void give_back(std::uint64_t n) override { out_.erase(n); }
  result<std::vector<kept_part>> put(std::uint64_t n, const result<std::string>& outcome) override {
    if (words_.contains("explode") && words_["explode"] == n) return error{errc::internal, "it exploded"};
    out_.erase(n);
    if (done_.contains(n)) return std::vector<kept_part>{};
    done_[n] = outcome ? *outcome : "failed: " + outcome.error().message;
    return std::vector<kept_part>{{n, done_[n]}};
  }
  bool finished() const override { return done_.size() == total_; }
  std::optional<error> failure() const override { return std::nullopt; }
  std::uint64_t bars_done() const override { return done_.size() * words_.at("bars"); }
  std::uint64_t bars_total() const override { return total_ * words_.at("bars"); }
  void describe(job_status& status) const override {
    status.trials_done = done_.size();
    status.trials_total = total_;
  }

private:
  std::map<std::string, std::uint64_t> words_;
  std::uint64_t total_;
  std::vector<series_need> needs_;
  std::map<std::uint64_t, std::string> done_;
  std::set<std::uint64_t> out_;
};

inline made_plan make_fake_plan(job_kind, const std::string& request, const bar_opener&) {
  if (words_of(request).contains("bad"))
    return plan_failure{{errc::invalid_argument, "the script does not compile"}, R"([{"line":1}])"};
  return std::unique_ptr<job_plan>(std::make_unique<fake_plan>(request));
}

/// Everything that a job has kept, in the order of keys.
inline std::string text_of(const std::vector<kept_part>& parts) {
  std::string out;
  for (const auto& part : parts) out += part.bytes + "\n";
  return out;
}

/// A document is the kept parts.
class fake_writer final : public document_writer {
public:
  result<document_text> write(job_kind, std::string_view, job_state, const document_query&, const std::function<result<job_record>()>& load) override {
    auto record = load();
    if (!record) return record.error();
    return document_text{text_of(record->parts), {}};
  }
};

} // namespace tt::backtest::test
