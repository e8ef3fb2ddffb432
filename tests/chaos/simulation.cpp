#include "chaos/simulation.hpp"

#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::chaos {
using namespace detail;

using detail::StreamThread;

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
  admin_ = broker_->make_admin();
  const std::string application = config_.get_string("application.id");
  state_ = std::make_unique<StateDirectory>(directory_.path(), application, clock_);
  const int calls_per_fault = std::exchange(faults_.calls_per_fault, 0);  // the start itself is not under test
  plan_ = std::make_shared<const detail::TopologyPlan>(
      detail::plan_topology(topology_.internal(), application, config_, *admin_, Millis(0)));
  faults_.calls_per_fault = calls_per_fault;
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
      .replan = {},
      .committed = {},
  });
  for (int number = 1; number <= thread_count_; ++number) threads_.push_back(make_thread(number));
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
  environment_.reset();
  admin_.reset();
  state_.reset();
}

void Process::close() {
  for (const auto& thread : threads_) thread->close_cleanly();
  threads_.clear();
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
