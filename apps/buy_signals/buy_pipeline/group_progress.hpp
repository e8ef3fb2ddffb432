// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace buy_signals {

/// Tells whether a streams application has processed all its input. The answer is exact and does not depend on waiting.
///
/// The application is done if no committed record follows the committed offsets of its group, in its source topics and
/// in its own repartition topics. All results of a record are committed together with the record's offset. So if the
/// input is complete and the answer is true, the output is complete as well. The broker may still have to mark the last
/// transaction as committed. Readers of the output (this class and TopicTail) wait for that. Used by one thread.
class GroupProgress {
 public:
  /// `application_id` is also the group. Does not keep `broker`.
  GroupProgress(millrace::Broker& broker, std::string application_id, std::vector<std::string> source_topics);

  /// False also if the broker cannot be reached at the moment.
  [[nodiscard]] bool all_processed();

 private:
  /// All partitions of the source topics and the repartition topics.
  std::vector<millrace::TopicPartition> inputs();
  /// True if no committed record is at or after `offset`, and no transaction is open.
  bool nothing_behind(const millrace::TopicPartition& partition, std::int64_t offset);

  std::string application_id_;
  std::vector<std::string> source_topics_;
  std::unique_ptr<millrace::Admin> admin_;
  std::unique_ptr<millrace::Consumer> committed_;    ///< reads what was committed
  std::unique_ptr<millrace::Consumer> uncommitted_;  ///< also sees open transactions
};

}  // namespace buy_signals
