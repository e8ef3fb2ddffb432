// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>

#include "state/task_database.hpp"

namespace millrace::detail {

/// Whether a task continues from the input offsets in its own database instead of the group's committed offsets. Only
/// for at least once, where each commit writes the database before the group's offsets.
///
/// `own`: the offsets in the database. `inputs`: the partitions that the task reads. `group`: the committed offsets.
///
/// Returns true if, on every input, the database is at the group's offset or ahead of it, with the same claim id.
/// Returns false in three cases:
/// - The claim id of some input is another one: a task of another plan has run since the database was written. Its
///   changes of the stores may come from inputs that this task does not read, so the offsets alone prove nothing.
/// - The group is ahead of the database on some input. Then another member has processed the task in the meantime, and
///   the changelogs contain data that the database lacks.
/// - The group is behind an offset that it had before, or has no offset any more. Then somebody has set the offsets
///   back, or they were lost, and the input must be processed again.
[[nodiscard]] bool goes_on_from_own(const InputOffsets& own, std::span<const TopicPartition> inputs,
                                    const std::map<TopicPartition, OffsetAndMetadata>& group);

/// How the data of a task's database relate to the offsets from which the task continues.
enum class LocalState {
  complete,  ///< they include exactly the input before these offsets
  ahead,     ///< input that they include, or all input, will be processed again; so nothing that they lack is lost
  behind,    ///< they may lack input before these offsets, which another member has processed
};
/// `own`: the offsets in the database; nullopt: not known. `start`: the offsets from which the task continues.
[[nodiscard]] LocalState local_state(const std::optional<InputOffsets>& own, std::span<const TopicPartition> inputs,
                                     const std::map<TopicPartition, OffsetAndMetadata>& start);

/// The input that a database contains, although the group has lost its committed offset. Empty for a partition that the
/// task has not processed, and for one of which the group never had an offset. `group`: the committed offsets.
[[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> lost_offsets(
    const std::optional<InputOffsets>& own, std::span<const TopicPartition> inputs,
    const std::map<TopicPartition, OffsetAndMetadata>& group);

/// Whether the task has processed records before this committed offset. A claim commits an offset without a record.
[[nodiscard]] bool has_processed(const OffsetAndMetadata& committed);

}  // namespace millrace::detail
