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

#include "broker/kafka/client_config.hpp"
#include "broker/kafka/rdkafka_handles.hpp"
#include "millrace/broker/broker.hpp"

namespace millrace::detail::kafka {

/// A moment until which a call keeps trying.
class Deadline {
 public:
  explicit Deadline(Millis timeout) : at_(std::chrono::steady_clock::now() + timeout) {}
  /// Milliseconds left for a librdkafka call, never negative.
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] bool passed() const { return left_ms() == 0; }

 private:
  std::chrono::steady_clock::time_point at_;
};

/// One librdkafka instance with its log, its errors and the questions that every kind of client may ask.
/// Base of the consumer, the producer and the admin client.
class KafkaClient {
 public:
  KafkaClient(ClientKind kind, std::string address, PreparedConfig config,
              const std::function<void(rd_kafka_conf_t*)>& setup);
  /// Ends librdkafka's threads. If records that a consumer returned are still alive, librdkafka waits for them: then it
  /// goes on in the background, so that who holds them is not locked out.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  /// Instead of destroying a client that librdkafka cannot destroy in its present state: it stays until the process
  /// ends, and says nothing any more.
  static void leave_behind(std::unique_ptr<KafkaClient> client);

  [[nodiscard]] rd_kafka_t* handle() const { return handle_; }
  [[nodiscard]] Millis api_timeout() const { return api_timeout_; }

  /// Throws what became of `doing` ("creating topic 'x'"). `detail`: more than the code's own text, may be empty.
  [[noreturn]] void fail(rd_kafka_resp_err_t code, const std::string& doing, std::string_view detail = {}) const;
  [[noreturn]] void fail(const rd_kafka_error_t& error, const std::string& doing) const;
  [[nodiscard]] BrokerException error(BrokerException::Severity severity, rd_kafka_resp_err_t code,
                                      const std::string& doing, std::string_view detail = {}) const;

  /// Metadata of one topic, or of all of them if `topic` is null.
  [[nodiscard]] MetadataPtr metadata(const char* topic, Deadline deadline, const std::string& doing) const;

  [[nodiscard]] Watermarks watermarks(const TopicPartition& partition, Millis timeout) const;

  /// Runs one request of librdkafka's admin API: `send` gets the options and the queue for its answer.
  [[nodiscard]] EventPtr admin_request(
      rd_kafka_admin_op_t operation, Deadline deadline, const std::string& doing,
      const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const;
  /// The same, with whatever comes back: null after `patience`. `timeout`: after which librdkafka gives the request up.
  [[nodiscard]] EventPtr unchecked_admin_request(
      rd_kafka_admin_op_t operation, Millis timeout, Millis patience,
      const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) const;

  /// For callbacks that run inside librdkafka calls: keeps what `body` throws until rethrow().
  template <class Body>
  void guard(Body&& body) noexcept {
    try {
      body();
    } catch (...) {
      if (!caught_) caught_ = std::current_exception();
    }
  }
  /// Throws what a callback threw.
  void rethrow();

  /// The consumer or producer whose callbacks run on this client.
  void set_owner(void* owner) { shared_->owner = owner; }
  /// The owner, in a callback of librdkafka: `opaque` is what it passes.
  template <class Owner>
  static Owner& owner(void* opaque) {
    return *static_cast<Owner*>(static_cast<Shared*>(opaque)->owner);
  }

 private:
  /// What librdkafka's threads write to. Lives as long as they do, see the destructor.
  struct Shared {
    std::string address;
    KafkaClient* client = nullptr;
    void* owner = nullptr;
    std::mutex mutex;
    std::string last_connection_error;
    std::atomic<bool> silent = false;  // what becomes of a client that was left behind is nobody's concern
  };
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* shared);
  /// Nobody polls an admin client: its errors are served when it is used.
  void serve_admin_events() const;
  void note_error(rd_kafka_resp_err_t code, const char* reason);
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  ClientKind kind_;
  Millis api_timeout_;
  std::shared_ptr<Shared> shared_;
  rd_kafka_t* handle_ = nullptr;
  std::exception_ptr caught_;
};

}  // namespace millrace::detail::kafka
