#include "runtime/global/global_thread.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/shares.hpp"

namespace millrace::detail {
namespace {

constexpr std::size_t kRecordsPerPoll = 10'000;
constexpr Millis kPollTimeout{200};
constexpr Millis kPauseAfterError{1'000};

}  // namespace

/// A global processor only fills its store.
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
  environment_.share_store = [this](const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes) {
    stores_.take(builder, changelog, bytes);
  };
  environment_.errors = global_error_policy(environment_.errors, environment_.config);
  environment_.find_global_store = nullptr;  // it owns them
}

GlobalThread::~GlobalThread() { stop(); }

/// Looks up the partitions and goes to where the stores are.
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
      for (std::int32_t i = 0; i < description->partitions; ++i) inputs.push_back({topic, i});
    }
  }
  std::map<TopicPartition, Watermarks> bounds;
  for (const TopicPartition& input : inputs) bounds.emplace(input, admin_.watermarks(input, timeout));
  if (!task_) open_task(nodes, inputs);
  // Data of topics that were made anew, or of which a part was deleted unseen, are worth nothing.
  store_set_->begin_restore(bounds);
  if (!task_->running()) task_->initialize();
  std::vector<std::pair<TopicPartition, std::int64_t>> starts;
  for (const StorePosition& store : store_set_->positions()) {
    starts.emplace_back(store.changelog(), store.next_offset()->value());
  }
  ends_.clear();
  for (const auto& [input, bound] : bounds) ends_[input] = bound.high;
  consumer_ = broker_.make_consumer(consumer_config_);
  consumer_->assign(starts);
}

void GlobalThread::open_task(const std::vector<const NodeSpec*>& nodes, const std::vector<TopicPartition>& inputs) {
  constexpr TaskId kId{-1, 0};
  const auto make = [&] {
    if (!directory_.empty()) std::filesystem::create_directories(directory_);
    return open_stores(kId, environment_, nodes, inputs, directory_);
  };
  try {
    store_set_ = make();
  } catch (const StateCorruptedException& error) {
    log(LogLevel::warn, std::string(error.what()) + ": the global stores are read from the beginning");
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
    if (step(kPollTimeout) > 0) {
      last_progress = now;
      if (too_much_uncommitted()) commit();
    } else if (now - last_progress > give_up_after) {
      throw BrokerException(BrokerException::Severity::retriable,
                            "nothing came from the topics of the global stores for " +
                                std::to_string(give_up_after.count()) +
                                " ms (millrace.connect.timeout.ms), though there is more to read");
    }
  }
  commit();
}

bool GlobalThread::caught_up() {
  std::erase_if(ends_, [&](const auto& entry) {
    const auto position = consumer_->position(entry.first);
    return position && *position >= entry.second;
  });
  return ends_.empty();
}

std::size_t GlobalThread::step(Millis timeout) {
  consumer_->poll(records_, kRecordsPerPoll, timeout);
  for (ConsumerRecord& record : records_) {
    auto* queue = task_->queues().find({*record.topic, record.partition});
    if (queue != nullptr) task_->add(*queue, std::move(record));
  }
  const std::size_t count = records_.size();
  records_.clear();
  while (task_->process_one()) {
  }
  return count;
}

void GlobalThread::commit() {
  auto offsets = task_->committable_offsets(
      [this](const TopicPartition& partition) { return consumer_->position(partition); }, true);
  std::unique_lock lock(stores_.mutex(), std::defer_lock);
  task_->commit([&] {
    lock.lock();  // not before: flushing takes it for each store
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
    broken_ = true;
    failed_(error);
  }
}

void GlobalThread::stop() {
  stop_ = true;
  if (consumer_) consumer_->wakeup();
  if (thread_.joinable()) thread_.join();
  if (!task_) return;
  try {
    // A record that failed is neither processed nor to be skipped.
    if (!broken_) commit();
    task_->close();
    store_set_->flush_to_disk();
  } catch (const std::exception& error) {
    log(LogLevel::warn, environment_.application_id + ": closing the global stores: " + error.what());
  }
  task_.reset();
  store_set_.reset();
  consumer_.reset();
}

}  // namespace millrace::detail
