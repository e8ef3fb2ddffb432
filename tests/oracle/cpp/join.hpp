// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle/cpp/trace.hpp"

namespace oracle {

/// The counterpart of Join.java: the three joins of two streams. The result shows both sides.
enum class Join { inner, left, outer };

KStream<N, S> join(Join kind, const KStream<N, N>& left, const KStream<N, N>& right,
                   const millrace::JoinWindows& windows, const millrace::StreamJoined& joined);

}  // namespace oracle
