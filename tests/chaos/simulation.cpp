// SPDX-License-Identifier: Apache-2.0
#include "chaos/simulation.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::chaos {
using namespace detail;

using detail::StreamThread;

namespace {

/// An admin client that lists only the topics and partitions of a View.
class ViewAdmin final : public Admin {
 public:
  ViewAdmin(std::unique_ptr<Admin> real, const View& view) : real_(std::move(real)), view_(view) {}

  std::vector<TopicDescription> list_topics(Millis timeout) override {
    auto topics = real_->list_topics(timeout);
    std::erase_if(topics, [&](const TopicDescription& topic) { return view_.hidden.contains(topic.name); });
    for (TopicDescription& topic : topics) {
      const auto known = view_.at_most.find(topic.name);
      if (known != view_.at_most.end()) topic.partitions = std::min(topic.partitions, known->second);
    }
    return topics;
  }
  std::optional<TopicDescription> describe_topic(const std::string& name, Millis timeout) override {
    return real_->describe_topic(name, timeout);
  }
  std::map<std::string, std::string> topic_config(const std::string& name, bool all, Millis timeout) override {
    return real_->topic_config(name, all, timeout);
  }
  void alter_topic_config(const std::string& name, const std::map<std::string, std::optional<std::string>>& changes,
                          Millis timeout) override {
    real_->alter_topic_config(name, changes, timeout);
  }
  bool create_topic(const NewTopic& topic, Millis timeout) override { return real_->create_topic(topic, timeout); }
  void delete_topic(const std::string& name, Millis timeout) override { real_->delete_topic(name, timeout); }
  void delete_records(const std::map<TopicPartition, std::int64_t>& before, Millis timeout) override {
    real_->delete_records(before, timeout);
  }
  Watermarks watermarks(const TopicPartition& partition, Millis timeout) override {
    return real_->watermarks(partition, timeout);
  }
  std::map<TopicPartition, OffsetAndMetadata> group_offsets(const std::string& group_id, Millis timeout) override {
    return real_->group_offsets(group_id, timeout);
  }
  ConsumerGroupDescription describe_group(const std::string& group_id, Millis timeout) override {
    return real_->describe_group(group_id, timeout);
  }

 private:
  std::unique_ptr<Admin> real_;
  const View& view_;
};

}  // namespace

Process::Process(Broker& real, Faults& faults, const ManualClock& clock, const Topology& topology, StreamsConfig config,
                 int threads)
    : real_(real),
      faults_(faults),
      clock_(clock),
      topology_(topology),
      config_(std::move(config)),
      thread_count_(threads) {
  config_.set("state.dir", directory_.path().string());
}

Process::~Process() {
  if (up()) crash();
}

void Process::start() {
  broker_ = std::make_unique<FaultyBroker>(real_, faults_);
  admin_ = std::make_unique<ViewAdmin>(broker_->make_admin(), view_);
  const std::string application = config_.get_string("application.id");
  state_ = std::make_unique<StateDirectory>(directory_.path(), application, clock_);
  plan_ = std::make_shared<const detail::TopologyPlan>(make_plan());
  environment_ = std::make_unique<detail::ThreadEnvironment>(detail::ThreadEnvironment{
      .task = {.topology = topology_.internal(),
               .application_id = application,
               .config = config_,
               .clock = clock_,
               .errors = detail::make_error_policy(config_, {}),
               .emit_interval_ms = 0,
               .default_timestamps = detail::configured_timestamps(config_)},
      .broker = *broker_,
      .admin = *admin_,
      .state_directory = state_.get(),
      .restore_progress = {},
      .plan = [this] { return plan_; },
      .replan = [this] { replan_ = true; },
      .committed = {},
  });
  read_global_tables();
  for (int number = 1; number <= thread_count_; ++number) threads_.push_back(make_thread(number));
}

detail::TopologyPlan Process::make_plan() {
  const int calls_per_fault = std::exchange(faults_.calls_per_fault, 0);  // no faults while the plan is made
  auto plan =
      detail::plan_topology(topology_.internal(), config_.get_string("application.id"), config_, *admin_, Millis(0));
  faults_.calls_per_fault = calls_per_fault;
  return plan;
}

void Process::read_global_tables() {
  if (!GlobalThread::needed(topology_.internal())) return;
  ClientNames names;
  names.application_id = environment_->task.application_id;
  global_ =
      std::make_unique<GlobalThread>(environment_->task, *broker_, *admin_, global_consumer_config(config_, names),
                                     state_->path() / "global", Millis(60'000));
  const int calls_per_fault = std::exchange(faults_.calls_per_fault, 0);
  global_->open();
  global_->bootstrap();
  faults_.calls_per_fault = calls_per_fault;
  environment_->task.find_global_store = [this](const std::string& name, const std::string& reader) {
    return global_->stores().find(name, reader);
  };
}

void Process::look_at_topics() {
  replan_ = false;
  auto plan = make_plan();
  if (plan == *plan_) return;
  plan_ = std::make_shared<const detail::TopologyPlan>(std::move(plan));
}

std::unique_ptr<StreamThread> Process::make_thread(int number) {
  detail::ClientNames names;
  names.application_id = config_.get_string("application.id");
  names.process_id = state_->process_id();
  names.client_id = names.application_id;
  names.thread = number;
  auto thread = std::make_unique<StreamThread>(*environment_, std::move(names));
  // Some threads do not retry at all. Then they never learn whether a call with a lost answer succeeded.
  if (faults_.chance.one_in(2)) thread->end_by(detail::Patience::SteadyClock::now());
  return thread;
}

void Process::crash() {
  broker_->crash();
  threads_.clear();
  global_.reset();
  environment_.reset();
  admin_.reset();
  state_.reset();
}

void Process::close() {
  for (const auto& thread : threads_) thread->close_cleanly();
  threads_.clear();
  global_.reset();
  environment_.reset();
  admin_.reset();
  state_.reset();
}

void Process::lose_state() {
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    std::filesystem::remove_all(entry.path());
  }
}

void Process::run_one(Chance& chance) {
  if (replan_) look_at_topics();
  auto& thread = threads_[static_cast<std::size_t>(chance.below(static_cast<int>(threads_.size())))];
  try {
    thread->run_once();
  } catch (const std::exception& error) {
    log(LogLevel::error, std::string("simulated thread ended: ") + error.what());
    ++replaced_;
    const int number = thread->names().thread;
    thread->close_dirty();
    thread = make_thread(number);
  }
}

}  // namespace millrace::chaos
