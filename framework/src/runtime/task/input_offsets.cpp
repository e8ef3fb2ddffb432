// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/input_offsets.hpp"

#include <algorithm>

#include "runtime/task/commit_metadata.hpp"

namespace millrace::detail {
namespace {

std::optional<std::int64_t> claim_id_of(const OffsetAndMetadata& committed) {
  return decode_commit_metadata(committed.metadata).claim_id;
}

}  // namespace

bool goes_on_from_own(const InputOffsets& own, std::span<const TopicPartition> inputs,
                      const std::map<TopicPartition, OffsetAndMetadata>& group) {
  return std::ranges::all_of(inputs, [&](const TopicPartition& input) {
    const auto of_group = group.find(input);
    const auto known = own.of_group.find(input);
    if (of_group == group.end()) return known == own.of_group.end();
    const auto processed = own.processed.find(input);
    return processed != own.processed.end() && processed->second.offset >= of_group->second.offset &&
           (known == own.of_group.end() || known->second <= of_group->second.offset) &&
           claim_id_of(processed->second) == claim_id_of(of_group->second);
  });
}

bool has_processed(const OffsetAndMetadata& committed) {
  const CommitMetadata metadata = decode_commit_metadata(committed.metadata);
  return metadata.proof || metadata.partition_time != kNoTimestamp;
}

LocalState local_state(const std::optional<InputOffsets>& own, std::span<const TopicPartition> inputs,
                       const std::map<TopicPartition, OffsetAndMetadata>& start) {
  if (std::ranges::none_of(start, [](const auto& entry) { return has_processed(entry.second); })) {
    return LocalState::ahead;
  }
  if (!own) return LocalState::behind;
  bool same = true;
  bool same_claims = true;
  for (const TopicPartition& input : inputs) {
    const auto from = start.find(input);
    const auto processed = own->processed.find(input);
    if (from == start.end() && processed == own->processed.end()) continue;
    if (processed == own->processed.end()) return LocalState::behind;
    if (from == start.end()) {
      same = false;
      continue;
    }
    if (from->second.offset > processed->second.offset) return LocalState::behind;
    same = same && from->second.offset == processed->second.offset;
    same_claims = same_claims && claim_id_of(from->second) == claim_id_of(processed->second);
  }
  // With the same offsets but other claims, another task may have run in between.
  if (same) return same_claims ? LocalState::complete : LocalState::behind;
  return LocalState::ahead;
}

std::map<TopicPartition, OffsetAndMetadata> lost_offsets(const std::optional<InputOffsets>& own,
                                                         std::span<const TopicPartition> inputs,
                                                         const std::map<TopicPartition, OffsetAndMetadata>& group) {
  std::map<TopicPartition, OffsetAndMetadata> lost;
  if (!own) return lost;
  for (const TopicPartition& input : inputs) {
    const auto processed = own->processed.find(input);
    if (group.contains(input) || processed == own->processed.end() || !own->of_group.contains(input)) continue;
    if (has_processed(processed->second)) lost.insert(*processed);
  }
  return lost;
}

}  // namespace millrace::detail
