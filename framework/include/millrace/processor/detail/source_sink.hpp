// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/common/detail/type_name.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/stream_partitioner.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/serde/one_way.hpp"

namespace millrace {

/// Chooses the topic of a record. (Kafka Streams: `TopicNameExtractor`.)
template <class K, class V>
using TopicNameExtractor = std::function<std::string(const K& key, const V& value, const RecordContext& context)>;

}  // namespace millrace

namespace millrace::detail {

/// A source node without its types. The task calls it in its own thread.
class SourceNodeBase {
 public:
  virtual ~SourceNodeBase() = default;

  /// The record's event time in ms. Negative: drop the record. nullopt: the record could not be decoded; this has been
  /// reported.
  [[nodiscard]] virtual std::optional<Timestamp> extract_timestamp(const ConsumerRecord& record,
                                                                   Timestamp partition_time) = 0;

  /// Whether extract_timestamp() returns the timestamp of each record that has a valid one, 0 or more. The task need
  /// not call it for such a record. Known after init().
  [[nodiscard]] bool keeps_timestamps() const { return keeps_timestamps_; }

  /// Decodes the record and forwards it. False: the record could not be decoded; this has been reported. REQUIRES: the
  /// task has set its current record.
  virtual bool process(const ConsumerRecord& record, Timestamp timestamp) = 0;

 protected:
  bool keeps_timestamps_ = false;
};

[[nodiscard]] RecordMetadata metadata_of(const ConsumerRecord& record);

/// Throws a StreamsException that stops the application, after a user's TimestampExtractor has thrown.
[[noreturn]] void extractor_failed(const NodeBase& source, const ConsumerRecord& record);

/// What a policy may use besides the timestamp of the record. In ms since the epoch.
struct PolicyTimes {
  Timestamp partition_time;  ///< the largest timestamp of the partition so far
  Timestamp now;             ///< wall clock
};

/// Event time in ms by one of the predefined policies. Throws StreamsException if the policy finds no valid timestamp.
[[nodiscard]] Timestamp timestamp_by_policy(TimestampPolicy policy, const ConsumerRecord& record,
                                            const PolicyTimes& times);

/// The settings of a source node. A plain value, constant and shared by the nodes of all tasks.
template <class K, class V>
struct SourceSettings {
  AnyDeserializer<K> key_serde;
  AnyDeserializer<V> value_serde;
  TimestampPolicy timestamps = TimestampPolicy::fail_on_invalid;
  bool default_timestamps = true;      ///< use the configured default.timestamp.extractor
  TimestampExtractor<K, V> extractor;  ///< if set, it replaces the policy
};

/// The entry of records into a task: decodes them and forwards them.
template <class K, class V>
class SourceNode final : public EmittingNode<K, V>, public SourceNodeBase {
 public:
  explicit SourceNode(const SourceSettings<K, V>& settings) : settings_(settings) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    settings_.key_serde.prepare(task.serdes(), true);
    settings_.value_serde.prepare(task.serdes(), false);
    if (settings_.default_timestamps) settings_.timestamps = task.default_timestamps();
    keeps_timestamps_ = !settings_.extractor && settings_.timestamps != TimestampPolicy::wallclock_time;
  }

  [[nodiscard]] std::optional<Timestamp> extract_timestamp(const ConsumerRecord& record,
                                                           Timestamp partition_time) override {
    // The extractor gets the decoded record, so the record is decoded here and again in process().
    if (settings_.extractor) {
      auto decoded = decode(record, record.timestamp);
      if (!decoded) return std::nullopt;
      try {
        return settings_.extractor(*decoded, partition_time,
                                   settings_.extractor.wants_metadata() ? metadata_of(record) : RecordMetadata());
      } catch (const RetriableException&) {
        // The task tries again.
        throw;
      } catch (...) {
        extractor_failed(*this, record);
      }
    }
    return timestamp_by_policy(settings_.timestamps, record,
                               {.partition_time = partition_time, .now = this->task().system_time()});
  }

  bool process(const ConsumerRecord& record, Timestamp timestamp) override {
    auto decoded = decode(record, timestamp);
    if (!decoded) return false;
    this->forward(*decoded);
    return true;
  }

 private:
  // nullopt: a serde failed, and the deserialization handler decided to continue.
  [[nodiscard]] std::optional<Record<K, V>> decode(const ConsumerRecord& record, Timestamp timestamp) {
    try {
      return Record<K, V>{settings_.key_serde.deserialize(*record.topic, &record.headers, record.key),
                          settings_.value_serde.deserialize(*record.topic, &record.headers, record.value), timestamp,
                          record.headers};
    } catch (...) {
      this->task().deserialization_failed(*this);
      return std::nullopt;
    }
  }

  SourceSettings<K, V> settings_;
};

/// The settings of a sink node.
template <class K, class V>
struct SinkSettings {
  std::string topic;                      ///< as in the topology, so without the application's prefix
  TopicNameExtractor<K, V> choose_topic;  ///< if set, `topic` is not used
  AnySerializer<K> key_serde;
  AnySerializer<V> value_serde;
  StreamPartitioner<K, V> partitioner;  ///< may be empty: the producer chooses
  /// If there is no partitioner: choose the partition of a windowed key by the inner key only. (Java:
  /// `WindowedStreamPartitioner`.)
  bool partition_windows_by_inner_key = false;
};

