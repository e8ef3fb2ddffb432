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

/// Stream records that wait for a table to reach their time, in order of (timestamp, key bytes, arrival).
/// Changelog: key `00 | timestamp (8) | key | number (4)`, value as write_buffered has it with buffer time 0; null when
/// the record has gone on. Kept in memory; numbers go on after a restart. (Kafka Streams:
/// `RocksDBTimeOrderedKeyValueBuffer`, which starts its numbers again and may then overwrite a record.)
class GraceBuffer final : public CustomStore {
 public:
  GraceBuffer(std::string name, StoreChangelog* log, std::int64_t grace_ms)
      : name_(std::move(name)), log_(log), grace_ms_(grace_ms) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  void restore(std::span<const RestoreRecord> records) override;

  /// False: the record is so late that it need not wait.
  [[nodiscard]] bool put(std::string_view key, std::string value, BufferedContext context);

  /// Calls `visit(key, value)` for each record whose time has come; it leaves the buffer after that.
  void release(const std::function<void(std::string_view key, const BufferedValue& value)>& visit);

 private:
  std::string name_;
  StoreChangelog* log_;
  std::int64_t grace_ms_;
  Timestamp stream_time_ = kNoTimestamp;  ///< of the records that were put
  std::uint32_t number_ = 0;
  std::map<std::string, BufferedValue> waiting_;
};

/// Throws unless all `stores`, through which the join `node` reads its table, are versioned and keep at least as much
/// history as a stream record waits.
void require_history(const TopologyBuilder& builder, const std::vector<std::string>& stores, std::int64_t grace_ms,
                     const std::string& node);

[[nodiscard]] std::shared_ptr<const StoreBuilder> make_grace_buffer(const std::string& name, std::int64_t grace_ms);

}  // namespace millrace::detail
