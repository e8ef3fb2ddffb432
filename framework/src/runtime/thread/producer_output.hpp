// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/common/detail/function_ref.hpp"
#include "runtime/task/error_policy.hpp"
#include "runtime/task/task_output.hpp"
#include "runtime/thread/leavable_producer.hpp"
#include "runtime/thread/patience.hpp"
#include "runtime/thread/refused_record.hpp"
#include "runtime/thread/thread_metrics.hpp"

namespace millrace::detail {

/// Writes the records of all tasks of one thread, through the thread's producer. Under exactly-once, a transaction
/// begins with the first record after a commit. (Kafka Streams: `RecordCollectorImpl` with `StreamsProducer`.)
///
/// Errors   The broker's answer comes after send(). So a failure is thrown by the next call. If the broker refuses a
///          record, the production handler decides; if it decides to fail, that is a TaskFailure. A failure of the
///          whole producer (fenced, broker out of reach) is thrown as the BrokerException that it is. After a failure,
///          the object must be replaced by a new one.
///
/// Batches  A broker refuses whole batches, because one record in it is too large or because all of them together are.
///          (Java's producer splits such a batch, librdkafka does not.) It is not known then which record is the cause.
///          So a refused batch is a retriable failure. The tasks start again from their last commit, and send the
///          records one by one.
///
/// Threads  the stream thread
class ProducerOutput final : public TaskOutput, private DeliveryListener {
 public:
  /// Whether the producer may put several records into one batch.
  enum class Batches { allowed, one_record_each };

  /// Makes the producer, and sends nothing. `errors`, `metrics` and `clock` must outlive the object.
  ProducerOutput(Broker& broker, ClientConfig config, bool exactly_once, const ErrorPolicy& errors,
                 ThreadMetrics& metrics, Batches batches = Batches::allowed, const Clock& clock = Clock::system());
  ~ProducerOutput() override;

  /// Call this before anything else; further calls have no effect. Exactly-once: fences earlier producers with the same
  /// transactional.id. `patience` also limits how long send() waits for room in the producer's queue. `patience` must
  /// outlive this object.
  void initialize(const Patience& patience);
  [[nodiscard]] bool initialized() const { return initialized_; }

  /// For records of these topics, the hash of the key chooses the partition, as Kafka's default partitioner does. The
  /// producer's setting `partitioner` is ignored.
  void place_by_key(std::set<std::string, std::less<>> topics) { placed_by_key_ = std::move(topics); }

  // --- TaskOutput
  void send(std::string_view topic, std::optional<std::int32_t> partition, BytesView key, BytesView value,
            Timestamp timestamp, const Headers& headers, Sender sender) override;
  void first_use_of(std::string_view topic) override;
  [[nodiscard]] std::int32_t partitions_for(std::string_view topic) override;
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition& changelog, const std::string& store,
                                             const TaskContext* task) override;
  void close_changelog(std::uint64_t token) override;
  void send_changelog(std::uint64_t token, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override;
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t token) const override;

  /// Takes delivery reports and writes dead letters. Throws what has failed.
  void poll();

  /// Whether something was sent since the last commit.
  [[nodiscard]] bool dirty() const { return dirty_; }

  /// When the open transaction began, as Clock::monotonic_ms(). nullopt: none is open.
  [[nodiscard]] std::optional<Timestamp> transaction_since() const { return transaction_since_; }

  /// Waits until the broker has confirmed all records. Throws what has failed. Only for at-least-once.
  void flush(const Patience& patience);

