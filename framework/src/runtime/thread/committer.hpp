// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace::detail {

/// Decides when a stream thread commits, which offsets it commits, and what follows if a commit fails. It only decides;
/// the thread does the work. (Kafka Streams: `maybeCommit` of `StreamThread`, `TaskExecutor`.)
///
/// Times are those of Clock::monotonic_ms(). Used by the stream thread only.
class Committer {
 public:
  /// The pause before the next attempt, if a commit failed because the group was rebalancing.
  static constexpr Millis kRetry{100};
  /// A commit that took at least this long and then failed got no answer from the broker. A refusal comes faster.
  static constexpr Millis kUnanswered{1'000};
  /// How long records are sent one by one after the broker has refused a batch.
  static constexpr Millis kWithoutBatches{10'000};
  /// How often the offsets of all partitions are committed, moved or not. Brokers delete offsets of topics to which no
  /// member of the group subscribes (KIP-211). The group subscribes to lead topics only, so the other input topics need
  /// this.
  static constexpr Millis kFullCommitInterval{60LL * 60 * 1000};

  /// The settings that matter here.
  struct Settings {
    Millis interval{0};  ///< commit.interval.ms
    /// This thread's share of statestore.uncommitted.max.bytes, for all its tasks together. Unset: no limit.
    std::optional<std::size_t> uncommitted_max_bytes;
    /// transaction.timeout.ms. Unset: at least once.
    std::optional<Millis> transaction_timeout;
    Millis give_up_after{0};  ///< millrace.connect.timeout.ms
  };

  /// The first commit is due one interval after `now`.
  Committer(const Settings& settings, Timestamp now);

  // --- When

  /// When the next commit is due by time alone. `transaction_since`: when the open transaction began. A transaction is
  /// committed after half of transaction.timeout.ms at the latest. The other half is left for the record that is being
  /// processed and for the commit itself.
  [[nodiscard]] Timestamp due_at(std::optional<Timestamp> transaction_since) const;

  /// What the tasks of the thread need, together.
  struct Demand {
    /// A processor has called commit().
    bool requested = false;
    /// Uncommitted data that the stores hold in memory, in bytes.
    std::size_t uncommitted_bytes = 0;
  };
  /// Whether a commit is needed before it is due by time.
  [[nodiscard]] bool asked_for(const Demand& demand) const;

  /// Whether a commit at `now` must contain the offsets of all partitions, see kFullCommitInterval.
  [[nodiscard]] bool is_full(Timestamp now) const;

  // --- What follows

  /// A commit succeeded at `now`. `full`: it contained the offsets of all partitions.
  void succeeded(Timestamp now, bool full);

  /// What follows from a failed commit.
  enum class Failure {
    later,  ///< only the offsets are late; due_at() says when to try again
    fails,  ///< all tasks must start again from the last commit
  };
  /// A commit failed at `now` that had started at `began`. `unflushed`: the broker has not confirmed everything that
  /// the tasks sent.
  [[nodiscard]] Failure failed(Timestamp began, Timestamp now, BrokerException::Severity severity, bool unflushed);

  /// Whether the last commit failed without an answer. Then a final commit at the end of the thread would only wait for
  /// nothing.
  [[nodiscard]] bool unanswered() const { return unanswered_; }

  /// All tasks have started again from their last commit.
  void restarted();

  // --- Batches

  /// The broker has refused a batch. Records are sent one by one for at least kWithoutBatches.
  void batch_refused(Timestamp now) { no_batches_until_ = now + kWithoutBatches.count(); }
  /// Whether the next producer may send batches.
  [[nodiscard]] bool batches_allowed() const { return !no_batches_until_; }
  /// Whether that time is over. Call it right after a commit, because the producer is replaced then. Returns true once.
  [[nodiscard]] bool take_batches_back(Timestamp now);

 private:
  Settings settings_;
  /// When the next commit is due by commit.interval.ms, or by kRetry after a failure.
  Timestamp next_;
  Timestamp last_full_;
  /// The first of the consecutive failures that were answered with `later`.
  std::optional<Timestamp> fails_since_;
  bool unanswered_ = false;
  /// Unset: batches are allowed.
  std::optional<Timestamp> no_batches_until_;
};

}  // namespace millrace::detail
