// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "runtime/task/stream_task.hpp"

namespace millrace::detail {

/// Restores stores from a source topic: tables with `reuse.ktable.source.topics`, and stores of
/// add_read_only_state_store(). Also fills tables from their topic if their own changelog lacks records of the topic.
///
/// The records go through the same two nodes as in processing: the source, and the processor that fills the store. So a
/// restored store is equal to a store that was filled by processing, even if the topic has other bytes:
/// - Records that the source cannot decode are skipped if the handler decides so.
/// - Keys and values are written with the store's serdes.
/// - Timestamps come from the timestamp extractor.
///
/// Records that the processor forwards are dropped, because they were forwarded already when the record was processed.
/// No dead letters are written, and no metrics are counted. (Kafka Streams copies the bytes.)
///
/// Used by the task's thread. Must be destroyed before the StoreSet.
class SourceRestorer {
 public:
  /// `nodes`: all nodes of the task. `directory`: the task's directory; empty if no store is on disk.
  /// `uncommitted_max_bytes`: if the uncommitted data exceed this size, restore() and fill() commit after the present
  /// record; nullopt: no limit. `environment` and `stores` must outlive the object.
  SourceRestorer(TaskId id, const TaskEnvironment& environment, std::vector<const NodeSpec*> nodes, StoreSet& stores,
                 std::filesystem::path directory, std::optional<std::size_t> uncommitted_max_bytes);
  SourceRestorer(const SourceRestorer&) = delete;
  SourceRestorer& operator=(const SourceRestorer&) = delete;
  /// Closes the nodes. An exception of a node is logged.
  ~SourceRestorer();

  /// A change that a processor wrote while a store was filled.
  struct Change {
    std::string key;
    std::optional<std::string> value;
    Timestamp timestamp;
    std::optional<Headers> headers;
  };

  /// Whether this object restores the store. False in three cases: the store has its own changelog; the store is a
  /// custom store, which gets the records unchanged; the processor uses other stores, and would write to them a second
  /// time. The last case is logged as a warning.
  [[nodiscard]] bool restores(const StorePosition& position) const;
  /// Whether this object fills the store. As restores(), but for tables of a topic that also have their own changelog.
  [[nodiscard]] bool fills(const StorePosition& position) const;

  /// Processes records of position.changelog(), then sets the position to `next`. Data and position are durable when
  /// the call returns. Throws TaskFailure if an error handler decides to fail. REQUIRES: restores(position).
  ///
  /// If a record cannot be decoded now (TaskRetry without effects), returns the exception. Then the position is that
  /// record, and the caller passes it again later, with the records after it.
  [[nodiscard]] std::optional<TaskRetry> restore(StorePosition& position, std::vector<ConsumerRecord> records,
                                                 const LogPosition& next);

  /// The result of fill().
  struct Filled {
    std::vector<Change> changes;
    std::optional<TaskRetry> retry;  ///< as from restore()
    std::optional<Offset> next;      ///< with `retry`: the record that could not be decoded
  };
  /// Processes records of *position.table_of(). The position does not move. Returns the changes of the store; the
  /// caller writes them to the store's changelog. Throws as restore(). REQUIRES: fills(position).
  [[nodiscard]] Filled fill(const StorePosition& position, std::vector<ConsumerRecord> records);

 private:
  class Output;

  /// The source and the processor of a store.
  struct Filler {
    const NodeSpec* source = nullptr;
    const NodeSpec* processor = nullptr;
  };
  /// A task with two nodes (see Filler) and one store.
  struct Pipeline {
    std::optional<TaskEnvironment> environment;
    std::unique_ptr<StreamTask> task;
  };

  /// Whether the store can be filled by its processor. Common part of restores() and fills(). Logs the warning.
  [[nodiscard]] bool processes(const StorePosition& position) const;
  /// The partition of the source topic from which the store is filled.
  [[nodiscard]] static const TopicPartition& source_of(const StorePosition& position);
  [[nodiscard]] std::optional<Filler> filler_of(const StorePosition& position) const;
  [[nodiscard]] StreamTask& task_for(const StorePosition& position);
  /// Processes the records. Calls `commit(next)` each time the uncommitted data exceed uncommitted_max_bytes_. `next`:
  /// the offset after the last processed record. Stops at a record that cannot be decoded now, and returns the
  /// exception.
  [[nodiscard]] std::optional<TaskRetry> process(const StorePosition& position, std::vector<ConsumerRecord> records,
                                                 FunctionRef<void(Offset)> commit);
  [[nodiscard]] std::optional<TaskRetry> try_process(const StorePosition& position, std::vector<ConsumerRecord> records,
                                                     FunctionRef<void(Offset)> commit);

  TaskId id_;
  const TaskEnvironment& environment_;
  std::vector<const NodeSpec*> nodes_;
  StoreSet& stores_;
  std::filesystem::path directory_;
  std::optional<std::size_t> uncommitted_max_bytes_;
  std::shared_ptr<ClientMetrics> metrics_;  ///< not published: a restore must not count as processing
  std::unique_ptr<Output> output_;
  std::map<std::string, Pipeline> pipelines_;  ///< by store
};

}  // namespace millrace::detail
