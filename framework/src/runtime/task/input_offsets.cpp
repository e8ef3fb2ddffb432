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

}  // namespace millrace::detail
