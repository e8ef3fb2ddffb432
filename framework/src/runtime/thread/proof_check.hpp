// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "broker/log_proof.hpp"
#include "millrace/broker/admin.hpp"
#include "millrace/broker/consumer.hpp"

namespace millrace::detail {

/// What the log says about a proof.
enum class Verdict {
  holds,    ///< the log has the record
  refuted,  ///< the log has another record at this offset, or is shorter: the topic was deleted and created again
  unknown,  ///< the record was deleted by retention, a purge or compaction, so nothing is known
};

/// A partition, and the proof that it is the log that is known.
using ProofOfPartition = std::pair<TopicPartition, LogProof>;

/// Compares proofs with the logs. Reads all records together, so the number of proofs hardly matters. Returns one
/// verdict for each proof.
///
/// `reader`: a consumer without a subscription; its assignment is replaced. Throws a retriable BrokerException if there
/// is no answer within `timeout`, and UnknownTopicOrPartitionException if a topic does not exist.
[[nodiscard]] std::vector<Verdict> check_proofs(std::span<const ProofOfPartition> proofs, Consumer& reader,
                                                Admin& admin, Millis timeout);

}  // namespace millrace::detail