  /// Commits the transaction with these offsets: records and offsets become visible together. Only for exactly-once. If
  /// it throws, the transaction must be aborted, see abandon().
  void commit_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                          const ConsumerGroupMetadata& group, const Patience& patience);

  /// The last call. Exactly-once: aborts the open transaction, so consumers never see its records. At-least-once: tries
  /// to send what is still in the queue. Waits up to `timeout` and does not throw.
  void abandon(Millis timeout);

  [[nodiscard]] Batches batches() const { return batches_; }
  /// The broker has refused a batch. The next ProducerOutput must send records one by one.
  [[nodiscard]] bool batch_refused() const { return batch_refused_; }

 private:
  /// Tokens of changelogs count from 1. Tokens of other records also have this bit. So a delivery report shows what
  /// kind of record it is about.
  static constexpr std::uint64_t kRecordToken = std::uint64_t{1} << 63;
  [[nodiscard]] static bool is_changelog(std::uint64_t token) { return token != 0 && (token & kRecordToken) == 0; }

  /// Where a record that is on its way came from, for the production handler. Contains copies of everything, because
  /// the input record may be gone when the answer arrives.
  struct Origin {
    Origin(const ErrorContext& from, const ProducerRecord& record);
    /// The views in the result point into this object.
    [[nodiscard]] ErrorContext context() const;

    /// Its views are invalid; context() replaces them.
    ErrorContext plain;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::optional<Headers> headers;
    std::optional<std::string> output_key;
    std::optional<std::string> output_value;
    std::optional<Headers> output_headers;
  };

  /// A changelog partition to which a task writes.
  struct Changelog {
    TopicPartition partition;
    ChangeOfStore change;                ///< the store and the task, for messages
    const TaskContext* task = nullptr;   ///< not owned; null: not known, or the changelog was closed
    std::optional<Offset> next_offset;   ///< see confirmed_position()
    Timestamp timestamp = kNoTimestamp;  ///< of the last confirmed record; kNoTimestamp: not known
    std::uint64_t unconfirmed = 0;       ///< the number of records on their way
    // The last record that was sent: its key, then its value. The rest of last_bytes is not used.
    std::string last_bytes;
    std::size_t last_key_size = 0;
    std::optional<std::size_t> last_value_size;  ///< nullopt: a tombstone
    Timestamp last_timestamp = kNoTimestamp;
    /// The origins of the records on their way, in the order of sending. As for origins_, only filled while records are
    /// sent one by one.
    std::deque<Origin> under_way;

    /// Keeps what the proof of a position needs. Called for each record before it is sent.
    void keep(const ProducerRecord& record);
    [[nodiscard]] BytesView last_key() const;
    [[nodiscard]] BytesView last_value() const;
  };

  /// Called by the producer inside its own calls. Must not call the producer and must not throw.
  void on_delivery(const Delivery& delivery) override;
  /// The offsets of a changelog have gone back. The tasks start again, and compare their stores with the changelog.
  void made_anew(const Changelog& changelog, const Delivery& delivery);
  /// The broker has refused a record, or failed on it in a way that a handler in code is asked about.
  void refused(const Delivery& delivery);
  /// Removes the origin of a changelog record from `under_way` and returns it. nullopt: the origin is not known.
  [[nodiscard]] std::optional<Origin> take_origin(Changelog& changelog, const Delivery& delivery);
  /// Counts a record that the handler decided to skip.
  void count_dropped(const ErrorContext& context);
  /// The context of the record that is being sent, without its output.
  [[nodiscard]] ErrorContext context() const;
  /// The same for a record of a changelog.
  [[nodiscard]] static ErrorContext context(const Changelog& changelog);
  /// What is known of a record. Empty if it was sent in a batch and other records followed.
  [[nodiscard]] ErrorContext context_of(std::uint64_t token) const;
  /// Sends the dead letters that are waiting. Returns whether there were any.
  bool send_dead_letters();
  /// Begins a transaction, under exactly-once and if none is open.
  void begin_if_needed();
  /// Adds offsets to the transaction. Throws an abortable BrokerException if the broker does not answer in time.
  void send_offsets(const std::map<TopicPartition, OffsetAndMetadata>& offsets, const ConsumerGroupMetadata& group,
                    const Patience& patience);
  /// Reports a record as refused if its topic was missing at the last look. Looks again after a pause. Returns whether
  /// it was refused.
  [[nodiscard]] bool refuse_missing_topic(const ProducerRecord& record, std::uint64_t token);
  /// Passes a record to the producer.
  void produce(const ProducerRecord& record, std::uint64_t token);
  /// Passes a record to the producer. If the producer's queue is full, waits for room, for patience_ at most. Then
  /// throws a retriable BrokerException.
  void enqueue(const ProducerRecord& record, std::uint64_t token);
  /// Throws the first failure, if there is one.
  void rethrow_failure();
  /// For a catch block around a call of the producer: throws `error` again, or, if a skipped record is the cause, an
  /// exception that names the record.
  [[noreturn]] void blame_skipped_record(const BrokerException& error);
  /// The exception that names skipped_in_transaction_.
  [[nodiscard]] TaskFailure spoiled_transaction() const;

  bool exactly_once_;
  const ErrorPolicy& errors_;
  ThreadMetrics& metrics_;
  const Clock& clock_;
  Batches batches_;
  /// Null after send_offsets() has left it behind. Then only abandon() may be called.
  LeavableProducer producer_;
  /// The index is token - 1.
  std::vector<Changelog> changelogs_;
  std::set<std::string, std::less<>> placed_by_key_;  ///< topics of place_by_key()
  /// Chosen topics that did not exist, and when the broker was asked, as Clock::monotonic_ms().
  std::map<std::string, Timestamp, std::less<>> missing_topics_;
  /// Topics of dead letters that were looked up. A handler may choose any topic.
  std::set<std::string, std::less<>> dead_letter_topics_;
  const Patience* patience_ = nullptr;  ///< null before initialize()
  bool initialized_ = false;
  std::optional<Timestamp> transaction_since_;
  /// Failures no longer matter.
  bool abandoning_ = false;
  /// The record that is being sent now, its token and its sender. Null and 0: none.
  const ProducerRecord* current_record_ = nullptr;
  std::uint64_t current_ = 0;
  Sender sender_;
  /// The last number that was given to a record of a sink.
  std::uint64_t last_token_ = 0;
  /// The origins of records on their way, by token. Only filled while records are sent one by one. In a batch, the
  /// record that caused the failure is not known, and the copies would be a waste.
  std::map<std::uint64_t, Origin> origins_;
  /// Waiting to be sent. They cannot be sent when a delivery is reported, because that happens inside a call of the
  /// producer.
  std::vector<DeadLetter> dead_letters_;
  bool batch_refused_ = false;
  bool dirty_ = false;
  /// The first failure. Later ones are consequences.
  std::exception_ptr failure_;
  /// Describes a record of the open transaction that the broker has refused and the handler has decided to skip. The
  /// transaction cannot be committed.
  std::optional<std::string> skipped_in_transaction_;
};

}  // namespace millrace::detail