/// A serialized record on its way to a topic. The views and references are valid during the call.
struct SinkRecord {
  BytesView key;  ///< nullopt: null
  BytesView value;
  Timestamp timestamp;  ///< ms since the epoch
  const Headers& headers;
  const std::set<std::int32_t>* partitions;  ///< write the record once to each; null: the producer chooses...
  std::size_t window_suffix_bytes;           ///< ...by the key without this many bytes at its end
  TopicTotals* totals;                       ///< counts the record; null: the record is not counted
};
/// Sends a serialized record through the task's record collector.
void write_record(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record);

/// The counters of a sink whose records choose their topics. Each topic is looked up once.
class ProducedTopics {
 public:
  [[nodiscard]] TopicTotals* of(TaskContext& task, const NodeBase& sink, const std::string& topic);

 private:
  std::map<std::string, TopicTotals*> known_;
};

/// Reports a record that could not be serialized. Call it inside a catch block. With chosen partitions it reports one
/// failure per partition, because Kafka Streams serializes the record anew for each.
void not_serialized(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record,
                    SerializationOrigin origin);

/// The exit of records from a task: serializes them and sends them through the task's producer.
template <class K, class V>
class SinkNode final : public TerminalNode<K, V> {
 public:
  explicit SinkNode(const SinkSettings<K, V>& settings) : settings_(settings) {}

  [[nodiscard]] bool is_sink() const override { return true; }
  [[nodiscard]] WrittenTypes written_types() const override {
    return {type_name(typeid(K)), type_name(typeid(V)), settings_.key_serde.window_suffix_bytes()};
  }

  void init(TaskContext& task) override {
    NodeBase::init(task);
    settings_.key_serde.prepare(task.serdes(), true);
    settings_.value_serde.prepare(task.serdes(), false);
    writes_headers_ = settings_.key_serde.writes_headers() || settings_.value_serde.writes_headers();
    if (!settings_.choose_topic) {
      topic_ = task.topic_name(settings_.topic);
      totals_ = task.produced(*this, topic_);
    }
    if (settings_.partition_windows_by_inner_key && !settings_.partitioner) {
      window_suffix_bytes_ = settings_.key_serde.window_suffix_bytes();
    }
  }

  Output<K, V>* process(Record<K, V>& record) override {
    if (settings_.choose_topic) choose_topic(record);
    if (settings_.partitioner) {
      write_to_chosen(record);
    } else {
      write(record, nullptr);
    }
    return nullptr;
  }

 private:
  // Functions for rare settings are not inline, so that the usual path stays short.

  [[gnu::noinline]] void choose_topic(const Record<K, V>& record) {
    topic_ = settings_.choose_topic(record.key, record.value, record_context(this->task()));
    totals_ = chosen_topics_.of(this->task(), *this, topic_);
  }
  // The partitioner is called before serializing: a record that it drops need not be serializable.
  [[gnu::noinline]] void write_to_chosen(const Record<K, V>& record) {
    const std::int32_t partitions = this->task().collector().partitions_for(topic_);
    const auto chosen = settings_.partitioner(topic_, record.key, record.value, record.headers, partitions);
    if (chosen && chosen->empty()) return this->task().record_dropped(*this, DropReason::no_partition);
    write(record, chosen ? &*chosen : nullptr);
  }

  void write(const Record<K, V>& record, const std::set<std::int32_t>* partitions) {
    if (writes_headers_) return write_with_own_headers(record, partitions);
    write(record, nullptr, record.headers, partitions);
  }
  // With a copy of the headers: what the serdes of this sink add must not reach other nodes.
  [[gnu::noinline]] void write_with_own_headers(const Record<K, V>& record, const std::set<std::int32_t>* partitions) {
    Headers headers = record.headers;
    write(record, &headers, headers, partitions);
  }

  // The buffers are members, so that a record needs no allocation. `for_serdes`: null if the serdes want no headers.
  void write(const Record<K, V>& record, Headers* for_serdes, const Headers& headers,
             const std::set<std::int32_t>* partitions) {
    SinkRecord out{std::nullopt, std::nullopt, record.timestamp, headers, partitions, window_suffix_bytes_, totals_};
    auto writing = SerializationOrigin::key;  // for the report, if a serde throws
    try {
      key_buffer_.clear();
      if (settings_.key_serde.serialize(topic_, for_serdes, record.key, key_buffer_)) out.key = key_buffer_;
      writing = SerializationOrigin::value;
      value_buffer_.clear();
      if (settings_.value_serde.serialize(topic_, for_serdes, record.value, value_buffer_)) {
        out.value = value_buffer_;
      }
    } catch (...) {
      return not_serialized(this->task(), *this, topic_, out, writing);
    }
    write_record(this->task(), *this, topic_, out);
  }

  SinkSettings<K, V> settings_;
  std::string topic_;              // the present topic, with the application's prefix
  TopicTotals* totals_ = nullptr;  ///< of topic_
  ProducedTopics chosen_topics_;
  std::size_t window_suffix_bytes_ = 0;
  bool writes_headers_ = false;  ///< a serde wants the headers
  std::string key_buffer_;
  std::string value_buffer_;
};

}  // namespace millrace::detail
