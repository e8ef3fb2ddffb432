#pragma once

#include <map>

#include "state/store_set.hpp"

namespace millrace::detail {

/// Warnings about stores that nothing can restore: they have no changelog, and are not the table of a topic. Their user
/// has chosen that. But a store that has lost its data must not look like one that is complete.

/// Names the stores that have become empty although the task has processed input before. `start`: where the task goes
/// on.
void tell_of_emptied(StoreSet& stores, const std::map<TopicPartition, OffsetAndMetadata>& start);

/// Names the stores on disk whose data are not of the input up to where the group is: `own` is what they include.
/// Either another process had the task meanwhile, or this one has ended between the group's commit and its own.
void tell_of_other_input(const StoreSet& stores, const InputOffsets& own,
                         const std::map<TopicPartition, OffsetAndMetadata>& group);

}  // namespace millrace::detail
