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

/// A running application: stream threads that carry out a topology on a broker. (Kafka Streams: `KafkaStreams`.)
///
///     Streams streams(topology, config);
///     streams.start();
///     ... streams.wait_for(timeout); or streams.close();
///
/// The destructor closes. Threads: all members may be called from any thread, except that listeners and handlers are
/// set before start().
class Streams {
 public:
  ///     created -> rebalancing <-> running -> pending_shutdown -> not_running
  ///                     |             |
  ///                     +-------------+-----> pending_error ----> error
  enum class State {
    created,
    rebalancing,  ///< joining the group, restoring state
    running,
    pending_shutdown,
    not_running,
    pending_error,
    error,  ///< a stream thread failed for good
  };

  /// What happens to a stream thread's exception. (Kafka Streams: `StreamThreadExceptionResponse`.)
  enum class ExceptionResponse {
    replace_thread,
    shutdown_client,
  };

  /// Uses the broker that `bootstrap.servers` names.
  /// Throws ConfigException, TopologyException, LockException (another process runs in this state directory).
  Streams(Topology topology, const StreamsConfig& config);
  Streams(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker,
          const Clock& clock = Clock::system());
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Called on every change, from the thread that makes it.
  using StateListener = std::function<void(State now, State before)>;
  void set_state_listener(StateListener listener);

  /// Default: shutdown_client. Gets the exception that ended a stream thread.
  using UncaughtExceptionHandler = std::function<ExceptionResponse(const std::exception&)>;
  void set_uncaught_exception_handler(UncaughtExceptionHandler handler);

  void set_exception_handlers(ExceptionHandlers handlers);

  /// Told about each store that is restored: `restored` of `total` records so far; the last call has both equal.
  using RestoreListener = std::function<void(const std::string& store, std::int64_t restored, std::int64_t total)>;
  void set_restore_listener(RestoreListener listener);

  /// Checks the topics (source topics exist, joined ones have equal partition counts; throws TopologyException),
  /// creates the internal ones, and starts the threads.
  void start();

  /// Commits, leaves the group, stops the threads, releases the state directory. Returns false if that took longer
  /// than `timeout`. Idempotent.
  bool close(Millis timeout = Millis(60'000));

  /// Waits until the application has stopped by itself or by close(); false after `timeout`.
  bool wait_for(Millis timeout);

  [[nodiscard]] State state() const;
  /// The text of the exception that led to State::error, else empty.
  [[nodiscard]] std::string error() const;

  /// Totals since the start, of all threads, those included that have ended. They are among metrics(), too.
  struct Counters {
    std::uint64_t processed_records = 0;
    std::uint64_t dropped_records = 0;                      ///< late, null key..., failed and skipped
    std::map<DropReason, std::uint64_t> dropped_by_reason;  ///< those for which there were any
    std::uint64_t restored_records = 0;
    std::uint64_t commits = 0;
  };
  [[nodiscard]] Counters counters() const;

  /// The metrics of the application, its threads, tasks, nodes, topics and stores, by Kafka Streams' names, as they are
  /// now; docs/metrics.md lists them. How much detail there is, is up to `metrics.recording.level`. Those of a thread
  /// or task end with it. Cheap enough for once a second, and without effect on the threads that process records.
  /// (Kafka Streams: `KafkaStreams#metrics`.)
  [[nodiscard]] Metrics metrics() const;

  /// Offsets that the tasks of this instance committed last, by input partition (internal topics included).
  [[nodiscard]] std::map<TopicPartition, std::int64_t> committed_offsets() const;

 private:
  std::shared_ptr<detail::StreamsRuntime> runtime_;
};

/// `RUNNING`, `REBALANCING`..., as Kafka Streams prints states.
[[nodiscard]] const char* to_string(Streams::State state);

}  // namespace millrace
