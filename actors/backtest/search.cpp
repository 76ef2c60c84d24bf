#include "actors/backtest/search.hpp"

#include <algorithm>
#include <numeric>

namespace tt::backtest {

namespace {

class grid final : public search {
public:
  explicit grid(const parameter_space& s) : space_(s) {}
  std::uint64_t total() const override { return space_.size(); }
  std::uint64_t ready() const override { return space_.size(); }
  point at(std::uint64_t n) const override { return space_.at(n); }
  void tell(const trial_score&) override {}

private:
  parameter_space space_;
};

class drawn final : public search {
public:
  drawn(const parameter_space& s, std::uint64_t key, std::uint64_t n) : space_(s), key_(key), trials_(n) {}
  std::uint64_t total() const override { return trials_; }
  std::uint64_t ready() const override { return trials_; }
  point at(std::uint64_t n) const override { return space_.random(key_, n); }
  void tell(const trial_score&) override {}

private:
  parameter_space space_;
  std::uint64_t key_, trials_;
};

class genetic final : public search {
public:
  genetic(const parameter_space& s, std::uint64_t key, const genetic_options& o, direction way) : space_(s), key_(key), options_(o), way_(way) {
    points_.reserve(total());
    for (std::uint32_t i = 0; i < o.population; ++i) points_.push_back(space_.random(key, i));
    begin_generation();
  }
  std::uint64_t total() const override { return std::uint64_t{options_.population} * options_.generations; }
  std::uint64_t ready() const override { return points_.size(); }
  point at(std::uint64_t n) const override { return points_[n]; }
  void tell(const trial_score& s) override {
    auto first = points_.size() - options_.population;
    if (s.trial < first || s.trial >= points_.size() || told_[s.trial - first]) return;
    told_[s.trial - first] = true;
    scores_[s.trial - first] = s.objective;
    if (--missing_ == 0 && points_.size() < total()) breed();
  }

private:
  void begin_generation() {
    told_.assign(options_.population, false);
    scores_.assign(options_.population, std::nullopt);
    missing_ = options_.population;
  }
  /// Undefined scores lose against every defined one; equal ones go by number, so that the order is total.
  bool better(std::size_t a, std::size_t b) const {
    const auto &x = scores_[a], &y = scores_[b];
    if (x.has_value() != y.has_value()) return x.has_value();
    if (x && *x != *y) return way_ == direction::maximize ? *x > *y : *x < *y;
    return a < b;
  }
  void breed() {
    auto first = points_.size() - options_.population;
    std::vector<std::size_t> order(options_.population);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return better(a, b); });
    std::vector<point> next;
    for (std::uint32_t i = 0; i < options_.population; ++i) {
      if (i < options_.elite) {
        next.push_back(points_[first + order[i]]);
        continue;
      }
      counter_random draw(key_, points_.size() + i);
      auto parent = [&] {
        auto a = draw.below(options_.population), b = draw.below(options_.population);
        return points_[first + (better(a, b) ? a : b)];
      };
      point child = parent();
      if (draw.unit() < options_.crossover) {
        point other = parent();
        for (std::size_t k = 0; k < child.size(); ++k)
          if (draw.below(2) == 1) child[k] = other[k];
      }
      for (std::size_t k = 0; k < child.size(); ++k)
        if (draw.unit() < options_.mutation) child[k] = draw.below(space_.levels(k));
      next.push_back(std::move(child));
    }
    for (auto& p : next) points_.push_back(std::move(p));
    begin_generation();
  }

  parameter_space space_;
  std::uint64_t key_;
  genetic_options options_;
  direction way_;
  std::vector<point> points_;
  std::vector<bool> told_;
  std::vector<std::optional<double>> scores_; ///< of the last generation
  std::uint32_t missing_ = 0;
};

tt::error too_many(std::uint64_t n, std::uint64_t most) {
  return {errc::out_of_range, std::to_string(n) + " trials, at most " + std::to_string(most) + " are allowed", "max_trials"};
}

} // namespace

result<std::unique_ptr<search>> grid_search(const parameter_space& space, std::uint64_t max_trials) {
  auto most = std::min(max_trials, limits::trials);
  if (space.size() > most) return too_many(space.size(), most);
  return std::unique_ptr<search>(std::make_unique<grid>(space));
}

result<std::unique_ptr<search>> random_search(const parameter_space& space, std::uint64_t key, std::uint64_t trials) {
  if (trials == 0) return tt::error{errc::invalid_argument, "must be greater than 0", "max_trials"};
  if (trials > limits::trials) return too_many(trials, limits::trials);
  return std::unique_ptr<search>(std::make_unique<drawn>(space, key, trials));
}

result<std::unique_ptr<search>> genetic_search(const parameter_space& space, std::uint64_t key, const genetic_options& o, direction way) {
  auto bad = [](const char* what, const char* message) { return tt::error{errc::invalid_argument, message, std::string("genetic.") + what}; };
  if (o.population < 2) return bad("population", "must be at least 2");
  if (o.generations < 1) return bad("generations", "must be at least 1");
  if (o.elite >= o.population) return bad("elite", "must be less than the population");
  if (!(o.crossover >= 0 && o.crossover <= 1)) return bad("crossover", "must be between 0 and 1");
  if (!(o.mutation >= 0 && o.mutation <= 1)) return bad("mutation", "must be between 0 and 1");
  auto n = std::uint64_t{o.population} * o.generations;
  if (n > limits::trials) return too_many(n, limits::trials);
  return std::unique_ptr<search>(std::make_unique<genetic>(space, key, o, way));
}

} // namespace tt::backtest
