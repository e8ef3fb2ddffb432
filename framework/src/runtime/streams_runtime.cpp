#include "runtime/streams_runtime.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

using State = Streams::State;

constexpr Millis kHousekeepingInterval = 1s;

[[nodiscard]] bool has_persistent_stores(const TopologyBuilder& topology, const StreamsConfig& config) {
  const bool by_default = config.get_string("default.dsl.store") != "in_memory";
  return std::ranges::any_of(topology.stores(), [&](const auto& entry) {
    const StoreSpec& spec = entry.second->spec;
    return spec.default_medium ? by_default : spec.persistent;
  });
}

}  // namespace

StreamsRuntime::StreamsRuntime(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker,
                               const Clock& clock)
    : topology_(std::move(topology)), config_(std::move(config)), broker_(std::move(broker)), clock_(clock) {
  config_.validate();
  application_id_ = config_.get_string("application.id");
  if (has_persistent_stores(topology_.internal(), config_)) {
    state_directory_ = std::make_unique<StateDirectory>(config_.get_string("state.dir"), application_id_, clock_);
    process_id_ = state_directory_->process_id();
  } else {
    process_id_ = StateDirectory::random_process_id();
  }
}

StreamsRuntime::~StreamsRuntime() { close(Millis(60'000)); }

// --- life

void StreamsRuntime::start() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::created)
      throw StreamsException("start() was called on an application that was started before");
  }
  admin_ = broker_->make_admin();
  const Millis timeout = config_.get_millis("millrace.connect.timeout.ms");
  plan_ = std::make_shared<const TopologyPlan>(
      plan_topology(topology_.internal(), application_id_, config_, *admin_, timeout));

  environment_.emplace(
      ThreadEnvironment{{topology_.internal(), application_id_, config_, clock_,
                         make_error_policy(config_, exception_handlers), 1000, configured_timestamps(config_)},
                        *broker_,
                        state_directory_.get(),
                        restore_listener,
                        [this] {
                          const std::lock_guard lock(mutex_);
                          return plan_;
                        },
                        [this](const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
                          const std::lock_guard lock(mutex_);
                          for (const auto& [partition, offset] : offsets) committed_[partition] = offset.offset;
                          changed_.notify_all();
                        }});
  set_state(State::rebalancing);
  const auto threads = static_cast<int>(config_.get_int("num.stream.threads"));
  for (int number = 1; number <= threads; ++number) {
    workers_.push_back(std::make_unique<Worker>(Worker{make_stream_thread(number), {}}));
  }
  alive_ = workers_.size();
  for (const auto& worker : workers_) worker->thread = std::thread([this, &worker = *worker] { run(worker); });
  housekeeper_ = std::thread([this] { housekeeping(); });
}

std::unique_ptr<StreamThread> StreamsRuntime::make_stream_thread(int number) {
  ClientNames names;
  names.application_id = application_id_;
  names.process_id = process_id_;
  names.client_id = config_.get_string("client.id");
  if (names.client_id.empty()) names.client_id = application_id_ + "-" + process_id_;
  names.thread = number;
  return std::make_unique<StreamThread>(*environment_, std::move(names));
}

bool StreamsRuntime::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void StreamsRuntime::run(Worker& worker) {
  while (!stopping()) {
    try {
      worker.stream_thread->run_once();
      update_state();
    } catch (const std::exception& error) {
      worker.stream_thread->close_dirty();
      if (!handle_failure(worker, error)) break;
    }
  }
  worker.stream_thread->close_cleanly();
  {
    const std::lock_guard lock(mutex_);
    --alive_;
  }
  update_state();
  changed_.notify_all();
}

bool StreamsRuntime::handle_failure(Worker& worker, const std::exception& error) {
  const std::string name = worker.stream_thread->names().thread_name();
  log(LogLevel::error, name + ": " + error.what());
  const auto response = exception_handler ? exception_handler(error) : Streams::ExceptionResponse::shutdown_client;
  if (response == Streams::ExceptionResponse::replace_thread && !stopping()) {
    try {
      auto replacement = make_stream_thread(worker.stream_thread->names().thread);
      const std::lock_guard lock(mutex_);
      retired_.processed_records += worker.stream_thread->processed_records;
      retired_.dropped_records += worker.stream_thread->dropped_records;
      retired_.restored_records += worker.stream_thread->restored_records;
      retired_.commits += worker.stream_thread->commits;
      worker.stream_thread = std::move(replacement);
      return true;
    } catch (const std::exception& second) {
      log(LogLevel::error, name + ": cannot be replaced: " + second.what());
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (error_.empty()) error_ = error.what();
    stop_ = true;
    for (const auto& other : workers_) {
      if (other.get() != &worker) other->stream_thread->wakeup();
    }
  }
  set_state(State::pending_error);
  changed_.notify_all();
  return false;
}

bool StreamsRuntime::wait_for(Millis timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] {
    return state_ == State::not_running || state_ == State::error || (state_ != State::created && alive_ == 0);
  });
}

