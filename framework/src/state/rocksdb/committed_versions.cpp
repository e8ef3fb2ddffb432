// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "committed_readers.hpp"
#include "database_store.hpp"
#include "millrace/common/detail/saturating.hpp"
#include "state/version_entries.hpp"

namespace millrace::detail {

namespace {

using namespace version_entries;

/// Reads the entries that a versioned store keeps in its column family.
class RocksDbVersionedReader final : public CommittedVersionedReader {
 public:
  RocksDbVersionedReader(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
                         std::int64_t retention_ms)
      : gate_(std::move(gate)), family_(family), store_(std::move(store)), retention_ms_(retention_ms) {}

  [[nodiscard]] std::optional<CommittedVersion> get(std::string_view key) const override {
    return get(key, kEndOfTime);
  }

  [[nodiscard]] std::optional<CommittedVersion> get(std::string_view key, Timestamp as_of) const override {
    if (as_of < 0) return std::nullopt;
    const ReaderGate::Visit visit(*gate_, store_);
    const CommitSnapshot commit(gate_->db());
    if (const auto bytes = read(*gate_, commit.options(), family_, latest_key(key), store_)) {
      const Version latest = read_version(*bytes);
      if (latest.time <= as_of) {
        if (!latest.value) return std::nullopt;
        return CommittedVersion{std::string(*latest.value), latest.time, std::nullopt};
      }
    }
    const auto times = read(*gate_, commit.options(), family_, kTimesKey, store_);
    const Timestamp observed = times ? load_time(*times) : kNoTimestamp;
    if (as_of < saturating_sub(observed, retention_ms_)) return std::nullopt;
    return older(commit, key, as_of);
  }

 private:
  /// The version with the largest timestamp <= `as_of`, if it was still valid then.
  [[nodiscard]] std::optional<CommittedVersion> older(const CommitSnapshot& commit, std::string_view key,
                                                      Timestamp as_of) const {
    const std::string first = older_key(key, 0);
    const std::unique_ptr<rocksdb::Iterator> it(gate_->db().NewIterator(commit.options(), family_));
    it->SeekForPrev(older_key(key, as_of));
    if (!it->Valid()) {
      check(it->status(), "read from", store_, gate_->directory());
      return std::nullopt;
    }
    std::string found;
    copy_out(found, it->key());
    if (found < first) return std::nullopt;  // an entry of another key or kind
    std::string bytes;
    copy_out(bytes, it->value());
    const Version version = read_version(bytes);
    if (version.time <= as_of || !version.value) return std::nullopt;
    return CommittedVersion{std::string(*version.value), older_timestamp(found), version.time};
  }

  std::shared_ptr<ReaderGate> gate_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string store_;
  std::int64_t retention_ms_;
};

}  // namespace

std::shared_ptr<const CommittedVersionedReader> make_committed_versioned_reader(std::shared_ptr<ReaderGate> gate,
                                                                                rocksdb::ColumnFamilyHandle* family,
                                                                                std::string store,
                                                                                std::int64_t history_retention_ms) {
  return std::make_shared<RocksDbVersionedReader>(std::move(gate), family, std::move(store), history_retention_ms);
}

}  // namespace millrace::detail
