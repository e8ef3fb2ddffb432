// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/common/time.hpp"

namespace millrace::detail {

/// A window, session or versioned store whose observed stream time can be set. It is set after a restart, to the time
/// that was committed. Only the innermost stores implement the interface, because they hold the data. Caches and change
/// logging in front of them do not. Used by the task's thread.
class ObservingStore {
 public:
  virtual ~ObservingStore() = default;

  /// Moves observed stream time to `time` (ms since the epoch) if that is later. Entries that are too old then expire.
  /// A put at this time has the same effect.
  virtual void observe_time(Timestamp time) = 0;
};

}  // namespace millrace::detail
