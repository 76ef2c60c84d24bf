// This header file defines the one switch of the channel that a configuration
// may touch.
#pragma once

#include <cstdint>

namespace bus::channel {

/// Whether lost frames are sent again. `off` exists for one reason: the control test that must fail.
enum class retransmission : uint8_t { on, off };

} // namespace bus::channel
