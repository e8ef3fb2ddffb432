// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// Makes a session store on top of a window store. The window store's key is the record key. Its window start is the
/// session's END. So expiry, order and commits are those of the window store. Sessions of one key with the same end
/// share an entry:
///
///     { start (8) | length (4) | value }*      sorted by start; integers big-endian
///
/// The result owns `windows`.
[[nodiscard]] std::unique_ptr<SessionBytesStore> make_session_store(std::unique_ptr<WindowBytesStore> windows);

}  // namespace millrace::detail
