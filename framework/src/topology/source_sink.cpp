// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/detail/source_sink.hpp"

#include "metrics/recorders.hpp"
#include "millrace/broker/partitioner.hpp"
#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::detail {

// Sends one record to one or several partitions of `topic`, and counts it per partition.
void write_record(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record) {
  RecordCollector& collector = task.collector();
  const auto send = [&](std::optional<std::int32_t> partition) {
    collector.send(topic, partition, record.key, record.value, record.timestamp, record.headers, {&task, &sink});
    if (record.totals != nullptr) record.totals->add(record.key, record.value, record.headers);
  };
  if (record.partitions != nullptr) {
    // The user's partitioner has chosen: write the record once for each partition.
    for (const std::int32_t partition : *record.partitions) send(partition);
  } else if (record.window_suffix_bytes != 0 && record.key) {
    // Windowed keys: the partition depends on the inner key only, so that all windows of a key are in one partition.
    const auto inner_key = record.key->substr(0, record.key->size() - record.window_suffix_bytes);
    send(partition_for_key(inner_key, collector.partitions_for(topic)));
  } else {
    // The producer's partitioner chooses: by key, or any partition for a record without a key.
    send(std::nullopt);
  }
}

// Asks the task once per topic. A dynamic sink can write to many topics. Null: the records are not counted.
TopicTotals* ProducedTopics::of(TaskContext& task, const NodeBase& sink, const std::string& topic) {
  const auto known = known_.find(topic);
  if (known != known_.end()) return known->second;
  task.collector().first_use_of(topic);
  return known_.emplace(topic, task.produced(sink, topic)).first->second;
}

void not_serialized(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record,
                    SerializationOrigin origin) {
  UnwrittenRecord unwritten{topic, std::nullopt, record.key, std::nullopt, record.timestamp, &record.headers, origin};
  // Kafka Streams serializes the record anew for each partition, so each partition is a failure of its own.
  if (record.partitions == nullptr) return task.serialization_failed(sink, unwritten);
  for (const std::int32_t partition : *record.partitions) {
    unwritten.partition = partition;
    task.serialization_failed(sink, unwritten);
  }
}

// An empty list that lives until the process ends, for records without headers.
const Headers& no_headers() {
  static const Headers none;
  return none;
}

// Copies the topic's name, so call it only for user functions that want it.
RecordMetadata metadata_of(const ConsumerRecord& record) { return {*record.topic, record.partition, record.offset}; }

// As in Kafka Streams, this error stops the thread: skipping the record would lose it silently.
void extractor_failed(const NodeBase& source, const ConsumerRecord& record) {
  throw StreamsException("the timestamp extractor of source '" + source.name() + "' failed on record " + *record.topic +
                         "-" + std::to_string(record.partition) + ", offset " + std::to_string(record.offset) + ": " +
                         current_error());
}

Timestamp timestamp_by_policy(TimestampPolicy policy, const ConsumerRecord& record, const PolicyTimes& times) {
  // The record's own timestamp does not matter.
  if (policy == TimestampPolicy::wallclock_time) return times.now;
  if (record.timestamp >= 0) return record.timestamp;
  switch (policy) {
    case TimestampPolicy::use_partition_time:
      if (times.partition_time >= 0) return times.partition_time;
      break;
    // A negative result makes the task drop and count the record.
    case TimestampPolicy::log_and_skip: return kNoTimestamp;
    default: break;
  }
  // The message names the record and all ways out, because this stops the application.
  throw StreamsException("record at " + *record.topic + "-" + std::to_string(record.partition) + ", offset " +
                         std::to_string(record.offset) +
                         ", has no timestamp: set default.timestamp.extractor to LogAndSkipOnInvalidTimestamp, "
                         "UsePartitionTimeOnInvalidTimestamp or WallclockTimestampExtractor, or give the source an "
                         "extractor");
}

}  // namespace millrace::detail
