// SPDX-License-Identifier: Apache-2.0
#include "runtime/streams_runtime.hpp"

#include <algorithm>
#include <utility>

#include "broker/client_settings.hpp"
#include "common/io_remedy.hpp"
#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/open_files.hpp"
#include "runtime/plan/internal_topics.hpp"
#include "runtime/plan/topic_collisions.hpp"
#include "runtime/plan/user_topics.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/temporary_state.hpp"
#include "runtime/thread/shares.hpp"
#include "runtime/visibility.hpp"

namespace millrace::detail {
namespace {

using State = Streams::State;
using SteadyClock = Patience::SteadyClock;

/// How often the main thread looks for due work. Also the interval of metric samples.
constexpr Millis kHousekeepingInterval{1'000};
/// If two threads fail with the same error within this time, the second error is not logged again. One cause, such as a
/// broker that cannot be reached, usually makes all threads fail.
constexpr Millis kSameFailure{10'000};
/// Timeout of each request of refuse_topics_of_others(). Short, because the application can start without this check.
constexpr Millis kCollisionTimeout{5'000};
/// How long the other threads may wait for the broker after one thread has failed.
constexpr Millis kStopTimeout{60'000};

/// The application in which the current thread is: its own threads are always, the user's threads while they run
/// start() or a listener. A thread inside must not wait for the application's end, see close().
thread_local const StreamsRuntime* thread_of = nullptr;

/// Marks the current thread as inside the application for a scope.
class Inside {
 public:
  explicit Inside(const StreamsRuntime& application) : before_(std::exchange(thread_of, &application)) {}
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { thread_of = before_; }

 private:
  const StreamsRuntime* before_;
};

[[nodiscard]] bool is_final(State state) { return state == State::not_running || state == State::error; }

/// Whether a state directory is needed. A persistent custom store may use the directory for its own files.
[[nodiscard]] bool has_persistent_stores(const TopologyBuilder& topology, const StreamsConfig& config) {
  return std::ranges::any_of(topology.stores(), [&](const auto& entry) {
    const StoreSpec& spec = definition_of(*entry.second).spec;
    return is_persistent(spec, config) || (spec.kind == StoreKind::custom && spec.persistent);
  });
}

}  // namespace

StreamsRuntime::StreamsRuntime(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker,
                               const Clock& clock)
    : topology_(std::move(topology)), config_(std::move(config)), broker_(std::move(broker)), clock_(clock) {
  // The broker may be given as an object, so bootstrap.servers may be missing.
  config_.validate(/*broker_given=*/true);
  application_id_ = config_.get_string("application.id");
  if (stream_threads(config_, topology_.internal()) == 0 && !GlobalThread::needed(topology_.internal())) {
    throw TopologyException("the topology of '" + application_id_ +
                            "' reads nothing: give it a stream, a table or a global table before it is run");
  }
  if (has_persistent_stores(topology_.internal(), config_)) {
    state_directory_ = std::make_unique<StateDirectory>(config_.get_string("state.dir"), application_id_, clock_);
    warn_of_temporary_state(state_directory_->path(), broker_->address());
    process_id_ = state_directory_->process_id();
  } else {
    // Nothing is kept on disk, so the id need not survive a restart.
    process_id_ = StateDirectory::random_process_id();
  }
  check_clients();
  make_metrics();
}

// Runs before the first request to the broker and before the first internal topic is made. The clients of the embedded
// broker ignore settings that they do not know. So the check is made here, for both brokers.
void StreamsRuntime::check_clients() const {
  ClientNames names = client_names();
  names.thread = 1;
  const ClientConfig common = config_.client_settings("");
  check_client_settings(ClientKind::consumer, common, main_consumer_config(config_, names));
  check_client_settings(ClientKind::consumer, common, restore_consumer_config(config_, names));
  check_client_settings(ClientKind::consumer, common, global_consumer_config(config_, names));
  check_client_settings(ClientKind::producer, common, producer_config(config_, names));
}

void StreamsRuntime::make_metrics() {
  metrics_ = std::make_shared<ClientMetrics>(clock_, configured_metrics(config_), client_names().client_id);
  MetricScope& client = metrics_->scope();
  constexpr auto info = RecordingLevel::info;
  client.constant(info, "application-id", "The application ID of the Kafka Streams client", application_id_);
  client.constant(info, "topology-description", "The description of the topology that is run", topology_.describe());
  // Gauges run on the thread that asks for metrics. They lock mutex_, so nobody may ask for metrics while holding
  // mutex_.
  client.gauge(info, "state", "The state of the Kafka Streams client", [this] { return to_string(state()); });
  client.gauge(info, "alive-stream-threads",
               "The current number of stream threads that are running or participating in a rebalance", [this] {
                 const std::lock_guard lock(mutex_);
                 return static_cast<double>(alive_);
               });
}

StreamsRuntime::~StreamsRuntime() {
  (void)close(Millis(0));
  if (main_thread_.joinable()) main_thread_.join();
}

// --- start

void StreamsRuntime::start() {
  const std::lock_guard one(close_mutex_);
  // Listeners run on this thread, and may call close().
  const Inside inside(*this);
  if (state() != State::created) {
    throw StreamsException("start() was called on an application that was started before: make a new one");
  }
  // All of this may throw. The state is still `created` then, and the caller may try start() again.
  const auto threads = static_cast<int>(stream_threads(config_, topology_.internal()));
  const bool embedded = broker_->address().starts_with("embedded:");
  require_open_files(least_open_files(topology_.internal(), config_, threads, embedded), open_files_limit(),
                     application_id_);
  make_environment();
  warn_of_few_open_files(open_files(*plan_, topology_.internal(), config_, threads, embedded), open_files_limit(),
                         application_id_);
  open_global();
  std::vector<std::unique_ptr<Worker>> workers;
  for (int number = 1; number <= threads; ++number) {
    workers.push_back(std::make_unique<Worker>());
    workers.back()->stream_thread = make_stream_thread(number);
  }
  {
    const std::lock_guard lock(mutex_);
    workers_ = std::move(workers);
    alive_ = workers_.size();
  }
  log(LogLevel::info, application_id_ + ": " + when_results_appear(topology_.internal(), config_));
  // Before the threads start, since their first update_state() must not come from `created`.
  set_state(State::rebalancing);
  for (const auto& worker : workers_) worker->thread = std::thread([this, &worker = *worker] { run(worker); });
  start_global();
  main_thread_ = std::thread([this] { keep_house(); });
}

void StreamsRuntime::make_environment() {
  // The broker may not answer yet at the start, so each request gets the time for connecting.
  admin_ = broker_->make_admin();
  refuse_own_internal_topics(topology_.internal(), application_id_);
  const Millis timeout = config_.get_millis("millrace.connect.timeout.ms");
  try {
    refuse_topics_of_others(topology_.internal(), application_id_, *admin_, std::min(timeout, kCollisionTimeout));
  } catch (const BrokerException& error) {
    // Not an error here: the plan and the stream threads send requests too, and report a broker that does not answer.
    log(LogLevel::info,
        application_id_ + ": cannot check whether its internal topics belong to another application: " + error.what());
  }
  require_topics(topology_.internal(), config_, *admin_, broker_->address(), timeout);
  plan_ = std::make_shared<const TopologyPlan>(
      plan_topology(topology_.internal(), application_id_, config_, *admin_, timeout));
  warn_of_other_settings(*admin_, topology_.internal(), application_id_, config_, timeout);
  environment_.emplace(ThreadEnvironment{
      .task = {.topology = topology_.internal(),
               .application_id = application_id_,
               .config = config_,
               .clock = clock_,
               .errors = make_error_policy(config_, exception_handlers),
               .emit_interval_ms = 1000,
               .default_timestamps = configured_timestamps(config_),
               .state_memory = make_state_memory(config_),
               .metrics = metrics_,
               .serdes = std::make_shared<ConfiguredSerdes>(config_.serde_configs())},
      .broker = *broker_,
      .admin = *admin_,
      .state_directory = state_directory_.get(),
      .restore_progress = restore_listener,
      .plan =
          [this] {
            const std::lock_guard lock(mutex_);
            return plan_;
          },
      .replan =
          [this] {
            const std::lock_guard lock(mutex_);
            replan_ = true;
            changed_.notify_all();
          },
      .committed =
          // Called by all stream threads after their commits.
      [this](const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
        const std::lock_guard lock(mutex_);
        for (const auto& [partition, offset] : offsets) committed_[partition] = offset.offset;
      },
  });
}

// Only opens the stores. The global thread fills them, because filling may take minutes and close() must work
// meanwhile.
void StreamsRuntime::open_global() {
  if (!GlobalThread::needed(topology_.internal())) return;
  const auto directory = state_directory_ ? state_directory_->path() / "global" : std::filesystem::path();
  global_ = std::make_unique<GlobalThread>(environment_->task, *broker_, *admin_,
                                           global_consumer_config(config_, client_names()), directory,
                                           config_.get_millis("millrace.connect.timeout.ms"));
  global_->open();
  global_ready_ = false;
  // Set before the stream threads are made, so they read it without a lock.
  environment_->task.find_global_store = [this](const std::string& name, const std::string& reader) {
    return global_->stores().find(name, reader);
  };
  environment_->task.rebuild_global_stores = [this](const std::filesystem::path& directory) {
    return global_->rebuild(directory);
  };
}

void StreamsRuntime::start_global() {
  if (!global_) return;
  global_->start({.ready =
                      [this] {
                        {
                          const std::lock_guard lock(mutex_);
                          global_ready_ = true;
                          changed_.notify_all();
                        }
                        // A topology with only global tables has no stream thread that could report `running`.
                        update_state();
                      },
                  .failed =
                      [this](const std::exception& error) {
                        log(LogLevel::error, application_id_ + ": global stores: " + error.what());
                        fail(error.what());
                      }});
}

ClientNames StreamsRuntime::client_names() const {
  ClientNames names;
  names.application_id = application_id_;
  names.process_id = process_id_;
  names.client_id = config_.get_string("client.id");
  // As in Kafka Streams. The process id makes the names of two instances different.
  if (names.client_id.empty()) names.client_id = application_id_ + "-" + process_id_;
  return names;
}

std::unique_ptr<StreamThread> StreamsRuntime::make_stream_thread(int number) {
  ClientNames names = client_names();
  names.thread = number;
  return std::make_unique<StreamThread>(*environment_, std::move(names));
}

// --- stream threads

void StreamsRuntime::run(Worker& worker) {
  const Inside inside(*this);
  wait_for_global();
  bool go_on = true;
  // handle_failure() may have put another StreamThread into `worker`, so each pass reads the pointer again.
  while (go_on && !stopping()) {
    try {
      worker.stream_thread->run_once();
      update_state();
    } catch (const std::exception& error) {
      go_on = handle_failure(worker, error);
    } catch (...) {
      // Code of the user may throw anything. The handler takes a std::exception.
      go_on = handle_failure(worker, StreamsException(current_error()));
    }
  }
  // Does nothing if the thread was already closed after a failure.
  const bool clean = worker.stream_thread->close_cleanly();
  update_state();
  const std::lock_guard lock(mutex_);
  clean_ = clean_ && clean;
  --alive_;
  changed_.notify_all();
}

// The thread waits before it joins the group, for two reasons. A join with a global table must find the records that
// the topic has already. And a member that waits without polling would lose its partitions.
void StreamsRuntime::wait_for_global() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return global_ready_ || stop_; });
}

bool StreamsRuntime::handle_failure(Worker& worker, const std::exception& error) {
  const std::string name = worker.stream_thread->names().thread_name();
  log(failure_level(name, error.what()), name + ": " + error.what());
  // Before the handler is asked: the handler may take its time, and the group should give the partitions away
  // meanwhile.
  worker.stream_thread->close_dirty();
  metrics_->failed_threads.add();
  if (ask_handler(error) == Streams::ExceptionResponse::replace_thread) {
    try {
      replace(worker);
      return true;
    } catch (const std::exception& second) {
      log(LogLevel::error, name + " cannot be replaced: " + second.what());
    }
  }
  fail(error.what());
  return false;
}

LogLevel StreamsRuntime::failure_level(const std::string& thread, const std::string& error) {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.monotonic_ms();
  if (error == logged_.error && thread != logged_.thread && now - logged_.at < kSameFailure.count()) {
    return LogLevel::debug;
  }
  logged_ = {thread, error, now};
  return stop_ ? LogLevel::warn : LogLevel::error;
}

Streams::ExceptionResponse StreamsRuntime::ask_handler(const std::exception& error) const {
  if (!exception_handler) return Streams::ExceptionResponse::shutdown_client;
  try {
    return exception_handler(error);
  } catch (...) {
    log(LogLevel::error, application_id_ + ": the uncaught exception handler failed: " + current_error());
  }
  return Streams::ExceptionResponse::shutdown_client;
}

void StreamsRuntime::replace(Worker& worker) {
  // The first replacement is immediate. A thread that keeps failing gets growing pauses, so that it does not flood the
  // broker and the group with requests.
  if (clock_.monotonic_ms() - worker.replaced_at > FailureStreak::kCalm.count()) worker.replace_pause = Millis(0);
  {
    std::unique_lock lock(mutex_);
    // Closing the application ends the pause.
    changed_.wait_for(lock, worker.replace_pause, [this] { return stop_; });
    if (stop_) return;
  }
  // Outside of the lock: making clients takes time and may throw.
  auto thread = make_stream_thread(worker.stream_thread->names().thread);
  {
    const std::lock_guard lock(mutex_);
    std::swap(worker.stream_thread, thread);
    // request_stop() may have run after the check above and before the swap. It has told only the old thread.
    if (stop_) worker.stream_thread->end_by(stop_deadline_);
  }
  // `thread` now holds the failed StreamThread and destroys it, outside of the lock.
  worker.replace_pause = std::clamp(2 * worker.replace_pause, FailureStreak::kFirstPause, FailureStreak::kLongestPause);
  worker.replaced_at = clock_.monotonic_ms();
}

void StreamsRuntime::fail(const std::string& error) {
  {
    const std::lock_guard lock(mutex_);
    // An error while the application is being closed is only a consequence of closing.
    if (!stop_ && error_.empty()) error_ = error;
  }
  // Has no effect if the application is already closing, see set_state().
  set_state(State::pending_error);
  request_stop(SteadyClock::now() + kStopTimeout);
}

// --- end

void StreamsRuntime::request_stop(SteadyClock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  // A second close() with a longer timeout must not extend the first deadline.
  stop_deadline_ = std::min(stop_deadline_, deadline);
  if (global_) global_->request_stop();
  for (const auto& worker : workers_) {
    // Both are needed: end_by() limits waits for the broker, wakeup() ends a poll or a round that is under way.
    worker->stream_thread->end_by(stop_deadline_);
    worker->stream_thread->wakeup();
  }
  changed_.notify_all();
}

bool StreamsRuntime::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

bool StreamsRuntime::close(Millis timeout) {
  if (thread_of == this) {
    // Called from a listener or handler. Waiting here would wait for itself. So this only requests the end. The threads
    // end as soon as the listener returns.
    set_state(State::pending_shutdown);
    request_stop(SteadyClock::now() + std::max(timeout, kStopTimeout));
    return false;
  }
  const std::lock_guard one(close_mutex_);
  // start() was never called or it threw, so there is no thread to stop. A listener may have called close() meanwhile.
  if (!main_thread_.joinable() && !is_final(state())) {
    set_state(State::pending_shutdown);
    finish();
    return true;
  }
  if (!is_final(state())) {
    set_state(State::pending_shutdown);
    request_stop(SteadyClock::now() + timeout);
  }
  {
    std::unique_lock lock(mutex_);
    // The threads go on ending in the background after a timeout. A later close() can wait for them again.
    if (!changed_.wait_for(lock, timeout, [this] { return is_final(state_); })) return false;
  }
  // The final state is set, so the main thread is at its end.
  if (main_thread_.joinable()) main_thread_.join();
  return true;
}

bool StreamsRuntime::closed_cleanly() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::not_running && clean_;
}

bool StreamsRuntime::wait_for(Millis timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return is_final(state_); });
}

