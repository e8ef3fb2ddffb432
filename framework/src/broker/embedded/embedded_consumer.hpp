// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/embedded/client_settings.hpp"
#include "broker/embedded/core.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace::detail::embedded {

/// The state of one assigned partition: its position, and the pages that were fetched and not yet returned. Owned by
/// EmbeddedConsumer.
struct PartitionReader {
  std::shared_ptr<Topic> topic;  ///< keeps `log` alive after the topic was deleted
  PartitionLog* log = nullptr;
  std::optional<std::int64_t> start;  ///< argument of assign() or seek(); unset: use the committed offset
  std::optional<Offset> position;     ///< next offset to return; unset until `start` could be resolved
  std::deque<PagePtr> pages;          ///< fetched pages; `cursor` is in the first
  std::optional<PageCursor> cursor;
  Offset fetched_to;  ///< offset after the last fetched page
  bool paused = false;

  /// Continues at `offset` and drops all fetched pages.
  void start_at(Offset offset);
};

/// Consumer of the embedded broker. Used by one thread at a time, except wakeup(). Calls its listener on this thread
/// and without any lock.
class EmbeddedConsumer final : public Consumer {
 public:
  /// Does not join a group yet; subscribe() does.
  EmbeddedConsumer(std::shared_ptr<Core> core, const ConsumerSettings& settings);
  /// Leaves the group without calling the listener.
  ~EmbeddedConsumer() override;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener& listener) override;
  void unsubscribe() override;
  void assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& partitions) override;
  void poll(std::vector<ConsumerRecord>& records, std::size_t max_records, Millis timeout) override;
  void wakeup() override;
  void pause(const std::vector<TopicPartition>& partitions) override { set_paused(partitions, true); }
  void resume(const std::vector<TopicPartition>& partitions) override { set_paused(partitions, false); }
  void seek(const TopicPartition& partition, std::int64_t offset) override;
  [[nodiscard]] std::optional<std::int64_t> position(const TopicPartition& partition) override;
  [[nodiscard]] std::optional<std::int64_t> current_lag(const TopicPartition& partition) override;
  [[nodiscard]] Watermarks query_watermarks(const TopicPartition& partition, Millis timeout) override;
  [[nodiscard]] std::optional<std::int64_t> offset_for_time(const TopicPartition& partition, Timestamp timestamp,
                                                            Millis timeout) override;
  [[nodiscard]] std::map<TopicPartition, OffsetAndMetadata> committed(const std::vector<TopicPartition>& partitions,
                                                                      Millis timeout) override;
  void commit_sync(const std::map<TopicPartition, OffsetAndMetadata>& offsets) override;
  [[nodiscard]] ConsumerGroupMetadata group_metadata() const override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  /// Does the member's rebalance steps, and calls the listener, until the member is up to date.
  void follow_group();
  /// Throws UnknownTopicOrPartitionException if a subscribed topic does not exist, or does not exist any more.
  void report_missing_topics();
  /// Starts to read partitions. `start` unset: at the committed offset, else at auto.offset.reset. REQUIRES: the caller
  /// does not hold the broker's mutex. The same holds for remove_readers() and clear_readers().
  void add_readers(const std::vector<TopicPartition>& partitions, std::optional<std::int64_t> start);
  void remove_readers(const std::vector<TopicPartition>& partitions);
  void clear_readers();
  /// The reader of a partition. Throws BrokerException (fatal) that names the action `doing` if the partition is not
  /// assigned.
  [[nodiscard]] PartitionReader& reader(const TopicPartition& partition, const char* doing);
  /// A paused reader keeps its fetched pages.
  void set_paused(const std::vector<TopicPartition>& partitions, bool paused);
  /// Throws BrokerException (fatal) without group.id.
  void require_group(const char* doing) const;

  /// Sets the position to the start offset. Leaves it unset in two cases: an open transaction may change the committed
  /// offset, or there is no committed offset and auto.offset.reset is `none`. REQUIRES: the caller holds the broker's
  /// mutex.
  void settle_start(PartitionReader& reader_of) const;
  /// The offset of auto.offset.reset. Throws BrokerException (fatal) with the reason `why` if the setting is `none`.
  [[nodiscard]] Offset reset_offset(const PartitionLog& log, const std::string& why) const;
  /// Logs a warning that the consumer's position is not in the partition's log. `why`: the reason. `to`: the new
  /// position.
  void log_reset(const TopicPartition& partition, const std::string& why, Offset to) const;
  /// The topic of a reader was deleted. If it was created again, the reader goes on in the new topic, at the offset of
  /// auto.offset.reset. Otherwise throws UnknownTopicOrPartitionException. REQUIRES: the caller holds the broker's
  /// mutex.
  void follow_new_topic(PartitionReader& reader_of);
  /// As fetch() of partition_log.hpp. If another process has replaced the files, takes over its changes and tries
  /// again.
  [[nodiscard]] Fetched fetch_current(const PartitionLog& log, Offset offset, Lock& lock) const;
  /// Fetches pages if the log has visible records at the position. Unlocks `lock`, the broker's mutex, while it reads
  /// from disk.
  void refill(PartitionReader& reader_of, Lock& lock);
  /// Appends up to `room` records from the fetched pages. Returns their number.
  std::size_t drain(PartitionReader& reader_of, std::vector<ConsumerRecord>& records, std::size_t room);
  /// Appends up to `max_records` records of all partitions, in turn. Returns their number.
  std::size_t collect(std::vector<ConsumerRecord>& records, std::size_t max_records);

  const std::shared_ptr<Core> core_;
  const ConsumerSettings settings_;
  std::map<TopicPartition, PartitionReader> readers_;
  std::vector<PartitionReader*> order_;  ///< the readers in the order of their turns
  std::size_t turn_ = 0;                 ///< index in order_ at which the next poll() begins
  std::set<std::string> topic_names_;    ///< ConsumerRecord::topic points at these strings

  RebalanceListener* listener_ = nullptr;  ///< not owned; null without a subscription
  std::vector<std::string> subscription_;
  bool missing_reported_ = true;    ///< report_missing_topics() ran since the last rebalance
  std::shared_ptr<Member> member_;  ///< null without a subscription
  bool wakeup_ = false;             ///< guarded by the broker's mutex
  Waiter waiter_;                   ///< guarded by the broker's mutex
};

}  // namespace millrace::detail::embedded
