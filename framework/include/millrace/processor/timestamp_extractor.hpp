#pragma once

#include <functional>

#include "millrace/processor/record.hpp"

namespace millrace {

/// What a source does to get a record's event time. (Kafka Streams: the classes of the same names.)
enum class TimestampPolicy {
  fail_on_invalid,     ///< the record's own; negative: the task fails
  log_and_skip,        ///< the record's own; negative: the record is dropped and counted
  use_partition_time,  ///< the record's own; negative: the largest timestamp seen on its partition
  wallclock_time,      ///< the time of processing
};

/// User code that reads the event time out of a record. `record.timestamp` is what the broker has;
/// `partition_time` the largest timestamp seen on this partition so far, -1 before the first.
/// A negative result drops the record. (Kafka Streams: `TimestampExtractor`.)
template <class K, class V>
using TimestampExtractor = std::function<Timestamp(const Record<K, V>& record, Timestamp partition_time)>;

}  // namespace millrace