void StreamsRuntime::keep_house() {
  const Inside inside(*this);
  // The lambdas lock mutex_, so run_due() must be called without it.
  Housekeeping house(
      *environment_, [this] { return committed_offsets(); },
      [this](std::shared_ptr<const TopologyPlan> fresh) {
        const std::lock_guard lock(mutex_);
        plan_ = std::move(fresh);
      });
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kHousekeepingInterval, [this] { return stop_; })) {
    const bool replan = std::exchange(replan_, false);
    lock.unlock();
    // Samples of rates need a regular observer, even if nobody reads the metrics.
    metrics_->registry.look();
    try {
      house.run_due(clock_.monotonic_ms(), replan);
    } catch (const TopologyException& error) {
      log(LogLevel::error, application_id_ + ": " + error.what());
      fail(error.what());
    }
    lock.lock();
  }
  // Workers may still be inside user code. There is no time limit here, because they use objects that finish()
  // destroys.
  changed_.wait(lock, [this] { return alive_ == 0; });
  lock.unlock();
  finish();
}

void StreamsRuntime::finish() {
  for (const auto& worker : workers_) worker->thread.join();
  // Under the lock only the vector is emptied, for readers such as wanted_state(). Destroying the stream threads takes
  // longer and happens outside.
  std::vector<std::unique_ptr<Worker>> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::exchange(workers_, {});
  }
  ended.clear();
  // The order matters. The global thread uses the admin client and the state directory. The state directory comes last,
  // so that another process gets its lock only when no database is open.
  std::unique_ptr<GlobalThread> global;
  {
    const std::lock_guard lock(mutex_);
    global = std::move(global_);
  }
  global.reset();
  // Before the final state is set: a caller of close() may expect that the serdes are closed. No thread uses them now.
  if (environment_) environment_->task.serdes->close();
  admin_.reset();
  state_directory_.reset();
  set_state(state() == State::pending_error ? State::error : State::not_running);
}

