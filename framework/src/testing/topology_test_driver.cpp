// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/topology_test_driver.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <regex>

#include "millrace/common/logging.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/task/source_restorer.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/task/stream_task.hpp"
#include "testing/wrong_types.hpp"

namespace millrace::detail {
namespace {

/// Both times are the same and move only by advance(). So a test has the same result on every machine.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp now) : now_(now) {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return now_; }
  void advance(Millis by) { now_ += by.count(); }

 private:
  Timestamp now_;
};

/// Keeps what the tasks write: the records of all topics in the order of writing, and the changelogs separately, for
/// restarts. Everything counts as confirmed at once.
class CapturedOutput final : public TaskOutput {
 public:
  /// A record and its topic, by its real name.
  struct Sent {
    std::string topic;
    TestRecord record;
  };

  void send(std::string_view topic, std::optional<std::int32_t> /*partition*/, BytesView key, BytesView value,
            Timestamp timestamp, const Headers& headers, Sender /*sender*/) override {
    capture(std::string(topic), key, value, timestamp, headers);
  }
  // Every topic has one partition.
  [[nodiscard]] std::int32_t partitions_for(std::string_view /*topic*/) override { return 1; }

  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog, const std::string&,
                                             const TaskContext*) override {
    // Elements of a std::map keep their address, so opened_ can point to them.
    opened_.push_back(&*changelogs_.try_emplace(changelog.topic).first);
    return opened_.size();
  }
  // Tokens stay valid: the task of a restart opens new ones.
  void close_changelog(std::uint64_t /*token*/) override {}
  void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override {
    auto& [topic, changelog] = *opened_[token - 1];
    capture(topic, key, value, timestamp, headers == nullptr ? Headers() : *headers);
    changelog.append(sent_.back().record);
  }
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t token) const override {
    const std::int64_t end = opened_[token - 1]->second.end;
    return end == 0 ? std::nullopt : std::optional(LogPosition(Offset(end)));
  }

  /// One past the last offset of a topic.
  [[nodiscard]] std::int64_t end_of(const std::string& topic) { return changelogs_[topic].end; }
  /// All records of a topic, by offset. REQUIRES: keep_all() was called before the first record.
  [[nodiscard]] const std::vector<TestRecord>& records_of(const std::string& topic) {
    return changelogs_[topic].records;
  }
  /// From now on, the records of this topic are kept and not only counted. Needed for topics from which a store in
  /// memory is restored. For other topics it would waste memory.
  void keep_all(const std::string& topic) { changelogs_[topic].kept = true; }
  /// Adds an input record, and returns its offset. The topic may be the changelog of a table that reuses its source
  /// topic.
  std::int64_t add_input(const std::string& topic, const TestRecord& record) {
    Changelog& changelog = changelogs_[topic];
    changelog.append(record);
    return changelog.end - 1;
  }
  /// Removes the records at `end` and beyond, as if they had not been written.
  void truncate(const std::string& topic, std::int64_t end) {
    Changelog& changelog = changelogs_[topic];
    changelog.end = std::min(changelog.end, end);
    if (changelog.kept) changelog.records.resize(static_cast<std::size_t>(changelog.end));
  }

  /// What was written since the last call, in order.
  [[nodiscard]] std::vector<Sent> take() { return std::exchange(sent_, {}); }

 private:
  /// A topic: its end, and its records if they are kept.
  struct Changelog {
    std::int64_t end = 0;  ///< one past the last offset
    /// See keep_all().
    bool kept = false;
    std::vector<TestRecord> records;

    void append(const TestRecord& record) {
      ++end;
      if (kept) records.push_back(record);
    }
  };

  void capture(std::string topic, BytesView key, BytesView value, Timestamp timestamp, const Headers& headers) {
    sent_.push_back({std::move(topic), {owned(key), owned(value), timestamp, headers}});
  }

  /// By topic. Contains input topics as well, for their offsets.
  std::map<std::string, Changelog> changelogs_;
  /// The index is token - 1.
  std::vector<std::pair<const std::string, Changelog>*> opened_;
  /// Written since the last take().
  std::vector<Sent> sent_;
};

/// A directory in the system's place for temporary files. The destructor removes it with all its files. Each driver has
/// its own, so tests can run in parallel. Throws StreamsException if it cannot be created.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-test-XXXXXX").string();
    // mkdtemp() replaces the X's, so that the name is new.
    if (mkdtemp(pattern.data()) == nullptr) {
      throw StreamsException("cannot create a temporary directory such as '" + pattern + "'");
    }
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    // A destructor must not throw. A file that stays behind does no harm.
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

