// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/global/topic_made_anew.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/proof_check.hpp"
#include "runtime/thread/shares.hpp"

namespace millrace::detail {
namespace {

// A poll returns about this many bytes, but at least one record. If records are small, a poll returns many of them,
// because the bootstrap reads whole topics. If records are large, a poll returns few, because all of them stay in
// memory until the last one is processed.
constexpr std::size_t kBytesPerPoll = 4u << 20;
constexpr std::size_t kRecordsPerPoll = 10'000;
// How long a poll waits for records. A stop does not wait for it, because wakeup() ends it.
constexpr Millis kPollTimeout{200};
// During the bootstrap, data and positions are flushed to disk at this interval (ms). A killed process repeats at most
// the work of one interval.
constexpr std::int64_t kToDiskInterval = 1'000;
// The largest number of rebuilds during one bootstrap. If the disk damages the data that were just written, another
// rebuild does not help.
constexpr int kRebuilds = 3;

}  // namespace

/// A global processor may only fill its store. The topic itself is the changelog, so nothing else is written.
class GlobalThread::NoOutput final : public TaskOutput {
 public:
  void send(std::string_view topic, std::optional<std::int32_t>, BytesView, BytesView, Timestamp, const Headers&,
            Sender) override {
    throw TopologyException("a global store's processor cannot write to topic '" + std::string(topic) + "'");
  }
  [[nodiscard]] std::int32_t partitions_for(std::string_view) override { return 1; }
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition&, const std::string&, const TaskContext*) override {
    return 0;
  }
  void close_changelog(std::uint64_t) override {}
  void send_changelog(std::uint64_t, BytesView, BytesView, Timestamp, const Headers*) override {}
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t) const override { return std::nullopt; }
};

GlobalThread::GlobalThread(const TaskEnvironment& environment, Broker& broker, Admin& admin,
                           ClientConfig consumer_config, std::filesystem::path directory, Millis give_up_after)
    : environment_(environment),
      broker_(broker),
      admin_(admin),
      consumer_config_(std::move(consumer_config)),
      directory_(std::move(directory)),
      uncommitted_max_bytes_(uncommitted_share(environment.config, environment.topology)),
      commit_ms_(environment.config.get_int("commit.interval.ms")),
      metadata_ms_(environment.config.get_int("metadata.max.age.ms")),
      give_up_after_(give_up_after),
      patience_(give_up_after),
      retries_(RetrySettings::of(environment.application_id + ": global stores", environment.config)),
      output_(std::make_unique<NoOutput>()) {
  // The copy of the environment differs in three points from that of stream threads.
  environment_.share_store = [this](const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes) {
    stores_.take(builder, changelog, bytes, environment_.serdes);
  };
  environment_.errors = global_error_policy(environment_.errors, environment_.config);
  // The global processor finds the store among the task's own ones, with write access.
  environment_.find_global_store = nullptr;
}

GlobalThread::~GlobalThread() { stop(); }

// --- open

void GlobalThread::open() {
  if (!consumer_) consumer_ = broker_.make_consumer(consumer_config_);
  const auto attempt = [this] { patience_([this](Millis slice) { try_open(slice); }); };
  try {
    attempt();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) +
                            ": the global stores are deleted and read from the beginning of "
                            "their topics");
    close_task();
    // The topics have everything, so damaged files can be deleted.
    std::filesystem::remove_all(directory_);
    attempt();
  }
}

// Patience repeats this function after a retriable exception. So each step either has no effect when repeated, or is
// skipped.
void GlobalThread::try_open(Millis timeout) {
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
  store_set_->begin_restore(bounds, {.made_anew = topics_made_anew(timeout)});
  if (!task_->running()) task_->initialize();
  ends_.clear();
  for (const auto& [input, bound] : bounds) ends_[input] = bound.high;
  inputs_.clear();
  last_input_ = nullptr;
  // No restore from a changelog: the records from here on go through the processor.
  for (const StorePosition& store : store_set_->positions()) {
    inputs_[store.changelog()] = {task_->queues().find(store.changelog()), store.next_offset()->value()};
  }
  assign();
  last_commit_ = last_to_disk_ = last_look_ = environment_.clock.monotonic_ms();
}