// --- state

void StreamsRuntime::set_state(State next) {
  const std::lock_guard one(listener_mutex_);
  State before;
  {
    const std::lock_guard lock(mutex_);
    before = state_;
    // Two threads may ask for the same change. Only the first one calls the listener.
    if (before == next || is_final(before)) return;
    // Once the application is ending, only the matching final state may follow. Late reports of workers have no effect.
    if (before == State::pending_shutdown && next != State::not_running) return;
    if (before == State::pending_error && next != State::error) return;
    state_ = next;
    // For a final state, waiters are woken after the listener below. So close() and wait_for() normally return when the
    // listener has seen the end. A waiter that wakes up for another reason may return earlier.
    if (!is_final(next)) changed_.notify_all();
  }
  log(LogLevel::info, application_id_ + ": " + to_string(before) + " -> " + to_string(next));
  // Without mutex_: the listener may call any method of Streams.
  notify(next, before);
  changed_.notify_all();
}

void StreamsRuntime::notify(State now, State before) const {
  if (!state_listener) return;
  // The thread may be the user's, in close(), or the one that reads global tables.
  const Inside inside(*this);
  try {
    state_listener(now, before);
  } catch (...) {
    log(LogLevel::error, application_id_ + ": the state listener failed: " + current_error());
  }
}

