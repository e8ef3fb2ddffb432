#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// When a stream thread commits, how much, and what follows when a commit fails. Decides only; the thread carries it
/// out. (Kafka Streams: `maybeCommit` of `StreamThread`, `TaskExecutor`.)
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread alone.
class Committer {
 public:
  /// After a commit that could not be made because the group was rebalancing.
  static constexpr Millis kRetry{100};
  /// A commit that fails after as long has waited in vain for an answer.
  static constexpr Millis kUnanswered{1'000};
  /// How long records are sent one at a time after the broker has refused a batch.
  static constexpr Millis kWithoutBatches{10'000};
  /// Brokers forget offsets of topics to which nobody subscribes (KIP-211); companions of lead topics are such.
  static constexpr Millis kFullCommitInterval{60LL * 60 * 1000};

  struct Settings {
    Millis interval{0};                                ///< commit.interval.ms
    std::optional<std::size_t> uncommitted_max_bytes;  ///< the share of all tasks together; unset: no limit
    std::optional<Millis> transaction_timeout;         ///< transaction.timeout.ms; unset: at least once
    Millis give_up_after{0};                           ///< millrace.connect.timeout.ms
  };

  Committer(const Settings& settings, Timestamp now);

  // --- When

  /// When time alone makes the next commit due. `transaction_since`: when the open transaction began; half of
  /// transaction.timeout.ms after that it has to end, so that the record in hand and the commit have the other half.
  [[nodiscard]] Timestamp due_at(std::optional<Timestamp> transaction_since) const;

  /// What the tasks of the thread ask for together.
  struct Demand {
    bool requested = false;             ///< a processor has called commit()
    std::size_t uncommitted_bytes = 0;  ///< that the stores hold in memory
  };
  [[nodiscard]] bool asked_for(const Demand& demand) const;

  /// Whether the offsets of all partitions belong to a commit that is made now, also of those that have not moved.
  [[nodiscard]] bool is_full(Timestamp now) const;

  // --- What follows

  void succeeded(Timestamp now, bool full);

  enum class Failure {
    later,  ///< only the offsets are late: due_at() says when they are tried again
    fails,  ///< the tasks have to start again from the last commit
  };
  /// A commit failed that began at `began`. `unflushed`: not everything that the tasks sent has reached the broker.
  [[nodiscard]] Failure failed(Timestamp began, Timestamp now, BrokerException::Severity severity, bool unflushed);

  /// The last commit failed without an answer: to wait for another one would only delay the end of the thread.
  [[nodiscard]] bool unanswered() const { return unanswered_; }

  /// The tasks start again from the last commit.
  void restarted();

  // --- Records that take longer than a transaction may

  /// Called when a transaction has failed that began at `transaction_since`, and `slowest` is what the slowest record
  /// in it took. Whether that record is the reason: then the same will happen again.
  [[nodiscard]] bool outlived(std::optional<Timestamp> transaction_since, Timestamp now, Millis slowest);
  /// outlived() was true for the second time without work_committed() in between.
  [[nodiscard]] bool outlives_always() const { return outlived_ >= 2; }
  /// A commit was made, and there was something to commit.
  void work_committed() { outlived_ = 0; }

  // --- Batches

  /// The broker has refused a batch: records are sent one at a time for a while.
  void batch_refused(Timestamp now) { no_batches_until_ = now + kWithoutBatches.count(); }
  [[nodiscard]] bool batches_allowed() const { return !no_batches_until_; }
  /// The while is over. Asked right after a commit, since the producer is replaced then. True once.
  [[nodiscard]] bool take_batches_back(Timestamp now);

 private:
  Settings settings_;
  Timestamp next_;  ///< by commit.interval.ms, or by kRetry
  Timestamp last_full_;
  std::optional<Timestamp> fails_since_;
  bool unanswered_ = false;
  int outlived_ = 0;
  std::optional<Timestamp> no_batches_until_;
};

}  // namespace millrace::detail
