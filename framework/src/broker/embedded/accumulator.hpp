// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/embedded/client_settings.hpp"
#include "broker/embedded/core.hpp"
#include "broker/embedded/page.hpp"
#include "millrace/broker/producer.hpp"

namespace millrace::detail::embedded {

/// The fate of consecutive records of one partition.
struct Report {
  std::string topic;
  PartitionId partition{-1};
  Offset base_offset{-1};
  std::vector<std::uint64_t> tokens;
  std::shared_ptr<const BrokerException> error;
  /// The broker's time, ms since the epoch, with LogAppendTime; kNoTimestamp: the records keep their own.
  Timestamp append_time = kNoTimestamp;
};

/// A producer's records on their way into the log: gathered into one batch per partition, written when a batch is
/// full, when linger.ms has passed (by the broker's timer thread) or when asked to. Thread-safe.
class Accumulator : public std::enable_shared_from_this<Accumulator> {
 public:
  /// `reports`: whether anybody listens to them. `core` must outlive the accumulator's use.
  Accumulator(Core& core, const ProducerSettings& settings, bool reports)
      : core_(core), settings_(settings), reports_wanted_(reports) {}

  /// Takes a record, and writes to the log what that makes due.
  void add(const ProducerRecord& record, std::uint64_t token);
  /// As add(), but leaves the writing to the broker's timer thread. False: there is no room right now, because the log
  /// is being written or too much waits for it.
  [[nodiscard]] bool try_add(const ProducerRecord& record, std::uint64_t token);
  /// Writes everything; what fails is reported.
  void flush();
  /// Reports everything that was not written as failed.
  void discard(const BrokerException& reason);

  /// The records that follow belong to this producer's transaction; null: to none.
  void set_transaction(std::shared_ptr<TransactionalProducer> producer);
  /// Why a record of the current transaction could not be written, or null.
  [[nodiscard]] std::shared_ptr<const BrokerException> failure() const;

  [[nodiscard]] std::int32_t partitions_for(std::string_view topic);

  [[nodiscard]] bool has_reports() const { return has_reports_.load(std::memory_order_relaxed); }
  /// What became of records since the last call.
  [[nodiscard]] std::deque<Report> take_reports();

 private:
  struct Partition {
    BatchBuilder batch;
    std::vector<std::uint64_t> tokens;
  };
  struct Target {
    std::shared_ptr<Topic> topic;
    std::vector<Partition> partitions;
    std::uint32_t sticky = 0;  ///< where records without a key go until the next write
  };

  /// Where a record goes and with which time, or why it cannot be written.
  struct Placement {
    PartitionId partition{-1};
    Timestamp timestamp = kNoTimestamp;
    std::shared_ptr<const BrokerException> refused;  ///< null: it can
  };

  /// `target`: null if there is no such topic.
  Placement place(const ProducerRecord& record, const Target* target);
  void refuse(const ProducerRecord& record, std::uint64_t token, Placement placement);
  /// Puts the record into its batch. Returns whether a write is due.
  bool append(Target& target, const Placement& placement, const ProducerRecord& record, std::uint64_t token);
  /// Why the broker does not take this record, null if it does.
  std::shared_ptr<const BrokerException> refusal(const Topic& topic, const Placement& placement,
                                                 const ProducerRecord& record);
  /// A topic that was written to before and still exists; null: none.
  Target* known_target(std::string_view topic);
  /// Looks at the broker's topics, whose lock the caller holds. REQUIRES: nothing waits for an earlier topic of this
  /// name.
  Target* look_up_target(std::string_view topic);
  Target* find_target(std::string_view topic);
  void flush_locked();
  void write(std::vector<std::pair<Target*, PartitionId>>& full);
  void fail(std::string_view topic, PartitionId partition, std::vector<std::uint64_t> tokens,
            std::shared_ptr<const BrokerException> error);
  void report(Report report);
  void arm_timer();
  /// Lets the timer thread write as soon as it can.
  void order_write();

  Core& core_;
  const ProducerSettings settings_;
  const bool reports_wanted_;

  mutable std::mutex mutex_;
  std::map<std::string, Target, std::less<>> targets_;
  Target* last_target_ = nullptr;
  std::vector<std::pair<Target*, PartitionId>> filled_;  ///< partitions with records, in the order of their first
  std::size_t bytes_ = 0;
  Timestamp clock_seen_ = 0;
  bool timer_armed_ = false;
  bool write_ordered_ = false;
  std::shared_ptr<TransactionalProducer> transaction_;
  std::shared_ptr<const BrokerException> failure_;
  std::deque<Report> reports_;
  std::atomic<bool> has_reports_{false};
};

}  // namespace millrace::detail::embedded
