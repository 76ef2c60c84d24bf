// Job files, cron lines and times of day: any text gives findings and no crash; what passes has a next firing that is later.
#include "actors/strategy/jobs/job_notices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tt;
  using namespace tt::strategy;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto now = from_unix_seconds(1'767'312'000); // 2026-01-02
  switch (data[0] % 3) {
  case 0: {
    if (auto cron = parse_cron(text)) {
      for (int day = 0; day < 3; ++day) (void)cron->fits(civil_date::from_days(20'000 + day));
      if (cron->minutes.none() || cron->hours.none() || cron->months.none() || cron->weekdays.none()) __builtin_trap();
    }
    return 0;
  }
  case 1: {
    (void)parse_day_moment(text);
    if (auto every = parse_interval(text); every && (every->count() < 1 || every->count() > 1'440)) __builtin_trap();
    return 0;
  }
  default: {
    check_context context;
    context.now = now;
    const auto checked = check_job(text, "fuzz.yml", {}, context);
    for (const auto& f : checked.findings)
      if (f.line < 0 || f.column < 0 || f.message.empty()) __builtin_trap();
    if (!checked.plan) return 0;
    const auto next = checked.plan->when->next_after(now);
    if (!next || next->slot <= now) __builtin_trap();
    (void)notices_for(*checked.plan, {"entry", "signal"}, {}, {});
    return 0;
  }
  }
}
