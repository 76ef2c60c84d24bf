#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

#include <filesystem>

/// Every indicator and log case of ../shared/pine-kit runs without an error here. The values are compared by the
/// kit's own compare.py (see actors/pine/README.md for the command and the number that pass).

namespace tt::pine::testing {
namespace fs = std::filesystem;

TEST(pine_kit, every_script_compiles_and_runs) {
  auto shared = shared_folder();
  if (shared.empty() || !fs::exists(shared + "/pine-kit/cases")) GTEST_SKIP() << "the folder ../shared/pine-kit isn't there";
  for (const auto& entry : fs::directory_iterator(shared + "/pine-kit/cases")) {
    case_options o;
    o.script = (entry.path() / "script.pine").string();
    o.bars = (entry.path() / "bars.csv").string();
    o.syminfo = (entry.path() / "case.json").string();
    auto r = run_case(o);
    EXPECT_EQ(r.error, "") << entry.path();
  }
}

} // namespace tt::pine::testing
