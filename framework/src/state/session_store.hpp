#pragma once

#include <memory>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// A session store that keeps its sessions in a window store: under the record key and, as the window's start, the
/// session's end, so that expiry, order and commits are those of the window store. Sessions of a key that end at the
/// same time share an entry:
///
///     { start (8) | length (4) | value }*      by start
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_session_store(std::unique_ptr<WindowBytesStore> windows);

}  // namespace millrace::detail
