#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace {

/// Picks partitions for a record that goes to a sink. nullopt: the producer decides; empty: the record is dropped.
/// (Kafka Streams: `StreamPartitioner`.)
template <class K, class V>
using StreamPartitioner = std::function<std::optional<std::set<std::int32_t>>(const std::string& topic, const K& key,
                                                                              const V& value, std::int32_t partitions)>;

/// Picks the topic of a record. (Kafka Streams: `TopicNameExtractor`.)
template <class K, class V>
using TopicNameExtractor = std::function<std::string(const K& key, const V& value, const RecordContext& context)>;

}  // namespace millrace

namespace millrace::detail {

/// Where records enter a task, without their types.
class SourceNodeBase {
 public:
  virtual ~SourceNodeBase() = default;

  /// The record's event time; negative: drop it. nullopt: it could not be decoded and was reported.
  [[nodiscard]] virtual std::optional<Timestamp> extract_timestamp(const ConsumerRecord& record,
                                                                   Timestamp partition_time) = 0;

  /// Decodes the record and sends it down. False: it could not be decoded, was reported, and is skipped.
  /// The task has set the record context.
  virtual bool process(const ConsumerRecord& record, Timestamp timestamp) = 0;
};

[[nodiscard]] RecordMetadata metadata_of(const ConsumerRecord& record);

/// Throws what stops the application when a user's TimestampExtractor throws.
[[noreturn]] void extractor_failed(const NodeBase& source, const ConsumerRecord& record, const std::exception& error);

/// Event time by one of the ready-made policies.
[[nodiscard]] Timestamp timestamp_by_policy(TimestampPolicy policy, const ConsumerRecord& record,
                                            Timestamp partition_time, Timestamp now);

template <class K, class V>
struct SourceSettings {
  AnySerde<K> key_serde;
  AnySerde<V> value_serde;
  TimestampPolicy timestamps = TimestampPolicy::fail_on_invalid;
  bool default_timestamps = true;  ///< use the configured default.timestamp.extractor
  TimestampExtractor<K, V> extractor;
};

template <class K, class V>
class SourceNode final : public EmittingNode<K, V>, public SourceNodeBase {
 public:
  explicit SourceNode(const SourceSettings<K, V>& settings) : settings_(settings) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    if (settings_.default_timestamps) settings_.timestamps = task.default_timestamps();
  }

  [[nodiscard]] std::optional<Timestamp> extract_timestamp(const ConsumerRecord& record,
                                                           Timestamp partition_time) override {
    if (settings_.extractor) {
      auto decoded = decode(record, record.timestamp);
      if (!decoded) return std::nullopt;
      try {
        return settings_.extractor(*decoded, partition_time,
                                   settings_.extractor.wants_metadata() ? metadata_of(record) : RecordMetadata());
      } catch (const std::exception& error) {
        extractor_failed(*this, record, error);
      }
    }
    return timestamp_by_policy(settings_.timestamps, record, partition_time, this->task().system_time());
  }

  bool process(const ConsumerRecord& record, Timestamp timestamp) override {
    auto decoded = decode(record, timestamp);
    if (!decoded) return false;
    this->forward(*decoded);
    return true;
  }

 private:
  [[nodiscard]] std::optional<Record<K, V>> decode(const ConsumerRecord& record, Timestamp timestamp) {
    try {
      return Record<K, V>{settings_.key_serde.deserialize(*record.topic, record.key),
                          settings_.value_serde.deserialize(*record.topic, record.value), timestamp, record.headers};
    } catch (...) {
      this->task().deserialization_failed(*this);
      return std::nullopt;
    }
  }

  SourceSettings<K, V> settings_;
};

template <class K, class V>
struct SinkSettings {
  std::string topic;                      ///< as the topology names it
  TopicNameExtractor<K, V> choose_topic;  ///< if set, `topic` is unused
  AnySerde<K> key_serde;
  AnySerde<V> value_serde;
  StreamPartitioner<K, V> partitioner;  ///< may be empty
  /// Without a partitioner: windowed keys are partitioned by the key inside alone. (Java: `WindowedStreamPartitioner`.)
  bool partition_windows_by_inner_key = false;
};

/// A record that a sink writes, without its types.
struct SinkRecord {
  BytesView key;
  BytesView value;
  Timestamp timestamp;
  const Headers& headers;
  const std::set<std::int32_t>* partitions;  ///< one of it for each of these; null: the producer decides...
  std::size_t window_suffix_bytes;           ///< ...by the key without so many bytes at its end
};
void write_record(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record);

/// Called inside a catch block. As in Kafka Streams, which writes it anew for each, it failed once for each partition.
void not_serialized(TaskContext& task, const NodeBase& sink, const std::string& topic, const SinkRecord& record,
                    SerializationOrigin origin);

template <class K, class V>
class SinkNode final : public TerminalNode<K, V> {
 public:
  explicit SinkNode(const SinkSettings<K, V>& settings) : settings_(settings) {}

  [[nodiscard]] bool is_sink() const override { return true; }

  void init(TaskContext& task) override {
    NodeBase::init(task);
    if (!settings_.choose_topic) topic_ = task.topic_name(settings_.topic);
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
  // The ways that few sinks go are not inline, so that the usual one is short.

  [[gnu::noinline]] void choose_topic(const Record<K, V>& record) {
    const RecordOrigin& origin = *this->task().current_record().origin;
    const RecordMetadata place{origin.topic == nullptr ? std::string() : *origin.topic, origin.partition,
                               origin.offset};
    topic_ = settings_.choose_topic(record.key, record.value,
                                    {place, record.timestamp, record.headers, origin.raw_key, origin.raw_value});
  }
  // The partitioner is asked before anything is written: what it drops need not be fit to be written.
  [[gnu::noinline]] void write_to_chosen(const Record<K, V>& record) {
    const std::int32_t partitions = this->task().collector().partitions_for(topic_);
    const auto chosen = settings_.partitioner(topic_, record.key, record.value, partitions);
    if (chosen && chosen->empty()) return this->task().record_dropped(*this, "the partitioner chose no partition");
    write(record, chosen ? &*chosen : nullptr);
  }

  void write(const Record<K, V>& record, const std::set<std::int32_t>* partitions) {
    SinkRecord out{std::nullopt, std::nullopt, record.timestamp, record.headers, partitions, window_suffix_bytes_};
    auto writing = SerializationOrigin::key;
    try {
      key_buffer_.clear();
      if (settings_.key_serde.serialize(topic_, record.key, key_buffer_)) out.key = key_buffer_;
      writing = SerializationOrigin::value;
      value_buffer_.clear();
      if (settings_.value_serde.serialize(topic_, record.value, value_buffer_)) out.value = value_buffer_;
    } catch (...) {
      return not_serialized(this->task(), *this, topic_, out, writing);
    }
    write_record(this->task(), *this, topic_, out);
  }

  SinkSettings<K, V> settings_;
  std::string topic_;
  std::size_t window_suffix_bytes_ = 0;
  std::string key_buffer_;
  std::string value_buffer_;
};

}  // namespace millrace::detail
