// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "state/store_set.hpp"

namespace millrace::detail {

/// Warnings about stores that cannot be restored: they have no changelog, and they are not the table of a topic. The
/// user has disabled logging for them, so this is not an error. But the user must learn that such a store has lost
/// data.

/// Logs a warning for each of these stores that is now empty although the task has processed input before. `start`: the
/// offsets at which the task continues.
void tell_of_emptied(StoreSet& stores, const std::map<TopicPartition, OffsetAndMetadata>& start);

/// Logs a warning for each of these stores on disk that includes less input than the group has committed. `own`: the
/// input offsets that the stores include. `group`: the committed offsets. There are two causes: another process had the
/// task in the meantime, or this process ended after the commit of the group and before the commit of its stores.
void tell_of_other_input(const StoreSet& stores, const InputOffsets& own,
                         const std::map<TopicPartition, OffsetAndMetadata>& group);

}  // namespace millrace::detail
