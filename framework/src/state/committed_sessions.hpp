// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "state/committed_reader.hpp"

namespace millrace::detail {

/// Reads the sessions that a session store keeps in a window store (session_store.hpp). `windows` reads that store.
[[nodiscard]] std::shared_ptr<const CommittedSessionReader> make_committed_session_reader(
    std::shared_ptr<const CommittedWindowReader> windows, std::int64_t retention_ms);

}  // namespace millrace::detail
