#include "millrace/processor/detail/node.hpp"

#include "millrace/common/errors.hpp"
#include "millrace/processor/detail/source_sink.hpp"

namespace millrace::detail {

void NodeBase::type_mismatch(const NodeBase& parent, const NodeBase& child) {
  throw TopologyException("node '" + child.name() + "' cannot follow '" + parent.name() +
                          "': it takes other key or value types than that node gives");
}

void OutputBase::add(Child child) {
  children_.push_back(child);
  only_child_ = children_.size() == 1 ? child : Child();
}

const OutputBase::Child& OutputBase::child(const NodeBase& from, const std::string& name) const {
  for (const Child& child : children_) {
    if (child.node->answers_to(name)) return child;
  }
  throw StreamsException("processor '" + from.name() + "' forwards a record to '" + name +
                         "', which does not follow it: name one of its own children");
}

void send_to(const std::set<std::int32_t>& partitions, RecordCollector& collector, std::string_view topic,
             BytesView key, BytesView value, Timestamp timestamp, const Headers& headers, Sender sender) {
  for (const std::int32_t partition : partitions) {
    collector.send(topic, partition, key, value, timestamp, headers, sender);
  }
}

void not_serialized(TaskContext& task, const NodeBase& sink, const std::optional<std::set<std::int32_t>>& partitions,
                    UnwrittenRecord unwritten) {
  if (!partitions) return task.serialization_failed(sink, unwritten);
  for (const std::int32_t partition : *partitions) {
    unwritten.partition = partition;
    task.serialization_failed(sink, unwritten);
  }
}

const Headers& no_headers() {
  static const Headers none;
  return none;
}

RecordMetadata metadata_of(const ConsumerRecord& record) { return {*record.topic, record.partition, record.offset}; }

void extractor_failed(const NodeBase& source, const ConsumerRecord& record, const std::exception& error) {
  throw StreamsException("the timestamp extractor of source '" + source.name() + "' failed on record " + *record.topic +
                         "-" + std::to_string(record.partition) + ", offset " + std::to_string(record.offset) + ": " +
                         error.what());
}

Timestamp timestamp_by_policy(TimestampPolicy policy, const ConsumerRecord& record, Timestamp partition_time,
                              Timestamp now) {
  if (policy == TimestampPolicy::wallclock_time) return now;
  if (record.timestamp >= 0) return record.timestamp;
  switch (policy) {
    case TimestampPolicy::use_partition_time:
      if (partition_time >= 0) return partition_time;
      break;
    case TimestampPolicy::log_and_skip: return kNoTimestamp;
    default: break;
  }
  throw StreamsException("record at " + *record.topic + "-" + std::to_string(record.partition) + ", offset " +
                         std::to_string(record.offset) +
                         ", has no timestamp: set default.timestamp.extractor to log-and-skip, use-partition-time or "
                         "wallclock, or give the source an extractor");
}

}  // namespace millrace::detail
