// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/proof_check.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The verdict of the record that was read at the offset of the proof, or behind it.
Verdict compare(const LogProof& proof, const ConsumerRecord& record) {
  if (record.offset > proof.offset) return Verdict::unknown;
  return proof_of(record) == proof ? Verdict::holds : Verdict::refuted;
}

/// Reads one record of each partition. `open`: the proofs by partition; empty at the end. `verdicts`: gets the results.
void read(std::map<TopicPartition, std::pair<LogProof, std::size_t>> open, std::vector<Verdict>& verdicts,
          Consumer& reader, Millis timeout) {
  std::vector<std::pair<TopicPartition, std::int64_t>> starts;
  for (const auto& [partition, wanted] : open) starts.emplace_back(partition, wanted.first.offset);
  reader.assign(starts);
  const auto deadline = SteadyClock::now() + timeout;
  std::vector<ConsumerRecord> records;
  while (!open.empty()) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - SteadyClock::now());
    if (left < Millis(0)) {
      throw BrokerException(BrokerException::Severity::retriable,
                            "could not read offset " + std::to_string(open.begin()->second.first.offset) + " of " +
                                open.begin()->first.str() + " within " + std::to_string(timeout.count()) + " ms");
    }
    // One record: more records of the first partition would only be in the way.
    records.clear();
    reader.poll(records, 1, left);
    for (const ConsumerRecord& record : records) {
      const auto found = open.find({*record.topic, record.partition});
      if (found == open.end()) continue;
      verdicts[found->second.second] = compare(found->second.first, record);
      reader.pause({found->first});
      open.erase(found);
    }
    // Compacted and aborted records are never returned, but the position passes them.
    std::erase_if(
        open, [&](const auto& entry) { return reader.position(entry.first).value_or(0) > entry.second.first.offset; });
  }
}

}  // namespace

std::vector<Verdict> check_proofs(std::span<const ProofOfPartition> proofs, Consumer& reader, Admin& admin,
                                  Millis timeout) {
  std::vector<Verdict> verdicts(proofs.size(), Verdict::unknown);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    const auto& [partition, proof] = proofs[i];
    const Watermarks bounds = admin.watermarks(partition, timeout);
    if (proof.offset >= bounds.high) verdicts[i] = Verdict::refuted;
    if (proof.offset >= bounds.low && proof.offset < bounds.high) left.push_back(i);
  }
  // A partition can be assigned only once. So a second proof of the same partition is read in another pass.
  while (!left.empty()) {
    std::map<TopicPartition, std::pair<LogProof, std::size_t>> pass;
    std::erase_if(left, [&](std::size_t i) { return pass.try_emplace(proofs[i].first, proofs[i].second, i).second; });
    read(std::move(pass), verdicts, reader, timeout);
  }
  return verdicts;
}

}  // namespace millrace::detail
