// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/embedded/partition_log.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topic_settings.hpp"
#include "millrace/broker/admin.hpp"

namespace millrace::detail::embedded {

/// The settings of a topic, which may change while clients use them. Readers need no lock, because old values are kept
/// until the topic is destroyed. This costs little memory, because changes are rare.
class CurrentSettings {
 public:
  /// From any thread. The reference is valid for the lifetime of the topic, but does not show later changes.
  [[nodiscard]] const TopicSettings& operator*() const { return *current_.load(std::memory_order_acquire); }
  [[nodiscard]] const TopicSettings* operator->() const { return &**this; }
  /// Replaces the settings. Called by one thread at a time, under the broker's mutex.
  void change(const TopicSettings& settings) {
    current_.store(&all_.emplace_back(settings), std::memory_order_release);
  }

 private:
  std::deque<TopicSettings> all_{1};
  std::atomic<const TopicSettings*> current_{&all_.front()};
};

/// A topic with its partitions. Readers share ownership, so the object may outlive the topic (see `deleted`). `name`,
/// `id` and the vector of partitions never change after creation. `configs` and the partitions' contents are guarded by
/// the broker's mutex.
struct Topic {
  std::string name;
  TopicId id;
  std::map<std::string, std::string> configs;  ///< as the user gave them
  CurrentSettings settings;                    ///< `configs` parsed, with defaults
  std::vector<std::unique_ptr<PartitionLog>> partitions;
  std::atomic<bool> deleted{false};  ///< set by Topics::remove(); clients may keep the object

  [[nodiscard]] std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
};

/// The topics of a broker, in memory and on disk. Guarded by the broker's mutex.
class Topics {
 public:
  /// Loads all topics from disk. If the storage is read only, also loads the open transactions. `storage` must outlive
  /// the object.
  explicit Topics(Storage& storage);

  /// Takes over what another process has changed on disk: topics, settings, ends of partitions, open transactions.
  /// Wakes all readers. For a storage that is read only.
  void reload();

  /// The topic, or nullptr if there is none.
  [[nodiscard]] std::shared_ptr<Topic> find(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<Topic> find(TopicId id) const;
  /// The topic. Throws BrokerException (fatal) if there is none.
  [[nodiscard]] std::shared_ptr<Topic> get(std::string_view name) const;
  /// The partition. Throws BrokerException (fatal) if the topic or the partition does not exist. Valid while the Topic
  /// lives.
  [[nodiscard]] PartitionLog& get(const TopicPartition& partition) const;
  [[nodiscard]] const std::map<std::string, std::shared_ptr<Topic>, std::less<>>& all() const { return topics_; }

  /// Creates a topic and stores it. Returns nullptr if the name is taken. Throws BrokerException (fatal) for an invalid
  /// name, partition count or configuration.
  std::shared_ptr<Topic> create(const NewTopic& wanted);
  /// Changes settings and stores them. `changes`: by name; nullopt resets a setting to its default. Throws
  /// BrokerException (fatal) for an unknown name or a wrong value; then nothing is changed.
  void alter(Topic& topic, const std::map<std::string, std::optional<std::string>>& changes);
  /// Deletes the topic with all its records and bookkeeping, in one write. Committed offsets are removed by
  /// Groups::topics_changed().
  void remove(const std::shared_ptr<Topic>& topic);

  /// Returns an id that was never used before in this directory.
  [[nodiscard]] std::uint64_t draw_id();

 private:
  Storage& storage_;
  std::uint64_t next_id_ = 1;  ///< shared by topics and transactional producers
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics_;
};

}  // namespace millrace::detail::embedded
