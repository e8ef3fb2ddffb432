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

class NodeBase;
class TaskContext;
class TopicTotals;

/// The record that a source read.
struct RecordOrigin {
  const std::string* topic = nullptr;  ///< null outside of records (punctuation)
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  BytesView raw_key;
  BytesView raw_value;
  /// Whether a cache or a suppress buffer that keeps the record keeps these two as well, because somebody may ask.
  bool keeps_raw = false;
};
inline constexpr RecordOrigin kNoOrigin{};

/// What a task has in hand, as stores and error handlers see it. The pointers are valid as long as the RecordScope that
/// put the record there; outside of all scopes they point to what lives for ever. (Kafka Streams:
/// `ProcessorRecordContext`.)
struct CurrentRecord {
  const RecordOrigin* origin = &kNoOrigin;
  Timestamp timestamp = kNoTimestamp;      ///< of the record at the node that runs now, ms since the epoch
  const Headers* headers = &no_headers();  ///< of the record at the node that runs now; never null
};

/// Which node of which task writes a record, for the handlers of production errors. Nulls: none does, as with dead
/// letters.
struct Sender {
  const TaskContext* task = nullptr;
  const NodeBase* node = nullptr;
};

/// Takes what sinks write.
class RecordCollector {
 public:
  virtual ~RecordCollector() = default;

  /// `partition` unset: chosen by the key. Views are copied.
  virtual void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
                    Timestamp timestamp, const Headers& headers, Sender sender) = 0;

  [[nodiscard]] virtual std::int32_t partitions_for(std::string_view topic) = 0;
};

/// What the nodes of a task see of the task.
class TaskContext {
 public:
  virtual ~TaskContext() = default;

  /// The record in hand. Only a RecordScope changes it. Between records (a commit, `close()`, `init()`) it has no
  /// origin and no headers, and the timestamp of the last record.
  [[nodiscard]] const CurrentRecord& current_record() const { return current_record_; }

  [[nodiscard]] virtual RecordCollector& collector() = 0;

  /// Throws TopologyException if `node` is not connected to a store of that name.
  [[nodiscard]] virtual StateStore& store(const NodeBase& node, const std::string& name) = 0;

  /// `start`: a time on the grid of the calls; nullopt: stream time 0, or the wall clock's now.
  [[nodiscard]] virtual Cancellable schedule(NodeBase& node, std::optional<Timestamp> start, Millis interval,
                                             PunctuationType type, Punctuator callback) = 0;
  virtual void request_commit() = 0;

  [[nodiscard]] virtual TaskId task_id() const = 0;
  [[nodiscard]] virtual const std::string& application_id() const = 0;
  /// Made if it does not exist. Throws StreamsException if the application has none.
  [[nodiscard]] virtual std::filesystem::path state_dir() const = 0;

  /// The real name of a topic of the topology: internal ones get the application's prefix.
  [[nodiscard]] virtual std::string topic_name(const std::string& topic) const = 0;
  [[nodiscard]] virtual const StreamsConfig& config() const = 0;
  /// Of sources that were given none (default.timestamp.extractor).
  [[nodiscard]] virtual TimestampPolicy default_timestamps() const = 0;
  [[nodiscard]] virtual Timestamp stream_time() const = 0;
  [[nodiscard]] virtual Timestamp system_time() const = 0;

  /// How often left/outer joins and on-close aggregations look for results that became due (0 in tests).
  [[nodiscard]] virtual std::int64_t emit_interval_ms() const = 0;

  /// Times that go with the commits, by name: after a restart they are as of the last commit. nullopt: never set.
  [[nodiscard]] virtual std::optional<Timestamp> processor_metadata(const std::string& name) const = 0;
  virtual void set_processor_metadata(const std::string& name, Timestamp time) = 0;

  // The three below are called inside a catch block and rethrow what is not the record's own fault.

  /// A node failed on the current record: asks the processing exception handler. Returns to skip the record.
  virtual void processing_failed(const NodeBase& node) = 0;
  /// A source could not decode the current record. Returns to skip it.
  virtual void deserialization_failed(const NodeBase& node) = 0;
  /// A sink could not encode a record. Returns to skip it.
  virtual void serialization_failed(const NodeBase& node, const UnwrittenRecord& unwritten) = 0;

  /// Counts the record in hand as one that the operator's semantics drop (null key, late...), and logs it at warn level
  /// with its place; of many alike only some.
  virtual void record_dropped(const NodeBase& node, DropReason reason) = 0;

  /// What counts the records that a sink writes to a topic, by its real name; valid as long as the task. nullptr: they
  /// are not counted.
  [[nodiscard]] virtual TopicTotals* produced(const NodeBase& sink, const std::string& topic) = 0;

 protected:
  /// The timestamp that writes between records get.
  void set_time_between_records(Timestamp timestamp) { current_record_.timestamp = timestamp; }

 private:
  friend class RecordScope;

  CurrentRecord current_record_;
};

/// Puts a record into a task's hand and takes it out again at the end of the scope, also when something throws. What
/// `record` points to must outlive the scope. One thread: the task's.
class RecordScope {
 public:
  RecordScope(TaskContext& task, const CurrentRecord& record) : task_(task), previous_(task.current_record_) {
    task.current_record_ = record;
  }
  /// The record in hand goes on with this timestamp and these headers.
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