/// One task that runs all sub-topologies, because every topic has one partition, and one task for the global stores.
/// Both are driven by the test's calls. A commit follows each record, so its output is visible at once. (Kafka Streams'
/// driver works in the same way.)
class TestDriver::Impl {
 public:
  Impl(Topology topology, StreamsConfig config, Timestamp now, const ExceptionHandlers& handlers)
      : topology_(std::move(topology)),
        config_(std::move(config)),
        clock_(now),
        environment_(make_environment(handlers)),
        global_environment_(environment_) {
    // One budget for all caches, as a single stream thread would have it.
    const auto cache_bytes = config_.get_int("statestore.cache.max.bytes");
    if (cache_bytes > 0) cache_.emplace(static_cast<std::size_t>(cache_bytes));
    // Before the other task: its nodes may look up global stores in init().
    start_global();
    for (const NodeSpec& node : topology_.internal().nodes()) {
      if (node.global) continue;
      nodes_.push_back(&node);
      if (node.kind != NodeSpec::Kind::source) continue;
      // Topics of patterns are not known yet. They get their queues when the test writes to them.
      if (node.pattern) patterns_.emplace_back(*node.pattern);
      for (const std::string& topic : node.topics) {
        inputs_.push_back({decorate(topology_.internal(), environment_.application_id, topic), 0});
      }
    }
    start();
  }

  // Without a commit: everything is committed already, except after an exception of the topology.
  ~Impl() {
    task_->close();
    if (global_) global_->close();
  }

  void pipe(const std::string& topic, TestRecord record) {
    // true: a wrong topic name in a test must not go unnoticed.
    enqueue(topic, std::move(record), true);
    process_all();
  }

