// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/topic_partition.hpp"
#include "millrace/processor/detail/node_timer.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/kept_times.hpp"
#include "runtime/task/punctuations.hpp"
#include "runtime/task/record_queues.hpp"
#include "runtime/task/store_binding.hpp"
#include "runtime/task/task_environment.hpp"
#include "runtime/task/task_metrics.hpp"
#include "runtime/task/task_output.hpp"
#include "runtime/task/task_retry.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// One sub-topology on one partition: its nodes, its stores and its queues of input records. (Kafka Streams:
/// `StreamTask`.)
///
///     restoring -> running -> closed
///
/// While a task is restoring, it has stores but its nodes are not initialised. initialize() starts them.
///
/// Threads  one at a time: the stream thread that owns the task, or the global thread
/// Commit   in three steps: prepare_commit(); then the thread commits with the broker; then post_commit()
/// Errors   TaskFailure if a handler decides to fail; TaskRetry if a function or serde of the user asks to try again;
///          BrokerException from the output; ProcessorStateException from stores. After any of them the task must be
///          closed and replaced, because it may have processed half a record. Exception: a TaskRetry without effects.
class StreamTask final : public TaskContext {
 public:
  /// `inputs`: the partitions that the task reads, with real topic names.
  /// `stores`: made for this task by open_stores(). They must outlive the task and may be given to its successor.
  /// `output`, `environment` and `cache` must outlive the task, too. `cache`: see StoreBinding.
  /// `directory`: the task's own; empty if no store is on disk. `measure_nodes`: see node_timer().
  StreamTask(TaskId id, const TaskEnvironment& environment, const std::vector<const NodeSpec*>& nodes,
             const std::vector<TopicPartition>& inputs, StoreSet& stores, TaskOutput& output,
             const std::filesystem::path& directory, CacheBudget* cache, std::shared_ptr<TaskMetrics> metrics,
             bool measure_nodes = false);
  ~StreamTask() override;

  /// The name of the entry in the committed metadata that says: the changelog of the store had records.
  [[nodiscard]] static std::string logged_mark(const std::string& store);

  // --- life
  [[nodiscard]] StoreBinding& stores() { return *stores_; }
  /// Calls init() of the nodes, in the order of the topology. REQUIRES: the stores are restored. An exception of init()
  /// is passed on.
  void initialize();
  /// Between initialize() and close().
  [[nodiscard]] bool running() const { return running_; }
  /// Calls close() of all nodes, if they were initialised. Does not commit. Throws the last exception of a node, after
  /// all nodes were closed. Further calls do nothing.
  void close();

  // --- records
  [[nodiscard]] const std::vector<TopicPartition>& inputs() const { return inputs_; }
  /// The source that reads a topic; `topic` is the real name. Throws TopologyException if there is none, or if patterns
  /// of several sources match.
  [[nodiscard]] const NodeSpec& source_of(const std::string& topic) const { return *source_node(topic).spec; }
  /// Adds a partition to read, of a topic that matches a source pattern. Only the TopologyTestDriver uses it: a stream
  /// thread gets new topics through a new plan.
  RecordQueues::Queue& add_input(const TopicPartition& input);
  /// Appends an input record to one of the task's queues.
  void add(RecordQueues::Queue& queue, ConsumerRecord record) { queues_.push(queue, std::move(record)); }
  [[nodiscard]] RecordQueues& queues() { return queues_; }
  [[nodiscard]] const RecordQueues& queues() const { return queues_; }
  /// Begins a new round of the thread, see RecordQueues::begin_round().
  void begin_round();
  /// Processes the next record, then the stream-time punctuations that it makes due. Returns false if the queues are
  /// empty, or if stop_before() forbids the next record. Does not check max.task.idle.ms, see RecordQueues::ready().
  /// After a TaskRetry without effects, the record is still the first one in its queue.
  bool process_one();
  /// From now on, process_one() does not process this record, nor later ones of its partition. nullopt: no limit.
  void stop_before(std::optional<InputRecord> record);
  /// Whether the next record is one that stop_before() forbids.
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Whether this record has been processed or dropped.
  [[nodiscard]] bool passed(const InputRecord& record);
  /// Drops a record that process_one() could not process: the first one in the queue of its partition.
  void drop(const InputRecord& record);
  /// Runs the wall-clock punctuations that are due at `now` (Clock::now()). Returns whether any ran.
  bool punctuate_wall_clock(Timestamp now);
  /// In the time of Clock::now(); nullopt: none is scheduled.
  [[nodiscard]] std::optional<Timestamp> next_wall_clock_punctuation() const { return wall_clock_.next_due(); }

