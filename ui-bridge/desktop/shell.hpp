#pragma once

// The shell itself: one thread, one loop, that owns the browser, the node where it
// started one, and the bridge between page and machine.

#include "ui-bridge/desktop/options.hpp"

namespace tt::desktop {

/// Shows the terminal until its window is closed or a signal comes.
/// @return the exit code: 0 closed, 1 something could not be started or the browser
/// broke; the reason is on stderr.
int run_shell(const shell_options& options);

/// Stops trading at a gateway; prints its answer. @return 0, or 1 with the reason on stderr.
int run_stop(const stop_options& options);

} // namespace tt::desktop
