// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/unlogged_stores.hpp"

#include <string>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"

namespace millrace::detail {
namespace {

constexpr const char* kRemedy =
    ". To fill the store completely, the application must process its input again from the beginning: reset the "
    "application, or give it another application.id. A store with a changelog (logging enabled) is restored "
    "automatically";

}  // namespace

void tell_of_emptied(StoreSet& stores, const std::map<TopicPartition, OffsetAndMetadata>& start) {
  const auto emptied = stores.take_emptied();
  if (emptied.empty()) return;
  std::string processed;
  for (const auto& [input, next] : start) {
    // A claim commits offsets before a record was processed. Such a commit has no partition time.
    if (decode_commit_metadata(next.metadata).partition_time == kNoTimestamp) continue;
    processed += (processed.empty() ? "" : ", ") + std::to_string(next.offset) + " of " + input.str();
  }
  if (processed.empty()) return;
  for (const std::string& store : emptied) {
    log(LogLevel::warn, "store '" + store + "' of " + stores.owner() +
                            " begins empty, and has no changelog from which it could be restored. The task continues "
                            "at offset " +
                            processed + ", so the store lacks the records before this offset" + kRemedy);
  }
}

void tell_of_other_input(const StoreSet& stores, const InputOffsets& own,
                         const std::map<TopicPartition, OffsetAndMetadata>& group) {
  const auto unlogged = stores.unlogged_on_disk();
  if (unlogged.empty()) return;
  for (const auto& [input, next] : group) {
    const auto found = own.processed.find(input);
    // If the store includes more input than the group has committed, nothing is lost: under at least once the task
    // continues from the store's offsets.
    if (found == own.processed.end() || found->second.offset >= next.offset) continue;
    for (const std::string& store : unlogged) {
      log(LogLevel::warn, "store '" + store + "' of " + stores.owner() + " has the records up to offset " +
                              std::to_string(found->second.offset) + " of " + input.str() +
                              ", and no changelog from which it could be restored. The task continues at offset " +
                              std::to_string(next.offset) + ", so the store lacks the records in between" + kRemedy);
    }
  }
}

}  // namespace millrace::detail
