// SPDX-License-Identifier: Apache-2.0
#include "connect/sink_offsets.hpp"

#include <algorithm>

namespace millrace::connect::detail {

void SinkOffsets::assign(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) places_.insert_or_assign(partition, Place());
}

void SinkOffsets::forget(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) places_.erase(partition);
}

std::vector<TopicPartition> SinkOffsets::assigned() const {
  std::vector<TopicPartition> all;
  all.reserve(places_.size());
  for (const auto& [partition, place] : places_) all.push_back(partition);
  return all;
}

bool SinkOffsets::has_fresh() const {
  return std::ranges::any_of(places_, [](const auto& entry) { return entry.second.fresh; });
}

void SinkOffsets::take_positions(Sink& sink) {
  std::vector<TopicPartition> fresh;
  for (const auto& [partition, place] : places_) {
    if (place.fresh) fresh.push_back(partition);
  }
  if (fresh.empty()) return;
  const auto positions = sink.positions(fresh);
  for (const auto& partition : fresh) {
    auto& place = places_[partition];
    place.fresh = false;
    const auto found = positions.find(partition);
    if (found == positions.end()) continue;
    place.begin = place.start = found->second;
    consumer_.seek(partition, found->second);
  }
}

void SinkOffsets::drop_repeated(std::vector<ConsumerRecord>& records) const {
  std::erase_if(records, [&](const ConsumerRecord& record) {
    const auto found = places_.find({*record.topic, record.partition});
    if (found == places_.end()) return true;
    const auto& place = found->second;
    return (place.begin && record.offset < *place.begin) || (place.next && record.offset < *place.next);
  });
}

void SinkOffsets::read(const std::vector<ConsumerRecord>& records) {
  for (const auto& record : records) {
    const auto found = places_.find({*record.topic, record.partition});
    if (found != places_.end() && !found->second.start) found->second.start = record.offset;
  }
}

void SinkOffsets::given(const std::vector<ConsumerRecord>& records) {
  for (const auto& record : records) {
    auto& place = places_[{*record.topic, record.partition}];
    place.next = record.offset + 1;
    place.uncommitted.push_back(record.offset);
  }
}

void SinkOffsets::pass_markers() {
  for (auto& [partition, place] : places_) {
    const auto position = consumer_.position(partition);
    if (position && (!place.next || *position > *place.next)) place.next = position;
  }
}

std::map<TopicPartition, std::int64_t> SinkOffsets::to_commit(Sink& sink) const {
  std::map<TopicPartition, std::int64_t> offsets;
  for (const auto& [partition, place] : places_) {
    if (place.next && *place.next > place.committed.value_or(-1)) offsets[partition] = *place.next;
  }
  if (offsets.empty()) return offsets;
  offsets = sink.committable(std::move(offsets));
  std::erase_if(offsets, [&](const auto& entry) {
    const auto found = places_.find(entry.first);
    return found == places_.end() || entry.second <= found->second.committed.value_or(-1);
  });
  return offsets;
}

std::size_t SinkOffsets::commit(const std::map<TopicPartition, std::int64_t>& offsets) {
  std::map<TopicPartition, OffsetAndMetadata> all;
  for (const auto& [partition, offset] : offsets) all[partition] = {offset, {}, {}};
  consumer_.commit_sync(all);
  std::size_t records = 0;
  for (const auto& [partition, offset] : offsets) {
    auto& place = places_[partition];
    place.committed = offset;
    const auto end = std::ranges::lower_bound(place.uncommitted, offset);
    records += static_cast<std::size_t>(end - place.uncommitted.begin());
    place.uncommitted.erase(place.uncommitted.begin(), end);
  }
  return records;
}

void SinkOffsets::seek_back() {
  for (auto& [partition, place] : places_) {
    // The sink may have more now than it had when it was asked.
    place.fresh = true;
    place.next.reset();
    place.uncommitted.clear();
    // Without a record so far, the consumer has not moved.
    if (const auto from = place.committed ? place.committed : place.start) consumer_.seek(partition, *from);
  }
}

}  // namespace millrace::connect::detail
