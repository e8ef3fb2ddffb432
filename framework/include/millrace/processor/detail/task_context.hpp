// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/metrics/drop_reason.hpp"
#include "millrace/processor/punctuator.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/processor/unwritten_record.hpp"

namespace millrace {

class StateStore;
class StreamsConfig;

namespace detail {

class ConfiguredSerdes;
class NodeBase;
class TaskContext;
class TopicTotals;

/// The input record that a source has read. The views are valid as long as the RecordScope that has set it.
struct RecordOrigin {
  const std::string* topic = nullptr;  ///< null outside of records (punctuation)
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  BytesView raw_key;
  BytesView raw_value;
  /// True: a cache or suppress buffer that keeps the record's context must keep raw key and value too, because an error
  /// handler or a dead letter queue may ask for them.
  bool keeps_raw = false;
};
inline constexpr RecordOrigin kNoOrigin{};

/// The record that a task is processing now, as stores and error handlers see it. (Kafka Streams:
/// `ProcessorRecordContext`.)
///
/// The pointers are valid as long as the RecordScope that has set them. Outside of all scopes they point to constants.
struct CurrentRecord {
  const RecordOrigin* origin = &kNoOrigin;
  Timestamp timestamp = kNoTimestamp;      ///< of the record at the node that runs now, ms since the epoch
  const Headers* headers = &no_headers();  ///< of the record at the node that runs now; never null
};

/// The node and the task that write a record, for the handlers of production errors. Both are null for records that no
/// node writes, such as dead letters.
struct Sender {
  const TaskContext* task = nullptr;
  const NodeBase* node = nullptr;
};

/// Takes the records that sinks write. Belongs to the thread of the task. (Kafka Streams: `RecordCollector`.)
class RecordCollector {
 public:
  virtual ~RecordCollector() = default;

  /// Writes a record. `partition` unset: the key decides. The views are copied. An error of the broker may come later;
  /// it goes to the production exception handler.
  virtual void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
                    Timestamp timestamp, const Headers& headers, Sender sender) = 0;

  /// A record has chosen this topic, and the sink writes to it for the first time. Topics with fixed names were checked
  /// at the start of the application; a chosen one may be missing, and the broker's clients would wait long for it.
  virtual void first_use_of(std::string_view topic) { (void)topic; }

  [[nodiscard]] virtual std::int32_t partitions_for(std::string_view topic) = 0;
};

/// The task as its nodes see it. Used by the task's thread only.
class TaskContext {
 public:
  virtual ~TaskContext() = default;

  /// The record that is being processed. Only a RecordScope changes it. Between records (in a commit, `close()` or
  /// `init()`) there is no origin and no headers, and the timestamp is that of the last record.
  [[nodiscard]] const CurrentRecord& current_record() const { return current_record_; }

  [[nodiscard]] virtual RecordCollector& collector() = 0;

  /// Throws TopologyException if `node` is not connected to a store of that name. The store lives as long as the nodes.
  [[nodiscard]] virtual StateStore& store(const NodeBase& node, const std::string& name) = 0;

  /// See ProcessingContext::schedule. The calls are due at `start` plus multiples of the interval. nullopt: counted
  /// from stream time 0, or from the present wall-clock time.
  [[nodiscard]] virtual Cancellable schedule(NodeBase& node, std::optional<Timestamp> start, Millis interval,
                                             PunctuationType type, Punctuator callback) = 0;
  virtual void request_commit() = 0;

  [[nodiscard]] virtual TaskId task_id() const = 0;
  [[nodiscard]] virtual const std::string& application_id() const = 0;
  /// Makes the directory if it does not exist. Throws StreamsException if the application has no persistent state.
  [[nodiscard]] virtual std::filesystem::path state_dir() const = 0;

