#include "runtime/global/global_thread.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/shares.hpp"

namespace millrace::detail {
namespace {

// A large number, because the bootstrap reads whole topics.
constexpr std::size_t kRecordsPerPoll = 10'000;
// How long a poll waits for records. stop() does not wait for it, because wakeup() ends it.
constexpr Millis kPollTimeout{200};
// Before the next attempt after a retriable error.
constexpr Millis kPauseAfterError{1'000};

}  // namespace

/// A global processor may only fill its store. The topic itself is the changelog, so nothing else is written.
class GlobalThread::NoOutput final : public TaskOutput {
 public:
  void send(std::string_view topic, std::optional<std::int32_t>, BytesView, BytesView, Timestamp, const Headers&,
            Sender) override {
    throw TopologyException("a global store's processor cannot write to topic '" + std::string(topic) + "'");
  }
  [[nodiscard]] std::int32_t partitions_for(std::string_view) override { return 1; }
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition&) override { return 0; }
  void close_changelog(std::uint64_t) override {}
  void send_changelog(std::uint64_t, BytesView, BytesView, Timestamp, const Headers*) override {}
  [[nodiscard]] std::optional<Offset> confirmed_offset(std::uint64_t) const override { return std::nullopt; }
};

GlobalThread::GlobalThread(const TaskEnvironment& environment, Broker& broker, Admin& admin,
                           ClientConfig consumer_config, std::filesystem::path directory)
    : environment_(environment),
      broker_(broker),
      admin_(admin),
      consumer_config_(std::move(consumer_config)),
      directory_(std::move(directory)),
      uncommitted_max_bytes_(uncommitted_share(environment.config, environment.topology)),
      output_(std::make_unique<NoOutput>()) {
  // The copy of the environment differs in three points from that of stream threads.
  environment_.share_store = [this](const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes) {
    stores_.take(builder, changelog, bytes);
  };
  environment_.errors = global_error_policy(environment_.errors, environment_.config);
  // The global processor finds the store among the task's own ones, with write access.
  environment_.find_global_store = nullptr;
}

GlobalThread::~GlobalThread() { stop(); }

// Patience repeats this function after a retriable exception. So each step either has no effect when repeated, or is
// skipped.
void GlobalThread::open(Millis timeout) {
  std::vector<const NodeSpec*> nodes;
  std::vector<TopicPartition> inputs;
  for (const NodeSpec& node : environment_.topology.nodes()) {
    if (!node.global) continue;
    nodes.push_back(&node);
    for (const std::string& topic : node.topics) {
      const auto description = admin_.describe_topic(topic, timeout);
      if (!description) {
        throw TopologyException("the topic '" + topic + "' of global source '" + node.name +
                                "' does not exist: create it before starting");
      }
      // All partitions, on every instance: a global table is not distributed.
      for (std::int32_t i = 0; i < description->partitions; ++i) inputs.push_back({topic, i});
    }
  }
  std::map<TopicPartition, Watermarks> bounds;
  for (const TopicPartition& input : inputs) bounds.emplace(input, admin_.watermarks(input, timeout));
  if (!task_) open_task(nodes, inputs);
  // Compares the positions of the data with what the topics contain now. If a topic was deleted and created again, or
  // records were deleted that the data have not seen, the store is emptied and read again from the beginning.
  store_set_->begin_restore(bounds);
  if (!task_->running()) task_->initialize();
  std::vector<std::pair<TopicPartition, std::int64_t>> starts;
  // No restore from a changelog: the records from here on go through the processor.
  for (const StorePosition& store : store_set_->positions()) {
    starts.emplace_back(store.changelog(), store.next_offset()->value());
  }
  ends_.clear();
  for (const auto& [input, bound] : bounds) ends_[input] = bound.high;
  consumer_ = broker_.make_consumer(consumer_config_);
  consumer_->assign(starts);
}

void GlobalThread::open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs) {
  // The sub-topology -1 marks the global task. StreamTask checks for it.
  constexpr TaskId kId{-1, 0};
  const auto make = [&] {
    if (!directory_.empty()) std::filesystem::create_directories(directory_);
    return open_stores(kId, environment_, nodes, inputs, directory_);
  };
  try {
    store_set_ = make();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) + ": the global stores are read from the beginning");
    // The topics have everything, so damaged files can be deleted.
    std::filesystem::remove_all(directory_);
    store_set_ = make();
  }
  ClientMetrics& client = *environment_.metrics;
  task_ = std::make_unique<StreamTask>(
      kId, environment_, nodes, inputs, *store_set_, *output_, directory_, nullptr,
      std::make_shared<TaskMetrics>(client, client.client_id() + "-GlobalStreamThread", kId));
}

