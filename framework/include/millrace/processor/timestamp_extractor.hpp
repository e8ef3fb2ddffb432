#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "millrace/processor/record.hpp"

namespace millrace {

/// What a source does to get a record's event time. (Kafka Streams: the classes of the same names.)
enum class TimestampPolicy {
  fail_on_invalid,     ///< the record's own; negative: the task fails
  log_and_skip,        ///< the record's own; negative: the record is dropped and counted
  use_partition_time,  ///< the record's own; negative: the largest timestamp seen on its partition
  wallclock_time,      ///< the time of processing
};

struct ConsumerRecord;

namespace detail {
[[nodiscard]] RecordMetadata metadata_of(const ConsumerRecord& record);
}

/// User code that reads the event time out of a record: a function called as f(record, partition_time) or
/// f(record, partition_time, metadata), which returns a Timestamp. `record.timestamp` is what the broker has;
/// `partition_time` the largest timestamp seen on this partition so far, -1 before the first; `metadata` the record's
/// topic, partition and offset. A negative result drops the record. (Kafka Streams: `TimestampExtractor`.)
template <class K, class V>
class TimestampExtractor {
 public:
  TimestampExtractor() = default;  ///< none
  template <class F>
  requires(std::is_invocable_r_v<Timestamp, F&, const Record<K, V>&, Timestamp>)
      TimestampExtractor(F function)  // NOLINT(google-explicit-constructor): a function is meant to convert
      : extract_([function = std::move(function)](const Record<K, V>& record, Timestamp partition_time,
                                                  const ConsumerRecord& /*source*/) mutable -> Timestamp {
          return function(record, partition_time);
        }) {}
  template <class F>
  requires(!std::is_invocable_v<F&, const Record<K, V>&, Timestamp> &&
           std::is_invocable_r_v<Timestamp, F&, const Record<K, V>&, Timestamp, const RecordMetadata&>)
      TimestampExtractor(F function)  // NOLINT(google-explicit-constructor)
      : extract_([function = std::move(function)](const Record<K, V>& record, Timestamp partition_time,
                                                  const ConsumerRecord& source) mutable -> Timestamp {
          return function(record, partition_time, detail::metadata_of(source));
        }) {}

  [[nodiscard]] explicit operator bool() const { return extract_ != nullptr; }
  [[nodiscard]] Timestamp operator()(const Record<K, V>& record, Timestamp partition_time,
                                     const ConsumerRecord& source) const {
    return extract_(record, partition_time, source);
  }

 private:
  std::function<Timestamp(const Record<K, V>&, Timestamp, const ConsumerRecord&)> extract_;
};

}  // namespace millrace
