// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "millrace/common/detail/is_empty.hpp"
#include "millrace/processor/record.hpp"

namespace millrace {

/// How a source determines a record's event time. (Kafka Streams: the extractor classes with the same names.)
enum class TimestampPolicy {
  fail_on_invalid,     ///< the record's timestamp; if negative, the task fails
  log_and_skip,        ///< the record's timestamp; if negative, the record is dropped and counted
  use_partition_time,  ///< the record's timestamp; if negative, the largest one seen on its partition
  wallclock_time,      ///< the wall clock at the time of processing
};

/// User code that returns the event time of a record (ms since the epoch). (Kafka Streams: `TimestampExtractor`.)
///
/// Made from a function that is called as f(record, partition_time) or f(record, partition_time, metadata).
///
/// record          the decoded record; its timestamp is the one from the broker
/// partition_time  the largest timestamp seen on this partition so far; -1 before the first record
/// metadata        the record's topic, partition and offset
/// result          a negative timestamp drops the record; an exception stops the application
template <class K, class V>
class TimestampExtractor {
 public:
  TimestampExtractor() = default;                 ///< no extractor
  TimestampExtractor(std::nullptr_t /*none*/) {}  // NOLINT(google-explicit-constructor)
  template <class F>
  requires(std::is_invocable_r_v<Timestamp, F&, const Record<K, V>&, Timestamp>)
      TimestampExtractor(F function) {  // NOLINT(google-explicit-constructor): a function is meant to convert
    if (detail::is_empty(function)) return;
    extract_ = [function = std::move(function)](const Record<K, V>& record, Timestamp partition_time,
                                                const RecordMetadata& /*metadata*/) mutable -> Timestamp {
      return function(record, partition_time);
    };
  }
  template <class F>
  requires(!std::is_invocable_v<F&, const Record<K, V>&, Timestamp> &&
           std::is_invocable_r_v<Timestamp, F&, const Record<K, V>&, Timestamp, const RecordMetadata&>)
      TimestampExtractor(F function)  // NOLINT(google-explicit-constructor)
      : wants_metadata_(true) {
    if (!detail::is_empty(function)) extract_ = std::move(function);
  }

  [[nodiscard]] explicit operator bool() const { return extract_ != nullptr; }
  /// True if the function takes the third argument.
  [[nodiscard]] bool wants_metadata() const { return wants_metadata_; }
  [[nodiscard]] Timestamp operator()(const Record<K, V>& record, Timestamp partition_time,
                                     const RecordMetadata& metadata = {}) const {
    return extract_(record, partition_time, metadata);
  }

 private:
  std::function<Timestamp(const Record<K, V>&, Timestamp, const RecordMetadata&)> extract_;
  bool wants_metadata_ = false;
};

}  // namespace millrace
