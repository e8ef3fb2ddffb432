// SPDX-License-Identifier: Apache-2.0
// How TaskManager claims the inputs of its tasks. See docs/group-protocol.md.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/thread/task_manager.hpp"

namespace millrace::detail {
namespace {

/// Random, so that no two claims of all members have the same id.
std::int64_t new_claim_id() {
  std::random_device random;
  return static_cast<std::int64_t>(std::uint64_t{random()} << 32 | random());
}

bool has_claim_id(const std::map<TopicPartition, OffsetAndMetadata>& committed, std::int64_t id) {
  return std::ranges::any_of(
      committed, [id](const auto& entry) { return decode_commit_metadata(entry.second.metadata).claim_id == id; });
}

bool has_claim(const CommitMetadata& metadata, std::int64_t claim, std::optional<std::int64_t> id) {
  return metadata.claim == claim && metadata.claim_id == id;
}

}  // namespace

bool TaskManager::has_claims(TaskId id, const OwnedTask& owned,
                             const std::map<TopicPartition, OffsetAndMetadata>& committed) {
  const std::int64_t own_claim = owned.plan->tasks_of(id.subtopology).claim();
  std::optional<CommitMetadata> first;
  return std::ranges::all_of(owned.inputs, [&](const TopicPartition& input) {
    const auto found = committed.find(input);
    if (found == committed.end()) return false;
    const CommitMetadata metadata = decode_commit_metadata(found->second.metadata);
    if (!first) first = metadata;
    return has_claim(metadata, own_claim, first->claim_id);
  });
}

void TaskManager::tell_made_anew(const TopicPartition& input, std::int64_t before, std::int64_t start) const {
  log(LogLevel::warn, "topic '" + input.topic + "' was deleted and created again: group '" +
                          environment_.task.application_id + "' has processed " + input.str() + " up to offset " +
                          std::to_string(before) + " of the old topic. Reading begins at offset " +
                          std::to_string(start) +
                          " of the new topic (auto.offset.reset). The state keeps what it has from the old topic");
}

/// Prepares the commit of the task's claim. The committed offsets do not change; only the claim in their metadata does.
/// A partition without a committed offset gets the offset where reading begins by the reset policy of its source.
void TaskManager::claim(TaskId id, OwnedTask& owned, const std::map<TopicPartition, OffsetAndMetadata>& committed,
                        Millis timeout) {
  const std::int64_t own_claim = owned.plan->tasks_of(id.subtopology).claim();
  const std::int64_t claim_id = new_claim_id();
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
    if (const auto old = owned.made_anew.find(input); old != owned.made_anew.end()) {
      // The state goes on, and so does its time.
      metadata = decode_commit_metadata(old->second.metadata);
      metadata.proof.reset();
      // If the changelogs were made anew as well, nothing is lost: the input begins anew, too.
      for (const StorePosition& store : owned.stores->positions()) {
        metadata.processors.erase(StreamTask::logged_mark(store.store()));
      }
      tell_made_anew(input, old->second.offset, claimed.offset);
    }
    metadata.claim = own_claim;
    metadata.claim_id = claim_id;
    claimed.metadata = encode_commit_metadata(metadata);
  }
  owned.claims = std::move(claims);
  owned.claims_epoch = ownership_.epoch();
  // If the answer to an earlier claim was lost, `committed` may carry that claim.
  auto& from = owned.claimed_from;
  if (!from || !has_claim_id(committed, from->claim_id)) from = ClaimedFrom{0, committed};
  from->claim_id = claim_id;
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
             has_claim(decode_commit_metadata(offset->second.metadata), claim, owned.claim_id);
    });
  });
}

}  // namespace millrace::detail
