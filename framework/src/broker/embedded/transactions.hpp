#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/embedded/appends.hpp"
#include "broker/embedded/groups.hpp"
#include "broker/embedded/topics.hpp"

namespace millrace::detail::embedded {

/// One incarnation of a transactional producer: what init_transactions() makes.
struct TransactionalProducer {
  std::string transactional_id;
  std::uint64_t producer_id = 0;
  Millis timeout{60000};
  enum class Fenced { no, by_newer, by_timeout } fenced = Fenced::no;
  bool open = false;  ///< has written or added offsets since the last end
  SteadyTime started;
  std::vector<PartitionLog*> partitions;
};

/// Transactions. Guarded by the broker's mutex.
///
/// As in Kafka, records go straight into the log and a marker at the end of each partition tells the transaction's
/// fate; it takes one offset. Unlike Kafka, all partitions are in one database: markers, offsets and bookkeeping of a
/// commit are one atomic write, so that there is no prepared state to recover. A transaction that was open when the
/// process died is aborted at the next start.
class Transactions {
 public:
  Transactions(Storage& storage, Topics& topics, Groups& groups, TailCache& tail);

  /// Ends what was left open under this id and fences who left it.
  std::shared_ptr<TransactionalProducer> init(const std::string& transactional_id, Millis timeout);

  /// Throws BrokerException (fenced) if a newer producer has the id, or the transaction took too long.
  static void check(const TransactionalProducer& producer);

  /// Notes that the transaction writes at the end of `log`, before it does.
  void write(TransactionalProducer& producer, PartitionLog& log, Storage::Changes& changes, SteadyTime now);
  /// Takes back what write() noted since the last successful write to disk.
  void undo_write(TransactionalProducer& producer, PartitionLog& log);
  void add_offsets(TransactionalProducer& producer, const std::string& group,
                   const std::map<TopicPartition, OffsetAndMetadata>& offsets, SteadyTime now);

  /// Commits or aborts; does nothing if nothing was written.
  void end(TransactionalProducer& producer, bool commit);

  /// Aborts and fences transactions that are open for longer than their timeout.
  void expire(SteadyTime now);
  /// A topic is about to be deleted.
  void forget(const Topic& topic);

 private:
  void open(TransactionalProducer& producer, SteadyTime now);
  void abort_left_open();
  void finish(std::uint64_t producer_id, const std::vector<PartitionLog*>& partitions, bool commit);

  Storage& storage_;
  Topics& topics_;
  Groups& groups_;
  TailCache& tail_;
  std::map<std::string, std::shared_ptr<TransactionalProducer>> producers_;  ///< the newest of each id
};

}  // namespace millrace::detail::embedded
