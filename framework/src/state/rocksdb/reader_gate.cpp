// SPDX-License-Identifier: Apache-2.0
#include "reader_gate.hpp"

#include <algorithm>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

ReaderGate::Visit::Visit(const ReaderGate& gate, const std::string& store) {
  const auto refuse_if_closed = [&] {
    if (!gate.closed_) return;
    throw ProcessorStateException("state store '" + store + "' in " + gate.directory_.string() +
                                  " is closed: its task has ended or moved; look up where the task runs now");
  };
  // Before the lock and again under it: see closed_.
  refuse_if_closed();
  lock_ = std::shared_lock(gate.mutex_);
  refuse_if_closed();
}

// Several readers can be in the gate at once, so the list needs its own lock.
void ReaderGate::add(Walk& walk) {
  const std::lock_guard lock(walks_mutex_);
  walks_.push_back(&walk);
}

bool ReaderGate::forget(Walk& walk) {
  const std::lock_guard lock(walks_mutex_);
  return std::erase(walks_, &walk) > 0;
}

void ReaderGate::close() {
  // First refuse new readers, then wait for those inside.
  closed_ = true;
  const std::unique_lock alone(mutex_);
  const std::lock_guard lock(walks_mutex_);
  // Nobody can read these iterators now: next() needs a Visit, and key() and value() are copies.
  for (Walk* walk : walks_) walk->end();
  walks_.clear();
}

}  // namespace millrace::detail
