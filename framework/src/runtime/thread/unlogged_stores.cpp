#include "runtime/thread/unlogged_stores.hpp"

#include <string>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"

namespace millrace::detail {
namespace {

constexpr const char* kRemedy =
    ". To have it complete, let the application process its input again from the beginning: reset it, or give it "
    "another "
    "application.id. A store with a changelog (logging enabled) comes back by itself";

}  // namespace

void tell_of_emptied(StoreSet& stores, const std::map<TopicPartition, OffsetAndMetadata>& start) {
  const auto emptied = stores.take_emptied();
  if (emptied.empty()) return;
  std::string processed;
  for (const auto& [input, next] : start) {
    // A claim commits offsets before anything was processed. Then there is no time either.
    if (decode_commit_metadata(next.metadata).partition_time == kNoTimestamp) continue;
    processed += (processed.empty() ? "" : ", ") + std::to_string(next.offset) + " of " + input.str();
  }
  if (processed.empty()) return;
  for (const std::string& store : emptied) {
    log(LogLevel::warn, "store '" + store + "' of " + stores.owner() +
                            " begins empty, and has no changelog to be restored from. The task goes on at offset " +
                            processed + ", so that the store lacks what came before" + kRemedy);
  }
}

void tell_of_other_input(const StoreSet& stores, const InputOffsets& own,
                         const std::map<TopicPartition, OffsetAndMetadata>& group) {
  const auto unlogged = stores.unlogged_on_disk();
  if (unlogged.empty()) return;
  for (const auto& [input, next] : group) {
    const auto found = own.processed.find(input);
    // More than the group has is no loss: under at least once the task goes on from its own offsets.
    if (found == own.processed.end() || found->second.offset >= next.offset) continue;
    for (const std::string& store : unlogged) {
      log(LogLevel::warn, "store '" + store + "' of " + stores.owner() + " has what came up to offset " +
                              std::to_string(found->second.offset) + " of " + input.str() +
                              ", and no changelog to be restored from. The task goes on at offset " +
                              std::to_string(next.offset) + ", so that the store lacks what came between" + kRemedy);
    }
  }
}

}  // namespace millrace::detail
