// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/dsl/detail/joins/buffered_record.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

class TopologyBuilder;

/// Stream records that wait until a table has reached their timestamp. In memory, sorted by timestamp, key bytes and
/// arrival. (Kafka Streams: `RocksDBTimeOrderedKeyValueBuffer`.)
///
/// The changelog has the key `00 | timestamp (8) | key | number (4)`. Its value is that of write_buffered() with buffer
/// time 0. A tombstone means that the record has left the buffer. Numbers continue after a restart. In Kafka Streams
/// they start again, so a new record can overwrite an old one.
///
/// Owned by the task; one thread.
class GraceBuffer final : public CustomStore {
 public:
  /// `log` may be null and must otherwise outlive the buffer. `grace_ms`: stream time that a record waits, in ms.
  GraceBuffer(std::string name, StoreChangelog* log, std::int64_t grace_ms)
      : name_(std::move(name)), log_(log), grace_ms_(grace_ms) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  /// Throws SerializationException if a key or value has another format.
  void restore(std::span<const RestoreRecord> records) override;

  /// Adds a record. Returns false, without adding it, if the record is so late that it need not wait.
  [[nodiscard]] bool put(std::string_view key, std::string value, BufferedContext context);

  /// Calls `visit(key, value)` for each record whose waiting time is over, oldest first, and then removes it.
  void release(const std::function<void(std::string_view key, const BufferedValue& value)>& visit);

  /// The largest timestamp of all records put, in ms since the epoch. The task commits it. A restore from the changelog
  /// alone does not give the right time, because the changelog loses old tombstones.
  [[nodiscard]] Timestamp& stream_time() { return stream_time_; }

 private:
  std::string name_;
  StoreChangelog* log_;                           ///< null: logging is off
  std::int64_t grace_ms_;                         ///< how long a record waits, in stream time
  Timestamp stream_time_ = kNoTimestamp;          ///< the largest timestamp put
  Sequence number_;                               ///< of the last record; makes changelog keys unique
  std::map<std::string, BufferedValue> waiting_;  ///< by changelog key
};

/// Throws TopologyException unless all `stores` are versioned and keep at least `grace_ms` of history. `stores`: those
/// through which the join `node` reads its table.
void require_history(const TopologyBuilder& builder, const std::vector<std::string>& stores, std::int64_t grace_ms,
                     const std::string& node);

/// The builder of a buffer that is a state store of the topology, with a changelog.
[[nodiscard]] std::shared_ptr<const StoreBuilder> make_grace_buffer(const std::string& name, std::int64_t grace_ms);

}  // namespace millrace::detail
