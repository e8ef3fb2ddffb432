// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// A copied entry of a window store. It stays valid whatever happens to the store.
struct WindowItem {
  std::string key;
  Timestamp start = 0;
  Sequence seq;
  std::string value;
  bool deleted = false;  ///< an uncommitted deletion
};

/// Compares as the bytes `key + start(8) + seq(4)` do: the order of RocksDB and of Kafka Streams. It differs from an
/// order by key first if one key is a prefix of the other.
[[nodiscard]] std::strong_ordering compare_window_keys(std::string_view key_a, Timestamp start_a, Sequence seq_a,
                                                       std::string_view key_b, Timestamp start_b, Sequence seq_b);

/// True if `key` is in [from, to]; nullopt is open.
[[nodiscard]] inline bool within(std::string_view key, BytesView from, BytesView to) {
  return (!from || key >= *from) && (!to || key <= *to);
}

/// Iterates over a copy of the entries, in the order of `items`. Later changes of the store do not show. Makers leave
/// out deleted entries.
class WindowSnapshotIterator final : public WindowBytesIterator {
 public:
  explicit WindowSnapshotIterator(std::vector<WindowItem> items) : items_(std::move(items)) {}

  [[nodiscard]] bool valid() override { return at_ < items_.size(); }
  void next() override { ++at_; }
  [[nodiscard]] std::string_view key() const override { return items_[at_].key; }
  [[nodiscard]] std::string_view value() const override { return items_[at_].value; }
  [[nodiscard]] Timestamp window_start() const override { return items_[at_].start; }
  [[nodiscard]] Sequence seq() const override { return items_[at_].seq; }

 private:
  std::vector<WindowItem> items_;
  std::size_t at_ = 0;
};

}  // namespace millrace::detail
