// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/joins/grace_buffer.hpp"

#include <algorithm>

#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/processor/detail/topology_builder.hpp"
#include "millrace/state/detail/formats.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::detail {
namespace {

// The parts of an entry's key: 00 | timestamp (8) | record key | number (4).
constexpr std::size_t kBeforeKey = 1 + 8;
constexpr std::size_t kAfterKey = 4;

// The order of the bytes is the order of release: by time, then by key, then by arrival.
std::string entry_key(Timestamp timestamp, std::string_view key, Sequence number) {
  std::string bytes(1, '\0');
  formats::append_be64(bytes, static_cast<std::uint64_t>(timestamp));
  bytes += key;
  formats::append_be32(bytes, number.value());
  return bytes;
}

// REQUIRES: an entry key.
Timestamp time_of(std::string_view entry) { return static_cast<Timestamp>(formats::load_be64(entry.data() + 1)); }

}  // namespace

bool GraceBuffer::put(std::string_view key, std::string value, BufferedContext context) {
  // As in Kafka Streams, a record that is late already is joined at once.
  if (saturating_sub(stream_time_, grace_ms_) > context.timestamp) return false;
  stream_time_ = std::max(stream_time_, context.timestamp);
  // Tells records of the same key and time apart. 31 bits, because Java's number is an int.
  number_ = Sequence((number_.value() + 1) & 0x7fffffff);
  auto entry = entry_key(context.timestamp, key, number_);
  BufferedValue waiting;
  waiting.new_value = std::move(value);
  waiting.context = std::move(context);
  // No timestamp, as in Kafka Streams: the producer then sets the time of sending.
  if (log_ != nullptr) log_->log(entry, std::string_view(write_buffered(waiting, 0)), kNoTimestamp, nullptr);
  waiting_.insert_or_assign(std::move(entry), std::move(waiting));
  return true;
}

void GraceBuffer::release(const std::function<void(std::string_view key, const BufferedValue& value)>& visit) {
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    const std::string_view entry = first->first;
    // Entries are sorted by time, so all later ones are not due either.
    if (time_of(entry) > saturating_sub(stream_time_, grace_ms_)) return;
    visit(entry.substr(kBeforeKey, entry.size() - kBeforeKey - kAfterKey), first->second);
    // Removed only after `visit` has returned: if it throws, the record is still there.
    if (log_ != nullptr) log_->log(entry, std::nullopt, kNoTimestamp, nullptr);
    waiting_.erase(first);
  }
}

void GraceBuffer::restore(std::span<const RestoreRecord> records) {
  for (const RestoreRecord& record : records) {
    if (record.key.size() < kBeforeKey + kAfterKey) {
      throw SerializationException("changelog of '" + name_ + "': a key of " + std::to_string(record.key.size()) +
                                   " bytes is too short");
    }
    // Tombstones count too: stream time and numbers must not go back after a restart.
    stream_time_ = std::max(stream_time_, time_of(record.key));
    number_ = std::max(number_, Sequence(formats::load_be32(record.key.data() + record.key.size() - kAfterKey)));
    if (record.value) {
      waiting_.insert_or_assign(std::string(record.key), read_buffered(3, *record.value, {}, nullptr).value);
    } else {
      waiting_.erase(std::string(record.key));
    }
  }
}

// The table must know its values as of the time of a released record, which is up to `grace_ms` behind stream time.
void require_history(const TopologyBuilder& builder, const std::vector<std::string>& stores, std::int64_t grace_ms,
                     const std::string& node) {
  for (const auto& name : stores) {
    const auto found = builder.stores().find(name);
    if (found == builder.stores().end()) continue;  // the topology reports unknown stores itself
    const auto& spec = definition_of(*found->second).spec;
    if (spec.kind != StoreKind::versioned) {
      throw TopologyException("join '" + node + "': a grace period needs a versioned table, but the store '" + name +
                              "' is not versioned; make it with Materialized::as_versioned");
    }
    if (grace_ms > spec.retention_ms) {
      throw TopologyException("join '" + node + "': its grace period (" + std::to_string(grace_ms) +
                              " ms) is longer than the history that the store '" + name + "' keeps (" +
                              std::to_string(spec.retention_ms) + " ms)");
    }
  }
}

// A custom store: the buffer is in memory, and its changelog restores it.
std::shared_ptr<const StoreBuilder> make_grace_buffer(const std::string& name, std::int64_t grace_ms) {
  return shared_store(Stores::custom_store(name, [name, grace_ms](StoreChangelog* log, const std::string&) {
    return std::make_unique<GraceBuffer>(name, log, grace_ms);
  }));
}

}  // namespace millrace::detail
