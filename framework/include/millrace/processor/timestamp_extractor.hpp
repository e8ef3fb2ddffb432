#pragma once

#include <cstddef>
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

namespace detail {

template <class F>
[[nodiscard]] bool is_empty([[maybe_unused]] const F& function) {
  if constexpr (std::is_pointer_v<F>) {
    return function == nullptr;
  } else {
    return false;
  }
}
template <class Signature>
[[nodiscard]] bool is_empty(const std::function<Signature>& function) {
  return function == nullptr;
}

}  // namespace detail

/// User code that reads the event time out of a record: a function called as f(record, partition_time) or
/// f(record, partition_time, metadata), which returns a Timestamp. `record.timestamp` is what the broker has;
/// `partition_time` the largest timestamp seen on this partition so far, -1 before the first; `metadata` the record's
/// topic, partition and offset. A negative result drops the record. (Kafka Streams: `TimestampExtractor`.)
template <class K, class V>
class TimestampExtractor {
 public:
  TimestampExtractor() = default;                 ///< none
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
  /// Whether the function takes the third parameter.
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
