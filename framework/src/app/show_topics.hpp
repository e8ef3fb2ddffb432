// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "millrace/app/shown_record.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"
#include "millrace/processor/topology.hpp"

namespace millrace::detail {

/// A topic to show, and how.
struct ShownTopic {
  std::string name;
  RecordFormat format;

  /// Reads the argument of `--show`: TOPIC, TOPIC=VALUE or TOPIC=KEY,VALUE, where KEY and VALUE are names of
  /// BytesFormat. Without them, the types that the topology writes to the topic decide. Throws ConfigException.
  [[nodiscard]] static ShownTopic parse(const std::string& option, const Topology& topology);
};

/// Prints the records that topics get while an application runs: one line per record on standard output. For
/// `run_app --show`.
///
/// Only committed records are shown. If reading fails, a warning says why, and nothing else is shown.
///
/// Threads  one thread of its own reads and prints
class ShowTopics {
 public:
  /// Starts at the ends that the topics have now. `timeout`: the limit for each question about them. Throws
  /// TopologyException if a topic does not exist, and BrokerException.
  ShowTopics(std::shared_ptr<Broker> broker, std::vector<ShownTopic> topics, Millis timeout);
  ShowTopics(const ShowTopics&) = delete;
  ShowTopics& operator=(const ShowTopics&) = delete;
  /// Ends the thread.
  ~ShowTopics();

  /// Shows what the topics contain by now, and ends the thread. Waits a few seconds at most.
  void finish();

 private:
  void run();
  void print(const ConsumerRecord& record);
  /// True if everything up to the present ends was read.
  [[nodiscard]] bool at_end();

  const std::shared_ptr<Broker> broker_;
  const std::vector<ShownTopic> topics_;
  std::unique_ptr<Consumer> consumer_;  ///< used by the constructor, then by the thread
  std::vector<std::pair<TopicPartition, std::int64_t>> start_;
  PeopleLines lines_;
  std::size_t name_width_ = 0;
  std::atomic<bool> finishing_ = false;
  std::thread thread_;
};

}  // namespace millrace::detail
