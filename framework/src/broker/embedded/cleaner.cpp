// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/cleaner.hpp"

#include <algorithm>

#include "broker/embedded/compaction.hpp"

namespace millrace::detail::embedded {

std::vector<std::shared_ptr<Topic>> Cleaner::all_topics() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Topic>> all;
  for (const auto& [name, topic] : topics_.all()) all.push_back(topic);
  return all;
}

void Cleaner::apply_retention(Timestamp now) {
  for (const auto& topic : all_topics()) {
    if (!topic->settings->remove) continue;
    for (const auto& log : topic->partitions) apply_retention(*topic, *log, now);
  }
}

void Cleaner::apply_retention(Topic& topic, PartitionLog& log, Timestamp now) {
  const TopicSettings& settings = *topic.settings;
  const bool by_time = settings.retention_ms >= 0;
  const bool by_size = settings.retention_bytes >= 0;
  if (!by_time && !by_size) return;

  Offset start;
  Offset stable;
  {
    const std::lock_guard lock(mutex_);
    start = log.entry.log_start;
    stable = log.last_stable();
  }
  // The log start and the last stable offset may move while this runs. Both only grow, so the old values are safe.
  std::int64_t total = 0;
  if (by_size) {
    storage_.read_batches(log.topic_id, log.partition(), start, [&](const PagePtr& page) {
      total += static_cast<std::int64_t>(page->bytes().size());
      return !stop_;
    });
  }
  const Timestamp oldest_kept = now - settings.retention_ms;
  Offset new_start = start;
  storage_.read_batches(log.topic_id, log.partition(), start, [&](const PagePtr& page) {
    // Records of open transactions stay.
    if (stop_ || page->last_offset() >= stable) return false;
    const auto size = static_cast<std::int64_t>(page->bytes().size());
    const bool too_old = by_time && page->header().max_timestamp < oldest_kept;
    const bool too_much = by_size && total - size >= settings.retention_bytes;
    // Only a prefix of the log can be deleted, so the first batch that stays ends the search.
    if (!too_old && !too_much) return false;
    total -= size;
    new_start = page->last_offset() + 1;
    return true;
  });
  if (new_start == start || stop_) return;
  const std::lock_guard lock(mutex_);
  // The topic may have been deleted while the disk was read.
  if (!topic.deleted) delete_before(log, new_start);
}

void Cleaner::delete_before(PartitionLog& log, Offset offset) {
  if (offset <= log.entry.log_start) return;
  // A batch that contains `offset` stays. Readers skip its records below the log start.
  Offset gone_below = offset;
  storage_.read_batches(log.topic_id, log.partition(), offset, [&](const PagePtr& page) {
    gone_below = std::min(offset, page->base_offset());
    return false;
  });
  Storage::Changes changes(storage_);
  changes.erase_batches(log.topic_id, log.partition(), {.from = Offset(), .to = gone_below});
  format::PartitionEntry entry = log.entry;
  entry.log_start = offset;
  changes.put(format::partition_key(log.topic_id, log.partition()), format::encode(entry));
  log.stage_forget_aborted(offset, changes);
  changes.write();
  log.entry = entry;
  log.forget_aborted(offset);
  tail_.remove_before(log, offset);
}

void Cleaner::compact(Timestamp now) {
  for (const auto& topic : all_topics()) {
    if (!topic->settings->compact) continue;
    for (const auto& log : topic->partitions) compact(*topic, *log, now);
  }
}

void Cleaner::compact(Topic& topic, PartitionLog& log, Timestamp now) {
  format::PartitionEntry entry;
  Offset stable;
  {
    const std::lock_guard lock(mutex_);
    entry = log.entry;
    stable = log.last_stable();
  }
  // "Dirty" records were written after the last compaction. Kafka's ratio counts bytes; this one counts records.
  const Offset dirty_from = std::max(entry.cleaned_to, entry.log_start);
  const auto dirty = static_cast<double>(stable - dirty_from);
  if (dirty <= 0 ||
      dirty / (dirty + static_cast<double>(entry.clean_records)) < topic.settings->min_cleanable_dirty_ratio) {
    return;
  }

  Compaction compaction(storage_, log.topic_id, log.partition(), *topic.settings, now, stop_);
  const auto is_aborted = [&](const Page& page) {
    const std::lock_guard lock(mutex_);
    return log.is_aborted(page);
  };
  // The transactions below the last stable offset have ended, so it is known which batches are aborted.
  const Offset end = compaction.map_latest({.from = dirty_from, .to = stable}, is_aborted);
  if (end <= dirty_from || stop_) return;
  compaction.rewrite({.from = entry.log_start, .to = end}, is_aborted, [&](Storage::Changes& changes, bool last) {
    const std::lock_guard lock(mutex_);
    // Returning false gives up the compaction.
    if (topic.deleted) return false;
    if (!last) {
      changes.write();
      return true;
    }
    format::PartitionEntry cleaned = log.entry;
    cleaned.cleaned_to = end;
    cleaned.clean_records = compaction.records_kept();
    changes.put(format::partition_key(log.topic_id, log.partition()), format::encode(cleaned));
    log.stage_forget_aborted(end, changes);
    changes.write();
    log.entry = cleaned;
    // The aborted records below `end` are gone, and so is the knowledge which batches were aborted. A reader may have
    // read old batches just before. The counter makes this reader read again, see fetch().
    log.forget_aborted(end);
    tail_.remove_before(log, end);
    ++log.cleanings;
    return true;
  });
}

}  // namespace millrace::detail::embedded
