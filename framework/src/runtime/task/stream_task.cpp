// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/stream_task.hpp"

#include <algorithm>
#include <exception>
#include <regex>
#include <utility>

#include "millrace/processor/detail/kept_time.hpp"

namespace millrace::detail {
namespace {

/// The result points into `record`. `keeps_raw`: see RecordOrigin.
[[nodiscard]] RecordOrigin origin_of(const ConsumerRecord& record, bool keeps_raw) {
  return {record.topic, record.partition, record.offset, record.key, record.value, keeps_raw};
}

}  // namespace

TimestampPolicy configured_timestamps(const StreamsConfig& config) {
  const std::string name = config.get_string("default.timestamp.extractor");
  if (name == "LogAndSkipOnInvalidTimestamp") return TimestampPolicy::log_and_skip;
  if (name == "UsePartitionTimeOnInvalidTimestamp") return TimestampPolicy::use_partition_time;
  if (name == "WallclockTimestampExtractor") return TimestampPolicy::wallclock_time;
  return TimestampPolicy::fail_on_invalid;
}

StreamTask::StreamTask(TaskId id, const TaskEnvironment& environment, const std::vector<const NodeSpec*>& nodes,
                       const std::vector<TopicPartition>& inputs, StoreSet& stores, TaskOutput& output,
                       const std::filesystem::path& directory, CacheBudget* cache, std::shared_ptr<TaskMetrics> metrics,
                       bool measure_nodes)
    : id_(id),
      environment_(environment),
      metrics_(std::move(metrics)),
      output_(output),
      store_set_(stores),
      directory_(directory),
      inputs_(inputs),
      node_timer_(measure_nodes ? std::make_unique<NodeTimer>(environment.clock) : nullptr) {
  // Nodes first, because the queues refer to source nodes.
  build_nodes(nodes);
  const StoreBinding::Setup setup{environment.config, environment.application_id, environment.share_store,
                                  metrics_.get(), environment.only_store};
  stores_ = std::make_unique<StoreBinding>(stores, *this, output, setup, cache);
  for (const TopicPartition& input : inputs) add_queue(input);
  queues_.count_enforced(metrics_->enforced_processing);
}

std::string StreamTask::logged_mark(const std::string& store) { return kept_time_name(store, "changelog"); }

StreamTask::~StreamTask() = default;

void StreamTask::build_nodes(const std::vector<const NodeSpec*>& specs) {
  std::map<std::string, NodeBase*> by_name;
  for (const NodeSpec* spec : specs) {
    auto node = spec->factory();
    node->set_name(spec->name);
    // Specs are in insertion order, so all predecessors exist already.
    for (const std::string& predecessor : spec->predecessors) {
      by_name.at(predecessor)->connect(*node, node_timer_.get());
    }
    by_name.emplace(spec->name, node.get());
    specs_.emplace(node.get(), spec);
    if (node->has_commit_hook()) commit_hooks_.push_back(node.get());
    nodes_.push_back({spec, std::move(node)});
  }
}

const StreamTask::Node& StreamTask::source_node(const std::string& topic) const {
  std::vector<const Node*> by_pattern;
  for (const Node& node : nodes_) {
    if (node.spec->kind != NodeSpec::Kind::source) continue;
    // A source that names the topic has precedence over patterns.
    if (std::ranges::any_of(node.spec->topics, [&](const auto& name) { return topic_name(name) == topic; })) {
      return node;
    }
    if (node.spec->pattern && std::regex_match(topic, std::regex(*node.spec->pattern))) by_pattern.push_back(&node);
  }
  // Patterns are compared only after all names: a pattern may match one of the application's own topics, which another
  // source names.
  if (by_pattern.size() == 1) return *by_pattern.front();
  if (!by_pattern.empty()) {
    throw TopologyException("topic '" + topic + "' matches the patterns of the sources '" + by_pattern[0]->spec->name +
                            "' and '" + by_pattern[1]->spec->name + "': narrow one of them");
  }
  throw TopologyException("task " + id_.str() + " has no source for topic '" + topic + "'");
}

RecordQueues::Queue& StreamTask::add_queue(const TopicPartition& input) {
  const Node& source = source_node(input.topic);
  // The counters are looked up once here and not for each record.
  RecordQueues::Queue& queue = queues_.add(input, dynamic_cast<SourceNodeBase&>(*source.node));
  const TaskMetrics::Input counted = metrics_->input(source.spec->name, input.topic);
  queue.consumed = &counted.topic;
  queue.source_calls = &counted.source;
  return queue;
}

RecordQueues::Queue& StreamTask::add_input(const TopicPartition& input) {
  inputs_.push_back(input);
  return add_queue(input);
}

void StreamTask::initialize() {
  doing(TaskRetry::Work::start, [this] { init_nodes(); });
}

void StreamTask::init_nodes() {
  for (Node& node : nodes_) node.node->init(*this);
  // After the times of the nodes. If not all times have room, those of the nodes matter most: most stores can tell
  // their time from their data.
  store_times_ = store_set_.observed_times();
  for (auto& [store, time] : store_times_) {
    kept_times_.keep(kept_time_name(store, "store"), "store '" + store + "'", time);
    store_set_.observe(store, time);
  }
  for (const StorePosition& position : std::as_const(store_set_).positions()) {
    if (position.from_source()) continue;
    const auto [entry, is_new] = logged_.try_emplace(position.store(), kNoTimestamp);
    if (is_new) kept_times_.keep(logged_mark(position.store()), {}, entry->second);
  }
  // Only after all init() calls: if one throws, close() must not call the nodes.
  running_ = true;
}

void StreamTask::close() {
  if (closed_) return;
  closed_ = true;
  if (!running_) return;
  running_ = false;
  std::exception_ptr problem;
  for (Node& node : nodes_) {
    try {
      node.node->close();
    } catch (...) {
      // The other nodes must be closed as well, because they may hold resources.
      problem = std::current_exception();
    }
  }
  if (problem) std::rethrow_exception(problem);
}

void StreamTask::begin_round() {
  queues_.begin_round();
  if (metrics_->debug()) metrics_->buffered.set(static_cast<std::int64_t>(queues_.size()));
}

RecordQueues::Queue* StreamTask::next_queue() {
  return queues_.next([this](RecordQueues::Queue& from, const ConsumerRecord& head) {
    if (from.source->keeps_timestamps() && head.timestamp >= 0) return std::optional(head.timestamp);
    const RecordOrigin origin = origin_of(head, false);
    // A timestamp extractor may fail or drop the record. Error handlers and logs then need to know which record it was.
    const RecordScope scope(*this, {&origin, head.timestamp, &head.headers});
    const NodeTimer::Stay stay = measure(*from.source);
    const auto source = [&]() -> const NodeBase& { return dynamic_cast<const NodeBase&>(*from.source); };
    std::optional<Timestamp> timestamp;
    try {
      // Global stores use the timestamps of the records. As in Java, no extractor is called for them. Their task has
      // the sub-topology -1.
      timestamp = id_.subtopology < 0 ? std::optional(head.timestamp)
                                      : from.source->extract_timestamp(head, from.partition_time);
    } catch (TaskRetry& failure) {
      failure.during(InputRecord{from.partition, head.offset});
      throw;
    } catch (const RetriableException& error) {
      TaskRetry failure = retry("the timestamp extractor failed:", source(), error, TaskRetry::Effects::none);
      failure.during(InputRecord{from.partition, head.offset});
      throw TaskRetry(failure);
    }
    // As in Kafka Streams, an extractor may return a negative number to drop a record.
    if (timestamp && *timestamp < 0) {
      record_dropped(source(), DropReason::negative_timestamp);
      timestamp.reset();
    }
    return timestamp;
  });
}

bool StreamTask::process_one() {
  RecordQueues::Queue* queue = next_queue();
  if (queue == nullptr) return false;
  if (stop_) {
    stopped_ = stop_->partition == queue->partition && queue->records.front().offset >= stop_->offset;
    if (stopped_) return false;
  }

  // The record leaves its queue before it is processed. So the queue's head is the next offset to commit, even if a
  // punctuation or a node asks for a commit.
  const ConsumerRecord& current = queue->take();
  const Timestamp timestamp = *queue->head_timestamp;
  queue->head_timestamp.reset();
  const bool consumed_before = std::exchange(queue->consumed_since_commit, true);
  const Timestamp time_between_records = current_record().timestamp;
  // Times advance before the nodes run, because operators compare records with stream time. The old values are kept for
  // a record that cannot be decoded.
  const Timestamp partition_time = std::exchange(queue->partition_time, std::max(queue->partition_time, timestamp));
  const Timestamp stream_time = std::exchange(stream_time_, std::max(stream_time_, timestamp));
  // Writes between records (for example in a commit) get the time of the last record.
  set_time_between_records(timestamp);
  try {
    if (process(*queue->source, current, timestamp)) {
      punctuate(stream_time_punctuations_, stream_time_);
    } else {
      // As in Kafka Streams, a record that cannot be decoded does not advance time.
      queue->partition_time = partition_time;
      stream_time_ = stream_time;
    }
  } catch (TaskRetry& failure) {
    failure.during(InputRecord{queue->partition, current.offset});
    if (failure.effects() == TaskRetry::Effects::none) {
      // As if the record had not been touched.
      queue->partition_time = partition_time;
      stream_time_ = stream_time;
      set_time_between_records(time_between_records);
      queue->consumed_since_commit = consumed_before;
      queue->head_timestamp = timestamp;
      queue->put_back();
    }
    throw;
  }
  queue->done_until = current.offset + 1;
  metrics_->processed.add();
  queue->source_calls->add();
  queue->consumed->add(current.key, current.value, current.headers);
  if (metrics_->debug()) metrics_->record_lateness.record(static_cast<double>(stream_time_ - timestamp));
  queue->processed();
  return true;
}

void StreamTask::stop_before(std::optional<InputRecord> record) {
  stop_ = std::move(record);
  stopped_ = false;
}

bool StreamTask::passed(const InputRecord& record) {
  const RecordQueues::Queue* queue = queues_.find(record.partition);
  return queue == nullptr || queue->done_until > record.offset;
}

void StreamTask::drop(const InputRecord& record) {
  RecordQueues::Queue* queue = queues_.find(record.partition);
  if (queue == nullptr || queue->records.empty() || queue->records.front().offset != record.offset) return;
  queue->done_until = record.offset + 1;
  queue->records.pop_front();
  queue->head_timestamp.reset();
  queue->consumed_since_commit = true;
}

TaskRetry StreamTask::retry(std::string_view when, const NodeBase& node, const RetriableException& error,
                            TaskRetry::Effects effects, std::optional<UnwrittenRecord> output) const {
  ErrorContext context = error_context(*this, node);
  context.output = std::move(output);
  context.error = error.what();
  return {id_, effects, describe_error(when, context)};
}

void StreamTask::doing(TaskRetry::Work work, FunctionRef<void()> action) {
  try {
    action();
  } catch (TaskRetry& failure) {
    failure.during(work);
    throw;
  } catch (const RetriableException& error) {
    TaskRetry failure(id_, TaskRetry::Effects::possible, "task " + id_.str() + ": " + error.what());
    failure.during(work);
    throw TaskRetry(failure);
  }
}

bool StreamTask::process(SourceNodeBase& source, const ConsumerRecord& record, Timestamp timestamp) {
  const RecordOrigin origin = origin_of(record, environment_.errors.shows_raw_records);
  // The scope ends with the record, so nothing points to it after it is destroyed.
  const RecordScope scope(*this, {&origin, timestamp, &record.headers});
  const NodeTimer::Stay stay = measure(source);
  return source.process(record, timestamp);
}

bool StreamTask::punctuate(Punctuations& punctuations, Timestamp now) {
  return punctuations.run_due(now, [&](NodeBase& node, const Punctuator& callback) {
    // A punctuation has no input record, so it has neither origin nor headers.
    const RecordScope scope(*this, {.timestamp = now});
    // Clock reads are avoided unless the latency is measured.
    const std::int64_t begin = metrics_->debug() ? environment_.clock.nanos() : 0;
    try {
      const NodeTimer::Stay stay(node_timer_.get(), node);
      callback(now);
    } catch (...) {
      // If the handler resumes, the other callbacks still run, and this one stays scheduled.
      processing_failed(node);
    }
    metrics_->punctuations.add();
    if (!metrics_->debug()) return;
    metrics_->punctuate_latency.record(static_cast<double>(environment_.clock.nanos() - begin) / 1e6);
  });
}

bool StreamTask::punctuate_wall_clock(Timestamp now) {
  bool ran = false;
  doing(TaskRetry::Work::punctuation, [&] { ran = punctuate(wall_clock_, now); });
  return ran;
}

}  // namespace millrace::detail
