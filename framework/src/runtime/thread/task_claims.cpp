// How TaskManager claims the inputs of its tasks. See docs/group-protocol.md.
#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/task/commit_metadata.hpp"
#include "runtime/thread/task_manager.hpp"
#include "runtime/thread/unlogged_stores.hpp"

namespace millrace::detail {

/// Prepares the commit of the task's claim. The committed offsets do not change; only the claim in their metadata does.
/// A partition without a committed offset gets the offset where reading begins by the reset policy of its source.
void TaskManager::claim(TaskId id, OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed,
                        Millis timeout) {
  const std::int64_t own_claim = owned.plan->tasks_of(id.subtopology).claim();
  const bool of_another_plan = std::ranges::any_of(
      committed, [&](const auto& entry) { return decode_commit_metadata(entry.second.metadata).claim != own_claim; });
  if (of_another_plan) distrust_own_start(owned, committed);
  std::map<TopicPartition, OffsetAndMetadata> claims;
  for (const TopicPartition& input : owned.inputs) {
    OffsetAndMetadata& claimed = claims[input];
    CommitMetadata metadata;
    if (const auto found = committed.find(input); found != committed.end()) {
      claimed = found->second;
      metadata = decode_commit_metadata(claimed.metadata);
    } else if (const auto start = start_without_commit(owned, input, timeout)) {
      claimed.offset = *start;
      owned.reader_is_elsewhere = true;
    } else {
      claimed.offset = consumer_->query_watermarks(input, timeout).low;
    }
    metadata.claim = own_claim;
    claimed.metadata = encode_commit_metadata(metadata);
  }
  owned.claims = std::move(claims);
  owned.claims_epoch = ownership_.epoch();
}

/// A task of another plan has run on these inputs, and perhaps on further ones. Its changes of the stores may come from
/// the further ones, whose offsets this task does not know. So this task must not continue from the offsets in its own
/// database, even if they are equal to the committed ones. Afterwards the committed offsets have the claim of this
/// task, and do not show the other plan any more. So the offsets in the database are deleted now, and for good.
void TaskManager::distrust_own_start(OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed) {
  StoreSet& stores = *owned.stores;
  if (exactly_once_ || !stores.inputs()) return;
  tell_of_other_input(stores, *stores.inputs(), committed);
  stores.forget_inputs();
  stores.commit();
  stores.flush_to_disk();
}

std::map<TopicPartition, OffsetAndMetadata> TaskManager::claims() {
  std::map<TopicPartition, OffsetAndMetadata> all;
  for (auto& [id, owned] : tasks_) {
    if (owned.claims_epoch != ownership_.epoch()) owned.claims.clear();
    all.insert(owned.claims.begin(), owned.claims.end());
  }
  return all;
}

bool TaskManager::claiming() const {
  return std::ranges::any_of(tasks_, [](const auto& entry) { return !entry.second.claims.empty(); });
}

void TaskManager::claims_doubtful() {
  for (auto& [id, owned] : tasks_) owned.claim_doubtful = owned.claim_doubtful || !owned.claims.empty();
}

void TaskManager::claimed() {
  for (auto& [id, owned] : tasks_) {
    if (!std::exchange(owned.claims, {}).empty()) owned.claim_doubtful = false;
  }
}

void TaskManager::committed(const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  for (const auto& [input, offset] : offsets) {
    const auto found = inputs_.find(input);
    if (found != inputs_.end()) found->second.first->committed[input] = offset.offset;
  }
}

bool TaskManager::untouched(Millis timeout) {
  std::vector<TopicPartition> all;
  for (const auto& [id, owned] : tasks_) {
    if (owned.positioned) std::ranges::copy(owned.inputs, std::back_inserter(all));
  }
  if (all.empty()) return true;
  const auto found = consumer_->committed(all, timeout);
  return std::ranges::all_of(tasks_, [&](const auto& entry) {
    const auto& [id, owned] = entry;
    if (!owned.positioned) return true;
    const std::int64_t claim = owned.plan->tasks_of(id.subtopology).claim();
    return std::ranges::all_of(owned.inputs, [&](const TopicPartition& input) {
      const auto offset = found.find(input);
      // The offset is compared as well as the claim, because Kafka Streams copies the claim into its own commits.
      return offset != found.end() && offset->second.offset == owned.committed.at(input) &&
             decode_commit_metadata(offset->second.metadata).claim == claim;
    });
  });
}

}  // namespace millrace::detail
