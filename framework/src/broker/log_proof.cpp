// SPDX-License-Identifier: Apache-2.0
#include "broker/log_proof.hpp"

#include "common/stable_hash.hpp"

namespace millrace::detail {
namespace {

/// A null value and an empty value have different hashes.
void add(StableHash& hash, BytesView bytes) {
  hash.add(std::uint64_t{bytes.has_value()});
  if (bytes) hash.add(*bytes);
}

}  // namespace

LogProof proof_of(std::int64_t offset, Timestamp timestamp, BytesView key, BytesView value) {
  StableHash hash;
  hash.add(static_cast<std::uint64_t>(timestamp));
  add(hash, key);
  add(hash, value);
  return {offset, hash.value()};
}

LogProof proof_of(const ConsumerRecord& record) {
  return proof_of(record.offset, record.timestamp, record.key, record.value);
}

}  // namespace millrace::detail
