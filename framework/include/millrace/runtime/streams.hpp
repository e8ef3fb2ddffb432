// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/metrics/drop_reason.hpp"
#include "millrace/metrics/metric.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/runtime/error_handlers.hpp"

namespace millrace {

namespace detail {
class StreamsRuntime;
}

/// A running application: stream threads that run a topology on a broker. (Kafka Streams: `KafkaStreams`.)
///
///     Streams streams(topology, config);
///     streams.start();
///     ... streams.wait_for(timeout); or streams.close();
///
/// An object is started once. To start again, make a new one.
///
/// Threads  all methods are thread-safe, but the set_ methods must be called before start()
/// Errors   what a stream thread throws goes to the uncaught exception handler, and error() returns its text
class Streams {
 public:
  /// (Kafka Streams: `KafkaStreams.State`.)
  ///
  ///     created -> rebalancing <-> running -> pending_shutdown -> not_running
  ///                     |             |
  ///                     +-------------+-----> pending_error ----> error
  ///
  /// close() before start() leads from `created` to `pending_shutdown`.
  enum class State {
    created,           ///< start() was not called, or it threw
    rebalancing,       ///< filling global stores, joining the group, or restoring state
    running,           ///< all tasks of all stream threads process records
    pending_shutdown,  ///< close() was called; threads are ending
    not_running,       ///< final: closed without an error
    pending_error,     ///< a thread has failed; the others are ending
    error,             ///< final: error() says why
  };

  /// What follows when an exception has ended a stream thread. (Kafka Streams: `StreamThreadExceptionResponse`.)
  enum class ExceptionResponse {
    /// A new stream thread takes its place. Repeated failures lead to growing pauses, up to 5 s.
    replace_thread,
    /// The application ends in State::error.
    shutdown_client,
  };

  /// Uses the broker that `bootstrap.servers` names: host:port, or embedded:DIR. Sends nothing yet.
  ///
  /// Throws ConfigException, TopologyException (the topology reads nothing), LockException (another process uses this
  /// state directory).
  Streams(Topology topology, const StreamsConfig& config);
  /// Uses this broker; `bootstrap.servers` may be missing. Intervals and wall-clock punctuations follow `clock`, which
  /// must outlive the object.
  Streams(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker,
          const Clock& clock = Clock::system());
  /// Calls close(), then waits until all threads have ended. A processor that never returns blocks it.
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Called for every change of state, one call at a time, on the thread that causes the change. Its exceptions are
  /// logged and ignored. It must return soon, because the thread waits for it, and must not call start(). It may call
  /// close(), which then asks for the end and returns false at once.
  using StateListener = std::function<void(State now, State before)>;
  void set_state_listener(StateListener listener);

  /// Called with the exception that ended a stream thread, on that thread. Without a handler the answer is
  /// shutdown_client.
  using UncaughtExceptionHandler = std::function<ExceptionResponse(const std::exception&)>;
  void set_uncaught_exception_handler(UncaughtExceptionHandler handler);

  /// Replaces the handlers for single records that the configuration names.
  void set_exception_handlers(ExceptionHandlers handlers);

  /// Called after each batch of a store's restore, on the stream thread. `restored` of `total` records are done; both
  /// are counted in offsets of the changelog. Both are equal in the last call. A store that is up to date gets no call.
  /// (Kafka Streams: `StateRestoreListener`.)
  using RestoreListener = std::function<void(const std::string& store, std::int64_t restored, std::int64_t total)>;
  void set_restore_listener(RestoreListener listener);

  /// Checks the topics, creates the internal topics, opens the global stores, and starts the threads. Returns when the
  /// threads run, before they have joined the group. The stream threads join the group when the global stores are
  /// filled up to the ends that their topics had at the start. Until then the state is `rebalancing`.
  ///
  /// Throws TopologyException (a topic is missing, joined topics have different numbers of partitions),
  /// BrokerException (no answer within `millrace.connect.timeout.ms`), StreamsException (already started).
  void start();

  /// Ends the application: commits, leaves the group, stops the threads, releases the state directory. Waits up to
  /// `timeout`. Returns false if the end takes longer; the threads go on ending then, and another close() may wait
  /// again. May be called repeatedly. In a listener, handler or processor it only requests the end and returns false.
  bool close(Millis timeout = Millis(60'000));

  /// Whether the application has ended in `not_running` with all its work committed. False while it has not ended,
  /// after an error, and if the last commit of a thread failed at the end: then the next start repeats the work since
  /// the last commit. A warning in the log says why. Work that other members repeat, because the group has given them
  /// the partitions, does not count. (Kafka Streams does not tell.)
  [[nodiscard]] bool closed_cleanly() const;

  /// Waits until the application has ended, by close() or by an error. Returns false after `timeout`.
  bool wait_for(Millis timeout);

  [[nodiscard]] State state() const;
  /// The text of the exception that led to State::error; otherwise empty.
  [[nodiscard]] std::string error() const;

  /// Totals since the start, including threads that have ended. metrics() contains them too.
  struct Counters {
    std::uint64_t processed_records = 0;                    ///< records taken from input topics, including dropped ones
    std::uint64_t dropped_records = 0;                      ///< for example late records, null keys, failed records
    std::map<DropReason, std::uint64_t> dropped_by_reason;  ///< only reasons that occurred
    std::uint64_t restored_records = 0;                     ///< records read from changelogs
    std::uint64_t commits = 0;                              ///< of all threads together
  };
  [[nodiscard]] Counters counters() const;

  /// The present values of all metrics, under Kafka Streams' names: of the application, its threads, tasks, nodes,
  /// topics and stores. docs/metrics.md lists them. `metrics.recording.level` decides how detailed they are. The
  /// metrics of a thread or task disappear when it ends.
  ///
  /// Cheap enough for one call per second. The threads that process records do not wait for it. (Kafka Streams:
  /// `KafkaStreams#metrics`.)
  [[nodiscard]] Metrics metrics() const;

  /// The offsets that the tasks of this instance committed last, by input partition. An offset is the one of the next
  /// record to read. Internal topics are included. Partitions that moved to another instance keep their last value.
  [[nodiscard]] std::map<TopicPartition, std::int64_t> committed_offsets() const;

 private:
  std::shared_ptr<detail::StreamsRuntime> runtime_;
};

/// The state as Kafka Streams prints it: `RUNNING`, `REBALANCING` and so on.
[[nodiscard]] const char* to_string(Streams::State state);

}  // namespace millrace