  /// Whether a processor has called commit() since the last commit.
  [[nodiscard]] bool commit_requested() const { return commit_requested_; }
  /// Sets the claim and its id, which every commit contains. They say which task owns the input partitions; see
  /// docs/group-protocol.md.
  void set_claim(std::int64_t claim, std::optional<std::int64_t> claim_id) {
    claim_ = claim;
    claim_id_ = claim_id;
  }
  /// Takes over the metadata that was committed with an input partition. Call it before initialize(). If partitions
  /// have different times for one name, the latest one counts.
  void resume(const TopicPartition& partition, const CommitMetadata& metadata);
  /// Flushes caches and calls the commit hooks of nodes. Both may send more records, so they come before the thread
  /// commits.
  void prepare_commit();
  /// The offsets to commit, one per input partition. An offset is the one of the next record to process: the head of
  /// the queue, or `position` of the consumer if the queue is empty. A partition is left out if its position is
  /// unknown.
  ///
  /// Without `all`, partitions that have not moved since the last commit are left out as well. There are two
  /// exceptions. If a kept time has changed, all partitions are included, because each carries the times. If the times
  /// need several partitions, all are included in every commit.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committable_offsets(
      FunctionRef<std::optional<std::int64_t>(const TopicPartition&)> position, bool all);
  /// Makes the stores durable. `processed`: the offsets whose records the stores include. REQUIRES: the broker has
  /// confirmed everything that the task sent.
  void commit_stores(const std::map<TopicPartition, OffsetAndMetadata>& processed = {});
  /// The last step of a commit. REQUIRES: the group has the offsets `committed`, and the stores are durable.
  void post_commit(const std::map<TopicPartition, OffsetAndMetadata>& committed = {});
  /// All steps, for a task that commits alone. `publish` commits with the broker and returns the committed offsets.
  void commit(FunctionRef<std::map<TopicPartition, OffsetAndMetadata>()> publish);

  [[nodiscard]] TaskMetrics& metrics() { return *metrics_; }
  /// Measures how long each node takes. Null if the task was made without `measure_nodes`.
  [[nodiscard]] NodeTimer* node_timer() { return node_timer_.get(); }

  // --- TaskContext
  [[nodiscard]] RecordCollector& collector() override { return output_; }
  [[nodiscard]] StateStore& store(const NodeBase& node, const std::string& name) override;
  [[nodiscard]] Cancellable schedule(NodeBase& node, std::optional<Timestamp> start, Millis interval,
                                     PunctuationType type, Punctuator callback) override;
  void request_commit() override { commit_requested_ = true; }
  [[nodiscard]] TaskId task_id() const override { return id_; }
  [[nodiscard]] const std::string& application_id() const override { return environment_.application_id; }
  [[nodiscard]] std::filesystem::path state_dir() const override;
  [[nodiscard]] std::string topic_name(const std::string& topic) const override;
  [[nodiscard]] const StreamsConfig& config() const override { return environment_.config; }
  [[nodiscard]] ConfiguredSerdes& serdes() const override { return *environment_.serdes; }
  [[nodiscard]] TimestampPolicy default_timestamps() const override { return environment_.default_timestamps; }
  [[nodiscard]] Timestamp stream_time() const override { return stream_time_; }
  [[nodiscard]] Timestamp observed_time() const override;
  [[nodiscard]] Timestamp system_time() const override { return environment_.clock.now(); }
  [[nodiscard]] Timestamp monotonic_time() const override { return environment_.clock.monotonic_ms(); }
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return environment_.emit_interval_ms; }
  void keep_time(const NodeBase& node, std::string name, Timestamp& time) override;
  void processing_failed(const NodeBase& node) override;
  void deserialization_failed(const NodeBase& node) override;
  void serialization_failed(const NodeBase& node, const UnwrittenRecord& unwritten) override;
  void record_dropped(const NodeBase& node, DropReason reason) override;
  [[nodiscard]] TopicTotals* produced(const NodeBase& sink, const std::string& topic) override;

 private:
  /// A node of this task, with its description in the topology.
  struct Node {
    const NodeSpec* spec;
    std::unique_ptr<NodeBase> node;
  };

  /// Makes the nodes and connects them.
  void build_nodes(const std::vector<const NodeSpec*>& specs);
  /// See source_of().
  [[nodiscard]] const Node& source_node(const std::string& topic) const;
  /// Adds the queue of one input partition.
  RecordQueues::Queue& add_queue(const TopicPartition& input);
  /// Measures the source until the result is destroyed, if the task measures its nodes.
  [[nodiscard]] NodeTimer::Stay measure(const SourceNodeBase& source) {
    if (!node_timer_) return {};
    // The cast is slow, so it is left out if nothing is measured.
    return {node_timer_.get(), dynamic_cast<const NodeBase&>(source)};
  }
  /// Sends one record through the nodes. Returns false if the source could not decode it.
  bool process(SourceNodeBase& source, const ConsumerRecord& record, Timestamp timestamp);
  /// Copies the times of the stores to store_times_, which the commit reads.
  void read_store_times();
  /// Logs a warning, once per task: the times of `owners` have no room in the commit. `partitions`: the number of input
  /// partitions that were tried.
  void tell_left_out(const std::vector<std::string>& owners, std::size_t partitions);
  /// Runs what is due. Returns whether anything was.
  bool punctuate(Punctuations& punctuations, Timestamp now);
  /// Asks a handler about the exception that is being handled. Writes dead letters, then either counts a dropped record
  /// or throws.
  void handle(const ExceptionHandler& handler, DropReason reason, const NodeBase& node,
              std::optional<UnwrittenRecord> output, const std::string& error);
  /// The next record, in its queue. Null: there is none. Throws TaskRetry if its timestamp cannot be extracted now.
  [[nodiscard]] RecordQueues::Queue* next_queue();
  /// The exception for a RetriableException at `node`. `when`: the first words of its text.
  [[nodiscard]] TaskRetry retry(std::string_view when, const NodeBase& node, const RetriableException& error,
                                TaskRetry::Effects effects, std::optional<UnwrittenRecord> output = {}) const;
  /// Calls `action`. If it throws a RetriableException, throws a TaskRetry that names `work`.
  void doing(TaskRetry::Work work, FunctionRef<void()> action);
  void init_nodes();
  void flush_and_call_hooks();

  TaskId id_;
  const TaskEnvironment& environment_;
  std::shared_ptr<TaskMetrics> metrics_;
  TaskOutput& output_;
  StoreSet& store_set_;
  std::filesystem::path directory_;
  std::vector<TopicPartition> inputs_;
  std::unique_ptr<NodeTimer> node_timer_;  ///< null: nodes are not measured; outlives the nodes
  std::vector<Node> nodes_;
  /// Those of nodes_ that do something in prepare_commit(), in the same order.
  std::vector<NodeBase*> commit_hooks_;
  /// For store(), which checks the stores that a node is connected to.
  std::map<const NodeBase*, const NodeSpec*> specs_;
  std::unique_ptr<StoreBinding> stores_;
  RecordQueues queues_;
  Punctuations stream_time_punctuations_;
  Punctuations wall_clock_;
  /// The times that nodes keep, see keep_time(). The nodes own them.
  std::vector<const Timestamp*> node_times_;
  /// The largest timestamp of all records of the task, ms since the epoch.
  Timestamp stream_time_ = kNoTimestamp;
  std::optional<std::int64_t> claim_;  ///< unset: the task belongs to no group
  std::optional<std::int64_t> claim_id_;
  /// By store: 1 if its changelog has records, otherwise kNoTimestamp. Committed like the times, so that a changelog
  /// that is empty later is known to be another one. Only stores with a changelog of their own.
  std::map<std::string, Timestamp> logged_;
  std::map<std::string, Timestamp> store_times_;  ///< by store; only stores that drop records that are too old
  KeptTimes kept_times_;
  bool told_left_out_ = false;
  bool running_ = false;
  bool closed_ = false;
  bool commit_requested_ = false;
  std::optional<InputRecord> stop_;  ///< see stop_before()
  bool stopped_ = false;
};

}  // namespace millrace::detail
