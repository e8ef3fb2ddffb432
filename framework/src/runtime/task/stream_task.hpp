#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/topic_partition.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "runtime/task/punctuations.hpp"
#include "runtime/task/record_queues.hpp"
#include "runtime/task/store_binding.hpp"
#include "runtime/task/task_environment.hpp"
#include "runtime/task/task_metrics.hpp"
#include "runtime/task/task_output.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// One sub-topology on one partition: its nodes, stores and waiting records. Driven by one thread, step by step.
///
///     restoring -> running -> closed
///
/// While restoring only the stores exist for the outside; initialize() connects and starts the nodes.
/// (Kafka Streams: `StreamTask`.)
class StreamTask final : public TaskContext {
 public:
  /// `inputs`: the partitions that this task reads, with real topic names. `stores`: made for this task by
  /// open_stores(); they outlive it, and may be given to the task's successor. `directory`: the task's own; empty:
  /// none. `cache`: see StoreBinding.
  StreamTask(TaskId id, const TaskEnvironment& environment, const std::vector<const NodeSpec*>& nodes,
             const std::vector<TopicPartition>& inputs, StoreSet& stores, TaskOutput& output,
             const std::filesystem::path& directory, CacheBudget* cache, std::shared_ptr<TaskMetrics> metrics);
  ~StreamTask() override;

  // --- life
  [[nodiscard]] StoreBinding& stores() { return *stores_; }
  /// After the stores are restored: nodes are initialised, in topology order.
  void initialize();
  [[nodiscard]] bool running() const { return running_; }
  /// Calls the nodes' close. Does not commit.
  void close();

  // --- records
  [[nodiscard]] const std::vector<TopicPartition>& inputs() const { return inputs_; }
  /// The source that reads a topic (by its real name).
  [[nodiscard]] const NodeSpec& source_of(const std::string& topic) const { return *source_node(topic).spec; }
  /// One more partition to read (of a topic that matches a pattern).
  RecordQueues::Queue& add_input(const TopicPartition& input);
  /// Takes a record of one of its inputs.
  void add(RecordQueues::Queue& queue, ConsumerRecord record) { queues_.push(queue, std::move(record)); }
  [[nodiscard]] RecordQueues& queues() { return queues_; }
  [[nodiscard]] const RecordQueues& queues() const { return queues_; }
  /// A new round of the thread: what came in between may have changed which inputs are caught up.
  void begin_round();
  /// Processes the next record and the stream-time punctuations that it makes due. False: there is none.
  bool process_one();
  bool punctuate_wall_clock(Timestamp now);
  [[nodiscard]] std::optional<Timestamp> next_wall_clock_punctuation() const { return wall_clock_.next_due(); }

  // --- commit
  [[nodiscard]] bool commit_requested() const { return commit_requested_; }
  /// What a previous owner committed with the partition's offset. Of several partitions the latest times hold.
  void resume(const TopicPartition& partition, const CommitMetadata& metadata);
  [[nodiscard]] const ProcessorMetadata& processor_metadata() const { return processor_metadata_; }
  /// Flushes what caches hold back and calls the nodes' commit hooks, so that all of it is part of the commit.
  void prepare_commit();
  /// Offsets to commit: of the next record in each queue, else `position` of its reader. Only of partitions that were
  /// read since the last commit, unless `all` or an operator's metadata are new: these are part of every commit.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committable_offsets(
      FunctionRef<std::optional<std::int64_t>(const TopicPartition&)> position, bool all) const;
  /// The broker has everything, with these offsets: makes the stores durable.
  void post_commit(const std::map<TopicPartition, OffsetAndMetadata>& committed = {});
  /// All of a commit, for a task that commits alone. `publish` brings out what was written, and returns the offsets.
  void commit(FunctionRef<std::map<TopicPartition, OffsetAndMetadata>()> publish);

  [[nodiscard]] TaskMetrics& metrics() { return *metrics_; }

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
  [[nodiscard]] TimestampPolicy default_timestamps() const override { return environment_.default_timestamps; }
  [[nodiscard]] Timestamp stream_time() const override { return stream_time_; }
  [[nodiscard]] Timestamp system_time() const override { return environment_.clock.now(); }
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return environment_.emit_interval_ms; }
  [[nodiscard]] std::optional<Timestamp> processor_metadata(const std::string& name) const override;
  void set_processor_metadata(const std::string& name, Timestamp time) override;
  void processing_failed(const NodeBase& node) override;
  void deserialization_failed(const NodeBase& node) override;
  void serialization_failed(const NodeBase& node, const UnwrittenRecord& unwritten) override;
  void record_dropped(const NodeBase& node, DropReason reason) override;
  [[nodiscard]] TopicTotals* produced(const NodeBase& sink, const std::string& topic) override;

 private:
  struct Node {
    const NodeSpec* spec;
    std::unique_ptr<NodeBase> node;
  };

  void build_nodes(const std::vector<const NodeSpec*>& specs);
  [[nodiscard]] const Node& source_node(const std::string& topic) const;
  RecordQueues::Queue& add_queue(const TopicPartition& input);
  /// False: the record could not be read.
  bool process(SourceNodeBase& source, const ConsumerRecord& record, Timestamp timestamp);
  /// False: nothing was due.
  bool punctuate(Punctuations& punctuations, Timestamp now);
  void handle(const ExceptionHandler& handler, DropReason reason, const NodeBase& node,
              std::optional<UnwrittenRecord> output, const std::string& error);

  TaskId id_;
  const TaskEnvironment& environment_;
  std::shared_ptr<TaskMetrics> metrics_;
  TaskOutput& output_;
  std::filesystem::path directory_;
  std::vector<TopicPartition> inputs_;
  std::vector<Node> nodes_;
  std::map<const NodeBase*, const NodeSpec*> specs_;
  std::unique_ptr<StoreBinding> stores_;
  RecordQueues queues_;
  Punctuations stream_time_punctuations_;
  Punctuations wall_clock_;
  Timestamp stream_time_ = kNoTimestamp;
  ProcessorMetadata processor_metadata_;
  bool processor_metadata_changed_ = false;
  bool running_ = false;
  bool closed_ = false;
  bool commit_requested_ = false;
};

}  // namespace millrace::detail