bool StreamsRuntime::close(Millis timeout) {
  const std::lock_guard one(close_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::not_running || state_ == State::error) return true;
  }
  if (state() != State::pending_error) set_state(State::pending_shutdown);
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    for (const auto& worker : workers_) worker->stream_thread->wakeup();
  }
  changed_.notify_all();
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [this] { return alive_ == 0; })) return false;
  }
  stop_and_join();
  return true;
}

void StreamsRuntime::stop_and_join() {
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  if (housekeeper_.joinable()) housekeeper_.join();
  const auto totals = counters();
  {
    const std::lock_guard lock(mutex_);
    retired_ = totals;
    workers_.clear();
  }
  admin_.reset();
  state_directory_.reset();
  set_state(state() == State::pending_error ? State::error : State::not_running);
}

// --- state

void StreamsRuntime::set_state(State next) {
  State before;
  {
    const std::lock_guard lock(mutex_);
    before = state_;
    if (before == next) return;
    const bool ending = before != State::created && before != State::running && before != State::rebalancing;
    if (ending && (next == State::running || next == State::rebalancing)) return;
    state_ = next;
  }
  changed_.notify_all();
  log(LogLevel::info, application_id_ + ": " + to_string(before) + " -> " + to_string(next));
  if (state_listener) state_listener(next, before);
}

void StreamsRuntime::update_state() {
  State next;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::running && state_ != State::rebalancing) return;
    bool any_running = false;
    bool all_settled = true;
    for (const auto& worker : workers_) {
      const auto state = worker->stream_thread->state();
      any_running |= state == StreamThread::State::running;
      // A thread to which the group gave nothing is settled too; that it waits shows in no task being opened.
      all_settled &= state == StreamThread::State::running || worker->stream_thread->has_no_tasks();
    }
    next = any_running && all_settled ? State::running : State::rebalancing;
  }
  set_state(next);
}

Streams::State StreamsRuntime::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string StreamsRuntime::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Streams::Counters StreamsRuntime::counters() const {
  const std::lock_guard lock(mutex_);
  Streams::Counters counters = retired_;
  for (const auto& worker : workers_) {
    const StreamThread& thread = *worker->stream_thread;
    counters.processed_records += thread.processed_records;
    counters.dropped_records += thread.dropped_records;
    counters.restored_records += thread.restored_records;
    counters.commits += thread.commits;
  }
  return counters;
}

std::map<TopicPartition, std::int64_t> StreamsRuntime::committed_offsets() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

// --- housekeeping

void StreamsRuntime::housekeeping() {
  const bool has_patterns =
      std::ranges::any_of(topology_.internal().nodes(), [](const NodeSpec& node) { return node.pattern.has_value(); });
  const std::int64_t purge_ms = config_.get_int("repartition.purge.interval.ms");
  const std::int64_t cleanup_ms = config_.get_int("state.cleanup.delay.ms");
  const std::int64_t metadata_ms = config_.get_int("metadata.max.age.ms");
  auto last_purge = clock_.now();
  auto last_cleanup = last_purge;
  auto last_refresh = last_purge;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kHousekeepingInterval, [this] { return stop_; })) return;
    }
    const Timestamp now = clock_.now();
    try {
      if (now - last_purge >= purge_ms) {
        last_purge = now;
        purge_repartition_topics();
      }
      if (state_directory_ && now - last_cleanup >= cleanup_ms) {
        last_cleanup = now;
        (void)state_directory_->clean_obsolete(Millis(cleanup_ms));
      }
      if (has_patterns && now - last_refresh >= metadata_ms) {
        last_refresh = now;
        refresh_plan();
      }
    } catch (const std::exception& error) {
      log(LogLevel::warn, application_id_ + ": housekeeping: " + error.what());
    }
  }
}

void StreamsRuntime::refresh_plan() {
  auto fresh = std::make_shared<const TopologyPlan>(plan_topology(
      topology_.internal(), application_id_, config_, *admin_, config_.get_millis("millrace.connect.timeout.ms")));
  const std::lock_guard lock(mutex_);
  if (!(*fresh == *plan_)) plan_ = std::move(fresh);
}

void StreamsRuntime::purge_repartition_topics() {
  std::map<TopicPartition, std::int64_t> processed;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, offset] : committed_) {
      if (plan_->repartition_topics().contains(partition.topic)) processed.emplace(partition, offset);
    }
  }
  if (!processed.empty()) admin_->delete_records(processed, config_.get_millis("millrace.connect.timeout.ms"));
}

}  // namespace millrace::detail
