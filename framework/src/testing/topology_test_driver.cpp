#include "millrace/testing/topology_test_driver.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <regex>

#include "millrace/processor/detail/topology_builder.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/task/stream_task.hpp"

namespace millrace::detail {
namespace {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp now) : now_(now) {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return now_; }
  void advance(Millis by) { now_ += by.count(); }

 private:
  Timestamp now_;
};

/// Keeps what a task writes, by topic.
class CapturedOutput final : public TaskOutput {
 public:
  struct Sent {
    std::string topic;
    TestRecord record;
  };

  void send(std::string_view topic, std::optional<std::int32_t> /*partition*/, BytesView key, BytesView value,
            Timestamp timestamp, const Headers& headers, Sender /*sender*/) override {
    capture(std::string(topic), key, value, timestamp, headers);
  }
  [[nodiscard]] std::int32_t partitions_for(std::string_view /*topic*/) override { return 1; }

  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog) override {
    opened_.push_back(&*changelogs_.try_emplace(changelog.topic).first);
    return opened_.size();
  }
  void close_changelog(std::uint64_t /*token*/) override {}
  void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override {
    auto& [topic, changelog] = *opened_[token - 1];
    capture(topic, key, value, timestamp, headers == nullptr ? Headers() : *headers);
    changelog.append(sent_.back().record);
  }
  [[nodiscard]] std::optional<Offset> confirmed_offset(std::uint64_t token) const override {
    const std::int64_t end = opened_[token - 1]->second.end;
    return end == 0 ? std::nullopt : std::optional(Offset(end));
  }

  /// One past the last offset of a changelog.
  [[nodiscard]] std::int64_t end_of(const std::string& topic) { return changelogs_[topic].end; }
  /// The records of a topic that a store in memory is rebuilt from, from its first one on. REQUIRES: keep_all() before
  /// the first one.
  [[nodiscard]] const std::vector<TestRecord>& records_of(const std::string& topic) {
    return changelogs_[topic].records;
  }
  void keep_all(const std::string& topic) { changelogs_[topic].kept = true; }
  /// What comes into the topic of a source, which may be a changelog. Returns its offset.
  std::int64_t add_input(const std::string& topic, const TestRecord& record) {
    Changelog& changelog = changelogs_[topic];
    changelog.append(record);
    return changelog.end - 1;
  }
  /// Records from `end` on never were.
  void truncate(const std::string& topic, std::int64_t end) {
    Changelog& changelog = changelogs_[topic];
    changelog.end = std::min(changelog.end, end);
    if (changelog.kept) changelog.records.resize(static_cast<std::size_t>(changelog.end));
  }

  /// What was written since the last call, in order.
  [[nodiscard]] std::vector<Sent> take() { return std::exchange(sent_, {}); }

 private:
  struct Changelog {
    std::int64_t end = 0;
    bool kept = false;  ///< else only counted
    std::vector<TestRecord> records;

    void append(const TestRecord& record) {
      ++end;
      if (kept) records.push_back(record);
    }
  };

  void capture(std::string topic, BytesView key, BytesView value, Timestamp timestamp, const Headers& headers) {
    sent_.push_back({std::move(topic), {owned(key), owned(value), timestamp, headers}});
  }

  std::map<std::string, Changelog> changelogs_;  // by topic
  std::vector<std::pair<const std::string, Changelog>*> opened_;
  std::vector<Sent> sent_;
};

