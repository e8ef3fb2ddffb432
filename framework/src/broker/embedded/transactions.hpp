// SPDX-License-Identifier: Apache-2.0
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

/// One incarnation of a transactional producer. init_transactions() creates one with a new producer id. Shared by
/// EmbeddedProducer and Transactions. Guarded by the broker's mutex.
struct TransactionalProducer {
  std::string transactional_id;
  ProducerId producer_id;
  Millis timeout{60000};
  enum class Fenced { no, by_newer, by_timeout } fenced = Fenced::no;
  bool open = false;                      ///< has written records or added offsets since the last commit or abort
  SteadyTime started;                     ///< when the open transaction began
  std::vector<PartitionLog*> partitions;  ///< partitions to which the open transaction has written; not owned
};

/// The transactions of all producers. Guarded by the broker's mutex.
///
/// As in Kafka, records go straight into the log. A marker at the end of the transaction in each partition says commit
/// or abort; the marker takes one offset. Unlike Kafka, all partitions are in one database. So the markers, offsets and
/// bookkeeping of a commit are one atomic write, and there is no prepared state to recover. A transaction that was open
/// when the process died is aborted at the next start.
class Transactions {
 public:
  /// Aborts the transactions that the last process left open, unless the storage is read only. The arguments must
  /// outlive the object.
  Transactions(Storage& storage, Topics& topics, Groups& groups, TailCache& tail);

  /// Starts a new incarnation of `transactional_id`. Fences the previous one and aborts its open transaction.
  std::shared_ptr<TransactionalProducer> init(const std::string& transactional_id, Millis timeout);

  /// Throws BrokerException (fenced) if a newer producer has the same id or the transaction exceeded its timeout.
  static void check(const TransactionalProducer& producer);

  /// Notes that the transaction writes to `log`. Call this before the first batch is added, with the changes of the
  /// same write.
  void write(TransactionalProducer& producer, PartitionLog& log, Storage::Changes& changes, SteadyTime now);
  /// Undoes write() after the write to disk failed.
  void undo_write(TransactionalProducer& producer, PartitionLog& log);
  /// Adds consumer offsets to the transaction. They become visible at the commit.
  void add_offsets(TransactionalProducer& producer, const std::string& group,
                   const std::map<TopicPartition, OffsetAndMetadata>& offsets, SteadyTime now);

  /// Commits or aborts. Does nothing if the transaction wrote nothing.
  void end(TransactionalProducer& producer, bool commit);

  /// Aborts transactions that are open for longer than their timeout, and fences their producers.
  void expire(SteadyTime now);
  /// Removes the partitions of a topic that is being deleted from all open transactions.
  void forget(const Topic& topic);

 private:
  /// Starts the transaction's clock, unless the transaction is open.
  void open(TransactionalProducer& producer, SteadyTime now);
  /// Aborts the transactions that are open on disk at the start.
  void abort_left_open();
  /// Writes the markers and the bookkeeping of one transaction's end, in one write.
  void finish(ProducerId producer_id, const std::vector<PartitionLog*>& partitions, bool commit);

  Storage& storage_;
  Topics& topics_;
  Groups& groups_;
  TailCache& tail_;
  std::map<std::string, std::shared_ptr<TransactionalProducer>> producers_;  ///< the newest incarnation of each id
};

}  // namespace millrace::detail::embedded