  /// The real name of a topic of the topology. Internal topics get the application's prefix.
  [[nodiscard]] virtual std::string topic_name(const std::string& topic) const = 0;
  [[nodiscard]] virtual const StreamsConfig& config() const = 0;
  /// The serdes of the application. Nodes take their copies from here in init().
  [[nodiscard]] virtual ConfiguredSerdes& serdes() const = 0;
  /// The policy of sources for which the topology gives none (default.timestamp.extractor).
  [[nodiscard]] virtual TimestampPolicy default_timestamps() const = 0;
  // All three in ms since the epoch.
  [[nodiscard]] virtual Timestamp stream_time() const = 0;
  /// The latest time that the task has seen: stream_time(), or a later time of keep_time(). After a failure under at
  /// least once, rows of a store may be later: a changelog also has the updates of records that are processed again.
  [[nodiscard]] virtual Timestamp observed_time() const = 0;
  [[nodiscard]] virtual Timestamp system_time() const = 0;
  /// Clock::monotonic_ms(), in ms. For intervals: it never goes back.
  [[nodiscard]] virtual Timestamp monotonic_time() const = 0;

  /// How often left and outer joins, and aggregations that emit on close, search for results that are due. In ms of
  /// monotonic_time(); 0 in tests.
  [[nodiscard]] virtual std::int64_t emit_interval_ms() const = 0;

  /// From now on the task commits `time` (ms since the epoch) with its offsets, under `name`. Also sets `time` to the
  /// committed time if that is later. So the next task, after a restart or on another member, continues with the time.
  ///
  /// Call this in init(). The node or its store owns `time`. `time` must never go back, and must live as long as the
  /// task. `name`: the name of a store if Kafka Streams commits the time as well (EmitStrategy::on_window_close);
  /// otherwise from kept_time_name().
  virtual void keep_time(const NodeBase& node, std::string name, Timestamp& time) = 0;

  // The next three functions are called inside a catch block. They rethrow errors that are not the record's fault.

  /// A node has failed on the current record: asks the processing exception handler. Returns if the record is skipped.
  virtual void processing_failed(const NodeBase& node) = 0;
  /// A source could not decode the current record. Returns if the record is skipped.
  virtual void deserialization_failed(const NodeBase& node) = 0;
  /// A sink could not encode a record. Returns if the record is skipped.
  virtual void serialization_failed(const NodeBase& node, const UnwrittenRecord& unwritten) = 0;

  /// Counts the current record as dropped by the operator's semantics (null key, late...). Logs some of these records
  /// at warn level, with topic, partition and offset.
  virtual void record_dropped(const NodeBase& node, DropReason reason) = 0;

  /// The counters of the records that a sink writes to a topic. `topic`: the real name. Valid as long as the task.
  /// nullptr: the records are not counted.
  [[nodiscard]] virtual TopicTotals* produced(const NodeBase& sink, const std::string& topic) = 0;

 protected:
  /// Sets the timestamp of writes that happen between records.
  void set_time_between_records(Timestamp timestamp) { current_record_.timestamp = timestamp; }

 private:
  friend class RecordScope;

  CurrentRecord current_record_;
};

/// The context of the task's current record, for user functions. Copies the topic's name, so call it only for functions
/// that take a context.
[[nodiscard]] RecordContext record_context(const TaskContext& task);

/// Makes a record the task's current record, and restores the previous one at the end of the scope, also if something
/// throws. The objects that `record` points to must outlive the scope. Used by the task's thread.
class RecordScope {
 public:
  RecordScope(TaskContext& task, const CurrentRecord& record) : task_(task), previous_(task.current_record_) {
    task.current_record_ = record;
  }
  /// The current record continues with this timestamp and these headers. Its origin stays.
  RecordScope(TaskContext& task, Timestamp timestamp, const Headers& headers)
      : RecordScope(task, {task.current_record_.origin, timestamp, &headers}) {}
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;
  ~RecordScope() { task_.current_record_ = previous_; }

 private:
  TaskContext& task_;
  CurrentRecord previous_;
};

}  // namespace detail
}  // namespace millrace