/// A directory that is removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw StreamsException("cannot create a temporary directory such as '" + pattern + "'");
    }
    path_ = pattern;
  }
  ~TemporaryDirectory() {
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

class TestDriver::Impl {
 public:
  Impl(Topology topology, StreamsConfig config, Timestamp now, const ExceptionHandlers& handlers)
      : topology_(std::move(topology)),
        config_(std::move(config)),
        clock_(now),
        environment_(make_environment(handlers)),
        global_environment_(environment_) {
    const auto cache_bytes = config_.get_int("statestore.cache.max.bytes");
    if (cache_bytes > 0) cache_.emplace(static_cast<std::size_t>(cache_bytes));
    start_global();
    for (const NodeSpec& node : topology_.internal().nodes()) {
      if (node.global) continue;
      nodes_.push_back(&node);
      if (node.kind != NodeSpec::Kind::source) continue;
      if (node.pattern) patterns_.emplace_back(*node.pattern);
      for (const std::string& topic : node.topics) {
        inputs_.push_back({decorate(topology_.internal(), environment_.application_id, topic), 0});
      }
    }
    start();
  }

  ~Impl() {
    task_->close();
    if (global_) global_->close();
  }

  void pipe(const std::string& topic, TestRecord record) {
    enqueue(topic, std::move(record), true);
    process_all();
  }

  void restart() {
    // Records that wait are not committed yet: they are read again.
    std::vector<ConsumerRecord> waiting;
    for (const auto& queue : task_->queues().queues()) {
      for (ConsumerRecord& record : queue->records) waiting.push_back(std::move(record));
    }
    std::vector<std::string> topics;
    for (const ConsumerRecord& record : waiting) {
      topics.push_back(*record.topic);
      output_.truncate(topics.back(), record.offset);
    }
    // Nor is what a record wrote on which the task failed.
    for (const StorePosition& store : stores_->positions()) {
      output_.truncate(store.changelog().topic, store.next_offset().value_or(Offset()).value());
    }
    task_->close();
    stores_->flush_to_disk();
    const ProcessorMetadata committed = task_->processor_metadata();
    task_.reset();
    stores_.reset();
    start(committed);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      auto& queue = *queue_for(topics[i]);
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
    if (task_->punctuate_wall_clock(clock_.now())) commit();
    process_all();
  }

  std::map<std::string, std::deque<TestRecord>> produced_;
  [[nodiscard]] StreamTask& task() { return *task_; }
  [[nodiscard]] StateStore* store(const std::string& name) const {
    StateStore* found = task_->stores().find(name);
    return found == nullptr ? global_store(name) : found;
  }
  [[nodiscard]] StoreBinding& stores_with(const std::string& name) const {
    return task_->stores().find(name) == nullptr && global_store(name) != nullptr ? global_->stores() : task_->stores();
  }
  [[nodiscard]] ClientMetrics& metrics() const { return *environment_.metrics; }
  [[nodiscard]] std::vector<std::string> store_names() const {
    auto names = task_->stores().names();
    for (const auto& [name, topic] : topology_.internal().global_stores()) names.push_back(name);
    std::ranges::sort(names);
    return names;
  }
  [[nodiscard]] Timestamp now() const { return clock_.now(); }

 private:
  void start(const ProcessorMetadata& committed = {}) {
    stores_ = open_stores({0, 0}, environment_, nodes_, inputs_, directory_.path());
    task_ = std::make_unique<StreamTask>(TaskId{0, 0}, environment_, nodes_, inputs_, *stores_, output_,
                                         directory_.path(), cache_ ? &*cache_ : nullptr, task_metrics({0, 0}));
    restore();
    task_->resume({}, {kNoTimestamp, committed});
    task_->initialize();
    commit();
  }

  void restore() {
    std::map<TopicPartition, Watermarks> held;
    for (const StorePosition& store : stores_->positions()) {
      if (!store.persistent()) output_.keep_all(store.changelog().topic);
      held[store.changelog()] = {0, output_.end_of(store.changelog().topic)};
    }
    stores_->begin_restore(held);
    for (StorePosition& store : stores_->positions()) {
      const Offset end(held.at(store.changelog()).high);
      if (*store.next_offset() == end) continue;
      std::vector<RestoreRecord> records;
      const auto& changelog = output_.records_of(store.changelog().topic);
      for (auto offset = static_cast<std::size_t>(store.next_offset()->value()); offset < changelog.size(); ++offset) {
        const TestRecord& record = changelog[offset];
        if (!record.key) continue;  // in the topic of a source
        BytesView value;
        if (record.value) value = *record.value;
        records.push_back({*record.key, value, record.timestamp, &record.headers});
      }
      stores_->restore(store, records, end);
    }
  }

  /// Global stores: one task of their own, without changelogs and repartition topics.
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
    global_environment_.share_store = [this](const StoreBuilder& builder, const std::string& changelog,
                                             ByteStore& bytes) { global_stores_.take(builder, changelog, bytes); };
    // As in Java's driver, its caches and those of the other task share one budget.
    constexpr TaskId kId{-1, -1};
    global_set_ = open_stores(kId, global_environment_, nodes, inputs, global_directory_->path());
    global_ = std::make_unique<StreamTask>(kId, global_environment_, nodes, inputs, *global_set_, output_,
                                           global_directory_->path(), cache_ ? &*cache_ : nullptr, task_metrics(kId));
    environment_.find_global_store = [this](const std::string& name, const std::string& reader) {
      return global_stores_.find(name, reader);
    };
    global_->initialize();
  }

  [[nodiscard]] StateStore* global_store(const std::string& name) const {
    return global_ ? global_->stores().find(name) : nullptr;
  }

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
            .metrics = std::make_shared<ClientMetrics>(clock_, configured_metrics(config_), id)};
  }

  [[nodiscard]] std::shared_ptr<TaskMetrics> task_metrics(TaskId task) {
    return std::make_shared<TaskMetrics>(metrics(), "main", task);
  }

  RecordQueues::Queue* queue_for(const std::string& topic) {
    if (auto* queue = task_->queues().find({topic, 0})) return queue;
    for (const std::string& pattern : patterns_) {
      if (std::regex_match(topic, std::regex(pattern))) return &task_->add_input({topic, 0});
    }
    return nullptr;
  }

  void enqueue(const std::string& topic, TestRecord record, bool must_exist) {
    if (auto* queue = global_ ? global_->queues().find({topic, 0}) : nullptr) {
      global_->add(*queue, to_consumed(*queue, topic, std::move(record)));
      while (global_->process_one()) {
      }
      global_->commit([&] { return committable(*global_); });
      return;
    }
    auto* queue = queue_for(topic);
    if (queue == nullptr) {
      if (must_exist) throw TopologyException("the topology does not read topic '" + topic + "'");
      return;
    }
    task_->add(*queue, to_consumed(*queue, topic, std::move(record)));
  }

  static TestRecord to_test(const ConsumerRecord& record) {
    TestRecord result{{}, {}, record.timestamp, record.headers};
    if (record.key) result.key = std::string(*record.key);
    if (record.value) result.value = std::string(*record.value);
    return result;
  }

  ConsumerRecord to_consumed(const RecordQueues::Queue& queue, const std::string& topic, TestRecord record) {
    auto* owned = new TestRecord(std::move(record));
    ConsumerRecord consumed;
    consumed.buffer = RecordBuffer(owned, [](void* memory) { delete static_cast<TestRecord*>(memory); });
    consumed.topic = &queue.partition.topic;
    consumed.offset = output_.add_input(topic, *owned);
    consumed.timestamp = owned->timestamp;
    if (owned->key) consumed.key = *owned->key;
    if (owned->value) consumed.value = *owned->value;
    consumed.headers = owned->headers;
    return consumed;
  }

  void process_all() {
    const std::int64_t max_idle_ms = config_.get_int("max.task.idle.ms");
    const auto lag = [](const TopicPartition&) -> std::optional<std::int64_t> { return 0; };
    while (task_->queues().ready(clock_.now(), max_idle_ms, lag)) {
      const bool processed = task_->process_one();
      if (processed) metrics().processed.add();
      commit();  // what could not even be read may have gone to the dead-letter topic
      if (!processed) break;
    }
  }

  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committable(const StreamTask& task) {
    return task.committable_offsets(
        [this](const TopicPartition& input) { return std::optional(output_.end_of(input.topic)); }, false);
  }

  void commit() {
    task_->commit([this] { return committable(*task_); });
    for (auto& sent : output_.take()) {
      produced_[sent.topic].push_back(sent.record);
      enqueue(sent.topic, std::move(sent.record), false);
    }
  }

  TemporaryDirectory directory_;
  Topology topology_;
  StreamsConfig config_;
  ManualClock clock_;
  TaskEnvironment environment_;
  TaskEnvironment global_environment_;
  CapturedOutput output_;
  std::vector<const NodeSpec*> nodes_;
  std::vector<TopicPartition> inputs_;
  std::vector<std::string> patterns_;
  std::optional<CacheBudget> cache_;
  std::optional<TemporaryDirectory> global_directory_;
  std::unique_ptr<StoreSet> global_set_;
  std::unique_ptr<StreamTask> global_;
  GlobalStores global_stores_;
  std::unique_ptr<StoreSet> stores_;
  std::unique_ptr<StreamTask> task_;
};

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
std::vector<std::pair<std::string, std::string>> TestDriver::dump(const std::string& store) const {
  std::vector<std::pair<std::string, std::string>> entries;
  impl_->stores_with(store).dump(
      store, [&](std::string_view key, std::string_view value) { entries.emplace_back(key, value); });
  return entries;
}
std::uint64_t TestDriver::dropped_records() const { return impl_->metrics().dropped(); }
std::uint64_t TestDriver::dropped_records(DropReason reason) const { return impl_->metrics().dropped(reason).value(); }
Metrics TestDriver::metrics() const { return impl_->metrics().registry.snapshot(); }

}  // namespace millrace::detail
