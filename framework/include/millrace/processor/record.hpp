// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/common/time.hpp"

namespace millrace {

/// A key and a value, as `map` and `flat_map` return them. (Kafka Streams: `KeyValue`.)
template <class K, class V>
struct KeyValue {
  K key;
  V value;

  bool operator==(const KeyValue&) const = default;
};

/// `KeyValue{key, value}` needs no types.
template <class K, class V>
KeyValue(K, V) -> KeyValue<K, V>;

/// A record in a topology. A plain value. (Kafka Streams: `processor.api.Record`.)
template <class K, class V>
struct Record {
  K key;
  V value;
  Timestamp timestamp = kNoTimestamp;  ///< event time, ms since the epoch
  Headers headers;

  /// Returns the record with another key, value, timestamp or headers. Called on an rvalue, it copies nothing.
  template <class K2>
  [[nodiscard]] Record<K2, V> with_key(K2 new_key) const& {
    return {std::move(new_key), value, timestamp, headers};
  }
  template <class K2>
  [[nodiscard]] Record<K2, V> with_key(K2 new_key) && {
    return {std::move(new_key), std::move(value), timestamp, std::move(headers)};
  }
  template <class V2>
  [[nodiscard]] Record<K, V2> with_value(V2 new_value) const& {
    return {key, std::move(new_value), timestamp, headers};
  }
  template <class V2>
  [[nodiscard]] Record<K, V2> with_value(V2 new_value) && {
    return {std::move(key), std::move(new_value), timestamp, std::move(headers)};
  }
  [[nodiscard]] Record with_timestamp(Timestamp new_timestamp) const& { return {key, value, new_timestamp, headers}; }
  [[nodiscard]] Record with_timestamp(Timestamp new_timestamp) && {
    return {std::move(key), std::move(value), new_timestamp, std::move(headers)};
  }
  [[nodiscard]] Record with_headers(Headers new_headers) const& {
    return {key, value, timestamp, std::move(new_headers)};
  }
  [[nodiscard]] Record with_headers(Headers new_headers) && {
    return {std::move(key), std::move(value), timestamp, std::move(new_headers)};
  }

  bool operator==(const Record&) const = default;
};

template <class K, class V>
class FixedKeyProcessorContext;

/// A record whose key cannot be changed, so no repartitioning is needed later. Only the engine makes new ones. A
/// processor derives its results from the record that it gets. (Kafka Streams: `FixedKeyRecord`.)
template <class K, class V>
class FixedKeyRecord {
 public:
  explicit FixedKeyRecord(Record<K, V> record) : record_(std::move(record)) {}

  [[nodiscard]] const K& key() const { return record_.key; }
  [[nodiscard]] const V& value() const { return record_.value; }
  [[nodiscard]] Timestamp timestamp() const { return record_.timestamp; }
  [[nodiscard]] const Headers& headers() const { return record_.headers; }

  /// Returns the record with another value, timestamp or headers.
  template <class V2>
  [[nodiscard]] FixedKeyRecord<K, V2> with_value(V2 value) const {
    return FixedKeyRecord<K, V2>(record_.with_value(std::move(value)));
  }
  [[nodiscard]] FixedKeyRecord with_timestamp(Timestamp timestamp) const {
    return FixedKeyRecord(record_.with_timestamp(timestamp));
  }
  [[nodiscard]] FixedKeyRecord with_headers(Headers headers) const {
    return FixedKeyRecord(record_.with_headers(std::move(headers)));
  }

 private:
  friend class FixedKeyProcessorContext<K, V>;  // forwards the record inside

  Record<K, V> record_;
};

/// The position of the input record being processed. (Kafka Streams: `RecordMetadata`.)
struct RecordMetadata {
  std::string topic;            ///< empty in a punctuation
  std::int32_t partition = -1;  ///< -1: none
  std::int64_t offset = -1;     ///< -1: none
};

/// What else is known of the record for which a function is called: an optional last argument of the functions of
/// streams, and the last one of a TopicNameExtractor. Topic, partition and offset are those of the input record; in a
/// punctuation the topic is empty. Valid during the call. (Kafka Streams: `RecordContext`. ksqlDB: the columns ROWTIME,
/// ROWPARTITION, ROWOFFSET, and HEADERS.)
struct RecordContext : RecordMetadata {
  Timestamp timestamp;     ///< of the record at this operator, ms since the epoch
  const Headers& headers;  ///< likewise
  /// Key and value of the input record as they were read. If the record was in a cache or a suppress buffer meanwhile,
  /// they may be nullopt: the bytes are kept only if a dead letter queue or an error handler may need them.
  BytesView source_raw_key;
  BytesView source_raw_value;
};

/// The name of a task: one sub-topology on one partition. A task is the unit of work and of state. (Kafka Streams:
/// `TaskId`.)
struct TaskId {
  int subtopology = 0;
  std::int32_t partition = 0;

  auto operator<=>(const TaskId&) const = default;

  /// For example `0_3`, as in Kafka Streams.
  [[nodiscard]] std::string str() const { return std::to_string(subtopology) + "_" + std::to_string(partition); }

  /// The reverse of str(). nullopt for any other text.
  [[nodiscard]] static std::optional<TaskId> parse(std::string_view text) {
    TaskId task;
    const char* end = text.data() + text.size();
    const auto [middle, error] = std::from_chars(text.data(), end, task.subtopology);
    if (error != std::errc() || middle == end || *middle != '_') return std::nullopt;
    const auto [last, last_error] = std::from_chars(middle + 1, end, task.partition);
    if (last_error != std::errc() || last != end || task.str() != text) return std::nullopt;
    return task;
  }
};

}  // namespace millrace