std::set<TopicPartition> GlobalThread::topics_made_anew(Millis timeout) {
  std::vector<ProofOfPartition> proofs;
  for (const StorePosition& store : store_set_->positions()) {
    if (store.proof()) proofs.emplace_back(store.changelog(), *store.proof());
  }
  const auto verdicts = check_proofs(proofs, *consumer_, admin_, timeout);
  std::set<TopicPartition> refuted;
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    if (verdicts[i] == Verdict::refuted) refuted.insert(proofs[i].first);
  }
  return refuted;
}

void GlobalThread::open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs) {
  // The sub-topology -1 marks the global task. StreamTask checks for it.
  constexpr TaskId kId{-1, 0};
  if (!directory_.empty()) std::filesystem::create_directories(directory_);
  store_set_ = open_stores(kId, environment_, nodes, inputs, directory_);
  ClientMetrics& client = *environment_.metrics;
  task_ = std::make_unique<StreamTask>(
      kId, environment_, nodes, inputs, *store_set_, *output_, directory_, nullptr,
      std::make_shared<TaskMetrics>(client, client.client_id() + "-GlobalStreamThread", kId));
}

void GlobalThread::close_task() {
  // The inputs point into the queues of the task.
  inputs_.clear();
  last_input_ = nullptr;
  if (task_) {
    try {
      task_->close();
    } catch (...) {
      log(LogLevel::warn, environment_.application_id + ": closing the global stores: " + current_error());
    }
  }
  // The task uses the store set, so the task is destroyed first.
  task_.reset();
  // The lock is needed: a reader may destroy its iterator at the same time, and an iterator uses the store.
  const auto lock = stores_.gate().lock_to_fill();
  store_set_.reset();
}

void GlobalThread::assign() {
  std::vector<std::pair<TopicPartition, std::int64_t>> starts;
  for (const auto& [partition, input] : inputs_) starts.emplace_back(partition, input.next);
  consumer_->assign(starts);
}

// --- bootstrap

void GlobalThread::bootstrap() {
  BootstrapWatch watch(admin_, give_up_after_);
  filling_ = true;
  std::int64_t left = 0;
  for (const auto& [input, end] : ends_) left += std::max<std::int64_t>(end - inputs_.at(input).next, 0);
  log(LogLevel::info,
      environment_.application_id + ": the global stores are " + std::to_string(left) + " offsets behind their topics");
  while (!stop_ && !caught_up()) {
    round();
    watch.look(*consumer_, ends_);
  }
  if (stop_) return;
  filling_ = false;
  // So the next start need not read everything again, even after a crash.
  commit_to_disk();
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

GlobalThread::Input& GlobalThread::input_of(const ConsumerRecord& record) {
  // Comparing the pointers is enough, because the consumer owns one string per topic.
  if (last_input_ == nullptr || record.topic != last_topic_ || record.partition != last_partition_) {
    last_input_ = &inputs_.at({*record.topic, record.partition});
    last_topic_ = record.topic;
    last_partition_ = record.partition;
  }
  return *last_input_;
}

void GlobalThread::step() {
  // If the last step has thrown, some of its records are still here.
  records_.clear();
  consumer_->poll(records_, records_to_poll_, kPollTimeout);
  std::size_t bytes = 0;
  for (ConsumerRecord& record : records_) {
    Input& input = input_of(record);
    // The consumer goes back to the beginning if its position lies beyond the end of the log.
    if (record.offset < input.next) {
      throw TopicMadeAnew(*record.topic, "partition " + std::to_string(record.partition) + " was read up to offset " +
                                             std::to_string(input.next) + " and now goes on at offset " +
                                             std::to_string(record.offset));
    }
    input.next = record.offset + 1;
    bytes += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    task_->add(*input.queue, std::move(record));
  }
  // The next records are probably as large as these.
  if (!records_.empty()) {
    const std::size_t average = bytes / records_.size() + 1;
    records_to_poll_ = std::clamp<std::size_t>(kBytesPerPoll / average, 1, kRecordsPerPoll);
  }
  records_.clear();
  // All records are processed at once, so the queues are empty after a step. Only a stop leaves records in the queues.
  // The last commit does not include their offsets.
  while (!stop_ && process_one()) commit_if_due();
  commit_if_due();
}

// --- commit

// Called after each record, since a processor may be slow, and records may be large.
void GlobalThread::commit_if_due() {
  const Timestamp now = environment_.clock.monotonic_ms();
  if (filling_ && now - last_to_disk_ >= kToDiskInterval) {
    commit_to_disk();
  } else if (too_much_uncommitted() || (!filling_ && now - last_commit_ >= commit_ms_)) {
    commit();
  }
}

void GlobalThread::commit() {
  // The `true` includes partitions whose position moved without a record, for example over transaction markers.
  auto offsets = task_->committable_offsets(
      [this](const TopicPartition& partition) { return consumer_->position(partition); }, true);
  std::unique_lock lock(stores_.gate().mutex(), std::defer_lock);
  task_->commit([&] {
    // Only now: flushing the stores takes the lock for each single call, and the lock is not recursive.
    lock.lock();
    return std::move(offsets);
  });
  last_commit_ = environment_.clock.monotonic_ms();
  if (retry_ && !retried_) end_retry();
}

void GlobalThread::commit_to_disk() {
  commit();
  store_set_->flush_to_disk();
  last_to_disk_ = environment_.clock.monotonic_ms();
}

bool GlobalThread::too_much_uncommitted() const {
  return uncommitted_max_bytes_ && task_->stores().uncommitted_bytes() > *uncommitted_max_bytes_;
}

// --- the thread

void GlobalThread::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  thread_ = std::thread([this] { run(); });
}