void GlobalThread::bootstrap(Millis give_up_after) {
  const Patience patience(give_up_after);
  patience([&](Millis slice) { open(slice); });
  auto last_progress = Patience::SteadyClock::now();
  while (!caught_up()) {
    const auto now = Patience::SteadyClock::now();
    // Each batch of records restarts the waiting time. So the limit is for silence and not for the whole read.
    if (step(kPollTimeout) > 0) {
      last_progress = now;
      // Otherwise a large topic would be held in memory as a whole.
      if (too_much_uncommitted()) commit();
    } else if (now - last_progress > give_up_after) {
      throw BrokerException(BrokerException::Severity::retriable,
                            "nothing came from the topics of the global stores for " +
                                std::to_string(give_up_after.count()) +
                                " ms (millrace.connect.timeout.ms), though there is more to read");
    }
  }
  // So the next start need not read everything again, even after a crash.
  commit();
}

bool GlobalThread::caught_up() {
  std::erase_if(ends_, [&](const auto& entry) {
    const auto position = consumer_->position(entry.first);
    // Positions are compared, because the last offsets may be transaction markers or compacted records. No record ever
    // arrives for them.
    return position && *position >= entry.second;
  });
  return ends_.empty();
}

std::size_t GlobalThread::step(Millis timeout) {
  consumer_->poll(records_, kRecordsPerPoll, timeout);
  for (ConsumerRecord& record : records_) {
    auto* queue = task_->queues().find({*record.topic, record.partition});
    // Partitions that a topic gets after the start are not assigned here, so they are not read before the next start.
    if (queue != nullptr) task_->add(*queue, std::move(record));
  }
  const std::size_t count = records_.size();
  records_.clear();
  // Everything is processed at once, so the queues are empty after a step.
  while (task_->process_one()) {
  }
  return count;
}

void GlobalThread::commit() {
  // The `true` includes partitions whose position moved without a record, for example over transaction markers.
  auto offsets = task_->committable_offsets(
      [this](const TopicPartition& partition) { return consumer_->position(partition); }, true);
  std::unique_lock lock(stores_.mutex(), std::defer_lock);
  task_->commit([&] {
    // Only now: flushing the stores takes the lock for each single call, and the lock is not recursive.
    lock.lock();
    return std::move(offsets);
  });
  last_commit_ = environment_.clock.monotonic_ms();
}

bool GlobalThread::too_much_uncommitted() const {
  return uncommitted_max_bytes_ && task_->stores().uncommitted_bytes() > *uncommitted_max_bytes_;
}

void GlobalThread::start(std::function<void(const std::exception&)> failed) {
  failed_ = std::move(failed);
  thread_ = std::thread([this] { run(); });
}

void GlobalThread::run() {
  const auto interval = environment_.config.get_int("commit.interval.ms");
  try {
    while (!stop_) {
      try {
        step(kPollTimeout);
        if (environment_.clock.monotonic_ms() - last_commit_ >= interval || too_much_uncommitted()) commit();
      } catch (const BrokerException& error) {
        if (error.severity() != BrokerException::Severity::retriable) throw;
        log(LogLevel::warn, environment_.application_id + ": global stores: " + error.what());
        std::this_thread::sleep_for(kPauseAfterError);
      }
    }
  } catch (const std::exception& error) {
    // stop() must not commit then, see there.
    broken_ = true;
    failed_(error);
  }
}

void GlobalThread::stop() {
  stop_ = true;
  if (consumer_) consumer_->wakeup();
  if (thread_.joinable()) thread_.join();
  // Never opened, or stopped before.
  if (!task_) return;
  try {
    // The record that failed was not processed, but its position may already have moved. Without a commit, it is read
    // again at the next start.
    if (!broken_) commit();
    task_->close();
    // A clean end: the next start begins where this one stops.
    store_set_->flush_to_disk();
  } catch (const std::exception& error) {
    log(LogLevel::warn, environment_.application_id + ": closing the global stores: " + error.what());
  }
  // The task uses the store set, and records in its queues use the consumer's memory.
  task_.reset();
  store_set_.reset();
  consumer_.reset();
}

}  // namespace millrace::detail
