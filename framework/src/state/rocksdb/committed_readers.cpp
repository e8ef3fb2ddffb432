// SPDX-License-Identifier: Apache-2.0
#include "committed_readers.hpp"

#include <optional>
#include <utility>

#include "database_store.hpp"

namespace millrace::detail {

[[gnu::noinline]] void copy_out(std::string& to, const rocksdb::Slice& bytes) { to.assign(bytes.data(), bytes.size()); }

std::optional<std::string> read(const ReaderGate& gate, const rocksdb::ReadOptions& options,
                                rocksdb::ColumnFamilyHandle* family, std::string_view key, const std::string& store) {
  std::string value;
  const auto status = gate.db().Get(options, family, slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "read from", store, gate.directory());
  return value;
}

namespace {

/// An iterator over a committed range that lives longer than one call. It enters the gate for each step only, so that
/// an application that keeps an iterator open does not keep the database from closing. Therefore it copies the current
/// entry: RocksDB may free the bytes as soon as the gate is left.
class CommittedWalk final : public BytesIterator, private ReaderGate::Walk {
 public:
  CommittedWalk(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store,
                std::optional<std::string> lower, std::optional<std::string> upper, bool forward)
      : gate_(std::move(gate)),
        store_(std::move(store)),
        lower_(std::move(lower)),
        upper_(std::move(upper)),
        forward_(forward) {
    // If this throws, the destructor does not run, so nothing is registered yet.
    const ReaderGate::Visit visit(*gate_, store_);
    if (lower_ && upper_ && *lower_ >= *upper_) return;
    // RocksDB keeps pointers to the bounds, so they are members.
    rocksdb::ReadOptions options;
    if (lower_) {
      lower_slice_ = *lower_;
      options.iterate_lower_bound = &lower_slice_;
    }
    if (upper_) {
      upper_slice_ = *upper_;
      options.iterate_upper_bound = &upper_slice_;
    }
    // RocksDB's iterator is a snapshot: later commits do not show.
    rocks_.reset(gate_->db().NewIterator(options, family));
    forward_ ? rocks_->SeekToFirst() : rocks_->SeekToLast();
    try {
      copy();
    } catch (...) {
      // Destroy the iterator while the gate keeps the database open. Members are destroyed after `visit`.
      rocks_.reset();
      throw;
    }
    gate_->add(*this);
  }
  CommittedWalk(const CommittedWalk&) = delete;
  CommittedWalk& operator=(const CommittedWalk&) = delete;
  ~CommittedWalk() override {
    // If the database has closed before, end() has destroyed RocksDB's iterator already.
    gate_->remove(*this, [this] { rocks_.reset(); });
  }

  [[nodiscard]] bool valid() override { return valid_; }
  void next() override {
    const ReaderGate::Visit visit(*gate_, store_);
    forward_ ? rocks_->Next() : rocks_->Prev();
    copy();
  }
  [[nodiscard]] std::string_view key() const override { return key_; }
  [[nodiscard]] std::string_view value() const override { return value_; }

 private:
  void copy() {
    valid_ = rocks_->Valid();
    if (!valid_) {
      check(rocks_->status(), "walk over", store_, gate_->directory());
      return;
    }
    copy_out(key_, rocks_->key());
    copy_out(value_, rocks_->value());
  }
  // Called by the closing database. A later next() then throws when it enters the gate.
  void end() override { rocks_.reset(); }

  std::shared_ptr<ReaderGate> gate_;
  std::string store_;
  std::optional<std::string> lower_;
  std::optional<std::string> upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  bool forward_;
  std::unique_ptr<rocksdb::Iterator> rocks_;  // null: the range is empty, or the database has closed
  bool valid_ = false;
  std::string key_;  // copies of the current entry
  std::string value_;
};

/// Reads the column family directly: values are stored unchanged.
class RocksDbKeyValueReader final : public CommittedKeyValueReader {
 public:
  RocksDbKeyValueReader(std::shared_ptr<ReaderGate> gate, rocksdb::ColumnFamilyHandle* family, std::string store)
      : gate_(std::move(gate)), family_(family), store_(std::move(store)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view key) const override {
    // Each get() sees the last commit at its own time. Two calls may see two commits.
    const ReaderGate::Visit visit(*gate_, store_);
    return read(*gate_, {}, family_, key, store_);
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) const override {
    // `to` is inclusive. `to + '\0'` is the smallest key after it, and so the exclusive bound.
    return std::make_unique<CommittedWalk>(gate_, family_, store_, owned(from),
                                           to ? std::optional<std::string>(std::string(*to) + '\0') : std::nullopt,
                                           forward);
  }

 private:
  std::shared_ptr<ReaderGate> gate_;
  rocksdb::ColumnFamilyHandle* family_;
  std::string store_;
};

}  // namespace

std::shared_ptr<const CommittedKeyValueReader> make_committed_key_value_reader(std::shared_ptr<ReaderGate> gate,
                                                                               rocksdb::ColumnFamilyHandle* family,
                                                                               std::string store) {
  return std::make_shared<RocksDbKeyValueReader>(std::move(gate), family, std::move(store));
}

}  // namespace millrace::detail
