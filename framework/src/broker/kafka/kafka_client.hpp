// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/kafka/client_config.hpp"
#include "broker/kafka/coordinator_answer.hpp"
#include "broker/kafka/kafka_log.hpp"
#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/broker.hpp"

namespace millrace::detail::kafka {

/// The time at which a call stops retrying. Uses the monotonic clock.
class Deadline {
 public:
  explicit Deadline(Millis timeout) : at_(std::chrono::steady_clock::now() + timeout) {}
  /// Milliseconds that are left, as librdkafka calls want them: at least 0, at most 1e9, rounded up.
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] bool passed() const { return left_ms() == 0; }

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Owns one librdkafka instance: the handle, its log, its errors, and the requests that every kind of client can send.
/// KafkaConsumer, KafkaProducer and KafkaAdmin each own a KafkaClient.
///
/// Threads: the requests are thread-safe. guard() and rethrow() belong to the one thread that uses the consumer or
/// producer. librdkafka's own threads call on_log(). on_error() runs inside the call that serves the client's events.
class KafkaClient {
 public:
  /// Creates the instance. Does not wait for a connection. `setup` may add callbacks to the configuration. Throws
  /// ConfigException if librdkafka rejects the settings as a whole.
  KafkaClient(ClientKind kind, std::string address, PreparedConfig config,
              const std::function<void(rd_kafka_conf_t*)>& setup);
  /// Ends librdkafka's threads. Records that a consumer returned keep the librdkafka instance busy: librdkafka waits
  /// until they are freed. The destructor waits for at most 200 ms. After that time, a background thread finishes the
  /// work. So the thread that holds the records can go on and free them.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  /// Gives up a client that librdkafka cannot destroy safely in its present state. The client stays in memory until the
  /// process ends and logs nothing any more.
  static void leave_behind(std::unique_ptr<KafkaClient> client);

  [[nodiscard]] rd_kafka_t* handle() const { return handle_; }
  [[nodiscard]] Millis api_timeout() const { return api_timeout_; }

  /// Throws a BrokerException for a failed action. `doing` names the action, for example "creating topic 'x'". `detail`
  /// adds to the text of the code and may be empty. The severity follows from the code or from librdkafka's error
  /// object. If a topic or partition does not exist, the exception is an UnknownTopicOrPartitionException.
  [[noreturn]] void fail(rd_kafka_resp_err_t code, const std::string& doing, std::string_view detail = {}) const;
  [[noreturn]] void fail(const rd_kafka_error_t& error, const std::string& doing) const;
  /// The same exception, returned and with a chosen severity. The text names the address, the action, the cause and a
  /// remedy.
  [[nodiscard]] BrokerException error(BrokerException::Severity severity, rd_kafka_resp_err_t code,
                                      const std::string& doing, std::string_view detail = {}) const;

  /// The last answer of a broker about this client's coordinator. Its text is empty if there was no answer yet. From
  /// any thread.
  [[nodiscard]] CoordinatorAnswer coordinator() const;
  /// The partitions whose offset librdkafka has reset (auto.offset.reset) since the last call. From any thread.
  [[nodiscard]] std::vector<OffsetReset> take_offset_resets();
  /// Why the last failed connection broke or could not be opened. Empty: no connection has failed.
  [[nodiscard]] std::string last_connection_error() const;

  /// Metadata of one topic, or of all topics if `topic` is null. Never null. Retries until the deadline, then throws. A
  /// missing topic is no failure of the request: the topic's entry carries the error code.
  [[nodiscard]] MetadataPtr metadata(const char* topic, Deadline deadline, const std::string& doing) const;

  /// Whether a broker knows the partition now. For answers "unknown topic" that may be outdated: a broker that starts
  /// or shuts down gives that answer for topics that exist, and librdkafka 2.0.2 repeats it for up to
  /// metadata.max.age.ms without asking again. This call also replaces librdkafka's stored answer. Throws if no broker
  /// answers before the deadline.
  [[nodiscard]] bool exists(const TopicPartition& partition, Deadline deadline) const;

  /// First and next offset of a partition, asked from the partition's leader. Retries until `timeout`, then throws.
  [[nodiscard]] Watermarks watermarks(const TopicPartition& partition, Millis timeout) const;

  /// Sends one request of librdkafka's admin API and returns the answer. `send` gets the options and the queue for the
  /// answer. Throws if there is no answer before the deadline or if the request as a whole failed. Errors of single
  /// topics are in the answer.
  [[nodiscard]] EventPtr admin_request(
      rd_kafka_admin_op_t operation, Deadline deadline, const std::string& doing,
      const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const;
  /// Like admin_request(), but returns any answer unchecked. Waits for `patience`; the result is null if no answer
  /// came. `timeout` is the time after which librdkafka itself cancels the request.
  [[nodiscard]] EventPtr unchecked_admin_request(
      rd_kafka_admin_op_t operation, Millis timeout, Millis patience,
      const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const;

  /// Runs `body` inside a callback of librdkafka. An exception must not pass through C code, so the first one is stored
  /// until rethrow().
  template <class Body>
  void guard(Body&& body) noexcept {
    try {
      body();
    } catch (...) {
      if (!caught_) caught_ = std::current_exception();
    }
  }
  /// Throws the exception that guard() stored, once. Call this after each librdkafka call that can run callbacks.
  void rethrow();

  /// Sets the consumer or producer whose callbacks run on this client. The pointer is not owned.
  void set_owner(void* owner) { shared_->owner = owner; }
  /// The owner, for use in a callback of librdkafka. `opaque` is the pointer that librdkafka passes to the callback.
  template <class Owner>
  static Owner& owner(void* opaque) {
    return *static_cast<Owner*>(static_cast<Shared*>(opaque)->owner);
  }

 private:
  /// The data that librdkafka's threads access. These threads may outlive the KafkaClient (see the destructor), so the
  /// data is shared with the thread that destroys the instance.
  struct Shared {
    std::string address;
    KafkaClient* client = nullptr;  // not owned
    void* owner = nullptr;          // not owned; set by set_owner()
    std::mutex mutex;               // guards the three members below
    std::string last_connection_error;
    CoordinatorAnswer coordinator;
    std::vector<OffsetReset> offset_resets;
    std::atomic<bool> was_reset = false;  // offset_resets is not empty
    std::atomic<bool> silent = false;     // after leave_behind(): log nothing
  };
  /// Callback of librdkafka for errors that belong to no call.
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* shared);
  /// Runs the pending callbacks of an admin client. Nobody polls an admin client, so each request does this first.
  void serve_admin_events() const;
  /// Logs such an error, or stores it for rethrow().
  void note_error(rd_kafka_resp_err_t code, const char* reason);
  /// Callback of librdkafka for its log lines. May run on any of librdkafka's threads.
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  ClientKind kind_;
  Millis api_timeout_;
  std::shared_ptr<Shared> shared_;
  rd_kafka_t* handle_ = nullptr;
  std::exception_ptr caught_;  // see guard()
};

}  // namespace millrace::detail::kafka
