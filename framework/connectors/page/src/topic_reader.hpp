// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/page/page.hpp"
#include "page_data.hpp"

namespace millrace::page::detail {

/// Reads the topics of a page on a thread of its own, and publishes what has changed a few times per second. It reads
/// in such portions too, because that costs less than reading each record as it comes.
class TopicReader {
 public:
  using Publish = std::function<void(Event event)>;

  /// `data` must outlive the object. `publish` is called on the reader's thread. `viewers` tells whether anybody looks;
  /// if not, events come once a second.
  TopicReader(Broker& broker, const PageOptions& options, PageData& data, Publish publish,
              std::function<bool()> viewers);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

 private:
  void run(const std::stop_token& stop);
  /// Looks for topics and partitions that are not read yet.
  void find_partitions();
  /// Reads what is there, for at most the time between two events. Returns false when nothing more is there.
  [[nodiscard]] bool read(const std::stop_token& stop);
  void update_loading();
  void wait(const std::stop_token& stop, Millis time);

  PageData& data_;
  Publish publish_;
  std::function<bool()> viewers_;
  std::int64_t history_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<Admin> admin_;
  std::vector<std::string> topics_;
  std::map<TopicPartition, std::int64_t> next_;  ///< the offset of the next record of each partition
  std::map<TopicPartition, std::int64_t> goal_;  ///< partitions whose old records are not all read, and their ends
  std::vector<std::string> missing_;
  std::vector<ConsumerRecord> records_;
  bool assigned_ = false;  ///< the consumer reads the partitions of next_
  std::jthread thread_;    // last: uses the members above
};

}  // namespace millrace::page::detail