void GlobalThread::run() {
  try {
    fill();
    while (!stop_) follow();
  } catch (const std::exception& error) {
    failed(error);
  } catch (...) {
    failed(StreamsException(current_error()));
  }
}

void GlobalThread::failed(const std::exception& error) {
  // stop() must not commit then, see there.
  broken_ = true;
  hooks_.failed(error);
}

void GlobalThread::fill() {
  for (int rebuilds = 0;; ++rebuilds) {
    try {
      bootstrap();
      break;
    } catch (const StateCorruptedException& error) {
      if (rebuilds == kRebuilds) throw;
      rebuild(error.what(), std::nullopt);
    } catch (const TopicMadeAnew& error) {
      if (rebuilds == kRebuilds) throw;
      rebuild(error.what(), error.topic());
    } catch (const RetriableException& failure) {
      // Its own time limit applies.
      --rebuilds;
      start_again(failure);
      if (stop_) return;
    }
  }
  if (stop_) return;
  // A reader may have found damage in the new stores already. Then the gate stays closed, and follow() rebuilds the
  // stores.
  if (!damaged_) stores_.gate().open();
  hooks_.ready();
}

void GlobalThread::follow() {
  try {
    if (damaged_.exchange(false)) {
      rebuild("a reader has found damage in " + directory_.string(), std::nullopt);
      return fill();
    }
    round();
    return;
  } catch (const StateCorruptedException& error) {
    rebuild(error.what(), std::nullopt);
  } catch (const TopicMadeAnew& error) {
    rebuild(error.what(), error.topic());
  } catch (const RetriableException& failure) {
    start_again(failure);
    if (stop_) return;
  }
  fill();
}

void GlobalThread::request_stop() {
  stop_ = true;
  patience_.end_by(Patience::SteadyClock::now());
  stores_.gate().end_waiting();
  if (consumer_) consumer_->wakeup();
}

void GlobalThread::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
  // Never opened, or stopped before.
  if (!task_) return;
  try {
    // The record that failed was not processed, but its position may already have moved. Without a commit, it is read
    // again at the next start.
    if (!broken_ && !damaged_) commit();
    task_->close();
    // A clean end: the next start begins where this one stops.
    if (!damaged_) store_set_->flush_to_disk();
  } catch (...) {
    log(LogLevel::warn, environment_.application_id + ": closing the global stores: " + current_error());
  }
  // Records in the queues of the task use the consumer's memory.
  close_task();
  // The stores were not rebuilt before the stop. The next start fills new stores.
  if (damaged_) std::filesystem::remove_all(directory_);
  records_.clear();
  consumer_.reset();
}

}  // namespace millrace::detail
