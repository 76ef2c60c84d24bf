#include "cluster/lease/lease_store.hpp"

#include <ctime>

namespace tt::cluster {

utc_time boot_time() {
#ifdef CLOCK_BOOTTIME
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) == 0) return utc_time{std::chrono::seconds{now.tv_sec} + nanoseconds{now.tv_nsec}};
#endif
  return utc_time{std::chrono::duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())};
}

} // namespace tt::cluster
