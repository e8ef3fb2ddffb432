#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "runtime/task/error_policy.hpp"
#include "runtime/task/task_output.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// Writes what the tasks of one thread produce, through the thread's producer. Under exactly-once a transaction begins
/// with the first record after a commit. (Kafka Streams: `RecordCollectorImpl` with `StreamsProducer`.)
///
/// Failures of records come later than send(): the next call throws them. A record that the broker refuses is the
/// production handler's to decide on; if it says fail, that is a TaskFailure. What concerns the producer as a whole
/// (fenced, broker out of reach) is thrown as the BrokerException that it is.
///
/// A broker refuses whole batches: because one record in it is too large, or because they are too large together.
/// (Java's producer splits such a batch, librdkafka does not.) Nobody can say then which record is to blame, so a
/// refused batch is a retriable failure, and what is sent again is sent one record at a time.
class ProducerOutput final : public TaskOutput, private DeliveryListener {
 public:
  enum class Batches { allowed, one_record_each };

  ProducerOutput(Broker& broker, ClientConfig config, bool exactly_once, const ErrorPolicy& errors,
                 ThreadMetrics& metrics, Batches batches = Batches::allowed, const Clock& clock = Clock::system());
  ~ProducerOutput() override;

  /// Before anything else; does its work once. Exactly-once only: fences predecessors with the same transactional.id.
  void initialize(const Patience& patience);
  [[nodiscard]] bool initialized() const { return initialized_; }

  // --- TaskOutput
  void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
            Timestamp timestamp, const Headers& headers, Sender sender) override;
  [[nodiscard]] std::int32_t partitions_for(std::string_view topic) override;
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog) override;
  void close_changelog(std::uint64_t token) override;
  void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override;
  [[nodiscard]] std::optional<Offset> confirmed_offset(std::uint64_t token) const override;

  /// Serves delivery reports; throws what failed.
  void poll();

  /// Sent since the last commit.
  [[nodiscard]] bool dirty() const { return dirty_; }

  /// When the open transaction began, as Clock::monotonic_ms(); nullopt: none is open.
  [[nodiscard]] std::optional<Timestamp> transaction_since() const { return transaction_since_; }

  /// Waits until everything is confirmed; throws if anything failed. At-least-once only.
  void flush(const Patience& patience);

  /// Makes the records and these offsets visible together. Exactly-once only.
  void commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                          const ConsumerGroupMetadata& group, const Patience& patience);

  /// The last call: ends an open transaction without a trace, so that what was sent counts as never sent. At least
  /// once, brings on its way what was sent. Best effort.
  void abandon(Millis timeout);

  [[nodiscard]] Batches batches() const { return batches_; }
  /// A batch was refused: what comes next must be sent one record at a time.
  [[nodiscard]] bool batch_refused() const { return batch_refused_; }

 private:
  struct Changelog {
    TopicPartition partition;
    std::optional<Offset> next_offset;
  };

  /// What an error handler is to know of a record that is on its way, with all that the context refers to.
  struct Origin {
    Origin(const ErrorContext& from, const ProducerRecord& record);
    [[nodiscard]] ErrorContext context() const;

    ErrorContext plain;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::optional<Headers> headers;
    std::optional<std::string> output_key;
    std::optional<std::string> output_value;
    std::optional<Headers> output_headers;
  };

  void on_delivery(const Delivery& delivery) override;
  void refused(const Delivery& delivery);
  void count_dropped(const ErrorContext& context);
  [[nodiscard]] ErrorContext context() const;
  /// What is known of a record; nothing if others were sent after it, in a batch with it.
  [[nodiscard]] ErrorContext context_of(std::uint64_t token) const;
  /// Writes the dead letters that became due; whether there were any.
  bool send_dead_letters();
  void begin_if_needed();
  void send_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets, const ConsumerGroupMetadata& group,
                    const Patience& patience);
  void produce(const ProducerRecord& record, std::uint64_t token);
  void rethrow_failure();

  bool exactly_once_;
  const ErrorPolicy& errors_;
  ThreadMetrics& metrics_;
  const Clock& clock_;
  Batches batches_;
  std::shared_ptr<Producer> producer_;  ///< null: left behind, because it did not come back
  std::vector<Changelog> changelogs_;   ///< token - 1 is the index
  bool initialized_ = false;
  std::optional<Timestamp> transaction_since_;
  bool abandoning_ = false;
  /// The record that is being sent right now (null: none), its token and who sends it.
  const ProducerRecord* current_record_ = nullptr;
  std::uint64_t current_ = 0;
  Sender sender_;
  std::uint64_t last_token_ = 0;
  /// Of the records under way, by token. Only when records are sent one by one: of a batch nobody knows who is to
  /// blame.
  std::map<std::uint64_t, Origin> origins_;
  /// Cannot be written where a delivery is reported, since that is inside of a call of the producer.
  std::vector<DeadLetter> dead_letters_;
  bool batch_refused_ = false;
  bool dirty_ = false;
  std::exception_ptr failure_;
  std::optional<std::string> skipped_in_transaction_;
};

}  // namespace millrace::detail