  void restart() {
    // Records still wait in the queues if max.task.idle.ms holds them back. Their offsets are not committed. So they
    // are taken out of their topics, and added again below.
    std::vector<ConsumerRecord> waiting;
    for (const auto& queue : task_->queues().queues()) {
      for (ConsumerRecord& record : queue->records) waiting.push_back(std::move(record));
    }
    std::vector<std::string> topics;
    for (const ConsumerRecord& record : waiting) {
      topics.push_back(*record.topic);
      output_.truncate(topics.back(), record.offset);
    }
    // If the task has failed on a record, it may have written to changelogs. These writes were not committed either.
    for (const StorePosition& store : stores_->positions()) {
      output_.truncate(store.changelog().topic, store.next_offset().value_or(Offset()).value());
    }
    // The order of a clean end: nodes, then stores.
    task_->close();
    stores_->flush_to_disk();
    task_.reset();
    stores_.reset();
    start();
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      auto& queue = *queue_for(topics[i]);
      // The old queue, which owned the string, is gone.
      waiting[i].topic = &queue.partition.topic;
      waiting[i].offset = output_.add_input(topics[i], to_test(waiting[i]));
      task_->add(queue, std::move(waiting[i]));
    }
    process_all();
  }

  std::optional<TestRecord> read(const std::string& topic) {
    const auto found = produced_.find(topic);
    if (found == produced_.end() || found->second.empty()) return std::nullopt;
    TestRecord record = std::move(found->second.front());
    found->second.pop_front();
    return record;
  }

  void advance(Millis by) {
    clock_.advance(by);
    // Without a punctuation there is nothing to commit.
    if (task_->punctuate_wall_clock(clock_.now())) commit();
    // Records may have waited for this time (max.task.idle.ms).
    process_all();
  }

  /// Output that the test has not read yet, by topic.
  std::map<std::string, std::deque<TestRecord>> produced_;
  [[nodiscard]] StreamTask& task() { return *task_; }
  /// A store of either task; null if there is none.
  [[nodiscard]] StateStore* store(const std::string& name) const {
    StateStore* found = task_->stores().find(name);
    return found == nullptr ? global_store(name) : found;
  }
  /// The binding that has the store. If no task has it, the binding of the main task, whose methods then report the
  /// error.
  [[nodiscard]] StoreBinding& stores_with(const std::string& name) const {
    return task_->stores().find(name) == nullptr && global_store(name) != nullptr ? global_->stores() : task_->stores();
  }
  [[nodiscard]] ClientMetrics& metrics() const { return *environment_.metrics; }
  [[nodiscard]] ConfiguredSerdes& serdes() const { return *environment_.serdes; }
  [[nodiscard]] std::vector<std::string> store_names() const {
    auto names = task_->stores().names();
    for (const auto& [name, topic] : topology_.internal().global_stores()) names.push_back(name);
    std::ranges::sort(names);
    return names;
  }
  [[nodiscard]] Timestamp now() const { return clock_.now(); }
  [[nodiscard]] const TopologyBuilder& topology() const { return topology_.internal(); }

 private:
  /// Makes the main task. It continues from the metadata of the last commit, if there is one.
  void start() {
    stores_ = open_stores({0, 0}, environment_, nodes_, inputs_, directory_.path());
    task_ = std::make_unique<StreamTask>(TaskId{0, 0}, environment_, nodes_, inputs_, *stores_, output_,
                                         directory_.path(), cache_ ? &*cache_ : nullptr, task_metrics({0, 0}));
    restore();
    for (const auto& [input, committed] : committed_) task_->resume(input, decode_commit_metadata(committed.metadata));
    task_->initialize();
    // Processors may forward records in init().
    commit();
  }

  /// Brings the stores to the ends of their changelogs. At the first start, all of them are empty.
  void restore() {
    std::map<TopicPartition, Watermarks> held;
    for (const StorePosition& store : stores_->positions()) {
      // Stores on disk keep their files, so their changelogs are never read.
      if (!store.persistent()) output_.keep_all(store.changelog().topic);
      held[store.changelog()] = {0, output_.end_of(store.changelog().topic)};
      // The driver never loses a changelog, so a table is never filled from its topic.
      if (store.table_of()) held[*store.table_of()] = {};
    }
    stores_->begin_restore(held);
    SourceRestorer sources({0, 0}, environment_, nodes_, *stores_, directory_.path(), std::nullopt);
    for (StorePosition& store : stores_->positions()) {
      const Offset end(held.at(store.changelog()).high);
      if (*store.next_offset() == end) continue;
      const auto& changelog = output_.records_of(store.changelog().topic);
      if (sources.restores(store)) {
        std::vector<ConsumerRecord> inputs;
        for (auto offset = static_cast<std::size_t>(store.next_offset()->value()); offset < changelog.size();
             ++offset) {
          inputs.push_back(to_input(store.changelog().topic, static_cast<std::int64_t>(offset), changelog[offset]));
        }
        if (const auto retry = sources.restore(store, std::move(inputs), end)) throw TaskRetry(*retry);
        continue;
      }
      std::vector<RestoreRecord> records;
      for (auto offset = static_cast<std::size_t>(store.next_offset()->value()); offset < changelog.size(); ++offset) {
        const TestRecord& record = changelog[offset];
        // Only a source topic can contain a record without a key.
        if (!record.key) continue;
        BytesView value;
        if (record.value) value = *record.value;
        records.push_back({*record.key, value, record.timestamp, &record.headers});
      }
      stores_->restore(store, records, end);
    }
  }

  /// Makes the task of the global stores, if there are any. It has no changelogs and survives a restart().
  void start_global() {
    std::vector<const NodeSpec*> nodes;
    std::vector<TopicPartition> inputs;
    for (const NodeSpec& node : topology_.internal().nodes()) {
      if (!node.global) continue;
      nodes.push_back(&node);
      for (const std::string& topic : node.topics) inputs.push_back({topic, 0});
    }
    if (nodes.empty()) return;
    global_directory_.emplace();
    global_environment_.errors = global_error_policy(environment_.errors, config_);
    // The same locks and read-only views as in an application, although there is only one thread. So a test finds a
    // processor that writes to a global store.
    global_environment_.share_store = [this](const StoreBuilder& builder, const std::string& changelog,
                                             ByteStore& bytes) {
      global_stores_.take(builder, changelog, bytes, environment_.serdes);
    };
    // As in Java's driver, the caches of both tasks share one budget.
    constexpr TaskId kId{-1, -1};
    global_set_ = open_stores(kId, global_environment_, nodes, inputs, global_directory_->path());
    global_ = std::make_unique<StreamTask>(kId, global_environment_, nodes, inputs, *global_set_, output_,
                                           global_directory_->path(), cache_ ? &*cache_ : nullptr, task_metrics(kId));
    // The global task has a copy of the environment without this function: it writes to its stores.
    environment_.find_global_store = [this](const std::string& name, const std::string& reader) {
      return global_stores_.find(name, reader);
    };
    global_->initialize();
  }

  /// Null if there is none.
  [[nodiscard]] StateStore* global_store(const std::string& name) const {
    return global_ ? global_->stores().find(name) : nullptr;
  }

  /// `emit_interval_ms` is 0: results of joins and windows appear at once, whatever the clock says.
  TaskEnvironment make_environment(const ExceptionHandlers& handlers) {
    std::string id = config_.get_string("application.id");
    if (id.empty()) id = "topology-test-driver";
    return {.topology = topology_.internal(),
            .application_id = id,
            .config = config_,
            .clock = clock_,
            .errors = make_error_policy(config_, handlers),
            .emit_interval_ms = 0,
            .default_timestamps = configured_timestamps(config_),
            .metrics = std::make_shared<ClientMetrics>(clock_, configured_metrics(config_), id),
            .serdes = std::make_shared<ConfiguredSerdes>(config_.serde_configs())};
  }

  [[nodiscard]] std::shared_ptr<TaskMetrics> task_metrics(TaskId task) {
    return std::make_shared<TaskMetrics>(metrics(), "main", task);
  }

  /// The queue of a topic; null if the main task does not read it. A topic that matches a source pattern gets its queue
  /// at its first record.
  RecordQueues::Queue* queue_for(const std::string& topic) {
    if (auto* queue = task_->queues().find({topic, 0})) return queue;
    for (const std::string& pattern : patterns_) {
      if (!std::regex_match(topic, std::regex(pattern))) continue;
      inputs_.push_back({topic, 0});
      return &task_->add_input({topic, 0});
    }
    return nullptr;
  }

  /// Puts a record into the queue of its topic. A record of a global topic is processed at once. `must_exist`: throw
  /// TopologyException if nobody reads the topic.
  void enqueue(const std::string& topic, TestRecord record, bool must_exist) {
    if (auto* queue = global_ ? global_->queues().find({topic, 0}) : nullptr) {
      global_->add(*queue, to_consumed(*queue, topic, std::move(record)));
      while (process_one(*global_)) {
      }
      global_->commit([&] { return committable(*global_); });
      return;
    }
    auto* queue = queue_for(topic);
    if (queue == nullptr) {
      // Output topics are usually not read by the topology.
      if (must_exist) throw TopologyException("the topology does not read topic '" + topic + "'");
      return;
    }
    task_->add(*queue, to_consumed(*queue, topic, std::move(record)));
  }

  /// A copy of a record, with its own memory.
  static TestRecord to_test(const ConsumerRecord& record) {
    TestRecord result{{}, {}, record.timestamp, record.headers};
    if (record.key) result.key = std::string(*record.key);
    if (record.value) result.value = std::string(*record.value);
    return result;
  }

  /// Makes a record as a consumer would return it: the record's buffer owns the bytes. `topic` must outlive the record.
  static ConsumerRecord to_input(const std::string& topic, std::int64_t offset, TestRecord record) {
    auto* owned = new TestRecord(std::move(record));
    ConsumerRecord consumed;
    consumed.buffer = RecordBuffer(owned, [](void* memory) { delete static_cast<TestRecord*>(memory); });
    consumed.topic = &topic;
    consumed.offset = offset;
    consumed.timestamp = owned->timestamp;
    if (owned->key) consumed.key = *owned->key;
    if (owned->value) consumed.value = *owned->value;
    consumed.headers = owned->headers;
    return consumed;
  }
  /// Stores a new input record, and makes a consumer's record of it. Its topic name belongs to the queue.
  ConsumerRecord to_consumed(const RecordQueues::Queue& queue, const std::string& topic, TestRecord record) {
    const std::int64_t offset = output_.add_input(topic, record);
    return to_input(queue.partition.topic, offset, std::move(record));
  }

  /// As in a task. But a record that cannot be processed now leaves its queue: the test pipes it again if it wants to.
  static bool process_one(StreamTask& task) {
    try {
      return task.process_one();
    } catch (const TaskRetry& failure) {
      if (failure.effects() == TaskRetry::Effects::none) task.drop(*failure.record());
      throw;
    }
  }

  /// Processes records until all queues are empty, or until max.task.idle.ms holds the rest back. New records from
  /// repartition topics are included.
  void process_all() {
    const std::int64_t max_idle_ms = config_.get_int("max.task.idle.ms");
    // There is nothing beyond the queues, so every input is always caught up.
    const auto lag = [](const TopicPartition&) -> std::optional<std::int64_t> { return 0; };
    while (task_->queues().ready(clock_.now(), max_idle_ms, lag)) {
      const bool processed = process_one(*task_);
      if (processed) metrics().processed.add();
      // Also without a processed record: one that could not be read may have gone to the dead-letter topic.
      commit();
      if (!processed) break;
    }
    const auto& queues = task_->queues().queues();
    if (std::ranges::any_of(queues, [](const auto& queue) { return !queue->records.empty(); })) {
      log(LogLevel::warn,
          "TopologyTestDriver: records wait because of max.task.idle.ms=" + std::to_string(max_idle_ms) +
              ": advance_wall_clock_time() by this time, give the other inputs of the join a record, or set it to 0");
    }
  }

  /// The position of an empty queue is the end of its topic.
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committable(StreamTask& task) {
    return task.committable_offsets(
        [this](const TopicPartition& input) { return std::optional(output_.end_of(input.topic)); }, false);
  }

  /// Commits the main task, and distributes what was written: to the test, and to the queues of repartition topics.
  void commit() {
    task_->commit([this] {
      auto offsets = committable(*task_);
      for (const auto& [input, committed] : offsets) committed_.insert_or_assign(input, committed);
      return offsets;
    });
    for (auto& sent : output_.take()) {
      produced_[sent.topic].push_back(sent.record);
      enqueue(sent.topic, std::move(sent.record), false);
    }
  }

  // The order matters: members are destroyed in reverse order, so the main task goes before everything that it uses.
  TemporaryDirectory directory_;
  Topology topology_;
  StreamsConfig config_;
  ManualClock clock_;
  /// Of the main task.
  TaskEnvironment environment_;
  /// Of the task for global stores: a copy with another error policy and with shared stores.
  TaskEnvironment global_environment_;
  /// Both tasks write to it.
  CapturedOutput output_;
  /// The nodes of the main task, owned by topology_.
  std::vector<const NodeSpec*> nodes_;
  /// The topics that sources name, by their real names. Partition 0 of each.
  std::vector<TopicPartition> inputs_;
  /// Of sources with a pattern.
  std::vector<std::string> patterns_;
  std::map<TopicPartition, OffsetAndMetadata> committed_;  // in a real application the broker has it
  /// Unset: statestore.cache.max.bytes is 0.
  std::optional<CacheBudget> cache_;
  /// The next four are empty if the topology has no global stores.
  std::optional<TemporaryDirectory> global_directory_;
  std::unique_ptr<StoreSet> global_set_;
  std::unique_ptr<StreamTask> global_;
  GlobalStores global_stores_;
  /// Of the main task. Replaced by restart(), as task_ is.
  std::unique_ptr<StoreSet> stores_;
  std::unique_ptr<StreamTask> task_;
};