State StreamsRuntime::wanted_state() const {
  // Before the start and during the end, the stream threads do not decide.
  if (state_ != State::running && state_ != State::rebalancing) return state_;
  if (!global_ready_) return State::rebalancing;
  // A closed thread has no tasks any more. It must not keep the application in REBALANCING.
  const bool settled = std::ranges::all_of(workers_, [](const auto& worker) {
    const auto state = worker->stream_thread->state();
    return state == StreamThread::State::running || state == StreamThread::State::closed;
  });
  return settled ? State::running : State::rebalancing;
}

void StreamsRuntime::update_state() {
  {
    const std::lock_guard lock(mutex_);
    // Called after every round, so the common case takes only this short lock.
    if (wanted_state() == state_) return;
  }
  const std::lock_guard one(listener_mutex_);
  State next;
  {
    const std::lock_guard lock(mutex_);
    // Computed again under listener_mutex_: another thread may have changed its state meanwhile, and the last report
    // must win.
    next = wanted_state();
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
  Streams::Counters counters;
  counters.processed_records = metrics_->processed.value();
  counters.restored_records = metrics_->restored.value();
  counters.commits = metrics_->commits.value();
  for (const DropReason reason : kDropReasons) {
    const std::uint64_t dropped = metrics_->dropped(reason).value();
    counters.dropped_records += dropped;
    if (dropped > 0) counters.dropped_by_reason.emplace(reason, dropped);
  }
  return counters;
}

std::map<TopicPartition, std::int64_t> StreamsRuntime::committed_offsets() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

}  // namespace millrace::detail
