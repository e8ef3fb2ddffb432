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

/// One partition that a consumer reads.
struct PartitionReader {
  std::shared_ptr<Topic> topic;
  PartitionLog* log = nullptr;
  std::optional<std::int64_t> start;     ///< as given to assign() or seek(); unset: the committed offset
  std::optional<std::int64_t> position;  ///< next record to return; unset until `start` could be resolved
  std::deque<PagePtr> pages;             ///< fetched; the cursor is in the first
  std::optional<PageCursor> cursor;
  std::int64_t fetched_to = 0;
  bool paused = false;

  void start_at(std::int64_t offset);
};

class EmbeddedConsumer final : public Consumer {
 public:
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

  /// Runs the listener until this member is where the group wants it.
  void follow_group();
  void report_missing_topics();
  void add_readers(const std::vector<TopicPartition>& partitions, std::optional<std::int64_t> start);
  void remove_readers(const std::vector<TopicPartition>& partitions);
  void clear_readers();
  [[nodiscard]] PartitionReader& reader(const TopicPartition& partition, const char* doing);
  void set_paused(const std::vector<TopicPartition>& partitions, bool paused);
  void require_group(const char* doing) const;

  /// Sets the position to where reading starts, unless that is uncertain yet (a transaction that has not ended
  /// commits the offset) or nowhere (no offset and no auto.offset.reset). REQUIRES: the broker's mutex is held.
  void settle_start(PartitionReader& reader_of) const;
  [[nodiscard]] std::int64_t reset_offset(const PartitionLog& log, const std::string& why) const;
  /// Makes sure that records are at hand if the log has visible ones at the position.
  void refill(PartitionReader& reader_of, Lock& lock);
  /// Appends up to `room` records.
  std::size_t drain(PartitionReader& reader_of, std::vector<ConsumerRecord>& records, std::size_t room);
  std::size_t collect(std::vector<ConsumerRecord>& records, std::size_t max_records);

  const std::shared_ptr<Core> core_;
  const ConsumerSettings settings_;
  std::map<TopicPartition, PartitionReader> readers_;
  std::vector<PartitionReader*> order_;  ///< readers_, for taking turns
  std::size_t turn_ = 0;
  std::set<std::string> topic_names_;  ///< what ConsumerRecord::topic points at

  RebalanceListener* listener_ = nullptr;
  std::vector<std::string> subscription_;
  bool missing_reported_ = true;
  std::shared_ptr<Member> member_;  ///< while subscribed
  bool wakeup_ = false;             ///< guarded by the broker's mutex, as is waiter_
  Waiter waiter_;
};

}  // namespace millrace::detail::embedded
