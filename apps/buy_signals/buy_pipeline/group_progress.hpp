#pragma once

#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

namespace buy_signals {

/// Tells exactly, not by waiting, whether a streams application has processed all its input.
///
/// It has if no committed record lies behind the offsets that its group has committed, in its source topics and in
/// its own repartition topics. Everything that follows from a record is committed together with its offset; so once
/// the input of an application is complete and this answers true, its output is complete: at most the broker has yet to
/// mark its last transaction as committed, for which the readers of the output wait, this class as well as TopicTail.
/// Used by one thread.
class GroupProgress {
 public:
  GroupProgress(millrace::Broker& broker, std::string application_id, std::vector<std::string> source_topics);

  [[nodiscard]] bool all_processed();

 private:
  std::vector<millrace::TopicPartition> inputs();
  bool nothing_behind(const millrace::TopicPartition& partition, std::int64_t offset);

  std::string application_id_;
  std::vector<std::string> source_topics_;
  std::unique_ptr<millrace::Admin> admin_;
  std::unique_ptr<millrace::Consumer> committed_;    ///< reads what was committed
  std::unique_ptr<millrace::Consumer> uncommitted_;  ///< sees open transactions too
};

}  // namespace buy_signals