// Impl keeps the private headers of the runtime out of the public one.
TestDriver::TestDriver(Topology topology, StreamsConfig config, Timestamp now, const ExceptionHandlers& handlers)
    : impl_(std::make_unique<Impl>(std::move(topology), std::move(config), now, handlers)) {}
TestDriver::~TestDriver() = default;

void TestDriver::pipe(const std::string& topic, TestRecord record) { impl_->pipe(topic, std::move(record)); }
std::optional<TestRecord> TestDriver::read(const std::string& topic) { return impl_->read(topic); }
std::size_t TestDriver::output_size(const std::string& topic) const {
  const auto found = impl_->produced_.find(topic);
  return found == impl_->produced_.end() ? 0 : found->second.size();
}
std::set<std::string> TestDriver::produced_topics() const {
  std::set<std::string> topics;
  for (const auto& [topic, records] : impl_->produced_) topics.insert(topic);
  return topics;
}
void TestDriver::restart() { impl_->restart(); }
void TestDriver::advance_wall_clock(Millis by) { impl_->advance(by); }
Timestamp TestDriver::now() const { return impl_->now(); }
StateStore* TestDriver::store(const std::string& name) const { return impl_->store(name); }
std::vector<std::string> TestDriver::store_names() const { return impl_->store_names(); }
void TestDriver::refuse_store(const std::string& name) const { refuse(name, store(name), store_names()); }
void TestDriver::refuse_types(const std::string& topic, const SerializationException& error) const {
  refuse_output(impl_->topology(), topic, error);
}
std::vector<std::pair<std::string, std::string>> TestDriver::dump(const std::string& store) const {
  std::vector<std::pair<std::string, std::string>> entries;
  impl_->stores_with(store).dump(
      store, [&](std::string_view key, std::string_view value) { entries.emplace_back(key, value); });
  return entries;
}
std::uint64_t TestDriver::dropped_records() const { return impl_->metrics().dropped(); }
std::uint64_t TestDriver::dropped_records(DropReason reason) const { return impl_->metrics().dropped(reason).value(); }
ConfiguredSerdes& TestDriver::serdes() const { return impl_->serdes(); }
Metrics TestDriver::metrics() const { return impl_->metrics().registry.snapshot(); }

}  // namespace millrace::detail
